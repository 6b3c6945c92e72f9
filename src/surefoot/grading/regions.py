r"""Regions of the real line: intervals, their unions and intersections, inequalities."""

import itertools
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from surefoot.grading import tree
from surefoot.grading.algebra import same
from surefoot.grading.evaluate import NoValue, real
from surefoot.grading.forms import Collection, Form, Interval, Quantity, Region, Sequence
from surefoot.grading.tokens import Unread
from surefoot.grading.tree import Tree

MINUS_INFINITY = tree.negate("oo")
ALL = (Interval(MINUS_INFINITY, "oo", False, False),)


def interval_of(form: Sequence) -> Interval | None:
    """The interval that a pair in brackets can mean; None if it is no pair of ordered numbers."""
    if len(form.items) != 2:
        return None
    low, high = form.items
    if not isinstance(low, Quantity) or not isinstance(high, Quantity):
        return None
    try:
        if not real(low.tree) < real(high.tree):
            return None
    except NoValue:
        return None
    return Interval(low.tree, high.tree, form.opened == "[", form.closed == "]")


def interval_region(node: Any, build: Callable[[Any], Form]) -> Region:
    """The region that an expression of intervals, sets and their operations says.

    Raises:
        Unread: Something in it is no region of the real line.
    """
    if isinstance(node, tuple) and node[0] in ("cup", "cap", "setminus"):
        left, right = interval_region(node[1], build), interval_region(node[2], build)
        if node[0] == "cup":
            return Region(_merge(left.pieces + right.pieces))
        other = right.pieces if node[0] == "cap" else _complement(right.pieces)
        return Region(_intersect(left.pieces, other))
    form = build(node)
    if isinstance(form, Region):
        return form
    if isinstance(form, Sequence):
        interval = interval_of(form)
        if interval is not None:
            return Region((interval,))
    if isinstance(form, Collection) and form.braced:
        points = [item.tree for item in form.items if isinstance(item, Quantity)]
        if len(points) == len(form.items):
            return Region(_merge(tuple(Interval(p, p, True, True) for p in points)))
    raise Unread("a set operation between things that are no regions")


def relation_region(operators: tuple[str, ...], sides: tuple[Tree, ...]) -> Region | None:
    """The region of a chain of inequalities about one variable; None for other relations."""
    at = [k for k, side in enumerate(sides) if not _is_constant(side)]
    if len(at) != 1 or len(sides) > 3:
        return None
    side = sides[at[0]]
    if isinstance(side, tuple) and side[:2] == ("call", "abs") and len(sides) == 2:
        turned = operators[0] if at[0] == 0 else _TURNED.get(operators[0], operators[0])
        return _distance_region(turned, side[2], sides[1 - at[0]])
    linear = _linear(side)
    if linear is None:
        return None
    name, slope, offset = linear
    pieces: tuple[Interval, ...] = ALL
    for k, operator in enumerate(operators):
        if at[0] not in (k, k + 1):
            return None
        bound = sides[k + 1] if k == at[0] else sides[k]
        if "oo" not in tree.symbols(bound):
            bound = tree.divide(tree.add(bound, tree.negate(offset)), slope)
        elif slope < 0:
            bound = tree.negate(bound)
        if (k != at[0]) != (slope < 0):
            operator = _TURNED.get(operator, operator)
        one = _one_sided(operator, bound)
        if one is None:
            return None
        pieces = _intersect(pieces, one)
    return Region(pieces, name)


def _distance_region(operator: str, inside: Tree, bound: Tree) -> Region | None:
    """The region of `|x - 2| < 3`: between two bounds, or outside of them."""
    if operator not in _TURNED or not _is_constant(bound) or real(bound) < 0:
        return None
    above = relation_region((operator,), (inside, bound))
    below = relation_region((_TURNED[operator],), (inside, tree.negate(bound)))
    if above is None or below is None:
        return None
    return union([above, below], either=operator in (">", ">="))


def union(regions: list[Region], *, either: bool) -> Region:
    """Regions joined by `or`, or by `and`.

    Raises:
        Unread: They are about different variables.
    """
    names = {region.variable for region in regions} - {None}
    if len(names) > 1:
        raise Unread("inequalities about different variables")
    pieces = regions[0].pieces
    for region in regions[1:]:
        joined = pieces + region.pieces
        pieces = _merge(joined) if either else _intersect(pieces, region.pieces)
    return Region(pieces, names.pop() if names else None)


