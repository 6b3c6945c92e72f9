"""Text for pre-training a base model: what the web of school mathematics would hold.

Five kinds of document, all from training statements only:

worked    a person's solution. People slip, share misconceptions, mistype and
          repeat, so a model of this text writes wrong solutions as well as
          right ones, and many people agree on the same wrong answer.
sheet     two to four solutions, as worked examples stand in a prompt;
reviewed  a solution read by a careful reader who writes `wrong` behind the
          first wrong line, or `right` at the end; the exact checker reads.
drill     plain calculations, one a line.
judged    calculations with a question mark and `yes` or `no`.

A model that has read reviews has something to build on when it becomes a
verifier, as a large model has that read marked homework and forum threads.
"""

import random
from collections.abc import Iterator
from fractions import Fraction

from surefoot.problems.arith.checker import check
from surefoot.problems.arith.generate import FAMILIES, LEVELS, person, pose, write
from surefoot.problems.arith.hand import PersonsHand, operand, show
from surefoot.records import Problem
from surefoot.steps import EXAMPLE_SEPARATOR, join_steps, review_prompt, solve_prompt

SHARES = {"worked": 0.42, "sheet": 0.06, "reviewed": 0.4, "drill": 0.07, "judged": 0.05}
"""Share of each kind among the documents."""
SLIP, TYPO, REPEAT = 0.03, 0.012, 0.01
"""Chances a line of the people met on average; half are twice as careless."""
_FAMILIES = tuple(FAMILIES.values())
_DRILL_LINES = 8


def documents(seed: int | str) -> Iterator[str]:
    """Documents without end; the same seed gives the same ones."""
    rng = random.Random(f"corpus/{seed}")
    kinds, weights = list(SHARES), list(SHARES.values())
    while True:
        yield _WRITERS[rng.choices(kinds, weights)[0]](rng)


def _solution(rng: random.Random) -> tuple[str, list[str]]:
    family, level = rng.choice(_FAMILIES), rng.choice(LEVELS)
    parameters, statement = pose(rng, family, level, "train")
    care = rng.choice((0.4, 1.6))
    hand = person(rng, level, slip=SLIP * care, typo=TYPO * care, repeat=REPEAT * care)
    return statement, write(family, parameters, hand)


def _worked(rng: random.Random) -> str:
    statement, steps = _solution(rng)
    return solve_prompt(statement) + join_steps(steps)


def _sheet(rng: random.Random) -> str:
    return EXAMPLE_SEPARATOR.join(_worked(rng) for _ in range(rng.randint(2, 4)))


def _reviewed(rng: random.Random) -> str:
    statement, steps = _solution(rng)
    problem = Problem(problem_id="", statement=statement, answer="")
    ratings = [judgement.rating for judgement in check(problem, steps)]
    read = ratings.index(-1) + 1 if -1 in ratings else len(steps)
    verdict = "wrong" if -1 in ratings else "right"
    return review_prompt(statement) + join_steps([*steps[:read], verdict])


def _calculation(rng: random.Random) -> tuple[str, Fraction]:
    kind = rng.choice("+-*/^m")
    if kind in "+-":
        a, b = rng.randint(-40, 99), rng.randint(-40, 99)
        return f"{a}{kind}{operand(b)}", Fraction(a + b if kind == "+" else a - b)
    if kind == "*":
        a, b = rng.randint(-12, 12), rng.randint(-12, 12)
        return f"{a}*{operand(b)}", Fraction(a * b)
    if kind == "/":
        b, value = rng.randint(2, 14), rng.randint(-12, 12)
        return f"{b * value}/{b}", Fraction(value)
    if kind == "^":
        a = rng.randint(-9, 12)
        return f"{operand(a)}^2", Fraction(a * a)
    a, modulus = rng.randint(0, 108), rng.randint(2, 13)
    return f"{a} mod {modulus}", Fraction(a % modulus)


def _drill(rng: random.Random) -> str:
    lines = (_calculation(rng) for _ in range(_DRILL_LINES))
    return join_steps(f"{text}={show(value)}" for text, value in lines)


def _judged(rng: random.Random) -> str:
    hand = PersonsHand(rng, 1, slip=0.5, typo=0, repeat=0)
    lines = []
    for _ in range(_DRILL_LINES):
        text, value = _calculation(rng)
        written = hand.result(value)
        lines.append(f"{text}={show(written)}? {'yes' if written == value else 'no'}")
    return join_steps(lines)


_WRITERS = {
    "worked": _worked,
    "sheet": _sheet,
    "reviewed": _reviewed,
    "drill": _drill,
    "judged": _judged,
}
