"""The verdict on a solution."""

import pytest

from surefoot.grading.grade import grade
from surefoot.records import Problem, Solution


def solved(*steps: str, answer: str | None = None, gold: str = "5") -> tuple[str, str | None]:
    problem = Problem(problem_id="p", statement="2+3", answer=gold)
    solution = Solution(solution_id="s", problem_id="p", steps=steps, answer=answer)
    graded = grade(problem, solution)
    assert (graded.solution_id, graded.problem_id) == ("s", "p")
    return graded.verdict, graded.reason


def test_the_answer_field_comes_before_the_steps() -> None:
    assert solved("# Answer 6", answer="5") == ("correct", "same_text")
    assert solved("# Answer 5", answer="6") == ("incorrect", "different")


def test_the_answer_is_looked_for_in_the_steps() -> None:
    assert solved("2+3=5", "# Answer 5") == ("correct", "same_text")
    assert solved("2+3=6", "# Answer 6") == ("incorrect", "different")
    assert solved(r"so \boxed{5}") == ("correct", "same_text")


@pytest.mark.parametrize("steps", [(), ("2+3=",), ("# Answer",)])
def test_no_answer_is_a_verdict_of_its_own(steps: tuple[str, ...]) -> None:
    assert solved(*steps) == ("no_answer", "no_answer")
    assert solved(*steps, answer="  ") == ("no_answer", "no_answer")


def test_what_nobody_can_tell_is_undecided_with_a_reason() -> None:
    assert solved("# Answer 5", gold="") == ("undecided", "gold_unread: nothing is written")
    verdict, reason = solved("# Answer " + "1+" * 5000)
    assert verdict == "undecided"
    assert reason == "given_unread: longer than 4000 characters"


def test_a_solution_of_another_problem_is_refused() -> None:
    problem = Problem(problem_id="p", statement="2+3", answer="5")
    with pytest.raises(ValueError, match="solution s is of problem q, not p"):
        grade(problem, Solution(solution_id="s", problem_id="q", steps=()))
