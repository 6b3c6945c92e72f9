"""The server as an ASGI application: what is open, and how errors are answered."""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from fastapi import Cookie, Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.staticfiles import StaticFiles

from surefoot.labeling.drafts import Protocol
from surefoot.web.room import people, queue
from surefoot.web.room.alternatives import Propose
from surefoot.web.room.database import Database
from surefoot.web.room.problems import Refused
from surefoot.web.room.schema import LabelerRow
from surefoot.web.room.security import Guard, Tries, answer
from surefoot.web.room.shown import project_of

log = logging.getLogger("surefoot")

STATIC = Path(__file__).resolve().parent.parent / "static"
COOKIE = "surefoot_session"
LEFT_MS = 10_000
"""How long the number of open slots is taken as it was: counting reads all of them."""


def clock() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


@dataclass(kw_only=True)
class Room:
    """What the requests of one server share."""

    database: Database
    now: Callable[[], int] = clock
    propose: Propose | None = None
    """Writes alternatives; None: nobody does."""
    is_secure: bool = False
    """Whether browsers reach it by https, so that cookies are kept from http."""
    command_token: str | None = None
    """With it, commands of the person who runs the server act as administrator."""
    tries: Tries = field(default_factory=Tries)
    protocol: Protocol = "phase2"
    _left: tuple[int, int] = (-LEFT_MS, 0)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def me(self, session: Session, secret: str | None) -> LabelerRow:
        """Who is asking; see `people.person_of`."""
        return people.person_of(session, secret, now=self.now())

    def left(self, session: Session) -> int:
        """Slots that nobody has taken, as of a few seconds ago."""
        with self._turn:
            at, n = self._left
            if not 0 <= self.now() - at < LEFT_MS:
                n = queue.n_left(session, ["work"])
                self._left = self.now(), n
            return n

    def left_for(self, session: Session, person: LabelerRow) -> int:
        """The same as a person sees it: it falls by one with a gold question, too."""
        n = self.left(session)
        return n + queue.n_gold_left(session, person.labeler_id, self._left[0]) if n else 0


def room_of(request: Request) -> Room:
    """The room that the application was made with."""
    room: Room = request.app.state.room
    return room


RoomHere = Annotated[Room, Depends(room_of)]
Secret = Annotated[str | None, Cookie(alias=COOKIE)]


def add_pages(app: FastAPI, folder: Path = STATIC) -> None:
    """The page at `/` and `/i`, that for leads at `/admin`, and their files.

    A line of text where they were not built.
    """
    index, leads = folder / "index.html", folder / "admin.html"

    def file(path: Path) -> Response:
        if path.is_file():
            return FileResponse(path, headers={"cache-control": "no-cache"})
        return PlainTextResponse("The page of the labelling room is not part of this copy.\n")

    for path in ("/", "/i"):
        app.add_api_route(path, lambda: file(index), methods=["GET"], include_in_schema=False)
    app.add_api_route("/admin", lambda: file(leads), methods=["GET"], include_in_schema=False)
    if index.is_file():
        app.mount("/", StaticFiles(directory=folder))


def new_app(room: Room) -> FastAPI:
    """An application without routes: errors, headers, the room."""
    # The interactive pages that FastAPI offers load scripts from other hosts.
    app = FastAPI(title="Surefoot", openapi_url=None, docs_url=None, redoc_url=None)
    app.state.room = room
    app.add_middleware(Guard)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(DBAPIError, _database)
    app.add_exception_handler(Exception, _fault)
    return app


def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return answer(error)


def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"][1:]) or "body"
    return answer(Refused(422, "bad_request", f"{place}: {first['msg']}", field=place))


def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    kind = {404: "not_found", 405: "bad_request"}.get(error.status_code, "bad_request")
    return answer(Refused(error.status_code, kind, str(error.detail)))


def _database(request: Request, error: Exception) -> Response:
    assert isinstance(error, DBAPIError)
    state = getattr(error.orig, "sqlstate", None)
    if isinstance(error, IntegrityError):  # PostgreSQL: two requests stored it at once
        return answer(Refused(409, "conflict", "another request stored this at the same moment"))
    if state in ("40001", "40P01"):
        return answer(Refused(503, "busy", "two requests were in each other's way; try again"))
    said = str(error.orig)
    is_full = isinstance(error.orig, sqlite3.OperationalError) and "full" in said
    if is_full or state == "53100":
        log.error("the disk is full; nothing is acknowledged until there is room")
        return answer(Refused(507, "disk_full", "nothing was stored; it is kept in the browser"))
    return _fault(request, error)


def _fault(request: Request, error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return answer(
        Refused(500, "fault", "the server failed; what was not acknowledged is not stored")
    )


def protocol_of(session: Session) -> Protocol:
    """The protocol of the project."""
    return "phase1" if project_of(session).protocol == "phase1" else "phase2"
