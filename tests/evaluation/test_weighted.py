"""Score-weighted voting: simulated, so compared within its stated error."""

from collections import defaultdict
from itertools import combinations

import numpy as np
import pytest

from surefoot.evaluation.majority import expected_majority
from surefoot.evaluation.weighted import draw_orders, expected_weighted_vote

DRAWS = 4000


def simulated(
    weights: list[float], classes: list[int], n: list[int], answered: list[bool] | None = None
) -> np.ndarray:
    return expected_weighted_vote(
        weights,
        classes,
        0 if 0 in classes else None,
        n,
        orders=draw_orders(len(weights), DRAWS, seed=3),
        generator=np.random.default_rng(4),
        has_answer=answered,
    )


def enumerated(weights: list[float], classes: list[int], n: int, answered: list[bool]) -> float:
    chances = []
    for drawn in combinations(range(len(weights)), n):
        sums: defaultdict[int, float] = defaultdict(float)
        for i in drawn:
            if answered[i]:
                sums[classes[i]] += weights[i]
        tied = [c for c in sums if sums[c] == pytest.approx(max(sums.values()), rel=1e-12)]
        chances.append(1 / len(tied) if 0 in tied else 0.0)
    return float(np.mean(chances))


def test_equals_enumeration_within_four_standard_errors() -> None:
    generator = np.random.default_rng(0)
    for _ in range(8):
        weights = generator.choice([0.0, 0.3, 0.6, 0.9], 8).tolist()
        classes = generator.integers(0, 3, 8).tolist()
        answered = (generator.random(8) < 0.8).tolist()
        exact = [enumerated(weights, classes, n, answered) for n in range(1, 9)]
        found = simulated(weights, classes, list(range(1, 9)), answered)
        if not any(c == 0 and a for c, a in zip(classes, answered, strict=True)):
            continue
        assert found[[0, 7]] == pytest.approx([exact[0], exact[7]])
        assert np.abs(found - exact).max() < 4 * 0.5 / DRAWS**0.5


def test_equal_weights_are_a_majority_vote() -> None:
    classes = [0] * 7 + [1] * 6 + [2] * 2
    found = simulated([0.7] * 15, classes, [2, 5, 9])
    assert np.abs(found - expected_majority(7, [6, 2], 15, [2, 5, 9])).max() < 4 * 0.5 / DRAWS**0.5


def test_all_weights_zero_is_a_lot_among_the_answers_given() -> None:
    assert simulated([0.0] * 3, [0, 1, 1], [3]).tolist() == [0.5]


def test_the_same_seed_gives_the_same_numbers() -> None:
    weights = np.random.default_rng(1).random(20).tolist()
    classes = [i % 4 for i in range(20)]
    assert (simulated(weights, classes, [3, 9]) == simulated(weights, classes, [3, 9])).all()


def test_nothing_right_and_nothing_answered() -> None:
    assert simulated([0.5, 0.5], [1, 2], [1, 2]).tolist() == [0.0, 0.0]
    assert simulated([0.5], [0], [1], [False]).tolist() == [0.0]


@pytest.mark.parametrize("weight", [-0.1, float("nan"), float("inf")])
def test_what_cannot_be_a_weight_is_refused(weight: float) -> None:
    with pytest.raises(ValueError, match="finite and >= 0"):
        simulated([0.5, weight], [0, 1], [1])


def test_lengths_are_checked() -> None:
    with pytest.raises(ValueError, match="lengths differ"):
        expected_weighted_vote(
            [0.5, 0.5],
            [0],
            0,
            [1],
            orders=draw_orders(2, 2, 0),
            generator=np.random.default_rng(0),
        )
