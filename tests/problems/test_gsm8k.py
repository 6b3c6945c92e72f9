"""The GSM8K reader: notes removed, lines as steps, numbers without commas."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from surefoot.commands.problems_gsm8k import Config, run
from surefoot.errors import BadRow, UserError
from surefoot.problems.gsm8k import load_gsm8k, without_notes
from surefoot.records import Problem
from surefoot.steps import split_steps
from surefoot.tables import read

ROW = {"question": "How many? ", "answer": "48/2 = <<48/2=24>>24 in May.\n\n24+24=48\n#### 1,048"}


def test_a_row_becomes_a_problem(tmp_path: Path) -> None:
    lines(tmp_path / "train.jsonl", ROW, ROW)
    first, second = load_gsm8k(tmp_path).problems
    assert first == Problem(
        problem_id="gsm8k/train/0",
        statement="How many?",
        answer="1048",
        reference_solution="48/2 = 24 in May.\n24+24=48\n# Answer 1048",
        split="train",
        source="gsm8k",
    )
    assert second.problem_id == "gsm8k/train/1"


def test_parquet_as_the_hub_has_it_and_no_socratic_copies(tmp_path: Path) -> None:
    for folder in ("main", "socratic"):
        (tmp_path / folder).mkdir()
        table = pa.table({key: [value] for key, value in ROW.items()})
        pq.write_table(table, tmp_path / folder / "test-00000-of-00001.parquet")
    (tmp_path / "train_socratic.jsonl").write_text("not read")
    assert [p.problem_id for p in load_gsm8k(tmp_path).problems] == ["gsm8k/test/0"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"question": "How many?"}, "answer: missing (fields of this row: question)"),
        (ROW | {"answer": "It is 24."}, "answer: has no line '#### ...' with the final answer"),
        (ROW | {"answer": "It is 24.\n#### "}, "answer: has no line '#### ...'"),
        (ROW | {"question": ""}, "question: must not be empty"),
        (ROW | {"question": None}, "question: must be text, got NoneType"),
    ],
)
def test_bad_rows_are_named_or_counted(tmp_path: Path, row: dict[str, Any], message: str) -> None:
    lines(tmp_path / "train.jsonl", ROW, row)
    with pytest.raises(BadRow) as error:
        load_gsm8k(tmp_path / "train.jsonl")
    assert str(error.value).startswith(f"{tmp_path / 'train.jsonl'}:2: {message}")
    result = run(Config(source=str(tmp_path), out=tmp_path / "out.jsonl", skip_bad=True))
    assert (result["problems"], result["skipped"]) == (1, 1)


def test_a_cut_off_file(tmp_path: Path) -> None:
    lines(tmp_path / "train.jsonl", ROW, ROW)
    path = tmp_path / "train.jsonl"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(BadRow, match=r"train\.jsonl:2: not JSON.*cut off"):
        load_gsm8k(path)


def test_what_is_no_source(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no files named train or test"):
        load_gsm8k(tmp_path)
    with pytest.raises(UserError, match="no such file or folder"):
        load_gsm8k(tmp_path / "none")


def test_the_published_files(tmp_path: Path, shared_data: Path) -> None:
    result = run(Config(source=str(shared_data / "gsm8k"), out=tmp_path / "gsm8k"))
    assert (result["problems"], result["train"], result["test"]) == (8_792, 7_473, 1_319)
    problems = read(tmp_path / "gsm8k", Problem)
    for p in problems:
        assert p.reference_solution is not None
        assert "<<" not in p.reference_solution
        assert ">>" not in p.reference_solution
        assert "####" not in p.reference_solution
        steps = split_steps(p.reference_solution)
        assert "\n".join(steps) == p.reference_solution
        assert steps[-1] == f"# Answer {p.answer}"
        float(p.answer)
    assert without_notes("a <<1=1>>b") == "a b"


def lines(path: Path, *rows: dict[str, Any]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
