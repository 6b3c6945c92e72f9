"""Options of the commands about the labelling room, and how they reach its database."""

import http.client
import ipaddress
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from surefoot.commands.options import Options
from surefoot.errors import UserError
from surefoot.web.room.database import Database, is_server
from surefoot.web.room.files import FileLock, InUse
from surefoot.web.room.migrate import check_version

SECONDS = 120
"""In which a server that has the database has to answer."""


@dataclass(frozen=True, kw_only=True)
class OfRoom(Options):
    """What commands about the labelling room take."""

    db: str = "labels.db"
    """The database: a SQLite file on a local disk, or postgresql://user@host/name."""


@contextmanager
def reading(place: str) -> Iterator[Session]:
    """One state of the database, also while a server writes to it.

    Raises:
        UserError: It is not there, or not of this version.
    """
    database = Database(place, "read")
    try:
        check_version(database)
        with database.read() as session:
            yield session
    finally:
        database.close()


def check_there(place: str) -> None:
    """A database that is a file must exist; a server's is found out by asking it.

    Raises:
        UserError: It does not.
    """
    if not is_server(place) and not Path(place).is_file():
        raise UserError(f"{place}: there is no such database; `surefoot label serve` makes one")


@contextmanager
def writing(place: str) -> Iterator[Session]:
    """A transaction in a database that no server has.

    Raises:
        InUse: A server has it; see `ask_server`.
        UserError: It is not there, or not of this version.
    """
    check_there(place)
    database = Database(place)
    try:
        check_version(database)
        with database.write() as session:
            yield session
    finally:
        database.close()


def ask_server(held: InUse, path: str, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Let the server that has the database do it; its URL and its answer.

    Raises:
        InUse: The holder of the database is no server that answers.
        UserError: The server refuses, and says why.
    """
    if not {"host", "port", "url", "token"} <= held.holder.keys():
        raise held
    # Where it listens on this machine, never where browsers find it: the token stays here.
    host = ipaddress.ip_address(held.holder["host"])
    loopback = "::1" if host.version == 6 else "127.0.0.1"
    headers = {
        "authorization": f"Bearer {held.holder['token']}",
        "content-type": "application/json",
        "x-surefoot": "1",
    }
    connection = http.client.HTTPConnection(
        loopback if host.is_unspecified else str(host), held.holder["port"], timeout=SECONDS
    )
    try:
        connection.request("POST", f"/api/v1{path}", json.dumps(body), headers)
        response = connection.getresponse()
        answer = json.loads(response.read())
    except TimeoutError:
        raise UserError(f"{held.holder['url']}: the server did not answer in {SECONDS} s") from None
    except (OSError, ValueError):
        raise held from None
    finally:
        connection.close()
    if response.status >= 400:
        raise UserError(f"the server refuses: {answer.get('detail', response.status)}")
    return held.holder["url"], answer


def server_of(place: str) -> str | None:
    """URL of the server that has a SQLite file now; None if none has."""
    try:
        FileLock(Path(place)).close()
    except InUse as held:
        return str(held.holder.get("url", "another process"))
    return None
