"""Opinions as the four tables, a part at a time, so that many need little memory."""

from dataclasses import dataclass, field

from surefoot.labeling.rated import Rated
from surefoot.records import Labels, Problem, Session, Solution

SIZE = 1000
"""Sessions in a part."""

KINDS = (Problem, Solution, Labels, Session)
TABLES = ("problems", "solutions", "labels", "sessions")


@dataclass(kw_only=True)
class Part:
    """Rows of each table."""

    problems: list[Problem] = field(default_factory=list)
    solutions: list[Solution] = field(default_factory=list)
    labels: list[Labels] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)


class Pairs:
    """Which rater has which solution, of many in little memory."""

    def __init__(self) -> None:
        self._raters: dict[str, tuple[str, ...]] = {}
        self._known: dict[tuple[str, ...], tuple[str, ...]] = {}

    def __contains__(self, solution_id: str) -> bool:
        """Whether anybody has it."""
        return solution_id in self._raters

    def has(self, solution_id: str, rater: str) -> bool:
        """Whether a pair is known."""
        return rater in self._raters.get(solution_id, ())

    def add(self, solution_id: str, rater: str) -> bool:
        """Note a pair; False if it is known."""
        there = self._raters.get(solution_id, ())
        if rater in there:
            return False
        raters = (*there, rater)
        # Nearly all solutions have one of few raters: the same tuple serves them all.
        self._raters[solution_id] = self._known.setdefault(raters, raters)
        return True


class Parts:
    """Gathers opinions: problems and solutions once, labels by their key."""

    def __init__(self, size: int = SIZE) -> None:
        self._size, self._part = size, Part()
        self._problems, self._pairs = set[str](), Pairs()

    def add(self, rated: Rated) -> Part | None:
        """Take an opinion in; a part, if one is full."""
        problem, solution, labels = rated.problem, rated.solution, rated.labels
        if problem.problem_id not in self._problems:
            self._problems.add(problem.problem_id)
            self._part.problems.append(problem)
        if solution is not None and labels is not None:
            if solution.solution_id not in self._pairs:
                self._part.solutions.append(solution)
            if self._pairs.add(labels.solution_id, labels.rater):
                self._part.labels.append(labels)
        self._part.sessions.append(rated.session)
        return self.rest() if len(self._part.sessions) >= self._size else None

    def rest(self) -> Part:
        """What has not been given yet."""
        part, self._part = self._part, Part()
        return part
