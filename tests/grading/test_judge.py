"""Are two answers equal? The rules, each with an answer that it takes and one that it does not."""

import json
from collections import Counter
from pathlib import Path

import pytest

from surefoot.grading.forms import kind
from surefoot.grading.judge import judge
from surefoot.grading.read import read

CORRECT = [
    ("42", "42"),
    ("$42$", "42."),
    ("-3/4", r"-\frac{3}{4}"),
    (r"\dfrac34", "3/4"),
    ("6/8", "0.75"),
    ("1,234", "1234"),
    ("10 080", r"10,\!080"),
    ("\u22125", "-5"),
    (r"\$18", "18"),
    ("$7.50", r"\$7.5"),
    ("(7,3)", r"\left( 7, \, 3 \right)"),
    ("(0.5, 2)", "(1/2,2)"),
    ("x^2-2x-15", "-15 - 2x + x^{2}"),
    ("(x-5)(x+3)", "x^2-2x-15"),
    (r"\frac{\sqrt{2}}{2}", r"\frac{1}{\sqrt{2}}"),
    (r"\sqrt{3+2\sqrt2}", r"1+\sqrt2"),
    (r"\sin 3x", r"3\sin x - 4\sin^3 x"),
    (r"\log_2 3", r"\frac{\ln 3}{\ln 2}"),
    (r"\frac{n!}{k!(n-k)!}", r"\frac{(n-1)!}{k!}\frac{n}{(n-k)!}"),
    ("52_8", "52_{8}"),
    (r"1202_{\text{three}}", "1202_3"),
    (r"\text{Monday}", "monday"),
    ("C", r"\text{(C)}"),
    (r"1\frac45", "9/5"),
    (r"0.\overline{36}", r"\frac{4}{11}"),
    ("5, -2, 7", r"7, -2, \text{ and } 5"),
    (r"x = 1 \pm \sqrt{19}", r"1+\sqrt{19}, 1-\sqrt{19}"),
    (r"[3,\infty)", r"x \ge 3"),
    (r"\mathbb{R} \setminus \{-4, 6\}", r"(-\infty,-4)\cup(-4,6)\cup(6,\infty)"),
    ("-x >= -1", "x <= 1"),
    ("y = 2x + 3", "4x - 2y + 6 = 0"),
    ("f(x) = 2x+1", "1+2x"),
    ("15 cm^2", r"15\text{ square centimeters}"),
    ("30 minutes", r"\frac12\text{ hour}"),
    ("25%", "1/4"),
    ("180", r"180^\circ"),
    (r"\left(\begin{array}{cc}1&2\\3&4\end{array}\right)", r"\begin{bmatrix}1&2\\3&4\end{bmatrix}"),
    ("4:30 PM", r"\text{4:30 p.m.}"),
    ("6:4", "3:2"),
    (r"12 \pmod 7", r"5 \pmod{7}"),
    ("twelve", "12"),
    ("no real solutions", r"\emptyset"),
    ("x = 10/2 = 5", "5"),
    (r"\{1,1,2\}", r"\{2,1\}"),
    ("f(3) = 81", "81"),
]
INCORRECT = [
    ("42", "43"),
    ("0.333", "1/3"),
    ("9007199254740993", "9007199254740992"),
    ("(3,7)", "(7,3)"),
    ("(1,2)", "[1,2]"),
    ("(1,2)", "(1,2,3)"),
    ("(1,000)", "1,000"),
    ("x^2-2x-15", "x^2-2x+15"),
    ("x+1", "y+1"),
    ("3R^2", "3r^2"),
    (r"\cot x", "x"),
    (r"\sqrt[3]{51}", r"\sqrt{51}"),
    ("52_8", "52_7"),
    ("5 or 7", "5"),
    (r"248 \text{ or } 251", "248"),
    ("5 + c", "5"),
    (r"\frac{1}{2004!}", r"\frac{1}{2006!}"),
    ("3^{2025}-1", "3^{2025}"),
    (r"\sqrt2+10^{-99}", r"\sqrt2"),
    ("100000!", "100000!+1"),
    ("9^{9^{9^{9}}}", "5"),
    (r"(-\infty,0) \cap (0,\infty)", r"(-\infty,0) \cup (0,\infty)"),
    ("x > 5", "5"),
    ("x < 3", r"x \le 3"),
    ("y = 2x", "y = 2x + 3"),
    ("x=5", "y=5"),
    ("1,1", "1"),
    ("5 cm", "5 inches"),
    ("3/4%", "3/4"),
    ("9 a.m.", "9 p.m."),
    (r"\text{no solution}", "0"),
    ("banana", "42"),
    ("x = x", "5"),
    ("-x = 5", "5"),
    ("2x = 10", "10"),
    ("1,1,2", "1,2"),
    ("10/2 = 6", "6"),
    (r"\begin{pmatrix}1\\2\end{pmatrix}", r"\begin{pmatrix}2\\1\end{pmatrix}"),
]
UNREAD = [
    r"\foo{5}",
    "5 5",
    r"\frac{3*4+",
    "1/0",
    "(1,2",
    "5 is wrong",
    "7//2",
    "\ud83d",
    "9!!!",
    r"11\approx 5_{7}y",
]


