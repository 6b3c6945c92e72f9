"""Opinions out of tables: a folder of `surefoot label import`, or a table of labels."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from sys import intern

from surefoot.commands.shelf import Shelf
from surefoot.errors import UserError
from surefoot.labeling.choices import CannotExpress
from surefoot.labeling.opinion import Standing, chosen
from surefoot.labeling.parts import Pairs
from surefoot.labeling.quality import opinion_of
from surefoot.labeling.rated import Flaw, Rated, Votes, Wanted
from surefoot.labeling.sessions import Entry, labels_on, records_of, session_of
from surefoot.records import Labels, Problem, Session, Solution
from surefoot.tables import read, stream


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
        self._solutions, self._labels = Shelf[Solution](), Shelf[Labels]()
        self._votes = Shelf[Votes]()
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
        covered = Pairs()
        if "sessions" in self._tables:
            table = self._tables["sessions"]
            for number, session in enumerate(stream(table, Session), start=1):
                covered.add(session.solution_id or "", intern(session.rater))
                yield self._rated(f"{table}:{number}", session)
        table = self._tables["labels"]
        rows = enumerate(stream(table, Labels), start=1)
        alone: Iterator[tuple[int, Labels]]
        alone = ((n, row) for n, row in rows if not covered.has(row.solution_id, row.rater))
        if not self._has_all:
            shelf = Shelf[Labels]()
            for number, row in alone:
                shelf.put(number, row)
            wanted = {row.solution_id for _, row in shelf.all()}
            self._keep_solutions(lambda solution: solution.solution_id in wanted)
            alone = shelf.all()
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
        if rated.labels is None and self._wanted.with_votes and rated.solution is not None:
            # As good as those of the table, which would have to be kept for it.
            rated.labels = _labels_of(rated, rated.solution)
        elif rated.labels is None and self._wanted.with_labels:
            rated.labels = self._labels.get((session.solution_id, session.rater))
        if self._wanted.with_votes and rated.solution is not None:
            rated.votes = self._votes.get(rated.solution.solution_id) or ()
        return rated

    def _keep_solutions(self, is_kept: Callable[[Solution], bool]) -> None:
        for solution in stream(self._tables["solutions"], Solution):
            if is_kept(solution):
                self._solutions.put(solution.solution_id, solution)

    def _keep_labels(self) -> None:
        if not self._wanted.with_labels or (
            "sessions" not in self._tables and not self._wanted.with_votes
        ):
            return
        for row in stream(self._tables["labels"], Labels):
            if self._wanted.with_votes:
                there = self._votes.get(row.solution_id) or ()
                self._votes.put(row.solution_id, (*there, row.ratings))
            else:
                self._labels.put((row.solution_id, row.rater), row)

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


def _labels_of(rated: Rated, solution: Solution) -> Labels | None:
    """The labels of a session on its solution, whose lines may be others than the row's."""
    labels = labels_on(rated.session, solution, rated.session.format)
    if labels is not None:
        return labels
    made = records_of(Entry(problem=rated.problem, session=rated.session))
    if made is None or len(made[1].ratings) != len(solution.steps):
        return None
    return replace(made[1], solution_id=solution.solution_id)
