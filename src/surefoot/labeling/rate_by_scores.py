"""Rate solutions with a verifier: its scores become ratings, as a person would give them.

Lightman et al. 2023 let a large PRM stand in for people in their small-scale
experiments; a step counts as wrong where the chance of "negative" is above 20 %
(appendix on the small-scale setup).
"""

from surefoot.records import Labels, Rating, Scores, Solution

NEGATIVE_ABOVE = 0.2
"""The paper's bound."""


def rate_by_scores(
    solution: Solution, scores: Scores, *, negative_above: float = NEGATIVE_ABOVE
) -> Labels:
    """One solution's ratings up to and with the first error, out of a PRM's scores.

    Args:
        solution: Any solution, also one without steps (then no ratings).
        scores: Of this solution, by a PRM.
        negative_above: A step whose chance of -1 is higher is rated -1, in [0, 1].
            Others are rated 0 or +1, whichever is likelier (+1 if equal, or if
            the scores do not tell the two apart).

    Returns:
        Labels by the verifier; None after the first -1.

    Raises:
        ValueError: The scores have another number of steps than the solution.

    Example:
        >>> solution = Solution(solution_id="s", problem_id="p", steps=("a", "b", "c"))
        >>> sure = (0.1, 0.2, 0.7), (0.1, 0.5, 0.4), (0.3, 0.0, 0.7)
        >>> scores = Scores(solution_id="s", problem_id="p", solution_score=0.5,
        ...                 step_scores=(0.9, 0.9, 0.7), step_probabilities=sure)
        >>> rate_by_scores(solution, scores).ratings
        (1, 0, -1)
    """
    if len(scores.step_scores) != len(solution.steps):
        raise ValueError(f"{len(scores.step_scores)} scores for {len(solution.steps)} steps")
    chances = scores.step_probabilities or tuple((1 - s, 0.0, s) for s in scores.step_scores)
    ratings: list[Rating | None] = []
    for wrong, neutral, right in chances:
        if -1 in ratings:
            ratings.append(None)
        elif wrong > negative_above:
            ratings.append(-1)
        else:
            ratings.append(0 if neutral > right else 1)
    return Labels(
        solution_id=solution.solution_id,
        problem_id=solution.problem_id,
        ratings=tuple(ratings),
        rater=scores.verifier or "verifier",
        source="verifier",
    )
