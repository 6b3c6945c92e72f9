"""`surefoot label import` from files to files."""

import json
from pathlib import Path

import pytest

from surefoot.cli import main
from surefoot.records import Labels, Problem, Session, Solution
from surefoot.tables import read

ROW = {"problem": "2+3?", "ground_truth_answer": "5", "steps": ["a", "b"], "ratings": [1, -1]}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "ratings.jsonl"
    path.write_text(json.dumps(ROW) + "\n" + json.dumps({**ROW, "steps": ["a", "c"]}) + "\n")
    return path


def test_three_tables_appear(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    words = ["label", "import", str(source), "--format", "prm800k", "--out", str(out)]
    assert main([*words, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["problems"], result["solutions"], result["negative_steps"]) == (1, 2, 2)
    assert [p.answer for p in read(out / "problems", Problem)] == ["5"]
    assert [s.steps for s in read(out / "solutions", Solution)] == [("a", "b"), ("a", "c")]
    assert [one.ratings for one in read(out / "labels", Labels)] == [(1, -1), (1, -1)]
    assert main(words) == 2
    assert main([*words, "--overwrite"]) == 0


def test_each_rated_step_may_be_a_solution_of_its_own(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def offered(*pairs: tuple[str, int | None]) -> list[dict[str, object]]:
        return [{"text": text, "rating": rating, "flagged": None} for text, rating in pairs]

    steps = [
        {"completions": offered(("a", 1), ("z", -1)), "human_completion": None}
        | {"chosen_completion": 0},
        {"completions": offered(("b", -1), ("d", 0), ("e", None)), "human_completion": None}
        | {"chosen_completion": 1},
    ]
    row = {"question": {"problem": "2+3?", "ground_truth_answer": "5"}, "label": {"steps": steps}}
    source.write_text(source.read_text() + json.dumps(row) + "\n")
    out = tmp_path / "out"
    assert main(["label", "import", str(source), "--each-step", "--out", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["sessions"] == 3
    solutions = {s.solution_id: s for s in read(out / "solutions", Solution)}
    found = [
        (solutions[one.solution_id].steps, one.ratings) for one in read(out / "labels", Labels)
    ]
    assert sorted(found, key=str) == sorted(
        [
            (("a",), (1,)),  # in all three sessions
            (("a", "b"), (None, -1)),  # in two of them
            (("a", "c"), (None, -1)),
            (("z",), (-1,)),
            (("a", "d"), (None, 0)),
        ],
        key=str,
    )


def test_a_bad_row_leaves_nothing(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source.write_text(source.read_text() + json.dumps({**ROW, "ratings": [1]}) + "\n")
    words = ["label", "import", str(source), "--out", str(tmp_path / "out")]
    assert main(words) == 2
    assert f"{source}:3: ratings: there are 1 for 2 steps" in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["ratings.jsonl"]
    assert main([*words, "--skip-bad"]) == 0
    assert capsys.readouterr().out.startswith("skipped_rows: 1\n")


def test_a_folder_of_other_things_is_never_replaced(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("years of work")
    words = ["label", "import", str(source), "--out", str(tmp_path / "out"), "--overwrite"]
    assert main(words) == 2
    assert "holds other things" in capsys.readouterr().err
    assert (tmp_path / "out" / "thesis.tex").read_text() == "years of work"


def test_a_json_file_is_an_array_or_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = {"problem": "2+3?", "steps": ["a", "b"], "label": 1}
    good, lines, bad, gone = (tmp_path / f"{name}.json" for name in ("good", "lines", "bad", "go"))
    good.write_text(json.dumps([row, {**row, "label": -1}], indent=1))
    lines.write_text(json.dumps(row) + "\n" + json.dumps({**row, "label": -1}) + "\n")
    bad.write_text(json.dumps([row, 3]))
    for path in (good, lines):
        out = tmp_path / f"{path.stem}-out"
        words = ["label", "import", str(path), "--format", "processbench", "--out", str(out)]
        assert main(words) == 0
        ratings = [one.ratings for one in read(out / "labels", Labels)]
        assert ratings == [(1, -1), (1, 1)]
        assert read(out / "sessions", Session)[1].session_id == f"{path.stem}/2"
    capsys.readouterr()
    for path, message in ((bad, f"{bad}:2: must be an object"), (gone, "no such file")):
        words = ["label", "import", str(path), "--format", "processbench"]
        assert main([*words, "--out", f"{tmp_path}/x"]) == 2
        assert message in capsys.readouterr().err


def test_the_wrong_format_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"prompt": "q", "completions": ["a"], "labels": [True]}) + "\n")
    assert main(["label", "import", str(path), "--out", f"{tmp_path}/x"]) == 2
    error = capsys.readouterr().err
    assert f"{path}:1: " in error
    assert "; the row looks like --format trl" in error
    assert main(["label", "import", str(path), "--format", "trl", "--out", f"{tmp_path}/x"]) == 0


def test_marks_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "rows.jsonl"
    steps = [{"completions": [{"text": "a", "rating": 1}], "chosen_completion": 0}]
    row = {
        "question": {"problem": "q", "ground_truth_answer": "5"},
        "label": {"steps": steps, "finish_reason": "give_up"},
    }
    path.write_text(json.dumps(row) + "\n")
    assert main(["label", "import", str(path), "--out", f"{tmp_path}/x", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["marked"] == {"give_up": 1}
