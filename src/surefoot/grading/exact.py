r"""Comparison of plain answers by exact arithmetic, without any library.

Most answers are numbers, tuples of numbers or polynomials in one letter, and
two such answers are equal or not in a way nobody disputes. Whatever is not
plainly one of these is left undecided here.
"""

import re
from fractions import Fraction
from typing import TypeAlias

LONGEST = 400
"""Characters; a longer answer is not plain."""

Value: TypeAlias = tuple[object, ...]
"""A canonical form: equal forms of the same kind are equal answers."""

_INTEGER = r"(?:\d{1,3}(?:,\d{3})+|\d+)"
_NUMBER = re.compile(rf"([+-]?)({_INTEGER})(\.\d+)?")
_PLAIN_NUMBER = re.compile(r"([+-]?)(\d+)(\.\d+)?")
_RATIO = re.compile(r"([+-]?)\(?([+-]?\d+)\)?/\(?([+-]?\d+)\)?")
_FRAC = re.compile(r"([+-]?)\\frac(?:\{([+-]?\d+)\}|(\d))(?:\{([+-]?\d+)\}|(\d))")
_BASED = re.compile(r"\(?(\d+)\)?_\{?(\d+)\}?")
_MONOMIAL = re.compile(r"([+-]?)(?:(\d+)\*?)?(?:([a-zA-Z])(?:\^\{?(\d+)\}?)?)?")
_SUM = re.compile(r"[+-]?[0-9a-zA-Z*^{}]+(?:[+-][0-9a-zA-Z*^{}]+)*")
_DROPPED = re.compile(r"\\[!,;: ]|\\left(?![a-z])|\\right(?![a-z])|\\displaystyle|~|\s+")


def normalise(answer: str) -> str:
    r"""The answer without blanks, `$...$`, sizing commands and a closing full stop.

    Example:
        >>> normalise(r"$\left(\dfrac{1}{2},\, 3\right)$.")
        '(\\frac{1}{2},3)'
    """
    text = answer.strip().rstrip(".").strip()
    for left, right in (("$$", "$$"), ("$", "$"), (r"\(", r"\)"), (r"\[", r"\]")):
        if text.startswith(left) and text.endswith(right) and len(text) > len(left + right):
            text = text[len(left) : -len(right)].strip().rstrip(".")
            break
    text = _DROPPED.sub("", text)
    text = text.replace("\\dfrac", "\\frac").replace("\\tfrac", "\\frac")
    return text.replace("\u2212", "-").replace("\\$", "")


def value(text: str) -> Value | None:
    r"""The canonical form of a normalised plain answer, or None if it is not plain.

    Args:
        text: As `normalise` returns it.

    Returns:
        `("number", Fraction)`, `("based", digits, base)`, `("tuple", "(", ")",
        entries...)` for a tuple or interval of numbers, `("polynomial", letter,
        (power, coefficient)...)`, or None.

    Example:
        >>> value("-3/4") == value(r"-\frac{3}{4}")
        True
        >>> value("x^2-2x-15") == value("-15-2x+x^{2}")
        True
        >>> value("x+y") is None
        True
    """
    if len(text) > LONGEST:
        return None
    number = _number(text, _NUMBER)
    if number is not None:
        return ("number", number)
    if based := _BASED.fullmatch(text):
        return ("based", based[1].lstrip("0"), int(based[2]))
    return _tuple(text) or _polynomial(text)


def is_based(form: Value | None) -> bool:
    """Whether this is a number written in another base, such as 52_8."""
    return form is not None and form[0] == "based"


def _number(text: str, decimal: re.Pattern[str]) -> Fraction | None:
    if match := decimal.fullmatch(text):
        sign, whole, rest = match.groups()
        return Fraction(sign + whole.replace(",", "") + (rest or ""))
    if match := _RATIO.fullmatch(text):
        sign, top, bottom = match[1], match[2], match[3]
    elif match := _FRAC.fullmatch(text):
        sign, top, bottom = match[1], match[2] or match[3], match[4] or match[5]
    else:
        return None
    if int(bottom) == 0:
        return None
    return Fraction(int(top), int(bottom)) * (-1 if sign == "-" else 1)


def _tuple(text: str) -> Value | None:
    """Numbers between brackets; inside them a comma always separates."""
    if len(text) < 2 or text[0] not in "([" or text[-1] not in ")]":
        return None
    entries = [_number(entry, _PLAIN_NUMBER) for entry in text[1:-1].split(",")]
    if len(entries) < 2 or None in entries:
        return None
    return ("tuple", text[0], text[-1], *entries)


def _polynomial(text: str) -> Value | None:
    """A sum of integer multiples of powers of one letter."""
    if not _SUM.fullmatch(text):
        return None
    coefficients: dict[int, int] = {}
    letters: set[str] = set()
    for term in re.findall(r"[+-]?[^+-]+", text):
        match = _MONOMIAL.fullmatch(term)
        if match is None or (match[2] is None and match[3] is None):
            return None
        sign, factor, letter, power = match.groups()
        exponent = int(power or 1) if letter else 0
        number = int(factor or 1) * (-1 if sign == "-" else 1)
        coefficients[exponent] = coefficients.get(exponent, 0) + number
        letters |= {letter} if letter else set()
    if len(letters) != 1:
        return None
    kept = sorted((power, number) for power, number in coefficients.items() if number)
    if all(power == 0 for power, _ in kept):
        return ("number", Fraction(coefficients.get(0, 0)))
    return ("polynomial", letters.pop(), *kept)
