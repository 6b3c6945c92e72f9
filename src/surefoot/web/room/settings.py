"""What a project asks of its raters; kept in the database, sent to the page."""

import dataclasses
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Choices of a project."""

    show_answer: bool = True
    """Whether raters see the reference answer."""
    ask_alternatives: bool = False
    """Phase 2: whether other texts for the wrong step are rated."""
    ask_progress: bool = False
    """Phase 2: whether raters say how far the solution got."""
    ask_critique: bool = False
    """Phase 2: whether critiques of the first error are rated or written."""
    show_rate: bool = True
    """Whether raters see how many they rate in an hour."""
    per_problem_a_day: int = 2
    """Solutions of one problem that a rater gets in 24 hours; 0: any number."""
    lease_minutes: int = 15
    """How long work is held for a rater of whom nothing is heard."""
    pass_mark: int = 23
    """Right answers that pass the screening."""
    gold_every: int = 12
    """One solution in so many is a gold question; 0: none."""
    pause_below: float = 0.75
    """Raters who are right on a smaller share of gold questions, surely enough, are paused."""
    pause_certainty: float = 0.95
    """How sure it must be, in (0, 1); 1: nobody is paused by the program."""
    is_adaptive: bool = True
    """Whether a third opinion is asked for where two differ on the first error, and a
    lead where three do."""

    def written(self) -> dict[str, Any]:
        """As JSON."""
        return dataclasses.asdict(self)


def read_settings(value: dict[str, Any]) -> Settings:
    """Settings out of the database; names that an older or newer version had are passed over."""
    known = {field.name for field in dataclasses.fields(Settings)}
    return Settings(**{name: held for name, held in value.items() if name in known})
