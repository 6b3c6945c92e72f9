"""The figure of a step evaluation: calibration, how often each score is given, ROC."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from surefoot.evaluation.figures import INK, tint
from surefoot.evaluation.step_metrics import BINS, calibration, calibration_error, roc_curve
from surefoot.evaluation.step_table import StepTable
from surefoot.verifiers.auc import auc

VERIFIER = "verifier"
"""Name of the series that the figure is about; the others are drawn thin."""


class Line(NamedTuple):
    """How the ROC of one series is drawn."""

    colour: str
    style: str


LINES = {
    VERIFIER: Line("#009e73", "-"),
    "position": Line("#3b8fd4", "--"),
    "length": Line("#d55e00", ":"),
}


def step_figure(subsets: Mapping[str, Mapping[str, StepTable]]) -> Figure:
    """One row a subset: reliability over a histogram of scores, and ROC.

    Args:
        subsets: Subset -> series -> its steps; one series is `VERIFIER`. Of the
            others those in `LINES` are drawn, in the ROC.
    """
    figure = Figure(figsize=(8.4, 4.2 * len(subsets)), layout="constrained")
    grid = figure.add_gridspec(4 * len(subsets), 2)
    for i, (name, series) in enumerate(subsets.items()):
        top = 4 * i
        reliability = figure.add_subplot(grid[top : top + 3, 0])
        histogram = figure.add_subplot(grid[top + 3, 0], sharex=reliability)
        roc = figure.add_subplot(grid[top : top + 4, 1])
        _reliability(reliability, series[VERIFIER], name if len(subsets) > 1 else None)
        _histogram(histogram, series[VERIFIER])
        _roc(roc, series)
        for axes in (reliability, histogram, roc):
            tint(axes)
    return figure


def _reliability(axes: Axes, table: StepTable, title: str | None) -> None:
    bins = [b for b in calibration(table.score, table.is_right) if b["steps"]]
    axes.plot([0, 1], [0, 1], color=INK, linewidth=0.8, linestyle="--")
    axes.plot(
        [b["mean_score"] for b in bins],
        [b["share_right"] for b in bins],
        color=LINES[VERIFIER].colour,
        marker="o",
        markersize=4.5,
        linewidth=1.8,
    )
    error = calibration_error(table.score, table.is_right)
    shown = "no steps" if error is None else f"ECE {error:.3f}"
    axes.text(0.97, 0.05, shown, color=INK, transform=axes.transAxes, ha="right")
    axes.set_ylim(-0.02, 1.02)
    axes.set_ylabel("share of steps right")
    axes.tick_params(labelbottom=False)
    if title:
        axes.set_title(title, color=INK, loc="left")


def _histogram(axes: Axes, table: StepTable) -> None:
    """Right steps stand on wrong ones."""
    edges = [i / BINS for i in range(BINS + 1)]
    sides = [table.score[~table.is_right], table.score[table.is_right]]
    axes.hist(
        sides,
        bins=edges,
        stacked=True,
        color=["#d55e00", LINES[VERIFIER].colour],
        alpha=0.75,
        label=["wrong", "right"],
    )
    axes.legend(frameon=False, fontsize=8, loc="upper center", ncols=2)
    axes.set_xlim(-0.02, 1.02)
    axes.set_xlabel("step score")
    axes.set_ylabel("steps")


def _roc(axes: Axes, series: Mapping[str, StepTable]) -> None:
    axes.plot([0, 1], [0, 1], color=INK, linewidth=0.8, linestyle="--")
    for name, line in LINES.items():
        table = series.get(name)
        area = None if table is None else auc(table.score, table.is_right)
        if table is None or area is None:
            continue
        style: dict[str, Any] = {"color": line.colour, "linestyle": line.style}
        width = 1.8 if name == VERIFIER else 1.2
        label = f"{name}, area {area:.3f}"
        axes.plot(*roc_curve(table.score, table.is_right), label=label, linewidth=width, **style)
    if len(axes.lines) > 1:
        axes.legend(frameon=False, fontsize=9, loc="lower right")
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.set_aspect("equal", adjustable="box")
    axes.set_xlabel("share of right steps called wrong")
    axes.set_ylabel("share of wrong steps found")
