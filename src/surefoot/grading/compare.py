"""Are two answers equal?

Three tiers, each for what the one before leaves open: the same text; exact
arithmetic on plain answers (`exact.py`, some 100,000 pairs a second); the
math-verify library in a process of its own (`library.py`, hundreds a second).
A library that fails or takes too long leaves the pair undecided: that is never
counted as a wrong answer.
"""

from functools import lru_cache
from typing import NamedTuple

from surefoot.grading.exact import is_based, normalise, value
from surefoot.grading.library import Library

LONGEST = 2000
"""Characters; the library is not asked about longer answers."""

_library = Library()


class Comparison(NamedTuple):
    """Whether two answers are equal; `reason` says why that is undecided (None)."""

    equal: bool | None
    reason: str | None = None


@lru_cache(maxsize=200_000)
def compare(given: str, gold: str) -> Comparison:
    r"""Compares a given answer with a reference, in LaTeX or plain.

    Numbers are compared exactly: 0.5 is 1/2, but 0.333 is not 1/3. A tuple is
    compared in its order and with its brackets. Blanks, `$...$`, `\left` and a
    closing full stop do not matter. For everything else the library decides
    (a factored polynomial equals the expanded one, for example).

    Returns:
        `equal` True or False, or None with a reason. An empty reference is
        undecided; an empty given answer is not equal to any other.

    Example:
        >>> compare("6/8", r"\frac34").equal
        True
        >>> compare("(3,7)", "(7, 3)").equal
        False
    """
    if not gold.strip():
        return Comparison(None, "the reference answer is empty")
    if not given.strip():
        return Comparison(False)
    left, right = normalise(given), normalise(gold)
    if left == right:
        return Comparison(True)
    left_value, right_value = value(left), value(right)
    both_plain = left_value is not None and right_value is not None
    # Whether 52 answers 52_8 is a matter of taste; the library decides it.
    if both_plain and is_based(left_value) == is_based(right_value):
        return Comparison(left_value == right_value)
    if max(len(given), len(gold)) > LONGEST:
        return Comparison(None, f"longer than {LONGEST} characters")
    return Comparison(*_library.equal(given, gold))
