"""Best-of-N: of N solutions of one problem take the one with the highest score.

The paper's main use of a verifier (Lightman et al. 2023, section 2). For what
this is worth on average over draws, without choosing anything, see
`surefoot.evaluation.estimators`.
"""

from collections.abc import Hashable, Iterable, Sequence

import numpy as np

from surefoot.records import Scores, Solution


def best_of_n(
    scores: Sequence[float],
    answers: Sequence[Hashable | None],
    generator: np.random.Generator,
) -> int | None:
    """Index of the solution with the highest score.

    Args:
        scores: (N,) Score of each solution. NaN only where there is no answer.
        answers: (N,) Its answer (or any key for it); None if it has none. A
            solution without an answer is never chosen, whatever its score.
        generator: Breaks ties for the highest score, uniformly.

    Returns:
        The index, or None if no solution has an answer.

    Raises:
        ValueError: Lengths differ, or a solution with an answer has a NaN score.

    Example:
        >>> best_of_n([0.2, 0.9, 0.7], ["4", None, "5"], np.random.default_rng(0))
        2
    """
    if len(scores) != len(answers):
        raise ValueError(f"lengths differ: {len(scores)} scores, {len(answers)} answers")
    able = [i for i, answer in enumerate(answers) if answer is not None]
    if any(np.isnan(scores[i]) for i in able):
        raise ValueError("a score is NaN: a solution with an answer was never scored")
    if not able:
        return None
    highest = max(scores[i] for i in able)
    tied = [i for i in able if scores[i] == highest]
    return tied[int(generator.integers(len(tied)))]


def best_solution(
    solutions: Sequence[Solution], scores: Iterable[Scores], generator: np.random.Generator
) -> Solution | None:
    """The solution with the highest solution score, from records.

    Args:
        solutions: Solutions of one problem.
        scores: A verifier's scores of them (joined by `solution_id`), in any
            order; scores of other solutions are ignored.
        generator: Breaks ties.

    Returns:
        The solution, or None if none has an answer.

    Raises:
        ValueError: A solution with an answer has no score.
    """
    score_of = {row.solution_id: row.solution_score for row in scores}
    values = [score_of.get(solution.solution_id, float("nan")) for solution in solutions]
    chosen = best_of_n(values, [solution.answer for solution in solutions], generator)
    return None if chosen is None else solutions[chosen]
