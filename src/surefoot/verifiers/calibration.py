"""Calibration: how far chances are from frequencies, and the temperature that mends it.

Temperature scaling (Guo et al. 2017, "On calibration of modern neural networks",
arXiv:1706.04599): all logits are divided by one number, fitted on held-out data
by likelihood. The most likely rating of a step stays the most likely one.

Axes: K ratings that were predicted, C choices.
"""

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

LOWEST, HIGHEST = 0.05, 20.0
"""A temperature outside tells that the data decide nothing: all right, or no better
than chance. The bound is taken."""
BINS = 15
_TINY = 1e-300


class Calibration(NamedTuple):
    """How good chances are."""

    nll: float
    """Mean negative log of the chance of what was so, nats."""
    ece: float
    """Expected calibration error, in [0, 1]; of the chance that it is right."""


def fit_temperature(chances_KC: Floats, classes_K: Ints) -> float:
    """The temperature under which the classes are likeliest.

    Args:
        chances_KC: Softmax of the logits, rows sum to 1.
        classes_K: Column of what was so. At least one row.

    Returns:
        In [0.05, 20]. Exact: the negative log-likelihood is convex in
        1 / temperature, and the root of its derivative is found by bisection.
    """
    logits_KC = np.log(np.maximum(chances_KC, _TINY))
    observed = float(np.take_along_axis(logits_KC, classes_K[:, None], axis=1).sum())

    def slope(inverse: float) -> float:
        """Derivative of the negative log-likelihood; grows with `inverse`."""
        return float((_softmax(inverse * logits_KC) * logits_KC).sum()) - observed

    low, high = 1 / HIGHEST, 1 / LOWEST
    if slope(low) >= 0:
        return HIGHEST
    if slope(high) <= 0:
        return LOWEST
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    return 2 / (low + high)


def tempered(chances_KC: Floats, temperature: float) -> Floats:
    """The chances with their logits divided by a temperature."""
    return _softmax(np.log(np.maximum(chances_KC, _TINY)) / temperature)


def measure(chances_KC: Floats, classes_K: Ints) -> Calibration:
    """How well chances fit what was so.

    Args:
        chances_KC: Rows sum to 1. The first column is wrong, all others are right.
        classes_K: Column of what was so. At least one row.

    Returns:
        The error is over 15 bins of equal width, weighted by their rows.
    """
    found_K = np.take_along_axis(chances_KC, classes_K[:, None], axis=1)
    nll = float(-np.log(np.maximum(found_K, _TINY)).mean())
    right_K = 1 - chances_KC[:, 0]
    bins_K = np.minimum((right_K * BINS).astype(np.int64), BINS - 1)
    gap_B = np.bincount(bins_K, right_K - (classes_K > 0), minlength=BINS)
    return Calibration(nll, float(np.abs(gap_B).sum() / len(classes_K)))


def _softmax(logits_KC: Floats) -> Floats:
    shifted_KC = np.exp(logits_KC - logits_KC.max(axis=1, keepdims=True))
    made: Floats = shifted_KC / shifted_KC.sum(axis=1, keepdims=True)
    return made
