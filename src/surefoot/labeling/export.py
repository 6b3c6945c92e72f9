"""Rows of a label format, made of records."""

import dataclasses
import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from surefoot.labeling.choices import CannotExpress, Choices
from surefoot.labeling.difference import applied
from surefoot.labeling.formats import FORMATS, FormatName, is_of
from surefoot.labeling.sessions import Step, alternatives, marks_of, session_of, spine
from surefoot.records import Labels, Mark, Problem, Session, Solution

KEEPS_ALL: tuple[FormatName, ...] = ("prm800k",)
"""Formats that say themselves which rows are marked."""


@dataclass(kw_only=True)
class Exporter:
    """Sessions to rows; what is left out is counted.

    Args:
        name: The format.
        problems: By `problem_id`.
        solutions: By `solution_id`.
        choices: What to write where the format has no words.
        keep: Marks that do not keep a session from being written.
        with_alternatives: Write a row for each rated alternative, too.
    """

    name: FormatName
    problems: Mapping[str, Problem]
    solutions: Mapping[str, Solution]
    choices: Choices = field(default_factory=Choices)
    keep: Collection[Mark] = ()
    with_alternatives: bool = False
    left_out: Counter[str] = field(default_factory=Counter)
    """Reason -> sessions, and alternatives, of which no row was made."""

    def rows(self, session: Session) -> list[dict[str, Any]]:
        """The rows of a session; none if it is marked or nothing in it is rated.

        Raises:
            CannotExpress: The format has no way to write it down.
        """
        if reason := self._reason_against(session):
            self.left_out[reason] += 1
            return []
        rows = [self._row(session)]
        if self.with_alternatives:
            for steps in alternatives(session):
                if steps[-1].is_flagged and "flagged" not in self.keep:
                    self.left_out["flagged"] += 1
                else:
                    rows.append(self._row(_only(session, steps)))
        return rows

    def _reason_against(self, session: Session) -> str | None:
        if self.name in KEEPS_ALL:
            return None
        against = [mark for mark in marks_of(session) if mark not in self.keep]
        if against:
            return against[0]
        is_rated = any((s.rating, s.chance) != (None, None) for s in spine(session))
        return None if is_rated else "unrated"

    def _row(self, session: Session) -> dict[str, Any]:
        write = FORMATS[self.name].write
        if write is None:
            raise CannotExpress("format", f"nothing is written in the format {self.name}")
        problem = self.problems.get(session.problem_id)
        if problem is None:
            raise CannotExpress("problem_id", f"there is no problem {session.problem_id!r}")
        solution = self.solutions.get(session.solution_id or "")
        row: dict[str, Any] = write(problem, solution, session, self.choices)
        if session.other is not None and is_of(session, self.name):
            try:
                row = applied(row, json.loads(session.other))
            except (LookupError, TypeError, ValueError) as error:
                raise CannotExpress(
                    "other", "does not fit the other fields any more; null leaves it out"
                ) from error
        return row


def sessions_of(
    sessions: Iterable[Session],
    labels: Iterable[Labels],
    solutions: Mapping[str, Solution],
) -> Iterator[tuple[type[Session | Labels], int, Session | CannotExpress]]:
    """All sessions, then one for each of the labels that belong to none.

    Yields:
        The kind of record and its number, from 1, with the session; or, for
        labels without their solution or of another length, what is wrong.
    """
    covered: set[tuple[str | None, str]] = set()
    for number, session in enumerate(sessions, start=1):
        covered.add((session.solution_id, session.rater))
        yield Session, number, session
    for number, row in enumerate(labels, start=1):
        if (row.solution_id, row.rater) in covered:
            continue
        solution = solutions.get(row.solution_id)
        made: Session | CannotExpress
        if solution is None:
            made = CannotExpress("solution_id", f"there is no solution {row.solution_id!r}")
        elif len(solution.steps) != len(row.ratings):
            made = CannotExpress(
                "ratings", f"{len(row.ratings)} ratings for {len(solution.steps)} steps"
            )
        else:
            made = session_of(solution, row)
        yield Labels, number, made


def _only(session: Session, steps: Sequence[Step]) -> Session:
    """A session that followed one of its alternatives, and ended there."""
    return dataclasses.replace(
        session,
        format=f"{session.format}, alternative",
        solution_id=None,
        alternatives=tuple((step.text,) for step in steps),
        alternative_ratings=tuple((step.rating,) for step in steps),
        alternative_flags=tuple((step.is_flagged,) for step in steps),
        chosen=(0,) * len(steps),
        human_steps=None,
        chances=None,
        shown_steps=None,
        other=None,
    )
