"""Voting."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.search.vote import majority_vote, weighted_vote

answers = st.lists(st.sampled_from(["1", "2", "3", None]), max_size=9)


@given(answers)
def test_majority_has_the_most_votes(given_answers: list[str | None]) -> None:
    chosen = majority_vote(given_answers, np.random.default_rng(0))
    votes = Counter(answer for answer in given_answers if answer is not None)
    if votes:
        assert votes[chosen or ""] == max(votes.values())
    else:
        assert chosen is None


def test_ties_are_broken_uniformly() -> None:
    generator = np.random.default_rng(0)
    chosen = Counter(majority_vote([1, 2, 2, 1, 3, None], generator) for _ in range(4000))
    assert set(chosen) == {1, 2}
    assert abs(chosen[1] - 2000) < 4 * 1000**0.5


def test_weights_decide_and_sums_may_differ_by_rounding() -> None:
    generator = np.random.default_rng(0)
    assert weighted_vote(["a", "b", "b"], [0.9, 0.2, 0.3], generator) == "a"
    drawn = {
        weighted_vote(["a", "b", "b", "b"], [0.3, 0.1, 0.1, 0.1], generator) for _ in range(60)
    }
    assert drawn == {"a", "b"}
    assert {weighted_vote(["a", "b"], [0.0, 0.0], generator) for _ in range(60)} == {"a", "b"}


def test_keys_make_answers_equal() -> None:
    keys = {"1/2": "half", "0.5": "half", "2": "two"}
    chosen = majority_vote([keys[a] for a in ("1/2", "2", "0.5")], np.random.default_rng(0))
    assert chosen == "half"


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf")])
def test_bad_weights_are_refused(weight: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        weighted_vote(["a"], [weight], np.random.default_rng(0))
    assert weighted_vote([None], [weight], np.random.default_rng(0)) is None
    with pytest.raises(ValueError, match="lengths differ"):
        weighted_vote(["a"], [], np.random.default_rng(0))
