"""`surefoot label auto` from files to files."""

import json
from pathlib import Path

import pytest

from surefoot.cli import main
from surefoot.problems.arith.generate import generate
from surefoot.records import Labels, Problem, Solution
from surefoot.steps import split_steps
from surefoot.tables import read, write


def test_solutions_are_rated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    problems = list(generate(20, seed=5))
    solutions = []
    for i, problem in enumerate(problems):
        assert problem.reference_solution is not None
        steps = split_steps(problem.reference_solution)
        # Every second solution is spoiled in its first line.
        steps = ("1=2", *steps[1:]) if i % 2 else steps
        solutions.append(
            Solution(solution_id=f"s{i}", problem_id=problem.problem_id, steps=tuple(steps))
        )
    write(tmp_path / "p", problems)
    write(tmp_path / "s", solutions)
    words = ["label", "auto", str(tmp_path / "p"), str(tmp_path / "s"), "--by", "checker"]
    assert main([*words, "--out", str(tmp_path / "l"), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["solutions"], result["with_an_error"], result["negative_steps"]) == (20, 10, 10)
    labels = {one.solution_id: one for one in read(tmp_path / "l", Labels)}
    for i, solution in enumerate(solutions):
        one = labels[solution.solution_id]
        assert len(one.ratings) == len(solution.steps)
        assert one.first_error == (0 if i % 2 else None)
        assert one.rater == "checker"


def test_the_checker_refuses_problems_it_does_not_know(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "p", [Problem(problem_id="m1", statement="?", answer="5", source="math")])
    write(tmp_path / "s", [Solution(solution_id="s", problem_id="m1", steps=("a",))])
    words = ["label", "auto", str(tmp_path / "p"), str(tmp_path / "s"), "--by", "checker"]
    assert main([*words, "--out", str(tmp_path / "l")]) == 2
    assert "problem 'm1' is of source 'math'" in capsys.readouterr().err
    assert not (tmp_path / "l").exists()


def test_another_rater_is_asked_wrongly(tmp_path: Path) -> None:
    assert main(["label", "auto", "p", "s", "--by", "nobody", "--out", str(tmp_path / "l")]) == 2
