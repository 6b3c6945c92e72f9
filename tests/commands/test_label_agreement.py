"""`surefoot label agreement`: tables, a database, gold, a figure; mistakes in one line."""

import json
from pathlib import Path
from typing import Any

import pytest

from surefoot.cli import main
from surefoot.records import Labels, Rating
from surefoot.tables import write


def row(solution: str, rater: str, *ratings: Rating | None) -> Labels:
    problem = solution.split("/")[0]
    return Labels(solution_id=solution, problem_id=problem, ratings=ratings, rater=rater)


ROWS = [
    row("p0/0", "x", 1, -1, None),
    row("p0/0", "y", 1, 1, -1),
    row("p1/0", "x", 1, 1),
    row("p1/0", "y", 1, 0),
    row("p2/0", "x", -1, None),
    row("p2/0", "y", 1, 1),
]


def asked(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert main(["label", "agreement", *words, "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.fixture
def table(tmp_path: Path) -> Path:
    write(tmp_path / "rated" / "labels", ROWS)
    return tmp_path / "rated"


def test_of_a_table(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = asked(capsys, str(table))
    assert asked(capsys, str(table / "labels"), "--seed", "0") == found
    assert (found["solutions"], found["raters"]) == (3, 2)
    assert found["first_errors"]["exact"]["value"] == pytest.approx(1 / 3)
    assert found["gold"] is None
    assert main(["label", "agreement", str(table)]) == 0
    out = capsys.readouterr().out
    assert "same first error" in out
    assert "0.333" in out


def test_against_gold(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gold = tmp_path / "gold.jsonl"
    write(gold, [row("p0/0", "g", 1, -1), row("p2/0", "g", 1, 0), row("p2/0", "h", -1)])
    found = asked(capsys, str(table), "--against", str(gold), "--draws", "50")["gold"]
    # x is right on p0, and on p2, where either is acceptable; y on p2 only.
    assert (found["answers"], found["right"]["value"]) == (4, 0.75)
    assert {one["rater"]: one["value"] for one in found["raters"]} == {"x": 1.0, "y": 0.5}


def test_the_figure(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figure = tmp_path / "agreement.svg"
    asked(capsys, str(table), "--figure", str(figure))
    first = figure.read_bytes()
    assert b"<svg" in first
    words = ["label", "agreement", str(table), "--figure", str(figure)]
    assert main(words) == 2
    assert "may not replace it" in capsys.readouterr().err
    assert main([*words, "--overwrite"]) == 0
    assert figure.read_bytes() == first
    capsys.readouterr()
    write(tmp_path / "one.jsonl", [row("p0/0", "x", 1)])
    empty = tmp_path / "empty.png"
    asked(capsys, str(tmp_path / "one.jsonl"), "--figure", str(empty))
    assert empty.stat().st_size > 1000


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "LABELS or --db"),
        (["{table}", "--db", "x.db"], "LABELS or --db"),
        (["{table}", "--draws", "0"], "--draws"),
        (["{table}", "--figure", "x.gif"], "--figure"),
        (["nowhere"], "no such file"),
        (["--db", "nowhere.db"], "no such database"),
    ],
)
def test_mistakes(
    words: list[str], said: str, table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["label", "agreement", *(w.format(table=table) for w in words)]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
