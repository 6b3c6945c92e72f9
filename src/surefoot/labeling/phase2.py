"""Phase 2 of PRM800K: a whole solution is rated, step by step, up to the first error.

A step may be rated when all before it are rated and none is wrong. After the
first -1 the rest stays unrated, and other texts for the wrong step may be rated.
"""

from typing import Any

from surefoot.labeling.drafts import Draft, FinishReason, Option
from surefoot.records import Rating


def first_error(draft: Draft) -> int | None:
    """0-based index of the first step rated -1, or None."""
    return next((i for i, rating in enumerate(_ratings(draft)) if rating == -1), None)


def objection(draft: Draft, finish: FinishReason) -> str | None:
    """Why the work cannot end so; None if it can. Steps are numbered from 1 as on screen."""
    ratings, error = _ratings(draft), first_error(draft)
    unrated = next((i for i, rating in enumerate(ratings) if rating is None), len(ratings))
    end = unrated if error is None else min(unrated, error + 1)
    late = next((i for i in range(end, len(ratings)) if ratings[i] is not None), None)
    if late is not None:
        why = f"step {unrated + 1} is unrated" if end == unrated else f"step {end} is wrong"
        return f"step {late + 1} is rated though {why}"
    if finish == "found_error":
        return "no step is rated -1" if error is None else None
    if finish == "solution":
        if error is not None:
            return f"step {error + 1} is rated -1, so the solution has an error"
        return None if unrated == len(ratings) else f"step {unrated + 1} is not rated yet"
    return None


def session_steps(draft: Draft) -> dict[str, Any]:
    """The fields of a session that run along its steps; see `surefoot.records.Session`.

    They end with the first error, or before the first unrated step.
    """
    ratings, error = _ratings(draft), first_error(draft)
    n = next((i for i, rating in enumerate(ratings) if rating is None), len(ratings))
    n = n if error is None else min(n, error + 1)
    others = _alternatives(draft) if error == n - 1 else []
    texts: list[tuple[str, ...]] = [(text,) for text in draft.shown.steps[:n]]
    rated: list[tuple[Rating | None, ...]] = [(rating,) for rating in ratings[:n]]
    # Null says that nobody could have said it; on a step as shown, only a flag is said.
    flags = [(True if (i, None) in draft.flags else None,) for i in range(n)]
    unsure: list[tuple[bool | None, ...]] = [*flags]
    if others:
        step = n - 1
        texts[-1] += tuple(option.text for option in others)
        rated[-1] += tuple(draft.ratings.get((step, option.candidate)) for option in others)
        unsure[-1] += tuple((step, option.candidate) in draft.flags for option in others)
    has_flags = any(flag is not None for one in unsure for flag in one)
    return {
        "alternatives": tuple(texts),
        "alternative_ratings": tuple(rated),
        "alternative_flags": tuple(unsure) if has_flags else None,
        "chosen": tuple(None if i == error else 0 for i in range(n)),
        "human_steps": None,
    }


def _ratings(draft: Draft) -> list[Rating | None]:
    return [draft.ratings.get((i, None)) for i in range(len(draft.shown.steps))]


def _alternatives(draft: Draft) -> list[Option]:
    """The other texts for the wrong step; none where the rater looked at none of them."""
    error = first_error(draft)
    assert error is not None
    offered = draft.shown.offered(draft.shown.steps[:error])
    touched = {*draft.ratings, *draft.flags}
    return offered if any((error, option.candidate) in touched for option in offered) else []
