"""Figures: the same bytes again, and every format."""

import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from surefoot.evaluation.curves import Curves, compute_curves
from surefoot.evaluation.figures import curves_figure, curves_svg, save_figure, style_of
from surefoot.evaluation.pools import pools_from_records
from synthetic_run import make_run


@pytest.fixture(scope="module")
def curves() -> Curves:
    run = make_run(6, 8)
    return compute_curves(
        pools_from_records(run.problems, run.solutions, run.grades, run.scores), draws=20
    )


def test_svg_is_well_formed_and_the_same_every_time(curves: Curves) -> None:
    svg = curves_svg(curves)
    assert ET.fromstring(svg).tag.endswith("svg")
    assert svg == curves_svg(curves)
    assert "currentColor" in svg
    assert "http://" not in svg.replace("http://www.w3.org", "")


@pytest.mark.parametrize(
    ("suffix", "start"), [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF")]
)
def test_files_are_what_their_name_says(
    curves: Curves, tmp_path: Path, suffix: str, start: bytes
) -> None:
    path = tmp_path / f"curves{suffix}"
    save_figure(curves, path, title="Sums")
    first = path.read_bytes()
    assert first.startswith(start)
    save_figure(curves, path, title="Sums")
    assert path.read_bytes() == first


def test_every_series_is_drawn_with_its_values(curves: Curves) -> None:
    axes = curves_figure(curves).axes[0]
    drawn = {line.get_label(): np.asarray(line.get_ydata()) for line in axes.lines}
    for name in curves.chances:
        assert list(drawn[style_of(name).label]) == pytest.approx(list(100 * curves.mean(name)))


def test_main_series_differ_by_colour_and_marker() -> None:
    styles = [style_of(name) for name in ("prm", "orm", "majority", "pass")]
    assert len({style.colour for style in styles}) == len({style.marker for style in styles}) == 4
    assert style_of("prm:other") == style_of("prm:other")
