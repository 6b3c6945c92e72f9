"""Word problems and whole numbers: percent, ratio, gcd, remainders, sequences.

Their steps name the quantity they find (`price=80+20=100`), so that a true
calculation of the wrong thing can be told from a right step.
"""

import random
from fractions import Fraction
from math import gcd as greatest_common_divisor
from typing import NamedTuple

from surefoot.problems.arith.family import Family, Worked
from surefoot.problems.arith.hand import Hand, operand, show

THINGS = ("coat", "bike", "lamp", "book", "phone", "chair")
PEOPLE = ("Ann", "Ben", "Cal", "Dan", "Eve", "Fay")


class Percent(NamedTuple):
    """A price and one or two changes of it in percent (negative: it falls)."""

    thing: str
    price: int
    first: int
    second: int | None


def _pose_percent(rng: random.Random, level: int) -> Percent:
    percents = (10, 20, 25, 50) if level < 4 else (5, 10, 15, 20, 25, 30, 40, 50)
    while True:
        price = 20 * rng.randint(1, 5 if level < 3 else 10)
        first = rng.choice(percents) * rng.choice((-1, 1))
        second = rng.choice(percents) * rng.choice((-1, 1)) if level >= 3 else None
        middle = Fraction(price * (100 + first), 100)
        last = middle * (100 + (second or 0)) / 100
        if middle.denominator == 1 and last.denominator == 1:
            return Percent(rng.choice(THINGS), price, first, second)


def _state_percent(p: Percent) -> str:
    def verb(change: int) -> str:
        return f"{'rises' if change > 0 else 'falls'} by {abs(change)}%"

    then = f" and then {verb(p.second)}" if p.second is not None else ""
    return f"A {p.thing} costs {p.price} dollars. The price {verb(p.first)}{then}. Find the cost."


def _solve_percent(p: Percent, hand: Hand) -> Worked:
    def change(name: str, result: str, of: Fraction, to: Fraction, percent: int) -> Fraction:
        part = hand.result(of * abs(percent) / 100)
        value = hand.result(to + part if percent > 0 else to - part)
        sign = "+" if percent > 0 else "-"
        steps.append(f"{name}={show(of)}*{abs(percent)}/100={show(part)}")
        steps.append(f"{result}={show(to)}{sign}{operand(part)}={show(value)}")
        return value

    steps: list[str] = []
    price = Fraction(p.price)
    if p.second is None:
        return steps, show(change("first", "cost", price, price, p.first))
    middle = change("first", "price", price, price, p.first)
    base = price if hand.believes("percents_of_the_start") else middle
    return steps, show(change("second", "cost", base, middle, p.second))


percent = Family("percent", _pose_percent, _state_percent, _solve_percent)


class Ratio(NamedTuple):
    """Shares in a ratio, given their sum or the difference of the first two."""

    people: tuple[str, ...]
    shares: tuple[int, ...]
    part: int
    by_difference: bool
    asked: int


def _pose_ratio(rng: random.Random, level: int) -> Ratio:
    n = 2 if level < 3 else 3
    largest = 5 if level < 4 else 9
    while True:
        shares = tuple(rng.randint(1, largest) for _ in range(n))
        part = rng.randint(2, 9 if level < 5 else 12)
        by_difference = level >= 4 or (level > 1 and rng.random() < 0.5)
        is_reduced = greatest_common_divisor(*shares) == 1
        is_rising = shares[1] - shares[0] > 1
        if is_reduced and sum(shares) * part <= 120 and (is_rising or not by_difference):
            people = tuple(rng.sample(PEOPLE, n))
            return Ratio(people, shares, part, by_difference, rng.randrange(n))


def _state_ratio(p: Ratio) -> str:
    names = f"{', '.join(p.people[:-1])} and {p.people[-1]}"
    ratio = ":".join(str(s) for s in p.shares)
    asked = p.people[p.asked]
    if p.by_difference:
        difference = (p.shares[1] - p.shares[0]) * p.part
        return (
            f"{names} share coins in the ratio {ratio}. {p.people[1]} gets {difference} more "
            f"than {p.people[0]}. How many coins does {asked} get?"
        )
    return (
        f"{names} share {sum(p.shares) * p.part} coins in the ratio {ratio}. "
        f"How many coins does {asked} get?"
    )


def _solve_ratio(p: Ratio, hand: Hand) -> Worked:
    by_sum = not p.by_difference or hand.believes("sum_for_difference")
    given = (p.shares[1] - p.shares[0] if p.by_difference else sum(p.shares)) * p.part
    if by_sum:
        number = hand.result(sum(p.shares))
        steps = [f"parts={'+'.join(str(s) for s in p.shares)}={show(number)}"]
    else:
        number = hand.result(p.shares[1] - p.shares[0])
        steps = [f"parts={p.shares[1]}-{p.shares[0]}={show(number)}"]
    if not p.by_difference and hand.believes("share_is_fraction"):
        number = Fraction(max(p.shares))
        steps = []
    part = hand.result(given / number if number else Fraction(given))
    steps.append(f"part={given}/{operand(number)}={show(part)}")
    share = p.shares[p.asked]
    coins = hand.result(share * part)
    steps.append(f"{p.people[p.asked]}={share}*{operand(part)}={show(coins)}")
    return steps, show(coins)


ratio = Family("ratio", _pose_ratio, _state_ratio, _solve_ratio)


