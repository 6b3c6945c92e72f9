"""Step figures, against loops over all steps and against values by hand."""

import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from surefoot.evaluation.step_metrics import (
    LEAST_CHANCE,
    average_precision,
    calibration,
    calibration_error,
    figures,
    precision_recall,
    ranking,
    roc_curve,
    steps_at,
)
from surefoot.evaluation.step_table import (
    Predicted,
    RatedSolution,
    StepTable,
    first_wrong,
    step_table,
)
from surefoot.verifiers.auc import auc

STEPS = st.lists(
    st.tuples(st.sampled_from([0.0, 0.1, 0.25, 0.3, 0.5, 0.7, 0.99, 1.0]), st.booleans()),
    max_size=30,
)


def columns(steps: list[tuple[float, bool]]) -> tuple[Any, Any]:
    return np.array([s for s, _ in steps], float), np.array([r for _, r in steps], bool)


def table_of(*solutions: tuple[str, tuple[Any, ...], tuple[float, ...]]) -> StepTable:
    rated = [RatedSolution(group, ratings) for group, ratings, _ in solutions]
    return step_table(rated, [Predicted(scores) for *_, scores in solutions], "positive")


@given(STEPS)
def test_auroc_counts_pairs(steps: list[tuple[float, bool]]) -> None:
    score, is_right = columns(steps)
    pairs = [(r, w) for (r, a), (w, b) in itertools.product(steps, steps) if a and not b]
    wanted = sum(1.0 if r > w else 0.5 if r == w else 0.0 for r, w in pairs) / max(len(pairs), 1)
    area, _ = ranking(*steps_at(score, is_right))
    assert area == (pytest.approx(wanted) if pairs else None)
    assert area == pytest.approx(auc(score, is_right))
    if pairs:
        false, found = roc_curve(score, is_right)
        assert float(np.trapezoid(found, false)) == pytest.approx(wanted)
        assert (false[0], found[0], false[-1], found[-1]) == (0, 0, 1, 1)


@given(STEPS)
def test_average_precision_threshold_by_threshold(steps: list[tuple[float, bool]]) -> None:
    """Sum over thresholds of (recall gained) x precision, as the textbook has it."""
    n_wrong = sum(not right for _, right in steps)
    total, before = 0.0, 0.0
    for threshold in sorted({score for score, _ in steps}):
        called = [right for score, right in steps if score <= threshold]
        hits = sum(not right for right in called)
        recall = hits / n_wrong if n_wrong else 0.0
        total += (recall - before) * hits / len(called)
        before = recall
    found = average_precision(*columns(steps))
    assert found == (pytest.approx(total) if n_wrong else None)


@given(STEPS)
def test_calibration_bin_by_bin(steps: list[tuple[float, bool]]) -> None:
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(10)]
    for score, right in steps:
        bins[9 if score == 1.0 else math.floor(score * 10)].append((score, right))
    found = calibration(*columns(steps))
    error = 0.0
    for i, (members, row) in enumerate(zip(bins, found, strict=True)):
        assert (row["low"], row["high"], row["steps"]) == (i / 10, (i + 1) / 10, len(members))
        if not members:
            assert row["mean_score"] is row["share_right"] is None
            continue
        mean = sum(score for score, _ in members) / len(members)
        share = sum(right for _, right in members) / len(members)
        assert (row["mean_score"], row["share_right"]) == pytest.approx((mean, share))
        error += abs(mean - share) * len(members) / len(steps)
    found_error = calibration_error(*columns(steps))
    assert found_error == (pytest.approx(error) if steps else None)


@given(st.lists(st.sampled_from([0.05, 0.25, 0.5, 0.75, 0.95]), min_size=1, max_size=5))
def test_calibrated_scores_have_no_error(scores: list[float]) -> None:
    steps = [(s, i < round(20 * s)) for s in scores for i in range(20)]
    assert calibration_error(*columns(steps)) == pytest.approx(0, abs=1e-12)


