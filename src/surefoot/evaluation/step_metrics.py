"""How well scores tell right steps from wrong ones: counts, ranking, calibration.

All figures are over the steps that count (`surefoot.evaluation.step_table`); a
figure that cannot be had (no wrong step, say) is None.
"""

from typing import Any

import numpy as np

from surefoot.evaluation.estimators import BoolArray, FloatArray
from surefoot.evaluation.first_error import first_below, first_errors
from surefoot.evaluation.step_table import StepTable
from surefoot.records import RATINGS
from surefoot.verifiers.auc import grouped_auc

BINS = 10
"""Of the calibration curve, equally wide."""
LEAST_CHANCE = 1e-12
"""Below this a chance counts as this, so that one mistake made with certainty costs 27.6 nats."""


def figures(table: StepTable, threshold: float) -> dict[str, Any]:
    """All figures of one verifier on one set.

    Args:
        table: The steps.
        threshold: A step scored below it is called wrong.

    Returns:
        Names -> numbers, dicts and lists; docs/formats.md says what each is.
    """
    called_right = table.score >= threshold
    areas = grouped_auc(table.score.tolist(), table.is_right.tolist(), table.group.tolist())
    return {
        "threshold": threshold,
        "first_error": _first_errors(table, threshold),
        "auroc": areas.pooled,
        "auroc_within": areas.within,
        "problems_within": areas.problems,
        "average_precision": average_precision(table.score, table.is_right),
        "right": precision_recall(table.is_right, called_right),
        "wrong": precision_recall(~table.is_right, ~called_right),
        "confusion": {
            "right_called_right": int((table.is_right & called_right).sum()),
            "right_called_wrong": int((table.is_right & ~called_right).sum()),
            "wrong_called_right": int((~table.is_right & called_right).sum()),
            "wrong_called_wrong": int((~table.is_right & ~called_right).sum()),
        },
        **_by_rating(table),
        "ece": calibration_error(table.score, table.is_right),
        "brier": _mean(squared_errors(table)),
        "nll": _mean(surprises(table)),
        "rating_nll": None if table.chances is None else _mean(rating_surprises(table)),
        "calibration": calibration(table.score, table.is_right),
    }


def _first_errors(table: StepTable, threshold: float) -> dict[str, Any]:
    found = first_errors(table.judged, threshold)
    hits = [first_below(row.step_scores, threshold) == row.first_error for row in table.judged]
    return {
        "accuracy": _mean(np.array(hits, dtype=np.float64)),
        **found._asdict(),
        "n_undecided": table.n_solutions - len(table.judged),
    }


def precision_recall(is_so: BoolArray, called_so: BoolArray) -> dict[str, Any]:
    """Of a class: how many there are, precision, recall, and their harmonic mean.

    Precision is None where nothing is called so, recall where nothing is so; F1
    is None where there is neither, else `2 hits / (called + there)`.
    """
    hits, called, there = int((is_so & called_so).sum()), int(called_so.sum()), int(is_so.sum())
    return {
        "precision": hits / called if called else None,
        "recall": hits / there if there else None,
        "f1": 2 * hits / (called + there) if called + there else None,
        "steps": there,
    }


def average_precision(score: FloatArray, is_right: BoolArray) -> float | None:
    """Area under the precision-recall curve of finding wrong steps, lowest score first.

    Steps with equal scores are found together. None if no step is wrong; where
    scores say nothing it is the share of wrong steps.
    """
    wrong_at, right_at = steps_at(score, is_right)
    return ranking(wrong_at, right_at)[1]


def steps_at(score: FloatArray, is_right: BoolArray) -> tuple[FloatArray, FloatArray]:
    """For each score that there is, rising: how many wrong and how many right steps have it."""
    _, place = np.unique(score, return_inverse=True)
    size = int(place.max()) + 1 if len(place) else 0
    wrong = np.bincount(place[~is_right], minlength=size).astype(np.float64)
    right = np.bincount(place[is_right], minlength=size).astype(np.float64)
    return wrong, right


