r"""The verdicts of OpenAI's PRM800K grader, for figures that are to be compared with the paper's.

Its rules, in the order in which they decide:

1. Equal after the string normalisation of the MATH authors (`hendrycks_form`).
2. Equal after a normalisation of its own (`openai_form`): units, percent and dollar signs go, LaTeX
   becomes plain text, blanks and braces go, letters become small, whole numbers are rounded.
3. Tuples and intervals with the same brackets, entry by entry. Two fractions must be written alike;
   a whole number equals only a whole number; anything else with at most two letters is compared by
   algebra.

It is reproduced with its mistakes: whatever follows `\text{ ` is ignored (`248 \text{ or } 251` is
248), `\cot x` is `x`, `\frac{1+\sqrt5}{2}` is `1+\frac{\sqrt5}{2}`, `[-36,104)` is `[-36,104]`. Use
it to reproduce figures, not to grade. Unlike the original it executes nothing, and every size is
bounded: beyond the bounds two answers differ.
"""

import re

from surefoot.grading.prm800k_algebra import same_expression
from surefoot.grading.prm800k_text import NotConverted, latex_to_plain

LONGEST = 10_000
"""Characters; longer answers are equal only if they are the same text."""

_UNITS = (
    "degree", "cm", "centimeter", "meter", "mile", "second", "minute", "hour", "day", "week",
    "month", "year", "foot", "feet", "inch", "yard",
)  # fmt: skip
_UNIT_ENDINGS = [re.compile(rf"{unit}(?:es)?s? *(?:\^[0-9]+)?") for unit in _UNITS]
_IN_TEXT = re.compile(r"\\text\{(.+)\}\n?\Z")
_PLAIN_RATIO = re.compile(r"(0|-?[1-9][0-9]*)/(0|-?[1-9][0-9]*)")
_THOUSANDS = re.compile(r"(\d),(\d\d\d)($|\D)")
_FRACTION = re.compile(r"-?[0-9]+.?/0*[1-9][0-9]*.?$")
_BRACKETS = "()[]"


class _Malformed(ValueError):
    """A command of the MATH normalisation lacks its argument; the answer stays as it is."""


def grade_like_prm800k(given: str | None, gold: str | None) -> bool:
    r"""Whether OpenAI's grader would accept the answer.

    Args:
        given: The answer; None is never accepted.
        gold: The reference answer; no answer is accepted for None.

    Example:
        >>> grade_like_prm800k(r"\frac{2}{\sqrt{3}}", r"\frac{2\sqrt{3}}{3}")
        True
        >>> grade_like_prm800k("2/4", "1/2"), grade_like_prm800k("2+3", "5")
        (False, False)
    """
    if given is None or gold is None:
        return False
    if max(len(given), len(gold)) > LONGEST:
        return given.strip() == gold.strip()
    if hendrycks_form(given) == hendrycks_form(gold):
        return True
    left, right = openai_form(given), openai_form(gold)
    if left == right:
        return True
    if not left or not right:
        return False
    given_entries, gold_entries = _entries(left), _entries(right)
    if len(gold_entries) > 1 and (left[0] != right[0] or left[-1] != right[-1]):
        return False
    return len(given_entries) == len(gold_entries) and all(
        _same_entry(a, b) for a, b in zip(given_entries, gold_entries, strict=True)
    )


def hendrycks_form(answer: str) -> str:
    r"""The normal form of the string comparison that came with MATH.

    Example:
        >>> hendrycks_form(r"x = \dfrac12")
        '\\frac{1}{2}'
        >>> hendrycks_form(r"12 \text{ inches}")
        '12'
    """
    answer = answer.strip()
    if match := _IN_TEXT.match(answer):
        answer = match[1].strip()
    try:
        return _hendrycks(answer)
    except _Malformed:
        return answer


def openai_form(answer: str) -> str:
    r"""The normal form of OpenAI's own comparison.

    Example:
        >>> openai_form(r"3\frac{1}{2} \text{ feet}"), openai_form("1,234 cm"), openai_form("2.0")
        ('3+1/2', '1234', '2')
    """
    if match := _IN_TEXT.match(answer):
        answer = match[1]
    for old, new in (
        ("\\%", ""), ("\\$", ""), ("$", ""), ("%", ""), (" or ", " , "), (" and ", " , "),
        ("million", "*10^6"), ("billion", "*10^9"), ("trillion", "*10^12"),
    ):  # fmt: skip
        answer = answer.replace(old, new)
    for unit in _UNIT_ENDINGS:
        answer = unit.sub("", answer)
    answer = re.sub(r"\^ *\\circ", "", answer)
    if len(answer) > 1 and answer[0] == "{" and answer[-1] == "}":
        answer = answer[1:-1]
    answer = re.sub(r",\\! *", "", answer)
    number = _near_whole(answer)
    if number is not None:
        answer = str(round(number))
    answer = re.sub("- *", "-", _without_latex(answer))
    # 3 1/2 is a mixed number.
    answer = re.sub("([0-9]) +([0-9])", r"\1+\2", answer).replace(" ", "")
    answer = answer.replace("{", "").replace("}", "").lower()
    if _is_whole(answer):
        answer = str(int(float(answer.replace(",", ""))))
    return answer


