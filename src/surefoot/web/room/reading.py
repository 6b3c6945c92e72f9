"""What leads and administrators look at: GET under /api/v1/admin, changing nothing."""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from surefoot.labeling.agreement import Contested, agreement
from surefoot.labeling.agreement_report import as_json
from surefoot.labeling.verdicts import against_gold
from surefoot.web.room import audit, disagreements, overview, questions, raters, reports
from surefoot.web.room.admin import CallerHere
from surefoot.web.room.app import Room, RoomHere
from surefoot.web.room.opinions import Opinions, gold_opinions, several_opinions
from surefoot.web.room.schema import AssignmentRow, AuditRow, GuidelineRow, LabelerRow, SolutionRow
from surefoot.web.room.shown import iso, project_of, settings_of

router = APIRouter(prefix="/api/v1/admin")

Offset = Annotated[int, Query(ge=0, le=10_000_000)]
Limit = Annotated[int, Query(ge=1, le=200)]
T = TypeVar("T")


def _read(room: Room, by: CallerHere, answer: Callable[[Session], T]) -> T:
    """One state of the database, for leads."""
    with room.database.read() as session:
        by.lead(session)
        return answer(session)


@router.get("/overview")
def show_overview(room: RoomHere, by: CallerHere) -> dict[str, Any]:
    """Progress, pace, what is left."""
    return _read(room, by, lambda session: overview.overview(session, room.now()))


@router.get("/labelers")
def show_labelers(room: RoomHere, by: CallerHere) -> list[dict[str, Any]]:
    """Everybody, and what is known of each."""
    return _read(room, by, lambda session: raters.people(session, room.now()))


@router.get("/agreement")
def show_agreement(room: RoomHere, by: CallerHere) -> dict[str, Any]:
    """How far people agree, and how far with what is known."""
    protocol, several, golds = _read(
        room,
        by,
        lambda session: (
            project_of(session).protocol,
            several_opinions(session, with_names=True),
            gold_opinions(session, with_names=True),
        ),
    )
    # No transaction is open while the problems are drawn again and again.
    found = agreement(several.labels)
    against = against_gold(golds.labels, golds.gold)
    shown = as_json(found, against, has_first_errors=protocol == "phase2")
    with room.database.read() as session:
        for row, one in zip(shown["contested"], found.contested, strict=True):
            row["task_id"] = several.tasks[one.solution_id]
            row["text"] = _text(session, several, one)
    return {**shown, "protocol": protocol}


@router.get("/disagreements")
def show_disagreements(
    room: RoomHere,
    by: CallerHere,
    which: disagreements.Which = "open",
    offset: Offset = 0,
    limit: Limit = 25,
) -> dict[str, Any]:
    """Solutions on whose first error opinions differ, the worst first."""
    return _read(room, by, lambda s: disagreements.listed(s, which, offset=offset, limit=limit))


@router.get("/tasks/{task_id}")
def show_task(room: RoomHere, by: CallerHere, task_id: int) -> dict[str, Any]:
    """A solution and all opinions on it."""
    return _read(room, by, lambda session: disagreements.in_full(session, task_id))


@router.get("/reports")
def show_reports(
    room: RoomHere,
    by: CallerHere,
    kind: reports.Kind = "unsure",
    offset: Offset = 0,
    limit: Limit = 50,
) -> dict[str, Any]:
    """What raters told the lead."""
    return _read(room, by, lambda s: reports.listed(s, kind, offset=offset, limit=limit))


@router.get("/quality")
def show_quality(room: RoomHere, by: CallerHere) -> dict[str, Any]:
    """Gold and screening questions, and who passed."""
    return _read(
        room,
        by,
        lambda session: {
            "questions": questions.questions(session),
            "screening": questions.screening(session),
        },
    )


@router.get("/guidelines")
def show_guidelines(room: RoomHere, by: CallerHere) -> list[dict[str, Any]]:
    """All versions, the newest first, and how much was rated by each."""

    def answer(session: Session) -> list[dict[str, Any]]:
        counted = select(AssignmentRow.guideline_version, func.count()).group_by(
            AssignmentRow.guideline_version
        )
        used = {row[0]: row[1] for row in session.execute(counted)}
        rows = session.scalars(select(GuidelineRow).order_by(GuidelineRow.version.desc()))
        return [
            {
                "version": row.version,
                "text": row.text,
                "created_at": iso(row.created_at),
                "assignments": used.get(row.version, 0),
            }
            for row in rows
        ]

    return _read(room, by, answer)


@router.get("/settings")
def show_settings(room: RoomHere, by: CallerHere) -> dict[str, Any]:
    """What the project asks of its raters."""
    return _read(
        room,
        by,
        lambda session: {
            "name": project_of(session).name,
            "settings": settings_of(session).written(),
        },
    )


@router.get("/audit")
def show_audit(
    room: RoomHere,
    by: CallerHere,
    action: Annotated[str | None, Query(max_length=100)] = None,
    offset: Offset = 0,
    limit: Limit = 50,
) -> dict[str, Any]:
    """Who did what, newest first; `first_break` is the row where the chain is broken."""

    def answer(session: Session) -> dict[str, Any]:
        wanted = AuditRow.action == action if action else AuditRow.id > 0
        rows = session.scalars(
            select(AuditRow).where(wanted).order_by(AuditRow.id.desc()).offset(offset).limit(limit)
        ).all()
        names = {
            row[0]: row[1]
            for row in session.execute(select(LabelerRow.labeler_id, LabelerRow.name))
        }
        actions = select(AuditRow.action).distinct().order_by(AuditRow.action)
        return {
            "total": session.scalar(select(func.count()).select_from(AuditRow).where(wanted)),
            "first_break": audit.first_break(session),
            "actions": list(session.scalars(actions)),
            "rows": [
                {
                    "id": row.id,
                    "actor": names.get(row.actor, row.actor),
                    "action": row.action,
                    "target": names.get(row.target, row.target),
                    "detail": row.detail,
                    "at": iso(row.at),
                    "hash": row.hash,
                }
                for row in rows
            ],
        }

    return _read(room, by, answer)


def _text(session: Session, several: Opinions, one: Contested) -> str:
    if one.solution_id in several.texts:
        return several.texts[one.solution_id][one.step].split("\x1e", 1)[1]
    steps = session.get_one(SolutionRow, one.solution_id).steps
    return str(steps[one.step]) if one.step < len(steps) else ""
