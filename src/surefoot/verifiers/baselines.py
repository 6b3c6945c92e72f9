"""What a verifier has to beat: predictors that see no words, only places or lengths.

A step's rating is guessed from how often steps with the same *feature* were
rated so: the same place in the solution, or about the same length. No torch here.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from surefoot.records import RATINGS, Rating

Feature: TypeAlias = Callable[[Sequence[str], int], Hashable]
"""From the steps of a solution and a step's index to what the guess depends on."""
Rated: TypeAlias = tuple[Sequence[str], Sequence[Rating | None]]
"""The steps of a solution, and ratings of the first of them, or of all."""

LENGTH_BINS = 8
"""Of each of the two lengths."""


def place(steps: Sequence[str], step: int) -> tuple[int, bool]:
    """Index of the step, and whether it is the last one."""
    return step, step + 1 == len(steps)


@dataclass(frozen=True)
class RatePredictor:
    """Guesses a step's rating from the ratings of steps with the same feature."""

    feature: Feature
    counts: Mapping[Hashable, Counter[Rating]]

    @classmethod
    def fitted(cls, rated: Iterable[Rated], feature: Feature = place) -> "RatePredictor":
        """Counts the ratings of each value of the feature; unrated steps do not count."""
        counts: defaultdict[Hashable, Counter[Rating]] = defaultdict(Counter)
        for steps, ratings in rated:
            for step, rating in enumerate(ratings):
                if rating is not None:
                    counts[feature(steps, step)][rating] += 1
        return cls(feature, dict(counts))

    def probability(self, steps: Sequence[str], step: int, rating: Rating) -> float:
        """In (0, 1); one is added to each count, so that nothing is impossible."""
        counts = self.counts.get(self.feature(steps, step), Counter())
        return (counts[rating] + 1) / (counts.total() + len(RATINGS))

    def probabilities(self, steps: Sequence[str]) -> tuple[tuple[float, float, float], ...]:
        """(S, 3) chances of the ratings -1, 0, +1 for each step, as a verifier gives them."""
        wrong, neutral, right = RATINGS
        return tuple(
            (
                self.probability(steps, step, wrong),
                self.probability(steps, step, neutral),
                self.probability(steps, step, right),
            )
            for step in range(len(steps))
        )


@dataclass(frozen=True)
class Lengths:
    """A feature: which eighth of all steps this one is in by its length, and by the text's so far.

    Lengths are in characters; the text so far ends with the step.
    """

    step_edges: tuple[int, ...]
    """Rising; a length is in bin i if i of them are not above it."""
    text_edges: tuple[int, ...]

    @classmethod
    def fitted(cls, rated: Iterable[Rated]) -> "Lengths":
        """Bins that hold about equally many of the rated steps."""
        lengths = [
            (len(steps[i]), sum(map(len, steps[: i + 1])))
            for steps, ratings in rated
            for i, rating in enumerate(ratings)
            if rating is not None
        ]
        return cls(_edges([step for step, _ in lengths]), _edges([text for _, text in lengths]))

    def __call__(self, steps: Sequence[str], step: int) -> tuple[int, int]:
        """Both bins, from 0."""
        text = sum(map(len, steps[: step + 1]))
        return bisect_right(self.step_edges, len(steps[step])), bisect_right(self.text_edges, text)


def _edges(lengths: Sequence[int]) -> tuple[int, ...]:
    """The quantiles between the bins; equal ones once."""
    if not lengths:
        return ()
    ordered = sorted(lengths)
    places = (i * len(ordered) // LENGTH_BINS for i in range(1, LENGTH_BINS))
    return tuple(sorted({ordered[at] for at in places}))
