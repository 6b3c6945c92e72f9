"""Layouts of public benchmarks: every real row, hand-made ones, and bad ones."""

import json
import logging
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from surefoot.errors import BadRow, UserError
from surefoot.evaluation.layouts.catalogue import (
    LAYOUT_NAMES,
    LAYOUTS,
    LayoutName,
    read_benchmark,
)
from surefoot.evaluation.layouts.entry import Entry

ROWS: dict[LayoutName, dict[str, Any]] = {
    "processbench": {"problem": "1+1+1?", "steps": ["1+1=2", "2+1=4", "4"], "label": 1},
    "mr-gsm8k": {
        "question": "1+1+1?",
        "model_output_steps": ["1+1=2", "2+1=4", "4"],
        "model_output_solution_correctness": "wrong",
        "model_output_solution_first_error_step": 2,
    },
    "prmbench": {
        "original_question": "1+1+1?",
        "modified_question": "1+1+1 = ?",
        "original_process": ["1+1=2", "2+1=3"],
        "modified_process": ["1+1=2", "2+1=4", "4+0=4", "4=5"],
        "error_steps": [4, 2],
        "classification": "confidence",
    },
    "big-bench-mistake": {
        "input": "1+1+1?",
        "steps": ["1+1=2", "2+1=4", "4"],
        "mistake_index": 1,
        "target": "3",
        "answer": "4",
    },
}


def read_rows(folder: Path, *rows: Any, layout: LayoutName | None = None) -> list[Entry]:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return read_benchmark(path, layout)


@pytest.mark.parametrize("name", LAYOUT_NAMES)
def test_a_row_is_recognised_and_read(name: LayoutName, tmp_path: Path) -> None:
    assert set(LAYOUTS) == set(ROWS)
    entries = read_rows(tmp_path, ROWS[name])
    assert entries == read_rows(tmp_path, ROWS[name], layout=name)
    last = entries[-1]
    assert last.solution.solution_id == "rows.jsonl:1"
    assert last.solution.problem_id == last.problem.problem_id
    assert len(last.ratings) == len(last.solution.steps)
    if name != "prmbench":
        assert (last.ratings, last.is_whole) == ((1, -1, None), False)
        assert (last.problem.statement, last.solution.steps[0]) == ("1+1+1?", "1+1=2")


def test_prmbench_gives_the_original_once_and_every_step_of_the_modified(tmp_path: Path) -> None:
    row = ROWS["prmbench"]
    other = {**row, "error_steps": [], "classification": "multi_solutions"}
    original, first, second = read_rows(tmp_path, row, other)
    assert (original.ratings, original.category) == ((1, 1), "original")
    assert (first.ratings, first.category) == ((1, -1, 1, -1), "confidence")
    assert (second.ratings, second.category) == ((1, 1, 1, 1), "multi_solutions")
    assert first.problem.statement == "1+1+1 = ?"
    assert original.is_whole
    assert first.is_whole
    # Original and modified belong to one problem, though their text differs.
    assert original.group == first.group == original.problem.problem_id != first.problem.problem_id


def test_error_steps_that_are_not_there_are_passed_over_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "surefoot"):
        *_, entry = read_rows(tmp_path, {**ROWS["prmbench"], "error_steps": [2, 9]})
    assert entry.ratings == (1, -1, 1, 1)
    assert "1 rows name wrong steps" in caplog.text


