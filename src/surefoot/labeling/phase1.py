"""Phase 1 of PRM800K: steps are offered, all are rated, one is followed.

At each step the rater rates every option. What continues is an option rated +1;
if there is none, an option rated 0 or a step that the rater writes. The work is
done when the last step states a final answer.
"""

from dataclasses import dataclass
from typing import Any

from surefoot.grading.extract import final_answer
from surefoot.labeling.drafts import Draft, FinishReason, Option
from surefoot.records import Rating


@dataclass(frozen=True, slots=True)
class Turn:
    """What was offered at one step, and what continued."""

    offered: list[Option]
    chosen: int | None
    """Index into `offered`."""
    human: str | None


def turns(draft: Draft) -> list[Turn]:
    """Step by step from the given ones; the last may have nothing that continues it.

    Options that follow other steps than those that were chosen do not count: the
    rater has gone back and taken another way.
    """
    way = list(draft.shown.steps)
    found: list[Turn] = []
    while True:
        step = len(way)
        offered = draft.shown.offered(way)
        numbers = [option.candidate for option in offered]
        chosen, human = draft.chosen.get(step), draft.human_steps.get(step)
        index = numbers.index(chosen) if chosen in numbers else None
        if index is None and human is None:
            return [*found, Turn(offered, None, None)] if offered else found
        found.append(Turn(offered, index, human))
        way.append(human if index is None and human is not None else offered[index or 0].text)


def way_of(draft: Draft) -> list[str]:
    """The steps so far: given, chosen or written."""
    texts = list(draft.shown.steps)
    for turn in turns(draft):
        if turn.chosen is not None:
            texts.append(turn.offered[turn.chosen].text)
        elif turn.human is not None:
            texts.append(turn.human)
    return texts


def objection(draft: Draft, finish: FinishReason) -> str | None:
    """Why the work cannot end so; None if it can. Steps are numbered from 1 as on screen."""
    if finish == "found_error":
        return "phase 1 goes on after a wrong step; it ends with a final answer, or is given up"
    n_given, found = len(draft.shown.steps), turns(draft)
    for step, turn in enumerate(found, start=n_given + 1):
        if turn.chosen is None and turn.human is None:
            return f"step {step}: nothing was chosen yet"
        if why := _against(draft, step, turn):
            return why
    if not found or final_answer(way_of(draft)[-1]) is None:
        return "the last step states no final answer yet"
    return None


def _against(draft: Draft, step: int, turn: Turn) -> str | None:
    ratings = _ratings(draft, step - 1, turn)
    if None in ratings:
        return f"step {step}: rate all options"
    if turn.chosen is None:
        return (
            f"step {step}: a step of your own is for where no option is +1"
            if 1 in ratings
            else None
        )
    rating = ratings[turn.chosen]
    if rating == -1:
        return f"step {step}: an option rated -1 cannot continue"
    if rating == 0 and 1 in ratings:
        return f"step {step}: an option rated +1 has to continue"
    return None


def _ratings(draft: Draft, step: int, turn: Turn) -> tuple[Rating | None, ...]:
    return tuple(draft.ratings.get((step, option.candidate)) for option in turn.offered)


def session_steps(draft: Draft) -> dict[str, Any]:
    """The fields of a session that run along its steps; see `surefoot.records.Session`."""
    given, found = draft.shown.steps, turns(draft)
    n = len(given)
    humans = [None] * n + [turn.human if turn.chosen is None else None for turn in found]
    return {
        "alternatives": (
            *((text,) for text in given),
            *(tuple(option.text for option in turn.offered) for turn in found),
        ),
        "alternative_ratings": (
            *((None,) for _ in given),
            *(_ratings(draft, step, turn) for step, turn in enumerate(found, start=n)),
        ),
        "alternative_flags": (
            *((None,) for _ in given),
            *(
                tuple((step, option.candidate) in draft.flags for option in turn.offered)
                for step, turn in enumerate(found, start=n)
            ),
        ),
        "chosen": (*(0 for _ in given), *(turn.chosen for turn in found)),
        "human_steps": tuple(humans) if any(humans) else None,
    }
