"""What choosing among N solutions is worth: closed forms over all draws.

For one problem M solutions were sampled. A point of a best-of-N curve is the
chance that the solution chosen among N of them is right, where the N are drawn
from the M without replacement and the chance is over all C(M, N) draws. Every
function here returns that chance exactly, for many N at once; nothing is
shuffled and nothing has a seed. The mean over problems makes the curve
(`surefoot.evaluation.curves`), Lightman et al. 2023, Figure 3.

Conventions, those of the authors' own script (prm800k, `eval/eval.py` at commit
00811d6): a solution without an answer stays among the M and is never chosen; a
draw that holds none with an answer counts as wrong; a problem with fewer rows
than the others has the missing ones without an answer. Ties for the best score
are broken uniformly at random (the script: by order after a shuffle).

Majority voting is in `surefoot.evaluation.majority`, score-weighted voting in
`surefoot.evaluation.weighted`.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
BoolArray: TypeAlias = NDArray[np.bool_]


def check_n(n: Sequence[int], pool: int) -> None:
    """Refuses an N that cannot be drawn from `pool` solutions.

    Raises:
        ValueError: Some N is outside 1..pool; the message names it.
    """
    for value in n:
        if not 1 <= value <= pool:
            raise ValueError(f"n must be in 1..{pool} (solutions a problem), got {value}")


@lru_cache(maxsize=64)
def _rank_weights(pool: int, n: tuple[int, ...]) -> FloatArray:
    weights = np.empty((len(n), pool))
    rank = np.arange(pool - 1)
    for row, size in zip(weights, n, strict=True):
        # C(M-1-r, n-1) / C(M, n) starts at n/M; the ratio of neighbours is
        # below 1 and every factor is exact, so nothing over- or underflows badly.
        falling = np.maximum(pool - size - rank, 0) / (pool - 1 - rank)
        row[0] = size / pool
        row[1:] = size / pool * np.cumprod(falling)
    weights.flags.writeable = False
    return weights


def rank_weights(pool: int, n: Sequence[int]) -> FloatArray:
    """Chance that the solution of rank r is the best of a draw, for every r.

    Args:
        pool: M, the solutions of one problem, ranked without ties.
        n: (K,) Sizes of the draw, each in 1..M.

    Returns:
        (K, M) `C(M-1-r, n-1) / C(M, n)`: rank r (0 is best) is drawn together
        with n-1 worse ones. Rows sum to 1. Read-only, computed once per (M, n).

    Raises:
        ValueError: Some n is outside 1..M.

    Example:
        Of 3, the best is in a draw of 2 with chance 2/3:

        >>> rank_weights(3, [2]).round(3).tolist()
        [[0.667, 0.333, 0.0]]
    """
    check_n(n, pool)
    return _rank_weights(pool, tuple(int(value) for value in n))


def expected_best_of_n(
    scores: Sequence[float] | FloatArray,
    is_correct: Sequence[bool] | BoolArray,
    n: Sequence[int],
    *,
    has_answer: Sequence[bool] | BoolArray | None = None,
    pool: int | None = None,
) -> FloatArray:
    """Chance that the best-scored of n solutions of one problem is right.

    Args:
        scores: (S,) The verifier's score of each solution; only their order
            counts. Of a solution without an answer the score is not looked at.
        is_correct: (S,) Whether the final answer is right.
        n: (K,) Sizes of the draw, each in 1..M.
        has_answer: (S,) Whether the solution states an answer; all do if None.
        pool: M, if more solutions were sampled than there are rows; the
            missing ones have no answer. None: M = S.

    Returns:
        (K,) Chances in [0, 1].

    Raises:
        ValueError: Lengths differ, n or pool is out of range, or a solution
            with an answer has a NaN score (it was never scored).

    Example:
        Drawing 2 of 3, the right one wins whenever it is drawn:

        >>> expected_best_of_n([0.9, 0.5, 0.1], [True, False, False], [2]).round(3).tolist()
        [0.667]
    """
    score, correct, answered, pool = _columns(scores, is_correct, has_answer, pool)
    weights = rank_weights(pool, n)
    _, group, size = np.unique(-score[answered], return_inverse=True, return_counts=True)
    share = np.bincount(group, weights=correct[answered], minlength=len(size)) / np.maximum(size, 1)
    # A tied group wins as often as its ranks do together and is then right with
    # the share of right ones in it.
    return _clipped(weights[:, : int(size.sum())] @ np.repeat(share, size))


def pass_at_k(n_correct: int, pool: int, k: Sequence[int]) -> FloatArray:
    """Chance that at least one of k solutions drawn from M is right.

    Args:
        n_correct: Right solutions among the M.
        pool: M.
        k: (K,) Sizes of the draw, each in 1..M.

    Returns:
        (K,) `1 - C(M-c, k) / C(M, k)`, the unbiased pass@k of Chen et al. 2021
        (arXiv:2107.03374, section 2.1).

    Raises:
        ValueError: `n_correct` is outside 0..M, or some k outside 1..M.

    Example:
        >>> pass_at_k(1, 4, [1, 2, 4]).tolist()
        [0.25, 0.5, 1.0]
    """
    if not 0 <= n_correct <= pool:
        raise ValueError(f"n_correct must be in 0..{pool}, got {n_correct}")
    return _clipped(rank_weights(pool, k)[:, :n_correct].sum(axis=1))


def spread_over_draws(chances: FloatArray) -> FloatArray:
    """Standard deviation of a curve's point from one random draw to another.

    The band of Figure 3: with the problems fixed, draw N solutions of each, choose,
    and count; the count is a sum of independent coins, one a problem, so its
    spread follows from the chances and needs no simulation. It is zero at
    N = M without ties. It says nothing about other problems; for that see
    `surefoot.evaluation.intervals`.

    Args:
        chances: (P, K) Chance for each problem and N.

    Returns:
        (K,) Standard deviations of the mean over the P problems.

    Raises:
        ValueError: There are no problems.
    """
    if len(chances) == 0:
        raise ValueError("no problems: a spread needs at least one")
    deviation: FloatArray = np.sqrt((chances * (1.0 - chances)).sum(axis=0)) / len(chances)
    return deviation


def _columns(
    scores: Sequence[float] | FloatArray,
    is_correct: Sequence[bool] | BoolArray,
    has_answer: Sequence[bool] | BoolArray | None,
    pool: int | None,
) -> tuple[FloatArray, BoolArray, BoolArray, int]:
    """The columns of one problem as arrays of one length, checked."""
    score = np.asarray(scores, dtype=np.float64)
    correct = np.asarray(is_correct, dtype=np.bool_)
    if has_answer is None:
        answered = np.ones(len(score), dtype=np.bool_)
    else:
        answered = np.asarray(has_answer, dtype=np.bool_)
    if not len(score) == len(correct) == len(answered):
        raise ValueError(
            f"lengths differ: {len(score)} scores, {len(correct)} grades, {len(answered)} answers"
        )
    if np.isnan(score[answered]).any():
        raise ValueError("a score is NaN: a solution with an answer was never scored")
    size = len(score) if pool is None else pool
    if size < len(score):
        raise ValueError(f"pool must be >= {len(score)} (the solutions given), got {size}")
    return score, correct, answered, size


def _clipped(chances: FloatArray) -> FloatArray:
    """Rounding may pass 1 by an ulp or two."""
    clipped: FloatArray = np.clip(chances, 0.0, 1.0)
    return clipped
