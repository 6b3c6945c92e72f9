"""What administrators do with people: invite, pause, resume, block, sign out.

An administrator is a signed-in person of that role, or a command of the person
who runs the server, which knows the token in the lock file.
"""

import hmac
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from surefoot.web.room import people
from surefoot.web.room.api import Asked
from surefoot.web.room.app import Room, RoomHere, Secret
from surefoot.web.room.problems import Refused
from surefoot.web.room.schema import LabelerRow
from surefoot.web.room.shown import iso

router = APIRouter(prefix="/api/v1/admin")

COMMAND = "command line"

Token = Annotated[str | None, Header(alias="authorization")]


class Invite(Asked):
    """Whom to invite, and as what."""

    name: Annotated[str, Field(max_length=200)]
    role: Literal["labeler", "lead", "admin"] = "labeler"


class State(Asked):
    """What a person may do from now on."""

    state: Literal["screening", "active", "paused", "failed", "blocked"]


@router.post("/invites")
def invite(
    room: RoomHere, body: Invite, secret: Secret = None, token: Token = None
) -> dict[str, Any]:
    """Makes a link that is good once, for seven days."""
    with room.database.write() as session:
        actor = actor_of(session, room, secret, token)
        made, labeler_id = people.invite(session, body.name, body.role, actor=actor, now=room.now())
    # The secret is in the fragment, which browsers keep to themselves.
    return {"labeler_id": labeler_id, "path": f"/i#{made}"}


@router.get("/labelers")
def labelers(room: RoomHere, secret: Secret = None, token: Token = None) -> list[dict[str, Any]]:
    """Everybody."""
    with room.database.read() as session:
        actor_of(session, room, secret, token)
        rows = session.scalars(select(LabelerRow).order_by(LabelerRow.created_at, LabelerRow.name))
        return [
            {
                "labeler_id": row.labeler_id,
                "name": row.name,
                "role": row.role,
                "state": row.state,
                "export_id": row.export_id,
                "created_at": iso(row.created_at),
            }
            for row in rows
        ]


@router.post("/labelers/{labeler_id}/state")
def set_state(
    room: RoomHere, labeler_id: str, body: State, secret: Secret = None, token: Token = None
) -> dict[str, Any]:
    """Pauses, resumes or blocks somebody."""
    with room.database.write() as session:
        actor = actor_of(session, room, secret, token)
        people.set_state(session, labeler_id, body.state, actor=actor, now=room.now())
    return {"labeler_id": labeler_id, "state": body.state}


@router.post("/labelers/{labeler_id}/revoke")
def revoke(
    room: RoomHere, labeler_id: str, secret: Secret = None, token: Token = None
) -> dict[str, Any]:
    """Ends all sessions and links of somebody."""
    with room.database.write() as session:
        actor = actor_of(session, room, secret, token)
        n = people.revoke(session, labeler_id, actor=actor, now=room.now())
    return {"labeler_id": labeler_id, "revoked": n}


def actor_of(session: Session, room: Room, secret: str | None, token: str | None) -> str:
    """Who acts.

    Raises:
        Refused: Nobody who may.
    """
    expected = f"Bearer {room.command_token}"
    if token and room.command_token and hmac.compare_digest(token.encode(), expected.encode()):
        return COMMAND
    person = room.me(session, secret)
    if person.role != "admin":
        raise Refused(403, "forbidden", "only administrators may do this")
    return person.labeler_id
