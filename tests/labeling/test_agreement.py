"""Agreement against a published example, other people's libraries, and definitions pair by pair."""

from collections import defaultdict
from itertools import combinations, permutations
from typing import Any

import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats import inter_rater

from surefoot.labeling.agreement import agreement
from surefoot.labeling.coefficients import Level, alpha, fleiss_kappa, weighted_kappa
from surefoot.labeling.resampling import bootstrap, share
from surefoot.labeling.verdicts import against_gold, verdict_of
from surefoot.records import RATINGS, Labels, Rating

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


tables = st.lists(
    st.lists(st.sampled_from((-1, 0, 1)), min_size=0, max_size=6), min_size=1, max_size=15
).map(lambda units: np.array([[u.count(v) for v in (-1, 0, 1)] for u in units]))


@given(tables, st.sampled_from(("nominal", "ordinal", "interval")))
def test_alpha_is_that_of_another_library(counts: Any, level: Level) -> None:
    found = alpha(counts, (-1, 0, 1), level)
    if found is not None:
        theirs = krippendorff.alpha(
            value_counts=counts, value_domain=[-1, 0, 1], level_of_measurement=level
        )
        assert found == pytest.approx(theirs, abs=1e-9)


@given(st.lists(st.lists(st.integers(0, 4), min_size=3, max_size=3), min_size=3, max_size=3))
def test_weighted_kappa_is_that_of_another_library(table: list[list[int]]) -> None:
    pairs = [(i - 1, j - 1) for i in range(3) for j in range(3) for _ in range(table[i][j])]
    found = weighted_kappa(pairs, (-1, 0, 1))
    if found is not None:
        theirs = inter_rater.cohens_kappa(np.array(table), wt="linear", return_results=False)
        assert found == pytest.approx(theirs, abs=1e-9)


@given(st.integers(2, 6), st.data())
def test_fleiss_kappa_is_that_of_another_library(raters: int, data: st.DataObject) -> None:
    good = data.draw(st.lists(st.integers(0, raters), min_size=1, max_size=20))
    counts = np.array([[n, raters - n] for n in good])
    found = fleiss_kappa(counts)
    if 0 < sum(good) < raters * len(good):
        assert found == pytest.approx(inter_rater.fleiss_kappa(counts), abs=1e-9)
    else:
        assert found is None


def test_fleiss_kappa_of_a_worked_example() -> None:
    # Fourteen raters put ten subjects into five categories.
    rows = (
        "0 0 0 0 14, 0 2 6 4 2, 0 0 3 5 6, 0 3 9 2 0, 2 2 8 1 1,"
        "7 7 0 0 0, 3 2 6 3 0, 2 5 3 2 2, 6 5 2 1 0, 0 2 2 3 7"
    )
    counts = np.array([[int(n) for n in row.split()] for row in rows.split(",")])
    assert fleiss_kappa(counts) == pytest.approx(0.210, abs=5e-4)


def labels(solution: str, rater: str, *ratings: Rating | None, problem: str = "p") -> Labels:
    return Labels(solution_id=solution, problem_id=problem, ratings=ratings, rater=rater)


HAND_MADE = [
    labels("a", "x", 1, -1, None),
    labels("a", "y", 1, 1, -1),  # one step later
    labels("b", "x", 1, 1),
    labels("b", "y", 1, 0),  # none in both
    labels("c", "x", -1, None),
    labels("c", "y", 1, 1),  # an error or none
    labels("d", "x", -1),  # seen by one only
]


