"""Problems of anybody's file: fields mapped, ids made, bad rows named."""

import json
from pathlib import Path
from typing import Any

import pytest

from surefoot.commands.problems_jsonl import Config, run
from surefoot.errors import BadRow, UserError
from surefoot.problems.jsonl import load_jsonl, statement_id
from surefoot.records import Problem
from surefoot.tables import read, write

FULL = Problem(
    problem_id="p",
    statement="1+1?",
    answer="2",
    reference_solution="1+1=2\n# Answer 2",
    subject="sums",
    level=1,
    split="test",
    source="mine",
)


def test_our_own_fields_pass_unchanged(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", [FULL])
    assert load_jsonl(tmp_path / "a.jsonl").problems == [FULL]


def test_other_names_numbers_and_lists(tmp_path: Path) -> None:
    row = {"q": "1+1?", "gold": 2, "work": ["1 +\n1", "= 2"], "diff": "Level 4", "n": 17}
    path = lines(tmp_path / "train_exam.jsonl", row)
    result = run(
        Config(
            source=path,
            out=tmp_path / "out",
            id_field="n",
            statement_field="q",
            answer_field="gold",
            solution_field="work",
            level_field="diff",
        )
    )
    assert result["problems"] == 1
    assert read(tmp_path / "out", Problem) == [
        Problem(
            problem_id="17",
            statement="1+1?",
            answer="2",
            reference_solution="1 + 1\n= 2\n# Answer 2",
            level=4,
            split="train",
            source="train_exam.jsonl",
        )
    ]


def test_a_field_that_no_row_has_is_a_slip(tmp_path: Path) -> None:
    path = lines(tmp_path / "exam.jsonl", {"statement": "1+1?", "answer": 2, "source": "mine"})
    with pytest.raises(UserError, match="no row has a field 'sourc', named for subject"):
        load_jsonl(path, names={"subject": "sourc"})
    assert load_jsonl(path, names={"subject": "source"}).problems[0].subject == "mine"


def test_choices_and_the_unit_join_the_statement(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"statement": "Which?", "answer": "B", "options": ["one", "two"]},
        {"statement": "Which?", "answer": "B", "options": ["(A)one", "(B)two"], "unit": None},
        {"statement": "How far?", "answer": "3", "options": None, "unit": "m"},
    ]
    path = lines(tmp_path / "a.jsonl", *rows)
    loaded = load_jsonl(path, names={"choices": "options"})
    assert [problem.statement for problem in loaded.problems] == [
        "Which?\n(A) one\n(B) two",
        "Which?\n(A)one\n(B)two",
        "How far?\nAnswer in m.",
    ]


def test_made_ids_stay_when_rows_move(tmp_path: Path) -> None:
    rows = [{"statement": f"{i}+1?", "answer": str(i + 1)} for i in range(3)]
    forth = load_jsonl(lines(tmp_path / "a.jsonl", *rows)).problems
    back = load_jsonl(lines(tmp_path / "b.jsonl", *rows[::-1])).problems
    assert {p.problem_id: p.statement for p in forth} == {p.problem_id: p.statement for p in back}
    assert forth[0].problem_id == statement_id("0+1?") == "70cbfb6546551d6e"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            {"question": "1+1?", "answer": "2"},
            "statement: missing (fields of this row: answer, question); --statement-field names it",
        ),
        ({"statement": "1+1?"}, "answer: missing (fields of this row: statement); --answer-field"),
        ({"statement": "", "answer": "2"}, "statement: must not be empty"),
        ({"statement": "1?", "answer": None}, "answer: must not be empty"),
        ({"statement": "1?", "answer": [2]}, "answer: must be text or a number, got list"),
        ({"statement": "1?", "answer": True}, "answer: must be text or a number, got bool"),
        ({"statement": "1?", "answer": "2", "level": "hard"}, "level: must be a whole number"),
        (
            {"statement": "1?", "answer": "2", "reference_solution": 3},
            "reference_solution: must be",
        ),
        ({"statement": "1?", "answer": "2", "choices": "A"}, "choices: must be a list of texts"),
        ({"statement": "1?", "answer": "2", "choices": ["x"] * 27}, "choices: must be at most 26"),
        ({"statement": "0?", "answer": "2"}, "problem_id: '75a005bcb94b3f9b' is in an earlier row"),
    ],
)
def test_bad_rows_are_named_or_counted(tmp_path: Path, row: dict[str, Any], message: str) -> None:
    path = lines(tmp_path / "a.jsonl", {"statement": "0?", "answer": "1"}, row)
    with pytest.raises(BadRow) as error:
        load_jsonl(path)
    assert str(error.value).startswith(f"{path}:2: {message}")
    assert error.value.exit_code == 2
    assert load_jsonl(path, skip_bad=True).skipped == 1


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        load_jsonl(tmp_path / "none.jsonl")
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(UserError, match=r"name must end in \.jsonl"):
        load_jsonl(tmp_path / "a.txt")


def lines(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path
