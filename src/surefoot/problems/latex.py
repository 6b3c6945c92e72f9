r"""Worked LaTeX solutions as steps, and the answer in their last box.

A step is a sentence, or a line where the author broke the line. Mathematics,
environments and `[asy]` drawings are never cut: `\begin{align*}` with ten lines
is part of one step. Each step comes out as one line of text.
"""

import re
from collections.abc import Iterator

_DISPLAY = {"$$": "$$", r"\[": r"\]", "[asy]": "[/asy]"}
_ABBREVIATION = re.compile(
    r"\b(i\.?e|e\.g|etc|vs|cf|sq|Fig|Eq|No|St|Mr|Mrs|Ms|Dr|(?:[A-Z]\.)+[A-Z])\.$"
)
_SENTENCE_END = re.compile(r"[.!?][)\"'’”]*$")
_ENVIRONMENT = re.compile(r"\\(begin|end)\{[^}]*\}")
_BOX = re.compile(r"\\(?:boxed|fbox)(?![A-Za-z])")
_ASY_COMMENT = re.compile(r'("[^"\n]*")|//[^\n]*\n')


def latex_steps(text: str) -> list[str]:
    """Steps of a worked solution.

    Args:
        text: LaTeX as MATH writes it.

    Returns:
        Its steps without line breaks; white space within is made single
        spaces and the comments of drawings are left out, nothing else is lost.
    """
    steps: list[str] = []
    current = ""
    for part in _parts(text):
        if current.strip() and _starts_step(current, part):
            steps.append(current)
            current = ""
        current += part
    steps.append(current)
    return [line for step in steps if (line := " ".join(step.split()))]


def last_boxed(text: str) -> str | None:
    r"""What stands in the last `\boxed{...}` (or `\fbox`); None if there is no box.

    `\boxed 7` gives `7`. Surrounding white space is removed; an empty box gives
    an empty text.
    """
    answer = None
    for match in _BOX.finditer(text):
        rest = text[match.end() :].lstrip()
        if rest.startswith("{"):
            end = _closing_brace(rest)
            answer = rest[1:end].strip() if end else answer
        elif rest:
            answer = re.split(r"[\s$.,;]", rest, maxsplit=1)[0]
    return answer


def _starts_step(current: str, part: str) -> bool:
    """Whether a step ends between the text so far and the part that follows."""
    before, after = current.rstrip(), part.lstrip()
    gap = current[len(before) :] + part[: len(part) - len(after)]
    if not after:
        return False
    if after.startswith(tuple(_DISPLAY)) or _ENVIRONMENT.match(after):
        # A drawing or displayed formula belongs to the sentence that leads to it.
        return not after.startswith("[asy]") and "\n" in gap and _ends_sentence(before)
    starts_sentence = not (after[0].islower() or after[0] in ",.;:)?!")
    if "\n" in gap:
        return starts_sentence
    closed_display = before.endswith(("$$", r"\]", "[/asy]", "}")) and _is_display_end(before)
    if closed_display:
        return bool(re.match(r"[A-Z][a-z]*\b", after))
    return bool(gap) and starts_sentence and _ends_sentence(before)


def _is_display_end(before: str) -> bool:
    return not before.endswith("}") or bool(re.search(r"\\end\{[^}]*\}$", before))


def _ends_sentence(before: str) -> bool:
    """Whether a text ends a sentence, in words or in mathematics (`$x = 6.$`)."""
    bare = before
    for close in ("$$", "$", r"\]", r"\)", "[/asy]"):
        bare = bare.removesuffix(close).rstrip()
    return bool(_SENTENCE_END.search(bare)) and not (
        bare == before and _ABBREVIATION.search(before)
    )


def _parts(text: str) -> Iterator[str]:
    """The text cut at white space outside mathematics, environments and drawings.

    Each white space goes to the front of the part after it.
    """
    start = position = 0
    while position < len(text):
        end = _protected_end(text, position)
        if end is not None:
            if start < position and (text.startswith(tuple(_DISPLAY), position)):
                yield text[start:position]
                start = position
            if text.startswith("[asy]", position):
                yield text[start:position] + _without_comments(text[position:end])
                start = end
            elif text.startswith(("$$", r"\[", r"\begin"), position):
                yield text[start:end]
                start = end
            position = end
        elif text[position].isspace() and start < position:
            yield text[start:position]
            start = position
            position += 1
        else:
            position += 2 if text[position] == "\\" else 1
    if start < len(text):
        yield text[start:]


def _protected_end(text: str, start: int) -> int | None:
    """Where the formula, environment or drawing that starts here ends; None if none does.

    One that is never closed protects nothing.
    """
    for opening, closing in _DISPLAY.items():
        if text.startswith(opening, start):
            end = text.find(closing, start + len(opening))
            return None if end < 0 else end + len(closing)
    if text.startswith(r"\(", start):
        end = text.find(r"\)", start)
        return None if end < 0 else end + 2
    if text.startswith(r"\begin{", start):
        return _environment_end(text, start)
    if text[start] == "$":
        return _dollar_end(text, start)
    return None


def _environment_end(text: str, start: int) -> int | None:
    depth = 0
    for match in _ENVIRONMENT.finditer(text, start):
        depth += 1 if match[1] == "begin" else -1
        if depth == 0:
            return match.end()
    return None


def _dollar_end(text: str, start: int) -> int | None:
    r"""End of `$...$`, which does not run over an empty line; `\text{$x$}` may stand inside."""
    paragraph = text.find("\n\n", start)
    stop = len(text) if paragraph < 0 else paragraph
    for nested in (True, False):
        depth, position = 0, start + 1
        while position < stop:
            character = text[position]
            if character == "$" and (depth <= 0 or not nested):
                return position + 1
            depth += (character == "{") - (character == "}")
            position += 2 if character == "\\" else 1
    return None


def _without_comments(drawing: str) -> str:
    """A drawing without its `// ...` lines' ends, which would swallow the rest of a joined line.

    A comment with no line end behind it stays: some drawings were published
    with their lines joined, and nobody can tell where their comments end.
    """
    return _ASY_COMMENT.sub(lambda match: match[1] or "\n", drawing)


def _closing_brace(text: str) -> int | None:
    depth, position = 0, 0
    while position < len(text):
        character = text[position]
        depth += (character == "{") - (character == "}")
        if depth == 0:
            return position
        position += 2 if character == "\\" else 1
    return None
