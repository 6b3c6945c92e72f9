"""The numbers of the report, made ready for its template.

Reads: curves, pools, scores and labels. Returns plain lists and dicts of text
and numbers, one function a table of `report.html.jinja`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from surefoot.evaluation.curves import MAJORITY, PASS, Curves
from surefoot.evaluation.figures import style_of
from surefoot.evaluation.pools import CHECKER, LIKELIHOOD, Pool
from surefoot.records import Labels, Scores
from surefoot.verifiers.auc import Auc, grouped_auc, step_auc

_BINS = 10
_HEADLINES = ("prm", "orm", MAJORITY, LIKELIHOOD, CHECKER, PASS)


class Bar(NamedTuple):
    """One bin of a histogram; shares in per cent of the right and of the wrong ones."""

    label: str
    right: float
    wrong: float
    n_right: int
    n_wrong: int


def percent(value: float) -> str:
    """A share as per cent with one decimal."""
    return f"{100 * value:.1f}"


def _points(value: float) -> str:
    """A signed difference with a true minus sign."""
    return f"{value:+.1f}".replace("-", "−")


def headlines(curves: Curves) -> list[dict[str, Any]]:
    """The number at the largest N for each main series, and one try for comparison."""
    names = [name for name in _HEADLINES if name in curves.chances]
    tiles = [
        {
            "label": style_of(name).label,
            "how": f"{'any' if name == PASS else 'best'} of {curves.n[-1]}"
            if name != MAJORITY
            else f"of {curves.n[-1]}",
            "value": percent(curves.mean(name)[-1]),
            "interval": [percent(end) for end in curves.intervals[name][-1]],
            "colour": style_of(name).colour,
        }
        for name in names
    ]
    if curves.n[0] == 1:
        tiles.append(
            {
                "label": "one solution",
                "how": "pass@1",
                "value": percent(curves.mean(PASS)[0]),
                "interval": [percent(end) for end in curves.intervals[PASS][0]],
                "colour": style_of(PASS).colour,
            }
        )
    return tiles


def curve_table(curves: Curves) -> dict[str, Any]:
    """Every series at every N: value, interval over problems, spread over draws."""
    names = list(curves.chances)
    rows = [
        {
            "n": n,
            "cells": [
                {
                    "value": percent(curves.mean(name)[k]),
                    "interval": [percent(end) for end in curves.intervals[name][k]],
                    "spread": percent(curves.spread(name)[k]),
                }
                for name in names
            ],
        }
        for k, n in enumerate(curves.n)
    ]
    return {"names": [style_of(name).label for name in names], "rows": rows}


def differences(curves: Curves) -> list[dict[str, Any]]:
    """Paired differences at the largest N, in points."""
    found = []
    for name, ends in curves.intervals.items():
        first, dash, second = name.partition("-")
        if dash:
            low, high = 100 * ends[-1]
            difference = 100 * float(curves.mean(first)[-1] - curves.mean(second)[-1])
            found.append(
                {
                    "label": f"{style_of(first).label} − {style_of(second).label}",
                    "value": _points(difference),
                    "interval": [_points(low), _points(high)],
                    "excludes_zero": bool(low > 0 or high < 0),
                }
            )
    return found


def discrimination(
    pools: Sequence[Pool], scores: Mapping[str, Sequence[Scores]], labels: Sequence[Labels]
) -> list[dict[str, Any]]:
    """AUC of each series against grades, and of step scores against ratings."""
    rows = []
    for name in pools[0].scores:
        if name == CHECKER:
            continue
        kept = [(pool, np.flatnonzero(pool.has_answer)) for pool in pools]
        found = grouped_auc(
            np.concatenate([pool.scores[name][some] for pool, some in kept]).tolist(),
            np.concatenate([pool.is_correct[some] for pool, some in kept]).tolist(),
            [pool.problem_id for pool, some in kept for _ in some],
        )
        rows.append(_auc_row(f"{style_of(name).label}: solutions, by grade", found))
    labels_of = {row.solution_id: row for row in labels}
    for name, table in scores.items():
        found = step_auc(table, labels_of)
        if found.pooled is not None:
            rows.append(_auc_row(f"{style_of(name).label}: steps, by rating", found))
    return rows


def _auc_row(label: str, found: Auc) -> dict[str, Any]:
    return {
        "label": label,
        "pooled": "–" if found.pooled is None else f"{found.pooled:.3f}",
        "within": "–" if found.within is None else f"{found.within:.3f}",
        "problems": found.problems,
    }


def histogram(pools: Sequence[Pool], judge: str | None) -> list[Bar]:
    """How the judge's solution scores are spread, for right and for wrong answers."""
    if judge is None:
        return []
    score = np.concatenate([pool.scores[judge][pool.has_answer] for pool in pools])
    right = np.concatenate([pool.is_correct[pool.has_answer] for pool in pools])
    place = np.clip((score * _BINS).astype(int), 0, _BINS - 1)
    n_right = np.bincount(place[right], minlength=_BINS)
    n_wrong = np.bincount(place[~right], minlength=_BINS)
    return [
        Bar(
            f"{b / _BINS:.1f}–{(b + 1) / _BINS:.1f}",
            100 * n_right[b] / max(1, n_right.sum()),
            100 * n_wrong[b] / max(1, n_wrong.sum()),
            int(n_right[b]),
            int(n_wrong[b]),
        )
        for b in range(_BINS)
    ]


def calibration(scores: Sequence[Scores], labels: Sequence[Labels]) -> list[dict[str, Any]]:
    """Step scores in bins: what the judge says, and what the ratings say."""
    labels_of = {row.solution_id: row for row in labels}
    said: list[float] = []
    good: list[bool] = []
    for row in scores:
        rated = labels_of.get(row.solution_id)
        for score, rating in zip(row.step_scores, rated.ratings if rated else (), strict=False):
            if rating is not None:
                said.append(score)
                good.append(rating >= 0)
    if not said:
        return []
    claimed, is_good = np.array(said), np.array(good)
    place = np.clip((claimed * _BINS).astype(int), 0, _BINS - 1)
    return [
        {
            "label": f"{b / _BINS:.1f}–{(b + 1) / _BINS:.1f}",
            "said": percent(float(claimed[place == b].mean())),
            "found": percent(float(is_good[place == b].mean())),
            "steps": int((place == b).sum()),
        }
        for b in range(_BINS)
        if (place == b).any()
    ]
