"""The automatic verdict on a solution's final answer."""

from surefoot.grading.extract import final_answer
from surefoot.grading.judge import judge
from surefoot.grading.policy import DEFAULT, Policy
from surefoot.records import Grade, Problem, Solution
from surefoot.steps import join_steps


def grade(problem: Problem, solution: Solution, policy: Policy = DEFAULT) -> Grade:
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
    judgement = judge(given, problem.answer, policy)
    return Grade(
        solution_id=solution.solution_id,
        problem_id=solution.problem_id,
        verdict=judgement.verdict,
        reason=judgement.reason,
    )
