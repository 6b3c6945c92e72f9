"""`surefoot label export`, and import and export after one another."""

import dataclasses
import gzip
import hashlib
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from surefoot.cli import main
from surefoot.labeling.formats import FORMATS
from surefoot.records import Labels, Problem, Session, Solution
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


def manifest_beside(path: Path) -> dict[str, Any]:
    """The manifest, once it is known to be of these rows."""
    beside = path.with_name(f"{path.name}.manifest.json")
    found: dict[str, Any] = json.loads(beside.read_text(encoding="utf-8"))
    (file,) = found["files"]
    data = path.read_bytes()
    assert file == {
        "name": path.name,
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    return found


def many(n: int) -> list[dict[str, Any]]:
    """Rows of `n` problems, two solutions each."""
    rows = []
    for i in range(2 * n):
        row = rated(1, -1 if i % 3 else 1)
        row["question"]["problem"] = f"What is {i // 2}+1?"
        row["label"]["steps"][1]["completions"][0]["text"] = f"{i // 2}+1={i}"
        rows.append(row)
    return rows


@pytest.mark.parametrize("name", ["prm800k", "trl", "steps", "parquet"])
def test_a_holdout_is_by_problem_and_both_parts_are_all(calls: Calls, name: str) -> None:
    rows = many(60)
    calls.imported(rows)
    calls.out = calls.folder / {"steps": "out.parquet", "parquet": "out"}.get(name, "out.jsonl")
    counts = calls.export(name, "--holdout", "0.2", "--seed", "7")
    apart = Path(counts["holdout"])
    assert apart.name == calls.out.name.replace("out", "out-holdout")
    parts = [problems_in(calls.out), problems_in(apart)]
    assert not parts[0] & parts[1]
    assert len(parts[0] | parts[1]) == 60
    assert 4 <= len(parts[1]) <= 22
    again = calls.export(name, "--holdout", "0.2", "--seed", "7")
    assert again == counts
    assert problems_in(apart) == parts[1]
    if name != "parquet":
        held = manifest_beside(apart)["choices"]
        assert (held["part"], held["holdout"], held["seed"]) == ("holdout", 0.2, 7)
        assert manifest_beside(calls.out)["choices"]["part"] == "rest"
    if name == "prm800k":
        assert counts["holdout_rows"] == 2 * len(parts[1])
        assert sorted(map(json.dumps, written(calls.out) + written(apart))) == sorted(
            map(json.dumps, rows)
        )


def problems_in(path: Path) -> set[str]:
    """Statements, or ids, of the problems in an export."""
    if path.is_dir():
        return {p.problem_id for p in read(path / "problems", Problem)}
    if path.suffix == ".parquet":
        return set(pq.read_table(path)["problem_id"].to_pylist())
    return {row.get("prompt") or row["question"]["problem"] for row in written(path)}


def test_one_opinion_a_solution_and_one_generation(calls: Calls) -> None:
    rows = [rated(1, 1, labeler=f"rater {i}", generation=i) for i in range(2)]
    rows.insert(1, rated(1, -1, labeler="rater 9", generation=5))
    rows += [rated(-1, labeler="rater 3", generation=1)]
    for row in rows:
        row["question"]["pre_generated_steps"] = ["s0", "s1"]
        ended = row["label"]["steps"][-1]["completions"][0]["rating"] == -1
        row["label"]["finish_reason"] = "found_error" if ended else "solution"
    calls.imported(rows)
    counts = calls.export("prm800k", "--opinions", "one")
    assert written(calls.out) == [rows[0]]
    assert counts["left_out"] == {"other opinion": 3}
    assert manifest_beside(calls.out)["left_out"] == {"other opinion": 3}
    assert calls.export("prm800k", "--generation", "1")["left_out"] == {"other generation": 2}
    assert written(calls.out) == [rows[2], rows[3]]
    # Of all four opinions, though one is written: three rated step 2, and 1 is the commonest.
    calls.out = calls.folder / "steps.jsonl"
    calls.export("steps", "--opinions", "one")
    steps = written(calls.out)
    assert [(s["n_raters"], s["majority"]) for s in steps] == [(4, 1), (3, 1)]
    calls.export("steps")
    assert len(written(calls.out)) == 7


def test_tables_out_of_tables_are_the_same(calls: Calls) -> None:
    calls.imported([rated(1, 0), rated(1, 0), rated(-1), rated(None)])
    calls.out = calls.folder / "again"
    assert calls.export("parquet")["rows"] == 4
    for name, record in (("solutions", Solution), ("labels", Labels), ("sessions", Session)):
        before: list[Any] = read(calls.folder / "L" / name, record)
        assert read(calls.out / name, record) == before
    assert "the tables need a folder" in calls.refusal("parquet", "--out", "x.jsonl")


def test_flagged_labels_of_a_table_are_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], calls: Calls
) -> None:
    data = toy_sums()
    data.labels[0] = dataclasses.replace(data.labels[0], marks=("flagged",))
    paths = write_tables(data, tmp_path)
    words = ["label", "export", paths["labels"], "--out", str(calls.out), "--json"]
    words += ["--problems", paths["problems"], "--solutions", paths["solutions"]]
    assert main([*words, "--format", "trl", "--neutral", "positive"]) == 0
    assert json.loads(capsys.readouterr().out)["left_out"] == {"flagged": 1}


def test_labels_or_a_database(calls: Calls) -> None:
    calls.imported(TRL, "trl")
    for words in ([], [f"{calls.folder}/L", "--db", "labels.db"]):
        assert main(["label", "export", *words, "--out", str(calls.out)]) == 2
        assert "name LABELS, or the database" in calls.capsys.readouterr().err
    assert main(["label", "export", "--db", "none.db", "--out", str(calls.out)]) == 2
    assert "none.db: there is no such database" in calls.capsys.readouterr().err
    assert "--holdout: must be at least 0" in calls.refusal("trl", "--holdout", "1")


def test_what_lies_beside_is_not_overwritten_either(calls: Calls) -> None:
    calls.imported(TRL, "trl")
    beside = calls.out.with_name("out.jsonl.card.md")
    beside.write_text("my notes", encoding="utf-8")
    assert "out.jsonl.card.md: exists" in calls.refusal("trl")
    calls.export("trl")
    assert beside.read_text(encoding="utf-8").startswith("# Step ratings (trl)")


@pytest.mark.parametrize("name", ["trl", "steps", "parquet"])
def test_killed_in_the_middle_nothing_is_there_under_its_name(calls: Calls, name: str) -> None:
    data = toy_sums(n_problems=3000)
    paths = write_tables(data, calls.folder)
    calls.out = calls.folder / {"steps": "out.parquet", "parquet": "out"}.get(name, "out.jsonl")
    words = [sys.executable, "-m", "surefoot", "label", "export", paths["labels"]]
    words += ["--problems", paths["problems"], "--solutions", paths["solutions"]]
    words += ["--neutral", "positive", "--format", name, "--out", str(calls.out)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while not any(is_begun(p) for p in calls.folder.glob(".out*")) and process.poll() is None:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert list(calls.folder.glob("out*")) == []
    done = subprocess.run(words, capture_output=True, check=True)
    assert b"rows: " in done.stdout
    assert calls.out.exists()


def is_begun(path: Path) -> bool:
    """Whether something was written to a hidden file, or into a hidden folder."""
    try:
        return any(path.iterdir()) if path.is_dir() else path.stat().st_size > 0
    except FileNotFoundError:
        return False
