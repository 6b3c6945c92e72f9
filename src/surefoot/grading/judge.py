r"""The verdict on one answer: correct, incorrect, no_answer or undecided, and why."""

import re
from dataclasses import dataclass
from functools import cached_property

from surefoot.grading.equal import equal
from surefoot.grading.forms import Form, Quantity
from surefoot.grading.framing import clean
from surefoot.grading.outcome import UNDECIDED, Outcome, proved
from surefoot.grading.policy import DEFAULT, Policy
from surefoot.grading.prm800k import grade_like_prm800k
from surefoot.grading.read import read
from surefoot.grading.symbolic import Prover
from surefoot.grading.tokens import Unread
from surefoot.records import Verdict

_INTEGER = re.compile(r"-?[1-9]\d{0,30}|0")
_SPELLINGS = re.compile(
    r"\\[dt]frac(?![a-zA-Z])|\\(?:left|right)(?![a-zA-Z])|\\[!,;: ]|[$]|(?<!\w)\s+|\s+(?!\w)"
)


_prover = Prover()


@dataclass(frozen=True)
class Judgement:
    """A verdict with its reason.

    Attributes:
        verdict: `correct`, `incorrect`, `no_answer` or `undecided`.
        reason: A code: `same_text`, or one that `equal` gives, or `no_answer`,
            `given_unread` and `gold_unread` (with the parser's words after a colon).
        given: The answer as it was given; None for none.
        gold: The reference answer.
    """

    verdict: Verdict
    reason: str
    given: str | None
    gold: str | None

    @cached_property
    def given_form(self) -> Form | None:
        """The normal form of the answer; None if it has none."""
        return None if self.given is None else form_or_none(self.given)

    @cached_property
    def gold_form(self) -> Form | None:
        """The normal form of the reference; None if it has none."""
        return None if self.gold is None else form_or_none(self.gold)


def judge(given: str | None, gold: str | None, policy: Policy = DEFAULT) -> Judgement:
    r"""Compares a given answer with a reference answer.

    Args:
        given: The answer, in LaTeX or plain; None or blank means that there is none.
        gold: The reference answer; without one (None, blank) nothing can be said.
        policy: What counts as the same where people differ.

    Example:
        >>> judge(r"\frac{6}{8}", "0.75").verdict
        'correct'
        >>> judge("(3, 7]", "(3, 7)").reason
        'different_brackets'
        >>> judge("7 or 8", "7").reason
        'different_kind'
    """
    if given is None or is_blank(given):
        return Judgement("no_answer", "no_answer", given, gold)
    if gold is None or is_blank(gold):
        return Judgement("undecided", "gold_unread: nothing is written", given, gold)
    if policy.preset == "prm800k":
        right = grade_like_prm800k(given, gold)
        return Judgement("correct" if right else "incorrect", "prm800k", given, gold)
    verdict, reason = _decide(given, gold, policy)
    return Judgement(verdict, reason, given, gold)


def _decide(given: str, gold: str, policy: Policy) -> tuple[Verdict, str]:
    if given == gold:
        return "correct", "same_text"
    if _INTEGER.fullmatch(given) and _INTEGER.fullmatch(gold):
        return "incorrect", "different"
    if plain(given) == plain(gold):
        return "correct", "same_text"
    try:
        given_form = read(given)
    except Unread as error:
        return "undecided", f"given_unread: {error}"
    try:
        gold_form = read(gold)
    except Unread as error:
        return "undecided", f"gold_unread: {error}"
    try:
        outcome = equal(given_form, gold_form, policy)
        if outcome == UNDECIDED:
            outcome = _ask_sympy(given_form, gold_form)
    except (Unread, ArithmeticError, RecursionError) as error:
        return "undecided", f"not_proved: {error}"
    if outcome.equal is None:
        return "undecided", outcome.reason
    return ("correct" if outcome.equal else "incorrect"), outcome.reason


def _ask_sympy(given: Form, gold: Form) -> Outcome:
    """The last resort, for two plain expressions that could not be evaluated."""
    if not isinstance(given, Quantity) or not isinstance(gold, Quantity):
        return UNDECIDED
    if given.unit != gold.unit or given.percent != gold.percent:
        return UNDECIDED
    return proved(_prover.same(given.tree, gold.tree))


def plain(text: str) -> str:
    r"""The text without what never matters: sizes, blanks, `$`, and `\dfrac` as `\frac`."""
    return _SPELLINGS.sub(lambda match: r"\frac" if match[0].endswith("frac") else "", clean(text))


def is_blank(answer: str | None) -> bool:
    """Whether this is no answer: None, or nothing but blanks and dollar signs."""
    return answer is None or not answer.strip(" \t\r\n$")


def form_or_none(text: str) -> Form | None:
    """The normal form of an answer, or None if it cannot be read."""
    try:
        return read(text)
    except Unread:
        return None
