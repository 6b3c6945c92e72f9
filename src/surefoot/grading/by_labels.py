"""A verdict on a solution from the ratings of its steps, instead of from its answer.

"Outcome supervision by the large PRM" in Lightman et al. 2023, section 4.1: a
solution counts as right where every step does. So a right answer by wrong steps
is `incorrect` here, which the check of the answer alone cannot see.
"""

from surefoot.records import Grade, Labels, Solution


def grade_by_labels(solution: Solution, labels: Labels) -> Grade:
    """The verdict that follows from step ratings.

    Args:
        solution: The solution.
        labels: Ratings of its steps.

    Returns:
        `incorrect` with a step rated -1, `correct` if all steps are rated and none
        is wrong, else `undecided`; a solution that states no answer is `no_answer`
        unless a step is wrong.

    Example:
        >>> solution = Solution(solution_id="s", problem_id="p", steps=("a", "b"), answer="1")
        >>> rated = Labels(solution_id="s", problem_id="p", ratings=(1, -1))
        >>> grade_by_labels(solution, rated).reason
        'step 2 is rated -1'
    """
    error = labels.first_error
    if error is not None:
        verdict, reason = "incorrect", f"step {error + 1} is rated -1"
    elif solution.answer is None:
        verdict, reason = "no_answer", "no answer"
    elif not labels.ratings or None in labels.ratings:
        verdict, reason = "undecided", "not all steps are rated"
    else:
        verdict, reason = "correct", "no step is rated -1"
    return Grade(
        solution_id=solution.solution_id,
        problem_id=solution.problem_id,
        verdict=verdict,  # type: ignore[arg-type]
        reason=reason,
    )
