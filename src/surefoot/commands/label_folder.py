"""A folder with the tables of labels: problems, solutions, labels, sessions."""

import shutil
from pathlib import Path
from typing import Protocol

from surefoot.errors import OutputExists, UserError
from surefoot.records import Labels, Problem, Session, Solution
from surefoot.tables import write

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


def write_folder(tables: HasTables, out: Path) -> None:
    """All tables or none: they appear together, by one rename."""
    temporary = out.with_name(f".{out.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        write(temporary / "problems", tables.problems, record=Problem)
        write(temporary / "solutions", tables.solutions, record=Solution)
        write(temporary / "labels", tables.labels, record=Labels)
        write(temporary / "sessions", tables.sessions, record=Session)
        if out.exists():
            shutil.rmtree(out)
        temporary.rename(out)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
