"""`surefoot label import`: step ratings from other people's files."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from surefoot.commands.label_auto import rating_counts
from surefoot.commands.label_folder import check_folder, write_folder
from surefoot.commands.options import Writes, check_input
from surefoot.errors import UserError
from surefoot.labeling.choices import STEP_TAG
from surefoot.labeling.formats import FormatName, collect
from surefoot.labeling.sessions import rated_step_records
from surefoot.problems.rows import file_rows
from surefoot.records import MARKS


@dataclass(frozen=True, kw_only=True)
class Config(Writes):
    """Reads step ratings and writes DIR/problems, solutions, labels and sessions.

    Sessions hold the rows whole, so that `surefoot label export` gives them back;
    the other tables hold what was followed, without repetitions. Rows that a
    training run should not see by default (a rater was unsure or gave up, a bad
    problem, quality control, screening) are marked, not dropped.

    Example:
      surefoot label import labelled_paths.jsonl --format prm800k --out ratings
      surefoot label import math-shepherd.jsonl --format math-shepherd --out ratings
    """

    file: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FILE")]
    """The ratings: .jsonl, .jsonl.gz, .json or .parquet."""
    format: FormatName = "prm800k"
    """Layout of its rows; docs/formats.md shows them. `prm800k` takes the published
    rows and flat ones with `steps` and `ratings`."""
    step_tag: str = STEP_TAG
    """Ends each step in the layouts math-shepherd and openrlhf."""
    each_step: bool = False
    """Write each rated step as a solution that ends with it, and of which only it is
    rated, instead of the solutions that were followed: alternatives are there then, and
    each rating counts once."""
    skip_bad: bool = False
    """Leave bad rows out, listed and counted on stderr, instead of stopping at the first."""


def run(config: Config) -> dict[str, Any]:
    """Counts of what was read; the tables are in `--out`."""
    check_input(config.file, "ratings")
    if not config.step_tag:
        raise UserError("--step-tag: must not be empty")
    check_folder(config.out, overwrite=config.overwrite)
    rows = file_rows(config.file)
    imported = collect(rows, config.format, step_tag=config.step_tag, skip_bad=config.skip_bad)
    if config.each_step:
        solutions, labels = rated_step_records(imported.sessions)
        imported = dataclasses.replace(imported, solutions=solutions, labels=labels)
    write_folder(imported, config.out)
    marked = {mark: n for mark in MARKS if (n := sum(mark in row.marks for row in imported.labels))}
    return {
        "skipped_rows": imported.skipped,
        "repeated_rows": imported.repeated,
        "sessions": len(imported.sessions),
        "problems": len(imported.problems),
        "labels": len(imported.labels),
        **rating_counts(imported.labels),
        "soft_steps": sum(c is not None for row in imported.labels for c in row.chances or ()),
        "marked": marked,
        "solutions": len(imported.solutions),
        "out": str(config.out),
    }
