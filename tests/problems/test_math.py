r"""The MATH reader: both layouts, the paper's split, quirks kept and counted."""

import json
import logging
import sys
from pathlib import Path
from typing import Any

import pytest

from surefoot.commands.problems_math import Config, run
from surefoot.errors import BadRow, MissingExtra, UserError
from surefoot.problems.math import load_math
from surefoot.records import Problem
from surefoot.steps import answer_step, split_steps
from surefoot.tables import read

ROW: dict[str, Any] = {
    "problem": "What is $1+1$?",
    "solution": "We add.\n\nSo it is $\\boxed{2}$.",
    "answer": "2",
    "subject": "Algebra",
    "level": 3,
    "unique_id": "test/algebra/1.json",
}


def test_a_row_becomes_a_problem(tmp_path: Path) -> None:
    lines(tmp_path / "train.jsonl", ROW)
    assert load_math(tmp_path).problems == [
        Problem(
            problem_id="test/algebra/1.json",
            statement="What is $1+1$?",
            answer="2",
            reference_solution="We add.\nSo it is $\\boxed{2}$.\n# Answer 2",
            subject="Algebra",
            level=3,
            split="train",
            source="math",
        )
    ]


def test_the_original_folder(tmp_path: Path) -> None:
    original(tmp_path, "train/algebra/10.json", "Level 1")
    original(tmp_path, "train/algebra/9.json", "Level 5")
    original(tmp_path, "test/geometry/2.json", "Level ?")
    loaded = load_math(tmp_path)
    assert [(p.problem_id, p.split, p.level, p.subject, p.answer) for p in loaded.problems] == [
        ("train/algebra/9.json", "train", 5, "Algebra", "2"),
        ("train/algebra/10.json", "train", 1, "Algebra", "2"),
        ("test/geometry/2.json", "test", None, "Geometry", "2"),
    ]
    assert loaded.notes == [
        "1 problems of the source have no level (test/geometry/2.json)",
        "kept the source's own split (2 train, 1 test); the paper's 12,000/500 needs the ids "
        "of its test problems: --test-ids FILE",
    ]
    assert [p.split for p in load_math(tmp_path / "train").problems] == ["train", "train"]


@pytest.mark.parametrize("by", ["unique_id", "problem"])
def test_test_ids_make_the_papers_split(tmp_path: Path, by: str) -> None:
    for i, place in enumerate(["train/algebra/1", "test/algebra/1", "test/algebra/2"]):
        original(tmp_path / "MATH", f"{place}.json", "Level 1", problem=f"Problem  {i}?")
    row = {"unique_id": "test/algebra/2.json"} if by == "unique_id" else {"problem": "Problem 2?"}
    lines(tmp_path / "ids.jsonl", row)
    loaded = load_math(tmp_path / "MATH", test_ids=tmp_path / "ids.jsonl")
    assert [p.split for p in loaded.problems] == ["train", "train", "test"]
    assert loaded.notes == []
    lines(tmp_path / "ids.jsonl", row, {"unique_id": "test/algebra/77.json"})
    with pytest.raises(UserError, match="1 of 2 problems are not in the source"):
        load_math(tmp_path / "MATH", test_ids=tmp_path / "ids.jsonl")


def test_quirks_are_kept_and_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    empty = ROW | {"answer": "", "solution": "So $\\boxed{}$.", "unique_id": "train/a/1.json"}
    unknown = ROW | {"level": None, "unique_id": "train/a/2.json"}
    lines(tmp_path / "train.jsonl", empty, unknown)
    with caplog.at_level(logging.INFO, "surefoot"):
        result = run(Config(source=str(tmp_path), out=tmp_path / "out"))
    assert (result["problems"], result["empty_answer"], result["no_level"]) == (2, 1, 1)
    first, second = read(tmp_path / "out", Problem)
    assert (first.answer, first.reference_solution) == ("", "So $\\boxed{}$.")
    assert second.level is None
    assert caplog.messages == [
        "1 problems of the source have an empty answer (train/a/1.json)",
        "1 problems of the source have no level (train/a/2.json)",
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"problem": ...},
            "problem: missing (fields of this row: answer, level, solution, subject",
        ),
        ({"problem": " "}, "problem: must not be empty"),
        ({"solution": 3}, "solution: must be text, got int"),
        ({"solution": "No box.", "answer": ...}, r"solution: has no \boxed{...} to take"),
        ({"level": "hard"}, "level: must be 1 to 5 or 'Level 1' to 'Level 5', got 'hard'"),
        ({"level": 6}, "level: must be 1 to 5 or 'Level 1' to 'Level 5', got 6"),
        ({}, "problem_id: 'test/algebra/1.json' is in an earlier row, too"),
    ],
)
def test_bad_rows_are_named_or_counted(
    tmp_path: Path, change: dict[str, Any], message: str, caplog: pytest.LogCaptureFixture
) -> None:
    bad = {k: v for k, v in (ROW | change).items() if v is not ...}
    lines(tmp_path / "test.jsonl", ROW, bad)
    with pytest.raises(BadRow) as error:
        load_math(tmp_path)
    assert str(error.value).startswith(f"{tmp_path / 'test.jsonl'}:2: {message}")
    loaded = load_math(tmp_path, skip_bad=True)
    assert (len(loaded.problems), loaded.skipped) == (1, 1)
    assert caplog.messages == [f"skipped {error.value}"]


