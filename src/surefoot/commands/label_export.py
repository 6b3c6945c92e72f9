"""`surefoot label export`: step ratings in other people's formats."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from surefoot.commands.export_outputs import check_output, holdout_of
from surefoot.commands.exporting import Export
from surefoot.commands.mark_options import KeepsMarked, report_left_out
from surefoot.commands.options import Writes, check_input
from surefoot.commands.rated_folder import RatedFolder, tables_of
from surefoot.commands.room_options import reading
from surefoot.errors import UserError
from surefoot.labeling.choices import STEP_TAG, AsBinary, Choices
from surefoot.labeling.export import KEEPS_ALL, Exporter, ExportName
from surefoot.labeling.manifest import Origin, Tally
from surefoot.labeling.opinion import Take
from surefoot.labeling.rated import Flaw, Rated, Wanted
from surefoot.records import MARKS
from surefoot.tables import count_rows
from surefoot.web.room import collect
from surefoot.web.room.database import shown

BINARY: tuple[ExportName, ...] = ("math-shepherd", "trl", "openrlhf")


@dataclass(frozen=True, kw_only=True)
class Config(KeepsMarked, Writes):
    """Writes step ratings in another layout, with a manifest and a card beside them.

    Takes them out of the labelling room (--db; also while the server runs), or out
    of tables. A row that was imported is written as it was read, every field of it
    if the layout is the same. Other labels are written as far as the layout has
    words for them. Marked labels are left out and counted, unless a --keep flag
    keeps them or the layout has the marks itself (prm800k, steps, parquet). Of work
    that was reopened the last submission counts.

    Example:
      surefoot label export --db labels.db --format prm800k --out rows.jsonl
      surefoot label export --db labels.db --format steps --out steps.parquet
      surefoot label export --db labels.db --format trl --neutral positive \
--opinions one --holdout 0.1 --out trl.jsonl
      surefoot label export ratings --format prm800k --out again.jsonl
      surefoot label export labels --problems problems --solutions solutions --out labels.jsonl
    """

    labels: Annotated[Path | None, tyro.conf.Positional, tyro.conf.arg(metavar="LABELS")] = None
    """A folder made by `surefoot label import` or `collect`, or a table of labels."""
    db: str | None = None
    """Instead of LABELS, the database of a labelling room: a SQLite file, or
    postgresql://user@host/name."""
    format: ExportName = "prm800k"
    """Layout of the rows to write; docs/formats.md shows them. `steps`: a flat table, a
    row for each rated step. `parquet`: a folder with the tables problems, solutions,
    labels and sessions."""
    problems: Path | None = None
    """The problems, where LABELS is a table."""
    solutions: Path | None = None
    """The solutions, where LABELS is a table."""
    opinions: Take = "all"
    """all: every opinion. one: a single one of each task: the one a lead chose, else
    the first of those that most others agree with on the first error; raters who are
    paused or blocked, and work that was given up, only where there is nothing else."""
    generation: int | None = None
    """Only this round of labelling."""
    holdout: float = 0.0
    """Share of problems, with all that belongs to them, that is written apart, into
    OUT-holdout; 0 to 1. The same problems each time."""
    seed: int = 0
    """Which problems are held out: another number, others."""
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
    exporter = Exporter(
        name=config.format,
        choices=Choices(neutral=config.neutral, unrated=config.unrated, step_tag=config.step_tag),
        keep=config.keep(),
        with_alternatives=config.alternatives,
        skip_bad=config.skip_bad,
    )
    wanted = exporter.wanted(config.opinions, config.generation)
    with _opinions(config, wanted, exporter.left_out) as (origin, found, total):
        export = Export(
            exporter=exporter,
            origin=origin,
            out=config.out,
            chosen=_chosen(config),
            holdout=config.holdout,
            seed=config.seed,
        )
        tallies = export.run(found, total)
    report_left_out({mark: exporter.left_out[mark] for mark in MARKS})
    return _told(config, exporter, tallies)


def _told(config: Config, exporter: Exporter, tallies: list[Tally]) -> dict[str, Any]:
    told = {
        "sessions": exporter.n_seen,
        "rows": sum(tally.n_rows for tally in tallies),
        "left_out": {reason: n for reason, n in exporter.left_out.items() if n},
        "skipped_rows": exporter.n_bad,
        "out": str(config.out),
    }
    if config.holdout:
        told |= {"holdout_rows": tallies[1].n_rows, "holdout": str(holdout_of(config.out))}
    return told


def _check(config: Config) -> None:
    if (config.labels is None) == (config.db is None):
        raise UserError("name LABELS, or the database of a labelling room with --db")
    if config.labels is not None:
        check_input(config.labels, "labels")
    if not config.step_tag:
        raise UserError("--step-tag: must not be empty")
    if not 0 <= config.holdout < 1:
        raise UserError(f"--holdout: must be at least 0 and below 1, got {config.holdout}")
    if config.alternatives and config.format in ("prm800k", "processbench", "parquet"):
        raise UserError(
            f"--alternatives: {config.format} has one row a solution"
            + ("" if config.format == "processbench" else ", with its alternatives in it")
        )
    outs = [config.out, holdout_of(config.out)] if config.holdout else [config.out]
    for out in outs:
        check_output(out, config.format, overwrite=config.overwrite)


@contextmanager
def _opinions(
    config: Config, wanted: Wanted, left_out: Counter[str]
) -> Iterator[tuple[Origin, Iterable[Rated | Flaw], int]]:
    """Where they come from, the opinions, and how many there are at most."""
    if config.labels is not None:
        tables = tables_of(config.labels, config.problems, config.solutions)
        for name, path in tables.items():
            check_input(path, name)
        origin = Origin(kind="tables", name=config.labels.name)
        total = count_rows(tables.get("sessions", tables["labels"]))
        yield origin, RatedFolder(tables, wanted, left_out), total
        return
    assert config.db is not None
    with reading(config.db) as session:
        total = collect.count(session)
        if not total:
            raise UserError(f"{shown(config.db)}: nothing was submitted yet")
        found = collect.collect(session, wanted, left_out, place=shown(config.db))
        yield collect.origin_of(session), found, total


def _chosen(config: Config) -> dict[str, Any]:
    """The filters and choices that have a say, for the manifest."""
    said: dict[str, Any] = {"opinions": config.opinions, "generation": config.generation}
    if config.format != "parquet":
        said["alternatives"] = config.alternatives or config.format == "prm800k"
    if config.format not in KEEPS_ALL:
        said |= {"kept_marks": list(config.keep()), "unrated": config.unrated}
    if config.format in BINARY:
        said["neutral"] = config.neutral
    if config.format in ("math-shepherd", "openrlhf"):
        said["step_tag"] = config.step_tag
    return said