def ranking(wrong_at: FloatArray, right_at: FloatArray) -> tuple[float | None, float | None]:
    """AUROC and average precision, from the weights of wrong and right steps at each score.

    AUROC is the chance that a right step is scored above a wrong one, ties half.
    """
    found, passed = np.cumsum(wrong_at), np.cumsum(right_at)
    n_wrong, n_right = (float(x[-1]) if len(x) else 0.0 for x in (found, passed))
    if not n_wrong:
        return None, None
    precision = np.divide(found, found + passed, out=np.zeros_like(found), where=found > 0)
    precise = float((wrong_at * precision).sum() / n_wrong)
    if not n_right:
        return None, precise
    area = float((right_at * (found - wrong_at / 2)).sum() / (n_wrong * n_right))
    return area, precise


def roc_curve(score: FloatArray, is_right: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Shares of right steps called wrong and of wrong steps found, as the threshold rises."""
    wrong_at, right_at = steps_at(score, is_right)
    found, false = (np.concatenate([[0.0], np.cumsum(x)]) for x in (wrong_at, right_at))
    return false / max(false[-1], 1.0), found / max(found[-1], 1.0)


def calibration(score: FloatArray, is_right: BoolArray) -> list[dict[str, Any]]:
    """The reliability curve: of each bin of scores how many, mean score, share right.

    Bins are `[low, high)`, the last one with its upper end; of an empty one the
    mean and the share are None.
    """
    place = bins_of(score)
    count = np.bincount(place, minlength=BINS)
    total = np.bincount(place, weights=score, minlength=BINS)
    right = np.bincount(place, weights=is_right, minlength=BINS)
    return [
        {
            "low": i / BINS,
            "high": (i + 1) / BINS,
            "steps": int(n),
            "mean_score": float(total[i] / n) if n else None,
            "share_right": float(right[i] / n) if n else None,
        }
        for i, n in enumerate(count)
    ]


def calibration_error(score: FloatArray, is_right: BoolArray) -> float | None:
    """ECE: mean over steps of the gap between mean score and share right of their bin."""
    if not len(score):
        return None
    gaps = np.bincount(bins_of(score), weights=score - is_right, minlength=BINS)
    return float(np.abs(gaps).sum() / len(score))


def bins_of(score: FloatArray) -> np.ndarray[Any, np.dtype[np.int64]]:
    """(S,) number of each score's bin."""
    return np.minimum((score * BINS).astype(np.int64), BINS - 1)


def squared_errors(table: StepTable) -> FloatArray:
    """(S,) of which the mean is the Brier score."""
    errors: FloatArray = (table.score - table.is_right) ** 2
    return errors


def surprises(table: StepTable) -> FloatArray:
    """(S,) nats: minus the log of the chance given to what is so, right or wrong."""
    chance = np.where(table.is_right, table.score, table.wrong_chance)
    nats: FloatArray = -np.log(np.maximum(chance, LEAST_CHANCE))
    return nats


def rating_surprises(table: StepTable) -> FloatArray:
    """(S,) nats: minus the log of the chance given to the rating, of three."""
    assert table.chances is not None
    chance = table.chances[np.arange(len(table.rating)), table.rating + 1]
    nats: FloatArray = -np.log(np.maximum(chance, LEAST_CHANCE))
    return nats


def _by_rating(table: StepTable) -> dict[str, Any]:
    """Precision and recall of each rating, the likeliest one being the guess, the worse of two."""
    if table.chances is None:
        return {"ratings": None, "rating_confusion": None}
    guess = np.array(RATINGS)[table.chances.argmax(axis=1)]
    return {
        "ratings": {
            str(rating): precision_recall(table.rating == rating, guess == rating)
            for rating in RATINGS
        },
        "rating_confusion": [
            [int(((table.rating == rating) & (guess == other)).sum()) for other in RATINGS]
            for rating in RATINGS
        ],
    }


def _mean(values: FloatArray) -> float | None:
    return float(values.mean()) if len(values) else None
