"""What of a task a rater sees: what counts when it is submitted, and the JSON for the page.

Nothing in it tells a gold question from work, and no score, no other rater and
no generator is in it.
"""

import hmac
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import Session

from surefoot.labeling.drafts import Option, Protocol, Shown, fold
from surefoot.labeling.events import Event, written
from surefoot.labeling.phase1 import turns, way_of
from surefoot.web.room.schema import (
    AssignmentRow,
    EventRow,
    GuidelineRow,
    OptionRow,
    ProblemRow,
    ProjectRow,
    SolutionRow,
)
from surefoot.web.room.settings import Settings, read_settings

# Asked with every event, and to build such a question takes longer than to ask it.
_OPTIONS = (
    select(OptionRow)
    .where(OptionRow.task_id == bindparam("task"))
    .where(
        or_(OptionRow.assignment_id.is_(None), OptionRow.assignment_id == bindparam("assignment"))
    )
    .order_by(OptionRow.number)
)


def project_of(session: Session) -> ProjectRow:
    """The project of this database."""
    return session.scalars(select(ProjectRow)).one()


def settings_of(session: Session) -> Settings:
    """Its settings."""
    return read_settings(project_of(session).settings)


def shown_of(
    session: Session, assignment: AssignmentRow, protocol: Protocol, last_option: int | None = None
) -> Shown:
    """What the rater of an assignment may rate.

    Args:
        session: A transaction.
        assignment: It.
        protocol: Of the project.
        last_option: Only options up to this `option.id`; None: all there are.
    """
    rows = _OPTIONS if last_option is None else _OPTIONS.where(OptionRow.id <= last_option)
    asked = {"task": assignment.task_id, "assignment": assignment.assignment_id}
    steps: tuple[str, ...] = ()
    if protocol == "phase2":
        steps = tuple(session.get_one(SolutionRow, assignment.solution_id).steps)
    return Shown(
        protocol=protocol,
        steps=steps,
        options=tuple(_option(row) for row in session.scalars(rows, asked)),
    )


def last_option_of(session: Session, task_id: int) -> int:
    """The newest option of a task; 0 if it has none."""
    newest = select(func.max(OptionRow.id)).where(OptionRow.task_id == task_id)
    return session.scalar(newest) or 0


def events_of(session: Session, assignment_id: str, last_seq: int | None = None) -> list[Event]:
    """The events of an assignment, in the order in which things were done."""
    rows = select(EventRow).where(EventRow.assignment_id == assignment_id).order_by(EventRow.seq)
    if last_seq is not None:
        rows = rows.where(EventRow.seq <= last_seq)
    return [event_of(row) for row in session.scalars(rows)]


def event_of(row: EventRow) -> Event:
    """A stored event."""
    return Event(
        event_id=row.event_id,
        seq=row.seq,
        type=row.type,
        payload=row.payload,
        mono_ms=row.mono_ms,
        wall=row.wall,
    )


def for_page(
    session: Session, assignment: AssignmentRow, protocol: Protocol, settings: Settings
) -> dict[str, Any]:
    """An assignment as the page gets it."""
    problem = session.get_one(ProblemRow, assignment.problem_id)
    solution = session.get_one(SolutionRow, assignment.solution_id)
    shown = shown_of(session, assignment, protocol)
    events = events_of(session, assignment.assignment_id)
    is_whole = protocol == "phase2"
    return {
        "assignment_id": assignment.assignment_id,
        "state": assignment.state,
        "lease_expires_at": iso(assignment.lease_expires_at),
        "guideline_version": assignment.guideline_version,
        "problem": {
            "problem_id": opaque(project_of(session).secret, problem.problem_id),
            "statement": problem.statement,
            "answer": (problem.answer or None) if settings.show_answer else None,
        },
        "steps": list(shown.steps),
        "final_answer": solution.answer if is_whole else None,
        "options": _by_step(_asked(shown, settings) if is_whole else _on_the_way(shown, events)),
        "events": [written(event) for event in events],
        "last_seq": assignment.last_seq,
    }


def option_for_page(option: Option) -> dict[str, Any]:
    """An option as the page gets it."""
    return {"candidate": option.candidate, "text": option.text, "origin": option.origin}


def guideline_of(session: Session) -> dict[str, Any]:
    """The guidelines in force; version 0 and no text where there are none."""
    newest = select(GuidelineRow).order_by(GuidelineRow.version.desc()).limit(1)
    row = session.scalar(newest)
    return {"version": row.version, "text": row.text} if row else {"version": 0, "text": ""}


def opaque(secret: str, problem_id: str) -> str:
    """A problem's name for the page: the real one may say where a gold question comes from."""
    said = hmac.digest(secret.encode(), f"problem {problem_id}".encode(), "sha256")
    return said.hex()[:16]


def iso(time: int) -> str:
    """Milliseconds since 1970 as the page reads them."""
    text = datetime.fromtimestamp(time / 1000, tz=UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def _option(row: OptionRow) -> Option:
    return Option(
        step=row.step,
        candidate=row.number,
        text=row.text,
        origin=row.origin,  # type: ignore[arg-type]
        follows=row.follows,
    )


def _asked(shown: Shown, settings: Settings) -> list[Option]:
    """Phase 2: the options that the project asks about."""
    return [
        option
        for option in shown.options
        if (settings.ask_critique if option.origin == "critique" else settings.ask_alternatives)
    ]


def _on_the_way(shown: Shown, events: Sequence[Event]) -> list[Option]:
    """Phase 1: the options offered on the way that was taken, and at its end."""
    draft = fold(events, shown)
    found = [option for turn in turns(draft) for option in turn.offered]
    return [*found, *(o for o in shown.offered(way_of(draft)) if o not in found)]


def _by_step(options: Sequence[Option]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for option in options:
        found.setdefault(str(option.step), []).append(option_for_page(option))
    return found
