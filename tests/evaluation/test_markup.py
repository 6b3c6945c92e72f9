"""Text as HTML."""

import re
from collections.abc import Iterable

import pytest

from surefoot.evaluation.markup import math_markup, score_colour


def test_formulas_are_set_apart_and_everything_is_escaped() -> None:
    page = str(math_markup(r"If <b> $x<y$ then \(a\) and $$\frac{1}{2}$$."))
    assert '<span class="math">$x&lt;y$</span>' in page
    assert r'<span class="math">\(a\)</span>' in page
    assert r'<span class="math block">$$\frac{1}{2}$$</span>' in page
    assert "&lt;b&gt;" in page


@pytest.mark.parametrize(
    "text",
    ["It costs $5.", r"It costs \$5 or \$6.", "a $5\n\nb $6", "$$", "<script>alert(1)</script>"],
)
def test_money_and_lone_dollars_are_text(text: str) -> None:
    assert "<span" not in str(math_markup(text))
    assert "<script" not in str(math_markup(text))


def test_drawings_are_folded_away() -> None:
    page = str(math_markup('A [asy]\ndraw((0,0)--(1,1),"$x$");\n[/asy] B'))
    assert page.count("<details") == 1
    assert 'class="math"' not in page


@pytest.mark.parametrize("paper", [(255, 255, 255), (20, 22, 26)])
@pytest.mark.parametrize("score", [0.0, 0.2, 0.4, 0.5, 0.6, 0.8, 1.0])
def test_ink_keeps_its_contrast_on_every_colour(score: float, paper: tuple[int, int, int]) -> None:
    ink = (27, 30, 35) if paper[0] > 127 else (232, 234, 238)
    *colour, alpha = map(float, re.findall(r"[\d.]+", score_colour(score)))
    below = [alpha * c + (1 - alpha) * p for c, p in zip(colour, paper, strict=True)]
    first, second = sorted((luminance(ink), luminance(below)), reverse=True)
    assert (first + 0.05) / (second + 0.05) > 4.5


def luminance(colour: Iterable[float]) -> float:
    """Relative luminance of an sRGB colour (WCAG 2.2)."""
    shares = [c / 255 for c in colour]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_scores_beyond_the_ends_take_the_nearer_end() -> None:
    assert score_colour(1.5) == score_colour(1.0)
    assert score_colour(-0.5) == score_colour(0.0)
