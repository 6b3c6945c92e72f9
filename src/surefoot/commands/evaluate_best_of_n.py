"""`surefoot evaluate best-of-n`: from scores and grades to curves over N."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import tyro
from tyro.conf import arg

from surefoot.atomic import replacing
from surefoot.commands.options import Options, check_at_least, check_input
from surefoot.errors import OutputExists, UserError
from surefoot.evaluation.curves import DRAWS, Curves, compute_curves
from surefoot.evaluation.figures import FORMATS, save_figure
from surefoot.evaluation.pools import Pool, count_failures, pools_from_records
from surefoot.evaluation.scored import read_scored
from surefoot.records import Grade, Labels, Problem, Scores, Solution
from surefoot.tables import read
from surefoot.verifiers.aggregate import Aggregation, Neutral, aggregate, step_score


@dataclass(frozen=True, kw_only=True)
class Config(Options):
    r"""How often the chosen one of N solutions is right, for every N, in closed form.

    Example:
        surefoot evaluate best-of-n scored-test-samples.jsonl --n 1,10,100 --json
        surefoot evaluate best-of-n --problems test --solutions solutions --grades grades \
            --scores scores-prm scores-orm --figure curves.svg
    """

    file: Annotated[Path | None, tyro.conf.Positional, arg(metavar="[FILE]")] = None
    """Scored samples in OpenAI's layout, one a line: problem, answer,
    is_correct, prm_score, orm_score. Or give the four tables instead."""
    problems: Path | None = None
    """Table of problems."""
    solutions: Path | None = None
    """Table of their solutions."""
    grades: Path | None = None
    """Table of the solutions' grades."""
    scores: tuple[Path, ...] = ()
    """Tables of scores, one or more; whether PRM or ORM stands in their rows."""
    labels: Path | None = None
    """Step ratings of all these solutions by an exact checker: adds the series
    `checker`, the ceiling of what a verifier can reach."""
    likelihood: bool = False
    """Add the series `likelihood`: the generator's own log-probability as score."""
    n: str | None = None
    """Values of N with commas between them; powers of two up to M if left out."""
    pool: int | None = None
    """M, solutions a problem; problems with fewer have the rest without an
    answer. The largest problem's number if left out."""
    aggregation: Aggregation | None = None
    """Make PRM scores again from the step scores; as in the table if left out."""
    neutral: Neutral | None = None
    """Count neutral steps as right or wrong (needs the tables' step_probabilities)."""
    draws: int = DRAWS
    """Random orders behind a score-weighted vote; all else is exact."""
    seed: int = 0
    """Of these orders and of the intervals."""
    out: Path | None = None
    """Also write the result to this file."""
    figure: Path | None = None
    """Draw the curves to this file: .svg, .png or .pdf."""
    overwrite: bool = False
    """Replace files that are there."""

    def __post_init__(self) -> None:
        """Checks what can be checked without reading a file."""
        tables = {
            "--problems": self.problems,
            "--solutions": self.solutions,
            "--grades": self.grades,
            "--scores": self.scores or None,
        }
        given = [flag for flag, value in tables.items() if value is not None]
        if self.file is None and len(given) < len(tables):
            missing = ", ".join(flag for flag in tables if flag not in given)
            raise UserError(f"give a file of scored samples, or all four tables; missing {missing}")
        if self.file is not None:
            alone = {
                "--labels": self.labels,
                "--likelihood": self.likelihood or None,
                "--aggregation": self.aggregation,
                "--neutral": self.neutral,
            }
            extra = given + [flag for flag, value in alone.items() if value is not None]
            if extra:
                raise UserError(f"{extra[0]}: goes with tables, not with {self.file}")
        parse_n(self.n)
        check_at_least("--draws", self.draws, 1)
        if self.pool is not None:
            check_at_least("--pool", self.pool, 1)
        if self.figure is not None and self.figure.suffix not in FORMATS:
            raise UserError(f"--figure: {self.figure}: name must end in {', '.join(FORMATS)}")
        for path in (self.out, self.figure):
            if path is not None and path.exists() and not self.overwrite:
                raise OutputExists(path)


def run(config: Config) -> dict[str, Any]:
    """Reads, computes, writes what was asked for, and returns the curves."""
    pools, failures = _pools(config)
    n = parse_n(config.n)
    curves = _curves(config, pools, n)
    result = curves.as_json() | {"failures": failures}
    if config.out is not None:
        with replacing(config.out) as temporary:
            temporary.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if config.figure is not None:
        save_figure(curves, config.figure)
    return result | {"text": curves_as_text(curves, failures)} if not config.json else result


def parse_n(text: str | None) -> tuple[int, ...] | None:
    """The values of `--n`: whole numbers >= 1 with commas between, each once, in order."""
    if text is None:
        return None
    values = []
    for word in text.split(","):
        try:
            value = int(word)
        except ValueError:
            raise UserError(f"--n: must be whole numbers like 1,10,100, got {word!r}") from None
        check_at_least("--n", value, 1)
        values.append(value)
    return tuple(sorted(set(values)))


