"""Aggregation against plain arithmetic."""

import math
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.verifiers.aggregate import (
    AGGREGATIONS,
    Aggregation,
    aggregate,
    log_product,
    step_score,
)

probability = st.floats(0, 1)
scores_of = st.lists(probability, min_size=1, max_size=30)


@given(scores=scores_of)
def test_each_aggregate_is_what_its_name_says(scores: list[float]) -> None:
    assert aggregate(scores, "product") == pytest.approx(math.prod(scores), rel=1e-9, abs=1e-300)
    assert aggregate(scores, "min") == sorted(scores)[0]
    assert aggregate(scores, "mean") == pytest.approx(sum(scores) / len(scores))
    assert aggregate(scores, "last") == scores[len(scores) - 1]
    assert all(0 <= aggregate(scores, how) <= 1 for how in AGGREGATIONS)


@given(scores=scores_of, data=st.data())
def test_a_better_step_never_lowers_the_score(scores: list[float], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(scores) - 1))
    better = [*scores[:index], data.draw(st.floats(scores[index], 1)), *scores[index + 1 :]]
    for how in AGGREGATIONS:
        assert aggregate(better, how) >= aggregate(scores, how) * (1 - 1e-12)


@given(weights=st.tuples(*[st.floats(1e-6, 1)] * 3))
def test_neutral_counts_as_right_or_wrong(weights: tuple[float, float, float]) -> None:
    p = [weight / sum(weights) for weight in weights]
    assert step_score(p) == pytest.approx(1 - p[0])
    assert step_score(p, "negative") == p[2] <= step_score(p, "positive") <= 1


@pytest.mark.parametrize("how", get_args(Aggregation))
def test_no_steps_are_never_the_best(how: Aggregation) -> None:
    assert aggregate([], how) == 0.0


@pytest.mark.parametrize("bad", [math.nan, -0.1, 1.5])
def test_scores_that_are_no_probabilities_are_refused(bad: float) -> None:
    with pytest.raises(ValueError, match="step score"):
        aggregate([0.5, bad])


def test_a_zero_makes_the_product_zero_and_long_products_keep_their_logarithm() -> None:
    assert aggregate([0.5, 0.0, 1.0]) == 0.0
    assert log_product([0.5, 0.0]) == -math.inf
    assert log_product([1e-200, 1e-200]) == pytest.approx(-400 * math.log(10))
