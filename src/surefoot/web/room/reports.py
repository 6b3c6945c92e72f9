"""What raters told the project lead: unsure steps, bad splits, broken problems, notes.

Each kind is found by a partial index that holds little else.
"""

from typing import Any, Literal, TypeAlias, get_args

from sqlalchemy import func, literal_column, select
from sqlalchemy.orm import Session

from surefoot.web.room.opinions import is_newest
from surefoot.web.room.schema import (
    FLAGGED,
    LEFT,
    NO_CANDIDATE,
    TOLD,
    AssignmentRow,
    EventRow,
    LabelerRow,
    OptionRow,
    ProblemRow,
    RatingRow,
    SolutionRow,
    SubmissionRow,
)
from surefoot.web.room.shown import iso

Kind: TypeAlias = Literal["unsure", "split", "bad_problem", "give_up", "note"]
KINDS: tuple[Kind, ...] = get_args(Kind)
START = 160
"""Characters of a problem that stand for it in a list."""


def counts(session: Session) -> dict[str, int]:
    """Kind -> how many there are."""
    found: dict[str, int] = {
        "unsure": session.scalar(
            select(func.count()).select_from(RatingRow).where(literal_column(FLAGGED))
        )
        or 0
    }
    left = session.execute(
        select(SubmissionRow.finish_reason, func.count())
        .where(literal_column(f"({LEFT})"), is_newest())
        .group_by(SubmissionRow.finish_reason)
    )
    found |= {row[0]: row[1] for row in left}
    told = _told(session)
    for kind, type_of in (("split", "report_step"), ("note", "note")):
        found[kind] = sum(event.type == type_of for event in told)
    return {kind: found.get(kind, 0) for kind in KINDS}


def listed(session: Session, kind: Kind, *, offset: int, limit: int) -> dict[str, Any]:
    """A page of reports of one kind, the newest first."""
    if kind == "unsure":
        rows = _unsure(session, offset, limit)
    elif kind in ("bad_problem", "give_up"):
        rows = _left(session, kind, offset, limit)
    else:
        wanted = "note" if kind == "note" else "report_step"
        told = [event for event in _told(session) if event.type == wanted]
        rows = [_of_event(session, event) for event in told[offset : offset + limit]]
    return {"total": counts(session)[kind], "rows": rows}


def _told(session: Session) -> list[EventRow]:
    """Notes and reports of steps that hold, newest first."""
    events = session.scalars(
        select(EventRow).where(literal_column(f"({TOLD})")).order_by(EventRow.id)
    )
    held: dict[tuple[str, str, Any], EventRow] = {}
    for event in events:
        key = event.assignment_id, event.type, event.payload.get("step")
        if key not in held or event.seq > held[key].seq:
            held[key] = event
    said = [e for e in held.values() if e.payload.get("text") or e.payload.get("kind")]
    return sorted(said, key=lambda event: -event.id)


def _of_event(session: Session, event: EventRow) -> dict[str, Any]:
    assignment = session.get_one(AssignmentRow, event.assignment_id)
    step = event.payload.get("step")
    solution = session.get_one(SolutionRow, assignment.solution_id)
    return {
        "task_id": assignment.task_id,
        "labeler": session.get_one(LabelerRow, assignment.labeler_id).name,
        "statement_start": session.get_one(ProblemRow, assignment.problem_id).statement[:START],
        "step": step,
        "step_text": _step_text(solution, step),
        "text": event.payload.get("text") or event.payload.get("kind"),
        "at": iso(event.received_at),
    }


def _unsure(session: Session, offset: int, limit: int) -> list[dict[str, Any]]:
    rows = session.execute(
        select(RatingRow, AssignmentRow, LabelerRow.name, ProblemRow.statement, SolutionRow)
        .join(AssignmentRow, AssignmentRow.assignment_id == RatingRow.assignment_id)
        .join(LabelerRow, LabelerRow.labeler_id == AssignmentRow.labeler_id)
        .join(ProblemRow, ProblemRow.problem_id == AssignmentRow.problem_id)
        .join(SolutionRow, SolutionRow.solution_id == AssignmentRow.solution_id)
        .where(literal_column(FLAGGED))
        .order_by(AssignmentRow.leased_at.desc(), RatingRow.assignment_id, RatingRow.step)
        .offset(offset)
        .limit(limit)
    )
    return [
        {
            "task_id": assignment.task_id,
            "labeler": name,
            "statement_start": statement[:START],
            "step": row.step,
            "step_text": _step_text(solution, row.step)
            if row.candidate == NO_CANDIDATE
            else session.scalar(
                select(OptionRow.text).where(
                    OptionRow.task_id == assignment.task_id, OptionRow.number == row.candidate
                )
            ),
            "text": None if row.rating is None else f"{row.rating:+d}".replace("+0", "0"),
            "at": iso(assignment.submitted_at or assignment.leased_at),
        }
        for row, assignment, name, statement, solution in rows
    ]


def _left(session: Session, kind: str, offset: int, limit: int) -> list[dict[str, Any]]:
    rows = session.execute(
        select(SubmissionRow, AssignmentRow.task_id, LabelerRow.name, ProblemRow.statement)
        .join(AssignmentRow, AssignmentRow.assignment_id == SubmissionRow.assignment_id)
        .join(LabelerRow, LabelerRow.labeler_id == AssignmentRow.labeler_id)
        .join(ProblemRow, ProblemRow.problem_id == AssignmentRow.problem_id)
        .where(literal_column(f"({LEFT})"), SubmissionRow.finish_reason == kind, is_newest())
        .order_by(SubmissionRow.at.desc(), SubmissionRow.submission_id)
        .offset(offset)
        .limit(limit)
    )
    return [
        {
            "task_id": task_id,
            "labeler": name,
            "statement_start": statement[:START],
            "step": None,
            "step_text": None,
            "text": row.reason,
            "at": iso(row.at),
        }
        for row, task_id, name, statement in rows
    ]


def _step_text(solution: SolutionRow, step: Any) -> str | None:
    return solution.steps[step] if isinstance(step, int) and step < len(solution.steps) else None
