"""The report: one standalone HTML page about a run, for people.

Reads: problems, solutions, grades, scores and labels (records). Returns the page as
text: numbers, curves and single solutions with the verifier's opinion of each
step. Nothing in it needs a network, and every number about a verifier's choices
links to solutions behind it. Figures are in `surefoot.evaluation.figures`, which
solutions are shown is decided in `surefoot.evaluation.examples`.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from surefoot.evaluation.auc import Auc, grouped_auc, step_auc
from surefoot.evaluation.curves import MAJORITY, PASS, Curves, compute_curves
from surefoot.evaluation.examples import Case, Group, find_groups, join_cases
from surefoot.evaluation.figures import curves_svg, style_of
from surefoot.evaluation.markup import math_markup, score_colour
from surefoot.evaluation.pools import (
    CHECKER,
    LIKELIHOOD,
    Pool,
    count_failures,
    pools_from_records,
)
from surefoot.records import Grade, Labels, Problem, Scores, Solution

_HERE = Path(__file__).parent
_BINS = 10
_HEADLINES = ("prm", "orm", MAJORITY, LIKELIHOOD, CHECKER, PASS)


class Step(NamedTuple):
    """One step as the page shows it."""

    number: int
    text: Markup
    score: float | None
    colour: str
    rating: str | None
    reason: str | None


class Bar(NamedTuple):
    """One bin of a histogram; shares in per cent of the right and of the wrong ones."""

    label: str
    right: float
    wrong: float
    n_right: int
    n_wrong: int


def render_report(
    problems: Sequence[Problem],
    solutions: Sequence[Solution],
    grades: Sequence[Grade],
    scores: Mapping[str, Sequence[Scores]],
    *,
    labels: Sequence[Labels] = (),
    curves: Curves | None = None,
    seconds: Mapping[str, float] | None = None,
    title: str = "Surefoot report",
    notes: Iterable[str] = (),
    seed: int = 0,
) -> str:
    """The report as HTML text.

    Args:
        problems: Those the solutions are of.
        solutions: All sampled solutions that were graded.
        grades: One for each solution.
        scores: By series, `prm` and `orm` or what is there; may be empty.
        labels: Step ratings, for some solutions or all (which then make the
            series `checker`).
        curves: The curves to show; None computes them, with the series
            `likelihood` if every answered solution has its log-probability.
        seconds: Time spent, by stage, in the order of the stages.
        title: Heading of the page.
        notes: Sentences to put under the heading (settings, model, seed).
        seed: Of ties, intervals and weighted votes.

    Returns:
        A whole HTML document.

    Raises:
        UserError: The tables do not fit together (see `pools_from_records`).
        ValueError: There are no solutions.
    """
    has_likelihood = all(s.log_probability is not None for s in solutions if s.answer is not None)
    pools = pools_from_records(
        problems, solutions, grades, scores, labels=labels, likelihood=has_likelihood
    )
    curves = compute_curves(pools, seed=seed) if curves is None else curves
    judge = next((name for name in ("prm", "orm", *scores) if name in scores), None)
    cases = join_cases(problems, solutions, grades, scores, labels)
    groups = find_groups(cases, judge, seed=seed)
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined
    )
    environment.filters["percent"] = _percent
    environment.filters["math"] = math_markup
    return environment.get_template("report.html.jinja").render(
        title=title,
        notes=list(notes),
        css=Markup((_HERE / "report.css").read_text(encoding="utf-8")),
        counts=count_failures(solutions, grades),
        anchors={group.key for group in groups},
        missing=curves.missing,
        n_problems=len(curves.problem_ids),
        pool=curves.pool,
        headlines=_headlines(curves),
        figure=Markup(curves_svg(curves)),
        table=_table(curves),
        differences=_differences(curves),
        discrimination=_discrimination(pools, scores, labels),
        judge=None if judge is None else style_of(judge).label,
        histogram=_histogram(pools, judge),
        calibration=_calibration(scores.get(judge, ()) if judge else (), labels),
        seconds=dict(seconds or {}),
        groups=[_shown(group, judge) for group in groups],
    )


def _percent(value: float) -> str:
    """A share as per cent with one decimal."""
    return f"{100 * value:.1f}"


def _points(value: float) -> str:
    """A signed difference with a true minus sign."""
    return f"{value:+.1f}".replace("-", "−")


def _headlines(curves: Curves) -> list[dict[str, Any]]:
    """The number at the largest N for each main series, and one try for comparison."""
    names = [name for name in _HEADLINES if name in curves.chances]
    tiles = [
        {
            "label": style_of(name).label,
            "how": f"{'any' if name == PASS else 'best'} of {curves.n[-1]}"
            if name != MAJORITY
            else f"of {curves.n[-1]}",
            "value": _percent(curves.mean(name)[-1]),
            "interval": [_percent(end) for end in curves.intervals[name][-1]],
            "colour": style_of(name).colour,
        }
        for name in names
    ]
    if curves.n[0] == 1:
        tiles.append(
            {
                "label": "one solution",
                "how": "pass@1",
                "value": _percent(curves.mean(PASS)[0]),
                "interval": [_percent(end) for end in curves.intervals[PASS][0]],
                "colour": style_of(PASS).colour,
            }
        )
    return tiles


def _table(curves: Curves) -> dict[str, Any]:
    names = list(curves.chances)
    rows = [
        {
            "n": n,
            "cells": [
                {
                    "value": _percent(curves.mean(name)[k]),
                    "interval": [_percent(end) for end in curves.intervals[name][k]],
                    "spread": _percent(curves.spread(name)[k]),
                }
                for name in names
            ],
        }
        for k, n in enumerate(curves.n)
    ]
    return {"names": [style_of(name).label for name in names], "rows": rows}


def _differences(curves: Curves) -> list[dict[str, Any]]:
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


def _discrimination(
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


def _histogram(pools: Sequence[Pool], judge: str | None) -> list[Bar]:
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


def _calibration(scores: Sequence[Scores], labels: Sequence[Labels]) -> list[dict[str, Any]]:
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
            "said": _percent(float(claimed[place == b].mean())),
            "found": _percent(float(is_good[place == b].mean())),
            "steps": int((place == b).sum()),
        }
        for b in range(_BINS)
        if (place == b).any()
    ]


def _shown(group: Group, judge: str | None) -> dict[str, Any]:
    return {
        "key": group.key,
        "title": group.title,
        "meaning": group.meaning,
        "found": group.found,
        "among": group.among,
        "cases": [_card(case, judge) for case in group.cases],
    }


def _card(case: Case, judge: str | None) -> dict[str, Any]:
    """One solution for the template."""
    reading = None if judge is None else case.scores.get(judge)
    return {
        "problem": case.problem,
        "solution": case.solution,
        "verdict": case.grade.verdict,
        "reason": case.grade.reason,
        "scores": [(style_of(name).label, row.solution_score) for name, row in case.scores.items()],
        "steps": _steps(case, reading),
    }


def _steps(case: Case, reading: Scores | None) -> list[Step]:
    steps = []
    for i, text in enumerate(case.solution.steps):
        scored = reading is not None and i < len(reading.step_scores)
        score = reading.step_scores[i] if reading is not None and scored else None
        rating, reason = None, None
        if case.labels is not None and i < len(case.labels.ratings):
            value = case.labels.ratings[i]
            rating = "not rated" if value is None else f"{value:+d}" if value else "0"
            reason = case.labels.reasons[i] if case.labels.reasons else None
        colour = "transparent" if score is None else score_colour(score)
        steps.append(Step(i + 1, math_markup(text), score, colour, rating, reason))
    return steps
