"""Who gets what: claims, leases and slots.

A task wants a number of opinions. An assignment that is leased or submitted
holds one of its slots; `slots` is what is left, and is kept in the task so that
a claim reads one short index, however much is done. A lease that lapses gives
its slot back, but the work stays: who comes back late gets the slot again if it
is free, and is kept as one more opinion, and one more wanted, if it is not. So

    want = imported + submitted + leased + slots

holds of every task. Gold questions and those of the screening want `EVERYBODY`.

On PostgreSQL rows are locked in the order assignment, task; claims skip tasks
that somebody else is claiming.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace

from sqlalchemy import func, literal_column, or_, select
from sqlalchemy.orm import Session

from surefoot.web.room.schema import (
    OPEN,
    AssignmentRow,
    GoldResultRow,
    GuidelineRow,
    LabelerRow,
    SubmissionRow,
    TaskRow,
)
from surefoot.web.room.settings import Settings

DAY = 86_400_000
MAX_OPEN = 3
"""Assignments that a person may hold: one at work, the others for when the network is gone."""
EVERYBODY = 1_000_000
"""Opinions wanted of a task that all are to have."""


def claim(
    session: Session,
    person: LabelerRow,
    count: int,
    settings: Settings,
    *,
    kinds: Sequence[str],
    is_gold_due: Callable[[int], bool] | None = None,
    now: int,
) -> list[AssignmentRow]:
    """Up to `count` assignments: the person's open ones first, then new ones.

    Call `expire` before, in a transaction of its own: it locks tasks of others.

    Args:
        session: A transaction that writes.
        person: Who asks.
        count: 1 to `MAX_OPEN`.
        settings: Of the project.
        kinds: Of tasks to look for, the first that has one wins; empty: only
            what the person has already.
        is_gold_due: Whether the person's n-th assignment is a gold question
            where it would be work; the first is 1. None: none is.
        now: The time.
    """
    held = _own(session, person.labeler_id)
    for assignment in sorted(held, key=lambda row: row.task_id):
        renew(session, assignment, settings, now)
    found = [row for row in held if row.state in ("leased", "reopened")][:count]
    while len(found) < count:
        task = next(
            (t for kind in kinds if (t := _next(session, person, kind, settings, now))), None
        )
        if task is None:
            break
        if task.kind == "work" and is_gold_due and is_gold_due(_n_had(session, person) + 1):
            # Only in the place of work: alone it would be known for what it is.
            task = _next(session, person, "gold", settings, now) or task
        found.append(_assign(session, person, task, settings, now))
    return found


def expire(session: Session, now: int, at_most: int = 200) -> int:
    """Take back the slots of leases that have lapsed; how many."""
    lapsed = session.scalars(
        select(AssignmentRow)
        .where(literal_column("assignment.state = 'leased'"))
        .where(AssignmentRow.lease_expires_at < now)
        .order_by(AssignmentRow.lease_expires_at)
        .limit(at_most)
        .with_for_update(skip_locked=True)
    ).all()
    for assignment in sorted(lapsed, key=lambda row: row.task_id):
        assignment.state = "expired"
        _give_back(session, assignment)
    session.flush()
    return len(lapsed)


def renew(session: Session, assignment: AssignmentRow, settings: Settings, now: int) -> None:
    """Hold work for longer, as something was heard of its rater.

    A lapsed lease comes back if the task still has a slot; else nothing changes.
    """
    if assignment.state == "expired" and assignment.submitted_at is None:
        task = locked_task(session, assignment.task_id)
        if task.slots > 0 and task.state == "open":
            task.slots -= 1
            assignment.holds_slot, assignment.state = True, "leased"
    if assignment.state == "leased":
        assignment.lease_expires_at = now + settings.lease_minutes * 60_000
    session.flush()


def release(session: Session, assignment: AssignmentRow, reason: str | None) -> None:
    """Give work back. What was submitted before it was reopened stays submitted."""
    if assignment.state == "reopened":
        assignment.state = "submitted"
    elif assignment.state in ("leased", "expired"):
        assignment.state, assignment.release_reason = "released", reason
        _give_back(session, assignment)
    session.flush()


def finish(session: Session, assignment: AssignmentRow, now: int) -> bool:
    """Count a first submission; true if it comes late, when others have all slots.

    Whether the task is settled by it is for `quality.settle` to say.
    """
    task = locked_task(session, assignment.task_id)
    is_late = not assignment.holds_slot and (task.slots == 0 or task.state != "open")
    if is_late:
        task.want += 1
    elif not assignment.holds_slot:
        task.slots -= 1
    assignment.holds_slot, assignment.submitted_at = True, now
    task.done += 1
    session.flush()
    return is_late


def is_more_later(
    session: Session, person: LabelerRow, settings: Settings, kinds: Sequence[str], now: int
) -> bool:
    """Whether there is work for a person who got none: of problems rated enough for a day."""
    unlimited = replace(settings, per_problem_a_day=0)
    return any(_next(session, person, kind, unlimited, now) is not None for kind in kinds)


def n_left(session: Session, kinds: Sequence[str]) -> int:
    """Slots that nobody has taken yet."""
    return (
        session.scalar(
            select(func.sum(TaskRow.slots))
            .where(literal_column(f"({OPEN})"))
            .where(TaskRow.kind.in_(kinds))
        )
        or 0
    )


def n_gold_left(session: Session, labeler_id: str, before: int) -> int:
    """Gold questions that a person had not been given at that time."""
    had = select(AssignmentRow.solution_id).where(
        AssignmentRow.labeler_id == labeler_id,
        AssignmentRow.solution_id == TaskRow.solution_id,
        AssignmentRow.leased_at < before,
    )
    rows = select(func.count()).select_from(TaskRow).where(literal_column(f"({OPEN})"))
    return session.scalar(rows.where(TaskRow.kind == "gold", ~had.exists())) or 0


def n_submitted(session: Session, labeler_id: str, since: int = 0) -> int:
    """Assignments that a person has submitted since then."""
    return (
        session.scalar(
            select(func.count(AssignmentRow.assignment_id.distinct()))
            .join(SubmissionRow, SubmissionRow.assignment_id == AssignmentRow.assignment_id)
            .where(AssignmentRow.labeler_id == labeler_id, SubmissionRow.revision == 1)
            .where(SubmissionRow.at >= since)
        )
        or 0
    )


def locked_task(session: Session, task_id: int) -> TaskRow:
    """A task that nobody else changes until the transaction ends."""
    return session.get_one(TaskRow, task_id, with_for_update=True, populate_existing=True)


def _own(session: Session, labeler_id: str) -> list[AssignmentRow]:
    """What a person has begun and not submitted, oldest first; lapsed work, too."""
    return list(
        session.scalars(
            select(AssignmentRow)
            .where(AssignmentRow.labeler_id == labeler_id)
            .where(
                or_(
                    AssignmentRow.state.in_(["leased", "reopened"]),
                    (AssignmentRow.state == "expired") & AssignmentRow.submitted_at.is_(None),
                )
            )
            .order_by(AssignmentRow.leased_at, AssignmentRow.task_id)
            .with_for_update()
        )
    )


def _next(
    session: Session, person: LabelerRow, kind: str, settings: Settings, now: int
) -> TaskRow | None:
    """The task of highest priority that this person may have; locked.

    Never a solution that the person had before, nor too many of one problem.
    """
    had = select(AssignmentRow.solution_id).where(
        AssignmentRow.labeler_id == person.labeler_id,
        AssignmentRow.solution_id == TaskRow.solution_id,
    )
    wanted = (
        select(TaskRow)
        .where(literal_column(f"({OPEN})"), TaskRow.kind == kind, ~had.exists())
        .order_by(literal_column("priority DESC"), TaskRow.id)
        .limit(1)
        # There is other work, but each question of the screening has to be answered.
        .with_for_update(skip_locked=kind != "screening")
        .execution_options(populate_existing=True)
    )
    # Gold, too: one solution too many of a problem would be known for what it is.
    if kind != "screening" and settings.per_problem_a_day:
        enough = (
            select(AssignmentRow.problem_id)
            .where(AssignmentRow.labeler_id == person.labeler_id)
            .where(AssignmentRow.leased_at > now - DAY, AssignmentRow.state != "released")
            .group_by(AssignmentRow.problem_id)
            .having(func.count() >= settings.per_problem_a_day)
        )
        wanted = wanted.where(TaskRow.problem_id.not_in(enough))
    return session.scalar(wanted)


def _n_had(session: Session, person: LabelerRow) -> int:
    """Assignments of a person, but for those of the screening."""
    n = select(func.count()).select_from(AssignmentRow)
    examined = (
        select(func.count())
        .select_from(GoldResultRow)
        .where(GoldResultRow.labeler_id == person.labeler_id, GoldResultRow.kind == "screening")
    )
    mine = n.where(AssignmentRow.labeler_id == person.labeler_id)
    return (session.scalar(mine) or 0) - (session.scalar(examined) or 0)


def _assign(
    session: Session, person: LabelerRow, task: TaskRow, settings: Settings, now: int
) -> AssignmentRow:
    assignment = AssignmentRow(
        assignment_id=str(uuid.uuid4()),
        task_id=task.id,
        labeler_id=person.labeler_id,
        problem_id=task.problem_id,
        solution_id=task.solution_id,
        state="leased",
        holds_slot=True,
        leased_at=now,
        lease_expires_at=now + settings.lease_minutes * 60_000,
        submitted_at=None,
        guideline_version=session.scalar(select(func.max(GuidelineRow.version))) or 0,
        last_seq=0,
        release_reason=None,
    )
    task.slots -= 1
    session.add(assignment)
    session.flush()
    return assignment


def _give_back(session: Session, assignment: AssignmentRow) -> None:
    if assignment.holds_slot:
        locked_task(session, assignment.task_id).slots += 1
        assignment.holds_slot = False
