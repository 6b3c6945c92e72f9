"""95 % intervals over problems, by a seeded paired bootstrap.

The problems of a test set are a sample of the problems one cares about. Drawing
them again with replacement, many times, shows how far a curve's point would move
with other problems. Every series is averaged over the same resampled problems,
so that the interval of a difference (PRM minus ORM) is a paired one: problems
that are easy for both cancel. The interval is the 2.5th to 97.5th percentile.
Where every problem has the same value it has no width; that is a property of
the method, not certainty. The spread over draws of the solutions is another thing:
`surefoot.evaluation.estimators.spread_over_draws`.
"""

from functools import lru_cache

import numpy as np

from surefoot.evaluation.estimators import FloatArray

LEVEL = 0.95
RESAMPLES = 4000


@lru_cache(maxsize=4)
def resampled_shares(problems: int, resamples: int = RESAMPLES, seed: int = 0) -> FloatArray:
    """(R, P) what share of each set of problems drawn again each problem is; read-only."""
    generator = np.random.default_rng(seed)
    even = np.full(problems, 1.0 / problems)
    shares: FloatArray = generator.multinomial(problems, even, size=resamples) / problems
    shares.flags.writeable = False
    return shares


def bootstrap_interval(
    values: FloatArray, *, seed: int = 0, resamples: int = RESAMPLES
) -> FloatArray:
    """95 % percentile interval of the mean over problems.

    Args:
        values: (P, K) One value a problem and point; the difference of two
            series for a paired interval. Equal (P, seed) resample the same problems.
        seed: Of the resampling.
        resamples: How often the problems are drawn again.

    Returns:
        (K, 2) Lower and upper end.

    Raises:
        ValueError: There are no problems, or a value is NaN.

    Example:
        >>> bootstrap_interval(np.array([[0.0], [1.0]] * 50)).round(1).tolist()
        [[0.4, 0.6]]
    """
    if len(values) == 0:
        raise ValueError("no problems: an interval needs at least one")
    if np.isnan(values).any():
        raise ValueError("a value is NaN")
    means = resampled_shares(len(values), resamples, seed) @ values
    tail = 100.0 * (1.0 - LEVEL) / 2.0
    ends: FloatArray = np.percentile(means, [tail, 100.0 - tail], axis=0).T
    return ends
