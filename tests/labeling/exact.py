"""Whether two JSON values are the same, down to the type of each number."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from surefoot.labeling.choices import Choices
from surefoot.labeling.export import Exporter
from surefoot.labeling.formats import FormatName, Imported, collect
from surefoot.labeling.rated import Rated
from surefoot.problems.rows import Row


def is_same(one: Any, other: Any) -> bool:
    """As `==`, but 1, 1.0 and true differ, and so do 0.0 and -0.0."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(is_same(one[k], other[k]) for k in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    return bool(one == other and repr(one) == repr(other))


def imported(
    rows: Sequence[dict[str, Any]], name: FormatName = "prm800k", **options: Any
) -> Imported:
    """The records of rows, as if they had stood in a file `rows.jsonl`."""
    path = Path("rows.jsonl")
    return collect((Row(path, i, r, None) for i, r in enumerate(rows, start=1)), name, **options)


def exported(
    records: Imported, name: FormatName, choices: Choices | None = None, **options: Any
) -> list[dict[str, Any]]:
    """The rows of all sessions."""
    exporter = Exporter(name=name, choices=choices or Choices(), **options)
    return [row for rated in opinions(records) for row in exporter.rows(rated)]


def opinions(records: Imported) -> list[Rated]:
    """One for each session."""
    problems = {p.problem_id: p for p in records.problems}
    solutions = {s.solution_id: s for s in records.solutions}
    labels = {(x.solution_id, x.rater): x for x in records.labels}
    return [
        Rated(
            where=session.session_id,
            problem=problems[session.problem_id],
            session=session,
            solution=solutions.get(session.solution_id or ""),
            labels=labels.get((session.solution_id or "", session.rater)),
        )
        for session in records.sessions
    ]
