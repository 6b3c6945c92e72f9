"""`surefoot label auto` from files to files."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from surefoot.cli import main
from surefoot.problems.arith.generate import generate
from surefoot.records import Grade, Labels, Problem, Scores, Solution
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


def rate_by_scores(folder: Path, *more: str) -> int:
    """Three steps, two solutions, and a PRM's chances of -1, 0, +1."""
    problem = Problem(problem_id="p", statement="?", answer="5", source="math")
    write(folder / "p", [problem])
    steps = ("a", "b", "c")
    write(
        folder / "s",
        [Solution(solution_id=i, problem_id="p", steps=steps, answer="5") for i in ("good", "bad")],
    )
    good, doubt, bad = (0.1, 0.2, 0.7), (0.15, 0.5, 0.35), (0.25, 0.0, 0.75)
    write(
        folder / "c",
        [
            Scores(
                solution_id=name,
                problem_id="p",
                solution_score=0.5,
                step_scores=tuple(1 - chance[0] for chance in chances),
                step_probabilities=chances,
                verifier="large",
            )
            for name, chances in (("good", (good, doubt, good)), ("bad", (good, bad, good)))
        ],
    )
    words = ["label", "auto", str(folder / "p"), str(folder / "s"), "--by", "scores"]
    return main([*words, "--scores", str(folder / "c"), "--out", str(folder / "l"), *more])


@pytest.mark.parametrize(("bound", "second"), [("0.2", (1, -1, None)), ("0.3", (1, 1, 1))])
def test_a_prm_rates_by_its_chance_of_an_error(
    tmp_path: Path, bound: str, second: tuple[int | None, ...]
) -> None:
    assert rate_by_scores(tmp_path, "--negative-above", bound) == 0
    rows = {row.solution_id: row for row in read(tmp_path / "l", Labels)}
    assert (rows["good"].ratings, rows["bad"].ratings) == ((1, 0, 1), second)
    assert rows["good"].rater == "large"


def test_ratings_give_verdicts_whatever_the_answer(tmp_path: Path) -> None:
    assert rate_by_scores(tmp_path) == 0
    words = ["grade", str(tmp_path / "p"), str(tmp_path / "s"), "--labels", str(tmp_path / "l")]
    assert main([*words, "--out", str(tmp_path / "g")]) == 0
    found = {row.solution_id: (row.verdict, row.reason) for row in read(tmp_path / "g", Grade)}
    assert found["good"] == ("correct", "no step is rated -1")
    assert found["bad"] == ("incorrect", "step 2 is rated -1")  # its answer is the reference's


def test_scores_that_are_missing_or_not_of_steps_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["label", "auto", "p", "s", "--out", str(tmp_path / "l")]
    assert main([*words, "--by", "scores"]) == 2
    assert main([*words, "--by", "checker", "--scores", "c"]) == 2
    assert rate_by_scores(tmp_path) == 0
    rows = read(tmp_path / "c", Scores)
    write(tmp_path / "one", rows[:1])
    write(tmp_path / "orm", [replace(row, kind="orm") for row in rows])
    for name, said in (("one", "has no scores of solution 'bad'"), ("orm", "scores of an ORM")):
        words = ["label", "auto", str(tmp_path / "p"), str(tmp_path / "s"), "--by", "scores"]
        assert main([*words, "--scores", str(tmp_path / name), "--out", str(tmp_path / "x")]) == 2
        assert said in capsys.readouterr().err
