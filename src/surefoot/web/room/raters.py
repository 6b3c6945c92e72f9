"""What can be told of each person: speed, habits, gold questions, colleagues.

Shown to leads, never acted upon by the program but for gold questions. Figures
that need events or ratings are of the newest `NEWEST` submissions of all people.
"""

import statistics
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from surefoot.labeling.quality import WHOLE
from surefoot.labeling.resampling import share
from surefoot.web.room.opinions import is_newest, of_several
from surefoot.web.room.questions import counted
from surefoot.web.room.schema import (
    NO_CANDIDATE,
    AssignmentRow,
    EventRow,
    GoldResultRow,
    LabelerRow,
    RatingRow,
    SubmissionRow,
)
from surefoot.web.room.shown import iso, settings_of

NEWEST = 10_000
HOUR = 3_600_000
MINUTE = 60_000
WEEK = 7 * 86_400_000
WEEKS_SHOWN = 12
RATINGS = (-1, 0, 1)


class Done(NamedTuple):
    """A recent submission and its ratings of steps as shown."""

    assignment_id: str
    labeler_id: str
    active_ms: int
    minus: int
    zero: int
    plus: int

    @property
    def rated(self) -> int:
        """Steps."""
        return self.minus + self.zero + self.plus


def people(session: Session, now: int) -> list[dict[str, Any]]:
    """Everybody, with all that is known; figures are None where there is nothing yet."""
    done: defaultdict[str, list[Done]] = defaultdict(list)
    for one in _recent(session):
        done[one.labeler_id].append(one)
    fast, golds, others = _fast(session), _golds(session), _colleagues(session, now)
    counts = _counts(session)
    rows = session.scalars(select(LabelerRow).order_by(LabelerRow.created_at, LabelerRow.name))
    return [
        {
            "labeler_id": row.labeler_id,
            "name": row.name,
            "role": row.role,
            "state": row.state,
            "export_id": row.export_id,
            "created_at": iso(row.created_at),
            "submissions": counts.get(row.labeler_id, (0, None))[0],
            "last_seen": counts.get(row.labeler_id, (0, None))[1],
            "gold": golds.get(row.labeler_id),
            "fast_share": fast.get(row.labeler_id),
            **_habits(done[row.labeler_id]),
            **others.get(row.labeler_id, NOBODY),
        }
        for row in rows
    ]


def _habits(done: Sequence[Done]) -> dict[str, Any]:
    """Speed and rates of one person's recent work, oldest first."""
    active, rated = sum(d.active_ms for d in done), sum(d.rated for d in done)
    totals = [sum(d.minus for d in done), sum(d.zero for d in done), sum(d.plus for d in done)]
    per_step = [d.active_ms / d.rated / 1000 for d in done if d.rated and d.active_ms]
    streak = longest = 0
    for one in done:
        streak = streak + 1 if one.plus and one.plus == one.rated else 0
        longest = max(longest, streak)
    return {
        "solutions_per_hour": len(done) * HOUR / active if active >= MINUTE else None,
        "seconds_a_step": statistics.median(per_step) if per_step else None,
        "rates": [n / rated for n in totals] if rated else None,
        "longest_all_good": longest,
    }


def _recent(session: Session) -> list[Done]:
    newest = _newest().subquery()
    tally = [func.sum(case((RatingRow.rating == rating, 1), else_=0)) for rating in RATINGS]
    rows = session.execute(
        select(newest.c.assignment_id, newest.c.labeler_id, newest.c.active_ms, *tally)
        .outerjoin(
            RatingRow,
            (RatingRow.assignment_id == newest.c.assignment_id)
            & (RatingRow.candidate == NO_CANDIDATE),
        )
        .group_by(newest.c.assignment_id, newest.c.labeler_id, newest.c.active_ms, newest.c.at)
        .order_by(newest.c.at)
    )
    return [Done(a, who, ms, int(m), int(z), int(p)) for a, who, ms, m, z, p in rows]


