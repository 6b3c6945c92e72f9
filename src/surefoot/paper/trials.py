"""One pool of solutions, several trainings of each verifier: curves, differences, claims.

Axes: T trainings, P problems, K values of N.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from surefoot.evaluation.curves import VOTERS, WEIGHTED, compute_curves
from surefoot.evaluation.estimators import FloatArray, spread_over_draws
from surefoot.evaluation.paired import interval_over_trainings, sign_flip_p
from surefoot.evaluation.pools import pools_from_records
from surefoot.paper.materials import Sampled
from surefoot.records import Grade, Labels, Problem, Scores, Solution
from surefoot.tables import read


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A figure, how sure it is, and for a difference the chance that it is none."""

    mean: float
    low: float
    high: float
    p: float | None = None
    """Two-sided, over problems; None where nothing is compared."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A sentence that may hold or not, of the paper as a rule, and what was seen here."""

    paper: str
    """What the paper says; or what is asked here, if it says nothing of it."""
    here: str
    """What was seen, in a sentence with its figures."""
    holds: bool | None
    """Whether it held; None: the interval holds both."""
    estimate: Estimate | None = None
    is_papers: bool = True
    """Whether it is the paper that says so."""

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Trials:
    """Every series at every N, for each training."""

    n: tuple[int, ...]
    chances: dict[str, FloatArray]
    """By series, (T, P, K); of what nobody trained T is 1."""
    problem_ids: tuple[str, ...]

    def at(self, n: int) -> int:
        """Place of an N."""
        return self.n.index(n)

    def only(self, problem_ids: Collection[str]) -> "Trials":
        """The same of some problems."""
        rows = [p for p, name in enumerate(self.problem_ids) if name in problem_ids]
        chances = {name: values[:, rows] for name, values in self.chances.items()}
        return Trials(self.n, chances, tuple(self.problem_ids[p] for p in rows))

    def mean(self, series: str) -> FloatArray:
        """(K,) Mean over trainings and problems."""
        means: FloatArray = self.chances[series].mean(axis=(0, 1))
        return means

    def interval(self, series: str) -> FloatArray:
        """(K, 2) Over problems and trainings."""
        return interval_over_trainings(self.chances[series])

    def spread(self, series: str) -> FloatArray:
        """(K,) Standard deviation over draws of N solutions, problems and training fixed."""
        of_each = [spread_over_draws(chances_PK) for chances_PK in self.chances[series]]
        deviation: FloatArray = np.sqrt(np.mean(np.square(of_each), axis=0))
        return deviation

    def difference(self, first: str, second: str, n: int) -> Estimate:
        """How much better the first chooses among N than the second, paired."""
        k = self.at(n)
        values_TP = self.chances[first][:, :, k] - self.chances[second][:, :, k]
        return estimate(values_TP, compared=True)

    def as_json(self) -> dict[str, Any]:
        """Means, intervals, spreads and each training's means, 4 decimals."""
        return {
            "n": list(self.n),
            "problems": len(self.problem_ids),
            "series": {
                name: {
                    "mean": np.round(self.mean(name), 4).tolist(),
                    "ci95": np.round(self.interval(name), 4).tolist(),
                    "spread": np.round(self.spread(name), 4).tolist(),
                    "trainings": np.round(values.mean(axis=1), 4).tolist(),
                }
                for name, values in self.chances.items()
            },
        }


def estimate(values_TP: FloatArray, *, compared: bool = False) -> Estimate:
    """The mean over trainings and problems with its interval; with a p-value if compared."""
    low, high = interval_over_trainings(values_TP[:, :, None])[0]
    return Estimate(
        mean=float(values_TP.mean()),
        low=float(low),
        high=float(high),
        p=sign_flip_p(values_TP.mean(axis=0)) if compared else None,
    )


def trials(
    pool: Sampled,
    scores: Mapping[str, Sequence[Path | list[Scores]]],
    n: Sequence[int] | None = None,
    *,
    ceiling: bool = False,
) -> Trials:
    """Curves of several verifiers over one pool of solutions.

    Args:
        pool: The solutions, all of them scored.
        scores: Series -> a table of scores, or its rows, for each training.
        n: Values of N; None takes powers of two.
        ceiling: Add the series `checker`: a verifier that knows each step.
    """
    rows = {
        f"{name}@{t}": read(one, Scores) if isinstance(one, Path) else one
        for name, tables in scores.items()
        for t, one in enumerate(tables)
    }
    pools = pools_from_records(
        read(pool.problems, Problem),
        read(pool.solutions, Solution),
        read(pool.grades, Grade),
        rows,
        labels=read(pool.labels, Labels) if ceiling else [],
    )
    voters = [name for name in rows if name.partition("@")[0] in VOTERS]
    curves = compute_curves(pools, n, voters=voters)
    by_series: dict[str, list[FloatArray]] = {}
    for name, values in curves.chances.items():
        series, _, training = name.partition("@")
        suffix = WEIGHTED if training.endswith(WEIGHTED) else ""
        by_series.setdefault(series + suffix, []).append(values)
    chances = {name: np.stack(values) for name, values in by_series.items()}
    return Trials(curves.n, chances, curves.problem_ids)


def right_by_wrong_steps(pool: Sampled) -> float | None:
    """Of the solutions with a right answer, the share with a wrong step; None without any."""
    wrong = {row.solution_id for row in read(pool.labels, Labels) if row.first_error is not None}
    right = [g.solution_id for g in read(pool.grades, Grade) if g.verdict == "correct"]
    return sum(name in wrong for name in right) / len(right) if right else None


def said_of_wrong_steps(pool: Sampled) -> str:
    """That share as a sentence; empty without right answers."""
    share = right_by_wrong_steps(pool)
    return "" if share is None else f" {100 * share:.1f} % of right answers have a wrong step."


def percent(figure: Estimate, *, signed: bool = False) -> str:
    """A share as people read it: `12.3 % (10.1 to 14.5)`, differences in points.

    The ends of a share's interval are kept within what a share can be.
    """
    if signed:
        ends = f"({100 * figure.low:+.1f} to {100 * figure.high:+.1f})"
        return f"{100 * figure.mean:+.1f} points {ends}"
    low, high = max(0.0, figure.low), min(1.0, figure.high)
    return f"{100 * figure.mean:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def compared(paper: str, what: str, figure: Estimate, *, is_papers: bool = True) -> Claim:
    """The claim that a difference is above zero.

    Args:
        paper: What the paper says.
        what: Names the difference, e.g. `PRM - ORM at N = 256`.
        figure: It.
        is_papers: Whether the paper says so.
    """
    assert figure.p is not None
    p = "p < 0.0001" if figure.p < 1e-4 else f"p = {figure.p:.2g}"
    holds = True if figure.low > 0 else False if figure.high < 0 else None
    return Claim(
        paper=paper,
        here=f"{what}: {percent(figure, signed=True)}, {p}",
        holds=holds,
        estimate=figure,
        is_papers=is_papers,
    )
