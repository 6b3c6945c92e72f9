"""Rate solutions with a program, in the way a labeller does.

A labeller reads from the top and stops at the first step that is wrong
(Lightman et al. 2023, section 2.6), so what comes after it stays unrated.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from surefoot.problems.arith.checker import Judgement
from surefoot.records import Labels, Problem, Rating, Solution

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
