"""What leads and administrators change: people, decisions, guidelines, settings.

Leads read everything, pause and resume labelers, and decide where opinions
differ; the rest is for administrators. Either is a signed-in person of that
role; the person who runs the server acts by a command, which knows the token in
the lock file.
"""

import hmac
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header
from pydantic import Field
from sqlalchemy.orm import Session

from surefoot.labeling.events import MAX_TEXT
from surefoot.web.room import people, project, quality
from surefoot.web.room.api import Asked
from surefoot.web.room.app import Room, RoomHere, Secret
from surefoot.web.room.problems import Refused
from surefoot.web.room.schema import LabelerRow
from surefoot.web.room.shown import project_of, settings_of

router = APIRouter(prefix="/api/v1/admin")

COMMAND = project.COMMAND

Token = Annotated[str | None, Header(alias="authorization")]


@dataclass(frozen=True)
class Caller:
    """Who asks; not yet known whether they may."""

    room: Room
    secret: str | None
    token: str | None

    def admin(self, session: Session) -> str:
        """The administrator who acts: `labeler_id`, or `COMMAND`.

        Raises:
            Refused: Somebody else.
        """
        return self._one_of(session, ("admin",), "only administrators may do this")

    def lead(self, session: Session) -> str:
        """The lead or administrator who acts.

        Raises:
            Refused: Somebody else.
        """
        return self._one_of(session, ("admin", "lead"), "only leads may do this")

    def _one_of(self, session: Session, roles: tuple[str, ...], why: str) -> str:
        expected = f"Bearer {self.room.command_token}"
        is_known = self.token and self.room.command_token
        if is_known and hmac.compare_digest((self.token or "").encode(), expected.encode()):
            return COMMAND
        person = self.room.me(session, self.secret)
        if person.role not in roles:
            raise Refused(403, "forbidden", why)
        return person.labeler_id


def actor_of(session: Session, room: Room, secret: str | None, token: str | None) -> str:
    """The administrator who acts; see `Caller.admin`."""
    return Caller(room, secret, token).admin(session)


def caller(room: RoomHere, secret: Secret = None, token: Token = None) -> Caller:
    """The sender of a request."""
    return Caller(room, secret, token)


CallerHere = Annotated[Caller, Depends(caller)]


class Invite(Asked):
    """Whom to invite, and as what."""

    name: Annotated[str, Field(max_length=200)]
    role: Literal["labeler", "lead", "admin"] = "labeler"


class State(Asked):
    """What a person may do from now on."""

    state: Literal["screening", "active", "paused", "failed", "blocked"]


class Role(Asked):
    """What a person is from now on."""

    role: Literal["labeler", "lead", "admin"]


class Decision(Asked):
    """Which submission holds, or which opinion from elsewhere; neither: the problem is bad."""

    assignment_id: str | None
    imported_id: int | None = None
    note: Annotated[str | None, Field(max_length=MAX_TEXT)] = None


class Guideline(Asked):
    """A new version of the guidelines."""

    text: Annotated[str, Field(min_length=1, max_length=200_000)]


class Changes(Asked):
    """Settings that are to be others; see `surefoot.web.room.settings`."""

    show_answer: bool | None = None
    ask_alternatives: bool | None = None
    ask_progress: bool | None = None
    ask_critique: bool | None = None
    show_rate: bool | None = None
    per_problem_a_day: Annotated[int | None, Field(ge=0, le=10_000)] = None
    lease_minutes: Annotated[int | None, Field(ge=1, le=1440)] = None
    pass_mark: Annotated[int | None, Field(ge=0, le=10_000)] = None
    gold_every: Annotated[int | None, Field(ge=0, le=10_000)] = None
    pause_below: Annotated[float | None, Field(ge=0, le=1)] = None
    pause_certainty: Annotated[float | None, Field(gt=0, le=1)] = None
    is_adaptive: bool | None = None


@router.post("/invites")
def invite(room: RoomHere, by: CallerHere, body: Invite) -> dict[str, Any]:
    """Makes a link that is good once, for seven days."""
    with room.database.write() as session:
        actor = by.admin(session)
        made, labeler_id = people.invite(session, body.name, body.role, actor=actor, now=room.now())
    # The secret is in the fragment, which browsers keep to themselves.
    return {"labeler_id": labeler_id, "path": f"/i#{made}"}


@router.post("/labelers/{labeler_id}/state")
def set_state(room: RoomHere, by: CallerHere, labeler_id: str, body: State) -> dict[str, Any]:
    """Pauses, resumes or blocks somebody; a lead pauses and resumes labelers."""
    with room.database.write() as session:
        actor = by.lead(session)
        person = session.get(LabelerRow, labeler_id)
        is_pause = person is not None and {person.state, body.state} == {"active", "paused"}
        if not is_pause or (person is not None and person.role != "labeler"):
            actor = by.admin(session)
        people.set_state(session, labeler_id, body.state, actor=actor, now=room.now())
    return {"labeler_id": labeler_id, "state": body.state}


@router.post("/labelers/{labeler_id}/role")
def set_role(room: RoomHere, by: CallerHere, labeler_id: str, body: Role) -> dict[str, Any]:
    """Makes somebody a labeler, lead or administrator."""
    with room.database.write() as session:
        actor = by.admin(session)
        people.set_role(session, labeler_id, body.role, actor=actor, now=room.now())
    return {"labeler_id": labeler_id, "role": body.role}


@router.post("/labelers/{labeler_id}/revoke")
def revoke(room: RoomHere, by: CallerHere, labeler_id: str) -> dict[str, Any]:
    """Ends all sessions and links of somebody."""
    with room.database.write() as session:
        actor = by.admin(session)
        n = people.revoke(session, labeler_id, actor=actor, now=room.now())
    return {"labeler_id": labeler_id, "revoked": n}


@router.post("/disagreements/{task_id}/adjudicate")
def adjudicate(room: RoomHere, by: CallerHere, task_id: int, body: Decision) -> dict[str, Any]:
    """Decides which opinion holds."""
    with room.database.write() as session:
        quality.adjudicate(
            session,
            task_id,
            assignment_id=body.assignment_id,
            imported_id=body.imported_id,
            note=(body.note or "").strip() or None,
            actor=by.lead(session),
            now=room.now(),
        )
    return {
        "task_id": task_id,
        "assignment_id": body.assignment_id,
        "imported_id": body.imported_id,
    }


@router.post("/guidelines")
def add_guideline(room: RoomHere, by: CallerHere, body: Guideline) -> dict[str, Any]:
    """Puts a new version in force; the same text again changes nothing."""
    with room.database.write() as session:
        actor = by.admin(session)
        return {"version": project.add_guideline(session, body.text, actor=actor, now=room.now())}


@router.post("/settings")
def change_settings(room: RoomHere, by: CallerHere, body: Changes) -> dict[str, Any]:
    """Changes what is named; it holds from the next request of each rater."""
    changes = body.model_dump(exclude_none=True)
    with room.database.write() as session:
        actor = by.admin(session)
        project.set_up(session, changes=changes, actor=actor, now=room.now())
        return {"name": project_of(session).name, "settings": settings_of(session).written()}
