"""Families that work out one expression: nested arithmetic, fractions, functions."""

import random
from fractions import Fraction
from math import lcm

from surefoot.problems.arith.family import (
    Family,
    Group,
    Worked,
    reduce_fully,
    reduce_once,
    render,
    signed,
)
from surefoot.problems.arith.hand import CAREFUL, Hand, operand, show

_MAX_VALUE = 99
"""Largest number on the way in nested arithmetic, so that results stay short."""


def _group(rng: random.Random, n_operations: int, largest: int) -> Group:
    group: Group = [Fraction(rng.randint(1, largest))]
    left = n_operations
    while left:
        group.append(rng.choice("++--**"))
        inside = rng.randint(1, min(left - 1, 2)) if left > 1 and rng.random() < 0.4 else 0
        group.append(
            _group_flat(rng, inside, largest) if inside else Fraction(rng.randint(1, largest))
        )
        left -= 1 + inside
    return group


def _group_flat(rng: random.Random, n_operations: int, largest: int) -> Group:
    group: Group = [Fraction(rng.randint(1, largest))]
    for _ in range(n_operations):
        group += [rng.choice("++--*"), Fraction(rng.randint(1, largest))]
    return group


def _copy(group: Group) -> Group:
    return [_copy(item) if isinstance(item, list) else item for item in group]


def _stays_small(group: Group) -> bool:
    group = _copy(group)
    while len(group) > 1:
        value = reduce_once(group, CAREFUL).split("=")[1]
        if abs(Fraction(value)) > _MAX_VALUE:
            return False
    return True


def _pose_nested(rng: random.Random, level: int) -> Group:
    while True:
        group = _group(rng, level + 1, 9 if level < 4 else 12)
        if _stays_small(group):
            return group


nested = Family(
    "nested",
    _pose_nested,
    lambda group: f"Compute {render(group)}.",
    lambda group, hand: reduce_fully(_copy(group), hand),
)

_DENOMINATORS = (2, 3, 4, 5, 6, 8, 10)


def _pose_fractions(rng: random.Random, level: int) -> list[tuple[str, Fraction]]:
    n_terms = 2 if level < 3 else 3 if level < 5 else 4
    same = rng.choice(_DENOMINATORS[1:])
    terms: list[tuple[str, Fraction]] = []
    while len(terms) < n_terms:
        denominator = same if level == 1 else rng.choice(_DENOMINATORS)
        term = Fraction(rng.randint(1, denominator - 1), denominator)
        operator = rng.choice("++-") if terms else "+"
        if term.denominator > 1 and lcm(*(t.denominator for _, t in terms), denominator) <= 40:
            terms.append((operator, term))
    return terms


def _render_terms(terms: list[tuple[str, Fraction]]) -> str:
    first, *rest = terms
    return show(first[1]) + "".join(operator + operand(term) for operator, term in rest)


def _add(a: Fraction, operator: str, b: Fraction, hand: Hand) -> tuple[str, Fraction]:
    """The chain behind `a+b=`, and its last value."""
    sign = 1 if operator == "+" else -1
    if a.denominator != b.denominator and sign > 0 and hand.believes("add_tops_and_bottoms"):
        value = hand.result(Fraction(a.numerator + b.numerator, a.denominator + b.denominator))
        return show(value), value
    common = lcm(a.denominator, b.denominator)
    if common == 1:
        value = hand.result(a + sign * b)
        return show(value), value
    top_a, top_b = (t.numerator * (common // t.denominator) for t in (a, b))
    chain = ""
    if a.denominator != b.denominator:
        top_a, top_b = int(hand.result(top_a)), int(hand.result(top_b))
        second = f"{top_b}/{common}" if top_b >= 0 else f"({top_b}/{common})"
        chain = f"{top_a}/{common}{operator}{second}="
    top = int(hand.result(top_a + sign * top_b))
    value = Fraction(top, common)
    written = f"{top}/{common}"
    return chain + (written if written == show(value) else f"{written}={show(value)}"), value


def _solve_fractions(terms: list[tuple[str, Fraction]], hand: Hand) -> Worked:
    terms, steps = list(terms), []
    while len(terms) > 1:
        (_, a), (operator, b) = terms[:2]
        chain, value = _add(a, operator, b, hand)
        written = f"{_render_terms(terms[:2])}={chain}"
        terms[:2] = [("+", value)]
        steps.append(f"{written} so {_render_terms(terms)}")
    return steps, show(terms[0][1])


fractions = Family(
    "fractions",
    _pose_fractions,
    lambda terms: f"Compute {_render_terms(terms)}.",
    _solve_fractions,
)


def _pose_functions(rng: random.Random, level: int) -> tuple[int, int, int, int]:
    """Coefficients of a*x^2 + b*x + c, and the argument."""
    a = 0 if level == 1 else 1 if level < 4 else rng.randint(2, 3)
    b = rng.randint(2, 9) if level == 1 else 0 if level == 2 else rng.randint(1, 5)
    c = rng.randint(1, 12)
    if level >= 3:
        b, c = b * rng.choice((-1, 1)), c * rng.choice((-1, 1))
    argument = rng.randint(2, 9) if level == 1 else rng.randint(2, 6)
    return a, b, c, argument * (rng.choice((-1, 1)) if level < 5 else -1)


def _function_text(a: int, b: int, c: int) -> str:
    square = {0: "", 1: "x^2"}.get(a, f"{a}x^2")
    line = {0: "", 1: "+x", -1: "-x"}.get(b, f"{signed(b)}x") if b else ""
    text = square + line + signed(c)
    return text.removeprefix("+")


def _state_functions(parameters: tuple[int, int, int, int]) -> str:
    *coefficients, argument = parameters
    return f"Let f(x)={_function_text(*coefficients)}. Find f({argument})."


def _solve_functions(parameters: tuple[int, int, int, int], hand: Hand) -> Worked:
    a, b, c, argument = parameters
    x = Fraction(argument)
    group: Group = []
    if a:
        group += [x, "^", Fraction(2)] if a == 1 else [Fraction(a), "*", x, "^", Fraction(2)]
    if b:
        group += ["+" if b > 0 else "-"] if group else []
        group += [x] if abs(b) == 1 else [Fraction(abs(b)), "*", x]
    group += ["+" if c > 0 else "-", Fraction(abs(c))]
    first = f"f({argument})={render(group)}"
    steps, answer = reduce_fully(group, hand)
    return [first, *steps], answer


functions = Family("functions", _pose_functions, _state_functions, _solve_functions)
