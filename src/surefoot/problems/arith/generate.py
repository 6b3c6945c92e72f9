"""Unlimited procedural problems: families, levels, and disjoint train and test.

A problem belongs to the test split if a hash of its statement says so. The
split is a property of the statement, so no training problem, whatever its seed,
can ever be a test problem.
"""

import hashlib
import random
from collections.abc import Iterator, Sequence

from surefoot.errors import UserError
from surefoot.problems.arith.calculation import fractions, functions, nested
from surefoot.problems.arith.equations import linear, polynomials, systems
from surefoot.problems.arith.family import Family
from surefoot.problems.arith.hand import CAREFUL, Hand, PersonsHand
from surefoot.problems.arith.quantities import gcd, modular, percent, ratio, sequences
from surefoot.records import Problem
from surefoot.steps import answer_step

FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        nested,
        fractions,
        functions,
        linear,
        systems,
        polynomials,
        percent,
        ratio,
        gcd,
        modular,
        sequences,
    )
}
LEVELS = (1, 2, 3, 4, 5)
SOURCE = "arith"
TEST_SHARE = 5
"""One statement in five belongs to the test split."""
_TRIES = 200
"""Repeated statements in a row after which a family counts as used up."""


def split_of(statement: str) -> str:
    """`test` for one statement in five, by its hash; else `train`."""
    digest = hashlib.sha256(statement.encode()).digest()
    return "test" if digest[0] % TEST_SHARE == 0 else "train"


def write(family: Family, parameters: object, hand: Hand) -> list[str]:
    """A solution by this hand, the answer line last."""
    steps, answer = family.solve(parameters, hand)
    return hand.finish([*steps, answer_step(answer)])


def pose(rng: random.Random, family: Family, level: int, split: str) -> tuple[object, str]:
    """Parameters and statement of a random problem of that split."""
    while True:
        parameters = family.pose(rng, level)
        statement = family.state(parameters)
        if split_of(statement) == split:
            return parameters, statement


def person(rng: random.Random, level: int, *, slip: float, typo: float, repeat: float) -> Hand:
    """The hand of a person met at random, for solutions with mistakes."""
    return PersonsHand(rng, level, slip=slip, typo=typo, repeat=repeat)


def generate(
    n: int,
    *,
    split: str = "train",
    seed: int = 0,
    families: Sequence[str] = tuple(FAMILIES),
    levels: Sequence[int] = LEVELS,
) -> Iterator[Problem]:
    """`n` different problems, families and levels in turn.

    A family that has no new problem left at a level (squares of small
    brackets are few) is passed over from then on.

    Args:
        n: How many; families are taken in turn, levels cycle over them.
        split: `train` or `test`; the two never share a statement.
        seed: Another seed, other problems (a small family may repeat some).
        families: Names of `FAMILIES`.
        levels: 1 (easy) to 5.

    Raises:
        UserError: So many different problems do not exist for these settings.
    """
    rng = random.Random(f"problems/{split}/{seed}")
    turns = [(FAMILIES[name], level) for level in levels for name in families]
    seen: set[str] = set()
    turn = 0
    while len(seen) < n:
        if not turns:
            raise UserError(f"only {len(seen)} different problems of these families and levels")
        family, level = turns[turn % len(turns)]
        posed = _pose_new(rng, family, level, split, seen)
        if posed is None:
            turns.remove((family, level))
            continue
        turn += 1
        problem_id = f"arith-{split}-{seed}-{len(seen):05d}"
        seen.add(posed[1])
        yield _problem(problem_id, family, level, split, *posed)


def _pose_new(
    rng: random.Random, family: Family, level: int, split: str, seen: set[str]
) -> tuple[object, str] | None:
    for _ in range(_TRIES):
        parameters, statement = pose(rng, family, level, split)
        if statement not in seen:
            return parameters, statement
    return None


def _problem(
    problem_id: str, family: Family, level: int, split: str, parameters: object, statement: str
) -> Problem:
    steps, answer = family.solve(parameters, CAREFUL)
    return Problem(
        problem_id=problem_id,
        statement=statement,
        answer=answer,
        reference_solution="\n".join([*steps, answer_step(answer)]),
        subject=family.name,
        level=level,
        split=split,
        source=SOURCE,
    )
