"""Predictors that see no words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.records import Rating
from surefoot.verifiers.baselines import LENGTH_BINS, Lengths, Rated, RatePredictor
from toy_sums import toy_sums

SOLUTIONS = st.lists(
    st.lists(st.tuples(st.text(max_size=30), st.sampled_from([None, -1, 0, 1])), max_size=6)
)


def rated_sums() -> list[Rated]:
    data = toy_sums(n_problems=50)
    return [(s.steps, row.ratings) for s, row in zip(data.solutions, data.labels, strict=True)]


def test_places_are_counted() -> None:
    rated = rated_sums()
    predictor = RatePredictor.fitted(rated)
    n, n_right = len(rated), sum(ratings[1] == 1 for _, ratings in rated)
    steps = rated[0][0]
    assert predictor.probability(steps, 0, 0) == (n + 1) / (n + 3)
    assert predictor.probability(steps, 1, 1) == (n_right + 1) / (n + 3)
    # The last step is rated only where no error came before it.
    assert predictor.probability(steps, 2, 1) == (n_right + 1) / (n_right + 3)
    assert predictor.probability(["x"] * 20, 7, -1) == pytest.approx(1 / 3)


def test_lengths_are_binned_and_counted() -> None:
    short: Rated = (["ab", "c"], [1, 1])
    long: Rated = (["a" * 50, "b" * 60], [1, -1])
    rated = [short, long] * 10
    lengths = Lengths.fitted(rated)
    predictor = RatePredictor.fitted(rated, lengths)
    # The second step of `long` is the only kind that is wrong: 10 of 10.
    assert predictor.probability(long[0], 1, -1) == 11 / 13
    assert predictor.probability(["b" * 1000], 0, -1) == 11 / 13
    assert predictor.probability(short[0], 1, -1) == 1 / 13
    assert Lengths.fitted([]) == Lengths((), ())


@given(SOLUTIONS)
def test_bins_are_few_and_chances_sum_to_one(rows: list[list[tuple[str, Rating | None]]]) -> None:
    rated: list[Rated] = [([t for t, _ in row], [r for _, r in row]) for row in rows]
    lengths = Lengths.fitted(rated)
    assert len(lengths.step_edges) < LENGTH_BINS
    for feature in (lengths, None):
        predictor = RatePredictor.fitted(rated, feature) if feature else RatePredictor.fitted(rated)
        for steps, ratings in rated:
            chances = predictor.probabilities(steps)
            assert len(chances) == len(ratings)
            assert all(sum(row) == pytest.approx(1) and min(row) > 0 for row in chances)
