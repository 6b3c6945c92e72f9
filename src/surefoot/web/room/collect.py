"""What people rated, as tables of records: the last submission of each assignment."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from surefoot.columns import builder
from surefoot.labeling.sessions import Entry, named, records_of
from surefoot.records import Labels, Problem, Solution
from surefoot.records import Session as SessionRecord
from surefoot.web.room.schema import AssignmentRow, ProblemRow, SolutionRow, SubmissionRow

SOURCE = "room"
PART = 5000
"""Sessions in a part, so that a large database needs little memory."""


@dataclass(kw_only=True)
class Part:
    """Some of what was submitted, as `label import` makes of other people's files."""

    problems: list[Problem] = field(default_factory=list)
    """Those that no earlier part has; so with solutions."""
    solutions: list[Solution] = field(default_factory=list)
    labels: list[Labels] = field(default_factory=list)
    sessions: list[SessionRecord] = field(default_factory=list)
    n_late: int = 0
    """Sessions that are extra opinions, as they came after the lease."""


def has_any(session: Session) -> bool:
    """Whether anything was submitted."""
    return session.scalar(select(SubmissionRow.submission_id).limit(1)) is not None


def collect(session: Session, size: int = PART) -> Iterator[Part]:
    """Everything that was submitted, oldest first, `size` sessions at a time."""
    problems = {row.problem_id: _problem(row) for row in session.scalars(select(ProblemRow))}
    seen: set[str] = set()
    raters: set[tuple[str, str]] = set()
    build, part = builder(SessionRecord), Part()
    for text, is_late, row in session.execute(_last().execution_options(yield_per=500)):
        record = build(json.loads(text))
        problem = problems[record.problem_id]
        if (key := f"problem {problem.problem_id}") not in seen:
            seen.add(key)
            part.problems.append(problem)
        made = _records(problem, record, _solution(row))
        if made is not None:
            solution, labels = made
            if (key := f"solution {solution.solution_id}") not in seen:
                seen.add(key)
                part.solutions.append(solution)
            rater = _free_name(raters, solution.solution_id, labels.rater)
            raters.add((solution.solution_id, rater))
            part.labels.append(replace(labels, rater=rater))
            record = named(record, solution.solution_id, rater)
        part.sessions.append(record)
        part.n_late += is_late
        if len(part.sessions) == size:
            yield part
            part = Part()
    if part.sessions:
        yield part


def _records(
    problem: Problem, record: SessionRecord, shown: Solution
) -> tuple[Solution, Labels] | None:
    """The solution that was followed, under its own id if it is the one that was shown."""
    entry = Entry(problem=replace(problem, source=SOURCE), session=record, source=SOURCE)
    made = records_of(entry)
    if made is None or made[0].steps != shown.steps:
        return made
    return shown, replace(made[1], solution_id=shown.solution_id)


def _last() -> Any:
    """The newest revision of each assignment with what it is about."""
    newest = (
        select(SubmissionRow.assignment_id, func.max(SubmissionRow.revision).label("revision"))
        .group_by(SubmissionRow.assignment_id)
        .subquery()
    )
    return (
        select(SubmissionRow.session, SubmissionRow.is_late, SolutionRow)
        .join(
            newest,
            (SubmissionRow.assignment_id == newest.c.assignment_id)
            & (SubmissionRow.revision == newest.c.revision),
        )
        .join(AssignmentRow, AssignmentRow.assignment_id == SubmissionRow.assignment_id)
        .join(SolutionRow, SolutionRow.solution_id == AssignmentRow.solution_id)
        .order_by(SubmissionRow.at, SubmissionRow.submission_id)
    )


def _free_name(raters: set[tuple[str, str]], solution_id: str, rater: str) -> str:
    """A rater who had the solution as work and as a test is two."""
    name, n = rater, 1
    while (solution_id, name) in raters:
        n += 1
        name = f"{rater}-{n}"
    return name


def _problem(row: ProblemRow) -> Problem:
    return Problem(
        problem_id=row.problem_id,
        statement=row.statement,
        answer=row.answer,
        reference_solution=row.reference_solution,
        subject=row.subject,
        level=row.level,
        split=row.split,
        source=row.source,
    )


def _solution(row: SolutionRow) -> Solution:
    return Solution(
        solution_id=row.solution_id,
        problem_id=row.problem_id,
        steps=tuple(row.steps),
        answer=row.answer,
        finish=row.finish,  # type: ignore[arg-type]
        n_tokens=row.n_tokens,
        log_probability=row.log_probability,
        generator=row.generator,
    )
