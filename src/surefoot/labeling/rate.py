"""Rate solutions with a program, in the way a labeller does.

A labeller reads from the top and stops at the first step that is wrong
(Lightman et al. 2023, section 2.6), so what comes after it stays unrated.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import TypeAlias

from surefoot.problems.arith.checker import Judgement
from surefoot.records import RATINGS, Labels, Problem, Rating, Solution

Rater: TypeAlias = Callable[[Problem, Sequence[str]], list[Judgement]]
"""Judges every step of a solution, also those after an error."""


def rate(problem: Problem, solution: Solution, rater: Rater, *, name: str) -> Labels:
    """One solution's ratings up to and with the first error.

    Args:
        problem: The problem that the solution is of.
        solution: Any solution, also one without steps (then no ratings).
        rater: Who judges.
        name: The rater's name in the labels.

    Returns:
        Labels with one rating a step: None, without a reason, after the first -1.

    Raises:
        ValueError: The rater did not judge every step.
    """
    judgements = rater(problem, solution.steps)
    n_steps = len(solution.steps)
    if len(judgements) != n_steps:
        raise ValueError(f"{name} judged {len(judgements)} of {n_steps} steps")
    n_rated = next((i + 1 for i, j in enumerate(judgements) if j.rating == -1), n_steps)
    ratings: list[Rating | None] = [j.rating for j in judgements[:n_rated]]
    reasons: list[str | None] = [j.reason for j in judgements[:n_rated]]
    unrated = [None] * (n_steps - n_rated)
    return Labels(
        solution_id=solution.solution_id,
        problem_id=solution.problem_id,
        ratings=(*ratings, *unrated),
        reasons=(*reasons, *unrated),
        rater=name,
        source=name,
    )


def erring(rater: Rater, share: float, seed: str) -> Rater:
    """A rater who errs in a share of the steps.

    With probability `share` the rating of a step becomes one of the other two,
    each as likely. Whether and how is drawn for each step by itself, and hangs on
    nothing but the seed, the statement and the steps up to it: whoever sees the
    same again says the same again.

    Args:
        rater: Who is right.
        share: In [0, 1].
        seed: Another seed errs at other steps.
    """

    def judge(problem: Problem, steps: Sequence[str]) -> list[Judgement]:
        judged = rater(problem, steps)
        return [
            _erred(judgement, share, "\0".join([seed, problem.statement, *steps[: i + 1]]))
            for i, judgement in enumerate(judged)
        ]

    return judge


def lot(key: str) -> float:
    """A number in [0, 1) that hangs on nothing but the key."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / 2**64


def _erred(judgement: Judgement, share: float, key: str) -> Judgement:
    drawn = lot(key)
    if drawn >= share:
        return judgement
    others = [rating for rating in RATINGS if rating != judgement.rating]
    # Given that it errs, the draw is even over [0, share).
    return Judgement(others[drawn >= share / 2], f"a mistake; it is {judgement.rating:+d}")
