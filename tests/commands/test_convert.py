"""`surefoot convert`, through the command line: both ways, lossless, clear about bad input."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from surefoot.cli import main
from surefoot.records import Grade, Labels, Problem, Scores, Solution
from surefoot.tables import read, write

TABLES: dict[str, list[Any]] = {
    "problems": [Problem(problem_id="p", statement="é\u2028\n 𝟙?", answer="", level=3)],
    "solutions": [
        Solution(solution_id="a", problem_id="p", steps=("x", "# Answer 1"), answer="1"),
        Solution(solution_id="b", problem_id="p", steps=(), finish="length", log_probability=-0.1),
    ],
    "grades": [Grade(solution_id="a", problem_id="p", verdict="undecided", reason="timeout")],
    "labels": [
        Labels(solution_id="a", problem_id="p", ratings=(1, 0, -1, None), rater="checker"),
        Labels(solution_id="a", problem_id="p", ratings=(), reasons=()),
    ],
    "scores": [
        Scores(
            solution_id="a",
            problem_id="p",
            solution_score=1 / 3,
            step_scores=(0.1, 1.0),
            step_probabilities=((0.9, 0.0, 0.1), (0.0, 1.0, 0.0)),
        ),
        Scores(solution_id="b", problem_id="p", solution_score=5e-324, step_scores=(), kind="orm"),
    ],
}


@pytest.mark.parametrize("name", TABLES)
def test_there_and_back(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    records = TABLES[name]
    write(tmp_path / "0.jsonl", records)
    chain = ["0.jsonl", "1", "2.jsonl.gz", "3.parquet", "4.jsonl"]
    for source, target in pairwise(chain):
        assert main(["convert", str(tmp_path / source), str(tmp_path / target), "--json"]) == 0
        result = json.loads(capsys.readouterr().out)
        assert result == {
            "record": name,
            "rows": len(records),
            "skipped": 0,
            "out": str(tmp_path / target),
        }
        assert read(tmp_path / target, type(records[0])) == records
    assert (tmp_path / "0.jsonl").read_bytes() == (tmp_path / "4.jsonl").read_bytes()


def test_bad_rows_end_with_exit_2_or_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.jsonl"
    write(path, TABLES["problems"])
    with path.open("a") as file:
        file.write('{"problem_id": "q", "answer": "1"}\n')
    out = tmp_path / "b.parquet"
    assert main(["convert", str(path), str(out)]) == 2
    assert capsys.readouterr().err == f"surefoot: error: {path}:2: statement: missing\n"
    assert not out.exists()
    assert main(["convert", str(path), str(out), "--skip-bad", "--json"]) == 0
    captured = capsys.readouterr()
    assert (json.loads(captured.out)["rows"], json.loads(captured.out)["skipped"]) == (1, 1)
    assert f"skipped {path}:2: statement: missing" in captured.err


def test_what_cannot_be_converted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"x": 1}\n')
    assert main(["convert", str(path), str(tmp_path / "b")]) == 2
    assert "cannot tell what its rows are from their fields (x); give --record problems|" in (
        capsys.readouterr().err
    )
    assert main(["convert", str(tmp_path / "none"), str(tmp_path / "b")]) == 2
    assert f"{tmp_path / 'none'}: no such file or folder" in capsys.readouterr().err
    write(tmp_path / "c.jsonl", TABLES["grades"])
    assert main(["convert", str(tmp_path / "c.jsonl"), str(path)]) == 2
    assert "exists; give another --out, or --overwrite" in capsys.readouterr().err
    assert path.read_text() == '{"x": 1}\n'


def test_an_empty_table_needs_to_be_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.jsonl").write_text("")
    assert main(["convert", str(tmp_path / "a.jsonl"), str(tmp_path / "b")]) == 2
    assert "from their fields (none)" in capsys.readouterr().err
    command = ["convert", str(tmp_path / "a.jsonl"), str(tmp_path / "b"), "--record", "labels"]
    assert main(command) == 0
    assert main(["convert", str(tmp_path / "b"), str(tmp_path / "c.jsonl")]) == 0
    assert (tmp_path / "c.jsonl").read_bytes() == b""
