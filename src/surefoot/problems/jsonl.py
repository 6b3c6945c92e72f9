"""Problems from anybody's JSON-lines (or Parquet) file, its fields mapped to ours."""

import hashlib
import re
import string
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from surefoot.errors import UserError
from surefoot.problems.rows import Loaded, Row, collect, file_rows
from surefoot.records import Problem
from surefoot.steps import answer_step, is_answer_step, split_steps

_LEVEL = re.compile(r"(?:level\s*)?(\d+)", re.IGNORECASE)
_LETTERED = re.compile(r"\(?[A-Z][).]")


def load_jsonl(
    path: Path, *, names: Mapping[str, str] | None = None, skip_bad: bool = False
) -> Loaded:
    """Problems of a file.

    A field that `names` gives another name must be in some row, or it is a slip.

    Args:
        path: A `.jsonl`, `.jsonl.gz` or `.parquet` file.
        names: Our field -> the file's, where they differ: `{"statement": "question"}`;
            also `choices` and `unit`, which join the statement.
        skip_bad: Log and count bad rows instead of stopping at the first.

    Returns:
        The problems. Only `statement` and `answer` must be there. A missing
        `problem_id` is made from the statement, so it stays the same when rows
        move; `source` is the file's name if no field gives it; a reference
        solution that does not end with an `# Answer` line gets one.

    Raises:
        BadRow: A row lacks a field or holds what it should not, or an id comes twice.
        UserError: The file is missing or of an unknown kind.
    """
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    ours = (*(f.name for f in fields(Problem)), "choices", "unit")
    field_of = {name: name for name in ours} | dict(names or {})

    seen: set[str] = set()

    def make(row: Row) -> Problem:
        seen.update(row.fields)
        return _problem(row, field_of)

    found = collect(file_rows(path), make, skip_bad=skip_bad)
    for name, theirs in field_of.items():
        if theirs not in (name, *seen):
            raise UserError(f"{path}: no row has a field {theirs!r}, named for {name}")
    return found


def statement_id(statement: str) -> str:
    """The id of a problem that came without one: a hash of its statement."""
    return hashlib.sha256(" ".join(statement.split()).encode()).hexdigest()[:16]


def _problem(row: Row, field_of: Mapping[str, str]) -> Problem:
    statement = _statement(row, field_of)
    answer = _required(row, "answer", field_of)
    optional = {
        name: _as_text(row, field_of[name]) for name in ("problem_id", "subject", "split", "source")
    }
    return Problem(
        problem_id=optional["problem_id"] or statement_id(statement),
        statement=statement,
        answer=answer,
        reference_solution=_reference(row, field_of["reference_solution"], answer),
        subject=optional["subject"],
        level=_level(row, field_of["level"]),
        split=optional["split"] or row.split,
        source=optional["source"] or row.path.name,
    )


def _statement(row: Row, field_of: Mapping[str, str]) -> str:
    """The question, then the unit of its answer, then its choices, one a line."""
    lines = [_required(row, "statement", field_of)]
    if unit := (_as_text(row, field_of["unit"]) or "").strip():
        lines.append(f"Answer in {unit}.")
    choices = row.fields.get(field_of["choices"]) or []
    if not isinstance(choices, list) or not all(isinstance(one, str) for one in choices):
        raise row.bad(field_of["choices"], "must be a list of texts")
    if len(choices) > len(string.ascii_uppercase):
        raise row.bad(field_of["choices"], f"must be at most 26, got {len(choices)}")
    for letter, choice in zip(string.ascii_uppercase, choices, strict=False):
        # Some sets have the letters in their texts.
        lines.append(choice if _LETTERED.match(choice) else f"({letter}) {choice}")
    return "\n".join(lines)


def _required(row: Row, name: str, field_of: Mapping[str, str]) -> str:
    theirs = field_of[name]
    if theirs not in row.fields:
        have = ", ".join(sorted(row.fields)) or "none"
        raise row.bad(theirs, f"missing (fields of this row: {have}); --{name}-field names it")
    text = _as_text(row, theirs)
    if text is None or not text.strip():
        raise row.bad(theirs, "must not be empty")
    return text


def _as_text(row: Row, name: str) -> str | None:
    """A field's text; numbers are written out, a missing field is None."""
    value: Any = row.fields.get(name)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise row.bad(name, f"must be text or a number, got {type(value).__name__}")


def _reference(row: Row, name: str, answer: str) -> str | None:
    value = row.fields.get(name)
    if isinstance(value, list) and all(isinstance(step, str) for step in value):
        value = "\n".join(" ".join(step.split()) for step in value)
    if value is None:
        return None
    if not isinstance(value, str):
        raise row.bad(name, f"must be text or a list of steps, got {type(value).__name__}")
    steps = split_steps(value)
    if not steps:
        return None
    if not is_answer_step(steps[-1]):
        steps = (*steps, answer_step(" ".join(answer.split())))
    return "\n".join(steps)


def _level(row: Row, name: str) -> int | None:
    value = row.fields.get(name)
    if value is None:
        return None
    match = _LEVEL.fullmatch(str(value).strip().removesuffix(".0"))
    if match is None:
        raise row.bad(name, f"must be a whole number such as 3 or 'Level 3', got {value!r}")
    return int(match[1])
