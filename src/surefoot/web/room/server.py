"""The running server: the database opened, the first link made, requests answered."""

import ipaddress
import secrets
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from surefoot.errors import UserError
from surefoot.web.room import admin, api, downloads, gold, importing, people, reading
from surefoot.web.room.app import Room, add_pages, new_app
from surefoot.web.room.backups import keep_backups
from surefoot.web.room.schema import LabelerRow

ADMINISTRATOR = "administrator"


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where the server is reached."""

    host: str = "127.0.0.1"
    port: int = 8765
    """0: any that is free."""
    url: str | None = None
    """How browsers name it, where a proxy stands before it, e.g. https://label.example.org."""


def create_app(room: Room) -> FastAPI:
    """The whole application."""
    app = new_app(room)
    app.include_router(api.router)
    app.include_router(admin.router)
    app.include_router(reading.router)
    app.include_router(gold.router)
    app.include_router(importing.router)
    app.include_router(downloads.router)
    add_pages(app)
    return app


def admin_link(session: Session, *, now: int) -> str:
    """Path of a fresh link for the first administrator, who is made if there is none."""
    first = session.scalar(
        select(LabelerRow)
        .where(LabelerRow.role == "admin", LabelerRow.state != "blocked")
        .order_by(LabelerRow.created_at)
        .limit(1)
    )
    name = first.name if first else ADMINISTRATOR
    secret, _ = people.invite(session, name, "admin", actor=admin.COMMAND, now=now)
    return f"/i#{secret}"


def bound(address: Address) -> socket.socket:
    """A socket that listens there.

    Raises:
        UserError: The host is unknown or the port is taken.
    """
    listening = None
    try:
        family = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)[0][0]
        # With its protocol said, asyncio sends small answers at once; else each waits 40 ms.
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((address.host, address.port))
        # Whoever follows the link as soon as it is printed waits, and is not refused.
        listening.listen(100)
    except (OSError, OverflowError) as error:
        if listening is not None:
            listening.close()
        raise UserError(
            f"--host {address.host} --port {address.port}: cannot be listened to:"
            f" {getattr(error, 'strerror', None) or error}; --port 0 takes any free one"
        ) from None
    return listening


def url_of(address: Address, listening: socket.socket) -> str:
    """How browsers reach the server."""
    if address.url is not None:
        return address.url.rstrip("/")
    host, port = listening.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = socket.gethostname()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Server(uvicorn.Server):
    """Says when it answers; from then on a signal ends it in order."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn starts."""
        await super().startup(sockets=sockets)
        self._ready()


def run(
    room: Room,
    listening: socket.socket,
    url: str,
    backups: Path | None = None,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Answer requests until the process is told to stop.

    Args:
        room: What is served.
        listening: Where; see `bound`.
        url: As browsers name it.
        backups: Folder for hourly copies of a SQLite file.
        ready: Called once requests are answered. Whoever waits for what it prints and
            then stops the server finds uvicorn's own handling of signals in place.
    """
    room.command_token = secrets.token_urlsafe(32)
    if room.database.lock is not None:
        # The file can be read by its owner only.
        host, port = listening.getsockname()[:2]
        where = {"url": url, "host": host, "port": port}
        room.database.lock.tell({**where, "token": room.command_token})
    stop = threading.Event()
    if backups is not None and room.database.path is not None:
        threading.Thread(
            target=keep_backups, args=(room.database.path, backups, stop), daemon=True
        ).start()
    config = uvicorn.Config(
        create_app(room),
        log_level="warning",
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_keep_alive=120,  # longer than the heartbeat of an open page
    )
    try:
        _Server(config, ready).run(sockets=[listening])
    finally:
        stop.set()
        room.database.close()
