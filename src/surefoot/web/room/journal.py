"""Events in; ratings and submissions out of them.

An event is stored once, whatever is sent how often, and acknowledged only after
the commit. What it says goes into `rating` in the same transaction. A submission
folds the events up to its own number into a session and keeps that.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, insert, or_, select
from sqlalchemy.orm import Session

from surefoot.labeling.drafts import Draft, FinishReason, Protocol, check_fits, fold
from surefoot.labeling.events import BadEvent, Event
from surefoot.labeling.finishing import Facts, first_error, objection, session_of_draft
from surefoot.records import Session as SessionRecord
from surefoot.web.room import quality, queue
from surefoot.web.room.problems import Refused
from surefoot.web.room.schema import (
    NO_CANDIDATE,
    AssignmentRow,
    EventRow,
    LabelerRow,
    RatingRow,
    SolutionRow,
    SubmissionRow,
    TaskRow,
)
from surefoot.web.room.settings import Settings
from surefoot.web.room.shown import event_of, events_of, last_option_of, shown_of

AFTER_SUBMISSION = ("active", "note")
"""Events that may still arrive: they do not change what was submitted."""

# Asked with every event, and to build such a question takes longer than to ask it.
_ALIKE = select(EventRow).where(
    or_(
        EventRow.event_id.in_(bindparam("ids", expanding=True)),
        (EventRow.assignment_id == bindparam("assignment"))
        & EventRow.seq.in_(bindparam("seqs", expanding=True)),
    )
)


def own_assignment(
    session: Session, assignment_id: str, person: LabelerRow, *, lock: bool = True
) -> AssignmentRow:
    """A person's assignment; with `lock` nobody else changes it until the transaction ends.

    Raises:
        Refused: There is none of this id, or it is another's, which is not told apart.
    """
    row = session.get(AssignmentRow, assignment_id, with_for_update=lock or None)
    if row is None or row.labeler_id != person.labeler_id:
        raise Refused(404, "not_found", "there is no such assignment")
    return row


def append(
    session: Session,
    assignment: AssignmentRow,
    events: Sequence[Event],
    settings: Settings,
    protocol: Protocol,
    *,
    session_id: str,
    now: int,
) -> list[str]:
    """Store events, all or none of them; those that are stored already count as stored.

    Returns:
        Their ids, in the order given. Acknowledge them after the commit.

    Raises:
        Refused: An id or a number is taken by another event; an event is about
            something that was not shown; the work is submitted.
    """
    new = _not_stored(session, assignment, events)
    shown = shown_of(session, assignment, protocol) if new else None
    for event in new:
        if assignment.state == "submitted" and event.type not in AFTER_SUBMISSION:
            raise Refused(409, "not_open", "it is submitted; reopen it to change a rating")
        try:
            assert shown is not None
            check_fits(event, shown)
        except BadEvent as error:
            raise _bad_event(event, error) from None
    if new:
        rows = [_row(assignment.assignment_id, event, session_id, now) for event in new]
        session.execute(insert(EventRow), rows)
        project(session, assignment.assignment_id, new)
        assignment.last_seq = max(assignment.last_seq, *(event.seq for event in new))
    queue.renew(session, assignment, settings, now)
    return [event.event_id for event in events]


def project(session: Session, assignment_id: str, events: Sequence[Event]) -> None:
    """Bring the ratings up to date with events that were not in them."""
    rows = {
        (row.step, row.candidate): row
        for row in session.scalars(
            select(RatingRow).where(RatingRow.assignment_id == assignment_id)
        )
    }
    for event in events:
        if event.type not in ("rate", "flag"):
            continue
        candidate = event.payload["candidate"]
        key = event.payload["step"], NO_CANDIDATE if candidate is None else candidate
        if key not in rows:
            rows[key] = blank_rating(assignment_id, key)
            session.add(rows[key])
        apply_to_rating(rows[key], event)
    session.flush()


def blank_rating(assignment_id: str, key: tuple[int, int]) -> RatingRow:
    """What holds of a thing before any event."""
    return RatingRow(
        assignment_id=assignment_id,
        step=key[0],
        candidate=key[1],
        rating=None,
        rating_seq=0,
        changes=0,
        is_flagged=False,
        flag_seq=0,
    )


def apply_to_rating(row: RatingRow, event: Event) -> None:
    """Let an event count, unless a later one has arrived before it."""
    if event.type == "rate":
        row.changes += 1
        if event.seq > row.rating_seq:
            row.rating, row.rating_seq = event.payload["rating"], event.seq
    elif event.seq > row.flag_seq:
        row.is_flagged, row.flag_seq = event.payload["flagged"], event.seq


def submit(
    session: Session,
    assignment: AssignmentRow,
    protocol: Protocol,
    *,
    submission_id: str,
    last_seq: int,
    finish: FinishReason,
    reason: str | None,
    now: int,
) -> SubmissionRow:
    """Finish an assignment; a repeated submission gives what the first one gave.

    Raises:
        Refused: The id belongs to another submission, events are missing, the
            work is not finished, or not open.
    """
    said = (assignment.assignment_id, last_seq, finish, reason)
    old = session.get(SubmissionRow, submission_id)
    if old is not None:
        if (old.assignment_id, old.last_seq, old.finish_reason, old.reason) != said:
            raise Refused(409, "conflict", f"submission {submission_id} says something else")
        return old
    if assignment.state not in ("leased", "reopened", "expired"):
        raise Refused(409, "not_open", f"it is {assignment.state}")
    _check_complete(session, assignment, last_seq)
    last_option = last_option_of(session, assignment.task_id)
    draft = draft_of(session, assignment, protocol, last_seq, last_option)
    if why := objection(draft, finish, reason):
        raise Refused(422, "not_finished", why)
    before = session.scalars(
        select(SubmissionRow.is_late).where(SubmissionRow.assignment_id == assignment.assignment_id)
    ).all()
    # Who came late is an extra opinion, however often it is changed.
    is_late = any(before) if before else queue.finish(session, assignment, now)
    row = SubmissionRow(
        submission_id=submission_id,
        assignment_id=assignment.assignment_id,
        revision=len(before) + 1,
        finish_reason=finish,
        reason=reason,
        first_error=first_error(draft),
        active_ms=draft.active_ms,
        wall_ms=now - assignment.leased_at,
        last_seq=last_seq,
        last_option=last_option,
        session="",
        session_sha256="",
        is_late=is_late,
        at=now,
    )
    row.session = session_text(session_made(session, assignment, row, draft))
    row.session_sha256 = hashlib.sha256(row.session.encode()).hexdigest()
    session.add(row)
    assignment.state = "submitted"
    session.flush()
    quality.judge(session, assignment, row, now)
    return row


def reopen(session: Session, assignment: AssignmentRow, settings: Settings, now: int) -> None:
    """Open submitted work again; the submission counts until there is another one.

    Raises:
        Refused: It was not submitted.
    """
    if assignment.state == "submitted":
        assignment.state = "reopened"
    elif assignment.state != "reopened":
        raise Refused(409, "not_open", f"it is {assignment.state}, not submitted")
    queue.renew(session, assignment, settings, now)


def draft_of(
    session: Session,
    assignment: AssignmentRow,
    protocol: Protocol,
    last_seq: int,
    last_option: int,
) -> Draft:
    """What held after these events, with these options."""
    return fold(
        events_of(session, assignment.assignment_id, last_seq),
        shown_of(session, assignment, protocol, last_option),
    )


def session_made(
    session: Session, assignment: AssignmentRow, row: SubmissionRow, draft: Draft
) -> SessionRecord:
    """The session of a submission; `draft` as `draft_of` gives it."""
    task = session.get_one(TaskRow, assignment.task_id)
    solution = session.get_one(SolutionRow, assignment.solution_id)
    person = session.get_one(LabelerRow, assignment.labeler_id)
    facts = Facts(
        session_id=assignment.assignment_id,
        problem_id=assignment.problem_id,
        rater=person.export_id,
        generation=task.generation if draft.shown.protocol == "phase2" else None,
        kind=task.kind,  # type: ignore[arg-type]
        shown_answer=solution.answer,
        shown_score=solution.score,
    )
    # As PRM800K writes it: without a zone; it is UTC.
    time = datetime.fromtimestamp(row.at / 1000, tz=UTC).replace(tzinfo=None)
    return session_of_draft(
        draft,
        facts,
        row.finish_reason,  # type: ignore[arg-type]
        reason=row.reason,
        timestamp=time.isoformat(timespec="microseconds"),
    )


def session_text(record: SessionRecord) -> str:
    """A session as it is kept."""
    return json.dumps(asdict(record), ensure_ascii=False, sort_keys=True)


def _not_stored(
    session: Session, assignment: AssignmentRow, events: Sequence[Event]
) -> list[Event]:
    """Those that are new, each once."""
    asked = {
        "assignment": assignment.assignment_id,
        "ids": [event.event_id for event in events],
        "seqs": [event.seq for event in events],
    }
    stored = session.scalars(_ALIKE, asked).all()
    by_id = {row.event_id: event_of(row) for row in stored}
    by_seq = {row.seq: row.event_id for row in stored}
    foreign = {r.event_id for r in stored if r.assignment_id != assignment.assignment_id}
    new: list[Event] = []
    for event in events:
        old = by_id.get(event.event_id)
        is_taken = by_seq.get(event.seq, event.event_id) != event.event_id
        if event.event_id in foreign or (old and old.content() != event.content()) or is_taken:
            what = "number" if old is None else "id"
            raise Refused(
                409,
                "conflict",
                f"another event has the {what} of event {event.seq}",
                event_id=event.event_id,
                seq=event.seq,
            )
        if old is None:
            by_id[event.event_id], by_seq[event.seq] = event, event.event_id
            new.append(event)
    return new


def _check_complete(session: Session, assignment: AssignmentRow, last_seq: int) -> None:
    rows = select(EventRow.seq).where(
        EventRow.assignment_id == assignment.assignment_id, EventRow.seq <= last_seq
    )
    missing = sorted(set(range(1, last_seq + 1)) - set(session.scalars(rows)))
    if missing:
        raise Refused(
            409,
            "missing_events",
            f"{len(missing)} events have not arrived",
            missing=missing[:1000],
        )


def _row(assignment_id: str, event: Event, session_id: str, now: int) -> dict[str, Any]:
    return {
        "assignment_id": assignment_id,
        "event_id": event.event_id,
        "seq": event.seq,
        "type": event.type,
        "payload": dict(event.payload),
        "mono_ms": event.mono_ms,
        "wall": event.wall,
        "session_id": session_id,
        "received_at": now,
    }


def _bad_event(event: Event, error: BadEvent) -> Refused:
    return Refused(
        422,
        "bad_event",
        f"event {event.seq}: {error}",
        event_id=event.event_id,
        field=error.field,
    )
