r"""Whether two equations, or two inequalities, say the same."""

from fractions import Fraction
from typing import Any

from surefoot.grading import tree
from surefoot.grading.algebra import is_zero, points_for, same
from surefoot.grading.evaluate import PRIMES, NoValue, ball, residue
from surefoot.grading.forms import Relation
from surefoot.grading.polynomials import has_quotient, numerator
from surefoot.grading.tree import Tree

_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_POINTS = 3


def same_relation(left: Relation, right: Relation) -> bool | None:
    """Whether one relation is the other with its terms moved or multiplied by a number.

    `y = 2x + 3` is `2x - y + 3 = 0`; `3 > x + y` is `x + y < 3`. A chain is itself
    or itself read backwards.
    """
    if len(left.sides) != 2 or len(right.sides) != 2:
        return _same_chain(left, right)
    operators = left.operators[0], right.operators[0]
    if operators[0] == operators[1] and operators[0] in ("=", "!="):
        first, second = _difference(left), _difference(right)
        verdict = _proportional(first, second, positive=False)
        return verdict or _same_zeros(first, second) or verdict
    if operators[0] in _TURNED and operators[1] in _TURNED:
        first, second = _difference(left), _difference(right)
        if operators[0] != operators[1]:
            if _TURNED[operators[0]] != operators[1]:
                return False
            second = tree.negate(second)
        return _proportional(first, second, positive=True)
    return _same_chain(left, right)


def _same_chain(left: Relation, right: Relation) -> bool | None:
    if len(left.sides) != len(right.sides):
        return False
    turned = tuple(_TURNED.get(operator, operator) for operator in reversed(right.operators))
    verdicts: list[bool | None] = []
    for operators, sides in ((right.operators, right.sides), (turned, right.sides[::-1])):
        if operators == left.operators:
            each = [same(a, b) for a, b in zip(left.sides, sides, strict=True)]
            verdicts.append(False if False in each else None if None in each else True)
    return True if True in verdicts else None if None in verdicts else False


def _difference(relation: Relation) -> Tree:
    return tree.add(relation.sides[0], tree.negate(relation.sides[1]))


def _proportional(left: Tree, right: Tree, *, positive: bool) -> bool | None:
    """Whether the expressions differ by a constant factor (a positive one) other than zero."""
    if isinstance(left, Fraction) or isinstance(right, Fraction):
        # One side says nothing about any variable: `0 = 0`.
        return left == right
    empty = is_zero(left), is_zero(right)
    if True in empty:  # `x = x` holds always
        return empty[0] == empty[1]
    try:
        constant = all(_same_factor(left, right, prime) for prime in PRIMES)
    except NoValue:
        return _proportional_balls(left, right, positive=positive)
    return constant and (not positive or _is_positive(left, right))


def _same_zeros(left: Tree, right: Tree) -> bool:
    """Whether the expressions are rational and have, in lowest terms, the same numerator.

    That is what remains of an equation when its fractions are cleared: `y = 12/x` and `xy = 12`.
    """
    names = sorted(tree.symbols(left) | tree.symbols(right))
    if not has_quotient(left) and not has_quotient(right):
        return False
    try:
        a, b = numerator(left, names), numerator(right, names)
    except NoValue:
        return False
    if a.is_constant() or b.is_constant():
        return False
    return bool(a * b.leading_coefficient() == b * a.leading_coefficient())


def _same_factor(left: Tree, right: Tree, prime: int) -> bool:
    values = [(residue(left, prime, t), residue(right, prime, t)) for t in range(_POINTS)]
    (a, b), *others = values
    if a == 0 or b == 0:
        raise NoValue("zero at a random point")
    return all((c * b - a * d) % prime == 0 for c, d in others)


def _proportional_balls(left: Tree, right: Tree, *, positive: bool) -> bool | None:
    values = _at_points(left, right, real_only=True)
    if len(values) < _POINTS:
        values = _at_points(left, right, real_only=False)
    if len(values) < 2:
        return None
    (a, b), *others = values
    if any(not (c * b - a * d).contains(0) for c, d in others):
        return False
    return not positive or _is_positive(left, right)


def _at_points(left: Tree, right: Tree, *, real_only: bool) -> list[tuple[Any, Any]]:
    values: list[tuple[Any, Any]] = []
    points = points_for(left, right)
    for trial in range(6 * points):
        try:
            a = ball(left, 256, trial, real_only=real_only)
            values.append((a, ball(right, 256, trial, real_only=real_only)))
        except NoValue:
            continue
        if len(values) == points:
            break
    return values


def _is_positive(left: Tree, right: Tree) -> bool:
    for trial in range(4 * _POINTS):
        try:
            return bool((ball(left, 128, trial) / ball(right, 128, trial)).real > 0)
        except (NoValue, ZeroDivisionError):
            continue
    return False
