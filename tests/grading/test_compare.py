"""Are two answers equal? Exact arithmetic, then a library that may be killed."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.grading import compare as compare_module
from surefoot.grading.compare import compare
from surefoot.grading.exact import normalise, value
from surefoot.grading.library import Library

EQUAL = [
    ("42", "42"),
    ("$42$", "42."),
    ("-3/4", r"-\frac{3}{4}"),
    (r"\dfrac34", "3/4"),
    ("6/8", "0.75"),
    ("1,234", "1234"),
    ("\u22125", "-5"),
    (r"\$18", "18"),
    ("(7,3)", r"\left( 7, \, 3 \right)"),
    ("(0.5, 2)", "(1/2,2)"),
    ("x^2-2x-15", "-15 - 2x + x^{2}"),
    ("2*x+3", "3+2x"),
    ("x-x+4", "4"),
    ("52_8", "52_{8}"),
    (r"\text{Monday}", r"\text{Monday}"),
]
UNEQUAL = [
    ("42", "43"),
    ("-42", "42"),
    ("3/4", "4/3"),
    ("0.333", "1/3"),
    ("9007199254740993", "9007199254740992"),
    ("(3,7)", "(7,3)"),
    ("(1,2)", "[1,2]"),
    ("(1,2)", "(1,2,3)"),
    ("x^2-2x-15", "x^2-2x+15"),
    ("x+1", "y+1"),
    ("x+1", "5"),
    ("(1,2)", "3"),
    ("52_8", "52_7"),
    ("", "5"),
    ("  ", "5"),
]
FOR_THE_LIBRARY = [
    ("(x-5)(x+3)", "x^2-2x-15", True),
    (r"\frac{\sqrt{2}}{2}", r"\frac{1}{\sqrt{2}}", True),
    ("(x-5)(x+2)", "x^2-2x-15", False),
    ("banana", "42", False),
    ("5 or 7", "5", False),
    (r"3\sqrt{13}", r"\sqrt{117}", True),
]


@pytest.fixture
def no_library(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The library is not asked; asking is an error."""

    def refuse(given: str, gold: str) -> None:
        raise AssertionError(f"the library was asked about {given!r} and {gold!r}")

    monkeypatch.setattr(
        compare_module, "_library", type("None_", (), {"equal": staticmethod(refuse)})
    )
    compare.cache_clear()
    yield
    compare.cache_clear()


@pytest.mark.usefixtures("no_library")
@pytest.mark.parametrize(("given_answer", "gold"), EQUAL)
def test_plain_answers_that_are_equal(given_answer: str, gold: str) -> None:
    assert compare(given_answer, gold).equal is True
    assert compare(gold, given_answer).equal is True


@pytest.mark.usefixtures("no_library")
@pytest.mark.parametrize(("given_answer", "gold"), UNEQUAL)
def test_plain_answers_that_differ(given_answer: str, gold: str) -> None:
    assert compare(given_answer, gold).equal is False


@pytest.mark.parametrize(("given_answer", "gold", "expected"), FOR_THE_LIBRARY)
def test_the_library_decides_the_rest(given_answer: str, gold: str, expected: bool) -> None:
    assert compare(given_answer, gold).equal is expected


def test_without_a_reference_nothing_can_be_said() -> None:
    assert compare("5", " ") == (None, "the reference answer is empty")


def test_what_cannot_be_read_is_undecided() -> None:
    equal, reason = compare(r"\frac{3*4+", "14")
    assert equal is None
    assert reason is not None
    assert "cannot read" in reason


def test_an_endless_answer_is_undecided_and_leaves_the_library_alive() -> None:
    library = Library(time_limit=1.0)
    start = time.monotonic()
    equal, reason = library.equal("9^{9^{9^{9}}}", "5")
    assert equal is None
    assert reason is not None
    assert "longer than 1 s" in reason
    assert time.monotonic() - start < 30
    assert library.equal(r"\sqrt{4}", "2") == (True, None)
    library.close()
    assert library.equal(r"\sqrt{9}", "3") == (True, None)
    library.close()


def test_very_long_answers_are_not_asked_about() -> None:
    equal, reason = compare("1+" * 5000 + "1", "5001")
    assert equal is None
    assert reason == "longer than 2000 characters"


