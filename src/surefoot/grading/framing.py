"""What stands around an answer without being part of it."""

import re

from surefoot.grading.tokens import LONGEST, SPACING_ONLY

MOST_FRAMES = 12
"""Frames, braces and signs around an answer that are taken off, one inside the other."""

_ANNOUNCEMENT = r"(?:the\s+)?(?:final\s+)?answer(?:\s+is\s*:?|\s*:)\s*"
_ANNOUNCED = re.compile(rf"\\text\s*\{{\s*{_ANNOUNCEMENT}\}}|{_ANNOUNCEMENT}", re.IGNORECASE)
"""Words before an answer that only say that it follows."""

_WRAPPING = re.compile(r"(?:\\(?:boxed|fbox|framebox|displaystyle)\s*)?\{")


def clean(text: str) -> str:
    r"""The text without the signs around it: blanks, `$...$`, `**...**`, a closing full stop.

    Example:
        >>> clean("**$3,4$.** ")
        '3,4'
    """
    before = None
    for _ in range(MOST_FRAMES):
        if text == before:
            break
        before = text
        text = text.strip().removeprefix("\\displaystyle ").lstrip()
        if announced := _ANNOUNCED.match(text):
            text = text[announced.end() :]
        if not text.endswith("..."):  # `0.333...` goes on
            text = text.rstrip(".,;?").rstrip()
        for left, right in SPACING_ONLY:
            inner = len(text) > len(left) + len(right)
            if inner and text.startswith(left) and text.endswith(right):
                middle = text[len(left) : -len(right)]
                if left not in middle and right not in middle:
                    text = middle
        if text.endswith("\\"):
            text = text.rstrip("\\")
        if text.endswith("}") and len(text) <= LONGEST:
            text = _unwrapped(text)
    return text


def _unwrapped(text: str) -> str:
    """What one pair of braces, or one frame, holds if it holds everything."""
    start = _WRAPPING.match(text)
    if start is None:
        return text
    depth = 1
    for at in range(start.end(), len(text)):
        depth += (text[at] == "{") - (text[at] == "}") if text[at - 1] != "\\" else 0
        if depth == 0:
            return text[start.end() : at] if at == len(text) - 1 else text
    return text