def read_scores(
    paths: Sequence[Path],
    aggregation: Aggregation | None = None,
    neutral: Neutral | None = None,
) -> dict[str, list[Scores]]:
    """Score tables by the name of their series.

    The first table of a kind is called `prm` or `orm`, a further one after its
    file too (`prm:name`).

    Raises:
        UserError: A table has no rows, mixes kinds, or lacks what another
            aggregation needs.
    """
    series: dict[str, list[Scores]] = {}
    for path in paths:
        rows = read(check_input(path, "scores"), Scores)
        kinds = sorted({row.kind for row in rows})
        if len(kinds) != 1:
            found = "no rows" if not kinds else "rows of both prm and orm"
            raise UserError(f"{path}: {found}; a table of scores holds one verifier's")
        name: str = kinds[0]
        if name in series:
            name = f"{name}:{path.name}"
        if name in series:
            raise UserError(f"--scores: {path.name} is given twice")
        if kinds[0] == "prm" and (aggregation is not None or neutral is not None):
            rows = [_again(path, row, aggregation, neutral) for row in rows]
        series[name] = rows
    return series


def curves_as_text(curves: Curves, failures: dict[str, int]) -> str:
    """The curves as a table to read on a terminal, in per cent."""
    names = list(curves.chances)
    width = max(len(name) for name in names) + 2
    lines = [f"{len(curves.problem_ids)} problems, {curves.pool} solutions a problem"]
    lines.append(", ".join(f"{count} {name.replace('_', ' ')}" for name, count in failures.items()))
    lines.append("N".rjust(6) + "".join(name.rjust(width) for name in names))
    for row, n in enumerate(curves.n):
        values = "".join(f"{100 * curves.mean(name)[row]:{width}.1f}" for name in names)
        lines.append(f"{n:6d}{values}")
    last = {name: 100 * ends[-1] for name, ends in curves.intervals.items()}
    lines.append(f"95 % intervals at N = {curves.n[-1]}, over problems:")
    lines += [
        f"  {name:16} {low:+.1f} to {high:+.1f}"
        if "-" in name
        else f"  {name:16} {low:.1f} to {high:.1f}"
        for name, (low, high) in last.items()
    ]
    return "\n".join(lines)


def _pools(config: Config) -> tuple[list[Pool], dict[str, int]]:
    if config.file is not None:
        pools = read_scored(check_input(config.file, "scored samples"))
        total = sum(len(pool) for pool in pools)
        solved = sum(int(pool.is_correct.sum()) for pool in pools)
        answered = sum(int(pool.has_answer.sum()) for pool in pools)
        counts = {
            "solutions": total,
            "solved": solved,
            "wrong": answered - solved,
            "no_answer": total - answered,
        }
        return pools, counts
    problems = read(_given(config.problems, "problems"), Problem)
    solutions = read(_given(config.solutions, "solutions"), Solution)
    grades = read(_given(config.grades, "grades"), Grade)
    pools = pools_from_records(
        problems,
        solutions,
        grades,
        read_scores(config.scores, config.aggregation, config.neutral),
        labels=[] if config.labels is None else read(check_input(config.labels, "labels"), Labels),
        likelihood=config.likelihood,
    )
    if not pools:
        raise UserError(f"{config.solutions}: no solutions")
    return pools, count_failures(solutions, grades)


def _given(path: Path | None, what: str) -> Path:
    if path is None:
        raise UserError(f"--{what}: is missing")
    return check_input(path, what)


def _curves(config: Config, pools: list[Pool], n: tuple[int, ...] | None) -> Curves:
    largest = max(len(pool) for pool in pools)
    if config.pool is not None and config.pool < largest:
        raise UserError(f"--pool: must be >= {largest} (the largest problem), got {config.pool}")
    size = config.pool or largest
    if n is not None and n[-1] > size:
        raise UserError(f"--n: must be <= {size} (solutions a problem), got {n[-1]}")
    return compute_curves(pools, n, pool_size=size, draws=config.draws, seed=config.seed)


def _again(
    path: Path, row: Scores, aggregation: Aggregation | None, neutral: Neutral | None
) -> Scores:
    """The row with its solution score aggregated in another way."""
    steps: Sequence[float] = row.step_scores
    if neutral is not None:
        if row.step_probabilities is None:
            raise UserError(
                f"{path}: solution {row.solution_id!r}: no step_probabilities, which --neutral "
                "needs; leave it out, or score again with `surefoot score`"
            )
        steps = [step_score(chances, neutral) for chances in row.step_probabilities]
    how = aggregation or "product"
    return replace(row, solution_score=aggregate(steps, how), aggregation=how)
