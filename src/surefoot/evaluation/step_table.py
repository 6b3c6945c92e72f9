"""Rated steps beside what a verifier, or a predictor without eyes, says of them: as columns.

What counts. A step counts if it is rated and no step before it is rated -1: a
verifier is trained up to the first error, and what follows from a mistake is
neither right nor wrong. Where a benchmark knows all wrong steps (`is_whole`)
every rated step counts. A neutral step is right, or wrong, as one chooses; a
step called wrong is one scored below the threshold.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from surefoot.evaluation.estimators import BoolArray, FloatArray, IntArray
from surefoot.evaluation.first_error import NO_ERROR, Judged
from surefoot.records import Labels, Rating
from surefoot.verifiers.aggregate import Neutral, step_score


class RatedSolution(NamedTuple):
    """The ratings of one solution."""

    group: str
    """Id of its problem: within it steps are compared, and it is drawn whole."""
    ratings: tuple[Rating | None, ...]
    """One a step."""
    is_whole: bool = False
    """Whether steps after the first wrong one count too."""
    category: str | None = None

    def counted(self) -> tuple[Rating | None, ...]:
        """The ratings up to the first error, or all; None for steps that do not count."""
        if self.is_whole or -1 not in self.ratings:
            return self.ratings
        end = self.ratings.index(-1) + 1
        return self.ratings[:end] + (None,) * (len(self.ratings) - end)


class Predicted(NamedTuple):
    """What is said of the steps of one solution."""

    step_scores: Sequence[float]
    """(S,) in [0, 1], chance that the step is right."""
    step_probabilities: Sequence[tuple[float, float, float]] | None = None
    """(S, 3) chances of the ratings -1, 0, +1; scores are made again from them."""

    def scores(self, neutral: Neutral) -> list[float]:
        """(S,) chance that the step is right."""
        if self.step_probabilities is None:
            return list(self.step_scores)
        return [step_score(chances, neutral) for chances in self.step_probabilities]


@dataclass(frozen=True, kw_only=True)
class StepTable:
    """All steps that count, one an entry of each column, and the solutions they are from."""

    score: FloatArray
    """(S,) in [0, 1], chance of being right."""
    wrong_chance: FloatArray
    """(S,) chance of being wrong: 1 - score, without its rounding where it can be had."""
    is_right: BoolArray
    """(S,)"""
    rating: NDArray[np.int64]
    """(S,) -1, 0 or 1."""
    chances: FloatArray | None
    """(S, 3) of the ratings -1, 0, +1; None where the verifier does not tell them apart."""
    group: IntArray
    """(S,) number of the step's problem, from 0."""
    judged: list[Judged]
    """Solutions whose first wrong step is known, or of which it is known that none is."""
    judged_group: IntArray
    """The number of each one's problem."""
    n_groups: int
    n_solutions: int


def step_table(
    rated: Sequence[RatedSolution], predicted: Sequence[Predicted], neutral: Neutral
) -> StepTable:
    """The columns.

    Args:
        rated: Solutions.
        predicted: Of the same solutions, in the same order.
        neutral: Whether a step rated 0 is right, and how scores are made of chances.

    Raises:
        ValueError: Some solution has another number of predictions than ratings.
    """
    numbers = {group: i for i, group in enumerate(dict.fromkeys(row.group for row in rated))}
    ratings: list[int] = []
    scores: list[float] = []
    triples: list[tuple[float, float, float]] = []
    groups: list[int] = []
    judged: list[Judged] = []
    judged_groups: list[int] = []
    has_chances = bool(predicted) and all(p.step_probabilities is not None for p in predicted)
    for row, said in zip(rated, predicted, strict=True):
        step_scores = said.scores(neutral)
        if len(step_scores) != len(row.ratings):
            raise ValueError(f"{len(row.ratings)} ratings for {len(step_scores)} predictions")
        for i, rating in enumerate(row.counted()):
            if rating is not None:
                ratings.append(rating)
                scores.append(step_scores[i])
                groups.append(numbers[row.group])
                if has_chances and said.step_probabilities is not None:
                    triples.append(said.step_probabilities[i])
        first = first_wrong(row.ratings, neutral)
        if first is not None:
            judged.append(Judged(step_scores, first))
            judged_groups.append(numbers[row.group])
    rating_column = np.array(ratings, dtype=np.int64)
    score = np.array(scores, dtype=np.float64)
    chances = np.array(triples, dtype=np.float64).reshape(-1, 3) if has_chances else None
    return StepTable(
        score=score,
        wrong_chance=1.0 - score if chances is None else _wrong_chance(chances, neutral),
        is_right=rating_column >= (0 if neutral == "positive" else 1),
        rating=rating_column,
        # A verifier with two answers writes 0 for neutral: it has no third rating.
        chances=chances if chances is not None and chances[:, 1].any() else None,
        group=np.array(groups, dtype=np.int64),
        judged=judged,
        judged_group=np.array(judged_groups, dtype=np.int64),
        n_groups=len(numbers),
        n_solutions=len(rated),
    )


def first_wrong(ratings: Sequence[Rating | None], neutral: Neutral) -> int | None:
    """Index of the first wrong step, `NO_ERROR` if all are right, None if one cannot know.

    One cannot know where no step is wrong and some are unrated, or there are none.
    """
    wrong = (-1,) if neutral == "positive" else (-1, 0)
    found = next((i for i, rating in enumerate(ratings) if rating in wrong), None)
    if found is None and ratings and None not in ratings:
        return NO_ERROR
    return found


def rated_solutions(labels: Iterable[Labels]) -> list[RatedSolution]:
    """One entry for each row of a table of labels."""
    return [RatedSolution(row.problem_id, row.ratings) for row in labels]


def _wrong_chance(chances: FloatArray, neutral: Neutral) -> FloatArray:
    wrong: FloatArray = chances[:, 0] + (chances[:, 1] if neutral == "negative" else 0.0)
    return np.clip(wrong, 0.0, 1.0)
