"""What every family of procedural problems provides, and small shared writing."""

import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple, TypeAlias

from surefoot.problems.arith.hand import Hand, operand, show

Worked: TypeAlias = tuple[list[str], str]
"""The steps of a solution without the answer line, and its final answer."""


class Family(NamedTuple):
    """One kind of problem: how to pose it and how a hand solves it.

    `pose(rng, level)` gives the parameters, `state(parameters)` the statement
    and `solve(parameters, hand)` a solution as that hand writes it.
    """

    name: str
    pose: Callable[[random.Random, int], Any]
    state: Callable[[Any], str]
    solve: Callable[[Any, Hand], Worked]


Group: TypeAlias = list[Any]
"""Operand, operator, operand, ...: an operand is a Fraction or a bracketed Group."""


def render(group: Group) -> str:
    """A group as text; negative numbers behind an operator get brackets."""
    parts: list[str] = []
    for index, item in enumerate(group):
        if isinstance(item, str):
            parts.append(item)
        elif isinstance(item, list):
            parts.append(f"({render(item)})")
        else:
            before_power = index + 1 < len(group) and group[index + 1] == "^"
            parts.append(operand(item) if index or before_power else show(item))
    return "".join(parts)


def _apply(a: Fraction, operator: str, b: Fraction) -> Fraction:
    match operator:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case _:
            return Fraction(a ** int(b))


def _wrong_power(a: Fraction, hand: Hand) -> Fraction | None:
    if a < 0 and hand.believes("negative_square"):
        return -(a * a)
    return None


def reduce_once(group: Group, hand: Hand) -> str:
    """Work out one operation in place; returns what is written for it.

    Innermost bracket first, then powers, products, sums from the left. A hand
    that believes `left_to_right` forgets that products come before sums, one
    that believes `negative_square` that a square is not negative.
    """
    inner = next((item for item in group if isinstance(item, list)), None)
    if inner is not None:
        written = reduce_once(inner, hand)
        if len(inner) == 1:
            group[next(i for i, item in enumerate(group) if item is inner)] = inner[0]
        return written
    operators = group[1::2]
    place = next((i for i, o in enumerate(operators) if o == "^"), None)
    if place is None:
        place = next((i for i, o in enumerate(operators) if o == "*"), 0)
        if place > 0 and hand.believes("left_to_right"):
            place = 0
    a, operator, b = group[2 * place : 2 * place + 3]
    wrong = _wrong_power(a, hand) if operator == "^" else None
    value = hand.result(_apply(a, operator, b) if wrong is None else wrong)
    group[2 * place : 2 * place + 3] = [value]
    return f"{render([a, operator, b])}={show(value)}"


def reduce_fully(group: Group, hand: Hand) -> Worked:
    """Steps `7*8=56 so 56+2` until one number is left."""
    steps = []
    while len(group) > 1:
        written = reduce_once(group, hand)
        steps.append(f"{written} so {render(group)}")
    return steps, show(group[0])


def linear_text(slope: Fraction | int, offset: Fraction | int, name: str = "x") -> str:
    """`5x-7`, `-x`, `3`: slope times a name plus an offset."""
    slope, offset = Fraction(slope), Fraction(offset)
    if slope == 0:
        return show(offset)
    head = {1: name, -1: f"-{name}"}.get(
        int(slope) if slope.denominator == 1 else 0, f"{show(slope)}{name}"
    )
    return head + (f"{signed(offset)}" if offset else "")


def signed(value: Fraction | int) -> str:
    """`+7` or `-3`."""
    return f"+{show(value)}" if value >= 0 else show(value)
