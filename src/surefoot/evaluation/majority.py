"""Majority voting over draws of N of M solutions, exactly.

The right answer got k of the M solutions, wrong answers got s_1, s_2, ... of them,
the rest have no answer. In a draw of N the answer with most votes is chosen,
ties uniformly. With t votes for the right answer and j others at t, the right
one is chosen with chance 1/(1+j), which is the integral of y^j over [0, 1]; so

    chance = sum over t of  C(k, t) [x^(N-t)]  integral of (1+x)^rest
             prod_j ( sum_{v<t} C(s_j, v) x^v  +  y C(s_j, t) x^t ) dy  /  C(M, N).

Both the coefficient and the integral are finite sums: the coefficient by Cauchy's
formula on the circle |x| = N/(M-N), where the polynomials become characteristic
functions of truncated binomials and nothing overflows; the integral by
Gauss-Legendre nodes. Terms below 1e-13 are left out, so a chance is right to
about 1e-9; `tests/evaluation/test_majority.py` compares it with enumeration and
with fractions. No simulation, no seed.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import ceil, exp, log, pi
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from surefoot.evaluation.estimators import FloatArray, IntArray, check_n

_NEGLIGIBLE = -30.0
"""Logarithm of the chance below which an event is left out."""
_CERTAIN = -23.0
"""Logarithm of the chance of error at which a vote counts as decided."""
_BLOCK = 1 << 17
"""Numbers in one array of the sum, so that it stays in the cache."""


class _Vote(NamedTuple):
    """One problem's votes: sizes of the answers, and how many draws."""

    right: int
    sizes: IntArray  # distinct sizes of the wrong answers
    copies: IntArray  # how many wrong answers have that size
    pool: int
    n: int


def expected_majority(
    n_right: int, wrong_counts: Sequence[int], pool: int, n: Sequence[int]
) -> FloatArray:
    """Chance that the commonest answer among n drawn solutions is the right one.

    Args:
        n_right: Solutions with the right answer.
        wrong_counts: Solutions for each distinct wrong answer.
        pool: M; those beyond `n_right + sum(wrong_counts)` have no answer and
            do not vote.
        n: (K,) Sizes of the draw, each in 1..M.

    Returns:
        (K,) Chances in [0, 1]; ties are broken uniformly, a draw without any
        answer counts as wrong.

    Raises:
        ValueError: A count is negative, the counts exceed M, or n is out of 1..M.

    Example:
        Two right, one wrong, one blank. A draw of 2 is right for {r, r} and
        {r, blank}, and half the time for {r, w}: (1 + 2 + 2/2) / 6.

        >>> expected_majority(2, [1], 4, [2]).round(4).tolist()
        [0.6667]
    """
    check_n(n, pool)
    counts = np.asarray(wrong_counts, dtype=np.int64)
    if n_right < 0 or (counts < 0).any() or n_right + int(counts.sum()) > pool:
        raise ValueError(f"counts must be >= 0 and add up to at most {pool}")
    sizes, copies = np.unique(counts[counts > 0], return_counts=True)
    votes = (_Vote(n_right, sizes, copies, pool, int(value)) for value in n)
    return np.array([_chance(vote) for vote in votes], dtype=np.float64)


def _chance(vote: _Vote) -> float:
    """The chance for one N: the plain cases first, then the sum."""
    if vote.right == 0:
        return 0.0
    if vote.n == 1 or not len(vote.sizes):
        # No rival: right unless the whole draw has no answer.
        return _chance_of_any(vote.right, vote.pool, vote.n)
    if vote.n == vote.pool:
        most = int(vote.sizes[-1])
        tied = 1 + (int(vote.copies[-1]) if most == vote.right else 0)
        return 1.0 / tied if vote.right >= most else 0.0
    decided = _decided(vote)
    return _sum_over_votes(vote) if decided is None else decided


def _chance_of_any(right: int, pool: int, n: int) -> float:
    left_out = np.arange(right)
    return float(1.0 - np.prod(np.maximum(pool - n - left_out, 0) / (pool - left_out)))


