"""Score-weighted voting over draws of N of M solutions, by seeded simulation.

Each drawn solution votes for its answer with its score; the answer with the
largest sum is chosen. Sums of real weights have no closed form, so this one
curve is simulated: `draws` random orders of the M solutions, of which the first
N are the draw for every N. N = 1 and N = M are exact all the same. The standard
error of a point (mean over problems) is `spread_over_draws(chances) /
sqrt(draws)`; `surefoot.evaluation.curves` reports it.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from surefoot.evaluation.estimators import BoolArray, FloatArray, IntArray, check_n

_SAME = 1e-12
"""Relative difference below which two sums are a tie (they are added in another order)."""


def draw_orders(pool: int, draws: int, seed: int) -> NDArray[np.int32]:
    """(draws, pool) random orders of the solutions, one a row.

    The same orders serve every problem: `expected_weighted_vote` renumbers the
    solutions of each problem at random first, which makes the errors of
    different problems uncorrelated, and so the stated standard error right.
    """
    generator = np.random.default_rng(seed)
    rows = np.tile(np.arange(pool, dtype=np.int32), (draws, 1))
    return generator.permuted(rows, axis=1)


def expected_weighted_vote(
    weights: Sequence[float] | FloatArray,
    answer_class: Sequence[int] | IntArray,
    right_class: int | None,
    n: Sequence[int],
    *,
    orders: NDArray[np.int32],
    generator: np.random.Generator,
    has_answer: Sequence[bool] | BoolArray | None = None,
) -> FloatArray:
    """Chance that the answer with the largest sum of weights is the right one.

    Args:
        weights: (S,) Weight of each solution's vote, finite and >= 0.
        answer_class: (S,) Number >= 0 of the solution's answer; equal answers
            have equal numbers. Not looked at where there is no answer.
        right_class: The class of right answers; None if no solution is right.
        n: (K,) Sizes of the draw, each in 1..M.
        orders: (R, M) from `draw_orders`; M >= S, the rest have no answer.
        generator: Renumbers the solutions of this problem.
        has_answer: (S,) Whether a solution votes at all; all do if None.

    Returns:
        (K,) Estimated chances, exact at n = 1 and n = M. Ties uniformly; a draw
        without an answer counts as wrong.

    Raises:
        ValueError: n is out of 1..M, lengths differ, or a weight is negative,
            infinite or NaN.
    """
    pool = orders.shape[1]
    check_n(n, pool)
    weight, label, classes = _ballots(weights, answer_class, has_answer, pool)
    if right_class is None or right_class >= classes:
        return np.zeros(len(n))
    renumbered = generator.permutation(pool)
    weight, label = weight[renumbered], label[renumbered]
    chance_at: dict[int, float] = {1: float((label == right_class).mean())}
    if pool in n:
        chance_at[pool] = _tally(weight, label, classes, right_class, orders[:1], [pool])[0]
    between = sorted({value for value in n if value not in chance_at})
    estimates = _tally(weight, label, classes, right_class, orders, between)
    chance_at.update(zip(between, estimates, strict=True))
    return np.array([chance_at[value] for value in n], dtype=np.float64)


def _ballots(
    weights: Sequence[float] | FloatArray,
    answer_class: Sequence[int] | IntArray,
    has_answer: Sequence[bool] | BoolArray | None,
    pool: int,
) -> tuple[FloatArray, IntArray, int]:
    """(M,) weights and classes; solutions without an answer share the class C."""
    given = np.asarray(weights, dtype=np.float64)
    classes = np.asarray(answer_class, dtype=np.int64)
    votes = np.ones(len(given), np.bool_) if has_answer is None else np.asarray(has_answer)
    if not len(given) == len(classes) == len(votes) or len(given) > pool:
        raise ValueError(
            f"lengths differ: {len(given)} weights, {len(classes)} classes, pool of {pool}"
        )
    if not (np.isfinite(given[votes]) & (given[votes] >= 0)).all():
        raise ValueError("weights of votes must be finite and >= 0")
    count = int(classes[votes].max()) + 1 if votes.any() else 0
    weight, label = np.zeros(pool), np.full(pool, count)
    rows = np.flatnonzero(votes)
    weight[rows], label[rows] = given[votes], classes[votes]
    return weight, label, count


def _tally(
    weight: FloatArray,
    label: IntArray,
    classes: int,
    right: int,
    orders: NDArray[np.int32],
    sizes: list[int],
) -> list[float]:
    """Share of the orders whose first n elect the right class, for each n of sizes."""
    draws = len(orders)
    first_of_row = (np.arange(draws) * (classes + 1))[:, None]
    sums = np.zeros(draws * (classes + 1))
    present = np.zeros(draws * (classes + 1), dtype=np.bool_)
    shares, done = [], 0
    for n in sizes:
        drawn = orders[:, done:n]
        cells = (label[drawn] + first_of_row).ravel()
        sums += np.bincount(cells, weights=weight[drawn].ravel(), minlength=len(sums))
        present[cells] = True
        done = n
        standing = np.where(present, sums, -np.inf).reshape(draws, classes + 1)[:, :classes]
        best = standing.max(axis=1, initial=-np.inf, keepdims=True)
        tied = (standing >= best - _SAME * np.abs(best)) & np.isfinite(standing)
        elected = tied[:, right] / np.maximum(tied.sum(axis=1), 1)
        shares.append(float(elected.mean()))
    return shares
