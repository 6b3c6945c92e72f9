"""Are the tables what the events say? Everything that follows from events, made again.

Ratings, the sessions of submissions, opinions from elsewhere, results of gold
questions, slots and counts of tasks, the chain of the audit log. `mend` writes what
the events say; sessions are never rewritten, as they were what the rater agreed to.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from surefoot.labeling.drafts import Protocol
from surefoot.labeling.finishing import first_error
from surefoot.labeling.quality import opinion_of
from surefoot.labeling.sessions import session_from
from surefoot.web.room import audit
from surefoot.web.room.imports import counted_imports
from surefoot.web.room.journal import (
    apply_to_rating,
    blank_rating,
    draft_of,
    session_made,
    session_text,
)
from surefoot.web.room.quality import result_of
from surefoot.web.room.schema import (
    NO_CANDIDATE,
    AssignmentRow,
    EventRow,
    GoldResultRow,
    ImportedRow,
    RatingRow,
    SubmissionRow,
    TaskRow,
)
from surefoot.web.room.shown import event_of, project_of

SHOWN = 100
"""Differences that are told one by one."""


@dataclass(kw_only=True)
class Replay:
    """What was looked at and what differs."""

    counts: Counter[str] = field(default_factory=Counter)
    """`events`, `ratings`, `submissions`, `results`, `tasks`, `differences`."""
    told: list[str] = field(default_factory=list)
    """The first differences, one line each."""

    def differs(self, line: str) -> None:
        """Count a difference."""
        self.counts["differences"] += 1
        if len(self.told) < SHOWN:
            self.told.append(line)


def replay(session: Session, *, mend: bool = False) -> Replay:
    """Go through the whole database.

    Args:
        session: A transaction; one that writes if `mend`.
        mend: Write ratings, results, slots and counts as they follow.
    """
    found = Replay()
    for name in ("events", "ratings", "submissions", "results", "tasks", "differences"):
        found.counts[name] = 0
    _ratings(session, found, mend)
    _submissions(session, found)
    _imports(session, found)
    _results(session, found, mend)
    _tasks(session, found, mend)
    broken = audit.first_break(session)
    if broken is not None:
        found.differs(f"audit row {broken}: its hash does not follow from the row before")
    return found


def _ratings(session: Session, found: Replay, mend: bool) -> None:
    expected: dict[tuple[str, int, int], RatingRow] = {}
    last_seq: Counter[str] = Counter()
    events = select(EventRow).order_by(EventRow.id).execution_options(yield_per=5000)
    for row in session.scalars(events):
        found.counts["events"] += 1
        last_seq[row.assignment_id] = max(last_seq[row.assignment_id], row.seq)
        if row.type not in ("rate", "flag"):
            continue
        candidate = row.payload["candidate"]
        thing = row.payload["step"], NO_CANDIDATE if candidate is None else candidate
        key = (row.assignment_id, *thing)
        if key not in expected:
            expected[key] = blank_rating(row.assignment_id, thing)
        apply_to_rating(expected[key], event_of(row))
    there = {(r.assignment_id, r.step, r.candidate): r for r in session.scalars(select(RatingRow))}
    found.counts["ratings"] = len(expected)
    for key in sorted(expected.keys() | there.keys()):
        ours, theirs = expected.get(key), there.get(key)
        said, is_so = _values(ours), _values(theirs)
        if said != is_so:
            found.differs(f"rating {key}: is {is_so}, the events say {said}")
            if mend:
                _put_right(session, ours, theirs)
    for assignment in session.scalars(select(AssignmentRow)):
        if assignment.last_seq != last_seq[assignment.assignment_id]:
            found.differs(
                f"assignment {assignment.assignment_id}: last_seq is {assignment.last_seq},"
                f" the events say {last_seq[assignment.assignment_id]}"
            )
            if mend:
                assignment.last_seq = last_seq[assignment.assignment_id]


def _put_right(session: Session, ours: object | None, theirs: object | None) -> None:
    """Keep the row that follows; remove one that does not follow from anything."""
    if ours is not None:
        session.merge(ours)
    else:
        session.delete(theirs)


def _values(row: RatingRow | None) -> tuple[Any, ...] | None:
    if row is None:
        return None
    return row.rating, row.rating_seq, row.changes, row.is_flagged, row.flag_seq


def _submissions(session: Session, found: Replay) -> None:
    protocol: Protocol = project_of(session).protocol  # type: ignore[assignment]
    rows = select(SubmissionRow).execution_options(yield_per=500)
    for row in session.scalars(rows):
        found.counts["submissions"] += 1
        assignment = session.get_one(AssignmentRow, row.assignment_id)
        draft = draft_of(session, assignment, protocol, row.last_seq, row.last_option)
        made = session_text(session_made(session, assignment, row, draft))
        said = made, _sha256(made), first_error(draft), draft.active_ms
        if said != (row.session, row.session_sha256, row.first_error, row.active_ms):
            found.differs(f"submission {row.submission_id}: is not what its events say")


def _imports(session: Session, found: Replay) -> None:
    """Opinions from elsewhere: as they came, and said to say what they say."""
    for row in session.scalars(select(ImportedRow).execution_options(yield_per=500)):
        if _sha256(row.session) != row.session_sha256:
            found.differs(f"imported opinion {row.id}: is not what was stored")
        elif opinion_of(session_from(row.session)) != (row.is_whole, row.first_error):
            found.differs(f"imported opinion {row.id}: says another first error than is noted")


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _results(session: Session, found: Replay, mend: bool) -> None:
    """Gold and screening questions: scored as their last revisions say."""
    rows = session.execute(
        select(AssignmentRow, SubmissionRow, TaskRow)
        .join(AssignmentRow, AssignmentRow.assignment_id == SubmissionRow.assignment_id)
        .join(TaskRow, TaskRow.id == AssignmentRow.task_id)
        .where(TaskRow.kind != "work")
        .order_by(SubmissionRow.revision)
    ).all()
    expected = {one.assignment_id: result_of(one, said, task) for one, said, task in rows}
    there = {row.assignment_id: row for row in session.scalars(select(GoldResultRow))}
    found.counts["results"] = len(expected)
    for name in sorted(expected.keys() | there.keys()):
        ours, theirs = expected.get(name), there.get(name)
        said, is_so = _result(ours), _result(theirs)
        if said != is_so:
            found.differs(f"result {name}: is {is_so}, the submission says {said}")
            if mend:
                _put_right(session, ours, theirs)


def _result(row: GoldResultRow | None) -> tuple[Any, ...] | None:
    if row is None:
        return None
    return row.labeler_id, row.kind, row.is_right, row.first_error, row.at


def _tasks(session: Session, found: Replay, mend: bool) -> None:
    held = _count(session, AssignmentRow.holds_slot.is_(True))
    done = _count(session, AssignmentRow.submitted_at.is_not(None))
    whole = counted_imports(session)
    for task in session.scalars(select(TaskRow).execution_options(yield_per=5000)):
        found.counts["tasks"] += 1
        imported = whole.get(task.id, 0)
        slots = task.want - imported - held.get(task.id, 0)
        said = {"slots": slots, "done": done.get(task.id, 0), "imported": imported}
        is_so = {name: getattr(task, name) for name in said}
        if is_so != said or slots < 0:
            found.differs(f"task {task.id}: is {is_so}, assignments and imports say {said}")
            if mend:
                task.want -= min(0, slots)  # more hold it than are wanted
                for name, value in said.items():
                    setattr(task, name, max(0, value))


def _count(session: Session, condition: Any) -> dict[int, int]:
    rows = session.execute(
        select(AssignmentRow.task_id, func.count()).where(condition).group_by(AssignmentRow.task_id)
    )
    return {row[0]: row[1] for row in rows}
