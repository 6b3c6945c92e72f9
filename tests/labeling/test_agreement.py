"""Agreement against a published example and against definitions written out pair by pair."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.labeling.agreement import (
    Level,
    agreement,
    alpha,
    bootstrap,
    pairwise_kappas,
    weighted_kappa,
)
from surefoot.records import Labels, Rating

# Krippendorff 2011, section C: four observers, twelve units, some missing.
PUBLISHED = (
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
)
VALUES = (1, 2, 3, 4, 5)


@pytest.mark.parametrize(
    ("level", "expected"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)]
)
def test_the_published_example(level: Level, expected: float) -> None:
    columns = list(zip(*(row.split() for row in PUBLISHED), strict=True))
    counts = np.array([[column.count(str(v)) for v in VALUES] for column in columns])
    assert alpha(counts, VALUES, level) == pytest.approx(expected, abs=5e-4)


def alpha_by_pairs(units: list[list[int]], level: Level) -> float | None:
    """The definition: mean squared distance within units over that of all ratings."""
    units = [unit for unit in units if len(unit) >= 2]
    pool = [value for unit in units for value in unit]

    def distance(a: int, b: int) -> float:
        if level == "nominal":
            return float(a != b)
        if level == "interval":
            return float(a - b) ** 2
        low, high = min(a, b), max(a, b)
        between = sum(low <= value <= high for value in pool)
        return (between - (pool.count(a) + pool.count(b)) / 2) ** 2 if a != b else 0.0

    if len(set(pool)) < 2:
        return None
    within = sum(distance(a, b) / (len(u) - 1) for u in units for a, b in permutations(u, 2))
    chance = sum(distance(a, b) for a, b in permutations(pool, 2)) / (len(pool) - 1)
    return 1 - within / chance


@given(
    st.lists(st.lists(st.sampled_from((-1, 0, 1)), max_size=5), max_size=12),
    st.sampled_from(("nominal", "ordinal", "interval")),
)
def test_alpha_is_its_definition(units: list[list[int]], level: Level) -> None:
    counts = np.array([[u.count(v) for v in (-1, 0, 1)] for u in units]).reshape(-1, 3)
    found, expected = alpha(counts, (-1, 0, 1), level), alpha_by_pairs(units, level)
    assert (found is None) == (expected is None)
    if expected is not None:
        assert found == pytest.approx(expected, abs=1e-9)


@given(st.lists(st.tuples(st.sampled_from((-1, 0, 1)), st.sampled_from((-1, 0, 1))), max_size=20))
def test_weighted_kappa_is_its_definition(pairs: list[tuple[int, int]]) -> None:
    found = weighted_kappa(pairs, (-1, 0, 1))
    crossed = [abs(a - b) for a, _ in pairs for _, b in pairs]
    if not sum(crossed):
        assert found is None
        return
    seen = sum(abs(a - b) for a, b in pairs) / len(pairs)
    assert found == pytest.approx(1 - seen / (sum(crossed) / len(crossed)), abs=1e-9)


def labels(solution: str, rater: str, *ratings: Rating | None, problem: str = "p") -> Labels:
    return Labels(solution_id=solution, problem_id=problem, ratings=ratings, rater=rater)


def test_first_errors_of_a_hand_made_table() -> None:
    rows = [
        labels("a", "x", 1, -1, None),
        labels("a", "y", 1, 1, -1),  # one step later
        labels("b", "x", 1, 1),
        labels("b", "y", 1, 0),  # none in both
        labels("c", "x", -1, None),
        labels("c", "y", 1, 1),  # an error or none
        labels("d", "x", -1),  # seen by one only
    ]
    found = agreement(rows)
    assert found.solutions == 3
    assert found.first_error[:4] == (3, 1 / 3, 2 / 3, 2 / 3)
    # Three of the six marks say error: by chance half of the pairs differ, here a third.
    assert found.first_error.has_error_kappa == pytest.approx(1 - (1 / 3) / (1 / 2))
    # Steps rated by both: (1,1) (-1,1) of a, (1,1) (1,0) of b, (-1,1) of c.
    units = [[1, 1], [-1, 1], [1, 1], [1, 0], [-1, 1]]
    assert found.ordinal_alpha == pytest.approx(alpha_by_pairs(units, "ordinal"))
    assert pairwise_kappas(rows)["x", "y"] == pytest.approx(
        weighted_kappa([(a, b) for a, b in units], (-1, 0, 1))
    )


def test_a_later_row_of_a_rater_replaces_the_earlier() -> None:
    rows = [labels("a", "x", -1), labels("a", "y", 1), labels("a", "x", 1)]
    assert agreement(rows).first_error.exact == 1.0


def test_nothing_to_compare() -> None:
    assert agreement([labels("a", "x", 1)]).first_error == (0, None, None, None, None)
    assert agreement([]).ordinal_alpha is None
    assert bootstrap([], lambda rows: agreement(rows).ordinal_alpha) is None


def test_the_interval_is_over_problems() -> None:
    draw = np.random.default_rng(0)
    rows = []
    for problem in range(80):
        same = problem % 2 == 0
        for solution in range(3):
            first: Rating = 1 if draw.random() < 0.5 else -1
            other: Rating = first if same else (-1 if first == 1 else 1)
            name = f"{problem}-{solution}"
            rows += [
                labels(name, "x", first, problem=str(problem)),
                labels(name, "y", other, problem=str(problem)),
            ]
    found = bootstrap(rows, lambda drawn: agreement(drawn).first_error.exact, draws=400)
    assert found is not None
    # Half of 80 problems agree: standard error 0.056, not the 0.032 of 240 solutions.
    assert found[0] == pytest.approx(0.5 - 1.96 * 0.056, abs=0.03)
    assert found[1] == pytest.approx(0.5 + 1.96 * 0.056, abs=0.03)