def _hendrycks(text: str) -> str:
    for old, new in (
        ("\n", ""), ("\\!", ""), ("\\\\", "\\"), ("tfrac", "frac"), ("dfrac", "frac"),
        ("\\left", ""), ("\\right", ""), ("^{\\circ}", ""), ("^\\circ", ""), ("\\$", ""),
    ):  # fmt: skip
        text = text.replace(old, new)
    before, *units = text.split("\\text{ ")
    if len(units) > 1:
        raise _Malformed
    text = before.replace("\\%", "").replace(" .", " 0.").replace("{.", "{0.")
    if not text:
        return text
    if text[0] == ".":
        text = "0" + text
    sides = text.split("=")
    if len(sides) == 2 and len(sides[0]) <= 2:  # x = 5
        text = sides[1]
    text = _braced_fractions(_braced_roots(text).replace(" ", ""))
    if text == "0.5":
        return "\\frac{1}{2}"
    ratio = _PLAIN_RATIO.fullmatch(text)
    return f"\\frac{{{ratio[1]}}}{{{ratio[2]}}}" if ratio else text


def _braced_roots(text: str) -> str:
    r"""`\sqrt3` becomes `\sqrt{3}`."""
    first, *rest = text.split("\\sqrt")
    if "" in rest:
        raise _Malformed
    return first + "".join(
        "\\sqrt" + (part if part[0] == "{" else f"{{{part[0]}}}{part[1:]}") for part in rest
    )


def _braced_fractions(text: str) -> str:
    r"""`\frac12` and `\frac1{2}` become `\frac{1}{2}`; nothing is done where one is cut off."""
    first, *rest = text.split("\\frac")
    parts = [first]
    for part in rest:
        if not part:
            raise _Malformed
        if part[0] != "{":
            if len(part) < 2:
                return text
            bottom = part[1:] if part[1] == "{" else f"{{{part[1]}}}{part[2:]}"
            part = f"{{{part[0]}}}{bottom}"
        parts.append("\\frac" + part)
    return "".join(parts)


def _without_latex(text: str) -> str:
    if "\\" not in text:
        return text
    spaced = text.replace("\\tfrac", "\\frac").replace("\\dfrac", "\\frac")
    try:
        plain = latex_to_plain(spaced.replace("\\frac", " \\frac"))
    except NotConverted:
        return text
    for shown, written in zip("√π∞∪·×", ("sqrt", "pi", "inf", "U", "*", "*"), strict=True):
        plain = plain.replace(shown, written)
    return plain.strip()


def _near_whole(text: str) -> float | None:
    """The number, if Python reads the text as one and it is whole or nearly so."""
    try:
        number = float(text)
        return number if abs(number - round(number)) <= 1e-7 else None
    except (ValueError, OverflowError):
        return None


def _is_whole(text: str) -> bool:
    return _near_whole(_without_thousands(text)) is not None


def _without_thousands(text: str) -> str:
    while True:
        shorter = _THOUSANDS.sub(r"\1\2\3", text)
        if shorter == text:
            return text
        text = shorter


def _entries(text: str) -> list[str]:
    """The entries of a tuple or interval without brackets inside; else the text alone."""
    text = _without_thousands(text)
    inner = text[1:-1]
    is_tuple = len(text) > 2 and text[0] in _BRACKETS and text[-1] in _BRACKETS
    if is_tuple and not any(c in inner for c in _BRACKETS):
        return [entry.strip() for entry in inner.split(",")]
    return [text]


def _same_entry(given: str, gold: str) -> bool:
    if _FRACTION.match(gold) and _FRACTION.match(given):
        return given == gold  # unreduced fractions are not accepted
    if _is_whole(gold) != _is_whole(given):
        return False
    return _is_for_algebra(given, gold) and same_expression(given, gold)


def _is_for_algebra(given: str, gold: str) -> bool:
    """At most two different letters, and no power that the original is afraid of."""
    both = f"({gold})-({given})"
    letters = {c for c in both.replace("sqrt", "").replace("frac", "") if c.isalpha()}
    return len(letters) <= 2 and not re.search(r"\^[({]|\^[0-9]+\^|\^[0-9][0-9]", both)
