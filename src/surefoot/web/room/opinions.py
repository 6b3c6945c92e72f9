"""What people say of the same solution, side by side: for agreement and for deciding.

An opinion is the last submission of an assignment, or a session that was rated
elsewhere and counts as one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sqlalchemy import Boolean, ColumnElement, literal_column, select
from sqlalchemy.orm import Session, aliased

from surefoot.labeling.lines import as_lines
from surefoot.labeling.sessions import digest, marks_of, session_from, spine
from surefoot.records import Labels, Rating
from surefoot.records import Session as SessionRecord
from surefoot.web.room.schema import (
    AssignmentRow,
    ImportedRow,
    LabelerRow,
    ProjectRow,
    SubmissionRow,
    TaskRow,
)

Wanted: TypeAlias = Callable[[Any], ColumnElement[bool]]
"""Column of task ids -> whether opinions on it are asked for."""

IN_PARTS: Any = {"execution_options": {"yield_per": 500}}
"""Of a query for texts, which are long: so that they are not all there at once."""

ELSEWHERE = " (imported)"
"""After the name of a rater who is not in this room."""


@dataclass(kw_only=True)
class Opinions:
    """Opinions as rows of labels, one a task and rater."""

    labels: list[Labels] = field(default_factory=list)
    """Phase 2: ratings of the solution's steps. Phase 1: of all texts that anybody
    was offered, in one order for all raters of the task."""
    tasks: dict[str, int] = field(default_factory=dict)
    """`solution_id` -> its task."""
    texts: dict[str, list[str]] = field(default_factory=dict)
    """Phase 1: `solution_id` -> what was rated."""
    gold: dict[str, frozenset[int | None]] = field(default_factory=dict)
    """`solution_id` -> its acceptable first errors, where they are known."""


def is_newest() -> ColumnElement[bool]:
    """Whether a submission is the last revision of its assignment."""
    later = aliased(SubmissionRow)
    return ~(
        select(later.submission_id)
        .where(
            later.assignment_id == SubmissionRow.assignment_id,
            later.revision == SubmissionRow.revision + 1,
        )
        .exists()
    )


def of_several(task_id: Any) -> ColumnElement[bool]:
    """Whether a task is work with more than one opinion.

    In the words of its index, and as a subquery, so that SQLite begins with it.
    """
    held = literal_column("(task.kind = 'work' AND task.done + task.imported >= 2)", Boolean)
    found: ColumnElement[bool] = task_id.in_(select(TaskRow.id).where(held).correlate(None))
    return found


def _of_gold(task_id: Any) -> ColumnElement[bool]:
    """Whether a task is a question that is asked, and that somebody answered."""
    is_asked = TaskRow.kind.in_(["gold", "screening"]) & (TaskRow.state != "withdrawn")
    held = is_asked & (TaskRow.done > 0)
    found: ColumnElement[bool] = task_id.in_(select(TaskRow.id).where(held).correlate(None))
    return found


def several_opinions(session: Session, *, with_names: bool) -> Opinions:
    """Opinions on work that has more than one.

    Args:
        session: A transaction.
        with_names: Call raters by their names, not by those for export.
    """
    return _read(session, of_several, with_names)


def gold_opinions(session: Session, *, with_names: bool) -> Opinions:
    """Answers to gold and screening questions, with what is right."""
    return _read(session, _of_gold, with_names)


def _read(session: Session, wanted: Wanted, with_names: bool) -> Opinions:
    found = Opinions()
    is_phase_1 = session.scalar(select(ProjectRow.protocol)) == "phase1"
    for task_id, solution_id, gold, record, rater, is_imported in _records(
        session, wanted, with_names
    ):
        found.tasks[solution_id] = task_id
        if gold is not None:
            found.gold[solution_id] = frozenset(gold["first_errors"])
        if is_phase_1:
            ratings = _offered_ratings(record, found.texts.setdefault(solution_id, []))
        else:
            ratings = step_ratings(record, is_imported=is_imported)
        found.labels.append(
            Labels(
                solution_id=solution_id,
                problem_id=record.problem_id,
                ratings=tuple(ratings),
                rater=rater,
                marks=marks_of(record),
            )
        )
    return found


def _records(
    session: Session, wanted: Wanted, with_names: bool
) -> Iterator[tuple[int, str, dict[str, Any] | None, SessionRecord, str, bool]]:
    here = (
        select(
            TaskRow.id, TaskRow.solution_id, TaskRow.gold, SubmissionRow.session, LabelerRow.name
        )
        .join(AssignmentRow, AssignmentRow.task_id == TaskRow.id)
        .join(SubmissionRow, SubmissionRow.assignment_id == AssignmentRow.assignment_id)
        .join(LabelerRow, LabelerRow.labeler_id == AssignmentRow.labeler_id)
        .where(wanted(AssignmentRow.task_id), is_newest())
        .order_by(TaskRow.id, SubmissionRow.at, SubmissionRow.submission_id)
    )
    for task_id, solution_id, gold, text, name in session.execute(here, **IN_PARTS):
        record = session_from(text)
        yield task_id, solution_id, gold, record, name if with_names else record.rater, False
    elsewhere = (
        select(TaskRow.id, TaskRow.solution_id, TaskRow.gold, ImportedRow.session)
        .join(ImportedRow, ImportedRow.task_id == TaskRow.id)
        .where(wanted(ImportedRow.task_id))
        .order_by(TaskRow.id, ImportedRow.id)
    )
    for task_id, solution_id, gold, text in session.execute(elsewhere, **IN_PARTS):
        record = session_from(text)
        rater = record.rater + ELSEWHERE if with_names else record.rater
        yield task_id, solution_id, gold, record, rater, True


def step_ratings(record: SessionRecord, *, is_imported: bool) -> list[Rating | None]:
    """The rating of each step of the solution that was shown; None: unrated.

    Steps of this room are shown as they are; those of others became lines.
    """
    steps = spine(record)
    texts, ratings = [step.text for step in steps], [step.rating for step in steps]
    rest = (record.shown_steps or ())[len(steps) :]
    texts += rest
    ratings += [None] * len(rest)
    return list(as_lines(texts, ratings)[1]) if is_imported else ratings


def _offered_ratings(record: SessionRecord, known: list[str]) -> list[Rating | None]:
    """Phase 1: the rating of each text offered to anybody, by the steps before it."""
    followed = [step.text for step in spine(record)]
    given: dict[str, Rating | None] = {}
    pairs = zip(record.alternatives, record.alternative_ratings, strict=True)
    for i, (texts, ratings) in enumerate(pairs):
        before = digest("\x1e".join(followed[:i]))
        for text, rating in zip(texts or (), ratings or (), strict=True):
            given[f"{before}\x1e{text}"] = rating
    known += [key for key in given if key not in known]
    return [given.get(key) for key in known]
