"""Majority voting, exact, against the enumeration of every draw and other ways."""

from collections import Counter
from fractions import Fraction
from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.evaluation.majority import expected_majority


def enumerated(right: int, wrong: list[int], pool: int, n: int) -> Fraction:
    answers: list[int | None] = [0] * right
    for answer, count in enumerate(wrong, start=1):
        answers += [answer] * count
    answers += [None] * (pool - len(answers))
    total = Fraction(0)
    for drawn in combinations(answers, n):
        votes = Counter(answer for answer in drawn if answer is not None)
        tied = [answer for answer in votes if votes[answer] == max(votes.values())]
        if 0 in tied:
            total += Fraction(1, len(tied))
    return total / comb(pool, n)


@given(st.integers(0, 4), st.lists(st.integers(0, 3), max_size=3), st.integers(0, 2))
def test_equals_enumeration(right: int, wrong: list[int], blank: int) -> None:
    pool = max(1, right + sum(wrong) + blank)
    n = list(range(1, pool + 1))
    expected = [float(enumerated(right, wrong, pool, k)) for k in n]
    assert expected_majority(right, wrong, pool, n).tolist() == pytest.approx(expected, abs=1e-9)


def test_two_answers_follow_the_hypergeometric_law() -> None:
    right, wrong, pool, n = 330, 300, 700, 101
    exact = Fraction(0)
    for r in range(n + 1):
        for w in range(n + 1 - r):
            if r and r >= w:
                ways = comb(right, r) * comb(wrong, w) * comb(pool - right - wrong, n - r - w)
                exact += Fraction(ways, 2 if r == w else 1)
    exact /= comb(pool, n)
    assert expected_majority(right, [wrong], pool, [n])[0] == pytest.approx(float(exact), abs=1e-8)


@pytest.mark.parametrize("right", [700, 400, 150, 20])
def test_equals_simulation_on_a_pool_of_the_papers_size(right: int) -> None:
    generator = np.random.default_rng(right)
    wrong = generator.multinomial(1860 - right - 90, generator.dirichlet(np.full(200, 0.06)))
    n = [2, 10, 25, 100, 500, 1500]
    answers = np.repeat(np.arange(202), [right, *wrong.tolist(), 90])
    draws = 400
    solved = np.zeros(len(n))
    for _ in range(draws):
        order = generator.permutation(answers)
        for k, size in enumerate(n):
            votes = np.bincount(order[:size], minlength=202)[:201]
            solved[k] += (votes[0] == votes.max() > 0) / (votes == votes.max()).sum()
    exact = expected_majority(right, wrong.tolist(), 1860, n)
    error = np.sqrt(np.maximum(exact * (1 - exact), 1e-4) / draws)
    assert (np.abs(solved / draws - exact) < 4 * error).all()


def test_a_thousand_answers_given_once_each_are_all_tied() -> None:
    # Among b drawn of k + 1000 single answers one of the k... is elected by lot: k=1.
    n, pool, wrong = [2, 40, 900, 1859], 1860, 1000
    single = wrong + 1
    for chance, size in zip(expected_majority(1, [1] * wrong, pool, n), n, strict=True):
        some = 1 - Fraction(comb(pool - single, size), comb(pool, size))
        assert chance == pytest.approx(float(some / single), abs=1e-9)


def test_plain_cases() -> None:
    assert expected_majority(0, [3, 2], 8, [1, 5, 8]).tolist() == [0.0] * 3
    assert expected_majority(8, [], 8, [1, 8]).tolist() == [1.0, 1.0]
    assert expected_majority(3, [3, 3, 1], 10, [10]).tolist() == pytest.approx([1 / 3])
    assert expected_majority(2, [3], 5, [5]).tolist() == [0.0]
    # Nobody else votes: right unless all n drawn are blank.
    assert expected_majority(1, [], 4, [1, 3]).tolist() == pytest.approx([0.25, 0.75])


@given(st.integers(1, 30), st.lists(st.integers(1, 30), max_size=6), st.integers(0, 20))
def test_one_vote_is_pass_at_1_and_all_votes_are_the_plain_count(
    right: int, wrong: list[int], blank: int
) -> None:
    pool = right + sum(wrong) + blank
    first, last = expected_majority(right, wrong, pool, [1, pool])
    most = max(wrong, default=0)
    expected = 0.0 if most > right else 1 / (1 + wrong.count(right))
    assert first == pytest.approx(right / pool)
    assert last == pytest.approx(expected if pool > 1 else right / pool)


@given(st.integers(1, 40), st.lists(st.integers(1, 40), min_size=1, max_size=5))
def test_chances_of_all_answers_add_up_to_one(right: int, wrong: list[int]) -> None:
    counts = [right, *wrong]
    pool, n = sum(counts), max(1, sum(counts) // 2)
    total = sum(
        expected_majority(counts[i], counts[:i] + counts[i + 1 :], pool, [n])[0]
        for i in range(len(counts))
    )
    assert total == pytest.approx(1.0, abs=1e-7)


def test_bad_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 4"):
        expected_majority(3, [2], 4, [1])
    with pytest.raises(ValueError, match="counts"):
        expected_majority(-1, [2], 4, [1])
    with pytest.raises(ValueError, match="got 5"):
        expected_majority(1, [2], 4, [5])
