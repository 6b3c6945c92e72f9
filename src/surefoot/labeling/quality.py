"""Is a rater good enough? The arithmetic of screening, gold questions and pauses.

A gold question is a solution of which the acceptable first errors are known: a
set, as people who look closely may differ; None in it says that "no error" is
acceptable. A rater of whom it is nearly certain, after some gold questions, that
too small a share of the answers is right is paused.

Of opinions on one solution only the first error is compared.
"""

import hmac
import math
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import Literal, NamedTuple, TypeAlias

from surefoot.grading.extract import final_answer
from surefoot.labeling.lines import as_lines
from surefoot.labeling.sessions import spine
from surefoot.records import Labels, Session
from surefoot.steps import join_steps

Verdict: TypeAlias = Literal["active", "failed"]

WHOLE = ("found_error", "solution")
"""Ends of work that say where the first error is."""

LOOKED_AT = 20
"""Gold questions, the newest ones, that a pause is decided by."""
AT_LEAST = 8
"""With fewer nobody is paused."""
ENOUGH = 3
"""Opinions after which a lead decides, where they differ."""
ACCURACIES = (0.95, 0.85, 0.75, 0.65)
"""Of raters, in the table of who passes."""
_SHARE = 0.75
"""Of the screening questions that have to be right, where nothing else is said."""


class Opinion(NamedTuple):
    """What a session says of a solution's first error."""

    is_whole: bool
    """Rated to the first error or to the end."""
    first_error: int | None
    """In lines, as a solution's steps are; None where no step is wrong."""


def is_right(acceptable: Collection[int | None], finish: str, first_error: int | None) -> bool:
    """Whether an answer to a gold question is right; giving up never is.

    Args:
        acceptable: First errors, from 0; None: that no step is wrong.
        finish: How the work ended.
        first_error: What was said.
    """
    return finish in WHOLE and first_error in acceptable


def is_gold_due(secret: str, labeler_id: str, n: int, every: int) -> bool:
    """Whether a rater's assignment is to be a gold question: 1 in `every`, hard to guess.

    Args:
        secret: Of the project.
        labeler_id: The rater.
        n: Which of the rater's assignments it is, from 1.
        every: 0: none is.
    """
    if every < 1:
        return False
    said = hmac.digest(secret.encode(), f"gold {labeler_id} {n}".encode(), "sha256")
    return int.from_bytes(said[:8]) * every < 2**64


def chance_below(share: float, n_right: int, n_wrong: int) -> float:
    """P(accuracy < share) after so many answers, if any accuracy was as likely before.

    The accuracy then has the distribution Beta(n_right + 1, n_wrong + 1), whose
    integral is a sum over the binomial distribution, as both are whole numbers.
    """
    return _at_least(n_right + 1, n_right + n_wrong + 1, share)


def should_pause(results: Sequence[bool], *, below: float, certainty: float) -> bool:
    """Whether a rater is paused.

    Args:
        results: Of gold questions, the newest last; only the last `LOOKED_AT`
            count, and fewer than `AT_LEAST` never pause.
        below: The accuracy that a rater should have.
        certainty: How sure it must be that the accuracy is lower; 1: never.
    """
    counted = results[-LOOKED_AT:]
    n_right = sum(counted)
    if len(counted) < AT_LEAST:
        return False
    return chance_below(below, n_right, len(counted) - n_right) > certainty


def verdict(results: Sequence[bool], pass_mark: int) -> Verdict:
    """What a rater is after the screening."""
    return "active" if sum(results) >= pass_mark else "failed"


def usual_pass_mark(n_questions: int) -> int:
    """Right answers that pass, where nothing else is said: three quarters, rounded up."""
    return math.ceil(_SHARE * n_questions)


def pass_chances(n_questions: int, pass_mark: int) -> dict[float, float]:
    """Accuracy -> how likely a rater of it passes."""
    return {share: _at_least(pass_mark, n_questions, share) for share in ACCURACIES}


def is_disputed(first_errors: Sequence[int | None]) -> bool:
    """Whether opinions differ."""
    return len(set(first_errors)) > 1


def has_majority(first_errors: Sequence[int | None]) -> bool:
    """Whether more than half of the opinions are the same; false if there are none."""
    most = max(Counter(first_errors).values(), default=0)
    return 2 * most > len(first_errors)


def acceptable_of(labels: Iterable[Labels]) -> dict[str, list[int | None]]:
    """`solution_id` -> the first errors that its raters found, None last.

    Labels that end before the first error or the end of the solution, and those
    of raters who gave up or found the problem bad, say nothing.
    """
    found: dict[str, set[int | None]] = {}
    for row in labels:
        error = row.first_error
        needed = row.ratings if error is None else row.ratings[:error]
        if None not in needed and not {"give_up", "bad_problem"} & {*row.marks}:
            found.setdefault(row.solution_id, set()).add(error)
    return {name: sorted(said, key=_none_last) for name, said in found.items()}


def opinion_of(session: Session) -> Opinion:
    """What a session of any format says.

    A step that the rater wrote needs no rating. Where it is not known what else
    was shown, a way to a final answer is whole. Soft labels are no opinion.
    """
    steps = spine(session)
    texts, ratings = [step.text for step in steps], [step.rating for step in steps]
    error = next((i for i, rating in enumerate(ratings) if rating == -1), None)
    n = len(ratings) if error is None else error + 1
    is_rated = all(ratings[i] is not None or _is_human(session, i) for i in range(n))
    is_left = session.finish_reason is not None and session.finish_reason not in WHOLE
    if not steps or not is_rated or is_left or (error is None and not _is_at_end(session, texts)):
        return Opinion(False, None)
    return Opinion(True, None if error is None else as_lines(texts, ratings)[1].index(-1))


def _none_last(value: int | None) -> float:
    return math.inf if value is None else value


def _is_human(session: Session, i: int) -> bool:
    return session.human_steps is not None and session.human_steps[i] is not None


def _is_at_end(session: Session, texts: list[str]) -> bool:
    if session.shown_steps is not None:
        return len(texts) >= len(session.shown_steps)
    if session.finish_reason is not None:
        return session.finish_reason == "solution"
    lines, _ = as_lines(texts, [None] * len(texts))
    return final_answer(join_steps(lines)) is not None


def _at_least(k: int, n: int, share: float) -> float:
    """P(at least k of n), each with this chance."""
    return math.fsum(
        math.comb(n, i) * share**i * (1 - share) ** (n - i) for i in range(max(k, 0), n + 1)
    )
