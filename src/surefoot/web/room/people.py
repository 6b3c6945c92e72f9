"""People: invites, sessions, roles.

An invite is a secret in the fragment of a link, which browsers do not send to
servers and programs that preview links do not see. It is good once, for seven
days, and becomes a session, which is good for thirty. The database holds only
hashes; a plain hash is enough as the secrets are 256 random bits.
"""

import hashlib
import secrets
import uuid

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from surefoot.web.room import audit
from surefoot.web.room.problems import Refused
from surefoot.web.room.schema import CredentialRow, LabelerRow, TaskRow

DAY = 86_400_000
INVITE_MS = 7 * DAY
SESSION_MS = 30 * DAY
ROLES = ("labeler", "lead", "admin")
STATES = ("screening", "active", "paused", "failed", "blocked")
MAX_NAME = 100

# Asked with every request, and to build such a question takes longer than to ask it.
_HOLDER = (
    select(LabelerRow)
    .join(CredentialRow, CredentialRow.labeler_id == LabelerRow.labeler_id)
    .where(CredentialRow.secret_sha256 == bindparam("hash"), CredentialRow.kind == "session")
    .where(CredentialRow.revoked_at.is_(None), CredentialRow.expires_at > bindparam("now"))
)


def invite(session: Session, name: str, role: str, *, actor: str, now: int) -> tuple[str, str]:
    """The secret of a new invite, and the id of the person it is for.

    A name that is known gets a further invite for the same person, of the role
    that the person has, as after losing a browser; older unused ones end.

    Raises:
        Refused: The name is empty or too long, the role unknown or another than
            the person has, or the person is blocked.
    """
    name = " ".join(name.split())
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        raise Refused(422, "bad_request", f"name: must have 1 to {MAX_NAME} letters")
    if role not in ROLES:
        raise Refused(422, "bad_request", f"role: must be one of {', '.join(ROLES)}")
    person = session.scalar(select(LabelerRow).where(LabelerRow.name == name))
    if person is None:
        person = _new_person(session, name, role, now)
    elif person.role != role:
        raise Refused(409, "conflict", f"{name} is there already, as {person.role}")
    elif person.state == "blocked":
        raise Refused(409, "conflict", f"{name} is blocked")
    session.execute(
        update(CredentialRow)
        .where(CredentialRow.labeler_id == person.labeler_id, CredentialRow.kind == "invite")
        .where(CredentialRow.used_at.is_(None), CredentialRow.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    secret = _credential(session, person.labeler_id, "invite", now, INVITE_MS)
    audit.note(session, actor, "invite", person.labeler_id, {"name": name, "role": role}, now=now)
    return secret, person.labeler_id


def sign_in(session: Session, secret: str, *, now: int) -> str:
    """The secret of a session, in exchange for that of an invite.

    Raises:
        Refused: The invite is unknown, used, revoked or too old; which of these
            is not said to somebody who may be guessing.
    """
    row = session.scalar(
        select(CredentialRow)
        .where(CredentialRow.secret_sha256 == hashed(secret), CredentialRow.kind == "invite")
        .with_for_update()
    )
    good = row is not None and row.used_at is None and row.revoked_at is None
    if row is None or not good or row.expires_at <= now:
        raise Refused(401, "not_signed_in", "this link is not good any more; ask for a new one")
    row.used_at = now
    audit.note(session, row.labeler_id, "sign in", row.labeler_id, {}, now=now)
    return _credential(session, row.labeler_id, "session", now, SESSION_MS)


def person_of(session: Session, secret: str | None, *, now: int) -> LabelerRow:
    """Whose session it is.

    Raises:
        Refused: It is nobody's, ended, or the person is blocked.
    """
    found = session.scalar(_HOLDER, {"hash": hashed(secret), "now": now}) if secret else None
    if found is None or found.state == "blocked":
        raise Refused(401, "not_signed_in", "open your invite link, or ask for a new one")
    return found


def sign_out(session: Session, secret: str, *, now: int) -> None:
    """End one session; nothing happens if there is none."""
    session.execute(
        update(CredentialRow)
        .where(CredentialRow.secret_sha256 == hashed(secret), CredentialRow.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def revoke(session: Session, labeler_id: str, *, actor: str, now: int) -> int:
    """End all sessions and invites of a person; the number of those that were good."""
    good = session.scalars(
        select(CredentialRow)
        .where(CredentialRow.labeler_id == labeler_id, CredentialRow.revoked_at.is_(None))
        .where(CredentialRow.expires_at > now)
    ).all()
    for row in good:
        row.revoked_at = now
    audit.note(session, actor, "revoke", labeler_id, {"credentials": len(good)}, now=now)
    return len(good)


def set_state(session: Session, labeler_id: str, state: str, *, actor: str, now: int) -> None:
    """Pause, resume, block a person.

    Raises:
        Refused: There is no such person or state, or the only administrator would be blocked.
    """
    person = session.get(LabelerRow, labeler_id, with_for_update=True)
    if person is None:
        raise Refused(404, "not_found", "there is no such person")
    if state not in STATES:
        raise Refused(422, "bad_request", f"state: must be one of {', '.join(STATES)}")
    if state == "blocked":
        check_not_last(session, person)
    before = person.state
    if before == "blocked" and state == "active":
        state = _before_block(session, labeler_id)
    person.state = state
    change = {"before": before, "after": state}
    audit.note(session, actor, "state", labeler_id, change, now=now)


def _before_block(session: Session, labeler_id: str) -> str:
    """To what a blocked person comes back: nobody passes the screening by being let in again."""
    changes = audit.noted(session, "state", labeler_id)
    before = next((d["before"] for _, d in changes if d.get("after") == "blocked"), "active")
    return "screening" if before == "screening" else "active"


def set_role(session: Session, labeler_id: str, role: str, *, actor: str, now: int) -> None:
    """Make a person a labeler, lead or administrator.

    Raises:
        Refused: There is no such person or role, or no administrator would be left.
    """
    person = session.get(LabelerRow, labeler_id, with_for_update=True)
    if person is None:
        raise Refused(404, "not_found", "there is no such person")
    if role not in ROLES:
        raise Refused(422, "bad_request", f"role: must be one of {', '.join(ROLES)}")
    if role != "admin":
        check_not_last(session, person)
    before, person.role = person.role, role
    audit.note(session, actor, "role", labeler_id, {"before": before, "after": role}, now=now)


def check_not_last(session: Session, person: LabelerRow) -> None:
    """Keeps somebody in charge.

    Raises:
        Refused: The person is the only administrator who is not blocked.
    """
    others = select(LabelerRow.labeler_id).where(
        LabelerRow.role == "admin",
        LabelerRow.state != "blocked",
        LabelerRow.labeler_id != person.labeler_id,
    )
    if person.role == "admin" and session.scalar(others.limit(1)) is None:
        raise Refused(409, "conflict", f"{person.name} is the only administrator")


def hashed(secret: str) -> str:
    """What the database holds of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _new_person(session: Session, name: str, role: str, now: int) -> LabelerRow:
    is_examined = role == "labeler" and session.scalar(
        select(TaskRow.id).where(TaskRow.kind == "screening").limit(1)
    )
    person = LabelerRow(
        labeler_id=str(uuid.uuid4()),
        name=name,
        role=role,
        state="screening" if is_examined else "active",
        keymap=None,
        export_id=str(uuid.uuid4()),
        created_at=now,
    )
    session.add(person)
    session.flush()
    return person


def _credential(session: Session, labeler_id: str, kind: str, now: int, lasts: int) -> str:
    secret = secrets.token_urlsafe(32)
    session.add(
        CredentialRow(
            labeler_id=labeler_id,
            kind=kind,
            secret_sha256=hashed(secret),
            created_at=now,
            expires_at=now + lasts,
            used_at=None,
            revoked_at=None,
        )
    )
    return secret
