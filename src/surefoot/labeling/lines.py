r"""Steps of other people's files as our steps: one line each.

A newline inside a step is folded into a blank. A last step that ends in
`\n\n# Answer\n\n42`, as PRM800K writes them, becomes two: the second one is
`# Answer 42`. No step is dropped, as its rating would be lost with it.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from surefoot.records import Rating
from surefoot.steps import ANSWER_MARK, split_steps

_ANSWER_LINE = re.compile(rf"^[ \t]*{ANSWER_MARK}", re.MULTILINE)


class Line(NamedTuple):
    """One line, and the step it comes from."""

    text: str
    step: int
    """Index of the step."""
    is_tail: bool
    """Whether it is the answer line of a step that holds text before it."""


def lines_of(steps: Sequence[str]) -> list[Line]:
    """The lines of steps, none of which is blank."""
    lines: list[Line] = []
    for i, step in enumerate(steps):
        mark = _ANSWER_LINE.search(step) if i == len(steps) - 1 else None
        before = step if mark is None else step[: mark.start()]
        if before.strip():
            lines.append(Line(_folded(before), i, False))
        if mark is not None:
            answer = split_steps(step[mark.start() :].lstrip())[0]
            lines.append(Line(answer, i, bool(before.strip())))
    return lines


def as_lines(
    steps: Iterable[str], ratings: Iterable[Rating | None]
) -> tuple[tuple[str, ...], tuple[Rating | None, ...]]:
    r"""Steps as lines, and a rating for each line.

    Where a step holds both text and the `# Answer`, the answer line gets the
    step's rating too; but if that is -1 the error is in the text and the
    answer, which comes after it, is unrated.

    Example:
        >>> as_lines(["so it is 42.\n\n# Answer\n\n42"], [1])
        (('so it is 42.', '# Answer 42'), (1, 1))
    """
    lines, rated = lines_of(list(steps)), list(ratings)
    return (
        tuple(line.text for line in lines),
        tuple(
            None if line.is_tail and rated[line.step] == -1 else rated[line.step] for line in lines
        ),
    )


def _folded(text: str) -> str:
    return " ".join(part.strip() for part in text.split("\n") if part.strip())