def _newest() -> Any:
    return (
        select(
            SubmissionRow.assignment_id,
            AssignmentRow.labeler_id,
            SubmissionRow.active_ms,
            SubmissionRow.at,
        )
        .join(AssignmentRow, AssignmentRow.assignment_id == SubmissionRow.assignment_id)
        .where(SubmissionRow.revision == 1)
        .order_by(SubmissionRow.at.desc())
        .limit(NEWEST)
    )


def _fast(session: Session) -> dict[str, float]:
    """Share of ratings that came within 300 ms of the step being shown."""
    newest = _newest().subquery()
    is_fast = EventRow.payload["fast"].as_boolean()
    rows = session.execute(
        select(newest.c.labeler_id, func.count(), func.sum(case((is_fast, 1), else_=0)))
        .join(EventRow, EventRow.assignment_id == newest.c.assignment_id)
        .where(EventRow.type == "rate")
        .group_by(newest.c.labeler_id)
    )
    return {who: int(fast) / n for who, n, fast in rows}


def _counts(session: Session) -> dict[str, tuple[int, str | None]]:
    """Submissions, and when the person was last heard of."""
    lease = settings_of(session).lease_minutes * MINUTE
    heard = case(
        (AssignmentRow.submitted_at.is_not(None), AssignmentRow.submitted_at),
        (AssignmentRow.state == "leased", AssignmentRow.lease_expires_at - lease),
        else_=AssignmentRow.leased_at,
    )
    rows = session.execute(
        select(
            AssignmentRow.labeler_id, func.count(AssignmentRow.submitted_at), func.max(heard)
        ).group_by(AssignmentRow.labeler_id)
    )
    return {who: (n, iso(at)) for who, n, at in rows}


def _golds(session: Session) -> dict[str, dict[str, Any]]:
    rows = session.execute(
        counted(
            GoldResultRow.labeler_id,
            func.count(),
            func.sum(case((GoldResultRow.is_right, 1), else_=0)),
        )
        .where(GoldResultRow.kind == "gold")
        .group_by(GoldResultRow.labeler_id)
    )
    return {who: {"right": int(right), **share(int(right), n)._asdict()} for who, n, right in rows}


NOBODY: dict[str, Any] = {"pairs": 0, "same": None, "later_by": None, "weeks": []}


def _colleagues(session: Session, now: int) -> dict[str, dict[str, Any]]:
    """Against others on the same solutions: the same first error? how much later? by week."""
    rows = session.execute(
        select(
            AssignmentRow.task_id,
            AssignmentRow.labeler_id,
            SubmissionRow.first_error,
            SubmissionRow.at,
        )
        .join(SubmissionRow, SubmissionRow.assignment_id == AssignmentRow.assignment_id)
        .where(
            of_several(AssignmentRow.task_id), SubmissionRow.finish_reason.in_(WHOLE), is_newest()
        )
        .order_by(AssignmentRow.task_id)
    )
    tasks: defaultdict[int, list[tuple[str, int | None, int]]] = defaultdict(list)
    for task_id, who, error, at in rows:
        tasks[task_id].append((who, error, at))
    pairs: Counter[str] = Counter()
    same: Counter[str] = Counter()
    later: defaultdict[str, list[int]] = defaultdict(list)
    weeks: defaultdict[str, defaultdict[int, list[bool]]] = defaultdict(lambda: defaultdict(list))
    for said in tasks.values():
        for i, (who, error, at) in enumerate(said):
            for other in (e for j, (_, e, _) in enumerate(said) if j != i):
                pairs[who] += 1
                same[who] += error == other
                weeks[who][at // WEEK].append(error == other)
                if error is not None and other is not None:
                    later[who].append(error - other)
    last = now // WEEK
    return {
        who: {
            "pairs": n,
            "same": same[who] / n,
            "later_by": statistics.mean(later[who]) if later[who] else None,
            "weeks": [
                {
                    "week": iso(week * WEEK)[:10],
                    "pairs": len(found),
                    "same": sum(found) / len(found),
                }
                for week, found in sorted(weeks[who].items())
                if week > last - WEEKS_SHOWN
            ],
        }
        for who, n in pairs.items()
    }
