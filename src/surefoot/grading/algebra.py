r"""Whether two expressions are equal, with a proof where there can be one.

Cheapest first: the same tree; rational numbers; rational functions at random
points modulo a prime (a difference is certain, agreement is wrong once in some
10^17); balls, which prove a difference. Where balls of roots of rationals agree
more closely than two different such numbers can (the separation bound of
Burnikel, Fleischer, Mehlhorn and Schirra, Algorithmica 2000), they are equal.
Where other functions agree to hundreds of digits at several random points, the
verdict is equal too. What cannot be evaluated at all goes to sympy, elsewhere.
"""

import math
from fractions import Fraction
from typing import Any

from surefoot.grading.evaluate import PRIMES, NoValue, TooLarge, ball, is_generic, residue
from surefoot.grading.tree import Tree, symbols

_CONSTANTS = frozenset({"pi", "e", "i", "°", "%"})
_FIRST_BITS, _MOST_BITS = 128, 16_384
_POINTS = 3


def same(left: Tree, right: Tree) -> bool | None:
    r"""Whether two expressions have the same value for all values of their variables.

    Returns:
        True or False, or None where no way of telling worked.

    Example:
        >>> from surefoot.grading.parse import parse
        >>> same(parse("(x+1)^2").node, parse("x^2+2x+1").node)
        True
        >>> same(parse(r"\sqrt{3+2\sqrt2}").node, parse(r"1+\sqrt2").node)
        True
    """
    if left == right:
        return True
    if isinstance(left, Fraction) and isinstance(right, Fraction):
        return False
    names = symbols(left) | symbols(right)
    if "oo" in names:
        return False
    try:
        return all(residue(left, p) == residue(right, p) for p in PRIMES)
    except NoValue:
        pass
    if not has_bare_logarithm(left) and not has_bare_logarithm(right):
        return _by_balls(left, right, names)
    # `log` is natural to some and decimal to others; either reading will do.
    natural = _by_balls(left, right, names)
    return natural or _by_balls(left, right, names, decimal_log=True)


def is_zero(tree: Tree) -> bool | None:
    """Whether an expression is zero for all values of its variables."""
    return same(tree, Fraction(0))


def has_bare_logarithm(tree: Tree) -> bool:
    """Whether a `log` without a base is in the tree."""
    if not isinstance(tree, tuple):
        return False
    return tree[:2] == ("call", "log") or any(has_bare_logarithm(part) for part in tree[1:])


def _by_balls(
    left: Tree, right: Tree, names: frozenset[str], *, decimal_log: bool = False
) -> bool | None:
    constant = names <= _CONSTANTS
    needed = _separation(left, right) if constant else None
    points = 1 if constant else points_for(left, right)
    # Functions of real variables are compared where both are real, if anywhere.
    for real_only in (False,) if constant or "i" in names else (True, False):
        seen = 0
        for trial in range(1 if constant else 6 * points):
            at = {"trial": trial, "decimal_log": decimal_log, "real_only": real_only}
            try:
                if _differ(left, right, needed, at):
                    return False
            except TooLarge:
                # A power this large, or this small, is no number that is written out.
                return False if _is_huge(left, right) or _is_huge(right, left) else None
            except NoValue:
                continue
            seen += not real_only or is_generic(trial)
            if seen == points:
                break
        # Few points in common may all be roots of the difference; then all numbers decide.
        if seen >= (_POINTS if real_only else 1):
            return True
    return None


def points_for(*trees: Tree) -> int:
    """How many points to compare expressions at: more where signs and sizes matter."""
    return 16 if any(map(_has_cases, trees)) else _POINTS


def _has_cases(tree: Tree) -> bool:
    """Whether the tree has another formula on either side of some value (`|x|`, `(x^2)^{1/2}`)."""
    if not isinstance(tree, tuple):
        return False
    if tree[0] == "^" and isinstance(tree[2], Fraction) and tree[2].denominator > 1:
        return bool(symbols(tree[1]) - _CONSTANTS)
    cases = tree[0] == "call" and tree[1] in ("abs", "max", "min", "floor", "ceil")
    return cases or any(map(_has_cases, tree[1:]))


