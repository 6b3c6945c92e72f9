"""`surefoot label export`: step ratings in other people's formats."""

import gzip
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal, cast

import tyro

from surefoot.atomic import replacing
from surefoot.commands.mark_options import KeepsMarked, report_left_out
from surefoot.commands.options import Writes, check_input
from surefoot.errors import BadRow, OutputExists, UserError
from surefoot.jsonlines import is_jsonl
from surefoot.labeling.choices import STEP_TAG, AsBinary, CannotExpress, Choices
from surefoot.labeling.export import Exporter, sessions_of
from surefoot.records import Labels, Problem, Session, Solution
from surefoot.tables import read, stream

log = logging.getLogger("surefoot")


@dataclass(frozen=True, kw_only=True)
class Config(KeepsMarked, Writes):
    """Writes step ratings as JSON lines in another layout.

    A folder that `surefoot label import` made is written row by row as it was
    read, every field of it if the layout is the same. Other labels are written
    as far as the layout has words for them. Marked labels are left out and
    counted, unless a --keep flag keeps them or the layout has the marks itself
    (prm800k).

    Example:
      surefoot label export ratings --format prm800k --out again.jsonl
      surefoot label export ratings --format trl --neutral positive --out trl.jsonl
      surefoot label export labels --problems problems --solutions solutions --out labels.jsonl
    """

    labels: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="LABELS")]
    """A folder made by `surefoot label import`, or a table of labels."""
    format: Literal["prm800k", "math-shepherd", "trl", "openrlhf", "processbench"] = "prm800k"
    """Layout of the rows to write; docs/formats.md shows them."""
    problems: Path | None = None
    """The problems, where LABELS is a table."""
    solutions: Path | None = None
    """The solutions, where LABELS is a table."""
    neutral: AsBinary = "error"
    """What a neutral rating becomes in a layout that has only right and wrong."""
    unrated: AsBinary = "error"
    """What an unrated step before a rated one becomes in such a layout (a step that
    a person wrote). Unrated steps at the end are left out."""
    alternatives: bool = False
    """Write a row for each rated alternative of a step, too: the same beginning, and it."""
    step_tag: str = STEP_TAG
    """Ends each step in the layouts math-shepherd and openrlhf."""
    skip_bad: bool = False
    """Leave out what the layout cannot express, listed and counted, instead of stopping."""


def run(config: Config) -> dict[str, Any]:
    """Counts of what was written."""
    _check(config)
    tables = _tables(config)
    problems = {p.problem_id: p for p in read(tables["problems"], Problem)}
    solutions = {s.solution_id: s for s in read(tables["solutions"], Solution)}
    labels = read(tables["labels"], Labels)
    exporter = Exporter(
        name=config.format,
        problems=problems,
        solutions=solutions,
        choices=Choices(neutral=config.neutral, unrated=config.unrated, step_tag=config.step_tag),
        keep=config.keep(),
        with_alternatives=config.alternatives,
    )
    places = {Labels: tables["labels"], Session: tables.get("sessions", Path())}
    sessions = stream(tables["sessions"], Session) if "sessions" in tables else ()
    n_sessions = n_rows = n_bad = 0
    with _lines(config.out) as file:
        for kind, number, session in sessions_of(sessions, labels, solutions):
            n_sessions += 1
            try:
                rows = exporter.rows(session) if isinstance(session, Session) else _raised(session)
            except CannotExpress as problem:
                error = BadRow(places[kind], number, problem.field, problem.problem)
                if not config.skip_bad:
                    raise error from problem
                n_bad += 1
                log.warning("skipped %s", error)
                continue
            n_rows += len(rows)
            file.writelines(_line(row) for row in rows)
    report_left_out({k: n for k, n in exporter.left_out.items() if k != "unrated"})
    return {
        "sessions": n_sessions,
        "rows": n_rows,
        "left_out": dict(exporter.left_out),
        "skipped_rows": n_bad,
        "out": str(config.out),
    }


def _check(config: Config) -> None:
    check_input(config.labels, "labels")
    if not config.step_tag:
        raise UserError("--step-tag: must not be empty")
    if not is_jsonl(config.out):
        raise UserError(f"--out: must end in .jsonl or .jsonl.gz, got {config.out}")
    if config.alternatives and config.format in ("prm800k", "processbench"):
        raise UserError(
            f"--alternatives: {config.format} has one row a solution"
            + (", with its alternatives in it" if config.format == "prm800k" else "")
        )
    if config.out.exists() and not config.overwrite:
        raise OutputExists(config.out)


def _tables(config: Config) -> dict[str, Path]:
    """Name -> table, of a folder with all of them or of the single ones."""
    folder = config.labels
    if (folder / "labels").exists():
        tables = {name: folder / name for name in ("problems", "solutions", "labels")}
        if (folder / "sessions").exists():
            tables["sessions"] = folder / "sessions"
    else:
        tables = {"labels": folder}
    for name in ("problems", "solutions"):
        if (given := getattr(config, name)) is not None:
            tables[name] = given
        elif name not in tables:
            raise UserError(
                f"--{name}: {folder} is no folder of `surefoot label import`,"
                f" so the {name} of its labels have to be named"
            )
        check_input(tables[name], name)
    return tables


@contextmanager
def _lines(out: Path) -> Iterator[BinaryIO]:
    """The output, open: whole or not at all."""
    with replacing(out) as temporary, temporary.open("wb") as raw:
        if out.name.endswith(".gz"):
            with gzip.GzipFile("", "wb", mtime=0, fileobj=raw) as packed:
                yield cast(BinaryIO, packed)
        else:
            yield raw


def _line(row: dict[str, Any]) -> bytes:
    return (json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _raised(error: CannotExpress) -> list[dict[str, Any]]:
    raise error
