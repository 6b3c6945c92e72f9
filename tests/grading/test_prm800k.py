r"""OpenAI's verdicts, reproduced: what is known of its grader from public surveys and its own text.

`benchmarks/grading.py --agreement` compares with the original itself, pair by pair.
"""

import json
import time
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.grading.prm800k import grade_like_prm800k, hendrycks_form, openai_form
from surefoot.grading.prm800k_algebra import same_expression
from surefoot.grading.prm800k_text import NotConverted, latex_to_plain

ACCEPTED = [
    ("42", "42"),
    ("0.5", r"\frac{1}{2}"),
    (r"\dfrac12", r"\frac{1}{2}"),
    ("1,234", "1234"),
    ("12 cm", "12"),
    ("x=5", "5"),
    (r"3\frac{1}{2}", "7/2"),
    (r"50\%", "50"),
    (r"90^\circ", "90"),
    (r"\text{Tuesday}", "tuesday"),
    ("(x+1)(x-1)", "x^2-1"),
    (r"\frac{2}{\sqrt{3}}", r"\frac{2\sqrt{3}}{3}"),
    (r"\left( 3, \frac12 \right)", "(3,1/2)"),
    ("2.0", "2"),
    ("3 million", "3*10^6"),
]
ACCEPTED_BY_MISTAKE = [
    (r"248 \text{ or } 251", "248"),
    (r"12\text{ and }14", r"12\text{ and }13"),
    (r"\cot x", "x"),
    (r"\sec^2 y", r"\csc^2 y"),
    (r"\binom{10}{3}", "103"),
    (r"0.\overline{3}", "0.3"),
    (r"\sqrt[3]{51}", r"\sqrt{51}"),
    (r"\frac{1+\sqrt5}{2}", r"1+\frac{\sqrt5}{2}"),
    (r"\frac{1}{2-x}", "1/2-x"),
    ("[-36,104)", "[-36,104]"),
    ("1,000", "(1,000)"),
    ("y=5", "x=5"),
    ("9007199254740993", "9007199254740992"),
    ("1e-400", "0"),
    (r"864^2", r"864 \mbox{ inches}^2"),
    ("x^2n", "x^{2n}"),
    ("528", "52_8"),
]
REFUSED: list[tuple[str | None, str]] = [
    (None, "42"),
    ("", "42"),
    ("42", "43"),
    ("2/4", "1/2"),
    ("2+3", "5"),
    (r"\sqrt{25}", "5"),
    ("0.333", "1/3"),
    ("(1,2)", "[1,2]"),
    ("(1,2)", "(2,1)"),
    ("x+1", "y+1"),
    ("e", "2.718281828459045"),
]
REFUSED_BY_MISTAKE: list[tuple[str | None, str]] = [
    ("-2,1", "1,-2"),
    (r"(1,\infty)\cup(-\infty,0)", r"(-\infty,0)\cup(1,\infty)"),
    ("2y-x=0", "x-2y=0"),
    (r"1+\sqrt{2},1-\sqrt{2}", r"1\pm\sqrt{2}"),
    ("5.", "5+0"),
    (r"\sin(x)+0", r"\sin(x)"),
    ("x^{10}-1", "-1+x^{10}"),
    ("f(3)=5", "5"),
    ("3 million", "3000000"),
]


@pytest.mark.parametrize(("answer", "gold"), ACCEPTED + ACCEPTED_BY_MISTAKE)
def test_what_the_original_accepts(answer: str, gold: str) -> None:
    assert grade_like_prm800k(answer, gold) is True


@pytest.mark.parametrize(("answer", "gold"), REFUSED + REFUSED_BY_MISTAKE)
def test_what_the_original_refuses(answer: str | None, gold: str) -> None:
    assert grade_like_prm800k(answer, gold) is False


@pytest.mark.parametrize(
    ("latex", "plain"),
    [
        (r"\frac\pi2", "π/2"),
        (r"\frac 1 2", "1/2"),
        (r"\sqrt[3] 2", "√(2)"),
        (r"\begin{pmatrix} 1 & 2\\[4pt]3&4\end{pmatrix}", "[ 1 2; 3 4 ]"),
        (r"\begin{array}{cc}1&2\end{array}", "[ 1 2 ]"),
        (r"\begin{cases}1\\2\end{cases}", "1\n2"),
        (r"5\mbox{ cm}", "5"),
        (r"\mathbb{R}^+", "ℝ^+"),
        (r"\vec x", "x⃗"),
        ("a}b", "ab"),
        ("{a", "a"),
        ("a\\", "a"),
    ],
)
def test_plain_text_is_what_the_converter_makes_of_it(latex: str, plain: str) -> None:
    assert latex_to_plain(latex) == plain


