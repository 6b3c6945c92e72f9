"""Opinions on their way out: from a room or from tables, into any layout."""

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from surefoot.labeling.choices import CannotExpress
from surefoot.labeling.opinion import Take
from surefoot.records import Labels, Problem, Rating, Session, Solution

Votes: TypeAlias = tuple[tuple[Rating | None, ...], ...]
"""Ratings of the steps of one solution, a rater each."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which opinions are wanted, and what of each."""

    take: Take = "all"
    generation: int | None = None
    """Only this round; None: all."""
    with_solutions: bool = False
    """Whether `Rated.solution` is looked up."""
    with_labels: bool = False
    """Whether `Rated.labels` and its solution are made."""
    with_votes: bool = False
    """Whether `Rated.votes` are gathered; needs the labels."""


@dataclass(slots=True, kw_only=True)
class Rated:
    """One opinion, and what it is about."""

    where: str
    """For messages: file and row, or the assignment."""
    problem: Problem
    session: Session
    solution: Solution | None = None
    """The one that was followed; None where there is none, or none was wanted."""
    shown_id: str | None = None
    """`solution_id` of the one that was shown, where that is known."""
    labels: Labels | None = None
    votes: Votes = ()
    """Those of all raters of this solution."""
    generation: int | None = None
    """Round in which it was chosen for rating."""
    guideline: int | None = None
    """Version of the guidelines that the rater had; None if unknown."""
    is_late: bool = False
    """Whether it is an extra opinion, as it came after the lease."""


class Flaw(NamedTuple):
    """A row of which no opinion can be made."""

    where: str
    error: CannotExpress
