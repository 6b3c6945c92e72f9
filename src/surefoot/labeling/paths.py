"""Sessions from formats that know one path: steps, and whether each is right."""

from collections.abc import Sequence

from surefoot.labeling.sessions import Entry, digest
from surefoot.problems.rows import Row
from surefoot.records import Problem, Rating, Session


def path_entry(
    row: Row,
    source: str,
    statement: str,
    steps: Sequence[str],
    values: Sequence[bool | float | None],
    *,
    shown_steps: Sequence[str] | None = None,
    answer: str = "",
    suffix: str = "",
    solution_id: str | None = None,
    generator: str | None = None,
) -> Entry:
    """What one row says.

    Args:
        row: It.
        source: Name of the format.
        statement: The problem.
        steps: The steps with a value.
        values: One a step: right or wrong, or the chance that it is right, or
            None. One number among them makes all of them chances.
        shown_steps: All steps, where some have no value.
        answer: Of the problem, if the row says.
        suffix: Of the session's id, where a row makes several.
        solution_id: If the row names one.
        generator: If the row names one.
    """
    is_soft = any(isinstance(value, float) for value in values)
    problem = Problem(
        problem_id=f"{source}-{digest(statement)}",
        statement=statement.strip(),
        answer=answer,
        split=row.split,
        source=source,
    )
    ratings: list[Rating | None] = [
        None if is_soft or v is None else 1 if v else -1 for v in values
    ]
    session = Session(
        session_id=f"{session_id(row)}{suffix}",
        problem_id=problem.problem_id,
        rater=source,
        format=source,
        alternatives=tuple((step,) for step in steps),
        alternative_ratings=tuple((rating,) for rating in ratings),
        chosen=(0,) * len(steps),
        chances=tuple(None if v is None else float(v) for v in values) if is_soft else None,
        shown_steps=None if shown_steps is None else tuple(shown_steps),
    )
    return Entry(problem=problem, session=session, solution_id=solution_id, generator=generator)


def session_id(row: Row) -> str:
    """File and row; the order of the sessions is that of the rows anyway."""
    return f"{row.path.name.partition('.')[0]}/{row.number}"
