"""Opinions out of tables: a folder of `surefoot label import`, or a table of labels."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Generic

from surefoot.columns import R, builder
from surefoot.errors import UserError
from surefoot.jsonlines import to_line
from surefoot.labeling.choices import CannotExpress
from surefoot.labeling.opinion import Standing, chosen
from surefoot.labeling.quality import opinion_of
from surefoot.labeling.rated import Flaw, Rated, Votes, Wanted
from surefoot.labeling.sessions import session_of
from surefoot.records import RATINGS, Labels, Problem, Session, Solution
from surefoot.tables import read, stream


class Shelf(Generic[R]):
    """Records by a key, packed, so that many of them fit."""

    def __init__(self, record: type[R]) -> None:
        self._build, self._lines = builder(record), dict[object, bytes]()

    def put(self, key: object, record: R) -> None:
        """Keep a record; another one of the same key is replaced."""
        self._lines[key] = to_line(record)

    def get(self, key: object) -> R | None:
        """The record of a key."""
        line = self._lines.get(key)
        return None if line is None else self._build(json.loads(line))


class RatedFolder:
    """The opinions in tables: sessions, then labels that belong to none of them.

    Args:
        tables: Name (`problems`, `solutions`, `labels`, perhaps `sessions`) -> table.
        wanted: Which, and what of each.
        left_out: Counts those that are not wanted, by reason.
    """

    def __init__(self, tables: dict[str, Path], wanted: Wanted, left_out: Counter[str]) -> None:
        self._tables, self._wanted, self._left_out = tables, wanted, left_out
        self._problems = {p.problem_id: p for p in read(tables["problems"], Problem)}
        self._solutions, self._labels = Shelf(Solution), Shelf(Labels)
        self._ratings: dict[str, list[bytes]] = {}
        self._has_all = wanted.with_solutions or wanted.with_labels or "sessions" not in tables
        if self._has_all:
            self._keep_solutions(lambda _: True)
        self._keep_labels()

    def __iter__(self) -> Iterator[Rated | Flaw]:
        """One after another.

        Raises:
            BadRow: A row of a table is bad.
        """
        taken = self._taken() if self._wanted.take == "one" else None
        for number, one in enumerate(self._everything()):
            generation = self._wanted.generation
            if isinstance(one, Rated) and generation not in (None, one.generation):
                self._left_out["other generation"] += 1
            elif isinstance(one, Rated) and taken is not None and number not in taken:
                self._left_out["other opinion"] += 1
            else:
                yield self._with_labels(one) if isinstance(one, Rated) else one

    def _everything(self) -> Iterator[Rated | Flaw]:
        """All opinions, without labels."""
        covered: set[tuple[str | None, str]] = set()
        if "sessions" in self._tables:
            table = self._tables["sessions"]
            for number, session in enumerate(stream(table, Session), start=1):
                covered.add((session.solution_id, session.rater))
                yield self._rated(f"{table}:{number}", session)
        table = self._tables["labels"]
        rows = enumerate(stream(table, Labels), start=1)
        alone = ((n, row) for n, row in rows if (row.solution_id, row.rater) not in covered)
        if not self._has_all:
            packed = [(n, to_line(row)) for n, row in alone]
            build = builder(Labels)
            found = {build(json.loads(line)).solution_id for _, line in packed}
            self._keep_solutions(lambda solution: solution.solution_id in found)
            alone = ((n, build(json.loads(line))) for n, line in packed)
        for number, row in alone:
            yield self._of_labels(f"{table}:{number}", row)

    def _of_labels(self, where: str, row: Labels) -> Rated | Flaw:
        solution = self._solutions.get(row.solution_id)
        if solution is None:
            what = f"there is no solution {row.solution_id!r}"
            return Flaw(where, CannotExpress("solution_id", what))
        if len(solution.steps) != len(row.ratings):
            what = f"{len(row.ratings)} ratings for {len(solution.steps)} steps"
            return Flaw(where, CannotExpress("ratings", what))
        rated = self._rated(where, session_of(solution, row))
        if isinstance(rated, Rated):
            rated.solution, rated.labels = solution, row
        return rated

    def _rated(self, where: str, session: Session) -> Rated | Flaw:
        problem = self._problems.get(session.problem_id)
        if problem is None:
            what = f"there is no problem {session.problem_id!r}"
            return Flaw(where, CannotExpress("problem_id", what))
        return Rated(where=where, problem=problem, session=session, generation=session.generation)

    def _with_labels(self, rated: Rated) -> Rated:
        """With what else is wanted of it."""
        session = rated.session
        if rated.solution is None and self._has_all:
            rated.solution = self._solutions.get(session.solution_id)
        if rated.labels is None and self._wanted.with_labels:
            rated.labels = self._labels.get((session.solution_id, session.rater))
        if self._wanted.with_votes and rated.solution is not None:
            rated.votes = _unpacked(self._ratings.get(rated.solution.solution_id, []))
        return rated

    def _keep_solutions(self, is_kept: Callable[[Solution], bool]) -> None:
        for solution in stream(self._tables["solutions"], Solution):
            if is_kept(solution):
                self._solutions.put(solution.solution_id, solution)

    def _keep_labels(self) -> None:
        of_sessions = self._wanted.with_labels and "sessions" in self._tables
        if not of_sessions and not self._wanted.with_votes:
            return
        for row in stream(self._tables["labels"], Labels):
            if of_sessions:
                self._labels.put((row.solution_id, row.rater), row)
            if self._wanted.with_votes:
                self._ratings.setdefault(row.solution_id, []).append(_packed(row))

    def _taken(self) -> set[int]:
        """Numbers of the opinions of which each stands for all about its solution."""
        about: dict[str, list[tuple[int, Standing]]] = {}
        taken: set[int] = set()
        for number, one in enumerate(self._everything()):
            if not isinstance(one, Rated):
                continue
            session = one.session
            said = opinion_of(session)
            standing = Standing(first_error=said.first_error, is_whole=said.is_whole)
            if session.solution_id is None:
                taken.add(number)
            elif self._wanted.generation in (None, one.generation):
                key = f"{session.is_quality_control}{session.is_screening} {session.solution_id}"
                about.setdefault(key, []).append((number, standing))
        for there in about.values():
            taken.add(there[chosen([standing for _, standing in there])][0])
        return taken


def tables_of(folder: Path, problems: Path | None, solutions: Path | None) -> dict[str, Path]:
    """Name -> table, of a folder with all of them or of the single ones.

    Raises:
        UserError: A table is neither in the folder nor named.
    """
    tables = {"labels": folder}
    if (folder / "labels").exists():
        names = ("problems", "solutions", "labels", "sessions")
        tables = {name: folder / name for name in names if (folder / name).exists()}
    for name, given in (("problems", problems), ("solutions", solutions)):
        if given is not None:
            tables[name] = given
        elif name not in tables:
            raise UserError(
                f"--{name}: {folder} is no folder of `surefoot label import`,"
                f" so the {name} of its labels have to be named"
            )
    return tables


def _packed(row: Labels) -> bytes:
    return bytes(_NONE if rating is None else rating + 1 for rating in row.ratings)


def _unpacked(ratings: list[bytes]) -> Votes:
    return tuple(tuple(_BACK[code] for code in one) for one in ratings)


_NONE = 3
_BACK = (*RATINGS, None)
"""Code -> rating."""
