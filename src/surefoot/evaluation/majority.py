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
Gauss-Legendre nodes. Terms below 1e-11 are left out, and a chance is right to
about 1e-10; `tests/evaluation/test_majority.py` compares it with enumeration and
with fractions. No simulation, no seed.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import ceil, log, pi
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from surefoot.evaluation.estimators import FloatArray, IntArray, check_n

_NEGLIGIBLE = -27.0
"""Logarithm of the chance below which an event is left out."""
_CERTAIN = -23.0
"""Logarithm of the chance of error at which a vote counts as decided."""
_ROWS = 16
"""Values of t summed at once: few enough that their rivals are the same ones."""


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
    """The sum over t of the module's formula.

    Above the votes any rival may reach, t votes win outright and the chance of
    t is enough; below those that some rival surely passes, they lose.
    """
    t, chance = _votes_for(vote.right, vote.pool, vote.n)
    # The largest wrong answer sets both ends: the others have no more votes.
    strongest = _votes_for(int(vote.sizes[-1]), vote.pool, vote.n)[0]
    won = float(chance[t > strongest[-1]].sum())
    contested = t[(t >= max(int(strongest[0]), 1)) & (t <= strongest[-1])]
    if not len(contested):
        return min(1.0, won)
    return min(1.0, max(0.0, won + _contested(vote, contested)))


def _contested(vote: _Vote, t: IntArray) -> float:
    """The part of the sum with these t."""
    u = vote.n / vote.pool
    angles, weights = _circle(vote.pool, vote.n)
    turns = np.exp(1j * angles * np.arange(t[-1] + 1)[:, None])  # (t + 1, A)
    # One solution, drawn or not. Logarithm and power apart: a power keeps the phase.
    log_outside = np.log(1.0 - u + u * turns[1])
    rivals = []
    for size, copies in zip(vote.sizes[::-1].tolist(), vote.copies[::-1].tolist(), strict=True):
        top = int(_votes_for(size, vote.pool, vote.n)[0][-1])
        if top < t[0]:
            break  # nor can a smaller one reach the smallest t
        rivals.append(_rival(size, copies, top, u, t, turns))
    right = np.exp(_log_binomial(vote.right, u, t))
    scale = weights * np.exp(-1j * vote.n * angles - _log_binomial(vote.pool, u, [vote.n]))
    total = 0.0
    for start in range(0, len(t), _ROWS):
        rows = slice(start, min(start + _ROWS, len(t)))
        standing = [rival for rival in rivals if rival.top >= t[start]]
        rest = vote.pool - vote.right - sum(rival.size * rival.copies for rival in standing)
        nodes = ceil((_most_tied(standing, t[rows], rows, vote.n) + 1) / 2)
        integral = _integral(standing, rows, nodes)
        outside = scale * np.exp(rest * log_outside)
        total += float(np.real(right[rows] @ (integral * turns[t[rows]]) @ outside))
    return total


class _Rival(NamedTuple):
    """Wrong answers of one size, as tables over t (rows) and the circle."""

    size: int
    copies: int
    top: int  # most votes it may have
    below: NDArray[np.complex128]  # (T, A) fewer than t votes
    at: NDArray[np.complex128]  # (T, A) exactly t votes
    chance_at: FloatArray  # (T,) chance of exactly t votes


def _rival(
    size: int, copies: int, top: int, u: float, t: IntArray, turns: NDArray[np.complex128]
) -> _Rival:
    votes = np.arange(min(size, len(turns) - 1) + 1)
    chances = np.exp(_log_binomial(size, u, votes))
    terms = chances[:, None] * turns[: len(votes)]
    fewer = np.zeros((len(votes) + 1, turns.shape[1]), dtype=np.complex128)
    np.cumsum(terms, axis=0, out=fewer[1:])
    inside = t < len(votes)
    row = np.minimum(t, len(votes) - 1)
    at = np.where(inside[:, None], terms[row], 0.0)
    below = fewer[np.minimum(t, len(votes))]
    return _Rival(size, copies, top, below, at, np.where(inside, chances[row], 0.0))


def _integral(rivals: list[_Rival], rows: slice, nodes: int) -> NDArray[np.complex128]:
    """(T, A) integral over y of the product of the rivals' factors."""
    y, weights = _unit_nodes(nodes)
    product = np.ones((1, nodes, 1), dtype=np.complex128)
    for rival in rivals:
        factor = rival.below[rows, None, :] + y[:, None] * rival.at[rows, None, :]
        product = product * (factor if rival.copies == 1 else factor**rival.copies)
    integral: NDArray[np.complex128] = (product * weights[:, None]).sum(axis=1)
    return integral


def _most_tied(rivals: list[_Rival], t: IntArray, rows: slice, n: int) -> int:
    """How many rivals may stand at some t of the block together, with a chance worth counting.

    At most as many as there are, or as the n - t other votes allow; else
    Chernoff's bound for a sum of independent coins.
    """
    most = 0
    expected = sum(rival.copies * rival.chance_at[rows] for rival in rivals)
    for votes, mean in zip(t.tolist(), np.broadcast_to(expected, t.shape).tolist(), strict=True):
        able = sum(rival.copies for rival in rivals if rival.top >= votes)
        limit = min(able, (n - votes) // votes)
        j = most
        while j < limit and (j <= mean or _log_poisson_tail(j, mean) > _NEGLIGIBLE):
            j += 1
        most = j
    return most


def _log_poisson_tail(j: int, mean: float) -> float:
    """Chernoff's bound on the log-chance of more than j > mean events."""
    return j * log(max(mean, 1e-300) / max(j, 1)) + j - mean


def _votes_for(size: int, pool: int, n: int) -> tuple[IntArray, FloatArray]:
    """Votes an answer of this size may get in a draw, and their chances (hypergeometric)."""
    votes = np.arange(max(0, n - (pool - size)), min(size, n) + 1)
    log_chance = _log_choose(size, votes) + _log_choose(pool - size, n - votes)
    log_chance -= _log_choose(pool, [n])
    likely = np.flatnonzero(log_chance > min(_NEGLIGIBLE, float(log_chance.max()) - 1.0))
    kept = slice(likely[0], likely[-1] + 1)
    return votes[kept], np.exp(log_chance[kept])


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


def _log_choose(total: int, chosen: IntArray | list[int]) -> FloatArray:
    # Tables of a few lengths serve all totals.
    table = _log_factorials(1 << total.bit_length())
    some = np.asarray(chosen)
    log_ways: FloatArray = table[total] - table[some] - table[total - some]
    return log_ways


def _log_binomial(total: int, u: float, successes: IntArray | list[int]) -> FloatArray:
    """Log-chance of that many successes in `total` tries of chance u in (0, 1)."""
    some = np.asarray(successes)
    log_chance: FloatArray = (
        _log_choose(total, some) + some * np.log(u) + (total - some) * np.log1p(-u)
    )
    return log_chance
