"""Worked examples before a problem."""

import pytest

from surefoot.errors import UserError
from surefoot.generation.few_shot import FewShotPrompt, reference_steps
from surefoot.records import Problem
from surefoot.steps import solve_prompt


def problem(name: str, **more: str) -> Problem:
    fields = {"statement": f"What is {name}?", "answer": name, "reference_solution": f"so {name}\n"}
    return Problem(problem_id=name, **{**fields, **more})  # type: ignore[arg-type]


POOL = [problem(f"{i}") for i in range(30)]


def test_prompt_holds_k_worked_examples_and_ends_with_the_problem() -> None:
    text = FewShotPrompt(POOL, 3, seed=0)(problem("77"))
    assert text.count("Problem: ") == 4
    assert text.count("# Answer ") == 3
    assert text.endswith("\n\n" + solve_prompt("What is 77?"))


def test_examples_depend_on_seed_and_problem_alone() -> None:
    first, again, other = (FewShotPrompt(POOL, 2, seed=seed) for seed in (0, 0, 1))
    asked = [problem(f"{i}") for i in range(100, 120)]
    assert [first(p) for p in asked] == [again(p) for p in reversed(asked)][::-1]
    assert sum(first(p) != other(p) for p in asked) > 15
    assert len({first(p).split("\n")[0] for p in asked}) > 5


def test_a_problem_is_never_its_own_example() -> None:
    small = POOL[:3]
    twin = problem("twin", statement=f" {POOL[1].statement} ")
    for asked in (*small, twin):
        text = FewShotPrompt(small, 2, seed=0)(asked)
        assert text.count(asked.statement.strip()) == 1


def test_references_end_with_their_answer() -> None:
    assert reference_steps(problem("5")) == ("so 5", "# Answer 5")
    assert reference_steps(problem("5", reference_solution="a\n# Answer 5")) == ("a", "# Answer 5")


def test_too_few_examples() -> None:
    bare = [Problem(problem_id="b", statement="s", answer="1")] * 9
    with pytest.raises(UserError, match=r"--few-shot 2: needs at least 3 .* found 2 in 11"):
        FewShotPrompt([*bare, *POOL[:2]], 2, seed=0)
    same = [problem("x", statement="same") for _ in range(4)]
    with pytest.raises(UserError, match="too few of the examples are other problems"):
        FewShotPrompt(same, 2, seed=0)(same[0])