def test_ece_of_scores_drawn_from_their_own_chance_is_small() -> None:
    generator = np.random.default_rng(0)
    score = generator.random(40_000)
    is_right = generator.random(40_000) < score
    error = calibration_error(score, is_right)
    assert error is not None
    assert error < 0.01
    assert calibration_error(score**3, is_right) > 0.1  # type: ignore[operator]


@given(STEPS, st.sampled_from([0.0, 0.2, 0.5, 1.0]))
def test_precision_and_recall(steps: list[tuple[float, bool]], threshold: float) -> None:
    score, is_right = columns(steps)
    found = precision_recall(is_right, score >= threshold)
    hits = sum(right and s >= threshold for s, right in steps)
    called = sum(s >= threshold for s, _ in steps)
    there = sum(right for _, right in steps)
    assert found["steps"] == there
    assert found["precision"] == (hits / called if called else None)
    assert found["recall"] == (hits / there if there else None)
    if hits:
        p, r = hits / called, hits / there
        assert found["f1"] == pytest.approx(2 * p * r / (p + r))
    else:
        assert found["f1"] == (0 if called or there else None)


ALL: tuple[tuple[str, tuple[Any, ...], tuple[float, ...]], ...] = (
    ("p", (1, 1, -1, None), (0.9, 0.8, 0.2, 0.1)),
    ("p", (1, 0, 1), (0.7, 0.6, 0.95)),
    ("q", (-1,), (0.6,)),
    ("q", (1, None), (0.9, 0.1)),
)


def test_figures_by_hand() -> None:
    table = table_of(*ALL)
    found = figures(table, 0.5)
    # Right: .9 .8 .7 .6 .95 .9; wrong: .2 .6.
    assert found["confusion"] == {
        "right_called_right": 6,
        "right_called_wrong": 0,
        "wrong_called_right": 1,
        "wrong_called_wrong": 1,
    }
    assert found["auroc"] == (6 + 5.5) / 12
    # Within p: .2 below all five. Within q: .6 below .9.
    assert (found["auroc_within"], found["problems_within"]) == (1.0, 2)
    assert found["average_precision"] == 0.5 * 1 + 0.5 * 2 / 3
    assert found["first_error"] == {
        "accuracy": 2 / 3,
        "erroneous_accuracy": 0.5,
        "correct_accuracy": 1.0,
        "f1": 2 / 3,
        "n_erroneous": 2,
        "n_correct": 1,
        "n_undecided": 1,
    }
    right, wrong = (0.9, 0.8, 0.7, 0.6, 0.95, 0.9), (0.2, 0.6)
    squares = [(1 - s) ** 2 for s in right] + [s**2 for s in wrong]
    nats = [-math.log(s) for s in right] + [-math.log(1 - s) for s in wrong]
    assert found["brier"] == pytest.approx(sum(squares) / 8)
    assert found["nll"] == pytest.approx(sum(nats) / 8)
    assert found["ratings"] is found["rating_confusion"] is found["rating_nll"] is None
    assert (table.n_groups, table.n_solutions) == (2, 4)


def test_a_perfect_verifier_and_one_that_is_always_right() -> None:
    rated = [RatedSolution(group, ratings) for group, ratings, _ in ALL[:3]]
    perfect = [Predicted([float(r in (0, 1)) for r in row.ratings]) for row in rated]
    found = figures(step_table(rated, perfect, "positive"), 0.5)
    for path in ("auroc", "auroc_within", "average_precision"):
        assert found[path] == 1.0
    assert [found["first_error"][k] for k in ("accuracy", "f1")] == [1.0, 1.0]
    assert (found["right"]["f1"], found["wrong"]["f1"]) == (1.0, 1.0)
    assert found["brier"] == found["ece"] == found["nll"] == 0
    always = [Predicted([1.0] * len(row.ratings)) for row in rated]
    found = figures(step_table(rated, always, "positive"), 0.5)
    # Seven steps count, two of them are wrong.
    assert found["auroc"] == found["auroc_within"] == 0.5
    assert found["average_precision"] == found["brier"] == found["ece"] == pytest.approx(2 / 7)
    assert found["nll"] == pytest.approx(-math.log(LEAST_CHANCE) * 2 / 7)
    assert found["first_error"]["accuracy"] == 1 / 3
    assert found["first_error"]["f1"] == 0
    assert found["wrong"] == {"precision": None, "recall": 0, "f1": 0, "steps": 2}