def test_first_errors_of_a_hand_made_table() -> None:
    found = agreement(HAND_MADE)
    assert (found.solutions, found.raters, found.problems) == (3, 2, 1)
    first = found.first_errors
    assert (first.exact.n, first.exact.value, first.near.value) == (3, 1 / 3, 2 / 3)
    assert first.has_error.value == 2 / 3
    # Three of the six marks say error: by chance half of the pairs differ, here a third.
    assert first.has_error_kappa.value == pytest.approx(1 - (1 / 3) / (1 / 2))
    # With two raters each, Fleiss' is the same.
    assert first.has_error_fleiss.value == pytest.approx(first.has_error_kappa.value)
    # Steps rated by both: (1,1) (-1,1) of a, (1,1) (1,0) of b, (-1,1) of c.
    units = [[1, 1], [-1, 1], [1, 1], [1, 0], [-1, 1]]
    assert found.ordinal_alpha.value == pytest.approx(alpha_by_pairs(units, "ordinal"))
    assert found.ordinal_alpha.n == 5
    assert [(pair.raters, pair.solutions, pair.kappa.n) for pair in found.pairs] == [
        (("x", "y"), 3, 5)
    ]
    assert found.pairs[0].kappa.value == pytest.approx(
        weighted_kappa([(a, b) for a, b in units], (-1, 0, 1))
    )
    # Two pairs (-1, 1), one (0, 1), two (1, 1); each in both orders.
    assert found.confusion == [[0, 0, 2], [0, 0, 1], [2, 1, 4]]
    assert [(c.solution_id, c.step, c.ratings) for c in found.contested] == [
        ("a", 1, {-1: 1, 0: 0, 1: 1}),
        ("c", 0, {-1: 1, 0: 0, 1: 1}),
        ("b", 1, {-1: 0, 0: 1, 1: 1}),
    ]
    # One problem says nothing about others.
    assert first.exact.low is None


def test_a_later_row_of_a_rater_replaces_the_earlier() -> None:
    rows = [labels("a", "x", -1), labels("a", "y", 1), labels("a", "x", 1)]
    assert agreement(rows).first_errors.exact.value == 1.0


def test_unfinished_work_says_nothing_about_the_first_error() -> None:
    rows = [labels("a", "x", 1, None), labels("a", "y", 1, 1), labels("a", "z", 0, 1)]
    found = agreement(rows)
    assert (found.first_errors.exact.n, found.first_errors.exact.value) == (1, 1.0)
    assert found.ordinal_alpha.n == 2
    assert verdict_of(labels("a", "x")) is None


def test_nothing_to_compare() -> None:
    found = agreement([labels("a", "x", 1)])
    assert (found.solutions, found.pairs, found.contested) == (0, [], [])
    assert {e.value for e in found.first_errors} == {None}
    assert agreement([]).ordinal_alpha == (None, None, None, 0)


ratings_of_a_solution = st.lists(
    st.lists(st.sampled_from((-1, 0, 1, None)), min_size=1, max_size=4), min_size=1, max_size=5
)


@given(st.lists(st.tuples(st.integers(0, 3), ratings_of_a_solution), max_size=8))
def test_figures_are_their_definitions(drawn: list[tuple[int, list[list[Any]]]]) -> None:
    rows = [
        labels(f"s{i}", f"r{k}", *ratings, problem=f"p{problem}")
        for i, (problem, raters) in enumerate(drawn)
        for k, ratings in enumerate(raters)
    ]
    found = agreement(rows, draws=5)
    said = [
        [v.first_error for ratings in raters if (v := verdict_of(labels("", "", *ratings)))]
        for _, raters in drawn
    ]
    pairs = [pair for one in said for pair in combinations(one, 2)]
    near = [a == b or (a is not None and b is not None and abs(a - b) == 1) for a, b in pairs]
    first = found.first_errors
    assert first.exact.n == len(pairs)
    if pairs:
        assert first.exact.value == pytest.approx(np.mean([a == b for a, b in pairs]))
        assert first.near.value == pytest.approx(np.mean(near))
        assert first.has_error.value == pytest.approx(
            np.mean([(a is None) == (b is None) for a, b in pairs])
        )
    table = np.array([[one.count(None), len(one) - one.count(None)] for one in said]).reshape(-1, 2)
    expected = fleiss_kappa(table)
    assert first.has_error_fleiss.value == pytest.approx(expected) or expected is None
    units = [
        [row[step] for row in raters if step < len(row) and row[step] is not None]
        for _, raters in drawn
        for step in range(4)
    ]
    assert found.ordinal_alpha.value == pytest.approx(alpha_by_pairs(units, "ordinal"), abs=1e-9)


