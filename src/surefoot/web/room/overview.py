"""How far the project is: counts, pace, when it ends. Asked often, so it reads little.

Counts read one narrow table each. What needs submissions, which are wide, looks
at the newest `NEWEST` of them.
"""

import statistics
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select, text
from sqlalchemy.orm import Session

from surefoot.web.room import reports
from surefoot.web.room.schema import (
    AssignmentRow,
    EventRow,
    GenerationRow,
    LabelerRow,
    RatingRow,
    SubmissionRow,
    TaskRow,
)
from surefoot.web.room.shown import iso, project_of

NEWEST = 2000
"""Submissions that the pace is taken from, and events that clocks are taken from."""
DAY = 86_400_000
HOUR = 3_600_000
DAYS_SHOWN = 90
PACE_DAYS = 7
AT_LEAST = 10
"""Submissions in these days, below which no end is foretold."""
SKEW_MS = 120_000


def overview(session: Session, now: int) -> dict[str, Any]:
    """What the first page for leads shows."""
    project = project_of(session)
    tasks = _tasks(session)
    remaining = sum(row["remaining"] for row in tasks if row["kind"] == "work")
    pace = _pace(session)
    return {
        "name": project.name,
        "protocol": project.protocol,
        "now": iso(now),
        "tasks": tasks,
        "opinions": {
            # Of a task that was withdrawn nothing more is wanted than was given.
            "wanted": sum(
                row["given" if row["state"] == "withdrawn" else "wanted"]
                for row in tasks
                if row["kind"] == "work"
            ),
            "given": sum(row["given"] for row in tasks if row["kind"] == "work"),
            "remaining": remaining,
        },
        "days": _days(session, now),
        "pace": pace,
        "end": _end(session, remaining, pace["median_active_ms"], now),
        "generations": _generations(session),
        "reports": reports.counts(session),
        "people": _people(session),
        "clocks": clocks(session),
        "database": _database(session),
    }


def _tasks(session: Session) -> list[dict[str, Any]]:
    """Kind and state of tasks -> how many, and opinions on them."""
    given = TaskRow.done + TaskRow.imported
    missing = case((TaskRow.want > given, TaskRow.want - given), else_=0)
    rows = session.execute(
        select(
            TaskRow.kind,
            TaskRow.state,
            func.count(),
            func.sum(TaskRow.want),
            func.sum(given),
            func.sum(case((TaskRow.state == "open", missing), else_=0)),
        )
        .group_by(TaskRow.kind, TaskRow.state)
        .order_by(TaskRow.kind, TaskRow.state)
    )
    names = ("kind", "state", "tasks", "wanted", "given", "remaining")
    return [
        {name: v if isinstance(v, str) else int(v) for name, v in zip(names, row, strict=True)}
        for row in rows
    ]


