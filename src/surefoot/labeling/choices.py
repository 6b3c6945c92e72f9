"""Three ratings in formats that know two: what the user chose, and what cannot be said."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from surefoot.labeling.sessions import Step

AsBinary: TypeAlias = Literal["error", "positive", "negative"]
STEP_TAG = "ки"
"""Math-Shepherd's mark at the end of a step."""


class CannotExpress(ValueError):
    """A session that a format has no way to write down.

    Args:
        field: Of the session, or of the row to be written.
        problem: What cannot be said, and the way out.
    """

    def __init__(self, field: str, problem: str) -> None:
        self.field, self.problem = field, problem
        super().__init__(f"{field}: {problem}")


@dataclass(frozen=True, kw_only=True)
class Choices:
    """How to write what a format has no words for."""

    neutral: AsBinary = "error"
    """What a neutral rating becomes where there are only two."""
    unrated: AsBinary = "error"
    """What an unrated step before a rated one becomes (a step that a person
    wrote, say). Unrated steps at the end are left out."""
    step_tag: str = STEP_TAG


def rated_steps(
    steps: Sequence[Step], choices: Choices
) -> tuple[list[str], list[bool] | list[float]]:
    """The steps up to the last rated one, and for each whether (or how surely) it is right.

    Raises:
        CannotExpress: No step is rated, or one is neutral or unrated and the
            user did not say what to make of it.
    """
    n_rated = max(
        (i + 1 for i, s in enumerate(steps) if (s.rating, s.chance) != (None, None)), default=0
    )
    if not n_rated:
        raise CannotExpress("alternative_ratings", "no step that was followed is rated")
    kept = steps[:n_rated]
    texts = [step.text for step in kept]
    if any(step.chance is not None for step in kept):
        soft = [
            float(_is_right(i, step, choices)) if step.chance is None else step.chance
            for i, step in enumerate(kept)
        ]
        return texts, soft
    return texts, [_is_right(i, step, choices) for i, step in enumerate(kept)]


def only_hard(values: list[bool] | list[float], format_name: str) -> list[bool]:
    """The values, if they are not chances.

    Raises:
        CannotExpress: They are.
    """
    hard = [value for value in values if isinstance(value, bool)]
    if len(hard) < len(values):
        raise CannotExpress(
            "chances", f"soft labels have no place in {format_name}; trl and openrlhf take them"
        )
    return hard


def _is_right(i: int, step: Step, choices: Choices) -> bool:
    if step.rating == 0:
        kind, flag, choice = "neutral", "--neutral", choices.neutral
    elif step.rating is None:
        kind, flag, choice = "unrated, but a later one is not", "--unrated", choices.unrated
    else:
        return step.rating == 1
    if choice == "error":
        raise CannotExpress(
            f"alternative_ratings[{i}]", f"this step is {kind}; give {flag} positive or negative"
        )
    return choice == "positive"
