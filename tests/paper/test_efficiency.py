"""How many times fewer ratings: lines that are known."""

import numpy as np
import pytest

from surefoot.evaluation.estimators import FloatArray
from surefoot.paper.efficiency import Line, data_efficiency

NUMBERS = (1, 2, 4, 8, 16)


def line(start: float, slope: float, *, noise: float = 0.0, seed: int = 0) -> FloatArray:
    """(3, 50, 5): accuracy `start + slope * log2(n)` on average."""
    generator = np.random.default_rng(seed)
    values = start + slope * np.log2(NUMBERS)
    return values + noise * generator.normal(size=(3, 50, len(NUMBERS)))


@pytest.mark.parametrize("times", [0.5, 1.0, 2.6, 8.0])
def test_lines_a_known_distance_apart(times: float) -> None:
    one, other = line(0.3 + 0.05 * np.log2(times), 0.05), line(0.3, 0.05)
    found = data_efficiency(Line(NUMBERS, one), Line(NUMBERS, other))
    assert found.ratio == pytest.approx(times)
    assert found.gain == pytest.approx(0.05)
    assert found.slopes == pytest.approx((0.05, 0.05))


def test_noise_gives_an_interval_that_holds_the_truth() -> None:
    one, other = line(0.35, 0.05, noise=0.2, seed=1), line(0.3, 0.05, noise=0.2, seed=2)
    found = data_efficiency(Line(NUMBERS, one), Line(NUMBERS, other))
    assert found.low is not None
    assert found.high is not None
    assert found.low < 2.0 < found.high
    assert found.verdict() in (True, None)


def test_where_ratings_do_not_help_there_is_no_ratio() -> None:
    found = data_efficiency(Line(NUMBERS, line(0.4, -0.01)), Line(NUMBERS, line(0.3, -0.01)))
    assert (found.ratio, found.low, found.verdict()) == (None, None, None)


def test_one_more_rating_each_moves_the_line() -> None:
    """The same accuracies at other numbers of ratings: points on lines of equal slope."""
    numbers = [n + 1 for n in NUMBERS]
    both = [np.broadcast_to(0.3 + 0.05 * np.log2(x), (3, 50, 5)) for x in (numbers, NUMBERS)]
    found = data_efficiency(Line(numbers, both[0]), Line(NUMBERS, both[1]))
    assert found.ratio == pytest.approx(1.0)
    assert found.gain == pytest.approx(0.05)


def test_a_line_needs_two_numbers() -> None:
    one = Line((4, 4), np.ones((1, 2, 2)))
    with pytest.raises(ValueError, match="two different numbers"):
        data_efficiency(one, one)


def test_an_end_that_is_not_known_is_none() -> None:
    """Ratings help in about half of the draws only: a lead may be worth any number."""
    one, other = line(0.32, 0.0, noise=0.3, seed=1), line(0.3, 0.0, noise=0.3, seed=2)
    found = data_efficiency(Line(NUMBERS, one), Line(NUMBERS, other))
    assert found.high is None
    assert found.verdict() is None
