"""Problems and solutions into tasks.

Taking in the same solutions again changes nothing, so a server can be started
with the same table as before. What a page could not show is refused, by its
number in the table.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from surefoot.errors import UserError
from surefoot.labeling.drafts import Protocol, digest_of
from surefoot.labeling.events import MAX_STEPS, MAX_TEXT
from surefoot.labeling.finishing import Kind
from surefoot.labeling.sessions import digest
from surefoot.records import Problem, Solution
from surefoot.web.room.queue import EVERYBODY
from surefoot.web.room.schema import GenerationRow, OptionRow, ProblemRow, SolutionRow, TaskRow

CHUNK = 1000


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How tasks are made of solutions."""

    protocol: Protocol = "phase2"
    kind: Kind = "work"
    generation: int = 0
    verifier: str | None = None
    """Which one chose the solutions, and by what policy; kept for the record."""
    policy: dict[str, Any] | None = None
    want: int = 1
    """People who rate each solution."""
    overlap: float = 0.0
    """Share of solutions that one more person rates, so that agreement can be measured."""
    place: int = 0
    """Of the first solution, where a table comes in parts."""


def take_in(
    session: Session,
    problems: Iterable[Problem],
    solutions: Sequence[Solution],
    plan: Plan,
    *,
    scores: dict[str, float] | None = None,
    gold: dict[str, dict[str, Any]] | None = None,
    chosen_as: dict[str, str] | None = None,
    now: int,
) -> int:
    """Make a task of each solution that has none of this kind yet; how many.

    Those that come first in the table are rated first.

    Args:
        session: A transaction that writes.
        problems: At least those of the solutions.
        solutions: In order of priority.
        plan: How.
        scores: `solution_id` -> solution score of the verifier that selected it.
        gold: `solution_id` -> what counts as right, for tasks that are not work.
        chosen_as: `solution_id` -> why active learning chose it.
        now: The time.

    Raises:
        UserError: A solution has no problem, is too long to be shown, or another
            one of the same id is there already; what counts as right is not known
            or no step of it, or the protocol has no first errors.
    """
    by_id = {problem.problem_id: problem for problem in problems}
    for number, solution in enumerate(solutions, start=1):
        _check(number, solution, by_id, fewest=0 if plan.protocol == "phase1" else 1)
        if plan.kind != "work":
            _check_gold(number, solution, plan, gold or {})
    _add_problems(session, [by_id[s.problem_id] for s in solutions])
    _add_solutions(session, solutions, scores or {})
    if session.get(GenerationRow, plan.generation) is None:
        session.add(
            GenerationRow(
                number=plan.generation,
                verifier=plan.verifier,
                policy=plan.policy or {},
                created_at=now,
            )
        )
        session.flush()
    return _add_tasks(session, solutions, plan, gold or {}, chosen_as or {})


def is_double(solution_id: str, share: float) -> bool:
    """Whether one more person rates this solution: by its id, so always the same."""
    return int(digest(f"overlap {solution_id}"), 16) < share * 2**64


def _check(number: int, solution: Solution, problems: dict[str, Problem], fewest: int) -> None:
    where = f"solution {number} ({solution.solution_id!r})"
    problem = problems.get(solution.problem_id)
    if problem is None:
        raise UserError(f"{where}: there is no problem {solution.problem_id!r}; see --problems")
    n = len(solution.steps)
    if not fewest <= n <= MAX_STEPS:
        raise UserError(f"{where}: has {n} steps, {fewest} to {MAX_STEPS} can be shown")
    for i, text in enumerate((*solution.steps, problem.statement, problem.answer)):
        what = f"step {i + 1}" if i < len(solution.steps) else "its problem"
        if len(text) > MAX_TEXT:
            raise UserError(f"{where}: {what} has more than {MAX_TEXT} characters")
        if "\0" in text:
            raise UserError(f"{where}: {what} holds a NUL character, which is not text")


def _check_gold(
    number: int, solution: Solution, plan: Plan, gold: dict[str, dict[str, Any]]
) -> None:
    where = f"solution {number} ({solution.solution_id!r})"
    if plan.protocol != "phase2":
        raise UserError(
            f"{where}: cannot be a question of kind {plan.kind}: the project is of"
            f" {plan.protocol}, where no first error is found"
        )
    acceptable = gold.get(solution.solution_id, {}).get("first_errors")
    if not acceptable:
        raise UserError(f"{where}: no acceptable first error is given; null means that none is")
    n = len(solution.steps)
    for value in acceptable:
        if value is not None and not (type(value) is int and 0 <= value < n):
            raise UserError(f"{where}: first error {value!r} must be null or 0 to {n - 1}")


