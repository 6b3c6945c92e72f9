"""Questions whose answer is known, and how people do on them."""

from collections import Counter, defaultdict
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from surefoot.labeling.quality import pass_chances
from surefoot.web.room.reports import START
from surefoot.web.room.schema import (
    AssignmentRow,
    GoldResultRow,
    LabelerRow,
    ProblemRow,
    TaskRow,
)
from surefoot.web.room.shown import settings_of

AT_LEAST = 3
"""Answers from which on a question that most get wrong is doubted."""


def counted(*columns: Any) -> Select[Any]:
    """A query of results that count: those of questions that were withdrawn do not."""
    return (
        select(*columns)
        .select_from(GoldResultRow)
        .join(AssignmentRow, AssignmentRow.assignment_id == GoldResultRow.assignment_id)
        .join(TaskRow, TaskRow.id == AssignmentRow.task_id)
        .where(TaskRow.state != "withdrawn")
    )


def n_questions(session: Session, kind: str) -> int:
    """Questions of a kind, `gold` or `screening`, that are asked."""
    rows = select(func.count()).select_from(TaskRow)
    return session.scalar(rows.where(TaskRow.kind == kind, TaskRow.state != "withdrawn")) or 0


def questions(session: Session) -> list[dict[str, Any]]:
    """Gold and screening questions; those that most people get wrong come first.

    Such a question is probably wrong itself, or admits more than one answer.
    """
    answers: defaultdict[int, Counter[int | None]] = defaultdict(Counter)
    right: Counter[int] = Counter()
    rows = session.execute(
        select(
            AssignmentRow.task_id, GoldResultRow.first_error, GoldResultRow.is_right, func.count()
        )
        .join(AssignmentRow, AssignmentRow.assignment_id == GoldResultRow.assignment_id)
        .group_by(AssignmentRow.task_id, GoldResultRow.first_error, GoldResultRow.is_right)
    )
    for task_id, first_error, is_right, n in rows:
        answers[task_id][first_error] += n
        right[task_id] += n if is_right else 0
    tasks = session.execute(
        select(TaskRow, ProblemRow.statement)
        .join(ProblemRow, ProblemRow.problem_id == TaskRow.problem_id)
        .where(TaskRow.kind.in_(["gold", "screening"]))
        .order_by(TaskRow.id)
    )
    found = [
        {
            "task_id": task.id,
            "kind": task.kind,
            "state": task.state,
            "statement_start": statement[:START],
            "acceptable": (task.gold or {}).get("first_errors", []),
            "answers": answers[task.id].total(),
            "right": right[task.id],
            "said": [{"first_error": e, "n": n} for e, n in answers[task.id].most_common()],
            "is_doubtful": task.state != "withdrawn"
            and answers[task.id].total() >= AT_LEAST
            and 2 * right[task.id] < answers[task.id].total(),
        }
        for task, statement in tasks
    ]
    return sorted(found, key=lambda q: q["right"] / q["answers"] if q["answers"] else 2.0)


def screening(session: Session) -> dict[str, Any]:
    """Who took the examination and how it went, and who would pass it."""
    n = n_questions(session, "screening")
    mark = settings_of(session).pass_mark
    rows = session.execute(
        counted(
            LabelerRow.name,
            LabelerRow.state,
            func.count(),
            func.sum(case((GoldResultRow.is_right, 1), else_=0)),
        )
        .join(LabelerRow, LabelerRow.labeler_id == GoldResultRow.labeler_id)
        .where(GoldResultRow.kind == "screening")
        .group_by(LabelerRow.labeler_id, LabelerRow.name, LabelerRow.state)
        .order_by(LabelerRow.name)
    )
    return {
        "questions": n,
        "pass_mark": mark,
        "chances": [
            {"accuracy": share, "passes": chance} for share, chance in pass_chances(n, mark).items()
        ]
        if n
        else [],
        "people": [
            {"name": name, "state": state, "answered": answered, "right": int(right)}
            for name, state, answered, right in rows
        ],
    }
