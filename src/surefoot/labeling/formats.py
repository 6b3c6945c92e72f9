"""All label formats, by name, and the import of a file of rows in one of them."""

import dataclasses
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

from surefoot.columns import FieldError, check_all
from surefoot.errors import BadRow, UserError
from surefoot.labeling import math_aps, prm800k, processbench, tagged, trl
from surefoot.labeling.choices import STEP_TAG, Choices
from surefoot.labeling.difference import difference, dumped, is_finite
from surefoot.labeling.sessions import Entry, named, records_of
from surefoot.problems.rows import Row
from surefoot.records import Labels, Problem, Session, Solution

log = logging.getLogger("surefoot")

FormatName: TypeAlias = Literal[
    "prm800k", "math-shepherd", "trl", "openrlhf", "processbench", "math-aps"
]
Writer: TypeAlias = Callable[[Problem, Solution | None, Session, Choices], Any]


class Format(NamedTuple):
    """One layout of rows."""

    read: Callable[[Row, str], list[Entry]]
    """What a row says; the second argument is the step tag."""
    write: Writer | None
    """The row of a session; None where nothing is written in this format."""


FORMATS: dict[FormatName, Format] = {
    "prm800k": Format(lambda row, _: prm800k.read(row), prm800k.write),
    "math-shepherd": Format(tagged.read_math_shepherd, tagged.write_math_shepherd),
    "trl": Format(lambda row, _: trl.read(row), trl.write),
    "openrlhf": Format(tagged.read_openrlhf, tagged.write_openrlhf),
    "processbench": Format(lambda row, _: processbench.read(row), processbench.write),
    "math-aps": Format(lambda row, _: math_aps.read(row), None),
}


def is_of(session: Session, name: str) -> bool:
    """Whether a session comes from a row of this format, in one of its layouts."""
    return session.format == name or session.format.startswith(f"{name}-paths")


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What a file of labels holds: sessions as often as there are rows, the rest once."""

    problems: list[Problem]
    solutions: list[Solution]
    labels: list[Labels]
    sessions: list[Session]
    repeated: int = 0
    """Rows that say what an earlier row says: same steps, same ratings, same rater."""
    skipped: int = 0
    """Bad rows left out (with `skip_bad`)."""


class _Collector:
    """Records by their keys."""

    def __init__(self, layout: Format, step_tag: str) -> None:
        self.problems: dict[str, Problem] = {}
        self.solutions: dict[str, Solution] = {}
        self.labels: dict[tuple[str, str], Labels] = {}
        self.sessions: list[Session] = []
        self.repeated = 0
        self._layout, self._choices = layout, Choices(step_tag=step_tag)

    def add_row(self, row: Row) -> None:
        """All that a row says, or nothing of it.

        Raises:
            BadRow: It holds what a record cannot.
        """
        try:
            checked = [
                self._checked(row, e) for e in self._layout.read(row, self._choices.step_tag)
            ]
        except FieldError as error:
            raise row.bad(error.field, error.problem) from None
        except UnicodeEncodeError:
            raise row.bad(None, "holds half of a surrogate pair, which is not text") from None
        for problem, session, found in checked:
            self.problems.setdefault(problem.problem_id, problem)
            if found is not None:
                solution, labels = found
                self.solutions.setdefault(solution.solution_id, solution)
                rater = self._add_labels(labels)
                session = named(session, solution.solution_id, rater)
            self.sessions.append(self._with_other(row, session))

    def _checked(
        self, row: Row, entry: Entry
    ) -> tuple[Problem, Session, tuple[Solution, Labels] | None]:
        check_all([entry.problem], Problem)
        check_all([entry.session], Session)
        found = records_of(entry)
        if found is not None:
            solution, labels = found
            check_all([solution], Solution)
            check_all([labels], Labels)
            if self.solutions.get(solution.solution_id, solution).steps != solution.steps:
                raise row.bad("id", f"{solution.solution_id!r} is of another solution, too")
        if not is_finite(row.fields):
            raise row.bad(None, "holds NaN or Infinity, which is not JSON")
        return entry.problem, entry.session, found

    def _with_other(self, row: Row, session: Session) -> Session:
        """The session with what the row says beyond it."""
        if self._layout.write is None:
            return session
        solution = self.solutions[session.solution_id] if session.solution_id else None
        problem = self.problems[session.problem_id]
        ours = self._layout.write(problem, solution, session, self._choices)
        return dataclasses.replace(session, other=dumped(difference(ours, row.fields)))

    def _add_labels(self, new: Labels) -> str:
        """The rater under whom the ratings are kept; the same ones are kept once."""
        rater, n = new.rater, 1
        while (old := self.labels.get((new.solution_id, rater))) is not None:
            if (old.ratings, old.chances, old.marks) == (new.ratings, new.chances, new.marks):
                self.repeated += 1
                return rater
            n += 1
            rater = f"{new.rater}-{n}"
        self.labels[new.solution_id, rater] = dataclasses.replace(new, rater=rater)
        return rater


_TELLING: dict[FormatName, set[str]] = {
    "prm800k": {"question", "label"},
    "math-shepherd": {"input", "label"},
    "trl": {"prompt", "completions", "labels"},
    "openrlhf": {"input", "value"},
    "processbench": {"problem", "steps", "label"},
    "math-aps": {"question", "reasoning_steps"},
}
"""Fields that tell a format from the others."""


def _with_hint(error: BadRow, row: Row | BadRow, name: FormatName) -> BadRow:
    """The error; if the row looks like one of another format, this is said."""
    if isinstance(row, BadRow):
        return error
    looks = [other for other, names in _TELLING.items() if names <= row.fields.keys()]
    if not looks or name in looks or (name == "prm800k" and "ratings" in row.fields):
        return error
    hint = f"; the row looks like --format {looks[0]}"
    return BadRow(error.path, error.row, error.field, error.problem + hint)


def collect(
    rows: Iterable[Row | BadRow],
    name: FormatName = "prm800k",
    *,
    step_tag: str = STEP_TAG,
    skip_bad: bool = False,
) -> Imported:
    """Records of all rows.

    A solution rated twice in different ways keeps both ratings: the second
    rater, if the row does not name one, is called `prm800k-2`.

    Args:
        rows: Of one file.
        name: Their layout.
        step_tag: What ends a step in the tagged formats.
        skip_bad: Log and count bad rows instead of stopping at the first.

    Raises:
        BadRow: A row is bad (not with `skip_bad`).
        UserError: There are no rows at all.
    """
    collector, skipped = _Collector(FORMATS[name], step_tag), 0
    for row in rows:
        try:
            if isinstance(row, BadRow):
                raise row
            collector.add_row(row)
        except BadRow as error:
            if not skip_bad:
                raise _with_hint(error, row, name) from error
            skipped += 1
            log.warning("skipped %s", error)
    if not collector.sessions:
        raise UserError("the file holds no readable ratings")
    return Imported(
        problems=list(collector.problems.values()),
        solutions=list(collector.solutions.values()),
        labels=list(collector.labels.values()),
        sessions=collector.sessions,
        repeated=collector.repeated,
        skipped=skipped,
    )
