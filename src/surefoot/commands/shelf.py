"""Records put aside by a key, in a temporary file, so that any number of them fits."""

import json
import pickle
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Generic, TypeAlias, TypeVar, cast

from surefoot.errors import UserError

R = TypeVar("R")
Key: TypeAlias = str | int | tuple[str | None, str] | None


class Shelf(Generic[R]):
    """Records by a key. They are gone with the process, however it ends.

    SQLite, because it is at hand everywhere, holds what fits of a small shelf in
    memory and takes the file away itself; `shelve` does none of these.
    """

    def __init__(self) -> None:
        # Without a name it is a file of SQLite's own, in the folder for temporary files.
        self._rows = sqlite3.connect("", isolation_level=None)
        for said in (
            "PRAGMA journal_mode = OFF",
            "PRAGMA synchronous = OFF",
            "CREATE TABLE shelf (place INTEGER PRIMARY KEY, key TEXT UNIQUE, record BLOB)",
            "BEGIN",
        ):
            self._rows.execute(said)

    def __del__(self) -> None:
        """Take the file away."""
        self._rows.close()

    def put(self, key: Key, record: R) -> None:
        """Keep a record; another one of the same key is replaced, in its place.

        Raises:
            UserError: There is no room for it on the disk.
        """
        with _explained():
            self._rows.execute(
                "INSERT INTO shelf (key, record) VALUES (?, ?)"
                " ON CONFLICT (key) DO UPDATE SET record = excluded.record",
                (json.dumps(key), pickle.dumps(record)),
            )

    def get(self, key: Key) -> R | None:
        """The record of a key."""
        with _explained():
            found = self._rows.execute(
                "SELECT record FROM shelf WHERE key = ?", (json.dumps(key),)
            ).fetchone()
        return None if found is None else cast(R, pickle.loads(found[0]))

    def all(self) -> Iterator[tuple[Any, R]]:
        """All keys and records, in the order in which the keys came; a tuple comes as a list."""
        for key, record in self._rows.execute("SELECT key, record FROM shelf ORDER BY place"):
            yield json.loads(key), pickle.loads(record)


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise UserError(
            f"the folder for temporary files: {error}; TMPDIR names one with more room"
        ) from error
