"""What every layout is read into: a solution and what people say about its steps."""

from collections.abc import Sequence
from typing import NamedTuple

from surefoot.labeling import fields
from surefoot.labeling.sessions import digest
from surefoot.problems.rows import Row
from surefoot.records import Problem, Rating, Solution


class Entry(NamedTuple):
    """One solution of a benchmark."""

    problem: Problem
    solution: Solution
    """Its steps are as the file has them: one may hold several lines."""
    ratings: tuple[Rating | None, ...]
    """One a step; the benchmarks here know right (1) and wrong (-1)."""
    is_whole: bool = False
    """Whether the steps after the first wrong one were judged too."""
    group: str | None = None
    """What belongs together when problems are drawn; None: the problem's id."""
    category: str | None = None
    """Kind of mistake, where the benchmark tells."""


def one_error(row: Row, source: str, problem: str, steps: str, first_error: int | None) -> Entry:
    """A solution of which the first wrong step is known, if there is one.

    Args:
        row: Where it stands.
        source: Name of the layout.
        problem: Field of the problem's text.
        steps: Field of the steps.
        first_error: Index of the first wrong step, from 0; None: all are right.

    Raises:
        BadRow: There is no such text, or no steps.
    """
    statement = row.filled(problem).strip()
    texts = fields.steps(row, steps, row.fields.get(steps))
    return Entry(
        problem=problem_of(source, statement),
        solution=solution_of(source, statement, texts, place_of(row)),
        ratings=up_to(first_error, len(texts)),
    )


def up_to(first_error: int | None, n_steps: int) -> tuple[Rating | None, ...]:
    """Right before the first error, unrated after it."""
    end = n_steps if first_error is None else first_error
    ratings: list[Rating | None] = [1 if i < end else None for i in range(n_steps)]
    if first_error is not None:
        ratings[first_error] = -1
    return tuple(ratings)


def problem_of(source: str, statement: str) -> Problem:
    """The problem; equal texts have equal ids."""
    problem_id = f"{source}-{digest(statement)}"
    return Problem(problem_id=problem_id, statement=statement, answer="", source=source)


def solution_of(source: str, statement: str, steps: Sequence[str], solution_id: str) -> Solution:
    """The solution to that problem."""
    problem_id = problem_of(source, statement).problem_id
    return Solution(solution_id=solution_id, problem_id=problem_id, steps=tuple(steps))


def place_of(row: Row) -> str:
    """File and row, as an id."""
    return f"{row.path.name}:{row.number}"


def step_index(row: Row, name: str, value: object, n_steps: int, first: int) -> int:
    """A step's index from 0, out of one that counts from `first`.

    Raises:
        BadRow: It is no whole number, or there is no such step.
    """
    if type(value) is not int or not first <= value < first + n_steps:
        last = first + n_steps - 1
        raise row.bad(name, f"must be a step from {first} to {last}, got {fields.shown(value)}")
    return value - first
