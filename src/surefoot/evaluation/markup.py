r"""Text of problems and steps as HTML: LaTeX set apart, scores as colours.

There is no network in a report, so LaTeX is not typeset: its source is put into
a span of its own, whose style keeps it legible and whole in the line.
"""

import colorsys
import re

from markupsafe import Markup, escape

_MATH = re.compile(
    r"(?P<drawing>\[asy\].*?\[/asy\])"
    r"|(?P<block>\$\$.+?\$\$|\\\[.+?\\\])"
    # An inline formula does not span an empty line: a lone dollar is money.
    r"|(?P<inline>(?<!\\)\$(?:[^$\\\n]|\\.|\n(?!\s*\n))+?\$|\\\(.+?\\\))",
    re.DOTALL,
)


def math_markup(text: str) -> Markup:
    r"""The text as safe HTML with its formulas in spans.

    `$...$` and `\(...\)` become `<span class="math">`, `$$...$$` and `\[...\]`
    `<span class="math block">`, a drawing `[asy]...[/asy]` (MATH has them)
    a `<details>` that is closed at first. Delimiters stay visible.

    Example:
        >>> str(math_markup("if $a<b$"))
        'if <span class="math">$a&lt;b$</span>'
    """
    parts: list[Markup] = []
    end = 0
    for match in _MATH.finditer(text):
        parts.append(escape(text[end : match.start()]))
        found = match.group()
        if match.lastgroup == "drawing":
            template = '<details class="drawing"><summary>drawing</summary><pre>{}</pre></details>'
            parts.append(Markup(template).format(found))
        else:
            kind = "math block" if match.lastgroup == "block" else "math"
            parts.append(Markup('<span class="{}">{}</span>').format(kind, found))
        end = match.end()
    parts.append(escape(text[end:]))
    return Markup("").join(parts)


def score_colour(score: float) -> str:
    """Background of a step: red at 0 over amber to green at 1, see-through.

    Laid over white or near-black the page's ink keeps a contrast above 7 to
    it; the score is written beside the step, so colour alone tells nothing.

    Args:
        score: In [0, 1]; values beyond are taken as the nearer end.

    Example:
        >>> score_colour(0.0), score_colour(1.0)
        ('rgba(217,38,38,0.42)', 'rgba(38,217,98,0.34)')
    """
    bounded = min(1.0, max(0.0, score))
    # The power keeps one half amber; on an even scale it would be green already.
    red, green, blue = colorsys.hls_to_rgb(140.0 * bounded**1.6 / 360.0, 0.5, 0.7)
    alpha = 0.42 - 0.08 * bounded
    return f"rgba({255 * red:.0f},{255 * green:.0f},{255 * blue:.0f},{alpha:.2f})"