def random_rows(n_problems: int, seed: int = 0) -> list[Labels]:
    draw = np.random.default_rng(seed)
    rows = []
    for problem in range(n_problems):
        for solution in range(draw.integers(1, 4)):
            for rater in draw.choice(4, size=draw.integers(1, 4), replace=False):
                ratings = [RATINGS[i] for i in draw.choice(3, size=3, p=(0.3, 0.1, 0.6))]
                name = f"{problem}-{solution}"
                rows.append(labels(name, f"r{rater}", *ratings, problem=str(problem)))
    return rows


def test_the_interval_is_that_of_problems_drawn_one_by_one() -> None:
    rows = random_rows(12)
    several = agreement(rows)
    by_problem: defaultdict[str, list[Labels]] = defaultdict(list)
    double = {c for c in {r.solution_id for r in rows} if sum(r.solution_id == c for r in rows) > 1}
    for row in rows:
        if row.solution_id in double:
            by_problem[row.problem_id].append(row)
    each = list(by_problem.values())
    generator = np.random.default_rng(3)
    exact, ordinal = [], []
    for indices in generator.integers(len(each), size=(50, len(each))):
        again = [
            labels(f"{copy}:{r.solution_id}", r.rater, *r.ratings, problem=f"{copy}:{r.problem_id}")
            for copy, i in enumerate(indices)
            for r in each[i]
        ]
        drawn = agreement(again, draws=1)
        exact.append(drawn.first_errors.exact.value)
        ordinal.append(drawn.ordinal_alpha.value)
    found = agreement(rows, draws=50, seed=3)
    assert found.first_errors.exact.value == several.first_errors.exact.value
    for estimate, values in ((found.first_errors.exact, exact), (found.ordinal_alpha, ordinal)):
        ends = np.percentile([v for v in values if v is not None], [2.5, 97.5])
        assert (estimate.low, estimate.high) == pytest.approx(tuple(ends), abs=1e-9)


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
    found = agreement(rows, draws=400).first_errors.exact
    # Half of 80 problems agree: standard error 0.056, not the 0.032 of 240 solutions.
    assert found.low == pytest.approx(0.5 - 1.96 * 0.056, abs=0.03)
    assert found.high == pytest.approx(0.5 + 1.96 * 0.056, abs=0.03)


def test_a_figure_that_is_not_defined_has_no_interval() -> None:
    def ratio(sums: Any) -> Any:
        with np.errstate(invalid="ignore", divide="ignore"):
            return sums[:, :1] / sums[:, 1:]

    assert bootstrap(np.zeros((3, 2)), ratio) == [(None, None, None, 0)]
    one = bootstrap(np.array([[1.0, 2.0], [0.0, 0.0]]), ratio)[0]
    assert (one.value, one.low, one.high) == (0.5, 0.5, 0.5)  # draws without any are left out


def test_wilson_is_that_of_another_library() -> None:
    from statsmodels.stats.proportion import proportion_confint

    for right, n in ((0, 4), (3, 4), (9, 9), (41, 60)):
        expected = proportion_confint(right, n, method="wilson")
        found = share(right, n)
        assert found == pytest.approx((right / n, *expected, n), abs=1e-9)
    assert share(0, 0) == (None, None, None, 0)


def test_against_what_is_known() -> None:
    gold: dict[str, frozenset[int | None]] = {
        "a": frozenset({1}),
        "b": frozenset({None}),
        "c": frozenset({2, None}),
    }
    rows = [
        labels("a", "x", 1, -1),  # right
        labels("a", "y", -1, None),  # one off
        labels("a", "z", 1, 1),  # missed
        labels("b", "x", 1, -1),  # false alarm
        labels("b", "y", 1, 1),  # right
        labels("c", "x", 1, 1, 1),  # acceptable
        labels("c", "y", 1, 1, None),  # unfinished: says nothing
        labels("d", "y", 1),  # not known
    ]
    found = against_gold(rows, gold)
    assert (found.answers, found.missed, found.false_alarms) == (6, 1, 1)
    assert found.right.value == pytest.approx(3 / 6)
    assert found.near.value == pytest.approx(4 / 6)
    assert found.has_error.value == pytest.approx(4 / 6)
    assert {name: one.n for name, one in found.raters.items()} == {"x": 3, "y": 2, "z": 1}
    assert found.raters["x"].value == pytest.approx(2 / 3)
    assert against_gold([], gold).right == (None, None, None, 0)
