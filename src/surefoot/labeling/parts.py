"""Opinions as the four tables, a part at a time, so that many need little memory."""

from dataclasses import dataclass, field

from surefoot.labeling.rated import Rated
from surefoot.records import Labels, Problem, Session, Solution

SIZE = 2500
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


class Parts:
    """Gathers opinions: problems and solutions once, labels by their key."""

    def __init__(self, size: int = SIZE) -> None:
        self._size, self._part = size, Part()
        self._seen: set[object] = set()

    def add(self, rated: Rated) -> Part | None:
        """Take an opinion in; a part, if one is full."""
        if self._is_new(f"problem {rated.problem.problem_id}"):
            self._part.problems.append(rated.problem)
        if rated.solution is not None and self._is_new(f"solution {rated.solution.solution_id}"):
            self._part.solutions.append(rated.solution)
        labels = rated.labels
        if labels is not None and self._is_new((labels.solution_id, labels.rater)):
            self._part.labels.append(labels)
        self._part.sessions.append(rated.session)
        return self.rest() if len(self._part.sessions) >= self._size else None

    def rest(self) -> Part:
        """What has not been given yet."""
        part, self._part = self._part, Part()
        return part

    def _is_new(self, key: object) -> bool:
        n = len(self._seen)
        self._seen.add(key)
        return len(self._seen) > n
