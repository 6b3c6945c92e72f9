"""What people rated, as tables of records: the last submission of each assignment."""

import json
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from surefoot.columns import builder
from surefoot.labeling.sessions import Entry, named, records_of
from surefoot.records import Labels, Problem, Solution
from surefoot.records import Session as SessionRecord
from surefoot.web.room.schema import AssignmentRow, ProblemRow, SolutionRow, SubmissionRow

SOURCE = "room"


@dataclass(frozen=True, kw_only=True)
class Collected:
    """As `label import` makes of other people's files."""

    problems: list[Problem]
    solutions: list[Solution]
    labels: list[Labels]
    sessions: list[SessionRecord]
    late: int
    """Sessions that are extra opinions, as they came after the lease."""


def collect(session: Session) -> Collected:
    """Everything that was submitted, oldest first."""
    problems = {row.problem_id: _problem(row) for row in session.scalars(select(ProblemRow))}
    solutions: dict[str, Solution] = {}
    labels: dict[tuple[str, str], Labels] = {}
    sessions: list[SessionRecord] = []
    build, late = builder(SessionRecord), 0
    for submission, assignment, row in session.execute(_last()):
        record = build(json.loads(submission.session))
        late += submission.is_late
        problem = problems[record.problem_id]
        shown = _solution(row)
        entry = Entry(problem=replace(problem, source=SOURCE), session=record, source=SOURCE)
        made = records_of(entry)
        if made is not None:
            solution, one = made
            # The way of phase 1 may have left the solution that was offered.
            if solution.steps == shown.steps:
                solution, one = shown, replace(one, solution_id=shown.solution_id)
            solutions.setdefault(solution.solution_id, solution)
            rater = _free_name(labels, solution.solution_id, one.rater)
            labels[solution.solution_id, rater] = replace(one, rater=rater)
            record = named(record, solution.solution_id, rater)
        sessions.append(record)
        assert assignment.solution_id == row.solution_id
    used = {record.problem_id for record in sessions}
    return Collected(
        problems=[problem for problem in problems.values() if problem.problem_id in used],
        solutions=list(solutions.values()),
        labels=list(labels.values()),
        sessions=sessions,
        late=late,
    )


def _last() -> Any:
    """The newest revision of each assignment with what it is about."""
    newest = (
        select(SubmissionRow.assignment_id, func.max(SubmissionRow.revision).label("revision"))
        .group_by(SubmissionRow.assignment_id)
        .subquery()
    )
    return (
        select(SubmissionRow, AssignmentRow, SolutionRow)
        .join(
            newest,
            (SubmissionRow.assignment_id == newest.c.assignment_id)
            & (SubmissionRow.revision == newest.c.revision),
        )
        .join(AssignmentRow, AssignmentRow.assignment_id == SubmissionRow.assignment_id)
        .join(SolutionRow, SolutionRow.solution_id == AssignmentRow.solution_id)
        .order_by(SubmissionRow.at, SubmissionRow.submission_id)
    )


def _free_name(labels: dict[tuple[str, str], Labels], solution_id: str, rater: str) -> str:
    """A rater who had the solution as work and as a test is two."""
    name, n = rater, 1
    while (solution_id, name) in labels:
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
