"""What a comparison of two answers says."""

from typing import NamedTuple


class Outcome(NamedTuple):
    """Whether two answers are equal (None: nobody could tell), and the reason code."""

    equal: bool | None
    reason: str


EQUAL, DIFFERENT = Outcome(True, "equal"), Outcome(False, "different")
UNDECIDED = Outcome(None, "not_proved")
OTHER_KIND = Outcome(False, "different_kind")
OTHER_UNIT = Outcome(False, "different_unit")
OTHER_COUNT = Outcome(False, "different_count")


def proved(verdict: bool | None) -> Outcome:
    """The outcome that a proof of equality (True), of difference or of neither means."""
    return UNDECIDED if verdict is None else EQUAL if verdict else DIFFERENT
