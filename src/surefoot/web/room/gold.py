"""Questions whose answers are known, for the screening and among the work.

A command sends them in parts, to the server if one runs. The same part again
changes nothing, so a command that was killed sends all again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Literal, TypeAlias

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from surefoot.columns import FieldError, builder
from surefoot.errors import UserError
from surefoot.labeling.quality import usual_pass_mark
from surefoot.records import Problem, Solution
from surefoot.web.room import audit, quality
from surefoot.web.room.admin import CallerHere
from surefoot.web.room.api import Asked
from surefoot.web.room.importing import in_parts
from surefoot.web.room.intake import Plan, take_in
from surefoot.web.room.problems import Refused
from surefoot.web.room.project import COMMAND, set_up
from surefoot.web.room.questions import n_questions
from surefoot.web.room.queue import locked_task
from surefoot.web.room.schema import (
    AssignmentRow,
    GenerationRow,
    GoldResultRow,
    LabelerRow,
    SubmissionRow,
    TaskRow,
)
from surefoot.web.room.shown import project_of, settings_of

GoldKind: TypeAlias = Literal["gold", "screening"]
SCREENING = -1
"""Its generation, as in PRM800K."""

router = APIRouter(prefix="/api/v1/admin")


class Part(Asked):
    """Some questions, and after the last ones the pass mark."""

    kind: GoldKind
    problems: list[dict[str, Any]] = Field(default_factory=list)
    solutions: list[dict[str, Any]] = Field(default_factory=list)
    first_errors: dict[str, list[int | None]] = Field(default_factory=dict)
    is_last: bool = False
    pass_mark: int | None = None
    """Of the screening; null: three quarters of the questions."""


class Asking(Asked):
    """Whether a question is asked."""

    state: Literal["open", "withdrawn"]


@router.post("/questions/{task_id}/state")
def set_state(caller: CallerHere, task_id: int, body: Asking) -> dict[str, Any]:
    """Withdraws a question, or asks it again."""
    with caller.room.database.write() as session:
        actor = caller.lead(session)
        set_asked(session, task_id, body.state == "open", actor=actor, now=caller.room.now())
    return {"task_id": task_id, "state": body.state}


@router.post("/gold")
def gold(caller: CallerHere, body: Part) -> dict[str, Any]:
    """Adds questions; says how many were new, or changed, and how many there are."""
    now = caller.room.now()
    try:
        problems = [builder(Problem)(row) for row in body.problems]
        solutions = [builder(Solution)(row) for row in body.solutions]
        with caller.room.database.write() as session:
            actor = caller.admin(session)
            found = add_gold(
                session, problems, solutions, body.first_errors, body.kind, actor=actor, now=now
            )
            if body.is_last and body.kind == "screening":
                found["pass_mark"] = set_pass_mark(session, body.pass_mark, actor=actor, now=now)
    except (FieldError, UserError) as error:
        raise Refused(422, "bad_request", str(error)) from None
    return dict(found)


def parts(
    problems: Iterable[Problem],
    solutions: Sequence[Solution],
    first_errors: Mapping[str, Sequence[int | None]],
    kind: GoldKind,
    pass_mark: int | None,
) -> Iterator[dict[str, Any]]:
    """Questions as the bodies of requests to the server."""
    by_id = {problem.problem_id: problem for problem in problems}
    # Without a question there is still a pass mark to be sent.
    all_parts = list(in_parts(solutions, by_id)) or [[]]
    for number, some in enumerate(all_parts, start=1):
        ids = [solution.solution_id for solution in some]
        wanted = dict.fromkeys(solution.problem_id for solution in some)
        is_last = number == len(all_parts)
        yield Part(
            kind=kind,
            problems=[asdict(by_id[name]) for name in wanted if name in by_id],
            solutions=[asdict(solution) for solution in some],
            first_errors={name: list(first_errors[name]) for name in ids if name in first_errors},
            is_last=is_last,
            pass_mark=pass_mark if is_last else None,
        ).model_dump()


def add_gold(
    session: Session,
    problems: Iterable[Problem],
    solutions: Sequence[Solution],
    first_errors: Mapping[str, Sequence[int | None]],
    kind: GoldKind,
    *,
    actor: str,
    now: int,
) -> dict[str, int]:
    """Make questions of solutions; other answers to those that are there are scored anew.

    Args:
        session: A transaction that writes.
        problems: At least those of the solutions.
        solutions: All of them.
        first_errors: `solution_id` -> the acceptable ones; None: that there is none.
        kind: For whom: `gold` is among the work, `screening` before it.
        actor: Who does it.
        now: The time.

    Returns:
        `added`, `changed`, and how many `questions` of the kind there are now.

    Raises:
        UserError: As `intake.take_in`; also the project is of phase 1.
    """
    newest = session.scalar(select(func.max(GenerationRow.number))) or 0
    plan = Plan(
        protocol=project_of(session).protocol,  # type: ignore[arg-type]
        kind=kind,
        generation=SCREENING if kind == "screening" else max(0, newest),
    )
    gold = {name: {"first_errors": list(said)} for name, said in first_errors.items()}
    added = take_in(session, problems, solutions, plan, gold=gold, now=now)
    changed = _change(session, kind, gold)
    questions = n_questions(session, kind)
    found = {"added": added, "changed": changed, "questions": questions}
    if added or changed:
        audit.note(session, actor, "gold", kind, found, now=now)
    return found


def set_pass_mark(
    session: Session, pass_mark: int | None, *, actor: str = COMMAND, now: int
) -> int:
    """Say how many of the screening questions have to be right; the mark.

    Args:
        session: A transaction that writes.
        pass_mark: None: three quarters, rounded up.
        actor: Who says so.
        now: The time.

    Raises:
        UserError: There are fewer questions than that.
    """
    n = n_questions(session, "screening")
    mark = usual_pass_mark(n) if pass_mark is None else pass_mark
    if not 0 <= mark <= n:
        raise UserError(f"--pass-mark {mark}: there are {n} questions")
    set_up(session, changes={"pass_mark": mark}, actor=actor, now=now)
    return mark


def set_asked(session: Session, task_id: int, is_asked: bool, *, actor: str, now: int) -> None:
    """Withdraw a question that is no good, or ask it again.

    One that is withdrawn is given to nobody, and what was answered counts nowhere, though
    it is kept. Whoever was paused by it stays so until a lead says otherwise; whoever
    is in the screening and has answered the others is through with it, and where no
    answer is left a person decides. A pass mark above the questions that are left
    becomes the usual one.

    Args:
        session: A transaction that writes.
        task_id: The question.
        is_asked: Whether it is asked from now on.
        actor: Who says so.
        now: The time.

    Raises:
        Refused: There is no such task, or it is work.
    """
    if session.get(TaskRow, task_id) is None:
        raise Refused(404, "not_found", "there is no such task")
    task = locked_task(session, task_id)
    if task.kind == "work":
        raise Refused(409, "conflict", "it is work and no question; a lead decides it")
    wanted = "open" if is_asked else "withdrawn"
    if task.state == wanted:
        return
    task.state = wanted
    audit.note(session, actor, "question", str(task_id), {"after": wanted}, now=now)
    session.flush()
    if task.kind == "screening":
        if settings_of(session).pass_mark > n_questions(session, "screening"):
            set_pass_mark(session, None, actor=actor, now=now)
        for person in session.scalars(select(LabelerRow).where(LabelerRow.state == "screening")):
            quality.conclude_screening(session, person, settings_of(session), now)


def _change(session: Session, kind: GoldKind, gold: Mapping[str, dict[str, Any]]) -> int:
    """Take other answers over; nobody's state changes by it."""
    changed = 0
    for task in session.scalars(select(TaskRow).where(TaskRow.kind == kind)).all():
        wanted = gold.get(task.solution_id, task.gold)
        if wanted == task.gold:
            continue
        task.gold = wanted
        changed += 1
        for assignment in session.scalars(
            select(AssignmentRow)
            .join(GoldResultRow, GoldResultRow.assignment_id == AssignmentRow.assignment_id)
            .where(AssignmentRow.task_id == task.id)
        ).all():
            newest = session.scalars(
                select(SubmissionRow)
                .where(SubmissionRow.assignment_id == assignment.assignment_id)
                .order_by(SubmissionRow.revision.desc())
                .limit(1)
            ).one()
            session.merge(quality.result_of(assignment, newest, task))
    session.flush()
    return changed
