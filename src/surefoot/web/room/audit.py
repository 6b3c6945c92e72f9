"""Who did what: rows that are never changed, each hashed with the one before.

Whoever changes or removes a row breaks the chain from there on, unless all later
hashes are made again; note the last hash elsewhere to notice that, too.
"""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from surefoot.web.room.database import LOCK_KEY
from surefoot.web.room.schema import AuditRow

START = "0" * 64


def note(
    session: Session, actor: str, action: str, target: str, detail: dict[str, Any], *, now: int
) -> None:
    """Write down that somebody did something.

    Args:
        session: A transaction that writes.
        actor: `labeler_id`, or `command line`.
        action: What was done, e.g. `invite`.
        target: What it was done to.
        detail: JSON, more about it; no secrets.
        now: When.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"SELECT pg_advisory_xact_lock({LOCK_KEY + 1})"))
    last = session.scalar(select(AuditRow.hash).order_by(AuditRow.id.desc()).limit(1)) or START
    row = AuditRow(
        actor=actor, action=action, target=target, detail=detail, at=now, previous_hash=last
    )
    row.hash = _hash(row)
    session.add(row)
    session.flush()


def noted(session: Session, action: str, target: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """When this was done to this target, and the details; the newest first."""
    rows = (
        select(AuditRow.at, AuditRow.detail)
        .where(AuditRow.action == action, AuditRow.target == target)
        .order_by(AuditRow.id.desc())
    )
    return ((at, detail) for at, detail in session.execute(rows))


def first_break(session: Session) -> int | None:
    """The first row whose hash does not follow; None if the chain is whole."""
    last = START
    for row in session.scalars(select(AuditRow).order_by(AuditRow.id)):
        if row.previous_hash != last or row.hash != _hash(row):
            return row.id
        last = row.hash
    return None


def _hash(row: AuditRow) -> str:
    said = [row.previous_hash, row.actor, row.action, row.target, row.detail, row.at]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
