"""Coefficients of agreement, from tables of counts.

Each is written once, for any number of tables at a time, so that an interval by
drawing problems again costs a few products of matrices. NaN where a table leaves
nothing to agree on; the functions for a single table say None.

Axes: ... any number of tables, U units (steps), V values (ratings, in their order).
"""

from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Level: TypeAlias = Literal["nominal", "ordinal", "interval"]


def alpha(counts_UV: Ints, values_V: Sequence[float], level: Level = "ordinal") -> float | None:
    """Krippendorff's alpha.

    Args:
        counts_UV: How many raters gave each value to each unit. Units with fewer
            than two ratings count for nothing.
        values_V: The values, ascending.
        level: What the distance of two values is: they differ (nominal), how many
            ratings lie between them (ordinal), their difference (interval).

    Returns:
        1: full agreement; 0: as by chance; below: less than by chance. None where
        no unit has two ratings, or all ratings are the same value: there is
        nothing to agree on.

    Source: Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability",
    https://repository.upenn.edu/asc_papers/43.
    """
    return single(alphas(coincidences(counts_UV).sum(axis=0), values_V, level))


def coincidences(counts_UV: Ints) -> Floats:
    """(U, V, V) how often two raters gave a unit these two values, each rater counted once.

    Zero for units with fewer than two ratings. Their sum is all that alpha needs.
    """
    counts = counts_UV.astype(np.float64)
    raters_U = counts.sum(axis=1)
    pairs_UVV = counts[:, :, None] * counts[:, None, :]
    values = np.arange(counts.shape[1])
    pairs_UVV[:, values, values] -= counts
    found: Floats = pairs_UVV / np.maximum(raters_U - 1, 1)[:, None, None]
    return found


def alphas(coincidence: Floats, values_V: Sequence[float], level: Level = "ordinal") -> Floats:
    """Krippendorff's alpha of (..., V, V) tables of coincidences."""
    n_V = coincidence.sum(axis=-1)
    n = n_V.sum(axis=-1)[..., None, None]
    values = np.arange(n_V.shape[-1])
    expected = n_V[..., :, None] * n_V[..., None, :]
    expected[..., values, values] -= n_V
    distance = _distances(n_V, np.asarray(values_V, dtype=np.float64), level)
    with np.errstate(divide="ignore", invalid="ignore"):
        by_chance = (expected / (n - 1) * distance).sum(axis=(-1, -2))
        found = 1 - (coincidence * distance).sum(axis=(-1, -2)) / by_chance
    return np.where(np.count_nonzero(n_V, axis=-1) < 2, np.nan, found)


def weighted_kappa(pairs: Iterable[tuple[int, int]], values: Sequence[int]) -> float | None:
    """Cohen's kappa of two raters with linear weights.

    Args:
        pairs: What both said of each unit.
        values: All values, in their order; neighbours are one apart.

    Returns:
        1: full agreement, 0: as by chance. None without a pair, or where chance
        alone leaves nothing to disagree on.
    """
    place = {value: i for i, value in enumerate(values)}
    table_VV = np.zeros((len(values), len(values)))
    for one, other in pairs:
        table_VV[place[one], place[other]] += 1
    return single(weighted_kappas(table_VV))


def weighted_kappas(table: Floats) -> Floats:
    """Cohen's kappa with linear weights of (..., V, V) tables: one rater down, one across."""
    index_V = np.arange(table.shape[-1])
    weight_VV = np.abs(index_V[:, None] - index_V)
    n = table.sum(axis=(-1, -2))
    crossed = table.sum(axis=-1)[..., :, None] * table.sum(axis=-2)[..., None, :]
    with np.errstate(divide="ignore", invalid="ignore"):
        by_chance = (crossed * weight_VV).sum(axis=(-1, -2)) / n
        found = 1 - (table * weight_VV).sum(axis=(-1, -2)) / by_chance
    return np.where(by_chance > 0, found, np.nan)


def fleiss_kappa(counts_UV: Ints) -> float | None:
    """Fleiss' kappa.

    Args:
        counts_UV: How many raters put each unit into each category. Units may have
            different numbers of raters; those with fewer than two count for nothing.

    Returns:
        1: full agreement, 0: as by chance. None where no unit has two raters or
        only one category is in use.
    """
    counts = counts_UV[counts_UV.sum(axis=1) >= 2].astype(np.float64)
    return single(
        fleiss_kappas(np.array(float(len(counts))), same_pairs(counts).sum(), counts.sum(axis=0))
    )


def same_pairs(counts_UV: Floats) -> Floats:
    """(U,) share of the pairs of raters of a unit who agree; each has at least two."""
    n_U = counts_UV.sum(axis=1)
    found: Floats = (np.square(counts_UV).sum(axis=1) - n_U) / (n_U * (n_U - 1))
    return found


def fleiss_kappas(units: Floats, same: Floats, counts_V: Floats) -> Floats:
    """Fleiss' kappa of any number of tables.

    Args:
        units: (...) how many units.
        same: (...) sum of `same_pairs` over them.
        counts_V: (..., V) how often each category was given.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = counts_V / counts_V.sum(axis=-1, keepdims=True)
        by_chance = np.square(shares).sum(axis=-1)
        found = (same / units - by_chance) / (1 - by_chance)
    return np.where(np.count_nonzero(counts_V, axis=-1) < 2, np.nan, found)


def single(value: Floats) -> float | None:
    """One number; None for NaN."""
    return None if np.isnan(value) else float(value)


def _distances(n_V: Floats, values_V: Floats, level: Level) -> Floats:
    """(..., V, V) squared distances."""
    if level == "nominal":
        return 1.0 - np.eye(n_V.shape[-1])
    if level == "interval":
        return np.square(values_V[:, None] - values_V)
    below_V = np.cumsum(n_V, axis=-1) - n_V / 2
    return np.square(below_V[..., :, None] - below_V[..., None, :])
