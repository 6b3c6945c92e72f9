"""What people rated, an opinion at a time.

That is the last submission of each assignment, and what came with imported labels.
First all opinions are listed, without their texts, so that it can be said of each
whether it is wanted; then the texts are fetched, some at a time, so that a large
database needs little memory. Opinions about one task stand together, the oldest
first.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from surefoot.errors import SurefootError
from surefoot.labeling.manifest import Origin
from surefoot.labeling.opinion import Standing, chosen
from surefoot.labeling.parts import Pairs
from surefoot.labeling.quality import WHOLE
from surefoot.labeling.rated import Rated, Wanted
from surefoot.labeling.sessions import Entry, labels_on, named, records_of, session_from
from surefoot.records import Problem, Solution
from surefoot.records import Session as SessionRecord
from surefoot.web.room.migrate import newest
from surefoot.web.room.schema import (
    AdjudicationRow,
    AssignmentRow,
    GenerationRow,
    GuidelineRow,
    ImportedRow,
    LabelerRow,
    ProblemRow,
    SolutionRow,
    SubmissionRow,
    TaskRow,
)
from surefoot.web.room.shown import project_of

SOURCE = "room"
CHUNK = 400
"""Opinions whose texts are fetched at once; databases limit the values of a query."""


class Listed(NamedTuple):
    """An opinion without its text."""

    task_id: int
    at: int
    """When; imported ones are older than all others, in the order of their file."""
    key: str | int
    """`submission_id`, or the number of an imported one."""
    solution_id: str
    generation: int | None
    standing: Standing
    guideline: int | None = None
    is_late: bool = False

    @property
    def name(self) -> str:
        """For messages."""
        return ("submission " if isinstance(self.key, str) else "imported opinion ") + str(self.key)


def count(session: Session) -> int:
    """How many opinions there are."""
    submitted = select(func.count(SubmissionRow.assignment_id.distinct()))
    imported = select(func.count(ImportedRow.id))
    return (session.scalar(submitted) or 0) + (session.scalar(imported) or 0)


def origin_of(session: Session) -> Origin:
    """What a manifest says about the room."""
    project = project_of(session)
    return Origin(
        kind="labelling room",
        name=project.name,
        protocol=project.protocol,
        schema=newest(),
        generations={
            row.number: {"verifier": row.verifier, "policy": row.policy}
            for row in session.scalars(select(GenerationRow))
        },
        guidelines={row.version: row.sha256 for row in session.scalars(select(GuidelineRow))},
    )


def collect(
    session: Session, wanted: Wanted, left_out: Counter[str], *, place: str = "room"
) -> Iterator[Rated]:
    """The opinions that are wanted.

    Args:
        session: A transaction.
        wanted: Which, and what of each.
        left_out: Counts those that are not wanted, by reason.
        place: What messages call the database.

    Raises:
        SurefootError: A text is not the one that was stored.
    """
    there = listed(session)
    if wanted.generation is not None:
        of_all, there = there, [x for x in there if x.generation == wanted.generation]
        left_out["other generation"] += len(of_all) - len(there)
    taken: set[str | int] | None = None
    if wanted.take == "one":
        taken = _taken(session, there)
        left_out["other opinion"] += len(there) - len(taken)
        if not wanted.with_votes:
            there = [x for x in there if x.key in taken]
    found = _rated(session, there, wanted, place)
    if wanted.with_votes:
        found = _with_votes(there, found)
    for one, rated in zip(there, found, strict=True):
        if taken is None or one.key in taken:
            yield rated


def listed(session: Session) -> list[Listed]:
    """All opinions, in order."""
    found = [*_submitted(session), *_imported(session)]
    found.sort(key=lambda one: (one.task_id, one.at, str(one.key)))
    return found


def _submitted(session: Session) -> Iterator[Listed]:
    last = (
        select(SubmissionRow.assignment_id, func.max(SubmissionRow.revision).label("revision"))
        .group_by(SubmissionRow.assignment_id)
        .subquery()
    )
    holds = set(session.scalars(select(AdjudicationRow.assignment_id)))
    rows = (
        select(
            SubmissionRow.submission_id,
            SubmissionRow.assignment_id,
            SubmissionRow.first_error,
            SubmissionRow.finish_reason,
            SubmissionRow.is_late,
            SubmissionRow.at,
            AssignmentRow.task_id,
            AssignmentRow.guideline_version,
            LabelerRow.state,
            TaskRow.solution_id,
            TaskRow.generation,
        )
        .join(
            last,
            (SubmissionRow.assignment_id == last.c.assignment_id)
            & (SubmissionRow.revision == last.c.revision),
        )
        .join(AssignmentRow, AssignmentRow.assignment_id == SubmissionRow.assignment_id)
        .join(LabelerRow, LabelerRow.labeler_id == AssignmentRow.labeler_id)
        .join(TaskRow, TaskRow.id == AssignmentRow.task_id)
    )
    for row in session.execute(rows.execution_options(yield_per=1000)):
        yield Listed(
            task_id=row.task_id,
            at=row.at,
            key=row.submission_id,
            solution_id=row.solution_id,
            generation=row.generation,
            standing=Standing(
                first_error=row.first_error,
                is_whole=row.finish_reason in WHOLE,
                is_trusted=row.state not in ("paused", "blocked"),
                holds=row.assignment_id in holds,
            ),
            guideline=row.guideline_version,
            is_late=row.is_late,
        )


def _imported(session: Session) -> Iterator[Listed]:
    holds = set(session.scalars(select(AdjudicationRow.imported_id)))
    rows = (
        select(
            ImportedRow.id,
            ImportedRow.task_id,
            ImportedRow.first_error,
            ImportedRow.is_whole,
            TaskRow.solution_id,
            TaskRow.generation,
        )
        .join(TaskRow, TaskRow.id == ImportedRow.task_id)
        .order_by(ImportedRow.id)
    )
    for row in session.execute(rows.execution_options(yield_per=1000)):
        yield Listed(
            task_id=row.task_id,
            at=row.id - 2**62,
            key=row.id,
            solution_id=row.solution_id,
            generation=row.generation,
            standing=Standing(
                first_error=row.first_error, is_whole=row.is_whole, holds=row.id in holds
            ),
        )


def _taken(session: Session, there: Sequence[Listed]) -> set[str | int]:
    """One opinion of each task; none of those of which a lead said that none holds."""
    no_one = select(AdjudicationRow.task_id).where(
        AdjudicationRow.assignment_id.is_(None), AdjudicationRow.imported_id.is_(None)
    )
    nothing_holds = set(session.scalars(no_one))
    taken: set[str | int] = set()
    for task_id, group in groupby(there, key=lambda one: one.task_id):
        if task_id not in nothing_holds:
            of_task = list(group)
            taken.add(of_task[chosen([one.standing for one in of_task])].key)
    return taken


def _with_votes(there: Sequence[Listed], found: Iterator[Rated]) -> Iterator[Rated]:
    """Each with the ratings of all who rated the same solution."""
    pairs = zip(there, found, strict=True)
    for _, group in groupby(pairs, key=lambda pair: pair[0].task_id):
        of_task = [rated for _, rated in group]
        for rated in of_task:
            rated.votes = tuple(
                other.labels.ratings
                for other in of_task
                if other.labels is not None and other.solution == rated.solution
            )
        yield from of_task


def _rated(
    session: Session, there: Sequence[Listed], wanted: Wanted, place: str
) -> Iterator[Rated]:
    """Each opinion with its text, and what else is wanted."""
    pairs = Pairs()
    problems: dict[str, Problem] = {}
    solutions: dict[str, Solution] = {}
    for start in range(0, len(there), CHUNK):
        part = there[start : start + CHUNK]
        records = _records(session, part, place)
        problems = _problems(session, {record.problem_id for record in records}, problems)
        if wanted.with_solutions or wanted.with_labels:
            solutions = _solutions(session, {one.solution_id for one in part}, solutions)
        for one, record in zip(part, records, strict=True):
            rated = Rated(
                where=f"{place}: {one.name}",
                problem=problems[record.problem_id],
                session=record,
                solution=solutions.get(one.solution_id),
                shown_id=one.solution_id,
                generation=one.generation,
                guideline=one.guideline,
                is_late=one.is_late,
            )
            if wanted.with_labels:
                _label(rated, SOURCE if isinstance(one.key, str) else record.format, pairs)
            yield rated


def _label(rated: Rated, source: str, pairs: Pairs) -> None:
    """Add the labels, and the solution that was followed if it is not the one shown."""
    shown = rated.solution
    assert shown is not None
    labels = labels_on(rated.session, shown, source)
    if labels is None:
        problem = replace(rated.problem, source=source)
        made = records_of(Entry(problem=problem, session=rated.session, source=source))
        if made is None:
            rated.solution = None
            return
        followed, labels = made
        if followed.steps == shown.steps:
            labels = replace(labels, solution_id=shown.solution_id)
        else:
            rated.solution = followed
    name, n = labels.rater, 1
    while not pairs.add(labels.solution_id, name):  # who had it as work and as a test is two
        n += 1
        name = f"{labels.rater}-{n}"
    rated.labels = replace(labels, rater=name) if n > 1 else labels
    rated.session = named(rated.session, labels.solution_id, name)


def _records(session: Session, part: Sequence[Listed], place: str) -> list[SessionRecord]:
    """Their texts, each as it was stored."""
    texts: dict[str | int, tuple[str, str]] = {}
    for table, column, kind in (
        (SubmissionRow, SubmissionRow.submission_id, str),
        (ImportedRow, ImportedRow.id, int),
    ):
        keys = [one.key for one in part if isinstance(one.key, kind)]
        rows: Any = select(column, table.session, table.session_sha256).where(column.in_(keys))
        if keys:
            texts |= {key: (text, sha256) for key, text, sha256 in session.execute(rows)}
    records: list[SessionRecord] = []
    for one in part:
        text, sha256 = texts[one.key]
        if hashlib.sha256(text.encode()).hexdigest() != sha256:
            raise SurefootError(
                f"{place}: {one.name}: is not what was stored; see `surefoot label replay --check`"
            )
        records.append(session_from(text))
    return records


def _problems(session: Session, ids: set[str], there: dict[str, Problem]) -> dict[str, Problem]:
    """Those of these ids; what is there already is not fetched again."""
    kept = {key: there[key] for key in ids & there.keys()}
    columns: list[Any] = [getattr(ProblemRow, name) for name in _PROBLEM]
    rows = select(*columns).where(ProblemRow.problem_id.in_(ids - kept.keys()))
    for row in session.execute(rows) if len(kept) < len(ids) else ():
        kept[row.problem_id] = Problem(**row._mapping)
    return kept


def _solutions(session: Session, ids: set[str], there: dict[str, Solution]) -> dict[str, Solution]:
    kept = {key: there[key] for key in ids & there.keys()}
    columns: list[Any] = [getattr(SolutionRow, name) for name in _SOLUTION]
    rows = select(*columns).where(SolutionRow.solution_id.in_(ids - kept.keys()))
    for row in session.execute(rows) if len(kept) < len(ids) else ():
        values = dict(row._mapping)
        kept[row.solution_id] = Solution(**(values | {"steps": tuple(values["steps"])}))
    return kept


_PROBLEM = tuple(field.name for field in fields(Problem))
_SOLUTION = tuple(field.name for field in fields(Solution))
