"""What follows from a submission: is it right, is the solution settled, is its rater good enough?

Work: where opinions differ a further one is asked for, and a lead where three
do; a bad problem and giving up hand the work to somebody else. Gold questions
and the screening: the last revision of each is scored, and scores pass, fail or
pause a person. Nothing is ever deleted: a doubtful opinion gets another beside it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from surefoot.labeling.quality import (
    ENOUGH,
    LOOKED_AT,
    WHOLE,
    has_majority,
    is_disputed,
    is_gold_due,
    is_right,
    should_pause,
    verdict,
)
from surefoot.web.room import audit, queue
from surefoot.web.room.problems import Refused
from surefoot.web.room.questions import counted
from surefoot.web.room.schema import (
    AdjudicationRow,
    AssignmentRow,
    GoldResultRow,
    ImportedRow,
    LabelerRow,
    ProjectRow,
    SubmissionRow,
    TaskRow,
)
from surefoot.web.room.settings import Settings, read_settings

PROGRAM = "quality control"
"""Who acts, in the audit log, where no person does."""

REFUSALS = ("bad_problem", "give_up")
FINAL = ("resolved", "withdrawn")
"""States of a task that no submission changes."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """What all people say about one task, each by the last submission."""

    first_errors: list[int | None]
    """Of whole opinions, those from elsewhere too."""
    n_bad: int
    n_refused: int
    """Bad problem or given up."""


def gold_turns(project: ProjectRow, person: LabelerRow) -> Callable[[int], bool] | None:
    """Whether a person's n-th assignment is a gold question; None: it never is."""
    every = read_settings(project.settings).gold_every
    if every < 1 or project.protocol != "phase2":
        return None
    return lambda n: is_gold_due(project.secret, person.labeler_id, n, every)


def judge(session: Session, assignment: AssignmentRow, row: SubmissionRow, now: int) -> None:
    """Let a new submission have its effects.

    Args:
        session: A transaction that writes and has locked the assignment.
        assignment: What was submitted.
        row: The submission, the newest of the assignment.
        now: The time.
    """
    project = session.scalars(select(ProjectRow)).one()
    settings = read_settings(project.settings)
    task = queue.locked_task(session, assignment.task_id)
    if task.kind == "work":
        # First, as nobody else is asked about what is decided.
        _undecide(session, assignment, row, task, now)
        is_paused = session.get_one(LabelerRow, assignment.labeler_id).state == "paused"
        is_handed_on = _hand_on(session, assignment, row, task)
        if is_paused and row.revision == 1 and not is_handed_on:
            ask_again(task)
        settle(session, task, settings, is_compared=project.protocol == "phase2", now=now)
        return
    # Two last answers at once would each miss the other.
    person = session.get_one(
        LabelerRow, assignment.labeler_id, with_for_update=True, populate_existing=True
    )
    _score(session, assignment, row, task)
    if task.kind == "screening":
        conclude_screening(session, person, settings, now)
    else:
        _pause_if_bad(session, person, settings, now)


def result_of(assignment: AssignmentRow, row: SubmissionRow, task: TaskRow) -> GoldResultRow:
    """Whether a submission of a gold or screening task is right."""
    assert assignment.submitted_at is not None
    return GoldResultRow(
        assignment_id=assignment.assignment_id,
        labeler_id=assignment.labeler_id,
        kind=task.kind,
        is_right=is_right(
            (task.gold or {}).get("first_errors", ()), row.finish_reason, row.first_error
        ),
        first_error=row.first_error,
        at=assignment.submitted_at,
    )


def conclude_screening(session: Session, person: LabelerRow, settings: Settings, now: int) -> None:
    """Let a person in or not, once all questions are answered and none is open again."""
    if person.state != "screening":
        return
    mine = (
        select(AssignmentRow.task_id)
        .where(AssignmentRow.labeler_id == person.labeler_id)
        .where(AssignmentRow.state == "submitted")
    )
    open_ones = select(TaskRow.id).where(
        TaskRow.kind == "screening", TaskRow.state != "withdrawn", TaskRow.id.not_in(mine)
    )
    results = list(
        session.scalars(
            counted(GoldResultRow.is_right)
            .where(GoldResultRow.labeler_id == person.labeler_id)
            .where(GoldResultRow.kind == "screening")
        )
    )
    if not results or session.scalar(open_ones.limit(1)) is not None:
        return
    # Somebody may have blocked the person since.
    session.refresh(person, with_for_update=True)
    if person.state != "screening":
        return
    before, person.state = person.state, verdict(results, settings.pass_mark)
    found = {"before": before, "after": person.state, "right": sum(results), "of": len(results)}
    audit.note(session, PROGRAM, "screening", person.labeler_id, found, now=now)


