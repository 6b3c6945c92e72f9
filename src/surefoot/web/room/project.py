"""The project of a database: made once, its settings changed on purpose."""

import hashlib
import secrets
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from surefoot.errors import UserError
from surefoot.labeling.drafts import Protocol
from surefoot.web.room import audit
from surefoot.web.room.schema import GuidelineRow, ProjectRow, TaskRow
from surefoot.web.room.settings import Settings, read_settings

COMMAND = "command line"


def set_up(
    session: Session,
    *,
    name: str | None = None,
    protocol: Protocol | None = None,
    changes: dict[str, Any] | None = None,
    actor: str = COMMAND,
    now: int,
) -> ProjectRow:
    """The project, made if there is none, with these settings.

    Args:
        session: A transaction that writes.
        name: Shown to raters; None: as it was.
        protocol: None: as it was, `phase2` at first.
        changes: Settings by name; those that are not named stay.
        actor: Who says so.
        now: The time.

    Raises:
        UserError: The protocol is another one and there are tasks already.
    """
    project = session.scalar(select(ProjectRow))
    if project is None:
        project = ProjectRow(
            name=name or "surefoot",
            protocol=protocol or "phase2",
            settings=Settings().written(),
            secret=secrets.token_hex(32),
            created_at=now,
        )
        session.add(project)
    if protocol is not None and protocol != project.protocol:
        if session.scalar(select(TaskRow.id).limit(1)) is not None:
            raise UserError(
                f"--protocol {protocol}: the database is of {project.protocol};"
                " start with a new --db"
            )
        project.protocol = protocol
    project.name = name or project.name
    before = read_settings(project.settings)
    after = replace(before, **(changes or {}))
    if after != before or project.settings != after.written():
        project.settings = asdict(after)
        change = {"before": asdict(before), "after": asdict(after)}
        audit.note(session, actor, "settings", "project", change, now=now)
    session.flush()
    return project


def add_guideline(session: Session, text: str, *, actor: str = COMMAND, now: int) -> int:
    """A new version of the guidelines, unless the newest says the same; its number."""
    newest = session.scalar(select(GuidelineRow).order_by(GuidelineRow.version.desc()).limit(1))
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    if newest is not None and newest.sha256 == sha256:
        return newest.version
    version = (session.scalar(select(func.max(GuidelineRow.version))) or 0) + 1
    session.add(GuidelineRow(version=version, text=text, sha256=sha256, created_at=now))
    audit.note(session, actor, "guideline", str(version), {"sha256": sha256}, now=now)
    return version
