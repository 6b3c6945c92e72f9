"""Is one way of choosing better than another? Intervals and a p-value, paired over problems.

A verifier is trained several times, with other seeds, and tried on the same
problems. Both vary: another training gives another verifier, other problems other
figures. The interval is wide enough for both; the p-value is over problems, of the
mean over trainings.

Axes: T trainings, P problems, K points of a curve, R draws.
"""

import numpy as np

from surefoot.evaluation.estimators import FloatArray
from surefoot.evaluation.intervals import LEVEL, RESAMPLES, resampled_shares

FLIPS = 20_000


def interval_over_trainings(
    values_TPK: FloatArray, *, seed: int = 0, resamples: int = RESAMPLES
) -> FloatArray:
    """95 % interval of the mean over trainings and problems.

    The problems are drawn again, as in `bootstrap_interval`. Three trainings are too few
    to be drawn again: the extreme of 27 draws is no 2.5th percentile. Their means get the
    error of a mean of T normal values instead, which has Student's distribution.

    Args:
        values_TPK: One value a training, problem and point; the difference of two
            series for a paired interval. With T = 1 the interval is over problems only.
        seed: Of the draws; equal (T, P, seed) draw the same.
        resamples: How often.

    Returns:
        (K, 2) Lower and upper end; with few trainings that differ they may lie beyond
        what the values can be.

    Raises:
        ValueError: There are no trainings or problems.
    """
    n_trainings, n_problems, _ = values_TPK.shape
    if not n_trainings or not n_problems:
        raise ValueError("an interval needs at least one training and one problem")
    problems_RP = resampled_shares(n_problems, resamples, seed)
    drawn_RK = problems_RP @ values_TPK.mean(axis=0)
    if n_trainings > 1:
        error_K = values_TPK.mean(axis=1).std(axis=0, ddof=1) / n_trainings**0.5
        noise_R = np.random.default_rng([seed, 1]).standard_t(n_trainings - 1, resamples)
        drawn_RK = drawn_RK + noise_R[:, None] * error_K
    tail = 100.0 * (1.0 - LEVEL) / 2.0
    ends: FloatArray = np.percentile(drawn_RK, [tail, 100.0 - tail], axis=0).T
    return ends


def sign_flip_p(differences_P: FloatArray, *, seed: int = 0, flips: int = FLIPS) -> float:
    """Two-sided p-value that paired differences have mean zero.

    Under that hypothesis each problem's difference is as likely with either sign.

    Args:
        differences_P: One a problem; those that are 0 say nothing.
        seed: Of the random signs.
        flips: How many random signings; with at most 14 differences all of them.

    Returns:
        Share of signings whose mean is as far from zero as the one seen, in
        (0, 1]; the one seen counts among them. 1 where all are 0.

    Example:
        Of 8 signings of three equal differences two are as extreme:

        >>> sign_flip_p(np.array([1.0, 1.0, 1.0]))
        0.25
    """
    moved = differences_P[differences_P != 0]
    if not len(moved):
        return 1.0
    seen = abs(float(moved.sum())) * (1 - 1e-12)
    if len(moved) <= 14:
        places = np.arange(1 << len(moved))[:, None] >> np.arange(len(moved)) & 1
        return float((np.abs((2 * places - 1) @ moved) >= seen).mean())
    generator = np.random.default_rng(seed)
    n_as_far = 1
    for start in range(0, flips, 1000):
        signs = generator.choice((-1.0, 1.0), size=(min(1000, flips - start), len(moved)))
        n_as_far += int((np.abs(signs @ moved) >= seen).sum())
    return n_as_far / (flips + 1)
