"""What the page asks for, as a rater: /api/v1 but for what administrators do."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from surefoot.labeling.drafts import FinishReason
from surefoot.labeling.events import BadEvent, Event, read_event, read_uuid
from surefoot.web.room import alternatives, journal, people, quality, queue
from surefoot.web.room.app import COOKIE, Room, RoomHere, Secret
from surefoot.web.room.problems import Refused
from surefoot.web.room.profile import checked_keymap, me_for_page
from surefoot.web.room.schema import AssignmentRow, LabelerRow, ProblemRow, SubmissionRow
from surefoot.web.room.settings import read_settings
from surefoot.web.room.shown import (
    for_page,
    iso,
    option_for_page,
    project_of,
    settings_of,
    shown_of,
)

router = APIRouter(prefix="/api/v1")

MAX_EVENTS = 500
RECENT = 20


class Asked(BaseModel):
    """A request's body: no field too many, no number for a text."""

    model_config = ConfigDict(extra="forbid", strict=True)


class SignIn(Asked):
    """The secret of an invite."""

    secret: Annotated[str, Field(max_length=200)]


class Claim(Asked):
    """How many assignments are wanted."""

    count: Annotated[int, Field(ge=1, le=queue.MAX_OPEN)] = 1


class Events(Asked):
    """Some events of one opening of the page."""

    session_id: Annotated[str, Field(max_length=64)]
    events: Annotated[list[Any], Field(max_length=MAX_EVENTS)]


class Submit(Asked):
    """The end of an assignment."""

    submission_id: str
    last_seq: Annotated[int, Field(ge=0)]
    finish_reason: Literal["found_error", "solution", "bad_problem", "give_up"]
    reason: Annotated[str | None, Field(max_length=2000)] = None


class Release(Asked):
    """Why work is given back."""

    reason: Annotated[str | None, Field(max_length=2000)] = None


class AtStep(Asked):
    """A step, from 0."""

    step: Annotated[int, Field(ge=0)]


@router.post("/session", status_code=204)
def sign_in(room: RoomHere, request: Request, body: SignIn) -> Response:
    """Turns the secret of an invite into a session."""
    address = request.client.host if request.client else "unknown"
    room.tries.check(address, room.now())
    try:
        with room.database.write() as session:
            secret = people.sign_in(session, body.secret, now=room.now())
    except Refused:
        room.tries.wrong(address, room.now())
        raise
    response = Response(status_code=204)
    response.set_cookie(
        COOKIE,
        secret,
        max_age=people.SESSION_MS // 1000,
        httponly=True,
        samesite="strict",
        secure=room.is_secure,
    )
    return response


@router.delete("/session", status_code=204)
def sign_out(room: RoomHere, secret: Secret = None) -> Response:
    """Ends the session."""
    if secret:
        with room.database.write() as session:
            people.sign_out(session, secret, now=room.now())
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=room.is_secure)
    return response


@router.get("/me")
def me(room: RoomHere, secret: Secret = None) -> dict[str, Any]:
    """Who I am, what the project asks, how far I am."""
    with room.database.read() as session:
        return me_for_page(session, room.me(session, secret), room)


@router.get("/me/recent")
def recent(room: RoomHere, secret: Secret = None) -> list[dict[str, Any]]:
    """My last submissions, newest first; each can be reopened."""
    with room.database.read() as session:
        person = room.me(session, secret)
        rows = session.execute(
            select(SubmissionRow, ProblemRow.statement)
            .join(AssignmentRow, AssignmentRow.assignment_id == SubmissionRow.assignment_id)
            .join(ProblemRow, ProblemRow.problem_id == AssignmentRow.problem_id)
            .where(AssignmentRow.labeler_id == person.labeler_id)
            .order_by(SubmissionRow.at.desc(), SubmissionRow.revision.desc())
            .limit(RECENT * 3)
        ).all()
        newest = {row.assignment_id: (row, text) for row, text in reversed(rows)}
        found = sorted(newest.values(), key=lambda pair: (-pair[0].at, pair[0].assignment_id))
        return [
            {
                "assignment_id": row.assignment_id,
                "statement_start": text[:100],
                "finish_reason": row.finish_reason,
                "first_error": row.first_error,
                "submitted_at": iso(row.at),
            }
            for row, text in found[:RECENT]
        ]


@router.put("/me/keymap")
def keymap(
    room: RoomHere, body: Annotated[dict[str, Any], Body()], secret: Secret = None
) -> dict[str, Any]:
    """Sets my keys: action -> keys; an empty object takes the usual ones."""
    checked = checked_keymap(body)
    with room.database.write() as session:
        room.me(session, secret).keymap = checked or None
    return {"keymap": checked or None}


@router.post("/assignments/claim")
def claim(room: RoomHere, body: Claim, secret: Secret = None) -> dict[str, Any]:
    """Work to do: what I have open, then something new."""
    with room.database.write() as session:
        queue.expire(session, room.now())
    with room.database.write() as session:
        person = room.me(session, secret)
        project = project_of(session)
        settings = read_settings(project.settings)
        quality.conclude_screening(session, person, settings, room.now())
        kinds = {"active": ["work"], "screening": ["screening"]}.get(person.state, [])
        rows = queue.claim(
            session,
            person,
            body.count,
            settings,
            kinds=kinds,
            is_gold_due=quality.gold_turns(project, person),
            now=room.now(),
        )
        found = [for_page(session, row, room.protocol, settings) for row in rows]
        for row in rows:
            alternatives.foresee(room.propose, session, row, room.protocol)
        reason = person.state if person.state in ("paused", "failed") else None
        if not found and reason is None:
            is_later = queue.is_more_later(session, person, settings, kinds, room.now())
            reason = "enough_for_today" if is_later else "nothing_left"
        return {"assignments": found, "reason": reason}