def _is_huge(side: Tree, other: Tree) -> bool:
    """Whether one side is a power too large or too small to be the number on the other."""
    is_power = isinstance(side, tuple) and side[0] == "^"
    return is_power and isinstance(other, Fraction) and other != 0


def _differ(left: Tree, right: Tree, needed: int | None, at: dict[str, Any]) -> bool:
    """Whether the values differ at a point.

    Raises:
        NoValue: There is none at this point, or the precision did not suffice.
    """
    bits = max(_FIRST_BITS, min(8 * _written_bits(left, right), _MOST_BITS))
    target = min(needed or bits, _MOST_BITS)
    bits = _FIRST_BITS
    while bits <= 2 * _MOST_BITS:
        a, b = ball(left, bits, **at), ball(right, bits, **at)
        difference = a - b
        if not difference.contains(0):
            return True
        if _is_within(difference, target):
            return False
        bits *= 2
    raise NoValue("the precision does not suffice")


def _is_within(difference: Any, bits: int) -> bool:
    """Whether the whole ball is closer to zero than two to the minus `bits`."""
    from flint import arb

    return bool(abs(difference) < arb(2) ** (-bits))


def _written_bits(*trees: Tree) -> int:
    """Size of all numbers in the trees: what is longer needs more digits to tell apart."""
    total = 0
    for tree in trees:
        if isinstance(tree, Fraction):
            total += tree.numerator.bit_length() + tree.denominator.bit_length()
        elif isinstance(tree, tuple):
            total += _written_bits(*(part for part in tree[1:] if not isinstance(part, str)))
    return total


def _separation(left: Tree, right: Tree) -> int | None:
    """Bits such that a difference below two to their negative is zero; None if not algebraic."""
    roots: dict[Tree, int] = {}
    try:
        u1, l1 = _bounds(left, roots)
        u2, l2 = _bounds(right, roots)
    except NoValue:
        return None
    degree = math.prod(roots.values())
    upper, lower = max(u1 + l2, u2 + l1) + 1, l1 + l2
    # With quotients both parts of the bound are algebraic: the square is safe.
    return math.ceil((degree * degree - 1) * max(upper, 0) + max(lower, 0)) + 2


def _bounds(tree: Tree, roots: dict[Tree, int]) -> tuple[float, float]:
    """Logarithms (base 2) of the bounds u and l of a radical expression; collects its roots."""
    if isinstance(tree, Fraction):
        return math.log2(max(abs(tree.numerator), 1)), math.log2(tree.denominator)
    if tree == "i":
        roots["i"] = 2
        return 0.0, 0.0
    if isinstance(tree, str):
        raise NoValue("no algebraic number")
    if tree[0] == "+":
        upper, lower = _bounds(tree[1], roots)
        for part in tree[2:]:
            u, low = _bounds(part, roots)
            upper, lower = max(upper + low, u + lower) + 1, lower + low
        return upper, lower
    if tree[0] == "*":
        pairs = [_bounds(part, roots) for part in tree[1:]]
        return sum(u for u, _ in pairs), sum(low for _, low in pairs)
    if tree[0] != "^" or not isinstance(tree[2], Fraction):
        raise NoValue("no algebraic number")
    upper, lower = _bounds(tree[1], roots)
    exponent = tree[2]
    if exponent < 0:
        upper, lower = lower, upper
    degree = exponent.denominator
    if degree > 100 or abs(exponent) > 10**6:
        raise NoValue("no algebraic number of a size that helps")
    if degree > 1:
        roots[tree[1]] = math.lcm(roots.get(tree[1], 1), degree)
    times = abs(exponent.numerator)
    if degree > 1:
        if upper >= lower:
            upper = (upper + (degree - 1) * lower) / degree
        else:
            lower = (lower + (degree - 1) * upper) / degree
    return upper * times, lower * times
