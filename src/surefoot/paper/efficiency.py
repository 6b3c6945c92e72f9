"""How many times fewer ratings reach the same accuracy: log-linear fits.

Axes: T trainings, P problems, L numbers of ratings.
"""

import math
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
    """95 % interval of the ratio over problems and trainings; None where an end is not
    known, because in too many draws more ratings do not help."""
    gain: float
    """Accuracy gained by twice the ratings: the common slope of both lines."""
    slopes: tuple[float, float]
    """Of each line by itself, per doubling."""

    def verdict(self) -> bool | None:
        """Whether fewer ratings are needed; None where that cannot be told."""
        if self.low is not None and self.low > 1:
            return True
        return False if self.high is not None and self.high < 1 else None


@dataclass(frozen=True)
class Line:
    """Accuracies at rising numbers of ratings."""

    ratings: Sequence[float]
    """(L,) At least two different numbers."""
    chances_TPL: FloatArray

    @property
    def x_L(self) -> FloatArray:
        """The numbers, as doublings."""
        return np.log2(np.asarray(self.ratings, dtype=np.float64))


def data_efficiency(one: Line, other: Line, *, seed: int = 0) -> Efficiency:
    """Fits two parallel lines, accuracy against log2 of the ratings.

    Args:
        one: A way of choosing.
        other: Another, of as many trainings on the same problems.
        seed: Of the interval.

    Returns:
        The ratio is 2 to the horizontal distance of the lines.

    Raises:
        ValueError: A line has fewer than two different numbers.
    """
    if min(len(set(line.ratings)) for line in (one, other)) < 2:
        raise ValueError("a line needs at least two different numbers of ratings")
    means = [line.chances_TPL.mean(axis=(0, 1)) for line in (one, other)]
    ratio, gain = _parallel(one.x_L, means[0], other.x_L, means[1])
    draws = [_drawn(line, seed, which) for which, line in enumerate((one, other))]
    drawn = [_parallel(one.x_L, a, other.x_L, b)[0] for a, b in zip(*draws, strict=True)]
    tail = 100.0 * (1.0 - LEVEL) / 2.0
    low = float(np.percentile(drawn, tail, method="lower"))
    high = float(np.percentile(drawn, 100.0 - tail, method="higher"))
    first, second = (
        float(np.polyfit(line.x_L, mean, 1)[0])
        for line, mean in zip((one, other), means, strict=True)
    )
    return Efficiency(
        ratio=ratio if 0 < ratio < math.inf else None,
        low=low if 0 < low < math.inf else None,
        high=high if 0 < high < math.inf else None,
        gain=gain,
        slopes=(first, second),
    )


def _drawn(line: Line, seed: int, which: int) -> FloatArray:
    """(R, L) The mean accuracies with other problems and other trainings.

    Both lines are drawn on the same problems. Each point has trainings of its own, with
    the error of a mean as in `interval_over_trainings`, its size taken from all points.
    """
    n_trainings, n_problems, n_points = line.chances_TPL.shape
    drawn_RL: FloatArray = resampled_shares(n_problems, RESAMPLES, seed) @ line.chances_TPL.mean(
        axis=0
    )
    if n_trainings > 1:
        variance = line.chances_TPL.mean(axis=1).var(axis=0, ddof=1).mean()
        generator = np.random.default_rng([seed, which])
        noise_RL = generator.standard_t(n_points * (n_trainings - 1), drawn_RL.shape)
        drawn_RL = drawn_RL + noise_RL * (variance / n_trainings) ** 0.5
    return drawn_RL


def _parallel(
    one_x_L: FloatArray, one_L: FloatArray, other_x_L: FloatArray, other_L: FloatArray
) -> tuple[float, float]:
    """The ratio and the common slope, by least squares.

    Where more ratings do not help, no number of them makes good for a lead: the ratio is
    infinite, or 0 for the one that is behind.
    """
    parts = [(x - x.mean(), y) for x, y in ((one_x_L, one_L), (other_x_L, other_L))]
    slope = float(sum(x @ y for x, y in parts) / sum(x @ x for x, _ in parts))
    lead = float(one_L.mean() - other_L.mean())
    if slope <= 0:
        return (math.inf if lead > 0 else 0.0), slope
    doublings = lead / slope - float(one_x_L.mean() - other_x_L.mean())
    return float(2.0 ** min(60.0, max(-60.0, doublings))), slope