def test_threads_get_their_own_answers() -> None:
    found: dict[int, bool | None] = {}

    def ask(k: int) -> None:
        found[k] = compare(rf"\sqrt{{{k * k}}}", str(k if k % 2 else k + 1)).equal

    threads = [threading.Thread(target=ask, args=(k,)) for k in range(100, 120)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {k: bool(k % 2) for k in range(100, 120)}


def written(number: Fraction, form: int) -> str:
    top, bottom = number.numerator, number.denominator
    if form == 0:
        return f"{top}/{bottom}"
    if form == 1:
        return rf"\frac{{{top}}}{{{bottom}}}"
    if form == 2:
        return f"${3 * top} / {3 * bottom}$"
    return str(top) if bottom == 1 else rf"{'-' if top < 0 else ''}\dfrac{{{abs(top)}}}{{{bottom}}}"


rationals = st.fractions(min_value=-1000, max_value=1000, max_denominator=1000)


@pytest.mark.usefixtures("no_library")
@given(rationals, rationals, st.integers(0, 3), st.integers(0, 3))
def test_numbers_are_compared_as_fractions_are(a: Fraction, b: Fraction, f: int, g: int) -> None:
    assert compare(written(a, f), written(b, g)).equal is (a == b)
    assert compare(written(a, f), written(a, g)).equal is True


@given(st.lists(st.integers(-9, 9), min_size=2, max_size=4), st.randoms())
def test_polynomials_do_not_depend_on_the_order_of_terms(
    numbers: list[int], random: object
) -> None:
    terms = [f"{c:+d}x^{k}" for k, c in enumerate(numbers)]
    shuffled = list(terms)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert value(normalise("".join(terms))) == value(normalise("".join(shuffled)))
    # Two polynomials are equal where they agree at more points than their degree.
    other = [numbers[0] + 1, *numbers[1:]]
    assert value("".join(terms)) != value("".join(f"{c:+d}x^{k}" for k, c in enumerate(other)))


@given(st.text(alphabet="0123456789+-*/^(){},.x_ \\frac$", max_size=30))
def test_reading_plain_answers_never_fails(text: str) -> None:
    form = value(normalise(text))
    assert form is None or form[0] in ("number", "based", "tuple", "polynomial")


@pytest.mark.usefixtures("no_library")
def test_plain_pairs_go_at_thousands_a_second() -> None:
    pairs = [(f"{k}/7", f"{k + k % 2}/7") for k in range(2000)]
    start = time.monotonic()
    verdicts = [compare(*pair).equal for pair in pairs]
    assert time.monotonic() - start < 1.0
    assert verdicts == [k % 2 == 0 for k in range(2000)]


def test_reference_answers_of_math_and_gsm8k_equal_themselves(shared_data: Path) -> None:
    """Read in another way than the character-by-character tier would see them."""
    verdicts: Counter[bool | None] = Counter()
    for split in ("train", "test"):
        with (shared_data / "math" / f"prm800k_split_{split}.jsonl").open() as file:
            for line in file:
                answer = json.loads(line)["answer"]
                verdicts[compare(f"$ {answer} $.", answer).equal] += 1
        with (shared_data / "gsm8k" / f"{split}.jsonl").open() as file:
            for line in file:
                answer = json.loads(line)["answer"].split("####")[1].strip()
                verdicts[compare(answer, answer.replace(",", "")).equal] += 1
    # Two training problems of MATH have an empty answer.
    assert verdicts == {True: 12_498 + 8_792, None: 2}


def test_published_pairs_are_seldom_judged_wrong(shared_data: Path) -> None:
    """Every seventh open pair outside policy and attacks; rates with a margin over the measured."""
    counts: Counter[tuple[bool, bool | None]] = Counter()
    with (shared_data / "answers" / "pairs_open.jsonl").open() as file:
        rows = [json.loads(line) for line in file]
    kept = [
        r
        for r in rows
        if not r["policy"] and r["given"] and "adv" not in r["category"] + r["source"]
    ]
    for row in kept[::7]:
        counts[row["expected"], compare(row["given"], row["gold"]).equal] += 1
    equal = sum(n for (expected, _), n in counts.items() if expected)
    different = sum(counts.values()) - equal
    assert counts[True, True] / equal > 0.92
    assert counts[False, True] / different < 0.015
