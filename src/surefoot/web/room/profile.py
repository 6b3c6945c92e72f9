"""A rater's own page: name, state, keys, how far, and what the project asks."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from surefoot.web.room import queue
from surefoot.web.room.app import Room
from surefoot.web.room.problems import Refused
from surefoot.web.room.questions import n_questions
from surefoot.web.room.schema import (
    AssignmentRow,
    LabelerRow,
    RatingRow,
    SubmissionRow,
    TaskRow,
)
from surefoot.web.room.settings import Settings, read_settings
from surefoot.web.room.shown import guideline_of, iso, project_of

MAX_ACTIONS, MAX_KEYS, MAX_KEY = 60, 6, 40
MINUTE = 60_000
DAY = 86_400_000


def me_for_page(session: Session, person: LabelerRow, room: Room) -> dict[str, Any]:
    """What `GET /me` answers."""
    project = project_of(session)
    settings = read_settings(project.settings)
    return {
        "labeler_id": person.labeler_id,
        "name": person.name,
        "role": person.role,
        "state": person.state,
        "screening": _screening(session, person, settings),
        "keymap": person.keymap,
        "stats": _stats(session, person, room, settings),
        "server_now": iso(room.now()),
        "project": {
            "name": project.name,
            "protocol": project.protocol,
            "show_answer": settings.show_answer,
            "ask_alternatives": settings.ask_alternatives,
            "ask_progress": settings.ask_progress,
            "ask_critique": settings.ask_critique,
            "show_rate": settings.show_rate,
            "guideline": guideline_of(session),
        },
    }


def checked_keymap(value: dict[str, Any]) -> dict[str, list[str]]:
    """Action -> keys, no key for two actions.

    Raises:
        Refused: It is not that.
    """
    owners: dict[str, str] = {}
    for action, keys in value.items():
        if not isinstance(keys, list) or len(keys) > MAX_KEYS or len(action) > MAX_KEY:
            raise Refused(422, "bad_request", f"{action[:MAX_KEY]}: must be a list of keys")
        for key in keys:
            if not isinstance(key, str) or not 0 < len(key) <= MAX_KEY or "\0" in key:
                raise Refused(422, "bad_request", f"{action}: a key must be a short text")
            if owners.setdefault(key, action) != action:
                raise Refused(
                    422,
                    "conflict",
                    f"{key} would be both {owners[key]} and {action}",
                    key=key,
                    actions=[owners[key], action],
                )
    if len(value) > MAX_ACTIONS:
        raise Refused(422, "bad_request", f"there are at most {MAX_ACTIONS} actions")
    return value


def _screening(session: Session, person: LabelerRow, settings: Settings) -> dict[str, Any] | None:
    if person.state != "screening":
        return None
    answered = (
        select(func.count())
        .select_from(AssignmentRow)
        .join(TaskRow, TaskRow.id == AssignmentRow.task_id)
        .where(TaskRow.kind == "screening", TaskRow.state != "withdrawn")
        .where(AssignmentRow.labeler_id == person.labeler_id)
        .where(AssignmentRow.submitted_at.is_not(None))
    )
    return {
        "answered": session.scalar(answered),
        "total": n_questions(session, "screening"),
        "pass_mark": settings.pass_mark,
    }


def _stats(session: Session, person: LabelerRow, room: Room, settings: Settings) -> dict[str, Any]:
    midnight = room.now() // DAY * DAY  # of UTC
    rate = _per_hour(session, person.labeler_id, midnight) if settings.show_rate else None
    return {
        "today": queue.n_submitted(session, person.labeler_id, midnight),
        "per_hour": rate,
        "left": room.left_for(session, person) if settings.gold_every else room.left(session),
    }


def _per_hour(session: Session, labeler_id: str, since: int) -> int | None:
    """Ratings in an hour at work, of what was submitted since then; None: too short to say."""
    mine = (
        select(SubmissionRow.assignment_id)
        .join(AssignmentRow, AssignmentRow.assignment_id == SubmissionRow.assignment_id)
        .where(AssignmentRow.labeler_id == labeler_id)
        .where(SubmissionRow.revision == 1, SubmissionRow.at >= since)
    )
    at_work = session.scalar(
        select(func.sum(SubmissionRow.active_ms)).where(
            SubmissionRow.assignment_id.in_(mine), SubmissionRow.revision == 1
        )
    )
    if not at_work or at_work < MINUTE:
        return None
    n = session.scalar(
        select(func.count())
        .select_from(RatingRow)
        .where(RatingRow.assignment_id.in_(mine), RatingRow.rating.is_not(None))
    )
    return round((n or 0) * 60 * MINUTE / int(at_work))