def check_may_reopen(session: Session, assignment: AssignmentRow, person: LabelerRow) -> None:
    """Keeps an examination that is over as it is.

    Raises:
        Refused: It is a question of the screening, and the person has been let in or not.
    """
    kind = session.get_one(TaskRow, assignment.task_id).kind
    if kind == "screening" and person.state != "screening":
        raise Refused(409, "not_open", "the screening is over")


def check_may_release(session: Session, assignment: AssignmentRow) -> None:
    """Keeps questions of the screening with the person who has to answer them.

    Raises:
        Refused: It is one, and was not answered yet.
    """
    kind = session.get_one(TaskRow, assignment.task_id).kind
    if kind == "screening" and assignment.submitted_at is None:
        raise Refused(409, "conflict", "a question of the screening cannot be given back")


def settle(
    session: Session, task: TaskRow, settings: Settings, *, is_compared: bool, now: int
) -> None:
    """Say how far a work task is, and ask for another opinion where they differ.

    Args:
        session: A transaction that writes and has locked the task.
        task: It; others than work, and what is final, stay as they are.
        settings: Of the project.
        is_compared: Whether there are first errors: not in phase 1.
        now: The time.
    """
    if task.kind != "work" or task.state in FINAL:
        return
    said = said_of(session, task.id)
    if said.n_bad >= 2:
        task.state = "withdrawn"
        audit.note(session, PROGRAM, "withdraw", str(task.id), {"bad": said.n_bad}, now=now)
        session.flush()
        return
    coming = task.slots + _in_hands(session, task.id)
    disputed = settings.is_adaptive and is_compared and is_disputed(said.first_errors)
    # Where two could not rate it, another person is unlikely to be of more help than a lead.
    if disputed and said.n_refused < 2:
        missing = max(0, ENOUGH - len(said.first_errors) - coming)
        ask_again(task, missing)
        coming += missing
    if coming:
        task.state = "open"
    else:
        is_clear = not disputed or has_majority(said.first_errors)
        is_refused = not said.first_errors and said.n_refused > 0
        task.state = "complete" if is_clear and not is_refused else "adjudicate"
    session.flush()


def said_of(session: Session, task_id: int) -> Said:
    """What was said about a task until now."""
    newest = (
        select(SubmissionRow.assignment_id, func.max(SubmissionRow.revision).label("revision"))
        .join(AssignmentRow, AssignmentRow.assignment_id == SubmissionRow.assignment_id)
        .where(AssignmentRow.task_id == task_id)
        .group_by(SubmissionRow.assignment_id)
        .subquery()
    )
    rows = session.execute(
        select(SubmissionRow.finish_reason, SubmissionRow.first_error).join(
            newest,
            (SubmissionRow.assignment_id == newest.c.assignment_id)
            & (SubmissionRow.revision == newest.c.revision),
        )
    ).all()
    elsewhere = session.scalars(
        select(ImportedRow.first_error).where(
            ImportedRow.task_id == task_id, ImportedRow.is_whole.is_(True)
        )
    ).all()
    ends = [finish for finish, _ in rows]
    return Said(
        first_errors=[error for finish, error in rows if finish in WHOLE] + list(elsewhere),
        n_bad=ends.count("bad_problem"),
        n_refused=sum(finish in REFUSALS for finish in ends),
    )


def ask_again(task: TaskRow, n: int = 1) -> None:
    """Ask for so many opinions more on a task; what is final stays so."""
    if n and task.state not in FINAL:
        task.want, task.slots, task.state = task.want + n, task.slots + n, "open"


def adjudicate(
    session: Session,
    task_id: int,
    *,
    assignment_id: str | None,
    imported_id: int | None = None,
    note: str | None,
    actor: str,
    now: int,
) -> None:
    """Decide a task; it may be decided again.

    Args:
        session: A transaction that writes.
        task_id: A task of kind work.
        assignment_id: Whose submission holds.
        imported_id: Or which opinion from elsewhere. Both None: none holds, as the
            problem is bad.
        note: Why, in the words of who decides.
        actor: `labeler_id` of who decides.
        now: The time.

    Raises:
        Refused: There is no such task or person, it is a test, or the opinion is
            none of the task's, was not submitted, or two are named.
    """
    if session.get(LabelerRow, actor) is None:
        raise Refused(403, "forbidden", "a person decides, not a command")
    task = session.get(TaskRow, task_id, with_for_update=True, populate_existing=True)
    if task is None:
        raise Refused(404, "not_found", "there is no such task")
    if task.kind != "work":
        raise Refused(409, "conflict", "what is right is known of it")
    if assignment_id is not None:
        chosen = session.get(AssignmentRow, assignment_id)
        if chosen is None or chosen.task_id != task_id or chosen.submitted_at is None:
            raise Refused(422, "bad_request", "assignment_id: is no submission of this task")
    if imported_id is not None:
        imported = session.get(ImportedRow, imported_id)
        if imported is None or imported.task_id != task_id:
            raise Refused(422, "bad_request", "imported_id: is no opinion on this task")
        if assignment_id is not None:
            raise Refused(422, "bad_request", "assignment_id or imported_id, not both")
    is_none = assignment_id is None and imported_id is None
    before, task.state = task.state, "withdrawn" if is_none else "resolved"
    decision = {"assignment_id": assignment_id, "imported_id": imported_id, "note": note}
    session.merge(AdjudicationRow(task_id=task_id, labeler_id=actor, at=now, **decision))
    change = {"before": before, "after": task.state, **decision}
    audit.note(session, actor, "adjudicate", str(task_id), change, now=now)


