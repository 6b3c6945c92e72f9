"""A folder with the tables of labels: problems, solutions, labels, sessions."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from surefoot.atomic import explained
from surefoot.errors import OutputExists, UserError
from surefoot.labeling.parts import KINDS, TABLES
from surefoot.parquet import write_parquet
from surefoot.records import Labels, Problem, Session, Solution
from surefoot.tables import shard_name

MANIFEST, CARD = "manifest.json", "README.md"


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
    ours = (*TABLES, MANIFEST, CARD)
    if not out.is_dir() or any(p.name not in ours for p in out.iterdir()):
        raise UserError(f"{out}: holds other things than {', '.join(TABLES)}; give another --out")
    if not overwrite:
        raise OutputExists(out)


def write_folder(tables: HasTables, out: Path) -> None:
    """All tables or none."""
    with folder_of_parts(out) as add:
        add(tables)


@contextmanager
def folder_of_parts(
    out: Path, finish: Callable[[Path], None] | None = None
) -> Iterator[Callable[[HasTables], None]]:
    """A function that writes a part of each table, a shard.

    The folder appears with all of them, by one rename, when the block ends without error.

    Args:
        out: The folder.
        finish: Called with the folder, under another name, when all parts are there.
    """
    temporary = out.with_name(f".{out.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    n_parts = 0

    def add(part: HasTables) -> None:
        nonlocal n_parts
        rows = (part.problems, part.solutions, part.labels, part.sessions)
        for name, records, kind in zip(TABLES, rows, KINDS, strict=True):
            place = temporary / name / shard_name(n_parts)
            write_parquet(place, records, kind, shown=out / name)  # type: ignore[arg-type]
        n_parts += 1

    try:
        with explained(out):
            yield add
            if finish is not None:
                finish(temporary)
            if out.exists():
                shutil.rmtree(out)
            temporary.rename(out)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
