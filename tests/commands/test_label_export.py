"""`surefoot label export`, and import and export after one another."""

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from surefoot.cli import main
from surefoot.labeling.formats import FORMATS
from surefoot.records import Labels
from surefoot.tables import read
from toy_sums import toy_sums, write_tables

TRL = [
    {"prompt": "2+3?", "completions": ["add", "it is 5"], "labels": [True, True]},
    {"prompt": "2+3?", "completions": ["add", "it is 6"], "labels": [True, False]},
]


def rated(*ratings: int | None, **changes: Any) -> dict[str, Any]:
    """A PRM800K row with one alternative a step."""
    steps = [
        {"completions": [{"text": f"s{i}", "rating": rating}], "chosen_completion": 0}
        for i, rating in enumerate(ratings)
    ]
    question = {"problem": "2+3?", "ground_truth_answer": "5"}
    return {"question": question, "label": {"steps": steps}, **changes}


def lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def written(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


class Calls:
    """The command line in a folder of its own."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys = folder, capsys
        self.out = folder / "out.jsonl"

    def imported(self, rows: list[dict[str, Any]], name: str = "prm800k") -> None:
        source = lines(self.folder / "in.jsonl", rows)
        words = ["label", "import", str(source), "--format", name, "--out", f"{self.folder}/L"]
        assert main([*words, "--overwrite"]) == 0
        self.capsys.readouterr()

    def export(self, name: str, *flags: str) -> dict[str, Any]:
        words = ["label", "export", f"{self.folder}/L", "--format", name, "--overwrite", "--json"]
        assert main([*words, "--out", str(self.out), *flags]) == 0
        result: dict[str, Any] = json.loads(self.capsys.readouterr().out)
        return result

    def refusal(self, name: str, *flags: str) -> str:
        words = ["label", "export", f"{self.folder}/L", "--format", name, "--out", str(self.out)]
        assert main([*words, *flags]) == 2
        (line,) = self.capsys.readouterr().err.splitlines()
        return line


@pytest.fixture
def calls(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Calls:
    return Calls(tmp_path, capsys)


def test_there_and_back(calls: Calls) -> None:
    calls.imported([*TRL, TRL[0]], "trl")
    assert calls.export("trl") == {
        "sessions": 3,
        "rows": 3,
        "left_out": {},
        "skipped_rows": 0,
        "out": str(calls.out),
    }
    assert written(calls.out) == [*TRL, TRL[0]]
    assert "exists" in calls.refusal("trl")


def test_every_format_is_imported_and_all_but_one_exported(calls: Calls) -> None:
    for name in FORMATS:
        if name == "math-aps":
            continue
        calls.imported(TRL, "trl")
        assert calls.export(name)["rows"] == 2
        calls.imported(written(calls.out), name)
        assert [x.ratings for x in read(calls.folder / "L/labels", Labels)] == [(1, 1), (1, -1)]


def test_marked_rows_are_kept_at_import_and_left_out_unless_asked_for(calls: Calls) -> None:
    rows = [
        rated(1),
        rated(1, 1, is_quality_control_question=True),
        rated(1, 1, 1, is_initial_screening_question=True),
    ]
    calls.imported(rows)
    assert calls.export("prm800k")["rows"] == 3
    assert written(calls.out) == rows
    left_out = {"quality_control": 1, "screening": 1}
    assert calls.export("trl")["left_out"] == left_out
    assert calls.export("trl", "--keep-screening")["left_out"] == {"quality_control": 1}
    assert calls.export("trl", "--keep-screening", "--keep-quality-control")["rows"] == 3


def test_what_cannot_be_said_is_named_or_skipped(calls: Calls) -> None:
    calls.imported([rated(1), rated(1, 0, 1), rated(None, 1), rated(None)])
    message = calls.refusal("math-shepherd")
    assert f"{calls.folder}/L/sessions:2: alternative_ratings[1]: this step is neutral" in message
    assert "--neutral positive or negative" in message
    assert not calls.out.exists()
    assert ":3: alternative_ratings[0]" in calls.refusal("math-shepherd", "--neutral", "positive")
    counts = calls.export("math-shepherd", "--skip-bad")
    assert (counts["rows"], counts["skipped_rows"], counts["left_out"]) == (1, 2, {"unrated": 1})
    chosen = ("--neutral", "negative", "--unrated", "positive")
    assert calls.export("math-shepherd", *chosen)["rows"] == 3
    assert written(calls.out)[1]["label"] == "2+3? Step 1: s0 +\nStep 2: s1 -\nStep 3: s2 +"


def test_labels_of_our_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], calls: Calls
) -> None:
    data = toy_sums()
    paths = write_tables(data, tmp_path)
    words = ["label", "export", paths["labels"], "--out", str(calls.out), "--overwrite"]
    assert main(words) == 2
    assert "--problems:" in capsys.readouterr().err
    words += ["--problems", paths["problems"], "--solutions", paths["solutions"]]
    assert main(words) == 0
    rows = written(calls.out)
    assert len(rows) == len(data.labels)
    for row, labels, solution in zip(rows, data.labels, data.solutions, strict=True):
        ratings = [step["completions"][0]["rating"] for step in row["label"]["steps"]]
        assert ratings == [r for r in labels.ratings if r is not None]
        assert row["question"]["pre_generated_steps"] == list(solution.steps)
        ends = "solution" if labels.first_error is None else "found_error"
        assert row["label"]["finish_reason"] == ends
    capsys.readouterr()
    calls.imported(rows)
    statements = {p.problem_id: p.statement for p in data.problems}
    distinct = {
        (statements[x.problem_id], s.steps): x.ratings
        for x, s in zip(data.labels, data.solutions, strict=True)
    }
    again = read(tmp_path / "L/labels", Labels)
    assert Counter(x.ratings for x in again) == Counter(distinct.values())
    assert main([*words, "--format", "trl", "--neutral", "positive"]) == 0
    assert {len(r["labels"]) for r in written(calls.out)} == {2, 3}


def test_labels_added_to_an_imported_folder_are_written_too(calls: Calls) -> None:
    calls.imported(TRL, "trl")
    table = calls.folder / "L/labels"
    rows = read(table, Labels)
    second = {"rater": "second", "ratings": [-1, None]}
    more = [{"solution_id": r.solution_id, "problem_id": r.problem_id} | second for r in rows]
    for file in table.iterdir():
        file.unlink()
    table.rmdir()
    first = [
        {
            "solution_id": r.solution_id,
            "problem_id": r.problem_id,
            "ratings": r.ratings,
            "rater": r.rater,
        }
        for r in rows
    ]
    lines(calls.folder / "all.jsonl", [*first, *more])
    assert main(["convert", f"{calls.folder}/all.jsonl", str(table)]) == 0
    calls.capsys.readouterr()
    assert calls.export("trl")["rows"] == 4
    assert [row["labels"] for row in written(calls.out)[2:]] == [[False], [False]]


def test_flags_that_do_not_fit(calls: Calls) -> None:
    calls.imported(TRL, "trl")
    assert "--alternatives: prm800k has one row" in calls.refusal("prm800k", "--alternatives")
    assert "--step-tag: must not be empty" in calls.refusal("trl", "--step-tag", "")
    assert "must end in .jsonl" in calls.refusal("trl", "--out", f"{calls.folder}/folder")
    calls.imported([{**TRL[0], "labels": [0.5, 0.25]}], "trl")
    assert "L/sessions:1: chances: soft labels" in calls.refusal("prm800k")


def test_another_tag_and_a_compressed_file(calls: Calls) -> None:
    row = {"input": "2+3? Step 1: add <x>\nStep 2: 5 <x>", "value": ["+", "+"]}
    source = lines(calls.folder / "in.jsonl", [row])
    words = ["--format", "openrlhf", "--step-tag", "<x>"]
    assert main(["label", "import", str(source), *words, "--out", f"{calls.folder}/L"]) == 0
    calls.out = calls.folder / "out.jsonl.gz"
    calls.capsys.readouterr()
    calls.export("openrlhf", "--step-tag", "<x>")
    assert json.loads(gzip.decompress(calls.out.read_bytes())) == row
