"""95 % intervals of step figures, over problems, paired between verifiers.

Problems are drawn again with replacement, each with all its steps, and the
figure is made anew from each draw (`surefoot.evaluation.intervals` says why).
Two predictors are compared on the same draws, so the interval of a difference
is a paired one. ECE has none: drawing again adds noise to every bin, so each
redrawn ECE is larger than the one it should surround.
"""

from typing import Any

import numpy as np

from surefoot.evaluation.estimators import FloatArray, IntArray
from surefoot.evaluation.first_error import NO_ERROR, first_below
from surefoot.evaluation.intervals import LEVEL, resampled_shares
from surefoot.evaluation.step_metrics import ranking, squared_errors, surprises
from surefoot.evaluation.step_table import StepTable
from surefoot.verifiers.auc import auc

RESAMPLES = 1000
COMPARED = ("first_error_f1", "auroc", "auroc_within", "average_precision", "brier", "nll")
"""Figures of which differences between predictors are told."""


def redrawn(table: StepTable, threshold: float, *, seed: int = 0) -> dict[str, FloatArray]:
    """The main figures of each set of problems drawn again.

    Returns:
        Name -> (R,) values; NaN where a draw has none of what the figure needs
        (no wrong step, say). Equal (problems, seed) draw the same problems.
    """
    shares = resampled_shares(max(table.n_groups, 1), RESAMPLES, seed)
    hits = np.array(
        [first_below(row.step_scores, threshold) == row.first_error for row in table.judged],
        dtype=np.float64,
    )
    is_correct = np.array([row.first_error == NO_ERROR for row in table.judged], dtype=np.bool_)

    def first_error(kept: FloatArray) -> FloatArray:
        return _means(shares, hits * kept, table.judged_group, kept)

    erroneous, correct = (first_error(k.astype(np.float64)) for k in (~is_correct, is_correct))
    total = erroneous + correct
    areas, precise = _rankings(table, shares)
    return {
        "first_error_accuracy": first_error(np.ones(len(hits))),
        "erroneous_accuracy": erroneous,
        "correct_accuracy": correct,
        "first_error_f1": np.divide(
            2 * erroneous * correct, total, out=np.where(np.isnan(total), total, 0), where=total > 0
        ),
        "auroc": areas,
        "auroc_within": _within(table, shares),
        "average_precision": precise,
        "brier": _means(shares, squared_errors(table), table.group),
        "nll": _means(shares, surprises(table), table.group),
    }


def intervals(draws: dict[str, FloatArray]) -> dict[str, list[float] | None]:
    """Lower and upper end of each figure; None where half of the draws or more have none."""
    return {name: _ends(values) for name, values in draws.items()}


def differences(ours: dict[str, FloatArray], other: dict[str, FloatArray]) -> dict[str, Any]:
    """Intervals of ours minus the other, figure by figure, over the same draws."""
    return {name: _ends(ours[name] - other[name]) for name in COMPARED}


def _ends(values: FloatArray) -> list[float] | None:
    known = values[~np.isnan(values)]
    if 2 * len(known) <= len(values):
        return None
    tail = 100.0 * (1.0 - LEVEL) / 2.0
    low, high = np.percentile(known, [tail, 100.0 - tail])
    return [float(low), float(high)]


def _means(
    shares: FloatArray, values: FloatArray, group: IntArray, weights: FloatArray | None = None
) -> FloatArray:
    """(R,) weighted mean of the values in each draw; NaN where the weights sum to 0."""
    n_groups = shares.shape[1]
    weights = np.ones(len(values)) if weights is None else weights
    above = shares @ np.bincount(group, weights=values, minlength=n_groups)
    below = shares @ np.bincount(group, weights=weights, minlength=n_groups)
    return np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)


def _within(table: StepTable, shares: FloatArray) -> FloatArray:
    """(R,) mean over problems of the AUROC within each one that has both sorts of steps."""
    order = np.argsort(table.group, kind="stable")
    starts = np.searchsorted(table.group[order], np.arange(table.n_groups + 1))
    known: dict[int, float] = {}
    for i in range(table.n_groups):
        rows = order[starts[i] : starts[i + 1]]
        area = auc(table.score[rows], table.is_right[rows])
        if area is not None:
            known[i] = area
    return _means(shares, np.array(list(known.values())), np.array(list(known), dtype=np.int64))


def _rankings(table: StepTable, shares: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(R,) AUROC and average precision of each draw, steps counting as often as drawn."""
    _, place = np.unique(table.score, return_inverse=True)
    size = int(place.max()) + 1 if len(place) else 0
    sides = [(place[side], table.group[side]) for side in (~table.is_right, table.is_right)]
    found = np.full((2, len(shares)), np.nan)
    for r, share in enumerate(shares):
        wrong_at, right_at = (
            np.bincount(at, weights=share[group], minlength=size).astype(np.float64)
            for at, group in sides
        )
        for row, value in zip(found, ranking(wrong_at, right_at), strict=True):
            row[r] = np.nan if value is None else value
    return found[0], found[1]
