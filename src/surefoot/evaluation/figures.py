"""Figures: curves over N with bands, as SVG text or a file.

Colours are Okabe and Ito's, which differ for colour-blind readers too, and every
series has its own marker besides. The SVG is transparent with mid-grey text, so that
it reads on white and on black; it holds no date and no random ids, so equal
curves give equal bytes.
"""

from contextlib import AbstractContextManager
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from surefoot.atomic import replacing
from surefoot.evaluation.curves import MAJORITY, PASS, WEIGHTED, Curves
from surefoot.evaluation.pools import CHECKER, LIKELIHOOD

FORMATS = (".svg", ".png", ".pdf")
_METADATA = ("Creator", "Date", "Format", "Type")
"""What matplotlib would write into an SVG of its own accord."""
INK = "#767676"
"""Text and axes: contrast above 4.5 on white and 4.3 on near-black."""


class Style(NamedTuple):
    """How one series is drawn."""

    label: str
    colour: str
    marker: str
    line: str


STYLES: dict[str, Style] = {
    "prm": Style("PRM", "#009e73", "o", "-"),
    "orm": Style("ORM", "#3b8fd4", "s", "-"),
    MAJORITY: Style("majority voting", "#8c8c8c", "D", "-"),
    PASS: Style("pass@N (any right)", "#b98a00", "^", "--"),
    CHECKER: Style("step ratings (ceiling)", "#cc79a7", "v", "--"),
    LIKELIHOOD: Style("generator's likelihood", "#d55e00", "x", ":"),
    "prm" + WEIGHTED: Style("PRM-weighted voting", "#009e73", "P", ":"),
    "orm" + WEIGHTED: Style("ORM-weighted voting", "#3b8fd4", "X", ":"),
}
_SPARE = ("#cc79a7", "#d55e00", "#b98a00", "#3b8fd4", "#009e73")


def style_of(series: str) -> Style:
    """The style of a series; unknown names get a colour that depends on the name only."""
    known = STYLES.get(series)
    if known is not None:
        return known
    return Style(series, _SPARE[sum(series.encode()) % len(_SPARE)], ".", "-.")


def curves_figure(curves: Curves, *, title: str | None = None) -> Figure:
    """Solve rate against N on a log2 axis, 95 % intervals over problems as bands."""
    figure = Figure(figsize=(7.2, 4.4), layout="constrained")
    axes = figure.add_subplot()
    for name in curves.chances:
        style = style_of(name)
        axes.plot(
            curves.n,
            100 * curves.mean(name),
            label=style.label,
            color=style.colour,
            marker=style.marker,
            linestyle=style.line,
            markersize=4.5,
            linewidth=1.8,
        )
        if name in ("prm", "orm", MAJORITY):
            ends = 100 * curves.intervals[name]
            axes.fill_between(
                curves.n, ends[:, 0], ends[:, 1], color=style.colour, alpha=0.16, linewidth=0
            )
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator(_ticks(curves.n)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_xlabel("N, solutions chosen among")
    axes.set_ylabel("% of problems solved")
    if title:
        axes.set_title(title, color=INK)
    axes.legend(frameon=False, fontsize=9, loc="best")
    tint(axes)
    return figure


def curves_svg(curves: Curves, *, title: str | None = None) -> str:
    """The figure as an `<svg>` element to put into a page, its ink the page's `color`."""
    text = StringIO()
    with reproducible():
        curves_figure(curves, title=title).savefig(
            text, format="svg", transparent=True, metadata=dict.fromkeys(_METADATA)
        )
    svg = text.getvalue()
    return svg[svg.index("<svg") :].replace(INK, "currentColor")


def save_figure(curves: Curves, path: Path, *, title: str | None = None) -> None:
    """Writes the curves to a file, as `save` does."""
    with reproducible():
        save(curves_figure(curves, title=title), path)


def save(figure: Figure, path: Path) -> None:
    """Writes a figure to a file, whole or not at all; the suffix says the format."""
    kind = path.suffix.removeprefix(".")
    metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)
    with replacing(path) as temporary, reproducible():
        figure.savefig(temporary, format=kind, dpi=160, metadata=metadata)


def reproducible() -> AbstractContextManager[None]:
    """In which a figure is drawn the same, byte for byte, every time."""
    # Without a salt matplotlib draws the ids inside an SVG at random.
    return matplotlib.rc_context({"svg.hashsalt": "surefoot", "svg.fonttype": "path"})


def _ticks(n: tuple[int, ...]) -> list[int]:
    """Values of N far enough apart (1.5 times) that their labels do not touch."""
    chosen: list[int] = []
    for value in reversed(n):
        if not chosen or chosen[-1] >= 1.5 * value:
            chosen.append(value)
    return chosen[::-1]


def tint(axes: Axes) -> None:
    """Grey ink, light grid, legend without a box."""
    axes.grid(visible=True, color=INK, alpha=0.22, linewidth=0.6)
    axes.tick_params(colors=INK)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set_color(INK)
    for side, spine in axes.spines.items():
        spine.set_color(INK)
        spine.set_visible(side in ("left", "bottom"))
    legend = axes.get_legend()
    for entry in legend.get_texts() if legend else ():
        entry.set_color(INK)