@pytest.mark.parametrize("latex", ["\\sqrt", r"\frac{1}\sqrt{3}", r"\sqrt[n", "{" * 100, "\\bar"])
def test_what_the_converter_cannot_convert(latex: str) -> None:
    with pytest.raises(NotConverted):
        latex_to_plain(latex)


def test_the_two_normal_forms() -> None:
    assert hendrycks_form(r" \text{ x } ") == "x"
    assert hendrycks_form(r"\frac") == r"\frac"
    assert hendrycks_form(r"5 \text{ a} \text{ b}") == r"5 \text{ a} \text{ b}"
    assert openai_form("- 3 1/2") == "-3+1/2"
    assert openai_form("2.00000001") == "2"
    assert openai_form("{5}") == "5"


@pytest.mark.parametrize(
    ("a", "b", "equal"),
    [
        ("2^3", "8", True),
        ("2**-1", "1/2", True),
        ("1/2x", "x/2", True),
        ("4-2-1", "1", True),
        ("5!", "120", True),
        ("xy", "x*y", True),
        ("2(x+1)", "2x+2", True),
        ("ln(2)", "ln(3)", False),
        ("--3", "3", True),
        ("x^2^3", "x^8", True),
        ("1/0", "1/0", False),
        ("2..3", "2", False),
        ("(2", "2", False),
        ("9**9**9", "9**9**9", False),
        ("99999!", "99999!", False),
        ("1e99999999", "1e99999999", False),
        ("(" * 100 + "1" + ")" * 100, "1", False),
    ],
)
def test_algebra_on_plain_text(a: str, b: str, equal: bool) -> None:
    assert same_expression(a, b) is equal
    assert same_expression(b, a) is equal


ATTACKS = [
    "9**9**9", "0.1**9**9**9", "(x+1)**9999", "99999999!", "sqrt(9**9**9)", "1e999999999",
    "3**3**3**3", "(" * 5000, "{" * 50_000, r"\frac" * 20_000, r"\text{" * 5000, "1," * 50_000,
    "9" * 100_000, " " * 100_000, "^ " * 5000, r"\sqrt" * 5000, "-" * 9000, "!" * 9000 + "5!",
    "5" + "!" * 299, "\ud800", "__import__('os').system('true')", r"\begin{pmatrix}" * 3000,
    "9^9^9^9", "x/9**9**9", "((x+1)**99+1)**99-x", "10^10^8", "2^2^2^2^2^2",
]  # fmt: skip


@pytest.mark.parametrize("gold", ["5", r"\frac{\pi}{2}", "(1,2)"])
def test_attacks_are_answered_at_once(gold: str) -> None:
    for attack in ATTACKS:
        start = time.monotonic()
        assert grade_like_prm800k(attack, gold) is False
        assert grade_like_prm800k(gold, attack) is False
        assert time.monotonic() - start < 1.0, attack[:30]


@given(st.text(alphabet="0123456789+-*/^(){}[],.!x_ e\\sqrtfracbegintextpm$&|", max_size=40))
def test_any_text_gets_a_verdict_and_equals_itself(text: str) -> None:
    assert grade_like_prm800k(text, text) is True
    assert grade_like_prm800k(text, "1/2") in (True, False)


def test_shares_accepted_of_the_open_pairs_are_those_of_the_original(shared_data: Path) -> None:
    """Shares that a survey measured with the original on these categories."""
    found: dict[tuple[str, bool], list[bool]] = defaultdict(list)
    with (shared_data / "answers" / "pairs_open.jsonl").open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            if row["source"] != "adversarial" and row["given"] is not None:
                verdict = grade_like_prm800k(row["given"], row["gold"])
                found[row["category"], row["policy"]].append(verdict)
    shares = {key: sum(verdicts) / len(verdicts) for key, verdicts in found.items()}
    for category, share in (
        ("policy_unreduced", 0.0),
        ("policy_unevaluated", 0.0),
        ("policy_percent_unit", 1.0),
        ("policy_bare_list_for_tuple", 0.0),
        ("policy_decimal_approx", 0.0),
    ):
        assert shares[category, True] == share, category
    for category, share, margin in (
        ("left_right", 1.0, 0.0),
        ("mixed_number", 1.0, 0.0),
        ("parens", 1.0, 0.0),
        ("set_reorder", 0.05, 0.05),
        ("matrix_array", 0.0, 0.0),
        ("equation_equiv", 0.18, 0.1),
        ("trailing_punct", 0.28, 0.1),
        ("real_identical", 1.0, 0.0),
        ("real_equiv", 0.93, 0.03),
        ("real_wrong", 0.0, 0.0),
    ):
        assert shares[category, False] == pytest.approx(share, abs=margin), category
