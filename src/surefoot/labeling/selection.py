"""Which solutions people should rate: active learning.

Lightman et al. 2023, sections 2.4 and 4.2: people learn most from *convincing
wrong answers*, solutions that the best PRM so far scores high and whose final
answer is wrong. A selection that holds nothing else would never show a right
solution, so the paper takes 80 % of them and 20 % of the most convincing ones
of the rest.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, NamedTuple, TypeAlias

from surefoot.records import Verdict

Policy: TypeAlias = Literal["uniform", "convincing-wrong", "mixture", "uncertain"]
Why: TypeAlias = Literal["uniform", "convincing wrong", "convincing", "uncertain"]
"""What a solution was chosen as."""
WRONG_SHARE = 0.8
"""Share of convincing wrong answers in a mixture, the paper's."""


class Candidate(NamedTuple):
    """What selection knows of a solution."""

    solution_id: str
    problem_id: str
    steps: tuple[str, ...]
    score: float | None = None
    """Solution score in [0, 1] by the PRM that selects; `uniform` needs none."""
    verdict: Verdict | None = None
    """Grade of its answer; `convincing-wrong` and `mixture` need it."""


class Chosen(NamedTuple):
    """A solution to be rated."""

    candidate: Candidate
    why: Why


@dataclass(frozen=True, kw_only=True)
class Choice:
    """How to choose."""

    policy: Policy
    n: int
    """Solutions to choose, >= 1: of each problem, or of all together."""
    per_problem: bool
    wrong_share: float = WRONG_SHARE
    """Of a mixture, in [0, 1]; rounded to whole solutions, half to the even number."""
    seed: int = 0
    """Of random choices, and of the order of equals."""


def select(candidates: Iterable[Candidate], choice: Choice) -> list[Chosen]:
    """The solutions to rate.

    Only the first of solutions to one problem with the same steps is looked at,
    and none without steps. A wrong answer is one graded `incorrect`: a solution
    without an answer, or an undecided one, convinces nobody of anything wrong.
    Where a policy finds too few it gives what there is; a mixture that finds too
    few wrong answers takes more of the rest, and the other way round.

    Args:
        candidates: Any number. Scores are not NaN.
        choice: How to choose.

    Returns:
        Best first; with `per_problem` problem by problem, in the order in which
        the problems appear.

    Example:
        >>> wrong = Candidate("a", "p", ("1+1=3",), 0.9, "incorrect")
        >>> right = Candidate("b", "p", ("1+1=2",), 0.8, "correct")
        >>> choice = Choice(policy="convincing-wrong", n=2, per_problem=False)
        >>> [chosen.candidate.solution_id for chosen in select([wrong, right], choice)]
        ['a']
    """
    distinct = _distinct(candidates)
    if not choice.per_problem:
        return _of_group(distinct, choice)
    places = {c.problem_id: place for place, c in reversed(list(enumerate(distinct)))}
    ordered = sorted(distinct, key=lambda c: places[c.problem_id])
    groups = groupby(ordered, key=lambda c: c.problem_id)
    return [chosen for _, group in groups for chosen in _of_group(list(group), choice)]


def _distinct(candidates: Iterable[Candidate]) -> list[Candidate]:
    found: dict[tuple[str, tuple[str, ...]], Candidate] = {}
    for candidate in candidates:
        if candidate.steps:
            found.setdefault((candidate.problem_id, candidate.steps), candidate)
    return list(found.values())


def _of_group(candidates: Sequence[Candidate], choice: Choice) -> list[Chosen]:
    if choice.policy == "uniform":
        return _first(candidates, choice.n, "uniform", _at_random(choice.seed))
    if choice.policy == "uncertain":
        return _first(candidates, choice.n, "uncertain", _by_doubt(choice.seed))
    by_score = _by_score(choice.seed)
    wrong = [c for c in candidates if c.verdict == "incorrect"]
    if choice.policy == "convincing-wrong":
        return _first(wrong, choice.n, "convincing wrong", by_score)
    n = min(choice.n, len(candidates))
    n_wrong = round(n * choice.wrong_share)
    # What is left over of the wrong answers competes among the rest.
    chosen = _first(wrong, n_wrong, "convincing wrong", by_score)
    taken = {c.candidate.solution_id for c in chosen}
    rest = [c for c in candidates if c.solution_id not in taken]
    return chosen + _first(rest, n - len(chosen), "convincing", by_score)


Key: TypeAlias = Callable[[Candidate], tuple[float, bytes]]


def _first(candidates: Sequence[Candidate], n: int, why: Why, key: Key) -> list[Chosen]:
    return [Chosen(candidate, why) for candidate in sorted(candidates, key=key)[:n]]


def _lot(candidate: Candidate, seed: int) -> bytes:
    """A random key that hangs on nothing but the seed and the solution's id."""
    return hashlib.sha256(f"{seed}:{candidate.solution_id}".encode()).digest()


def _at_random(seed: int) -> Key:
    return lambda candidate: (0.0, _lot(candidate, seed))


def _by_score(seed: int) -> Key:
    return lambda candidate: (-_score(candidate), _lot(candidate, seed))


def _by_doubt(seed: int) -> Key:
    return lambda candidate: (abs(_score(candidate) - 0.5), _lot(candidate, seed))


def _score(candidate: Candidate) -> float:
    if candidate.score is None:
        raise ValueError(f"solution {candidate.solution_id!r} has no score")
    return candidate.score
