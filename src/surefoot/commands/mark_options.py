"""The flags that say which marked labels are to be kept."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from surefoot.records import MARKS, Mark

log = logging.getLogger("surefoot")


@dataclass(frozen=True, kw_only=True)
class KeepsMarked:
    """What a command takes that leaves marked labels out."""

    keep_flagged: bool = False
    """Keep labels of solutions with a step that the rater was unsure of, too."""
    keep_quality_control: bool = False
    """Keep labels of solutions that were served to compare raters, too."""
    keep_screening: bool = False
    """Keep labels of solutions that were an exam for new raters, too."""
    keep_give_up: bool = False
    """Keep labels of solutions that the rater gave up, too."""
    keep_bad_problem: bool = False
    """Keep labels of solutions whose problem the rater called bad, too."""

    def keep(self) -> tuple[Mark, ...]:
        """The marks that do not matter."""
        return tuple(mark for mark in MARKS if getattr(self, f"keep_{mark}"))


def report_left_out(left_out: Mapping[str, int]) -> None:
    """Say how many labels were left out, for which mark, and how to keep them."""
    if counts := ", ".join(f"{n} {mark}" for mark, n in left_out.items() if n):
        log.info("marked labels left out: %s; --keep-... keeps them", counts)
