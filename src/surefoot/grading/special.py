"""Answers that are told by their text as a whole: times of day, bases, choices, words."""

import re
from fractions import Fraction

from surefoot.grading import forms, names, tree
from surefoot.grading.forms import Form, Quantity
from surefoot.grading.units import REFUSALS

_TIME = re.compile(r"(\d{1,2})(?::(\d\d))?(?::(\d\d))?\s*([ap])\.?\s*m\b\.?", re.IGNORECASE)
_MARKED = re.compile(
    r"(?:\\text(?:bf)?\s*\{\s*)?\(?\s*([A-H])\s*\)\s*\}?\s*"
    r"((?<=[ }])(?:\d+(?:\.\d+)?|[a-zA-Z][a-z -]+)\}?)?"
)
_HALF = re.compile(r"m\b|noon|midnight", re.IGNORECASE)
_BASED = re.compile(
    r"\(?(?:\\(?:text|mathrm)\s*\{)?(-?(?:[0-9][0-9A-F]*(?:\.\d+)?|[A-F]+[0-9A-F]*(?=\}?_\{?1\d)))"
    r"\}?\)?\s*_\s*(?:\{?(\d+)\}?|\{?(?:\\(?:text|mathrm)\{)?([a-z]+)\}*)"
)
_FRAME = re.compile(r"\\(?:boxed|fbox|text|textbf|mathbf|mathrm|mbox)\s*\{([^{}]*)\}")
_WORDY = re.compile(r"[A-Za-z][A-Za-z \-.,()'\"/:!?]*")
_COMMANDS_OF_WORDS = re.compile(r"\\(?:text|textbf|textit|textrm|mathrm|mbox|mathbf|emph)\b\s*")
_ARTICLES = re.compile(r"\b(?:an?|the)\s+")
_LABELS = re.compile(r"^\s*(?:option|choice|answer|point)\s+(?=\w\s*$)")
_ALL_REALS = "all real numbers"


def special_form(text: str) -> Form | None:
    """The form of a time of day, a number with its base or a marked choice; else None."""
    return _time(text) or _based(text) or _choice(text)


def _time(text: str) -> Form | None:
    if text[-1] not in "mMntN}." or not _HALF.search(text):
        return None
    plain = _FRAME.sub(r" \1", text.replace("{:}", ":").replace(r"\!", "")).replace("~", " ")
    plain = plain.replace("\\", "").strip()
    if plain.lower() in ("noon", "12 noon", "12:00 noon"):
        return forms.Time(Fraction(0), "pm")
    if plain.lower() in ("midnight", "12 midnight", "12:00 midnight"):
        return forms.Time(Fraction(0), "am")
    match = _TIME.fullmatch(plain)
    if match is None or int(match[1]) > 12 or int(match[2] or 0) > 59:
        return None
    minutes = int(match[1]) % 12 * 60 + int(match[2] or 0) + Fraction(int(match[3] or 0), 60)
    return forms.Time(Fraction(minutes), match[4].lower() + "m")


def _based(text: str) -> Form | None:
    if "_" not in text:
        return None
    match = _BASED.fullmatch(text)
    if match is None:
        return None
    base = int(match[2]) if match[2] else names.number_in_words(match[3])
    if base is None or not 2 <= base <= 999:
        return None
    return forms.Based(forms.digits_of(match[1]), base)


def _choice(text: str) -> Form | None:
    """A letter marked as a choice: `B)` or `(B)`, perhaps with what it stands for."""
    match = _MARKED.fullmatch(text) if len(text) < 80 else None
    if match is None:
        return None
    words = set(re.findall("[a-z']+", (match[2] or "").lower()))
    return None if words & (REFUSALS | names.CONNECTORS) else Quantity(match[1])


def words_form(text: str) -> Form | None:
    """A text that is no expression but words only."""
    plain = _COMMANDS_OF_WORDS.sub("", text).replace("{", "").replace("}", "").replace("$", "")
    plain = re.sub(r"\\[ ,;!]", " ", plain).strip()
    if len(plain) > 300 or not _WORDY.fullmatch(plain):
        return None
    return as_text(plain)


def as_text(words: str) -> Form:
    """Words in the form in which they are compared."""
    plain = re.sub(r"[^\w\s'/-]|(?<=[a-z])-(?=[a-z])", " ", words.lower())
    plain = _LABELS.sub("", " ".join(plain.split()))
    plain = " ".join(_ARTICLES.sub("", plain).split())
    plain = names.SAME_WORDS.get(plain, plain)
    if plain == _ALL_REALS:
        return forms.Region((forms.Interval(tree.negate("oo"), "oo", False, False),))
    return forms.Text(plain)