def _pose_gcd(rng: random.Random, level: int) -> tuple[int, int]:
    largest = (20, 36, 50, 70, 99)[level - 1]
    wanted = (1, 2, 2, 3, 3)[level - 1]
    while True:
        factor = rng.randint(1, 9)
        a, b = sorted((factor * rng.randint(2, 30), factor * rng.randint(2, 30)), reverse=True)
        n_divisions, c, d = 0, a, b
        while d:
            c, d, n_divisions = d, c % d, n_divisions + 1
        if a <= largest and a != b and b > 2 and n_divisions >= wanted and a < 10 * b:
            return a, b


def _solve_gcd(p: tuple[int, int], hand: Hand) -> Worked:
    a, b = p
    steps: list[str] = []
    while True:
        quotient = a // b
        rest = int(hand.result(a - quotient * b))
        written = f"{a}={quotient}*{b}+{operand(rest)}"
        if rest <= 0 or len(steps) > 8:
            steps.append(f"{written} so {b}")
            return steps, str(b)
        if not steps and hand.believes("first_remainder"):
            steps.append(f"{written} so {rest}")
            return steps, str(rest)
        steps.append(f"{written} so gcd({b},{rest})")
        a, b = max(b, rest), min(b, rest)


gcd = Family(
    "gcd",
    _pose_gcd,
    lambda p: f"Find the greatest common divisor of {p[0]} and {p[1]}.",
    _solve_gcd,
)


class Power(NamedTuple):
    """factor * base^exponent, divided by a modulus."""

    factor: int
    base: int
    exponent: int
    modulus: int


def _pose_modular(rng: random.Random, level: int) -> Power:
    modulus = rng.randint(5, 7 if level < 3 else 11 if level < 5 else 13)
    base = rng.randint(2, min(modulus - 1, 9))
    return Power(rng.randint(2, min(modulus - 1, 9)), base, 1 + level, modulus)


def _solve_modular(p: Power, hand: Hand) -> Worked:
    steps: list[str] = []
    rest = Fraction(p.base)

    def divide(power: str, factors: str, product: Fraction) -> Fraction:
        value = hand.result(product % p.modulus)
        chain = (f"{text} mod {p.modulus}" for text in (power, factors, show(product)) if text)
        steps.append(f"{'='.join(chain)}={show(value)}")
        return value

    for power in range(2, p.exponent + 1):
        doubles = power == 2 and p.base > 3 and hand.believes("power_is_product")
        product = hand.result(2 * p.base if doubles else rest * p.base)
        factors = "" if power == 2 else f"{operand(rest)}*{p.base}"
        rest = divide(f"{p.base}^{power}", factors, product)
    product = hand.result(p.factor * rest)
    rest = divide(f"{p.factor}*{p.base}^{p.exponent}", f"{p.factor}*{operand(rest)}", product)
    return steps, show(rest)


modular = Family(
    "modular",
    _pose_modular,
    lambda p: f"Find the remainder of {p.factor}*{p.base}^{p.exponent} divided by {p.modulus}.",
    _solve_modular,
)


class Sequence(NamedTuple):
    """First term, difference, the place asked for, and whether the sum up to it is."""

    first: int
    change: int
    place: int
    is_sum: bool


def _pose_sequences(rng: random.Random, level: int) -> Sequence:
    while True:
        first = rng.randint(1, 9) if level < 3 else rng.randint(-9, 12)
        change = (
            rng.randint(2, 9) if level < 3 else rng.choice((-6, -5, -4, -3, -2, 2, 3, 4, 5, 6, 7))
        )
        index = rng.randint(5, 6) if level == 1 else rng.randint(7, 12)
        is_sum = level >= 4 and rng.random() < 0.5
        last = first + (index - 1) * change
        if abs(last) <= 99 and (
            not is_sum or (abs(first + last) * index <= 400 and index % 2 == 0)
        ):
            return Sequence(first, change, index, is_sum)


def _state_sequences(p: Sequence) -> str:
    shown = ", ".join(str(p.first + i * p.change) for i in range(3))
    asked = f"sum of its first {p.place} terms" if p.is_sum else f"term number {p.place}"
    return f"The arithmetic sequence {shown}, ... is given. Find the {asked}."


def _solve_sequences(p: Sequence, hand: Hand) -> Worked:
    difference = hand.result(p.change)
    steps = [f"difference={p.first + p.change}-{operand(p.first)}={show(difference)}"]
    if hand.believes("one_step_too_many"):
        count = Fraction(p.place)
        steps.append(f"jumps={p.place}")
    else:
        count = hand.result(p.place - 1)
        steps.append(f"jumps={p.place}-1={show(count)}")
    rise = hand.result(count * difference)
    steps.append(f"rise={show(count)}*{operand(difference)}={show(rise)}")
    term = hand.result(p.first + rise)
    steps.append(f"term={p.first}+{operand(rise)}={show(term)}")
    if not p.is_sum:
        return steps, show(term)
    pair = hand.result(p.first + term)
    steps.append(f"pair={p.first}+{operand(term)}={show(pair)}")
    half = hand.result(Fraction(p.place, 2))
    total = hand.result(half * pair)
    steps.append(f"sum={show(half)}*{operand(pair)}={show(total)}")
    return steps, show(total)


sequences = Family("sequences", _pose_sequences, _state_sequences, _solve_sequences)
