"""`surefoot label auto`: rate steps with a program."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from surefoot.commands.join import JoinedShards
from surefoot.commands.options import ProblemsPath, SolutionsPath, Writes, check_input
from surefoot.errors import UserError
from surefoot.labeling.rate import Rater, rate
from surefoot.labeling.rate_by_scores import NEGATIVE_ABOVE, rate_by_scores
from surefoot.problems.arith.checker import check
from surefoot.problems.arith.generate import SOURCE
from surefoot.records import Labels, Problem, Scores, Solution
from surefoot.stages import fingerprint, run_stage
from surefoot.tables import read, stream

RATERS: dict[str, Rater] = {"checker": check}


@dataclass(frozen=True, kw_only=True)
class Config(Writes):
    """Rate the steps of solutions with a program, as a labeller would.

    Each step gets -1 (wrong), 0 (true, but no progress) or +1, with a reason,
    up to and with the first wrong one; the steps after it stay unrated.

    Example:
        surefoot label auto problems solutions --by checker --out labels
        surefoot label auto problems solutions --by scores --scores scores-large --out labels
    """

    problems: ProblemsPath
    """Table of problems."""
    solutions: SolutionsPath
    """Table of solutions to them."""
    by: Literal["checker", "scores"] = "checker"
    """The rater. The exact checker knows the truth of every step, but only for the
    problems that `surefoot problems arith` makes. `scores`: a PRM, by its scores."""
    scores: Path | None = None
    """The PRM's scores of these solutions, for --by scores."""
    negative_above: float = NEGATIVE_ABOVE
    """--by scores: a step is rated -1 where the PRM's chance of that is higher."""
    skip_bad: bool = False
    """Leave bad rows out, listed and counted on stderr, instead of stopping at the first."""

    def __post_init__(self) -> None:
        if (self.by == "scores") != (self.scores is not None):
            raise UserError("--scores: goes with --by scores, and that needs it")
        if not 0 <= self.negative_above <= 1:
            raise UserError(f"--negative-above: must be in [0, 1], got {self.negative_above}")


def run(config: Config) -> dict[str, Any]:
    """Counts by rating; the labels are in `--out`."""
    work = JoinedShards(config.problems, config.solutions, skip_bad=config.skip_bad)
    one = _rater(config, work)
    spec: dict[str, Any] = {
        "command": "label auto",
        "by": config.by,
        "problems": fingerprint(config.problems),
        "solutions": fingerprint(config.solutions),
        "skip_bad": config.skip_bad,
    }
    if config.scores is not None:
        spec |= {"scores": fingerprint(config.scores), "negative_above": config.negative_above}
    run_stage(
        config.out,
        Labels,
        work,
        lambda shard: [one(problem, solution) for problem, solution in shard],
        spec=spec,
        overwrite=config.overwrite,
        progress="Rating",
    )
    return {**rating_counts(read(config.out, Labels)), "out": str(config.out)}


def _rater(config: Config, work: JoinedShards) -> Callable[[Problem, Solution], Labels]:
    """What rates one solution."""
    if config.scores is None:
        _check_known((problem for shard in work for problem, _ in shard), config)
        rater = RATERS[config.by]
        return lambda problem, solution: rate(problem, solution, rater, name=config.by)
    path = check_input(config.scores, "scores")
    scores = {row.solution_id: row for row in stream(path, Scores)}
    for shard in work:
        for _, solution in shard:
            row = scores.get(solution.solution_id)
            if row is None:
                raise UserError(f"{path}: has no scores of solution {solution.solution_id!r}")
            if row.kind != "prm":
                raise UserError(f"{path}: scores of an ORM say nothing about steps")
            if len(row.step_scores) != len(solution.steps):
                raise UserError(
                    f"{path}: solution {solution.solution_id!r} has {len(solution.steps)} steps"
                    f" and {len(row.step_scores)} scores"
                )
    return lambda _, solution: rate_by_scores(
        solution, scores[solution.solution_id], negative_above=config.negative_above
    )


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
