"""Files of scored samples, in the layout OpenAI published theirs in.

One JSON object a line, one line a sample, gzip accepted; these fields are read
and all others passed over:

    problem      text; groups the samples (`unique_id` does, where rows have it)
    answer       the sample's answer, or null for none (`given_answer` is accepted)
    is_correct   true or false
    prm_score    number, or null where there is no answer; may be absent in all rows
    orm_score    the same

`scored-test-samples.jsonl` of Lightman et al. 2023 has up to 1860 rows for each
of 500 problems. The file is read as a stream; of each row a few numbers stay.
"""

import json
from array import array
from pathlib import Path
from typing import Any

from surefoot.errors import BadRow, UserError
from surefoot.evaluation.pools import Pool, make_pool
from surefoot.grading.judge import is_blank
from surefoot.jsonlines import json_lines

_SERIES = {"prm": "prm_score", "orm": "orm_score"}


class _Samples:
    """The samples of one problem while the file is read."""

    __slots__ = ("answers", "is_correct", "scores")

    def __init__(self) -> None:
        self.answers: list[str | None] = []
        self.is_correct: list[bool] = []
        self.scores = {name: array("d") for name in _SERIES}


def read_scored(path: Path) -> list[Pool]:
    """Reads a file of scored samples, one pool a problem in order of appearance.

    Raises:
        BadRow: A row is not JSON, lacks a field, or holds a wrong value; a
            score is missing in this row though the first row has one.
        UserError: The file is missing or has no rows.
    """
    problems: dict[str, _Samples] = {}
    texts: dict[str, str] = {}
    present: list[str] | None = None
    for line, row in json_lines(path):
        if isinstance(row, BadRow):
            raise row
        if present is None:
            present = [name for name, column in _SERIES.items() if column in row]
        problem, answer, is_correct = _checked(path, line, row)
        samples = problems.get(problem)
        if samples is None:
            samples = problems[problem] = _Samples()
        # Answers repeat: one text for all of them.
        samples.answers.append(None if answer is None else texts.setdefault(answer, answer))
        samples.is_correct.append(is_correct)
        for name in present:
            samples.scores[name].append(_score(path, line, row, _SERIES[name], answer))
    if not problems:
        raise UserError(f"{path}: no rows")
    return [
        make_pool(
            problem,
            samples.answers,
            samples.is_correct,
            {name: samples.scores[name] for name in present or []},
        )
        for problem, samples in problems.items()
    ]


def is_scored(path: Path) -> bool:
    """Whether the first row of this file looks like a scored sample."""
    for _, row in json_lines(path):
        return not isinstance(row, BadRow) and "is_correct" in row
    return False


def _checked(path: Path, line: int, row: dict[str, Any]) -> tuple[str, str | None, bool]:
    """(problem, answer, is_correct) of a row."""
    problem = row.get("unique_id")
    if problem is None:
        problem = row.get("problem")
    if not isinstance(problem, str):
        raise BadRow(path, line, "problem", _wrong(row, "problem", "text"))
    if "answer" in row:
        field = "answer"
    elif "given_answer" in row:
        field = "given_answer"
    else:
        raise BadRow(path, line, "answer", "is missing (null means no answer)")
    answer = row[field]
    if answer is not None and not isinstance(answer, str):
        raise BadRow(path, line, field, _wrong(row, field, "text or null"))
    is_correct = row.get("is_correct")
    if not isinstance(is_correct, bool):
        raise BadRow(path, line, "is_correct", _wrong(row, "is_correct", "true or false"))
    return problem, answer, is_correct


def _score(path: Path, line: int, row: dict[str, Any], field: str, answer: str | None) -> float:
    """The score; NaN stands for null, which only a sample without an answer may have."""
    value = row.get(field)
    if value is None and is_blank(answer):
        return float("nan")
    # bool is an int to Python, but true is no score; NaN equals nothing.
    if not isinstance(value, int | float) or isinstance(value, bool) or value != value:
        raise BadRow(path, line, field, _wrong(row, field, "a number"))
    return float(value)


def _wrong(row: dict[str, Any], field: str, wanted: str) -> str:
    if field not in row:
        return f"is missing; must be {wanted}"
    return f"must be {wanted}, got {json.dumps(row[field], ensure_ascii=False)[:80]}"
