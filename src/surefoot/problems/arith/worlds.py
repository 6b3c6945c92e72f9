"""What is true in a problem, worked out from its statement alone.

The checker's own reading: it parses the words of the statement and solves the
problem with exact fractions. It shares no code with the writers of the
solutions, so that a mistake in a family shows up as a disagreement.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

from surefoot.problems.arith.expressions import (
    Functions,
    Polynomial,
    Unreadable,
    X,
    constant,
    evaluate,
    integer,
    parse,
)


@dataclass(frozen=True, slots=True)
class World:
    """The true values of everything a step may speak of."""

    answer: tuple[Polynomial, ...]
    """The final answer; one value, or several for `(x,y)`."""
    names: dict[str, Polynomial] = field(default_factory=dict)
    """Named quantities and unknowns."""
    functions: Functions = field(default_factory=dict)
    """Calls such as `gcd(48,18)` or `f(-4)`."""
    target: Polynomial | None = None
    """What an expression standing alone must be equal to; None where an
    expression alone says nothing."""
    given: tuple[str, ...] = ()
    """Equations and expressions of the statement: repeating them is no progress."""


def world_of(statement: str) -> World:
    """The world of a procedural problem.

    Raises:
        Unreadable: No family poses problems in these words.
    """
    for pattern, read in _READERS:
        match = pattern.fullmatch(statement.strip())
        if match:
            return read(match)
    raise Unreadable(f"no family of procedural problems says {statement[:60]!r}")


def _compute(match: re.Match[str]) -> World:
    value = evaluate(parse(match[1]), {})
    return World(answer=(value,), target=value, given=(match[1],))


def _expand(match: re.Match[str]) -> World:
    value = evaluate(parse(match[1]), {"x": X})
    return World(answer=(value,), names={"x": X}, target=value, given=(match[1],))


def _function(match: re.Match[str]) -> World:
    body = parse(match[1])

    def f(x: Polynomial) -> Polynomial:
        return evaluate(body, {"x": x})

    value = f(evaluate(parse(match[2]), {}))
    return World(answer=(value,), functions={"f": f}, target=value, given=(f"f({match[2]})",))


def _line(text: str, names: dict[str, Polynomial]) -> tuple[Fraction, Fraction]:
    """Slope and offset of an expression that is linear in the free x."""
    value = evaluate(parse(text), names)
    if len(value) > 2:
        raise Unreadable(f"{text!r} is not linear")
    offset, slope = (*value, Fraction(0), Fraction(0))[:2]
    return slope, offset


def _root(equation: str, names: dict[str, Polynomial]) -> Fraction:
    left, right = (_line(side, names) for side in equation.split("="))
    slope, offset = left[0] - right[0], left[1] - right[1]
    if slope == 0:
        raise Unreadable(f"{equation!r} has no single solution")
    return -offset / slope


def _linear(match: re.Match[str]) -> World:
    x = constant(_root(match[1], {"x": X}))
    return World(answer=(x,), names={"x": x}, given=(match[1],))


def _system(match: re.Match[str]) -> World:
    first, second = match[1], match[2]
    y_of_x = evaluate(parse(first.split("=")[1]), {"x": X})
    x = constant(_root(second, {"x": X, "y": y_of_x}))
    y = evaluate(parse(first.split("=")[1]), {"x": x})
    return World(answer=(x, y), names={"x": x, "y": y}, given=(first, second))


def _percent(match: re.Match[str]) -> World:
    price = Fraction(match[1])
    changes = [
        (1 if verb == "rises" else -1, Fraction(percent))
        for verb, percent in re.findall(r"(rises|falls) by (\d+)%", match[0])
    ]
    names: dict[str, Polynomial] = {}
    for index, (sign, percent) in enumerate(changes):
        part = price * percent / 100
        price += sign * part
        names["first" if index == 0 else "second"] = constant(part)
        names["cost" if index == len(changes) - 1 else "price"] = constant(price)
    return World(answer=(names["cost"],), names=names)


def _shares(people: str, ratio: str, part: Callable[[list[int]], Fraction], asked: str) -> World:
    shares = [int(s) for s in ratio.split(":")]
    value = part(shares)
    names = {
        person: constant(share * value)
        for person, share in zip(re.findall(r"[A-Z][a-z]+", people), shares, strict=True)
    }
    names["part"] = constant(value)
    return World(answer=(names[asked],), names=names)


def _ratio_sum(match: re.Match[str]) -> World:
    people, total, ratio, asked = match.groups()
    world = _shares(people, ratio, lambda s: Fraction(int(total), sum(s)), asked)
    world.names["parts"] = constant(sum(int(s) for s in ratio.split(":")))
    return world


def _ratio_difference(match: re.Match[str]) -> World:
    people, ratio, richer, difference, poorer, asked = match.groups()
    order = re.findall(r"[A-Z][a-z]+", people)
    i, j = order.index(richer), order.index(poorer)
    world = _shares(people, ratio, lambda s: Fraction(int(difference), s[i] - s[j]), asked)
    shares = [int(s) for s in ratio.split(":")]
    world.names["parts"] = constant(shares[i] - shares[j])
    return world


def _gcd(match: re.Match[str]) -> World:
    def gcd(a: Polynomial, b: Polynomial) -> Polynomial:
        return constant(math.gcd(integer(a), integer(b)))

    value = constant(math.gcd(int(match[1]), int(match[2])))
    given = (f"gcd({match[1]},{match[2]})",)
    return World(answer=(value,), functions={"gcd": gcd}, target=value, given=given)


def _remainder(match: re.Match[str]) -> World:
    asked = f"{match[1]} mod {match[2]}"
    return World(answer=(evaluate(parse(asked), {}),), given=(asked,))


def _sequence(match: re.Match[str]) -> World:
    first, second, third = (int(n) for n in match[1].split(", "))
    if third - second != second - first:
        raise Unreadable("the sequence is not arithmetic")
    index = int(match[2] or match[3])
    jumps, difference = index - 1, second - first
    term = first + jumps * difference
    values: dict[str, Fraction | int] = {
        "difference": difference,
        "jumps": jumps,
        "rise": jumps * difference,
        "term": term,
        "pair": first + term,
        "sum": Fraction((first + term) * index, 2),
    }
    names = {name: constant(value) for name, value in values.items()}
    return World(answer=(names["term" if match[3] else "sum"],), names=names)


_READERS: list[tuple[re.Pattern[str], Callable[[re.Match[str]], World]]] = [
    (re.compile(r"Compute (.+)\."), _compute),
    (re.compile(r"Expand (.+)\."), _expand),
    (re.compile(r"Let f\(x\)=(.+)\. Find f\((-?\d+)\)\."), _function),
    (re.compile(r"Solve (\S+=\S+)\."), _linear),
    (re.compile(r"Solve (y=\S+) and (\S+=\S+) for \(x,y\)\."), _system),
    (
        re.compile(
            r"A \w+ costs (\d+) dollars\. The price (?:\w+ by \d+%[a-z ]*)+\. Find the cost\."
        ),
        _percent,
    ),
    (
        re.compile(
            r"(.+) share (\d+) coins in the ratio ([\d:]+)\. How many coins does (\w+) get\?"
        ),
        _ratio_sum,
    ),
    (
        re.compile(
            r"(.+) share coins in the ratio ([\d:]+)\. (\w+) gets (\d+) more than (\w+)\. "
            r"How many coins does (\w+) get\?"
        ),
        _ratio_difference,
    ),
    (re.compile(r"Find the greatest common divisor of (\d+) and (\d+)\."), _gcd),
    (re.compile(r"Find the remainder of (.+) divided by (\d+)\."), _remainder),
    (
        re.compile(
            r"The arithmetic sequence (.+), \.\.\. is given\. "
            r"Find the (?:sum of its first (\d+) terms|term number (\d+))\."
        ),
        _sequence,
    ),
]
