"""Opinions from elsewhere: sessions of imported labels, beside those that are given here.

They are kept as they came, so that an export gives them back. One that is rated
to the first error or to the end counts as if a person had given it here; others
leave their solution to be rated.
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from surefoot.labeling.quality import is_disputed, opinion_of
from surefoot.records import Session as SessionRecord
from surefoot.web.room import quality
from surefoot.web.room.journal import session_text
from surefoot.web.room.schema import AssignmentRow, ImportedRow, ProjectRow, TaskRow
from surefoot.web.room.settings import read_settings

CHUNK = 500


def keep_opinions(
    session: Session, opinions: Mapping[str, Sequence[SessionRecord]], *, now: int
) -> int:
    """Keep sessions as opinions on work tasks; how many are new. The same again changes nothing.

    Args:
        session: A transaction that writes.
        opinions: `solution_id` -> sessions; those of solutions without a task are passed over.
        now: The time.
    """
    names, n = sorted(opinions), 0
    for start in range(0, len(names), CHUNK):
        some = names[start : start + CHUNK]
        tasks = session.scalars(
            select(TaskRow)
            .where(TaskRow.kind == "work", TaskRow.solution_id.in_(some))
            .order_by(TaskRow.id)
            .with_for_update()
        ).all()
        n += _keep(session, tasks, opinions, now)
    return n


def counted_imports(session: Session) -> dict[int, int]:
    """Task -> whole opinions from elsewhere."""
    rows = session.execute(
        select(ImportedRow.task_id, func.count())
        .where(ImportedRow.is_whole.is_(True))
        .group_by(ImportedRow.task_id)
    )
    return {row[0]: row[1] for row in rows}


def _keep(
    session: Session,
    tasks: Sequence[TaskRow],
    opinions: Mapping[str, Sequence[SessionRecord]],
    now: int,
) -> int:
    ids = [task.id for task in tasks]
    there: dict[int, set[str]] = defaultdict(set)
    known = select(ImportedRow.task_id, ImportedRow.session_sha256)
    for task_id, sha256 in session.execute(known.where(ImportedRow.task_id.in_(ids))):
        there[task_id].add(sha256)
    held = select(AssignmentRow.task_id, func.count()).group_by(AssignmentRow.task_id)
    holders = {
        row[0]: row[1]
        for row in session.execute(
            held.where(AssignmentRow.task_id.in_(ids), AssignmentRow.holds_slot.is_(True))
        )
    }
    rows: list[dict[str, Any]] = []
    to_settle: list[TaskRow] = []
    for task in tasks:
        is_first = task.id not in there and task.id not in holders
        new = _rows(task, opinions[task.solution_id], there[task.id], now)
        if not new:
            continue
        rows += new
        _count(task, [row for row in new if row["is_whole"]], holders.get(task.id, 0))
        if not is_first or is_disputed([row["first_error"] for row in new if row["is_whole"]]):
            to_settle.append(task)
        elif task.slots == 0:
            task.state = "complete"
    session.flush()
    if rows:
        session.execute(insert(ImportedRow), rows)
    project = session.scalars(select(ProjectRow)).one()
    for task in to_settle:
        quality.settle(
            session,
            task,
            read_settings(project.settings),
            is_compared=project.protocol == "phase2",
            now=now,
        )
    return len(rows)


def _rows(
    task: TaskRow, records: Sequence[SessionRecord], there: set[str], now: int
) -> list[dict[str, Any]]:
    rows = []
    for record in records:
        text = session_text(record)
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        if sha256 in there:
            continue
        there.add(sha256)
        opinion = opinion_of(record)
        rows.append(
            {
                "task_id": task.id,
                "session": text,
                "session_sha256": sha256,
                "first_error": opinion.first_error,
                "is_whole": opinion.is_whole,
                "at": now,
            }
        )
    return rows


def _count(task: TaskRow, new: Sequence[dict[str, Any]], n_holders: int) -> None:
    """Opinions that come take free slots first; beyond them more are wanted."""
    task.imported += len(new)
    task.want = max(task.want, task.imported + n_holders)
    task.slots = task.want - task.imported - n_holders
