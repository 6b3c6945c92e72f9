"""Families with an unknown: linear equations, systems of two, polynomials."""

import random
from fractions import Fraction
from typing import NamedTuple

from surefoot.problems.arith.family import Family, Worked, linear_text, signed
from surefoot.problems.arith.hand import Hand, operand, show


class Linear(NamedTuple):
    """factor * (a*x + b) = c*x + d."""

    factor: int
    a: int
    b: int
    c: int
    d: int


def _nonzero(rng: random.Random, low: int, high: int) -> int:
    return rng.choice([n for n in range(low, high + 1) if n])


def _pose_linear(rng: random.Random, level: int) -> Linear:
    while True:
        x = rng.randint(1, 9) if level < 3 else _nonzero(rng, -6, 9)
        factor = rng.randint(2, 5) if level >= 4 else 1
        a = rng.randint(2, 9) if level < 4 else rng.randint(1, 4)
        b = rng.randint(1, 12) if level == 1 else _nonzero(rng, -12, 12)
        c = rng.randint(1, 6) if level in (3, 5) else 0
        d = factor * (a * x + b) - c * x
        if a * factor != c and abs(d) <= 60:
            return Linear(factor, a, b, c, d)


def _state_linear(p: Linear) -> str:
    left = linear_text(p.a, p.b)
    left = f"{p.factor}({left})" if p.factor != 1 else left
    return f"Solve {left}={linear_text(p.c, p.d)}."


def _last_lines(
    slope: Fraction, right: Fraction, hand: Hand, name: str
) -> tuple[list[str], Fraction]:
    """From slope*x = right to the value of x."""
    if slope == 1:
        return [f"{name}={show(right)}"], right
    quotient = right / slope if slope else right
    value = hand.result(quotient)
    return [f"{linear_text(slope, 0, name)}={show(right)}", f"{name}={show(value)}"], value


def _solve_linear(p: Linear, hand: Hand) -> Worked:
    steps: list[str] = []
    a, b, c, d = (Fraction(n) for n in p[1:])
    if p.factor != 1:
        a, b = hand.result(p.factor * a), hand.result(p.factor * b)
        if hand.believes("first_term_only"):
            b = Fraction(p.b)
        steps.append(f"{linear_text(a, b)}={linear_text(c, d)}")
    moved = b if b < 0 and hand.believes("keep_sign") else -b
    left = linear_text(a, 0) + (f"-{linear_text(c, 0)}" if c > 0 else "")
    steps.append(f"{left}={show(d)}{signed(moved)}")
    lines, x = _last_lines(hand.result(a - c), hand.result(d + moved), hand, "x")
    return [*steps, *lines], show(x)


linear = Family("linear", _pose_linear, _state_linear, _solve_linear)


class System(NamedTuple):
    """y = a*x + b and c*x + e*y = f."""

    a: int
    b: int
    c: int
    e: int
    f: int


def _pose_systems(rng: random.Random, level: int) -> System:
    while True:
        x = rng.randint(1, 6) if level < 4 else _nonzero(rng, -5, 6)
        a, c = rng.randint(1, 4), rng.randint(1, 5)
        b = rng.randint(1, 9) if level < 3 else _nonzero(rng, -9, 9)
        e = {1: 1, 2: rng.randint(2, 3), 3: -1}.get(level, -rng.randint(2, 3))
        f = c * x + e * (a * x + b)
        if c + e * a != 0 and abs(f) <= 60:
            return System(a, b, c, e, f)


def _state_systems(p: System) -> str:
    y = {1: "+y", -1: "-y"}.get(p.e, f"{signed(p.e)}y")
    return f"Solve y={linear_text(p.a, p.b)} and {linear_text(p.c, 0)}{y}={p.f} for (x,y)."


def _solve_systems(p: System, hand: Hand) -> Worked:
    factor = {1: "+", -1: "-"}.get(p.e, signed(p.e))
    first = linear_text(p.c, 0)
    bracket = [f"{first}{factor}({linear_text(p.a, p.b)})={p.f}"]
    steps = [] if p.e == 1 else bracket
    slope, offset = hand.result(p.e * p.a), hand.result(p.e * p.b)
    if p.e < 0 and hand.believes("bracket_sign"):
        offset = -offset
    slope_text = linear_text(slope, 0)
    joined = slope_text if slope < 0 else f"+{slope_text}"
    steps.append(f"{first}{joined}{signed(offset)}={p.f}")
    lines, x = _last_lines(hand.result(p.c + slope), hand.result(p.f - offset), hand, "x")
    y = hand.result(p.a * x + p.b)
    product = operand(x) if p.a == 1 else f"{p.a}*{operand(x)}"
    steps += [*lines, f"y={product}{signed(p.b)}={show(y)}"]
    return steps, f"({show(x)},{show(y)})"


systems = Family("systems", _pose_systems, _state_systems, _solve_systems)


class Product(NamedTuple):
    """(a*x + b)(c*x + d); a square when both brackets are equal."""

    a: int
    b: int
    c: int
    d: int


def _pose_polynomials(rng: random.Random, level: int) -> Product:
    largest = 6 if level < 4 else 9
    b, d = _nonzero(rng, -largest, largest), _nonzero(rng, -largest, largest)
    if level == 1:
        return Product(0, rng.randint(2, 9), rng.randint(1, 5), d)
    if level in (3, 5) and rng.random() < 0.5:
        a = rng.randint(1, 3) if level == 3 else rng.randint(2, 6)
        return Product(a, b, a, b)
    a, c = (1, 1) if level == 2 else (rng.randint(1, level - 1), rng.randint(2, level))
    return Product(a, b, c, d if d != b or a != c else -d)


def _state_polynomials(p: Product) -> str:
    left = f"({linear_text(p.a, p.b)})" if p.a else str(p.b)
    if p.a and (p.a, p.b) == (p.c, p.d):
        return f"Expand {left}^2."
    return f"Expand {left}({linear_text(p.c, p.d)})."


def _square_text(square: Fraction, *rest: tuple[Fraction, str]) -> str:
    head = "" if square == 0 else "x^2" if square == 1 else f"{show(square)}x^2"
    for value, name in rest:
        if value == 0:
            continue
        head += (
            f"{signed(value)}"
            if not name
            else {1: "+x", -1: "-x"}.get(int(value), f"{signed(value)}x")
        )
    return head.removeprefix("+") or "0"


def _solve_polynomials(p: Product, hand: Hand) -> Worked:
    a, b, c, d = (Fraction(n) for n in p)
    is_square = bool(a) and (a, b) == (c, d)
    square, last = hand.result(a * c), hand.result(b * d)
    short = "square_of_sum" if is_square else "first_and_last"
    if a and hand.believes(short):
        text = _square_text(square, (last, ""))
        return [f"so {text}"], text
    outer, inner = hand.result(a * d), hand.result(b * c)
    if not a:
        text = _square_text(square, (inner, "x"), (last, ""))
        return [f"so {text}"], text
    long = _square_text(square, (outer, "x"), (inner, "x"), (last, ""))
    middle = hand.result(outer + inner)
    text = _square_text(square, (middle, "x"), (last, ""))
    return [f"so {long}", f"so {text}"], text


polynomials = Family("polynomials", _pose_polynomials, _state_polynomials, _solve_polynomials)
