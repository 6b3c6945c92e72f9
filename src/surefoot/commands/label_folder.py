"""A folder with the tables of labels: problems, solutions, labels, sessions."""

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from surefoot.atomic import explained
from surefoot.errors import OutputExists, UserError
from surefoot.parquet import write_parquet
from surefoot.records import Labels, Problem, Session, Solution
from surefoot.tables import shard_name

KINDS = (Problem, Solution, Labels, Session)
TABLES = ("problems", "solutions", "labels", "sessions")


class HasTables(Protocol):
    """What such a folder is made of."""

    @property
    def problems(self) -> list[Problem]:
        """Each once."""

    @property
    def solutions(self) -> list[Solution]:
        """Each once."""

    @property
    def labels(self) -> list[Labels]:
        """Each solution and rater once."""

    @property
    def sessions(self) -> list[Session]:
        """As many as there were."""


def check_folder(out: Path, *, overwrite: bool) -> None:
    """A folder that holds other things than our tables is never replaced.

    Raises:
        OutputExists: It is there and `overwrite` is false.
        UserError: It holds other things.
    """
    if not out.exists():
        return
    if not out.is_dir() or any(p.name not in TABLES for p in out.iterdir()):
        raise UserError(f"{out}: holds other things than {', '.join(TABLES)}; give another --out")
    if not overwrite:
        raise OutputExists(out)


def write_folder(parts: Iterable[HasTables], out: Path) -> None:
    """All tables or none: they appear together, by one rename. Each part is a shard."""
    temporary = out.with_name(f".{out.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        with explained(out):
            for index, part in enumerate(parts):
                rows = (part.problems, part.solutions, part.labels, part.sessions)
                for name, records, kind in zip(TABLES, rows, KINDS, strict=True):
                    place = temporary / name / shard_name(index)
                    write_parquet(place, records, kind, shown=out / name)  # type: ignore[arg-type]
            if out.exists():
                shutil.rmtree(out)
            temporary.rename(out)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
