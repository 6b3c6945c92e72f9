r"""Rational functions in lowest terms, by python-flint's polynomials."""

from fractions import Fraction
from typing import Any

from surefoot.grading.evaluate import NoValue
from surefoot.grading.tree import Tree

MOST_TERMS = 400
HIGHEST = 40
"""Terms and powers beyond which nothing is multiplied out."""


def has_quotient(tree: Tree) -> bool:
    """Whether something other than a number is divided by."""
    if not isinstance(tree, tuple):
        return False
    if tree[0] == "^" and isinstance(tree[2], Fraction) and tree[2] < 0:
        return True
    return any(has_quotient(part) for part in tree[1:])


def numerator(tree: Tree, names: list[str]) -> Any:
    """The numerator in lowest terms, as a polynomial in these variables (`flint.fmpq_mpoly`).

    Raises:
        NoValue: The tree is no rational function with rational coefficients, or too large.
    """
    from flint import Ordering, fmpq_mpoly_ctx

    # Names may hold any sign; the variables of the polynomials are numbered.
    ring = fmpq_mpoly_ctx.get([f"x{k}" for k in range(len(names))], Ordering.lex)
    top, bottom = _quotient(tree, dict(zip(names, ring.gens(), strict=True)), ring)
    return top / top.gcd(bottom)


def _quotient(tree: Tree, variables: dict[str, Any], ring: Any) -> tuple[Any, Any]:
    from flint import fmpq

    one = ring.constant(1)
    if isinstance(tree, Fraction):
        return ring.constant(fmpq(tree.numerator, tree.denominator)), one
    if isinstance(tree, str):
        if tree in ("i", "oo"):
            raise NoValue(f"{tree} is no variable")
        return variables[tree], one
    if tree[0] == "^" and isinstance(tree[2], Fraction) and tree[2].denominator == 1:
        top, bottom = _quotient(tree[1], variables, ring)
        power = int(tree[2])
        if abs(power) > HIGHEST or top == 0:
            raise NoValue("too high a power, or division by zero")
        top, bottom = (top, bottom) if power > 0 else (bottom, top)
        return _checked(top ** abs(power)), _checked(bottom ** abs(power))
    if tree[0] not in ("+", "*"):
        raise NoValue("no rational function")
    top, bottom = _quotient(tree[1], variables, ring)
    for part in tree[2:]:
        a, b = _quotient(part, variables, ring)
        top = _checked(top * a if tree[0] == "*" else top * b + a * bottom)
        bottom = _checked(bottom * b)
    return top, bottom


def _checked(polynomial: Any) -> Any:
    if len(polynomial) > MOST_TERMS:
        raise NoValue("too many terms")
    return polynomial
