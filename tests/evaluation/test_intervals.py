"""Intervals over problems."""

import numpy as np
import pytest

from surefoot.evaluation.intervals import bootstrap_interval


def test_near_the_normal_interval_for_many_problems() -> None:
    values = np.random.default_rng(0).random((400, 2))
    low, high = bootstrap_interval(values).T
    half = 1.96 * values.std(axis=0) / 20
    assert low == pytest.approx(values.mean(axis=0) - half, abs=0.003)
    assert high == pytest.approx(values.mean(axis=0) + half, abs=0.003)


def test_covers_the_truth_in_about_95_of_100_experiments() -> None:
    generator = np.random.default_rng(1)
    truth, hits = 0.7, 0
    for seed in range(300):
        values = (generator.random((150, 1)) < truth).astype(float)
        low, high = bootstrap_interval(values, seed=seed, resamples=400)[0]
        hits += low <= truth <= high
    assert 0.90 <= hits / 300 <= 0.985


def test_a_paired_difference_is_narrower_than_an_unpaired_one() -> None:
    generator = np.random.default_rng(2)
    difficulty = generator.random((200, 1))
    better = np.clip(difficulty + 0.05, 0, 1)
    low, high = bootstrap_interval(better - difficulty)[0]
    wide_low, wide_high = bootstrap_interval(better)[0]
    assert high - low < 0.2 * (wide_high - wide_low)
    assert low > 0


def test_equal_values_have_no_width_and_the_seed_decides() -> None:
    assert bootstrap_interval(np.full((9, 1), 0.25))[0] == pytest.approx([0.25, 0.25])
    values = np.random.default_rng(3).random((30, 3))
    assert (bootstrap_interval(values, seed=5) == bootstrap_interval(values, seed=5)).all()
    assert (bootstrap_interval(values, seed=5) != bootstrap_interval(values, seed=6)).any()


def test_one_problem_none_and_nan() -> None:
    assert bootstrap_interval(np.array([[0.4]]))[0] == pytest.approx([0.4, 0.4])
    with pytest.raises(ValueError, match="no problems"):
        bootstrap_interval(np.zeros((0, 1)))
    with pytest.raises(ValueError, match="NaN"):
        bootstrap_interval(np.array([[np.nan]]))
