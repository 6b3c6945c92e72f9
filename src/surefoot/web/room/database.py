"""The database: SQLite with one writing connection, or PostgreSQL.

SQLite up to 3.51.2 can lose data if one connection commits while another copies
the log into the file. So one connection does both, one transaction at a time,
and the others only read. Every commit reaches the disk before it returns
(`synchronous=FULL`), since what is acknowledged must not be lost.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, Literal, TypeAlias

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from surefoot.errors import MissingExtra, UserError
from surefoot.web.room.files import FileLock, check_local

Mode: TypeAlias = Literal["write", "read"]

LOCK_KEY = 7_355_608
"""Of advisory locks in PostgreSQL: any number that is ours."""


class Database:
    """An open database; `read` and `write` are transactions.

    Args:
        place: Path of a SQLite file, or `postgresql://user@host/name`.
        mode: `write` makes the file if it is not there and, for SQLite, keeps
            other writers out. `read` leaves it as it is.

    Raises:
        InUse: Another process writes to the SQLite file.
        UserError: The place cannot be used.
    """

    def __init__(self, place: str, mode: Mode = "write") -> None:
        self.place = place
        self.path = None if is_server(place) else Path(place)
        self.lock: FileLock | None = None
        self._turn = threading.Lock()
        if self.path is None:
            self._writer = self._reader = _server_engine(place)
        else:
            if mode == "write":
                self._open_folder()
                self.lock = FileLock(self.path)
            elif not self.path.is_file():
                raise UserError(f"{place}: there is no such database")
            self._reader = _file_engine(self.path, "read")
            self._writer = _file_engine(self.path, mode)
        self._try()

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file."""
        return self.path is not None

    @property
    def engine(self) -> Engine:
        """The engine that writes, for migrations."""
        return self._writer

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that may write; it is on the disk when the block has ended."""
        turn = self._turn if self.is_sqlite else nullcontext()
        with turn, Session(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that sees one state of the database and changes nothing."""
        with Session(self._reader, expire_on_commit=False) as session, session.begin():
            if not self.is_sqlite:
                session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
            yield session

    def close(self) -> None:
        """Close all connections, then let other writers in."""
        self._reader.dispose()
        self._writer.dispose()
        if self.lock is not None:
            self.lock.close()

    def _open_folder(self) -> None:
        assert self.path is not None
        if self.path.is_dir():
            raise UserError(f"{self.path}: is a folder; name a file, as in --db labels.db")
        if not self.path.parent.is_dir():
            raise UserError(f"{self.path.parent}: there is no such folder for the database")
        check_local(self.path)

    def _try(self) -> None:
        """One question, so that what is wrong is said at once and in one line."""
        try:
            with self._writer.connect() as connection:
                connection.execute(text("SELECT 1"))
                if self.is_sqlite:
                    connection.execute(text("SELECT count(*) FROM sqlite_master"))
        except DBAPIError as error:
            reason = " ".join(str(error.orig).split())
            self.close()
            raise UserError(f"{shown(self.place)}: cannot be opened: {reason}") from None


def is_server(place: str) -> bool:
    """Whether a place is a URL of PostgreSQL.

    Raises:
        UserError: It is a URL of something else.
    """
    if "://" not in place:
        return False
    if not place.startswith(("postgresql://", "postgres://")):
        raise UserError(f"--db: must be a file or postgresql://user@host/name, got {shown(place)}")
    return True


def shown(place: str) -> str:
    """A place for messages: without its password."""
    try:
        return make_url(place).render_as_string(hide_password=True) if "://" in place else place
    except ArgumentError:
        return place.split("://")[0] + "://..."


def _server_engine(place: str) -> Engine:
    try:
        url = make_url(place)
    except ArgumentError as error:
        raise UserError(f"--db: {error}") from None
    try:
        return create_engine(
            url.set(drivername="postgresql+psycopg"), pool_size=20, max_overflow=20
        )
    except ModuleNotFoundError:
        raise MissingExtra("psycopg", "postgres", "--db postgresql://") from None


def _file_engine(path: Path, mode: Mode) -> Engine:
    is_reader = mode == "read"
    uri = f"{path.resolve().as_uri()}?mode={'ro' if is_reader else 'rwc'}"
    options: dict[str, Any] = {"pool_size": 8} if is_reader else {"poolclass": StaticPool}
    engine = create_engine(
        URL.create("sqlite+pysqlite", database=uri, query={"uri": "true"}),
        connect_args={"check_same_thread": False, "timeout": 30},
        **options,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        settings = ["foreign_keys=ON"]
        if is_reader:
            settings += ["query_only=ON", "wal_autocheckpoint=0"]
        else:
            settings += ["journal_mode=WAL", "synchronous=FULL"]
        for setting in settings:
            connection.execute(f"PRAGMA {setting}")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN" if is_reader else "BEGIN IMMEDIATE")

    return engine