THREE = [
    Predicted((), [(0.1, 0.2, 0.7), (0.2, 0.5, 0.3), (0.6, 0.3, 0.1)]),
    Predicted((), [(0.4, 0.4, 0.2)]),
]
THREE_RATED = [RatedSolution("p", (1, 0, -1)), RatedSolution("p", (0,))]


def test_three_ratings() -> None:
    found = figures(step_table(THREE_RATED, THREE, "positive"), 0.5)
    # The tie of the last step goes to the worse rating.
    assert found["rating_confusion"] == [[1, 0, 0], [1, 1, 0], [0, 0, 1]]
    assert found["ratings"]["-1"] == {
        "precision": 0.5,
        "recall": 1.0,
        "f1": pytest.approx(2 / 3),
        "steps": 1,
    }
    assert found["rating_nll"] == pytest.approx(-sum(math.log(x) for x in (0.7, 0.5, 0.6, 0.4)) / 4)
    assert found["nll"] == pytest.approx(-sum(math.log(x) for x in (0.9, 0.8, 0.6, 0.6)) / 4)


def test_neutral_as_wrong() -> None:
    table = step_table(THREE_RATED, THREE, "negative")
    assert table.score.tolist() == [0.7, 0.3, 0.1, 0.2]
    assert table.is_right.tolist() == [True, False, False, False]
    assert [row.first_error for row in table.judged] == [1, 0]
    found = figures(table, 0.5)
    assert found["first_error"]["erroneous_accuracy"] == 1.0
    assert found["nll"] == pytest.approx(-sum(math.log(x) for x in (0.7, 0.7, 0.9, 0.8)) / 4)


def test_two_answers_are_not_three_ratings() -> None:
    rated = [RatedSolution("p", (1, -1))]
    table = step_table(rated, [Predicted((), [(0.1, 0.0, 0.9), (0.6, 0.0, 0.4)])], "positive")
    assert table.chances is None
    assert figures(table, 0.5)["ratings"] is None


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_chance_of_a_wrong_step_is_not_lost_in_rounding(a: float, b: float) -> None:
    assume(a + b <= 1)
    triple = (a * 1e-20, b, max(0.0, 1 - a * 1e-20 - b))
    table = step_table([RatedSolution("p", (-1,))], [Predicted((), [triple])], "positive")
    assert table.wrong_chance[0] == a * 1e-20


def test_what_counts() -> None:
    assert RatedSolution("p", (1, -1, 1, None)).counted() == (1, -1, None, None)
    assert RatedSolution("p", (1, -1, 1), is_whole=True).counted() == (1, -1, 1)
    assert RatedSolution("p", (None, 1, 0)).counted() == (None, 1, 0)
    assert first_wrong((1, 0, -1), "positive") == 2
    assert first_wrong((1, 0, -1), "negative") == 1
    assert first_wrong((1, 0), "positive") == -1
    assert first_wrong((1, None), "positive") is None
    assert first_wrong((None, -1), "positive") == 1
    assert first_wrong((), "positive") is None


def test_nothing_to_count() -> None:
    found = figures(table_of(("p", (None,), (0.3,))), 0.5)
    assert found["first_error"]["n_undecided"] == 1
    for name in ("auroc", "auroc_within", "average_precision", "ece", "brier", "nll"):
        assert found[name] is None
    with pytest.raises(ValueError, match="2 ratings for 1 predictions"):
        table_of(("p", (1, 1), (0.3,)))