def _days(session: Session, now: int) -> list[dict[str, Any]]:
    """Solutions submitted for the first time on each of the last days (of UTC), and by how many."""
    day = AssignmentRow.submitted_at // DAY
    rows = session.execute(
        select(day, func.count(), func.count(AssignmentRow.labeler_id.distinct()))
        .where(AssignmentRow.submitted_at >= (now // DAY - DAYS_SHOWN) * DAY)
        .group_by(day)
        .order_by(day)
    )
    return [{"day": iso(int(d or 0) * DAY)[:10], "solutions": n, "people": k} for d, n, k in rows]


def _pace(session: Session) -> dict[str, Any]:
    """Work in an hour at work, of the newest submissions of work."""
    newest = (
        select(SubmissionRow.assignment_id, SubmissionRow.active_ms)
        .join(AssignmentRow, AssignmentRow.assignment_id == SubmissionRow.assignment_id)
        .join(TaskRow, TaskRow.id == AssignmentRow.task_id)
        .where(SubmissionRow.revision == 1, TaskRow.kind == "work")
        .order_by(SubmissionRow.at.desc())
        .limit(NEWEST)
    )
    active = {row[0]: row[1] for row in session.execute(newest) if row[1] > 0}
    wanted = newest.with_only_columns(SubmissionRow.assignment_id).scalar_subquery()
    rated: dict[str, int] = {
        row[0]: row[1]
        for row in session.execute(
            select(RatingRow.assignment_id, func.count())
            .where(RatingRow.assignment_id.in_(wanted), RatingRow.rating.is_not(None))
            .group_by(RatingRow.assignment_id)
        )
    }
    total = sum(active.values())
    if not total:
        nothing = {"mean": None, "median": None}
        return {"of": 0, "solutions": nothing, "ratings": nothing, "median_active_ms": None}
    median = statistics.median(active.values())
    per_hour = [rated.get(name, 0) * HOUR / ms for name, ms in active.items()]
    return {
        "of": len(active),
        "solutions": {"mean": len(active) * HOUR / total, "median": HOUR / median},
        "ratings": {
            "mean": sum(rated.get(name, 0) for name in active) * HOUR / total,
            "median": statistics.median(per_hour),
        },
        "median_active_ms": median,
    }


def _end(session: Session, remaining: int, median: float | None, now: int) -> dict[str, Any]:
    """When all opinions are given, if people go on as in the last days."""
    n, people, first = session.execute(
        select(
            func.count(),
            func.count(AssignmentRow.labeler_id.distinct()),
            func.min(AssignmentRow.submitted_at),
        )
        .join(TaskRow, TaskRow.id == AssignmentRow.task_id)
        .where(TaskRow.kind == "work", AssignmentRow.submitted_at > now - PACE_DAYS * DAY)
    ).one()
    hours = None if median is None else remaining * median / HOUR
    found: dict[str, Any] = {"recent": n, "people": people, "hours_of_work": hours}
    if not remaining:
        return found | {"days": 0.0, "at": None, "why_unknown": None}
    if n < AT_LEAST or first is None:
        why = f"fewer than {AT_LEAST} solutions in the last {PACE_DAYS} days"
        return found | {"days": None, "at": None, "why_unknown": why}
    # Whoever began an hour ago has not shown what a whole day holds.
    days = remaining * max(1.0, (now - first) / DAY) / n
    return found | {"days": days, "at": iso(now + int(days * DAY)), "why_unknown": None}


def _generations(session: Session) -> list[dict[str, Any]]:
    counts = {
        row[0]: row[1:]
        for row in session.execute(
            select(
                TaskRow.generation,
                func.count(),
                func.sum(case((TaskRow.state == "open", 0), else_=1)),
                func.sum(TaskRow.done + TaskRow.imported),
            )
            .where(TaskRow.kind == "work")
            .group_by(TaskRow.generation)
        )
    }
    return [
        {
            "number": row.number,
            "verifier": row.verifier,
            "policy": row.policy,
            "created_at": iso(row.created_at),
            "tasks": int(counts[row.number][0]),
            "done": int(counts[row.number][1]),
            "opinions": int(counts[row.number][2]),
        }
        for row in session.scalars(select(GenerationRow).order_by(GenerationRow.number))
        if row.number in counts
    ]


def _people(session: Session) -> dict[str, int]:
    rows = session.execute(select(LabelerRow.state, func.count()).group_by(LabelerRow.state))
    return {row[0]: row[1] for row in rows}


def clocks(session: Session) -> list[dict[str, Any]]:
    """People whose computer's clock is wrong, by the newest events; ahead is positive.

    What was kept offline arrives late, which looks like a slow clock; so the
    event that fits best is taken of each person.
    """
    newest = (
        select(EventRow.assignment_id, EventRow.wall, EventRow.received_at)
        .order_by(EventRow.id.desc())
        .limit(NEWEST)
        .subquery()
    )
    rows = session.execute(
        select(LabelerRow.name, newest.c.wall, newest.c.received_at)
        .join(AssignmentRow, AssignmentRow.assignment_id == newest.c.assignment_id)
        .join(LabelerRow, LabelerRow.labeler_id == AssignmentRow.labeler_id)
    )
    ahead: dict[str, float] = {}
    for name, wall, received in rows:
        said = _milliseconds(wall)
        if said is not None:
            ahead[name] = min(ahead.get(name, said - received), said - received, key=abs)
    return [
        {"name": name, "ahead_ms": round(ms)}
        for name, ms in sorted(ahead.items())
        if abs(ms) > SKEW_MS
    ]


def _milliseconds(wall: str) -> float | None:
    try:
        read = datetime.fromisoformat(wall)
    except ValueError:
        return None
    return read.timestamp() * 1000 if read.tzinfo else None


def _database(session: Session) -> dict[str, Any]:
    kind = session.get_bind().dialect.name
    version = "SELECT sqlite_version()" if kind == "sqlite" else "SHOW server_version"
    return {
        "kind": kind,
        "version": session.scalar(text(version)),
        "schema": session.scalar(text("SELECT version_num FROM alembic_version")),
    }
