"""Step figures of one set of solutions: a verifier beside predictors that see no words."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from surefoot.evaluation.prm_score import prm_scores
from surefoot.evaluation.step_figure import VERIFIER
from surefoot.evaluation.step_intervals import differences, intervals, redrawn
from surefoot.evaluation.step_metrics import figures
from surefoot.evaluation.step_table import Predicted, RatedSolution, StepTable, step_table
from surefoot.verifiers.aggregate import Neutral

Series = Mapping[str, Sequence[Predicted]]
"""What each predictor says of the same solutions; one is called `VERIFIER`."""


def tables_of(
    rated: Sequence[RatedSolution], series: Series, neutral: Neutral
) -> dict[str, StepTable]:
    """The columns of each series.

    Raises:
        ValueError: As `step_table`.
    """
    return {name: step_table(rated, predicted, neutral) for name, predicted in series.items()}


def step_report(
    rated: Sequence[RatedSolution],
    series: Series,
    tables: Mapping[str, StepTable],
    thresholds: Mapping[str, float],
    neutral: Neutral = "positive",
    *,
    seed: int = 0,
) -> dict[str, Any]:
    """All figures of one set of solutions.

    Args:
        rated: The solutions.
        series: What is said of them.
        tables: `tables_of` both.
        thresholds: Of each series.
        neutral: As for the tables.
        seed: Of the intervals.

    Returns:
        Counts; `series`: name -> figures with `ci95`; `differences`: name of
        another series -> intervals of the verifier minus it.
    """
    table = tables[VERIFIER]
    draws = {name: redrawn(t, thresholds[name], seed=seed) for name, t in tables.items()}
    n_right = int(table.is_right.sum())
    return {
        "solutions": len(rated),
        "problems": table.n_groups,
        "steps": len(table.score),
        "right_steps": n_right,
        "wrong_steps": len(table.score) - n_right,
        "uncounted_steps": sum(len(row.ratings) for row in rated) - len(table.score),
        "series": {
            name: {
                **figures(t, thresholds[name]),
                "prm_score": prm_scores(rated, series[name], thresholds[name], neutral),
                "ci95": intervals(draws[name]),
            }
            for name, t in tables.items()
        },
        "differences": {
            name: differences(draws[VERIFIER], draws[name]) for name in tables if name != VERIFIER
        },
    }


class _Line(NamedTuple):
    """A line of the table."""

    label: str
    path: tuple[str, ...]
    """Where the figure lies in those of a series."""
    is_share: bool
    """Shown in per cent."""
    interval: str | None = None
    """Its name in `ci95`."""


_LINES = (
    _Line("first error found", ("first_error", "accuracy"), True, "first_error_accuracy"),
    _Line(
        "  where there is one", ("first_error", "erroneous_accuracy"), True, "erroneous_accuracy"
    ),
    _Line("  where there is none", ("first_error", "correct_accuracy"), True, "correct_accuracy"),
    _Line("  F1", ("first_error", "f1"), True, "first_error_f1"),
    _Line("PRMScore", ("prm_score", "prm_score"), True),
    _Line("AUROC of steps", ("auroc",), False, "auroc"),
    _Line("  within problems", ("auroc_within",), False, "auroc_within"),
    _Line("average precision, wrong", ("average_precision",), False, "average_precision"),
    _Line("right steps: precision", ("right", "precision"), True),
    _Line("  recall", ("right", "recall"), True),
    _Line("  F1", ("right", "f1"), True),
    _Line("wrong steps: precision", ("wrong", "precision"), True),
    _Line("  recall", ("wrong", "recall"), True),
    _Line("  F1", ("wrong", "f1"), True),
    _Line("rated -1: F1", ("ratings", "-1", "f1"), True),
    _Line("rated 0: F1", ("ratings", "0", "f1"), True),
    _Line("rated +1: F1", ("ratings", "1", "f1"), True),
    _Line("calibration error (ECE)", ("ece",), False),
    _Line("Brier score", ("brier",), False, "brier"),
    _Line("nats a step", ("nll",), False, "nll"),
    _Line("nats a rating", ("rating_nll",), False),
    _Line("threshold", ("threshold",), False),
)


def report_as_text(name: str, report: Mapping[str, Any]) -> str:
    """The figures as a table to read on a terminal; lines without any figure are left out."""
    series: Mapping[str, Any] = report["series"]
    others = [other for other in series if other != VERIFIER]
    heads = "".join(f"{other.replace('_', ' '):>14}" for other in others)
    lines = [
        f"{name}: {report['solutions']} solutions to {report['problems']} problems;"
        f" {report['steps']} steps count, {report['wrong_steps']} of them wrong",
        f"{'':26}{VERIFIER:>9}  {'95 %':<16}{heads}",
    ]
    for line in _LINES:
        values = {other: _at(found, line.path) for other, found in series.items()}
        if all(value is None for value in values.values()):
            continue
        ends = series[VERIFIER]["ci95"][line.interval] if line.interval else None
        interval = " to ".join(_shown(end, line.is_share) for end in ends or ())
        beside = "".join(f"{_shown(values[other], line.is_share):>14}" for other in others)
        ours = _shown(values[VERIFIER], line.is_share)
        lines.append(f"{line.label:26}{ours:>9}  {interval:<16}{beside}")
    return "\n".join(text.rstrip() for text in lines)


def _at(found: Any, path: Sequence[str]) -> Any:
    for key in path:
        if found is None:
            return None
        found = found[key]
    return found


def _shown(value: float | None, is_share: bool) -> str:
    if value is None:
        return "-"
    return f"{100 * value:.1f}" if is_share else f"{value:.3f}"
