"""Curves over N: what each way of choosing among N solutions is worth.

Reads: pools (`surefoot.evaluation.pools`). Writes: `Curves`, the numbers behind
Figure 3 of Lightman et al. 2023, as JSON by `Curves.as_json`. Best-of-N, pass@k
and majority voting are exact over all draws; weighted voting is simulated with a
seed and its standard error is given.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from surefoot.evaluation.estimators import (
    FloatArray,
    check_n,
    expected_best_of_n,
    pass_at_k,
    spread_over_draws,
)
from surefoot.evaluation.intervals import bootstrap_interval
from surefoot.evaluation.majority import expected_majority
from surefoot.evaluation.pools import Pool
from surefoot.evaluation.weighted import draw_orders, expected_weighted_vote

MAJORITY, PASS = "majority", "pass"
WEIGHTED = "_weighted"
"""Suffix of the name of a weighted vote: `prm_weighted`."""
DIFFERENCES = (("prm", "orm"), ("prm", MAJORITY), ("orm", MAJORITY))
"""Pairs whose difference gets a paired interval, `prm-orm` and so on."""
VOTERS = ("prm", "orm")
"""Scores that are chances, so that votes may be weighted by them."""
DRAWS = 200
"""Random orders behind a weighted vote, unless told otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """Every series at every N."""

    n: tuple[int, ...]
    """(K,) Solutions chosen among."""
    chances: dict[str, FloatArray]
    """By series, (P, K): the chance for each problem. Rows follow `problem_ids`."""
    problem_ids: tuple[str, ...]
    pool: int
    """M, solutions a problem; a problem with fewer has the rest without an answer."""
    missing: int
    """Solutions that problems lack to M, in all."""
    draws: int
    """Random orders behind the simulated series."""
    seed: int
    """Of the simulation and of the intervals."""
    intervals: dict[str, FloatArray] = field(default_factory=dict)
    """By series and by difference (`prm-orm`), (K, 2): 95 % intervals."""

    def mean(self, series: str) -> FloatArray:
        """(K,) The curve: mean over problems."""
        mean: FloatArray = self.chances[series].mean(axis=0)
        return mean

    def spread(self, series: str) -> FloatArray:
        """(K,) Standard deviation over draws of the solutions, problems fixed."""
        return spread_over_draws(self.chances[series])

    def as_json(self) -> dict[str, Any]:
        """The curves as plain lists, chances in [0, 1] with 6 decimals.

        Keys: `n`, one for each series, `ci95` and `spread` by series,
        `problems`, `samples_per_problem`, and for simulated series
        `simulated` (draws, and the standard error at each N).
        """
        names = list(self.chances)
        result: dict[str, Any] = {"n": list(self.n)}
        result |= {name: _rounded(self.mean(name)) for name in names}
        result["ci95"] = {name: _rounded(ends) for name, ends in self.intervals.items()}
        result["spread"] = {name: _rounded(self.spread(name)) for name in names}
        result["problems"] = len(self.problem_ids)
        result["samples_per_problem"] = self.pool
        if self.missing:
            result["missing_samples"] = self.missing
        simulated = [name for name in names if name.endswith(WEIGHTED)]
        if simulated:
            exact = np.isin(self.n, [1, self.pool])
            result["simulated"] = {
                "draws": self.draws,
                "seed": self.seed,
                "standard_error": {
                    name: _rounded(np.where(exact, 0.0, self.spread(name) / self.draws**0.5))
                    for name in simulated
                },
            }
        return result


def compute_curves(
    pools: Sequence[Pool],
    n: Sequence[int] | None = None,
    *,
    pool_size: int | None = None,
    voters: Sequence[str] = VOTERS,
    draws: int = DRAWS,
    seed: int = 0,
) -> Curves:
    """All series the pools allow: scores, weighted votes, majority, pass@k.

    Args:
        pools: One a problem; each has the same named scores.
        n: Values of N; None takes `default_n`.
        pool_size: M. None takes the largest pool; a problem with fewer
            solutions has the missing ones without an answer.
        voters: Scores by which votes are weighted, where the pools have them; they
            are chances (a log-likelihood is no weight).
        draws: Random orders behind a weighted vote.
        seed: Of these orders and of the intervals.

    Returns:
        The curves.

    Raises:
        ValueError: There are no pools or no solutions, `pool_size` is below
            the largest pool, or some N is outside 1..M.
    """
    if not pools or not any(len(pool) for pool in pools):
        raise ValueError("there are no solutions to choose among")
    largest = max(len(pool) for pool in pools)
    size = largest if pool_size is None else pool_size
    if size < largest:
        raise ValueError(f"pool size must be >= {largest} (the largest problem), got {size}")
    values = default_n(size) if n is None else tuple(n)
    check_n(values, size)
    chances = _score_series(pools, values, size)
    chances[MAJORITY] = np.array([_majority(pool, size, values) for pool in pools])
    chances[PASS] = np.array([pass_at_k(int(p.is_correct.sum()), size, values) for p in pools])
    names = [name for name in voters if name in pools[0].scores]
    chances |= _weighted_series(pools, values, size, names, draws, seed)
    return Curves(
        n=values,
        chances=chances,
        problem_ids=tuple(pool.problem_id for pool in pools),
        pool=size,
        missing=sum(size - len(pool) for pool in pools),
        draws=draws,
        seed=seed,
        intervals=_intervals(chances, seed),
    )


def default_n(pool: int) -> tuple[int, ...]:
    """Powers of two up to M, and M itself.

    Example:
        >>> default_n(20)
        (1, 2, 4, 8, 16, 20)
    """
    powers = [1 << bit for bit in range(pool.bit_length()) if 1 << bit < pool]
    return (*powers, pool)


def _score_series(pools: Sequence[Pool], n: tuple[int, ...], size: int) -> dict[str, FloatArray]:
    return {
        name: np.array(
            [
                expected_best_of_n(
                    pool.scores[name], pool.is_correct, n, has_answer=pool.has_answer, pool=size
                )
                for pool in pools
            ]
        )
        for name in pools[0].scores
    }


def _majority(pool: Pool, size: int, n: tuple[int, ...]) -> FloatArray:
    votes = np.bincount(pool.answer_class[pool.has_answer], minlength=1)
    return expected_majority(int(votes[0]), votes[1:].tolist(), size, n)


def _weighted_series(
    pools: Sequence[Pool],
    n: tuple[int, ...],
    size: int,
    names: Sequence[str],
    draws: int,
    seed: int,
) -> dict[str, FloatArray]:
    if not names:
        return {}
    orders = draw_orders(size, draws, seed)
    result = {}
    for name in names:
        # The same seed for each name: both votes see the same draws.
        generator = np.random.default_rng([seed, 1])
        result[name + WEIGHTED] = np.array(
            [
                expected_weighted_vote(
                    pool.scores[name],
                    pool.answer_class,
                    0 if pool.is_correct.any() else None,
                    n,
                    orders=orders,
                    generator=generator,
                    has_answer=pool.has_answer,
                )
                for pool in pools
            ]
        )
    return result


def _intervals(chances: dict[str, FloatArray], seed: int) -> dict[str, FloatArray]:
    ends = {name: bootstrap_interval(values, seed=seed) for name, values in chances.items()}
    for first, second in DIFFERENCES:
        if first in chances and second in chances:
            difference = chances[first] - chances[second]
            ends[f"{first}-{second}"] = bootstrap_interval(difference, seed=seed)
    return ends


def _rounded(values: FloatArray) -> Any:
    return np.round(values, 6).tolist()
