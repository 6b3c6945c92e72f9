"""The figure of a step evaluation: what is drawn where."""

from pathlib import Path

import pytest

from surefoot.evaluation.figures import reproducible, save
from surefoot.evaluation.step_figure import VERIFIER, step_figure
from surefoot.evaluation.step_metrics import figures
from surefoot.evaluation.step_table import Predicted, RatedSolution, StepTable, step_table


def tables() -> dict[str, StepTable]:
    rated = [RatedSolution(f"p{i}", (1, 1, -1) if i % 2 else (1, 1, 1)) for i in range(20)]
    ours = [Predicted((0.9 - i / 50, 0.7, 0.3 + i / 50)) for i in range(20)]
    flat = [Predicted((1.0, 1.0, 1.0))] * 20
    place = [Predicted((0.9, 0.9, 0.5))] * 20
    series = {VERIFIER: ours, "always_right": flat, "position": place}
    return {name: step_table(rated, said, "positive") for name, said in series.items()}


def test_points_bars_and_areas_are_the_figures() -> None:
    found = tables()
    figure = step_figure({"one": found, "two": found})
    assert len(figure.axes) == 6
    reliability, histogram, roc = figure.axes[:3]
    numbers = figures(found[VERIFIER], 0.5)
    bins = [b for b in numbers["calibration"] if b["steps"]]
    assert reliability.lines[1].get_xdata() == pytest.approx([b["mean_score"] for b in bins])
    assert reliability.lines[1].get_ydata() == pytest.approx([b["share_right"] for b in bins])
    tops = [patch.get_y() + patch.get_height() for patch in histogram.patches[10:]]  # type: ignore[attr-defined]
    assert tops == [b["steps"] for b in numbers["calibration"]]
    legend = roc.get_legend()
    assert legend is not None
    # Of the 50 right steps 40 are above all wrong ones by their place, 10 tie.
    shown = [text.get_text() for text in legend.get_texts()]
    assert shown == [f"verifier, area {numbers['auroc']:.3f}", "position, area 0.900"]
    assert reliability.get_title(loc="left") == "one"


@pytest.mark.parametrize("name", ["a.svg", "a.png", "a.pdf"])
def test_equal_tables_make_equal_files(name: str, tmp_path: Path) -> None:
    for folder in ("x", "y"):
        with reproducible():
            save(step_figure({"one": tables()}), tmp_path / folder / name)
    assert (tmp_path / "x" / name).read_bytes() == (tmp_path / "y" / name).read_bytes()


def test_no_steps_at_all() -> None:
    nothing = {VERIFIER: step_table([], [], "positive")}
    figure = step_figure({"one": nothing})
    assert figure.axes[0].texts[0].get_text() == "no steps"
    assert figure.axes[2].get_legend() is None
