"""Opinions into rows of a layout: what is taken, what is left out and why."""

import dataclasses
import json
import logging
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from surefoot.errors import UserError
from surefoot.jsonlines import to_line
from surefoot.labeling.choices import CannotExpress, Choices
from surefoot.labeling.difference import applied
from surefoot.labeling.flat import rated_steps
from surefoot.labeling.formats import FORMATS, FormatName, is_of
from surefoot.labeling.opinion import Take
from surefoot.labeling.rated import Flaw, Rated, Wanted
from surefoot.labeling.sessions import Step, alternatives, marks_of, spine
from surefoot.records import Mark, RatedStep, Session

log = logging.getLogger("surefoot")

ExportName: TypeAlias = Literal[
    "prm800k", "math-shepherd", "trl", "openrlhf", "processbench", "steps", "parquet"
]
"""Layouts that are written; `steps` is the flat table, `parquet` the four tables."""
Layout: TypeAlias = ExportName | FormatName

KEEPS_ALL: tuple[Layout, ...] = ("prm800k", "steps", "parquet")
"""Layouts that say themselves which rows are marked."""


@dataclass(kw_only=True)
class Exporter:
    """Opinions to rows; what is left out is counted.

    Args:
        name: The layout.
        choices: What to write where the layout has no words.
        keep: Marks that do not keep an opinion from being written.
        with_alternatives: Write a row for each rated alternative, too.
        skip_bad: Count what the layout cannot express instead of stopping at it.
    """

    name: Layout
    choices: Choices = field(default_factory=Choices)
    keep: Collection[Mark] = ()
    with_alternatives: bool = False
    skip_bad: bool = False
    left_out: Counter[str] = field(default_factory=Counter)
    """Reason -> opinions, and alternatives, of which no row was made."""
    n_seen: int = 0
    """Opinions that were looked at."""
    n_bad: int = 0
    """Those that the layout cannot express."""

    def wanted(self, take: Take = "all", generation: int | None = None) -> Wanted:
        """What the layout needs to know of each opinion."""
        is_table = self.name in ("steps", "parquet")
        return Wanted(
            take=take,
            generation=generation,
            with_solutions=is_table or self.name == "processbench",
            with_labels=is_table,
            with_votes=self.name == "steps",
        )

    def all_rows(self, found: Iterable[Rated | Flaw]) -> Iterator[tuple[Rated, list[Any]]]:
        """Each opinion that is taken with its rows.

        Raises:
            UserError: The layout cannot express one, or one has a flaw (not
                with `skip_bad`); it is named.
        """
        for one in found:
            self.n_seen += 1
            try:
                if isinstance(one, Flaw):
                    raise one.error
                rows = self.rows(one)
            except CannotExpress as problem:
                error = UserError(f"{one.where}: {problem}")
                if not self.skip_bad:
                    raise error from problem
                self.n_bad += 1
                log.warning("skipped %s", error)
                continue
            if rows:
                yield one, rows

    def rows(self, rated: Rated) -> list[Any]:
        """The rows of an opinion; none if it is marked or nothing in it is rated.

        They are JSON objects; for `steps` `RatedStep`s, for `parquet` the opinion itself.

        Raises:
            CannotExpress: The layout has no way to write it down.
        """
        if reason := self._reason_against(rated):
            self.left_out[reason] += 1
            return []
        if self.name == "parquet":
            return [rated]
        if self.name == "steps":
            flat = rated_steps(rated, with_alternatives=self.with_alternatives)
            self.left_out["unrated"] += not flat
            return flat
        rows = [self._row(rated, rated.session)]
        if self.with_alternatives:
            for steps in alternatives(rated.session):
                if steps[-1].is_flagged and "flagged" not in self.keep:
                    self.left_out["flagged"] += 1
                else:
                    rows.append(self._row(rated, _only(rated.session, steps)))
        return rows

    def _reason_against(self, rated: Rated) -> str | None:
        if self.name in KEEPS_ALL:
            return None
        session, labels = rated.session, rated.labels
        marks = marks_of(session) if labels is None else labels.marks
        against = [mark for mark in marks if mark not in self.keep]
        if against:
            return against[0]
        is_rated = any((s.rating, s.chance) != (None, None) for s in spine(session))
        return None if is_rated else "unrated"

    def _row(self, rated: Rated, session: Session) -> dict[str, Any]:
        assert self.name != "steps"
        assert self.name != "parquet"
        write = FORMATS[self.name].write
        if write is None:
            raise CannotExpress("format", f"nothing is written in the format {self.name}")
        row: dict[str, Any] = write(rated.problem, rated.solution, session, self.choices)
        if session.other is not None and is_of(session, self.name):
            try:
                row = applied(row, json.loads(session.other))
            except (LookupError, TypeError, ValueError) as error:
                raise CannotExpress(
                    "other", "does not fit the other fields any more; null leaves it out"
                ) from error
        return row


def line(row: dict[str, Any] | RatedStep) -> bytes:
    """A row as a line of JSON."""
    if isinstance(row, RatedStep):
        return to_line(row)
    return (_ENCODER.encode(row) + "\n").encode()


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


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
