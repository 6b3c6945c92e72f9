"""Intervals over trainings and problems, and the sign-flip p-value."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.evaluation.intervals import bootstrap_interval
from surefoot.evaluation.paired import interval_over_trainings, sign_flip_p


def test_with_one_training_it_is_the_interval_over_problems() -> None:
    values = np.random.default_rng(0).random((40, 3))
    np.testing.assert_allclose(interval_over_trainings(values[None]), bootstrap_interval(values))


def test_trainings_that_differ_widen_the_interval() -> None:
    problems = np.random.default_rng(1).random((1, 50, 1))
    same = interval_over_trainings(np.repeat(problems, 3, axis=0))[0]
    apart = interval_over_trainings(problems + np.array([-0.3, 0.0, 0.3])[:, None, None])[0]
    np.testing.assert_allclose(same, interval_over_trainings(problems)[0], atol=1e-12)
    assert apart[1] - apart[0] > 2 * (same[1] - same[0])


def test_trainings_alone_give_students_interval() -> None:
    """No two problems differ, so only the trainings are left."""
    means = np.array([0.3, 0.36, 0.31])
    values = np.repeat(means[:, None, None], 20, axis=1)
    found = interval_over_trainings(values, resamples=200_000)[0]
    half = 4.303 * means.std(ddof=1) / 3**0.5  # 0.975 at two degrees of freedom, from a table
    np.testing.assert_allclose(found, means.mean() + np.array([-half, half]), rtol=0.02)


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    """Made-up experiments of three trainings and forty problems, the truth 0."""
    generator = np.random.default_rng(4)
    held = []
    for _ in range(400):
        trainings, problems = generator.normal(size=(3, 1)), generator.normal(size=(1, 40))
        values = 0.1 * trainings + 0.5 * problems + 0.3 * generator.normal(size=(3, 40))
        low, high = interval_over_trainings(values[:, :, None], resamples=1000)[0]
        held.append(low <= 0 <= high)
    assert 0.92 <= np.mean(held) <= 1.0


def test_nothing_has_no_interval() -> None:
    with pytest.raises(ValueError, match="at least one"):
        interval_over_trainings(np.zeros((0, 5, 1)))


def test_the_p_value_is_the_share_of_signings() -> None:
    differences = np.array([0.5, -0.1, 0.3, 0.0, 0.2])
    moved = [d for d in differences if d]
    signings = [
        abs(sum(s * d for s, d in zip(signs, moved, strict=True)))
        for signs in itertools.product((-1, 1), repeat=len(moved))
    ]
    seen = abs(sum(moved))
    expected = sum(value >= seen - 1e-9 for value in signings) / len(signings)
    assert sign_flip_p(differences) == pytest.approx(expected)


def test_many_differences_agree_with_a_t_test() -> None:
    differences = np.random.default_rng(3).normal(0.05, 0.3, 200)
    t = differences.mean() / (differences.std(ddof=1) / 200**0.5)
    # The normal tail by its complementary error function, good enough at 200.
    expected = math.erfc(abs(t) / 2**0.5)
    assert sign_flip_p(differences) == pytest.approx(expected, abs=0.01)


@given(st.lists(st.floats(-1, 1, allow_nan=False), max_size=12))
def test_signs_and_order_do_not_matter(values: list[float]) -> None:
    array = np.array(values)
    p = sign_flip_p(array)
    assert 0 < p <= 1
    assert sign_flip_p(-array) == p
    assert sign_flip_p(array[::-1]) == pytest.approx(p)