def _add_problems(session: Session, problems: Iterable[Problem]) -> None:
    found = {problem.problem_id: problem for problem in problems}
    columns = select(ProblemRow.problem_id, ProblemRow.statement)
    for name, statement in _there(session, columns, ProblemRow.problem_id, list(found)):
        if found.pop(name).statement != statement:
            raise UserError(
                f"problem {name!r}: the database has another one of this id; start with a new --db"
            )
    _insert(session, ProblemRow, [asdict(problem) for problem in found.values()])


def _add_solutions(
    session: Session, solutions: Sequence[Solution], scores: dict[str, float]
) -> None:
    found = {solution.solution_id: solution for solution in solutions}
    columns = select(SolutionRow.solution_id, SolutionRow.problem_id, SolutionRow.steps)
    for name, problem_id, steps in _there(session, columns, SolutionRow.solution_id, list(found)):
        old = found.pop(name)
        if (problem_id, steps) != (old.problem_id, list(old.steps)):
            raise UserError(
                f"solution {name!r}: the database has another one of this id; start with a new --db"
            )
    rows = [
        asdict(solution) | {"score": scores.get(name), "steps": list(solution.steps)}
        for name, solution in found.items()
    ]
    _insert(session, SolutionRow, rows)


def _add_tasks(
    session: Session,
    solutions: Sequence[Solution],
    plan: Plan,
    gold: dict[str, dict[str, Any]],
    chosen_as: dict[str, str],
) -> int:
    of_kind = select(TaskRow.solution_id).where(TaskRow.kind == plan.kind)
    ids = [solution.solution_id for solution in solutions]
    there = {row[0] for row in _there(session, of_kind, TaskRow.solution_id, ids)}
    first = (session.scalar(select(func.max(TaskRow.id))) or 0) + 1
    rows: list[dict[str, Any]] = []
    options: list[dict[str, Any]] = []
    for place, solution in enumerate(solutions, start=plan.place):
        if solution.solution_id in there:
            continue
        want = plan.want + is_double(solution.solution_id, plan.overlap)
        want = want if plan.kind == "work" else EVERYBODY
        rows.append(
            {
                "id": first + len(rows),
                "kind": plan.kind,
                "solution_id": solution.solution_id,
                "problem_id": solution.problem_id,
                "generation": plan.generation,
                "priority": float(-place),
                "want": want,
                "slots": want,
                "done": 0,
                "state": "open",
                "gold": gold.get(solution.solution_id),
                "chosen_as": chosen_as.get(solution.solution_id),
            }
        )
        if plan.protocol == "phase1":
            options += _steps_as_options(rows[-1]["id"], solution.steps)
    _insert(session, TaskRow, rows)
    _insert(session, OptionRow, options)
    _follow_ids(session)
    return len(rows)


def _steps_as_options(task_id: int, steps: Sequence[str]) -> list[dict[str, Any]]:
    """In phase 1 a solution is the first option of each step, as long as it is followed."""
    return [
        {
            "task_id": task_id,
            "assignment_id": None,
            "number": i + 1,
            "step": i,
            "text": text,
            "origin": "pregenerated",
            "follows": digest_of(steps[:i]),
        }
        for i, text in enumerate(steps)
    ]


def _there(session: Session, rows: Any, column: Any, ids: Sequence[str]) -> Iterator[Any]:
    """Those of these ids: a part of a selection must not read what was taken in before."""
    for start in range(0, len(ids), CHUNK):
        yield from session.execute(rows.where(column.in_(ids[start : start + CHUNK])))


def _insert(session: Session, table: type[Any], rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), CHUNK):
        session.execute(insert(table), rows[start : start + CHUNK])


def _follow_ids(session: Session) -> None:
    """PostgreSQL numbers rows by a counter that does not see the ids we gave."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(
            select(
                func.setval(
                    func.pg_get_serial_sequence("task", "id"),
                    select(func.coalesce(func.max(TaskRow.id), 1)).scalar_subquery(),
                )
            )
        )
