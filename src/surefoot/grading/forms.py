r"""The normal form of an answer: one small typed value.

`read` (in `read.py`) makes a form of a text, `equal` (in `equal.py`) compares two.
Numbers are exact; a decimal also keeps how many places were written.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from surefoot.grading.tree import Tree
from surefoot.grading.units import Unit


@dataclass(frozen=True, slots=True)
class Quantity:
    r"""A number or an expression, perhaps of a unit.

    Attributes:
        tree: Its value without unit and percent sign: `25\%` has 25 here.
        unit: Its unit; `degree` and `dollar` for the signs. None: none written.
        percent: A percent sign was written.
        places: Digits written after the point, for a bare decimal; else None.
        unreduced: A fraction in it is not in lowest terms.
        unevaluated: Arithmetic between its numbers is not carried out.
    """

    tree: Tree
    unit: Unit | None = None
    percent: bool = False
    places: int | None = None
    unreduced: bool = False
    unevaluated: bool = False


@dataclass(frozen=True, slots=True)
class Based:
    """A number with its base written: `52_8`."""

    digits: str
    base: int

    @property
    def value(self) -> Fraction | None:
        """What it is worth; None if a digit does not belong to the base."""
        whole, _, part = self.digits.removeprefix("-").partition(".")
        digits = [int(digit, 36) for digit in whole + part]
        if max(digits) >= self.base:
            return None
        total = 0
        for digit in digits:
            total = total * self.base + digit
        return Fraction(-total if self.digits[0] == "-" else total, self.base ** len(part))


def digits_of(written: str) -> str:
    """The digits of a number without leading zeros."""
    sign = "-" * written.startswith("-")
    return sign + (written.removeprefix("-").lstrip("0") or "0")


@dataclass(frozen=True, slots=True)
class Named:
    """A value with the name it was given: `x = 5`, `f(x) = 2x + 1`, `(x,y) = (1,2)`."""

    name: Tree
    value: "Form"
    equation: "Relation"


@dataclass(frozen=True, slots=True)
class Relation:
    """An equation, an inequality in several variables, or a chain of relations."""

    operators: tuple[str, ...]
    sides: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Interval:
    """Numbers between two ends, each in or out; infinite ends are `oo` and `-oo`."""

    low: Tree
    high: Tree
    has_low: bool
    has_high: bool


@dataclass(frozen=True, slots=True)
class Region:
    """A union of intervals and points, in order and apart from one another."""

    pieces: tuple[Interval, ...]
    variable: str | None = None
    """The variable of the inequality that said so; None for interval notation."""


@dataclass(frozen=True, slots=True)
class Sequence:
    """Values in order, in brackets: a tuple, a point, a vector, or an interval."""

    opened: str
    closed: str
    items: tuple["Form", ...]


@dataclass(frozen=True, slots=True)
class Collection:
    """Values whose order does not matter: a set, or a list without brackets."""

    items: tuple["Form", ...]
    braced: bool = False
    either: bool = False
    r"""Whether `or` or `\pm` says that the order means nothing."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows of expressions."""

    rows: tuple[tuple[Tree, ...], ...]


@dataclass(frozen=True, slots=True)
class Text:
    """Words, in lower case, without articles and punctuation."""

    words: str


@dataclass(frozen=True, slots=True)
class Time:
    """A time of day. `minutes` after midnight or noon; `half` is am, pm or unknown ("")."""

    minutes: Fraction
    half: str


@dataclass(frozen=True, slots=True)
class Ratio:
    """Numbers with colons between: `3:2`."""

    parts: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Modular:
    r"""A residue: `5 \pmod{7}`."""

    residue: Tree
    modulus: Tree


Form: TypeAlias = (
    Quantity
    | Based
    | Named
    | Relation
    | Region
    | Sequence
    | Collection
    | Matrix
    | Text
    | Time
    | Ratio
    | Modular
)


def kind(form: Form) -> str:
    """What sort of value this is, in one word.

    Example:
        >>> kind(Quantity(Fraction(3)))
        'integer'
    """
    if not isinstance(form, Quantity):
        return type(form).__name__.lower()
    if form.percent:
        return "percentage"
    if form.unit is not None:
        return "measure"
    if not isinstance(form.tree, Fraction):
        return "expression"
    if form.places is not None:
        return "decimal"
    return "integer" if form.tree.denominator == 1 else "rational"