def same_region(left: Region, right: Region) -> bool | None:
    """Whether two regions hold the same numbers."""
    if len(left.pieces) != len(right.pieces):
        return False
    verdict: bool | None = True
    for a, b in zip(left.pieces, right.pieces, strict=True):
        if (a.has_low, a.has_high) != (b.has_low, b.has_high):
            return False
        for x, y in ((a.low, b.low), (a.high, b.high)):
            equal = same(x, y)
            if equal is False:
                return False
            verdict = verdict and equal
    return verdict


_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}


def _one_sided(operator: str, bound: Tree) -> tuple[Interval, ...] | None:
    if operator in ("<", "<="):
        return (Interval(MINUS_INFINITY, bound, False, operator == "<="),)
    if operator in (">", ">="):
        return (Interval(bound, "oo", operator == ">=", False),)
    if operator == "!=":
        return _complement((Interval(bound, bound, True, True),))
    return None


def _linear(side: Tree) -> tuple[str, Fraction, Fraction] | None:
    """Variable, slope and offset of a linear expression with rational coefficients."""
    if isinstance(side, str):
        return side, tree.ONE, tree.ZERO
    names = tree.symbols(side) - {"pi", "e", "oo"}
    if len(names) != 1:
        return None
    name = next(iter(names))
    try:
        at = [tree.replace(side, name, Fraction(k)) for k in range(4)]
    except Unread:
        return None
    numbers = [value for value in at if isinstance(value, Fraction)]
    if len(numbers) < 4:
        return None
    steps = {after - before for before, after in itertools.pairwise(numbers)}
    slope = steps.pop()
    return None if steps or slope == 0 else (name, slope, numbers[0])


def _is_constant(bound: Tree) -> bool:
    if isinstance(bound, Fraction):
        return True
    return not tree.symbols(bound) - {"pi", "e", "oo"}


def _key(piece: Interval) -> tuple[float, bool, float]:
    return real(piece.low), not piece.has_low, real(piece.high)


def _merge(pieces: tuple[Interval, ...]) -> tuple[Interval, ...]:
    """Pieces in order, those that overlap or touch made one."""
    done: list[Interval] = []
    for piece in sorted(pieces, key=_key):
        last = done[-1] if done else None
        if last is None or not _meets(last, piece):
            done.append(piece)
            continue
        order = real(piece.high) - real(last.high)
        if order > 0:
            done[-1] = Interval(last.low, piece.high, last.has_low, piece.has_high)
        elif order == 0:
            has_high = last.has_high or piece.has_high
            done[-1] = Interval(last.low, last.high, last.has_low, has_high)
    return tuple(done)


def _meets(left: Interval, right: Interval) -> bool:
    """Whether no number lies between an interval and the next one in order."""
    gap = real(right.low) - real(left.high)
    return gap < 0 or (gap == 0 and (left.has_high or right.has_low))


def _intersect(left: tuple[Interval, ...], right: tuple[Interval, ...]) -> tuple[Interval, ...]:
    found: list[Interval] = []
    for a in left:
        for b in right:
            lows = sorted((a, b), key=lambda piece: (real(piece.low), not piece.has_low))
            highs = sorted((a, b), key=lambda piece: (real(piece.high), piece.has_high))
            low, high = lows[1], highs[0]
            width = real(high.high) - real(low.low)
            if width > 0 or (width == 0 and low.has_low and high.has_high):
                found.append(Interval(low.low, high.high, low.has_low, high.has_high))
    return _merge(tuple(found))


def _complement(pieces: tuple[Interval, ...]) -> tuple[Interval, ...]:
    """What the pieces leave of the real line."""
    left: tuple[Interval, ...] = ALL
    for piece in pieces:
        outside: list[Interval] = []
        if piece.low != MINUS_INFINITY:
            outside.append(Interval(MINUS_INFINITY, piece.low, False, not piece.has_low))
        if piece.high != "oo":
            outside.append(Interval(piece.high, "oo", not piece.has_high, False))
        left = _intersect(left, tuple(outside))
    return left
