"""Intervals of step figures: what is drawn again, and the PRMScore."""

import numpy as np
import pytest

from surefoot.evaluation.intervals import resampled_shares
from surefoot.evaluation.prm_score import prm_scores
from surefoot.evaluation.step_intervals import RESAMPLES, differences, intervals, redrawn
from surefoot.evaluation.step_metrics import figures
from surefoot.evaluation.step_table import Predicted, RatedSolution, step_table
from surefoot.records import Rating


def synthetic(
    n_problems: int, seed: int = 0, noise: float = 1.0
) -> tuple[list[RatedSolution], list[Predicted]]:
    """Two solutions a problem of up to five steps; scores that know something."""
    generator = np.random.default_rng(seed)
    rated, predicted = [], []
    for p in range(n_problems):
        for _ in range(2):
            n = int(generator.integers(1, 6))
            ratings: list[Rating | None] = [1 if generator.random() < 0.8 else -1 for _ in range(n)]
            rated.append(RatedSolution(f"p{p}", tuple(ratings)))
            logit = [noise * generator.normal() + 1.5 * (r or 0) for r in ratings]
            predicted.append(Predicted([float(1 / (1 + np.exp(-x))) for x in logit]))
    return rated, predicted


def test_each_draw_is_the_figure_of_the_problems_drawn() -> None:
    """Problems are really copied, and everything is worked out again from the copies."""
    rated, predicted = synthetic(12)
    draws = redrawn(step_table(rated, predicted, "positive"), 0.5, seed=3)
    counts = np.rint(resampled_shares(12, RESAMPLES, 3) * 12).astype(int)
    for r in (0, 7, 500):
        copies = [
            (row._replace(group=f"{row.group}/{copy}"), said)
            for row, said in zip(rated, predicted, strict=True)
            for copy in range(counts[r][int(row.group[1:])])
        ]
        found = figures(step_table([a for a, _ in copies], [b for _, b in copies], "positive"), 0.5)
        wanted = {
            "first_error_accuracy": found["first_error"]["accuracy"],
            "erroneous_accuracy": found["first_error"]["erroneous_accuracy"],
            "correct_accuracy": found["first_error"]["correct_accuracy"],
            "first_error_f1": found["first_error"]["f1"],
            **{name: found[name] for name in ("auroc", "auroc_within", "average_precision")},
            "brier": found["brier"],
            "nll": found["nll"],
        }
        assert {name: values[r] for name, values in draws.items()} == pytest.approx(wanted)


def test_intervals_hold_the_figure_and_shrink() -> None:
    ends = {}
    for n in (40, 640):
        table = step_table(*synthetic(n), "positive")
        ends[n] = intervals(redrawn(table, 0.5))
        found = figures(table, 0.5)
        for name in ("auroc", "brier", "average_precision"):
            pair = ends[n][name]
            assert pair is not None
            assert pair[0] <= found[name] <= pair[1]
    for name in ("auroc", "brier", "nll", "first_error_accuracy"):
        pair, wide = ends[640][name], ends[40][name]
        assert pair is not None
        assert wide is not None
        assert pair[1] - pair[0] < 0.5 * (wide[1] - wide[0]), name


def test_a_difference_is_paired() -> None:
    rated, predicted = synthetic(60)
    table = step_table(rated, predicted, "positive")
    slightly = [Predicted([0.98 * s for s in said.step_scores]) for said in predicted]
    ours, other = (
        redrawn(table, 0.5),
        redrawn(step_table(rated, slightly, "positive"), 0.49),
    )
    found = differences(ours, other)
    # The same order and the same calls: no difference, though each interval is wide.
    assert found["auroc"] == pytest.approx([0, 0])
    assert found["first_error_f1"] == pytest.approx([0, 0])
    low, high = found["brier"]
    assert low < high


def test_without_wrong_steps_there_is_no_interval() -> None:
    rated = [RatedSolution(f"p{i}", (1, 1)) for i in range(5)]
    table = step_table(rated, [Predicted((0.5, 0.6))] * 5, "positive")
    found = intervals(redrawn(table, 0.5))
    assert found["auroc"] is found["erroneous_accuracy"] is found["first_error_f1"] is None
    assert found["correct_accuracy"] == [1.0, 1.0]
    empty = intervals(redrawn(step_table([], [], "positive"), 0.5))
    assert set(empty.values()) == {None}


def test_prm_score_by_hand() -> None:
    rated = [
        RatedSolution("p", (1, 1), True, "original"),
        RatedSolution("p", (1, -1, 1, -1), True, "confidence"),
        RatedSolution("p", (1, 1), True, "multi_solutions"),
    ]
    predicted = [Predicted((0.1, 0.1)), Predicted((0.9, 0.2, 0.3, 0.8)), Predicted((0.9, 0.4))]
    found = prm_scores(rated, predicted, 0.5)
    assert found is not None
    # confidence: right called right 1 of 2, wrong called wrong 1 of 2: every F1 is 1/2.
    assert found["by_category"]["confidence"]["prm_score"] == 0.5
    assert found["by_category"]["multi_solutions"] == {
        "prm_score": None,
        "right_f1": pytest.approx(2 / 3),
        "wrong_f1": None,
        "steps": 2,
    }
    # Together: right 4, called right 3, hits 2; wrong 2, called wrong 3, hits 1.
    assert found["right_f1"] == pytest.approx(4 / 7)
    assert found["wrong_f1"] == pytest.approx(2 / 5)
    assert found["prm_score"] == pytest.approx((4 / 7 + 2 / 5) / 2)
    assert prm_scores([RatedSolution("p", (1,))], [Predicted((0.3,))], 0.5) is None