def test_splits_are_chosen(tmp_path: Path) -> None:
    lines(tmp_path / "test.jsonl", ROW)
    assert run(Config(source=str(tmp_path), out=tmp_path / "a", split="test"))["test"] == 1
    with pytest.raises(UserError, match="--split train: the source holds no problem"):
        run(Config(source=str(tmp_path), out=tmp_path / "b", split="train"))


def test_what_is_no_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="no such file or folder"):
        load_math(str(tmp_path / "none"))
    with pytest.raises(UserError, match="neither MATH's folder"):
        load_math(tmp_path)
    lines(tmp_path / "train.jsonl")
    with pytest.raises(UserError, match="no readable problem"):
        load_math(tmp_path)
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(MissingExtra) as error:
        load_math("someone/math")
    assert "someone/math" in str(error.value)
    assert "pip install 'surefoot[hub]'" in str(error.value)


def test_the_published_files(tmp_path: Path, shared_data: Path) -> None:
    result = run(Config(source=str(shared_data / "math"), out=tmp_path / "math"))
    counts = {k: result[k] for k in ("problems", "train", "test", "empty_answer", "no_level")}
    assert counts == {
        "problems": 12_500,
        "train": 12_000,
        "test": 500,
        "empty_answer": 2,
        "no_level": 2,
    }
    problems = read(tmp_path / "math", Problem)
    assert len({p.problem_id for p in problems}) == 12_500
    for p in problems:
        assert p.reference_solution is not None
        steps = split_steps(p.reference_solution)
        assert "\n".join(steps) == p.reference_solution
        assert steps[-1] == answer_step(" ".join(p.answer.split())) or not p.answer


def test_the_original_folder_becomes_the_papers_split(tmp_path: Path, shared_data: Path) -> None:
    """The published rows put back where they came from, then split by the 500 ids."""
    files = [shared_data / "math" / f"prm800k_split_{name}.jsonl" for name in ("train", "test")]
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines()[::25]:
            row = json.loads(line)
            original(
                tmp_path / "MATH",
                row["unique_id"],
                f"Level {row['level'] or '?'}",
                problem=row["problem"],
                solution=row["solution"],
            )
    ids = [
        json.loads(line)["unique_id"]
        for line in files[1].read_text(encoding="utf-8").splitlines()[::25]
    ]
    lines(tmp_path / "ids.jsonl", *({"unique_id": i} for i in ids))
    rebuilt = load_math(tmp_path / "MATH", test_ids=tmp_path / "ids.jsonl").problems
    published = {p.problem_id: p for p in load_math(shared_data / "math").problems}
    assert (len(rebuilt), sum(p.split == "test" for p in rebuilt)) == (500, 20)
    for p in rebuilt:
        q = published[p.problem_id]
        assert (p.answer, p.level, p.split, p.reference_solution, p.statement) == (
            q.answer,
            q.level,
            q.split,
            q.reference_solution,
            q.statement,
        )


def lines(path: Path, *rows: dict[str, Any]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def original(folder: Path, place: str, level: str, **more: str) -> None:
    path = folder / place
    path.parent.mkdir(parents=True, exist_ok=True)
    row = {"problem": "What is $1+1$?", "level": level, "type": path.parent.name.title()}
    path.write_text(json.dumps(row | {"solution": "$\\boxed{2}$"} | more), encoding="utf-8")
