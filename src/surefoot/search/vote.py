"""Voting: take the answer that most solutions, or the best-scored ones, agree on.

Majority voting is the paper's baseline (Wang et al. 2022, self-consistency);
weighted voting lets each solution vote with its score. Which answers are the
same is the caller's business: pass equal keys for equal answers.
"""

from collections.abc import Hashable, Sequence
from typing import TypeVar

import numpy as np

Key = TypeVar("Key", bound=Hashable)

_SAME = 1e-12
"""Relative difference below which two sums of weights are a tie."""


def majority_vote(answers: Sequence[Key | None], generator: np.random.Generator) -> Key | None:
    """The commonest answer.

    Args:
        answers: (N,) Key of each solution's answer; None does not vote.
        generator: Breaks ties, uniformly among the tied answers.

    Returns:
        The winning key, or None if there is no answer at all.

    Example:
        >>> majority_vote(["4", "5", None, "5", None, None], np.random.default_rng(0))
        '5'
    """
    return weighted_vote(answers, [1.0] * len(answers), generator)


def weighted_vote(
    answers: Sequence[Key | None], weights: Sequence[float], generator: np.random.Generator
) -> Key | None:
    """The answer whose solutions have the largest sum of weights.

    Args:
        answers: (N,) Key of each solution's answer; None does not vote.
        weights: (N,) Weight of each vote, finite and >= 0 (a solution score).
        generator: Breaks ties, uniformly among the tied answers. If all
            weights are zero, every answer given is tied.

    Returns:
        The winning key, or None if there is no answer at all.

    Raises:
        ValueError: Lengths differ, or the weight of a vote is negative,
            infinite or NaN.

    Example:
        >>> weighted_vote(["4", "5", "5"], [0.9, 0.2, 0.3], np.random.default_rng(0))
        '4'
    """
    if len(answers) != len(weights):
        raise ValueError(f"lengths differ: {len(answers)} answers, {len(weights)} weights")
    sums: dict[Key, float] = {}
    for answer, weight in zip(answers, weights, strict=True):
        if answer is None:
            continue
        if not 0 <= weight < float("inf"):
            raise ValueError(f"weights of votes must be finite and >= 0, got {weight}")
        sums[answer] = sums.get(answer, 0.0) + weight
    if not sums:
        return None
    largest = max(sums.values())
    tied = [answer for answer, total in sums.items() if total >= largest * (1.0 - _SAME)]
    return tied[int(generator.integers(len(tied)))]