def _decided(vote: _Vote) -> float | None:
    """1 or 0 where one answer is ahead beyond doubt, else None."""
    lead = vote.right - vote.sizes
    overtaken = _log_chance_of_reversal(np.abs(lead), vote.right + vote.sizes, vote.pool, vote.n)
    if (lead > 0).all() and np.exp(overtaken) @ vote.copies < np.exp(_CERTAIN):
        return 1.0
    if ((lead < 0) & (overtaken < _CERTAIN)).any():
        return 0.0
    return None


def _log_chance_of_reversal(lead: IntArray, voters: IntArray, pool: int, n: int) -> FloatArray:
    """Upper bound on the log-chance that a draw does not show who leads.

    Bernstein's inequality (which holds for drawing without replacement, Hoeffding
    1963, theorem 4) for the n drawn, and for the M-n left out; the better counts.
    """
    bounds = []
    for drawn in (n, pool - n):
        margin = lead * n / pool
        variance = drawn * voters / pool
        bounds.append(-(margin**2) / (2.0 * variance + 4.0 / 3.0 * margin))
    return np.minimum(*bounds)


def _sum_over_votes(vote: _Vote) -> float:
    """The sum over t of the module's formula, in blocks of t."""
    u = vote.n / vote.pool
    t = _likely_votes(vote)
    angles, weights = _circle(vote.pool, vote.n)
    turns = np.exp(1j * angles)
    outside = 1.0 - u + u * turns  # one solution, drawn or not
    rivals = _rivals(vote, u, int(t[0]), int(t[-1]), turns)
    rest = vote.pool - vote.right - sum(rival.size * rival.copies for rival in rivals)
    # Logarithm and power apart: `outside**rest` in one go loses the phase.
    base = np.exp(rest * np.log(outside) - 1j * vote.n * angles) * weights
    right = np.exp(_log_binomial(vote.right, u, t))
    log_norm = float(_log_binomial(vote.pool, u, np.array([vote.n]))[0])
    ties = _ties_to_expect(rivals, t, vote.n)
    total, start = 0.0, 0
    while start < len(t):
        nodes = ceil((ties[start] + 1) / 2)
        stop = min(len(t), start + max(1, _BLOCK // (nodes * len(angles))))
        nodes = ceil((int(ties[start:stop].max()) + 1) / 2)
        rows = slice(start, stop)
        integral = _integral(rivals, t[rows] - int(t[0]), nodes)
        phases = turns[None, :] ** t[rows, None]
        total += float(np.real(right[rows] @ (integral * phases) @ base))
        start = stop
    return min(1.0, max(0.0, total / exp(log_norm)))


class _Rival(NamedTuple):
    """Wrong answers of one size, as tables over t (rows) and the circle."""

    size: int
    copies: int
    below: NDArray[np.complex128]  # (T, A) fewer than t votes
    at: NDArray[np.complex128]  # (T, A) exactly t votes
    chance_at: FloatArray  # (T,) chance of exactly t votes


def _rivals(
    vote: _Vote, u: float, first: int, last: int, turns: NDArray[np.complex128]
) -> list[_Rival]:
    """Those wrong answers that may reach the smallest likely t."""
    rivals = []
    for size, copies in zip(vote.sizes.tolist(), vote.copies.tolist(), strict=True):
        votes = np.arange(min(size, last) + 1)
        chances = np.exp(_log_binomial(size, u, votes))
        if size < first or 1.0 - chances[:first].sum() < np.exp(_NEGLIGIBLE):
            continue  # its factor is that of solutions without an answer
        terms = chances[:, None] * turns[None, :] ** votes[:, None]
        fewer = np.vstack([np.zeros_like(turns), np.cumsum(terms, axis=0)])
        t = np.arange(first, last + 1)
        within = t <= size
        at = np.where(within[:, None], terms[np.minimum(t, len(votes) - 1)], 0.0)
        chance_at = np.where(within, chances[np.minimum(t, len(votes) - 1)], 0.0)
        below = fewer[np.minimum(t, len(votes))]
        rivals.append(_Rival(size, copies, below, at, chance_at))
    return rivals


def _integral(rivals: list[_Rival], rows: IntArray, nodes: int) -> NDArray[np.complex128]:
    """(len(rows), A) integral over y of the product of the rivals' factors."""
    if not rivals:
        return np.ones((len(rows), 1), dtype=np.complex128)
    y, weights = _unit_nodes(nodes)
    product = np.ones(1, dtype=np.complex128)
    for rival in rivals:
        factor = rival.below[rows][:, None, :] + y[:, None] * rival.at[rows][:, None, :]
        product = product * (factor if rival.copies == 1 else factor**rival.copies)
    integral: NDArray[np.complex128] = (product * weights[:, None]).sum(axis=1)
    return integral


def _ties_to_expect(rivals: list[_Rival], t: IntArray, n: int) -> IntArray:
    """(T,) How many rivals may stand at t together, chances below 1e-13 aside.

    An upper bound by the votes there are (n - t of them for the others) and by
    Chernoff's for a sum of independent coins.
    """
    at_most = np.maximum(n - t, 0) // np.maximum(t, 1)
    at_most = np.where(t == 0, n, at_most)
    if not rivals:
        return np.zeros_like(t)
    able = sum(rival.copies * (rival.size >= t) for rival in rivals)
    mean = sum(rival.copies * rival.chance_at for rival in rivals)
    ties = np.minimum(at_most, able)
    for row, expected in enumerate(np.asarray(mean, dtype=np.float64).tolist()):
        j = 1
        while j < ties[row] and j * log(max(expected, 1e-300) / j) + j - expected > (
            _NEGLIGIBLE if j > expected else -np.inf
        ):
            j += 1
        ties[row] = min(int(ties[row]), j)
    return np.asarray(ties, dtype=np.int64)


def _likely_votes(vote: _Vote) -> IntArray:
    """Votes t >= 1 for the right answer that a draw holds with some chance."""
    t = np.arange(max(1, vote.n - (vote.pool - vote.right)), min(vote.right, vote.n) + 1)
    log_chance = (
        _log_choose(vote.right, t)
        + _log_choose(vote.pool - vote.right, vote.n - t)
        - _log_choose(vote.pool, np.array([vote.n]))
    )
    likely = t[log_chance > min(_NEGLIGIBLE, float(log_chance.max()) - 1.0)]
    return np.arange(likely[0], likely[-1] + 1)


def _circle(pool: int, n: int) -> tuple[FloatArray, FloatArray]:
    """(A,) angles in [0, pi] and their weights: half of a circle of L points.

    L points give the coefficient of x^n plus those of x^(n+L), x^(n-L), ...;
    L is the smallest for which these are negligible.
    """
    u = n / pool
    log_chance = _log_binomial(pool, u, np.arange(pool + 1))
    heavy = np.flatnonzero(log_chance > log_chance[n] + _NEGLIGIBLE)
    points = max(int(heavy[-1]) - n, n - int(heavy[0])) + 1
    angles = 2.0 * pi * np.arange(points // 2 + 1) / points
    weights = np.full(len(angles), 2.0 / points)
    weights[0] /= 2.0
    if points % 2 == 0:
        weights[-1] /= 2.0
    return angles, weights


@lru_cache(maxsize=128)
def _unit_nodes(count: int) -> tuple[FloatArray, FloatArray]:
    """Gauss-Legendre nodes and weights on [0, 1], exact to degree 2*count - 1."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return (nodes + 1.0) / 2.0, weights / 2.0


@lru_cache(maxsize=8)
def _log_factorials(up_to: int) -> FloatArray:
    table: FloatArray = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, up_to + 1)))])
    return table


def _log_choose(total: int, chosen: IntArray) -> FloatArray:
    table = _log_factorials(max(total, 1))
    log_ways: FloatArray = table[total] - table[chosen] - table[total - chosen]
    return log_ways


def _log_binomial(total: int, u: float, successes: IntArray) -> FloatArray:
    """Log-chance of that many successes in `total` tries of chance u in (0, 1)."""
    log_chance: FloatArray = (
        _log_choose(total, successes) + successes * np.log(u) + (total - successes) * np.log1p(-u)
    )
    return log_chance
