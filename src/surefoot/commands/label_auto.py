"""`surefoot label auto`: rate steps with a program."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from surefoot.commands.join import JoinedShards
from surefoot.commands.options import ProblemsPath, SolutionsPath, Writes
from surefoot.errors import UserError
from surefoot.labeling.rate import Rater, rate
from surefoot.problems.arith.checker import check
from surefoot.problems.arith.generate import SOURCE
from surefoot.records import Labels, Problem
from surefoot.stages import fingerprint, run_stage
from surefoot.tables import read

RATERS: dict[str, Rater] = {"checker": check}


@dataclass(frozen=True, kw_only=True)
class Config(Writes):
    """Rate the steps of solutions with a program, as a labeller would.

    Each step gets -1 (wrong), 0 (true, but no progress) or +1, with a reason,
    up to and with the first wrong one; the steps after it stay unrated.

    Example:
        surefoot label auto problems solutions --by checker --out labels
    """

    problems: ProblemsPath
    """Table of problems."""
    solutions: SolutionsPath
    """Table of solutions to them."""
    by: Literal["checker"] = "checker"
    """The rater. The exact checker knows the truth of every step, but only for the
    problems that `surefoot problems arith` makes."""
    skip_bad: bool = False
    """Leave bad rows out, listed and counted on stderr, instead of stopping at the first."""


def run(config: Config) -> dict[str, Any]:
    """Counts by rating; the labels are in `--out`."""
    work = JoinedShards(config.problems, config.solutions, skip_bad=config.skip_bad)
    _check_known((problem for shard in work for problem, _ in shard), config)
    rater = RATERS[config.by]
    run_stage(
        config.out,
        Labels,
        work,
        lambda shard: [rate(p, s, rater, name=config.by) for p, s in shard],
        spec={
            "command": "label auto",
            "by": config.by,
            "problems": fingerprint(config.problems),
            "solutions": fingerprint(config.solutions),
            "skip_bad": config.skip_bad,
        },
        overwrite=config.overwrite,
        progress="Rating",
    )
    return {**rating_counts(read(config.out, Labels)), "out": str(config.out)}


def rating_counts(labels: Iterable[Labels]) -> dict[str, int]:
    """Solutions, those with an error, and the number of steps of each rating."""
    ratings: Counter[int | None] = Counter()
    n_solutions = n_with_error = 0
    for one in labels:
        ratings.update(one.ratings)
        n_solutions += 1
        n_with_error += one.first_error is not None
    return {
        "solutions": n_solutions,
        "with_an_error": n_with_error,
        "negative_steps": ratings[-1],
        "neutral_steps": ratings[0],
        "positive_steps": ratings[1],
        "unrated_steps": ratings[None],
    }


def _check_known(problems: Iterable[Problem], config: Config) -> None:
    for problem in problems:
        if problem.source != SOURCE:
            raise UserError(
                f"{config.problems}: problem {problem.problem_id!r} is of source "
                f"{problem.source!r}; --by checker judges only those of `surefoot problems arith`"
            )