def _in_hands(session: Session, task_id: int) -> int:
    """People who hold a slot and have not submitted yet."""
    return (
        session.scalar(
            select(func.count())
            .select_from(AssignmentRow)
            .where(AssignmentRow.task_id == task_id, AssignmentRow.holds_slot.is_(True))
            .where(AssignmentRow.submitted_at.is_(None))
        )
        or 0
    )


def _undecide(
    session: Session, assignment: AssignmentRow, row: SubmissionRow, task: TaskRow, now: int
) -> None:
    """Ask a lead again where the opinion that was to hold says something else now."""
    decision = session.get(AdjudicationRow, task.id)
    if decision is None or decision.assignment_id != assignment.assignment_id:
        return
    before = session.scalar(
        select(SubmissionRow).where(
            SubmissionRow.assignment_id == row.assignment_id,
            SubmissionRow.revision == row.revision - 1,
        )
    )
    said = (row.finish_reason, row.first_error)
    if before is None or (before.finish_reason, before.first_error) == said:
        return
    session.delete(decision)
    task.state = "adjudicate"
    change = {"assignment_id": row.assignment_id, "revision": row.revision}
    audit.note(session, PROGRAM, "undecide", str(task.id), change, now=now)


def _hand_on(
    session: Session, assignment: AssignmentRow, row: SubmissionRow, task: TaskRow
) -> bool:
    """Ask somebody else, the first time that the task is refused for this kind of reason.

    A late refusal took nobody's place, so it calls for nobody.
    """
    if row.finish_reason not in REFUSALS or row.is_late:
        return False
    n = session.scalar(
        select(func.count())
        .select_from(SubmissionRow)
        .join(AssignmentRow, AssignmentRow.assignment_id == SubmissionRow.assignment_id)
        .where(AssignmentRow.task_id == assignment.task_id)
        .where(SubmissionRow.finish_reason == row.finish_reason)
        .where(SubmissionRow.is_late.is_(False))
    )
    if n == 1:
        ask_again(task)
    return n == 1


def _score(session: Session, assignment: AssignmentRow, row: SubmissionRow, task: TaskRow) -> None:
    session.merge(result_of(assignment, row, task))
    session.flush()


def _pause_if_bad(session: Session, person: LabelerRow, settings: Settings, now: int) -> None:
    if person.state != "active":
        return
    rows = session.execute(
        counted(GoldResultRow.is_right, GoldResultRow.at)
        .where(GoldResultRow.labeler_id == person.labeler_id, GoldResultRow.kind == "gold")
        .where(GoldResultRow.at > _resumed_at(session, person.labeler_id))
        .order_by(GoldResultRow.at.desc(), GoldResultRow.assignment_id)
        .limit(LOOKED_AT)
    ).all()
    results = [right for right, _ in reversed(rows)]
    if not should_pause(results, below=settings.pause_below, certainty=settings.pause_certainty):
        return
    person.state = "paused"
    since = rows[-1][1]
    tasks = sorted(
        session.scalars(
            select(AssignmentRow.task_id)
            .join(TaskRow, TaskRow.id == AssignmentRow.task_id)
            .where(AssignmentRow.labeler_id == person.labeler_id, TaskRow.kind == "work")
            .where(AssignmentRow.submitted_at >= since)
        )
    )
    for task_id in tasks:
        ask_again(queue.locked_task(session, task_id))
    found = {"after": "paused", "right": sum(results), "of": len(results), "asked_again": tasks}
    audit.note(session, PROGRAM, "pause", person.labeler_id, found, now=now)


def _resumed_at(session: Session, labeler_id: str) -> int:
    """When a person was last made active by somebody; results before that do not count again."""
    changes = audit.noted(session, "state", labeler_id)
    return next((at for at, detail in changes if detail.get("after") == "active"), -1)
