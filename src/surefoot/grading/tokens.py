r"""Tokens of an answer, written in LaTeX or as plain text.

One vocabulary for both: `\sqrt 2`, `sqrt(2)` and the sign give the same first
token. Whatever only spaces, sizes or frames (`\left`, `\,`, `\!`, `$`) gives
none. Everything else gives a token, known or not: an unknown command is for
the parser to refuse, never dropped here.
"""

import re
from typing import NamedTuple

from surefoot.grading.names import (
    CONNECTORS,
    CONSTANTS,
    FRAMES,
    FUNCTIONS,
    SPACING,
    TEXTS,
)
from surefoot.grading.spelling import respelled
from surefoot.grading.units import is_unit

SPACING_ONLY = (
    ("$$", "$$"),
    ("$", "$"),
    (r"\(", r"\)"),
    (r"\[", r"\]"),
    ("**", "**"),
    ("`", "`"),
    ('"', '"'),
    ("\u201c", "\u201d"),
)
"""What stands around an answer without being part of it."""
LONGEST = 4000
"""Characters; a longer answer is not read."""


class Unread(ValueError):
    """An answer that cannot be read; the text says why."""


class Token(NamedTuple):
    r"""One token.

    Kinds: `number` and `repeating` (as written), `letter` (one variable),
    `word` (several letters, or any letters inside `\text`), `command` (without
    the backslash), `begin` and `end` (of an environment), `sign`.
    """

    kind: str
    text: str
    spaced: bool
    """Whether a blank stands before it."""


_TOKEN = re.compile(
    r"""(?P<space>[\s~]+)
    |(?P<repeating>\d*\.\d*\\(?:overline|bar|dot)\s*(?:\{\d+\}|\d))
    |(?P<number>(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+(?![a-zA-Z]))?)
    |\\(?P<frame>begin|end)\s*\{(?P<name>[a-zA-Z]*)\*?\}
    |\\(?P<command>[a-zA-Z]+|.|$)
    |(?P<word>[a-zA-Z]+)
    |(?P<sign>\*\*|<=|>=|!=|==|->|.)""",
    re.VERBOSE | re.DOTALL,
)
_PREFIX = re.compile("|".join(sorted(FUNCTIONS, key=len, reverse=True)))


def tokens(text: str) -> list[Token]:
    """All tokens of an answer.

    Raises:
        Unread: The text is longer than `LONGEST`.
    """
    if len(text) > LONGEST:
        raise Unread(f"longer than {LONGEST} characters")
    text = respelled(text)
    # An odd dollar sign is money ($20); a pair of them encloses mathematics.
    money = (text.count("$") - text.count(r"\$")) % 2 == 1
    return _scan(text, money)


def _scan(text: str, money: bool) -> list[Token]:
    found: list[Token] = []
    depth = 0
    words_at: list[int] = []
    """Depths of braces at which a group of words ends."""
    words_next = spaced = upright = False
    for match in _TOKEN.finditer(text):
        kind, piece = match.lastgroup, match[0]
        if kind == "space":
            spaced = True
            continue
        if kind == "command":
            name = piece[1:]
            if name in TEXTS:
                words_next, upright = True, name not in ("text", "mbox", "hbox")
                continue
            if name in SPACING or name in FRAMES or (name in "()[]" and name):
                spaced = spaced or name != "!"
                continue
            kind, piece = ("sign", "\\" + name) if name in "{}$%|&#_" else ("command", name)
        elif kind == "name":
            kind, piece = match["frame"], match["name"]
        elif piece == "{":
            depth += 1
            if words_next:
                words_at.append(depth)
                words_next, spaced = False, True
                continue
        elif piece == "}":
            depth -= 1
            if words_at and words_at[-1] == depth + 1:
                words_at.pop()
                spaced = True
                continue
        elif piece == "$" and not money:
            spaced = True
            continue
        words_next = False
        if kind == "word":
            # A letter alone in its group is a variable set upright: `\mathrm{i}`.
            alone = text[match.start() - 1] == "{" and text[match.end() : match.end() + 1] == "}"
            variable = upright and alone and len(piece) == 1 and not is_unit(piece)
            in_text = bool(words_at) and not variable
            found += _words(piece, in_text=in_text, spaced=spaced)
        else:
            found.append(Token(str(kind), piece, spaced))
        spaced = False
    return found


def _words(run: str, *, in_text: bool, spaced: bool) -> list[Token]:
    """A run of letters: one word, or a product of variables.

    In mathematics `ab` is a product; names of functions, units, connectors and
    runs of four letters and more are words. `sinx` is a function of `x`.
    """
    if in_text or run in FUNCTIONS or run in CONSTANTS:
        return [Token("word", run, spaced)]
    if len(run) == 1:
        return [Token("letter", run, spaced)]
    prefix = _PREFIX.match(run)
    if prefix and 0 < len(run) - prefix.end() <= 2:
        rest = run[prefix.end() :]
        return [Token("word", prefix[0], spaced), *(Token("letter", c, False) for c in rest)]
    if len(run) > 3 or run.lower() in CONNECTORS or is_unit(run) or _is_short_word(run):
        return [Token("word", run, spaced)]
    return [Token("letter", c, spaced and k == 0) for k, c in enumerate(run)]


_SHORT_WORDS = frozenset(
    "yes no one two six ten is not the an day odd all any mod am pm dne his few if but per to sq "
    "cu red pct".split()
)


def _is_short_word(run: str) -> bool:
    """Whether a run of two or three letters is English: `the`, `Odd`, but no segment `NO`."""
    return run == "DNE" or (run[1:].islower() and run.lower() in _SHORT_WORDS)
