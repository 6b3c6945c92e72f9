"""The figure of agreement between raters: which ratings meet, and who agrees with whom."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from surefoot.evaluation.figures import INK, tint

SIGNS = ("−1", "0", "+1")
COLOUR = "#009e73"
MOST_PAIRS = 15
"""Pairs that are drawn: those with most steps in common."""


def agreement_figure(report: Mapping[str, Any]) -> Figure:
    """Pairs of ratings of one step at the left; kappa of each two raters at the right.

    Args:
        report: As `surefoot.labeling.agreement_report.as_json` writes it.
    """
    pairs = [pair for pair in report["pairs"] if pair["kappa"]["value"] is not None][:MOST_PAIRS]
    height = max(3.8, 1.4 + 0.3 * len(pairs))
    figure = Figure(figsize=(9.6, height), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1, 1.4])
    _confusion(left, np.array(report["confusion"], dtype=np.float64))
    _pairs(right, pairs, report["first_errors"]["exact"])
    for axes in (left, right):
        tint(axes)
    left.grid(visible=False)
    return figure


def _confusion(axes: Axes, table: np.ndarray[Any, np.dtype[np.float64]]) -> None:
    shares = 100 * table / max(1.0, table.sum())
    axes.imshow(shares, cmap="Greens", vmin=0, vmax=max(1.0, float(shares.max())))
    for i, row in enumerate(shares):
        for j, share in enumerate(row):
            is_dark = share > 0.6 * shares.max()
            text = f"{share:.1f} %\n{int(table[i, j])}"
            axes.text(j, i, text, ha="center", va="center", color="white" if is_dark else "black")
    axes.set_xticks(range(len(SIGNS)), SIGNS)
    axes.set_yticks(range(len(SIGNS)), SIGNS)
    axes.set_xlabel("one rater")
    axes.set_ylabel("another")
    axes.set_title("ratings of one step, in pairs", color=INK, loc="left")


def _pairs(axes: Axes, pairs: list[Mapping[str, Any]], exact: Mapping[str, Any]) -> None:
    for i, pair in enumerate(pairs):
        kappa = pair["kappa"]
        if kappa["low"] is not None:
            axes.plot([kappa["low"], kappa["high"]], [i, i], color=COLOUR, linewidth=1.8)
        axes.plot([kappa["value"]], [i], color=COLOUR, marker="o", markersize=5)
    names = [f"{' – '.join(_short(name) for name in pair['raters'])}" for pair in pairs]
    axes.set_yticks(range(len(pairs)), names, fontsize=8)
    axes.axvline(0, color=INK, linewidth=0.8, linestyle="--")
    axes.set_xlim(min(-0.1, *(p["kappa"]["low"] or 0 for p in pairs), 0) - 0.02, 1.02)
    axes.set_ylim(max(1, len(pairs)) - 0.5, -0.5)
    axes.set_xlabel("linear kappa of two raters, 95 % interval")
    said = "not enough data" if exact["value"] is None else f"{100 * exact['value']:.0f} %"
    axes.set_title(f"same first error: {said} of {exact['n']} pairs", color=INK, loc="left")


def _short(name: str) -> str:
    return name if len(name) <= 12 else name[:11] + "…"
