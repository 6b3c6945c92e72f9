"""The hand that writes a solution: a careful one, or a person's with mistakes.

Every family writes its solutions through a `Hand`. The careful hand gives the
reference solution. A person's hand gives the kinds of text that real
mathematics on the web holds: slips of calculation that are carried on,
misconceptions (the same wrong rule each time it applies, so that many people
agree on one wrong answer), typing errors that the next line does not share
(a right answer through a wrong step) and lines written twice.
"""

import random
from dataclasses import dataclass
from fractions import Fraction

BELIEF_BY_LEVEL = {1: 0.2, 2: 0.35, 3: 0.5, 4: 0.6, 5: 0.7}
"""Chance that a person holds a misconception at a problem of this level."""


def show(value: Fraction | int) -> str:
    """A number as written on the page: `7`, `-3`, `5/6`."""
    return str(Fraction(value))


def operand(value: Fraction | int) -> str:
    """A number as written behind an operator: negative ones in brackets."""
    return f"({show(value)})" if value < 0 else show(value)


@dataclass
class Hand:
    """Writes results and holds beliefs; this one never errs.

    Families call `result` for every number they calculate and `believes` where
    a well-known wrong rule would apply.
    """

    def result(self, value: Fraction | int) -> Fraction:
        """The number that is written for a calculation whose value is `value`."""
        return Fraction(value)

    def believes(self, misconception: str) -> bool:
        """Whether this person applies the wrong rule of that name."""
        del misconception
        return False

    def finish(self, steps: list[str]) -> list[str]:
        """The page after the last look: typing errors, lines written twice."""
        return steps


CAREFUL = Hand()
"""Writes the reference solutions."""


class PersonsHand(Hand):
    """A person who slips, believes wrong rules, mistypes and repeats.

    Args:
        rng: Source of all its randomness.
        level: Level of the problem, 1-5; beliefs are commoner at high levels.
        slip: Chance that a result is wrong.
        typo: Chance that one digit of a line is mistyped; the next line goes on
            from what was meant.
        repeat: Chance that a line is written twice.
        belief: Chance of each misconception; None takes it from the level.
    """

    def __init__(
        self,
        rng: random.Random,
        level: int,
        *,
        slip: float,
        typo: float,
        repeat: float,
        belief: float | None = None,
    ) -> None:
        self.rng, self.slip, self.typo, self.repeat = rng, slip, typo, repeat
        self.belief = BELIEF_BY_LEVEL[level] if belief is None else belief
        self._beliefs: dict[str, bool] = {}

    def result(self, value: Fraction | int) -> Fraction:
        """`value`, or now and then a number near it."""
        value = Fraction(value)
        if self.rng.random() >= self.slip:
            return value
        change = self.rng.choice(("one", "one", "two", "ten", "sign"))
        if change == "sign" and value != 0:
            return -value
        amount = {"one": 1, "two": 2, "ten": 10, "sign": 1}[change] * self.rng.choice((-1, 1))
        return value + Fraction(amount, value.denominator)

    def believes(self, misconception: str) -> bool:
        """The same answer throughout one solution."""
        if misconception not in self._beliefs:
            self._beliefs[misconception] = self.rng.random() < self.belief
        return self._beliefs[misconception]

    def finish(self, steps: list[str]) -> list[str]:
        """Typing errors and repetitions; the answer line is never mistyped."""
        page: list[str] = []
        for index, step in enumerate(steps):
            is_last = index == len(steps) - 1
            if not is_last and self.rng.random() < self.typo:
                step = self._mistype(step)
            page.append(step)
            if not is_last and self.rng.random() < self.repeat:
                page.append(step)
        return page

    def _mistype(self, step: str) -> str:
        places = [i for i, character in enumerate(step) if character.isdigit()]
        if not places:
            return step
        place = self.rng.choice(places)
        digit = self.rng.choice([d for d in "123456789" if d != step[place]])
        return step[:place] + digit + step[place + 1 :]
