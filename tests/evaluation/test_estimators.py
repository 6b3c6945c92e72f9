"""Closed forms against the enumeration of every draw."""

from collections.abc import Callable
from fractions import Fraction
from itertools import combinations, islice
from math import comb
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.evaluation.estimators import (
    expected_best_of_n,
    pass_at_k,
    rank_weights,
    spread_over_draws,
)

Row = tuple[float, bool, bool]
"""(score, is correct, has an answer)"""

rows = st.lists(
    st.tuples(st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.booleans(), st.booleans()).map(
        lambda row: (row[0], row[1] and row[2], row[2])
    ),
    min_size=1,
    max_size=8,
)


def enumerated(pool: list[Row], n: int, chance: Callable[[list[Row]], Fraction]) -> float:
    """Mean of `chance` over all draws of n."""
    return float(sum(map(chance, map(list, combinations(pool, n)))) / comb(len(pool), n))


def best_is_right(drawn: list[Row]) -> Fraction:
    able = [row for row in drawn if row[2]]
    tied = [row for row in able if row[0] == max(r[0] for r in able)]
    return Fraction(sum(row[1] for row in tied), len(tied)) if tied else Fraction(0)


def estimate(pool: list[Row], n: list[int], size: int | None = None) -> list[float]:
    score, correct, answered = zip(*pool, strict=True)
    return list(expected_best_of_n(score, correct, n, has_answer=answered, pool=size))


@given(rows)
def test_best_of_n_equals_enumeration_with_ties_and_blanks(pool: list[Row]) -> None:
    n = list(range(1, len(pool) + 1))
    assert estimate(pool, n) == pytest.approx([enumerated(pool, k, best_is_right) for k in n])


@given(rows)
def test_pass_at_k_equals_enumeration(pool: list[Row]) -> None:
    n = list(range(1, len(pool) + 1))
    n_correct = sum(row[1] for row in pool)
    expected = [enumerated(pool, k, lambda d: Fraction(any(r[1] for r in d))) for k in n]
    assert pass_at_k(n_correct, len(pool), n).tolist() == pytest.approx(expected)


@given(rows, st.integers(0, 3))
def test_missing_rows_are_solutions_without_an_answer(pool: list[Row], missing: int) -> None:
    size = len(pool) + missing
    n = list(range(1, size + 1))
    padded = pool + [(9.0, False, False)] * missing
    assert estimate(pool, n, size) == pytest.approx(estimate(padded, n))


@given(rows, st.randoms(use_true_random=False))
def test_order_of_solutions_does_not_matter(pool: list[Row], random: Random) -> None:
    shuffled = list(pool)
    random.shuffle(shuffled)
    n = list(range(1, len(pool) + 1))
    assert estimate(shuffled, n) == pytest.approx(estimate(pool, n))


@given(rows, st.data())
def test_a_better_score_of_a_right_solution_never_lowers_the_chance(
    pool: list[Row], data: st.DataObject
) -> None:
    right = [i for i, row in enumerate(pool) if row[1]]
    if not right:
        return
    raised = data.draw(st.sampled_from(right))
    better = list(pool)
    better[raised] = (2.0, True, True)
    n = list(range(1, len(pool) + 1))
    assert (np.array(estimate(better, n)) >= np.array(estimate(pool, n)) - 1e-12).all()


@given(rows)
def test_one_solution_is_chosen_at_random_and_an_oracle_is_pass_at_k(pool: list[Row]) -> None:
    n = list(range(1, len(pool) + 1))
    n_correct = sum(row[1] for row in pool)
    oracle = [(float(row[1]), row[1], row[2]) for row in pool]
    assert estimate(pool, [1]) == pytest.approx([n_correct / len(pool)])
    assert estimate(oracle, n) == pytest.approx(pass_at_k(n_correct, len(pool), n).tolist())


