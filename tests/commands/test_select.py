"""`surefoot select` from tables to tables."""

import json
from pathlib import Path

import pytest

from surefoot.cli import main
from surefoot.records import Grade, Labels, Scores, Solution, Verdict
from surefoot.tables import read, write


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    rows: list[tuple[str, str, float, Verdict]] = [
        ("a", "p", 0.9, "incorrect"),
        ("b", "p", 0.2, "incorrect"),
        ("c", "p", 0.8, "correct"),
        ("d", "q", 0.7, "incorrect"),
        ("e", "q", 0.6, "no_answer"),
    ]
    write(
        tmp_path / "solutions",
        [Solution(solution_id=s, problem_id=p, steps=(s,)) for s, p, _, _ in rows],
    )
    write(
        tmp_path / "grades",
        [Grade(solution_id=s, problem_id=p, verdict=v) for s, p, _, v in rows],
    )
    write(
        tmp_path / "scores",
        [
            Scores(
                solution_id=s,
                problem_id=p,
                solution_score=x,
                step_scores=(x,),
                aggregation="product",
                verifier="selector",
                kind="prm",
            )
            for s, p, x, _ in rows
        ],
    )
    return tmp_path


def words(tables: Path, *more: str) -> list[str]:
    given = ["--scores", str(tables / "scores"), "--grades", str(tables / "grades")]
    return ["select", str(tables / "solutions"), *given, "--out", str(tables / "out"), *more]


def test_convincing_wrong_answers_over_all_and_per_problem(
    tables: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reasons = tables / "reasons.jsonl"
    command = words(tables, "--policy", "convincing-wrong", "-n", "2", "--reasons", str(reasons))
    assert main([*command, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["chosen"], result["chosen_as"]) == (2, {"convincing wrong": 2})
    assert [s.solution_id for s in read(tables / "out", Solution)] == ["a", "d"]
    assert [json.loads(line) for line in reasons.read_text().splitlines()][1] == {
        "solution_id": "d",
        "problem_id": "q",
        "chosen_as": "convincing wrong",
        "solution_score": 0.7,
        "verdict": "incorrect",
        "verifier": "selector",
    }
    assert main(command) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert main([*words(tables, "--policy", "mixture", "-n", "1"), "--per-problem"]) == 2
    assert main([*words(tables, "-n", "1", "--per-problem", "--overwrite")]) == 0
    assert [s.solution_id for s in read(tables / "out", Solution)] == ["a", "d"]


def test_what_has_been_rated_is_not_chosen_again(tables: Path) -> None:
    write(tables / "labels", [Labels(solution_id="a", problem_id="p", ratings=(-1,), rater="r")])
    exclude = ["--exclude", str(tables / "labels")]
    assert main(words(tables, "--policy", "convincing-wrong", "-n", "1", *exclude)) == 0
    assert [s.solution_id for s in read(tables / "out", Solution)] == ["d"]


def test_mistakes_are_one_line(tables: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain = ["select", str(tables / "solutions"), "-n", "1", "--out", str(tables / "out")]
    assert main(plain) == 2
    assert "--scores: the policy mixture needs them" in capsys.readouterr().err
    assert main([*words(tables, "-n", "0")]) == 2
    assert "-n: must be >= 1, got 0" in capsys.readouterr().err
    write(
        tables / "solutions",
        [Solution(solution_id="z", problem_id="p", steps=("z",))],
        overwrite=True,
    )
    assert main(words(tables, "-n", "1")) == 2
    assert "has no scores of solution 'z'" in capsys.readouterr().err
