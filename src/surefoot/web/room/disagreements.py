"""Solutions on whose first error opinions differ, the worst first; one of them in full."""

import json
from typing import Any, Literal, TypeAlias

from sqlalchemy import Integer, Select, case, cast, func, literal, null, select, union_all
from sqlalchemy.orm import Session

from surefoot.labeling.quality import WHOLE
from surefoot.labeling.sessions import session_from
from surefoot.web.room.opinions import ELSEWHERE, is_newest, of_several, step_ratings
from surefoot.web.room.problems import Refused
from surefoot.web.room.reports import START
from surefoot.web.room.schema import (
    AdjudicationRow,
    AssignmentRow,
    ImportedRow,
    LabelerRow,
    ProblemRow,
    SolutionRow,
    SubmissionRow,
    TaskRow,
)
from surefoot.web.room.shown import iso

Which: TypeAlias = Literal["open", "decided", "all"]


def listed(session: Session, which: Which, *, offset: int, limit: int) -> dict[str, Any]:
    """A page of tasks whose opinions differ, or that nobody could rate.

    Those that wait for a decision first; then the worst: some see an error and others
    none; then by how many steps lie between the first and the last that is named.
    Not yet open for a decision is what a further opinion is still asked for.
    """
    found = union_all(_disputed(), _refused()).subquery()
    rows = (
        select(
            found,
            TaskRow.state,
            ProblemRow.statement,
            AdjudicationRow.at,
            func.count().over().label("total"),
        )
        .join(TaskRow, TaskRow.id == found.c.task_id)
        .join(ProblemRow, ProblemRow.problem_id == TaskRow.problem_id)
        .outerjoin(AdjudicationRow, AdjudicationRow.task_id == found.c.task_id)
    )
    if which != "all":
        is_decided = AdjudicationRow.at.is_not(None)
        is_open = ~is_decided & TaskRow.state.in_(["adjudicate", "complete"])
        rows = rows.where(is_open if which == "open" else is_decided)
    ordered = rows.order_by(
        case((TaskRow.state == "adjudicate", 0), else_=1),
        case((found.c.errors < found.c.opinions, 0), else_=1),
        (found.c.last - found.c.first).desc(),
        found.c.task_id,
    )
    page = session.execute(ordered.offset(offset).limit(limit)).all()
    return {
        # Beyond the last page nothing is left to count by.
        "total": page[0].total if page else 0,
        "rows": [
            {
                "task_id": row.task_id,
                "statement_start": row.statement[:START],
                "opinions": row.opinions,
                "errors": row.errors,
                "first": row.first,
                "last": row.last,
                "state": row.state,
                "is_decided": row.at is not None,
            }
            for row in page
        ],
    }


def _disputed() -> Select[Any]:
    """Task, number of whole opinions, of those with an error, first and last error named."""
    here = (
        select(AssignmentRow.task_id, SubmissionRow.first_error)
        .join(SubmissionRow, SubmissionRow.assignment_id == AssignmentRow.assignment_id)
        .where(
            of_several(AssignmentRow.task_id), SubmissionRow.finish_reason.in_(WHOLE), is_newest()
        )
    )
    elsewhere = select(ImportedRow.task_id, ImportedRow.first_error).where(
        of_several(ImportedRow.task_id), ImportedRow.is_whole
    )
    said = union_all(here, elsewhere).subquery()
    n, errors = func.count(), func.count(said.c.first_error)
    first, last = func.min(said.c.first_error), func.max(said.c.first_error)
    return (
        select(
            said.c.task_id,
            n.label("opinions"),
            errors.label("errors"),
            first.label("first"),
            last.label("last"),
        )
        .group_by(said.c.task_id)
        .having(((errors > 0) & (errors < n)) | (first < last))
    )


def _refused() -> Select[int, int, int, int, int]:
    """Tasks that a lead is asked about without opinions that differ, in the same columns."""
    nothing = cast(null(), Integer)
    columns = select(
        TaskRow.id, literal(0), literal(0), nothing.label("first"), nothing.label("last")
    )
    return columns.where(
        TaskRow.state == "adjudicate", TaskRow.id.not_in(select(_disputed().subquery().c.task_id))
    )


