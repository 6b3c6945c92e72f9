"""How sure a figure of agreement is: 95 % intervals.

The problems are a sample of those one could have asked about, and the solutions
of one problem are alike; so problems are drawn again, not solutions or steps.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from surefoot.labeling.coefficients import Floats

DRAWS = 1000
CHUNK = 50
"""Draws at a time, so that many problems need little memory."""
Z95 = 1.959963984540054


class Estimate(NamedTuple):
    """A figure and how sure it is."""

    value: float | None
    """None: not enough data, or nothing to agree on."""
    low: float | None = None
    """Lower end of the 95 % interval; None where there are not two problems."""
    high: float | None = None
    n: int = 0
    """What it is a figure of: pairs, steps, answers."""


def bootstrap(
    sums_PK: Floats,
    figures: Callable[[Floats], Floats],
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> list[Estimate]:
    """Figures of sums over problems, and their intervals.

    Args:
        sums_PK: What each problem adds to each of K sums.
        figures: (D, K) sums -> (D, F) figures, NaN where one is not defined.
        draws: How often the problems are drawn again, with replacement; >= 1.
        seed: Of the draws.

    Returns:
        F estimates: the 2.5 and 97.5 per cent points of the draws in which the
        figure is defined; `n` is 0, as only the caller knows.
    """
    n_problems = len(sums_PK)
    values = figures(sums_PK.sum(axis=0, keepdims=True))[0]
    if n_problems < 2:
        return [Estimate(_number(value)) for value in values]
    generator = np.random.default_rng(seed)
    found = []
    for start in range(0, draws, CHUNK):
        size = min(CHUNK, draws - start)
        drawn = generator.integers(n_problems, size=(size, n_problems))
        drawn += np.arange(size)[:, None] * n_problems
        times_DP = np.bincount(drawn.ravel(), minlength=size * n_problems)
        found.append(figures(times_DP.reshape(size, n_problems).astype(np.float64) @ sums_PK))
    return [
        Estimate(_number(value), *_ends(column)) if not np.isnan(value) else Estimate(None)
        for value, column in zip(values, np.concatenate(found).T, strict=True)
    ]


def share(right: int, n: int) -> Estimate:
    """A share of independent answers with Wilson's interval; no value where n is 0."""
    if n == 0:
        return Estimate(None)
    p, z2 = right / n, Z95 * Z95
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return Estimate(p, max(0.0, middle - half), min(1.0, middle + half), n)


def _ends(column: Floats) -> tuple[float | None, float | None]:
    known = column[~np.isnan(column)]
    if not len(known):
        return None, None
    low, high = np.percentile(known, [2.5, 97.5])
    return float(low), float(high)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