@pytest.mark.parametrize("pool", [1, 2, 64, 1860])
def test_rank_weights_are_ratios_of_binomials(pool: int) -> None:
    n = [k for k in (1, 2, 7, 64, 500, 1859, 1860) if k <= pool]
    weights = rank_weights(pool, n)
    assert weights.sum(axis=1) == pytest.approx(1.0)
    for row, k in zip(weights, n, strict=True):
        for rank in islice(range(pool), 0, pool, 97):
            exact = Fraction(comb(pool - 1 - rank, k - 1), comb(pool, k))
            assert row[rank] == pytest.approx(float(exact), rel=1e-10, abs=1e-300)


def test_pass_at_k_of_chen_et_al() -> None:
    # 1 - prod(1 - k / (n - c + 1 ... n)), worked out by hand for n=5, c=2, k=2: 1 - 3/5 * 2/4.
    assert pass_at_k(2, 5, [2]).tolist() == pytest.approx([0.7])
    assert pass_at_k(0, 5, [1, 5]).tolist() == [0.0, 0.0]
    assert pass_at_k(5, 5, [1, 5]).tolist() == [1.0, 1.0]


def test_infinite_scores_are_ordinary() -> None:
    scores = [-np.inf, -3.0, np.inf]
    assert expected_best_of_n(scores, [True, False, False], [1, 3]).tolist() == pytest.approx(
        [1 / 3, 0.0]
    )


def test_nan_is_refused_unless_the_solution_has_no_answer() -> None:
    with pytest.raises(ValueError, match="never scored"):
        expected_best_of_n([np.nan, 1.0], [False, True], [1])
    chance = expected_best_of_n([np.nan, 1.0], [False, True], [2], has_answer=[False, True])
    assert chance.tolist() == [1.0]


def test_no_answers_at_all_is_wrong() -> None:
    assert expected_best_of_n([0.3], [False], [1], has_answer=[False]).tolist() == [0.0]
    assert expected_best_of_n([], [], [1, 4], pool=4).tolist() == [0.0, 0.0]


@pytest.mark.parametrize("n", [0, 4, -1])
def test_n_out_of_range_is_named(n: int) -> None:
    with pytest.raises(ValueError, match=rf"1\.\.3 .*got {n}"):
        expected_best_of_n([1, 2, 3], [True] * 3, [n])


def test_lengths_and_pool_are_checked() -> None:
    with pytest.raises(ValueError, match="2 scores, 1 grades"):
        expected_best_of_n([1, 2], [True], [1])
    with pytest.raises(ValueError, match="pool must be >= 2"):
        expected_best_of_n([1, 2], [True, False], [1], pool=1)
    with pytest.raises(ValueError, match="n_correct"):
        pass_at_k(4, 3, [1])
    with pytest.raises(ValueError, match="no problems"):
        spread_over_draws(np.zeros((0, 2)))


def test_spread_equals_that_of_simulated_draws() -> None:
    generator = np.random.default_rng(0)
    scores, correct = generator.random((40, 12)), generator.random((40, 12)) < 0.4
    chances = np.array(
        [expected_best_of_n(s, c, [3]) for s, c in zip(scores, correct, strict=True)]
    )
    solved = []
    for _ in range(3000):
        drawn = generator.permuted(np.tile(np.arange(12), (40, 1)), axis=1)[:, :3]
        best = np.take_along_axis(scores, drawn, 1).argmax(axis=1)
        solved.append(correct[np.arange(40), drawn[np.arange(40), best]].mean())
    assert float(np.std(solved)) == pytest.approx(float(spread_over_draws(chances)[0]), rel=0.06)


def test_the_curve_of_a_good_verifier_rises() -> None:
    generator = np.random.default_rng(1)
    correct = generator.random(200) < 0.3
    chance = expected_best_of_n(correct + generator.normal(0, 0.4, 200), correct, [1, 4, 16, 64])
    assert (np.diff(chance) > 0).all()
