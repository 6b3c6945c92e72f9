"""Figures of the experiments, in the colours of `surefoot.evaluation.figures`."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from surefoot.evaluation.estimators import FloatArray
from surefoot.evaluation.figures import INK, style_of, tint


def canvas(title: str, x: str, y: str) -> tuple[Figure, Axes]:
    """An empty figure."""
    figure = Figure(figsize=(7.2, 5.0), layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title, color=INK)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    return figure, axes


def line(
    axes: Axes,
    x: Sequence[float],
    mean: FloatArray,
    name: str,
    ends: FloatArray | None = None,
    *,
    label: str | None = None,
    spread: FloatArray | None = None,
) -> None:
    """A series of shares, in per cent, with its band; of twice the spread a darker one."""
    style = style_of(name)
    axes.plot(
        x,
        100 * mean,
        label=label or style.label,
        color=style.colour,
        marker=style.marker,
        linestyle=style.line,
        markersize=4.5,
        linewidth=1.8,
    )
    bands = [] if ends is None else [(ends[:, 0], ends[:, 1], 0.14)]
    if spread is not None:
        bands.append((mean - 1.96 * spread, mean + 1.96 * spread, 0.22))
    for low, high, alpha in bands:
        axes.fill_between(x, 100 * low, 100 * high, color=style.colour, alpha=alpha, linewidth=0)


def finished(figure: Figure, axes: Axes, ticks: Sequence[float]) -> Figure:
    """With a logarithmic axis, its ticks and, below, a legend."""
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator([float(tick) for tick in ticks]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    figure.legend(frameon=False, fontsize=9, loc="outside lower center", ncols=2)
    tint(axes)
    return figure


def points(axes: Axes, values: Mapping[int, float], name: str) -> None:
    """The paper's own points of a series, hollow."""
    style = style_of(name)
    axes.plot(
        list(values),
        [100 * value for value in values.values()],
        label=f"{style.label}, the paper",
        color=style.colour,
        marker="o",
        markerfacecolor="none",
        linestyle=(0, (1, 2)),
        markersize=4,
        linewidth=1,
    )
