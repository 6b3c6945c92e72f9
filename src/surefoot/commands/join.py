"""Tables that belong together: solutions and their problems."""

from pathlib import Path

from surefoot.commands.options import check_input
from surefoot.errors import UserError
from surefoot.records import Problem, Solution
from surefoot.tables import read

SHARD_SIZE = 1000
"""Solutions a shard; fixed, so that a resumed run cuts the work in the same way."""


def read_solutions(
    problems: Path, solutions: Path, *, skip_bad: bool = False
) -> list[tuple[Problem, Solution]]:
    """Every solution with its problem, in the order of the solutions.

    Raises:
        BadRow: A row of either table (not with `skip_bad`).
        UserError: A table is missing, or a solution's problem is not among
            the problems.
    """
    check_input(problems, "problems")
    check_input(solutions, "solutions")
    by_id = {p.problem_id: p for p in read(problems, Problem, skip_bad=skip_bad)}
    pairs: list[tuple[Problem, Solution]] = []
    for solution in read(solutions, Solution, skip_bad=skip_bad):
        if solution.problem_id not in by_id:
            raise UserError(
                f"{solutions}: solution {solution.solution_id!r} belongs to problem "
                f"{solution.problem_id!r}, which is not in {problems}"
            )
        pairs.append((by_id[solution.problem_id], solution))
    return pairs


def shards_of(
    pairs: list[tuple[Problem, Solution]], size: int = SHARD_SIZE
) -> list[list[tuple[Problem, Solution]]]:
    """The pairs in their order, `size` a shard."""
    return [pairs[i : i + size] for i in range(0, len(pairs), size)]
