"""`surefoot label import`: step ratings from other people's files."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from surefoot.commands.label_auto import rating_counts
from surefoot.commands.options import Writes, check_input
from surefoot.errors import OutputExists, UserError
from surefoot.labeling.prm800k import Imported, collect
from surefoot.problems.rows import file_rows
from surefoot.tables import write

TABLES = ("problems", "solutions", "labels")


@dataclass(frozen=True, kw_only=True)
class Config(Writes):
    """Read step ratings; the tables problems, solutions and labels come into one folder.

    `prm800k` takes the published rows and flat rows with `steps` and `ratings`.
    Rows that repeat an earlier one are counted and left out.

    Example:
        surefoot label import labelled_paths.jsonl --format prm800k --out ratings
    """

    file: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FILE")]
    """The ratings: .jsonl, .jsonl.gz or .parquet."""
    format: Literal["prm800k"] = "prm800k"
    """Layout of its rows."""
    skip_bad: bool = False
    """Leave bad rows out, listed and counted on stderr, instead of stopping at the first."""


def run(config: Config) -> dict[str, Any]:
    """Counts of what was read; the tables are in `--out`."""
    check_input(config.file, "ratings")
    _check_out(config)
    imported = collect(file_rows(config.file), skip_bad=config.skip_bad)
    _write(imported, config.out)
    return {
        "skipped_rows": imported.skipped,
        "repeated_rows": imported.repeated,
        "problems": len(imported.problems),
        "labels": len(imported.labels),
        **rating_counts(imported.labels),
        "solutions": len(imported.solutions),
        "out": str(config.out),
    }


def _check_out(config: Config) -> None:
    """A folder that holds other things than our tables is never replaced."""
    if not config.out.exists():
        return
    if not config.out.is_dir() or any(p.name not in TABLES for p in config.out.iterdir()):
        raise UserError(
            f"{config.out}: holds other things than {', '.join(TABLES)}; give another --out"
        )
    if not config.overwrite:
        raise OutputExists(config.out)


def _write(imported: Imported, out: Path) -> None:
    """All three tables or none: they appear together, by one rename."""
    temporary = out.with_name(f".{out.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        write(temporary / "problems", imported.problems)
        write(temporary / "solutions", imported.solutions)
        write(temporary / "labels", imported.labels)
        if out.exists():
            shutil.rmtree(out)
        temporary.rename(out)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