def in_full(session: Session, task_id: int) -> dict[str, Any]:
    """A task with its steps and all opinions on it, whatever they are.

    Raises:
        Refused: There is no such task.
    """
    task = session.get(TaskRow, task_id)
    if task is None:
        raise Refused(404, "not_found", "there is no such task")
    problem = session.get_one(ProblemRow, task.problem_id)
    solution = session.get_one(SolutionRow, task.solution_id)
    decision = session.get(AdjudicationRow, task_id)
    return {
        "task_id": task.id,
        "kind": task.kind,
        "state": task.state,
        "generation": task.generation,
        "gold": task.gold,
        "problem": {
            "problem_id": problem.problem_id,
            "statement": problem.statement,
            "answer": problem.answer,
        },
        "steps": solution.steps,
        "final_answer": solution.answer,
        "score": solution.score,
        "opinions": [*_given_here(session, task_id), *_imported(session, task_id)],
        "decision": None if decision is None else _decision(session, decision),
    }


def _decision(session: Session, row: AdjudicationRow) -> dict[str, Any]:
    return {
        "assignment_id": row.assignment_id,
        "imported_id": row.imported_id,
        "by": session.get_one(LabelerRow, row.labeler_id).name,
        "note": row.note,
        "at": iso(row.at),
    }


def _given_here(session: Session, task_id: int) -> list[dict[str, Any]]:
    rows = session.execute(
        select(SubmissionRow, LabelerRow.name)
        .join(AssignmentRow, AssignmentRow.assignment_id == SubmissionRow.assignment_id)
        .join(LabelerRow, LabelerRow.labeler_id == AssignmentRow.labeler_id)
        .where(AssignmentRow.task_id == task_id, is_newest())
        .order_by(SubmissionRow.at, SubmissionRow.submission_id)
    )
    return [
        {
            "assignment_id": row.assignment_id,
            "imported_id": None,
            "labeler": name,
            "finish_reason": row.finish_reason,
            "first_error": row.first_error,
            "active_ms": row.active_ms,
            "revision": row.revision,
            "is_late": row.is_late,
            "at": iso(row.at),
            **_content(row.session, is_imported=False),
        }
        for row, name in rows
    ]


def _imported(session: Session, task_id: int) -> list[dict[str, Any]]:
    rows = session.scalars(
        select(ImportedRow).where(ImportedRow.task_id == task_id).order_by(ImportedRow.id)
    )
    return [
        {
            "assignment_id": None,
            "imported_id": row.id,
            "labeler": content.pop("rater") + ELSEWHERE,
            "finish_reason": content.pop("finish_reason"),
            "first_error": row.first_error,
            "active_ms": content.pop("milliseconds"),
            "revision": 1,
            "is_late": False,
            "at": iso(row.at),
            **content,
        }
        for row in rows
        for content in [_content(row.session, is_imported=True)]
    ]


def _content(text: str, *, is_imported: bool) -> dict[str, Any]:
    """What a session says: ratings, other texts for a step, words."""
    record = session_from(text)
    flags = record.alternative_flags or (None,) * len(record.alternatives)
    said = _words(record.other)
    found: dict[str, Any] = {
        "ratings": step_ratings(record, is_imported=is_imported),
        "unsure": [i for i, row in enumerate(flags) if row and row[0]],
        "alternatives": [
            {"step": i, "text": other, "rating": rating}
            for i, (texts, ratings) in enumerate(
                zip(record.alternatives, record.alternative_ratings, strict=True)
            )
            for other, rating in list(zip(texts or (), ratings or (), strict=True))[1:]
        ],
        "human_steps": [
            {"step": i, "text": step} for i, step in enumerate(record.human_steps or ()) if step
        ],
        **{
            name: said.get(name)
            for name in ("reason", "note", "progress", "critique", "critiques", "reports")
        },
    }
    if is_imported:
        found |= {
            "rater": record.rater,
            "finish_reason": record.finish_reason,
            "milliseconds": record.milliseconds,
        }
    return found


def _words(other: str | None) -> dict[str, Any]:
    """What a session of this room holds beyond ratings; nothing for those of others."""
    for path, value in json.loads(other) if other else ():
        if path == ["label", "room"]:
            return dict(value)
    return {}
