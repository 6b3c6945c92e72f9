"""Tables that belong together: solutions and their problems."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from surefoot.commands.options import check_input
from surefoot.errors import UserError
from surefoot.records import Problem, Solution
from surefoot.tables import count_rows, read, stream

SHARD_SIZE = 1000
"""Solutions a shard; fixed, so that a resumed run cuts the work in the same way."""
MOST_IN_MEMORY = 100_000
"""Solutions; longer tables are read as they are worked on."""


class JoinedShards:
    """Every solution with its problem, in the order of the solutions, `SHARD_SIZE` a shard.

    A table of up to `MOST_IN_MEMORY` rows is read and checked at once, before
    any work begins; a longer one shard by shard.

    Raises:
        BadRow: A row of either table (not with `skip_bad`).
        UserError: A table is missing, or a solution's problem is not among
            the problems.
    """

    def __init__(self, problems: Path, solutions: Path, *, skip_bad: bool = False) -> None:
        check_input(problems, "problems")
        check_input(solutions, "solutions")
        self._by_id = {p.problem_id: p for p in read(problems, Problem, skip_bad=skip_bad)}
        self._problems, self._solutions, self._skip_bad = problems, solutions, skip_bad
        rows = count_rows(solutions)
        self._all: list[tuple[Problem, Solution]] | None = None
        if rows <= MOST_IN_MEMORY:
            self._all = list(self._joined(read(solutions, Solution, skip_bad=skip_bad)))
            rows = len(self._all)
        self._shards = -(-rows // SHARD_SIZE)

    def __len__(self) -> int:
        """Number of shards; the last ones are empty where bad rows are skipped."""
        return self._shards

    def __iter__(self) -> Iterator[list[tuple[Problem, Solution]]]:
        """The shards in order."""
        rows: Iterable[tuple[Problem, Solution]] = self._all or ()
        if self._all is None:
            table = stream(self._solutions, Solution, skip_bad=self._skip_bad)
            rows = self._joined(table)
        waiting = iter(rows)
        for _ in range(self._shards):
            yield list(islice(waiting, SHARD_SIZE))

    def _joined(self, rows: Iterable[Solution]) -> Iterator[tuple[Problem, Solution]]:
        for solution in rows:
            if solution.problem_id not in self._by_id:
                raise UserError(
                    f"{self._solutions}: solution {solution.solution_id!r} belongs to problem "
                    f"{solution.problem_id!r}, which is not in {self._problems}"
                )
            yield self._by_id[solution.problem_id], solution
