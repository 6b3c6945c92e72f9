"""Several people about one solution: whose opinion is taken where one has to be."""

from collections import Counter
from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias

Take: TypeAlias = Literal["all", "one"]
"""Every opinion, or one for each task."""


class Standing(NamedTuple):
    """What is needed of an opinion to choose between several."""

    first_error: int | None
    """0-based; None where no step is wrong."""
    is_whole: bool
    """Rated to the first error or to the end, not given up."""
    is_trusted: bool = True
    """False if the rater is paused or blocked."""
    holds: bool = False
    """A lead decided so."""


def chosen(opinions: Sequence[Standing]) -> int:
    """The opinion that stands for all: its index.

    The one that a lead chose. Else, of the whole ones, the first of those that
    agree with most others on the first error; where two first errors are
    equally common, the one that was said first. Raters who are paused or blocked
    count only if there are no others, opinions that are not whole likewise.

    Args:
        opinions: At least one, the oldest first.
    """
    for index, opinion in enumerate(opinions):
        if opinion.holds:
            return index
    best = max((o.is_whole, o.is_trusted) for o in opinions)
    among = [i for i, o in enumerate(opinions) if (o.is_whole, o.is_trusted) == best]
    said = Counter(opinions[i].first_error for i in among)
    # Of equal counts `max` keeps the first, and `among` is in order of time.
    return max(among, key=lambda i: said[opinions[i].first_error])
