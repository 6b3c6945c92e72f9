"""Regions of the real line against the numbers that lie in them."""

import itertools
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot.grading.judge import judge

GRID = [Fraction(k, 2) for k in range(-13, 24)]
"""Whole numbers and halves: ends are whole, so these tell any two regions apart."""

Piece = tuple[int, int, bool, bool]
piece = st.tuples(st.integers(-5, 4), st.integers(1, 6), st.booleans(), st.booleans())


def holds(part: Piece, number: Fraction) -> bool:
    low, width, has_low, has_high = part
    above = number >= low if has_low else number > low
    return above and (number <= low + width if has_high else number < low + width)


def interval(part: Piece) -> str:
    low, width, has_low, has_high = part
    return f"{'[' if has_low else '('}{low},{low + width}{']' if has_high else ')'}"


def inequality(part: Piece) -> str:
    low, width, has_low, has_high = part
    signs = (r"\le" if has_low else "<"), (r"\le" if has_high else "<")
    return f"{low} {signs[0]} x {signs[1]} {low + width}"


@settings(max_examples=300)
@given(st.lists(piece, min_size=1, max_size=3), st.lists(piece, min_size=1, max_size=3))
def test_unions_are_equal_if_the_same_numbers_lie_in_them(
    left: list[Piece], right: list[Piece]
) -> None:
    members = [[any(holds(part, n) for part in parts) for n in GRID] for parts in (left, right)]
    first = r" \cup ".join(map(interval, left))
    expected = "correct" if members[0] == members[1] else "incorrect"
    assert judge(first, r" \cup ".join(map(interval, right))).verdict == expected
    said = r" \text{ or } ".join(map(inequality, right))
    assert judge(first, said).verdict == expected


@settings(max_examples=300)
@given(piece, piece, piece)
def test_intersections_and_differences(a: Piece, b: Piece, c: Piece) -> None:
    for sign, keep in (("cap", True), ("setminus", False)):
        text = rf"{interval(a)} \{sign} {interval(b)}"
        members = [holds(a, n) and holds(b, n) is keep for n in GRID]
        expected = "correct" if members == [holds(c, n) for n in GRID] else "incorrect"
        assert judge(text, rf"{interval(c)} \cup {interval(c)}").verdict == expected
    both = rf"{inequality(a)} \text{{ and }} {inequality(b)}"
    assert judge(both, rf"{interval(a)} \cap {interval(b)}").verdict == "correct"


@pytest.mark.parametrize(
    ("inequality", "holds"),
    list(
        itertools.chain(
            [(f"|x-1| {sign} 3", test) for sign, test in (("<", lambda n: -2 < n < 4),)],
            [("-2x+1 > 5", lambda n: n < -2), (r"7 \ge 3-x", lambda n: n >= -4)],
            [(r"|2x| \ge 4", lambda n: n <= -2 or n >= 2), (r"x \ne 3", lambda n: n != 3)],
            [(r"x<1, x>4", lambda n: n < 1 or n > 4), (r"x>1, x<4", lambda n: 1 < n < 4)],
            [(r"x \ge 0, x \ne 2", lambda n: n >= 0 and n != 2)],
            [(r"\mathbb{R} \setminus \{-1, 2\}", lambda n: n not in (-1, 2))],
            [(r"\{x \mid x > 3\}", lambda n: n > 3), (r"> 3", lambda n: n > 3)],
        )
    ),
)
def test_inequalities(inequality: str, holds: object) -> None:
    assert callable(holds)
    inside = [n for n in GRID if holds(n)]
    runs: list[list[Fraction]] = []
    for n in inside:
        if runs and n - runs[-1][-1] == Fraction(1, 2):
            runs[-1].append(n)
        else:
            runs.append([n])
    # An open end lies half a step beyond the last number that is in.
    parts = []
    for run in runs:
        low = r"(-\infty" if run[0] == GRID[0] else _end(run[0], "[", "(", Fraction(-1, 2))
        high = r"\infty)" if run[-1] == GRID[-1] else _end(run[-1], "]", ")", Fraction(1, 2))
        parts.append(f"{low},{high}")
    assert judge(inequality, r"\cup".join(parts)).verdict == "correct", parts
    assert (
        judge(inequality, r"\cup".join([*parts, r"(90,91)\cup(95,\infty)"])).verdict != "undecided"
    )


def _end(number: Fraction, closed: str, opened: str, step: Fraction) -> str:
    bracket, value = (closed, number) if number.denominator == 1 else (opened, number + step)
    return f"{bracket}{value}" if bracket in "[(" else f"{value}{bracket}"


@pytest.mark.parametrize(
    ("given", "gold", "verdict"),
    [
        (r"[\sqrt2, \pi)", r"[2^{1/2}, \pi)", "correct"),
        (r"[\sqrt2, \pi)", r"[\sqrt2, 3.14159)", "incorrect"),
        ("(a, b)", "(a,b)", "correct"),
        ("(a, b)", "[a,b]", "incorrect"),
        ("x > 3", "y > 3", "incorrect"),
        (r"x \in (2,5)", r"y \in (2,5)", "incorrect"),
        (r"x \in (2,5)", "(2,5)", "correct"),
        (r"\emptyset", r"(1,2) \cap (3,4)", "correct"),
        ("[1,3]", r"\{1,3\}", "incorrect"),
        (r"(-\infty,3) U (3,\infty)", r"x \ne 3", "correct"),
        (r"\mathbb{R} - \{3\}", r"x \ne 3", "correct"),
    ],
)
def test_ends_that_are_no_whole_numbers(given: str, gold: str, verdict: str) -> None:
    assert judge(given, gold).verdict == verdict
    assert judge(gold, given).verdict == verdict
