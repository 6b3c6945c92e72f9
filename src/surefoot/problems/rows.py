"""Rows of other people's problem files, before they are problems.

The readers of this package (`math`, `gsm8k`, `jsonl`) turn a `Row` into a
Problem; finding the files, counting bad rows and refusing double ids is the
same for all and stands here.
"""

import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from surefoot.errors import BadRow, UserError
from surefoot.jsonlines import JSONL, is_jsonl, json_lines
from surefoot.records import Problem

log = logging.getLogger("surefoot")

_SPLIT_IN_NAME = re.compile(r"(?<![a-z])(train|test)(?![a-z])")


class Row(NamedTuple):
    """One row of a source, and where it stands."""

    path: Path
    number: int
    """1-based line or row of its file."""
    fields: dict[str, Any]
    split: str | None
    """`train` or `test` if the file's place or name says so."""

    def bad(self, name: str | None, problem: str) -> BadRow:
        """An error that names this row."""
        return BadRow(self.path, self.number, name, problem)

    def text(self, name: str) -> str:
        """The text in a field; may be empty.

        Raises:
            BadRow: There is no such field, or it does not hold text.
        """
        if name not in self.fields:
            have = ", ".join(sorted(self.fields)) or "none"
            raise self.bad(name, f"missing (fields of this row: {have})")
        value = self.fields[name]
        if not isinstance(value, str):
            raise self.bad(name, f"must be text, got {type(value).__name__}")
        return value

    def filled(self, name: str) -> str:
        """The text in a field, which must hold more than white space."""
        text = self.text(name)
        if not text.strip():
            raise self.bad(name, "must not be empty")
        return text


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """Problems read from a source."""

    problems: list[Problem]
    skipped: int = 0
    """Bad rows left out (with `skip_bad`)."""
    notes: list[str] = field(default_factory=list)
    """What a user should know about the source, a line each."""


def collect(
    rows: Iterable[Row | BadRow], make: Callable[[Row], Problem], *, skip_bad: bool
) -> Loaded:
    """Problems of all rows, in their order.

    Args:
        rows: What a source holds.
        make: One row's problem; raises BadRow.
        skip_bad: Log and count bad rows instead of stopping at the first.

    Raises:
        BadRow: A row is bad or repeats an id (not with `skip_bad`).
        UserError: There are no rows at all.
    """
    problems: dict[str, Problem] = {}
    skipped = 0
    for row in rows:
        try:
            if isinstance(row, BadRow):
                raise row
            problem = make(row)
            if problem.problem_id in problems:
                raise row.bad("problem_id", f"{problem.problem_id!r} is in an earlier row, too")
            problems[problem.problem_id] = problem
        except BadRow as error:
            if not skip_bad:
                raise
            skipped += 1
            log.warning("skipped %s", error)
    if not problems:
        raise UserError("the source holds no readable problem")
    return Loaded(problems=list(problems.values()), skipped=skipped)


def file_rows(path: Path) -> Iterator[Row | BadRow]:
    """Rows of one `.jsonl`, `.jsonl.gz`, `.json` or `.parquet` file.

    A `.json` file holds one array of objects, or JSON lines under another name.
    """
    split = split_in_name(path.name)
    if is_jsonl(path) or path.suffix == ".json":
        array = _json_array(path) if path.suffix == ".json" else None
        for number, fields in json_lines(path) if array is None else array:
            if isinstance(fields, BadRow):
                yield fields
            else:
                yield Row(path, number, fields, split)
    elif path.suffix == ".parquet":
        try:
            rows = pq.read_table(path).to_pylist()
        except (pa.ArrowInvalid, OSError) as error:
            raise UserError(f"{path}: not a readable Parquet file: {error}") from error
        yield from (Row(path, i, fields, split) for i, fields in enumerate(rows, start=1))
    else:
        raise UserError(f"{path}: name must end in .jsonl, .jsonl.gz, .json or .parquet")


def _json_array(path: Path) -> list[tuple[int, dict[str, Any] | BadRow]] | None:
    """The objects of a JSON array, numbered from 1; None if the file is no array."""
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    try:
        rows = json.loads(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    except (ValueError, RecursionError):
        return None  # lines, perhaps; else they say where the file is wrong
    if not isinstance(rows, list):
        return None
    return [
        (number, row if isinstance(row, dict) else BadRow(path, number, None, "must be an object"))
        for number, row in enumerate(rows, start=1)
    ]


def split_files(folder: Path) -> list[Path]:
    """Data files below a folder whose names say `train` or `test`, train first."""
    files = (p for p in folder.rglob("*") if p.name.endswith((*JSONL, ".parquet")) and p.is_file())
    named = [p for p in files if split_in_name(p.name)]
    return sorted(named, key=lambda p: (p.parent, split_in_name(p.name) != "train", p.name))


def split_in_name(name: str) -> str | None:
    """`train` or `test` if a file name says so: `prm800k_split_test.jsonl` is test."""
    found = set(_SPLIT_IN_NAME.findall(name.lower()))
    return found.pop() if len(found) == 1 else None


def keep_split(loaded: Loaded, split: str) -> Loaded:
    """Only the problems of one split; `all` keeps everything.

    Raises:
        UserError: No problem belongs to it.
    """
    if split == "all":
        return loaded
    problems = [p for p in loaded.problems if p.split == split]
    if not problems:
        raise UserError(f"--split {split}: the source holds no problem of this split")
    return Loaded(problems=problems, skipped=loaded.skipped, notes=loaded.notes)
