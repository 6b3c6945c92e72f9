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

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from surefoot.evaluation.curves import Curves, compute_curves
from surefoot.evaluation.examples import Case, Group, find_groups, join_cases
from surefoot.evaluation.figures import curves_svg, style_of
from surefoot.evaluation.markup import math_markup, score_colour
from surefoot.evaluation.pools import count_failures, pools_from_records
from surefoot.evaluation.report_tables import (
    calibration,
    curve_table,
    differences,
    discrimination,
    headlines,
    histogram,
)
from surefoot.records import Grade, Labels, Problem, Scores, Solution

_HERE = Path(__file__).parent


class Step(NamedTuple):
    """One step as the page shows it."""

    number: int
    text: Markup
    score: float | None
    colour: str
    rating: str | None
    reason: str | None


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
        headlines=headlines(curves),
        figure=Markup(curves_svg(curves)),
        table=curve_table(curves),
        differences=differences(curves),
        discrimination=discrimination(pools, scores, labels),
        judge=None if judge is None else style_of(judge).label,
        histogram=histogram(pools, judge),
        calibration=calibration(scores.get(judge, ()) if judge else (), labels),
        seconds=dict(seconds or {}),
        groups=[_shown(group, judge) for group in groups],
    )


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