@pytest.mark.parametrize(("given", "gold"), CORRECT)
def test_equal_answers(given: str, gold: str) -> None:
    assert judge(given, gold).verdict == "correct"
    assert judge(gold, given).verdict == "correct"


@pytest.mark.parametrize(("given", "gold"), INCORRECT)
def test_different_answers(given: str, gold: str) -> None:
    assert judge(given, gold).verdict == "incorrect"
    assert judge(gold, given).verdict == "incorrect"


@pytest.mark.parametrize("answer", UNREAD)
def test_what_cannot_be_read_is_undecided(answer: str) -> None:
    judgement = judge(answer, "6")
    assert judgement.verdict == "undecided"
    assert judgement.reason.startswith("given_unread: ")
    assert judge("6", answer).reason.startswith("gold_unread: ")
    assert judgement.given_form is None
    assert judge(answer, answer).verdict == "correct"


@pytest.mark.parametrize("given", [None, "", " \n"])
def test_no_answer(given: str | None) -> None:
    assert judge(given, "5").verdict == "no_answer"


def test_without_a_reference_nothing_can_be_said() -> None:
    assert judge("5", " ").verdict == "undecided"


def test_labelled_pairs(shared_data: Path) -> None:
    """The rates of the main pairs, far below what any public grader reached on them."""
    counts: Counter[str] = Counter()
    wrong = []
    for line in (shared_data / "answers" / "pairs_open.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        if row["policy"] or row["source"] == "adversarial":
            continue
        verdict = judge(row["given"], row["gold"]).verdict
        counts[f"{row['expected']}/{verdict}"] += 1
        if (verdict == "correct") != row["expected"] and verdict != "undecided":
            wrong.append((row["category"], row["given"], row["gold"]))
        assert judge(row["gold"], row["given"]).verdict == verdict
    false = counts["False/correct"] + counts["False/incorrect"] + counts["False/undecided"]
    true = counts["True/correct"] + counts["True/incorrect"] + counts["True/undecided"]
    assert counts["False/correct"] <= 0.004 * false, wrong
    assert counts["True/incorrect"] <= 0.03 * true, wrong
    assert counts["False/undecided"] + counts["True/undecided"] <= 0.01 * (true + false)


def test_reference_answers_of_math(shared_data: Path) -> None:
    kinds: Counter[str] = Counter()
    for part in ("train", "test"):
        path = shared_data / "math" / f"prm800k_split_{part}.jsonl"
        for line in path.read_text("utf-8").splitlines():
            answer = json.loads(line)["answer"]
            if not answer:
                continue
            assert judge(answer, answer).verdict == "correct"
            try:
                kinds[kind(read(answer))] += 1
            except ValueError:
                kinds["unread"] += 1
    assert kinds["unread"] <= 5
    assert kinds["integer"] > 7000