def test_no_error(tmp_path: Path) -> None:
    correct = {"model_output_solution_correctness": "correct"}
    first = "model_output_solution_first_error_step"
    for row in (
        {**ROWS["processbench"], "label": -1},
        {**ROWS["mr-gsm8k"], **correct, first: "N/A"},
        {**ROWS["mr-gsm8k"], **correct, first: None},
        {**ROWS["big-bench-mistake"], "mistake_index": None},
    ):
        (entry,) = read_rows(tmp_path, row)
        assert entry.ratings == (1, 1, 1)
    (entry,) = read_rows(tmp_path, {**ROWS["mr-gsm8k"], first: "3"})
    assert entry.ratings == (1, 1, -1)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("processbench", {"label": 3}, "label: must be -1 or a step's index, got 3"),
        ("processbench", {"label": True}, "label: must be -1"),
        ("processbench", {"steps": []}, "steps: must be a list of at least one step"),
        ("processbench", {"steps": ["a", " "]}, "steps[1]: must be text that is not empty"),
        ("processbench", {"problem": " "}, "problem: must not be empty"),
        ("processbench", {"steps": ["\ud800"], "label": 0}, "surrogate"),
        (
            "mr-gsm8k",
            {"model_output_solution_first_error_step": 0},
            "model_output_solution_first_error_step: must be a step from 1 to 3, got 0",
        ),
        ("mr-gsm8k", {"model_output_solution_first_error_step": "N/A"}, "must be a step"),
        ("mr-gsm8k", {"model_output_solution_correctness": "maybe"}, "'correct' or 'wrong'"),
        ("mr-gsm8k", {"model_output_solution_correctness": "correct"}, "has none, got 2"),
        ("prmbench", {"error_steps": [0]}, "error_steps[0]: must be a step, counted from 1"),
        ("prmbench", {"error_steps": 2}, "error_steps: must be a list"),
        ("prmbench", {"modified_process": "x"}, "modified_process: must be a list"),
        ("prmbench", {"classification": 3}, "classification: must be text"),
        ("big-bench-mistake", {"mistake_index": 3}, "mistake_index: must be a step from 0 to 2"),
        ("big-bench-mistake", {"mistake_index": -1}, "mistake_index: must be a step"),
    ],
)
def test_a_bad_row_is_named(
    name: LayoutName, change: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(BadRow) as caught:
        read_rows(tmp_path, ROWS[name], {**ROWS[name], **change})
    assert str(caught.value).startswith(f"{tmp_path / 'rows.jsonl'}:2: ")
    assert message in str(caught.value)


def test_what_is_no_layout(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        read_rows(tmp_path, {"a": 1, "b": 2})
    assert "processbench, mr-gsm8k, prmbench, big-bench-mistake" in str(caught.value)
    assert "fields of its first row: a, b" in str(caught.value)
    with pytest.raises(UserError, match="no rows"):
        read_rows(tmp_path)
    with pytest.raises(BadRow, match="mistake_index: missing"):
        read_rows(tmp_path, {"input": "a", "steps": ["b"]}, layout="big-bench-mistake")
    with pytest.raises(BadRow, match=r"rows.jsonl:1: modified_question|original_question: missing"):
        read_rows(tmp_path, ROWS["processbench"], layout="prmbench")


def test_all_real_rows(shared_data: Path) -> None:
    for name in ("gsm8k", "math"):
        path = shared_data / "processbench" / f"{name}.json"
        entries = read_benchmark(path)
        rows = json.loads(path.read_text())
        assert [e.ratings.index(-1) if -1 in e.ratings else -1 for e in entries] == [
            row["label"] for row in rows
        ]
        assert [list(e.solution.steps) for e in entries] == [row["steps"] for row in rows]
    (path,) = (shared_data / "mr_gsm8k").glob("*.jsonl")
    entries = read_benchmark(path)
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    wanted = [row["model_output_solution_first_error_step"] - 1 for row in rows]
    assert [e.ratings.index(-1) for e in entries] == wanted
    path = shared_data / "big_bench_mistake" / "multistep_arithmetic.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    found = [e.ratings.index(-1) if -1 in e.ratings else None for e in read_benchmark(path)]
    assert found == [row["mistake_index"] for row in rows]


def test_all_real_rows_of_prmbench(shared_data: Path) -> None:
    path = shared_data / "prmbench" / "prmbench_600.jsonl"
    entries = read_benchmark(path)
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    modified = [entry for entry in entries if entry.category != "original"]
    for row, entry in zip(rows, modified, strict=True):
        wrong = {i + 1 for i, rating in enumerate(entry.ratings) if rating == -1}
        n_steps = len(row["modified_process"])
        assert wrong == {i for i in row["error_steps"] if i <= n_steps}
    kinds = Counter(entry.category for entry in modified)
    assert kinds == Counter(row["classification"] for row in rows)
    originals = {(row["original_question"].strip(), *row["original_process"]) for row in rows}
    assert len(entries) == len(modified) + len(originals)
