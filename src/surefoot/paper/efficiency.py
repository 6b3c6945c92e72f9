"""How many times fewer ratings reach the same accuracy: log-linear fits.

Axes: T trainings, P problems, L numbers of ratings.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from surefoot.evaluation.estimators import FloatArray
from surefoot.evaluation.intervals import LEVEL, RESAMPLES, resampled_shares


@dataclass(frozen=True, kw_only=True)
class Efficiency:
    """One way of choosing what is rated against another."""

    ratio: float | None
    """Times as many ratings that the other needs; None where more ratings do not help."""
    low: float | None
    high: float | None
    """95 % interval of the ratio, trainings and problems drawn again; None where in
    more than one draw in twenty more ratings do not help."""
    gain: float
    """Accuracy gained by twice the ratings: the common slope of both lines."""
    slopes: tuple[float, float]
    """Of each line by itself, per doubling."""

    def verdict(self) -> bool | None:
        """Whether fewer ratings are needed; None where the interval holds 1."""
        if self.low is None or self.high is None:
            return None
        return True if self.low > 1 else False if self.high < 1 else None


def data_efficiency(
    numbers: Sequence[int], one_TPL: FloatArray, other_TPL: FloatArray, *, seed: int = 0
) -> Efficiency:
    """Fits two parallel lines, accuracy against log2 of the ratings.

    Args:
        numbers: (L,) Ratings, at least two different numbers.
        one_TPL: Chance of each problem for each training.
        other_TPL: The same, in the other way.
        seed: Of the interval.

    Returns:
        The ratio is 2 to the horizontal distance of the lines.
    """
    x_L = np.log2(np.asarray(numbers, dtype=np.float64))
    ratio, gain = _parallel(x_L, one_TPL.mean(axis=(0, 1)), other_TPL.mean(axis=(0, 1)))
    n_trainings, n_problems, _ = one_TPL.shape
    problems_RP = resampled_shares(n_problems, RESAMPLES, seed)
    trainings_RT = resampled_shares(n_trainings, RESAMPLES, seed + 1)
    draws = [
        np.einsum("rt,rtl->rl", trainings_RT, np.einsum("rp,tpl->rtl", problems_RP, values))
        for values in (one_TPL, other_TPL)
    ]
    drawn = [_parallel(x_L, a, b)[0] for a, b in zip(*draws, strict=True)]
    known = [value for value in drawn if value is not None]
    low = high = None
    if len(known) >= 0.95 * len(drawn):
        tail = 100.0 * (1.0 - LEVEL) / 2.0
        low, high = (float(end) for end in np.percentile(known, [tail, 100.0 - tail]))
    slopes = tuple(
        float(np.polyfit(x_L, values.mean(axis=(0, 1)), 1)[0]) for values in (one_TPL, other_TPL)
    )
    return Efficiency(ratio=ratio, low=low, high=high, gain=gain, slopes=slopes)  # type: ignore[arg-type]


def _parallel(
    x_L: FloatArray, one_L: FloatArray, other_L: FloatArray
) -> tuple[float | None, float]:
    """The ratio and the common slope, by least squares."""
    from_mean = x_L - x_L.mean()
    slope = float(from_mean @ (one_L + other_L) / (2 * from_mean @ from_mean))
    if slope <= 0:
        return None, slope
    return float(2 ** min(60.0, (one_L.mean() - other_L.mean()) / slope)), slope
