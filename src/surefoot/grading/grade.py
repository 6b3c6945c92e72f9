"""The automatic verdict on a solution's final answer."""

from surefoot.grading.compare import compare
from surefoot.grading.extract import final_answer
from surefoot.records import Grade, Problem, Solution, Verdict
from surefoot.steps import join_steps


def grade(problem: Problem, solution: Solution) -> Grade:
    """Compares a solution's final answer with the problem's reference answer.

    The answer is the solution's `answer` field; where that is None, it is
    looked for in the steps.

    Raises:
        ValueError: The solution belongs to another problem.
    """
    if solution.problem_id != problem.problem_id:
        raise ValueError(
            f"solution {solution.solution_id} is of problem {solution.problem_id}, "
            f"not {problem.problem_id}"
        )
    given = solution.answer or final_answer(join_steps(solution.steps))
    verdict, reason = judge(given, problem.answer)
    return Grade(
        solution_id=solution.solution_id,
        problem_id=solution.problem_id,
        verdict=verdict,
        reason=reason,
    )


def judge(given: str | None, gold: str) -> tuple[Verdict, str | None]:
    """Verdict on a given answer, and the reason for one that says nothing.

    Args:
        given: The answer; None or blank means that there is none.
        gold: The reference answer.
    """
    if given is None or not given.strip():
        return "no_answer", "the solution states no final answer"
    equal, reason = compare(given, gold)
    if equal is None:
        return "undecided", reason
    return ("correct" if equal else "incorrect"), reason