@router.get("/assignments/{assignment_id}")
def look(room: RoomHere, assignment_id: str, secret: Secret = None) -> dict[str, Any]:
    """One of my assignments."""
    with room.database.read() as session:
        row, _ = _mine(session, room, assignment_id, secret, lock=False)
        return for_page(session, row, room.protocol, settings_of(session))


@router.post("/assignments/{assignment_id}/events")
def events(
    room: RoomHere, assignment_id: str, body: Events, secret: Secret = None
) -> dict[str, Any]:
    """Stores events; what is in `acked` is on the server's disk."""
    read = [_event(value, place) for place, value in enumerate(body.events)]
    with room.database.write() as session:
        row, _ = _mine(session, room, assignment_id, secret)
        acked = journal.append(
            session,
            row,
            read,
            settings_of(session),
            room.protocol,
            session_id=body.session_id,
            now=room.now(),
        )
        alternatives.foresee(room.propose, session, row, room.protocol)
        answer = {"acked": acked, "last_seq": row.last_seq, **_lease(row, room)}
    return answer


@router.post("/assignments/{assignment_id}/submit")
def submit(
    room: RoomHere, assignment_id: str, body: Submit, secret: Secret = None
) -> dict[str, Any]:
    """Finishes an assignment; repeated, it answers the same."""
    try:
        submission_id = read_uuid(body.submission_id)
    except ValueError as error:
        raise Refused(422, "bad_request", f"submission_id: {error}") from None
    finish: FinishReason = body.finish_reason
    with room.database.write() as session:
        row, person = _mine(session, room, assignment_id, secret)
        done = journal.submit(
            session,
            row,
            room.protocol,
            submission_id=submission_id,
            last_seq=body.last_seq,
            finish=finish,
            reason=body.reason,
            now=room.now(),
        )
        return {
            "submission_id": done.submission_id,
            "revision": done.revision,
            "state": "submitted",
            "me": me_for_page(session, person, room),
        }


@router.post("/assignments/{assignment_id}/reopen")
def reopen(room: RoomHere, assignment_id: str, secret: Secret = None) -> dict[str, Any]:
    """Opens submitted work again."""
    with room.database.write() as session:
        row, person = _mine(session, room, assignment_id, secret)
        quality.check_may_reopen(session, row, person)
        settings = settings_of(session)
        journal.reopen(session, row, settings, room.now())
        return for_page(session, row, room.protocol, settings)


@router.post("/assignments/{assignment_id}/release")
def release(
    room: RoomHere, assignment_id: str, body: Release, secret: Secret = None
) -> dict[str, Any]:
    """Gives work back, so that somebody else gets it."""
    with room.database.write() as session:
        row, person = _mine(session, room, assignment_id, secret)
        quality.check_may_release(session, row)
        queue.release(session, row, body.reason)
        quality.conclude_screening(session, person, settings_of(session), room.now())
        return {"state": row.state}


@router.post("/assignments/{assignment_id}/heartbeat")
def heartbeat(room: RoomHere, assignment_id: str, secret: Secret = None) -> dict[str, Any]:
    """Keeps work that nothing is pressed in for a while."""
    with room.database.write() as session:
        row, _ = _mine(session, room, assignment_id, secret)
        queue.renew(session, row, settings_of(session), room.now())
        return _lease(row, room)


@router.post("/assignments/{assignment_id}/alternatives")
def other_texts(
    room: RoomHere, assignment_id: str, body: AtStep, secret: Secret = None
) -> dict[str, Any]:
    """Texts for a step: those that are there, and new ones where some are due."""
    with room.database.read() as session:
        row, _ = _mine(session, room, assignment_id, secret, lock=False)
        wanted = alternatives.asked(session, row, room.protocol, body.step)
    # No transaction is open while the generator writes.
    texts = alternatives.written_by(room.propose, wanted)
    with room.database.write() as session:
        row, _ = _mine(session, room, assignment_id, secret)
        there = {o.text for o in shown_of(session, row, room.protocol).offered(wanted.before)}
        alternatives.keep(session, row, wanted.before, [t for t in texts if t not in there])
        offered = shown_of(session, row, room.protocol).offered(wanted.before)
        alternatives.foresee(room.propose, session, row, room.protocol)
        return {"candidates": [option_for_page(option) for option in offered]}


@router.get("/healthz", include_in_schema=False)
def health(room: RoomHere, deep: Annotated[bool, Query()] = False) -> dict[str, Any]:
    """Whether the server answers; with `deep`, whether the database does."""
    if deep:
        with room.database.read() as session:
            settings_of(session)
    return {"status": "ok"}


def _mine(
    session: Session, room: Room, assignment_id: str, secret: str | None, *, lock: bool = True
) -> tuple[AssignmentRow, LabelerRow]:
    person = room.me(session, secret)
    return journal.own_assignment(session, assignment_id, person, lock=lock), person


def _event(value: Any, place: int) -> Event:
    try:
        return read_event(value)
    except BadEvent as error:
        known = value.get("event_id") if isinstance(value, dict) else None
        raise Refused(
            422,
            "bad_event",
            f"events[{place}].{error}",
            event_id=known if isinstance(known, str) else None,
            field=error.field,
        ) from None


def _lease(row: AssignmentRow, room: Room) -> dict[str, Any]:
    return {"lease_expires_at": iso(row.lease_expires_at), "server_now": iso(room.now())}
