"""The automatic verdict on a solution's final answer."""

from collections.abc import Iterable

from surefoot.grading.extract import final_answer
from surefoot.grading.judge import Judgement, judge
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
    return grade_all([(problem, solution)], policy)[0]


def grade_all(pairs: Iterable[tuple[Problem, Solution]], policy: Policy = DEFAULT) -> list[Grade]:
    """Grades of many solutions with their problems; equal answers are compared once.

    Raises:
        ValueError: A solution belongs to another problem.
    """
    known: dict[tuple[str | None, str], Judgement] = {}
    grades = []
    for problem, solution in pairs:
        if solution.problem_id != problem.problem_id:
            raise ValueError(
                f"solution {solution.solution_id} is of problem {solution.problem_id}, "
                f"not {problem.problem_id}"
            )
        given = solution.answer or final_answer(join_steps(solution.steps))
        judgement = known.get((given, problem.answer))
        if judgement is None:
            judgement = known[given, problem.answer] = judge(given, problem.answer, policy)
        grades.append(
            Grade(
                solution_id=solution.solution_id,
                problem_id=solution.problem_id,
                verdict=judgement.verdict,
                reason=judgement.reason,
            )
        )
    return grades
