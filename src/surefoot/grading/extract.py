r"""The final answer, out of the text of a solution.

Looked for in this order, the first that is there decides: the `# Answer` line;
`\boxed{...}`; `#### 42` or a last line `A: 42` as in GSM8K; "the answer is 42". Of several of one
kind the last counts. No number is guessed out of running text.
"""

import re
from typing import NamedTuple

from surefoot.steps import ANSWER_MARK

_BOXES = ("\\boxed", "\\fbox", "\\framebox")
_BARE_BOX = re.compile(r"\\boxed\s+([0-9a-zA-Z])(?![0-9a-zA-Z])")
_EMPTY_BOX = re.compile(r"\\(?:boxed|fbox|framebox)\s*\{\s*\}")
_LINE = re.compile(rf"^[^\S\n]*{ANSWER_MARK}[ \t:]*(?:\n\s*)?([^\n]*)", re.MULTILINE)
_MARKS = re.compile(r"^[^\S\n]*(?:####|A:(?=[^\n]*\s*\Z))[ \t]*([^\n]+)", re.MULTILINE)
_PHRASE = re.compile(
    r"\banswer(?:\s+to\s+(?:the|this)\s+(?:problem|question))?\s*(?:is|are|:|=)(?:\s*[:=])?\s*",
    re.IGNORECASE,
)
_DELIMITED = re.compile(r"\$\$?([^$]+)\$\$?|\\\((.+?)\\\)|\\\[(.+?)\\\]|\*\*([^*]+)\*\*", re.DOTALL)
_SENTENCE = re.compile(r"[^\n]*?(?=\.(?:\s|$)|\n|$)")
_BETWEEN = re.compile(r"(?:[\s$,;.]|\\[,;: ()\[\]]|\\q?quad|\\text\{|\}|\b(?:and|or)\b|\\\\)*")


class Extracted(NamedTuple):
    """A final answer and where it stands in the text."""

    answer: str
    start: int
    end: int
    """`text[start:end]` is what was taken; several boxes are joined by commas."""
    found_by: str
    """`line`, `box`, `marks` or `phrase`."""


def final_answer(text: str) -> str | None:
    r"""The answer that a solution states, as it is written there; None if none does.

    Example:
        >>> final_answer("2+3=5\n# Answer 5\n")
        '5'
        >>> final_answer("# Answer\n\n42")
        '42'
        >>> final_answer(r"so it is $\boxed{\frac{1}{2}}$.")
        '\\frac{1}{2}'
        >>> final_answer("I do not know") is None
        True
    """
    found = extract(text)
    return None if found is None else found.answer


def extract(text: str) -> Extracted | None:
    r"""The final answer with its span.

    The first `# Answer` line decides (a generator that runs on into another
    problem has finished this one); its answer may stand on the next line, as in
    PRM800K, and in a box. An answer of nothing but blanks is none. Boxes that
    are joined by commas, `and` or `or` only are one answer of several values.

    Example:
        >>> extract("So the answer is $12$. Good!")
        Extracted(answer='12', start=18, end=20, found_by='phrase')
        >>> extract(r"either $\boxed{2}$ or $\boxed{-2}$")
        Extracted(answer='2, -2', start=15, end=32, found_by='box')
    """
    line = _LINE.search(text)
    if line is not None and line[1].strip():
        box = _boxed(text, line.start(1), line.end(1))
        return box or _taken(text, line.start(1), line.end(1), "line")
    before = len(text) if line is None else line.start()
    box = _boxed(text, 0, before)
    if box is not None:
        return box
    for marks in reversed(list(_MARKS.finditer(text, 0, before))):
        if marks[1].strip():
            return _taken(text, marks.start(1), marks.end(1), "marks")
    for phrase in reversed(list(_PHRASE.finditer(text, 0, before))):
        found = _stated(text, phrase.end())
        if found is not None:
            return found
    return None


def last_box(text: str) -> str | None:
    r"""What the last balanced `\boxed{...}` (or `\fbox{...}`) holds; None if none does."""
    spans = _boxes(text, 0, len(text))
    return text[slice(*spans[-1])].strip() if spans else None


def _boxed(text: str, start: int, end: int) -> Extracted | None:
    spans = _boxes(text, start, end)
    if not spans:
        return None
    first = len(spans) - 1
    while first and _is_joined(text, spans[first - 1][1], spans[first][0]):
        first -= 1
    answers = [text[slice(*span)].strip() for span in spans[first:]]
    return Extracted(", ".join(answers), spans[first][0], spans[-1][1], "box")


def _is_joined(text: str, start: int, end: int) -> bool:
    """Whether nothing but commas and connectors stands between two boxes."""
    if end - start > 80:
        return False
    # From after the closing brace to before the command of the next box.
    between = text[start + 1 : end]
    opened = max(between.rfind(box) for box in _BOXES)
    return opened >= 0 and _BETWEEN.fullmatch(between[:opened]) is not None


def _boxes(text: str, start: int, end: int) -> list[tuple[int, int]]:
    r"""Spans of what balanced, filled boxes hold, innermost only, in order.

    Escaped braces (`\{`) do not count. One pass, whatever the text.
    """
    found: list[tuple[int, int]] = []
    open_at: list[int] = []
    i = start
    while i < end:
        if text[i] == "\\" and text[i + 1 : i + 2] in ("{", "}", "\\"):
            i += 2
            continue
        if text[i] == "{":
            open_at.append(i)
        elif text[i] == "x" and (bare := _BARE_BOX.match(text, max(i - 3, start), end)):
            found.append(bare.span(1))
        elif text[i] == "}" and open_at:
            opened = open_at.pop()
            held = text[opened + 1 : i].strip()
            inner = bool(found) and found[-1][0] > opened
            if held and not inner and text[max(opened - 11, 0) : opened].rstrip().endswith(_BOXES):
                found.append((opened + 1, i))
        i += 1
    return found


def _stated(text: str, start: int) -> Extracted | None:
    """What follows "the answer is": a delimited formula, or the rest of the sentence."""
    delimited = _DELIMITED.match(text, start)
    if delimited is not None:
        group = next(k for k in range(1, 5) if delimited[k] is not None)
        after = text[delimited.end() : delimited.end() + 1]
        if after in ("", ".", ",", "\n", ";", "!"):
            return _taken(text, delimited.start(group), delimited.end(group), "phrase")
    sentence = _SENTENCE.match(text, start)
    return None if sentence is None else _taken(text, start, sentence.end(), "phrase")


def _taken(text: str, start: int, end: int, found_by: str) -> Extracted | None:
    """The span without the blanks around it; None if nothing is left."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if _EMPTY_BOX.fullmatch(text, start, end):
        return None
    return Extracted(text[start:end], start, end, found_by) if end > start else None
