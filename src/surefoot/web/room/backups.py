"""Copies of a SQLite database while it is in use."""

import logging
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from surefoot.atomic import replacing
from surefoot.errors import SurefootError, UserError
from surefoot.web.room.database import is_server

log = logging.getLogger("surefoot")

HOUR = 3600.0
KEPT = 24


def back_up(place: str, out: Path, *, overwrite: bool = False) -> int:
    """Copy a database as it is at one moment; the number of events in the copy.

    The copy is checked before it gets its name.

    Raises:
        OutputExists: `out` is there and `overwrite` is false.
        UserError: The place is no such database, or the copy is not whole.
    """
    if is_server(place):
        raise UserError("--db: PostgreSQL is backed up with its own pg_dump")
    if not Path(place).is_file():
        raise UserError(f"{place}: there is no such database")
    uri = f"{Path(place).resolve().as_uri()}?mode=ro"
    with replacing(out, overwrite=overwrite) as temporary:
        try:
            with (
                closing(sqlite3.connect(uri, uri=True, timeout=30)) as source,
                closing(sqlite3.connect(temporary)) as copy,
            ):
                source.backup(copy, pages=1000, sleep=0.001)
                copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
                n_events = int(copy.execute("SELECT count(*) FROM event").fetchone()[0])
                (state,) = copy.execute("PRAGMA integrity_check").fetchone()
        except sqlite3.Error as error:
            raise UserError(f"{place}: cannot be copied: {error}") from None
        if state != "ok":
            raise UserError(f"{place}: the copy is damaged ({state}), and so is the database")
    return n_events


def keep_backups(
    database: Path,
    folder: Path,
    stop: threading.Event,
    seconds: float = HOUR,
    name: Callable[[], str] | None = None,
) -> None:
    """Copy the database every hour and keep the last 24, until told to stop."""
    name = name or (lambda: f"{database.stem}-{datetime.now(tz=UTC):%Y%m%dT%H%M%SZ}.db")
    while not stop.wait(seconds):
        try:
            back_up(str(database), folder / name(), overwrite=True)
            for old in sorted(folder.glob(f"{database.stem}-*Z.db"))[:-KEPT]:
                old.unlink()
        except (SurefootError, OSError) as error:
            log.error("the hourly backup failed: %s", error)
