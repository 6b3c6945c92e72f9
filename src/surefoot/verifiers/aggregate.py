"""Step scores to one solution score (no torch).

The paper's solution score is the chance that every step is right: the product
of the steps' chances, a neutral step counted as right. Its appendix compares
the product with the minimum, and neutral as right with neutral as wrong.
"""

import math
from collections.abc import Sequence
from typing import Literal, TypeAlias, get_args

Aggregation: TypeAlias = Literal["product", "min", "mean", "last"]
Neutral: TypeAlias = Literal["positive", "negative"]

AGGREGATIONS: tuple[Aggregation, ...] = get_args(Aggregation)


def step_score(probabilities: Sequence[float], neutral: Neutral = "positive") -> float:
    """Chance that a step is right.

    Args:
        probabilities: (3,) Chance of the ratings -1, 0, +1; they sum to 1.
        neutral: Whether a neutral step counts as right (the paper) or not.

    Returns:
        A probability in [0, 1].

    Example:
        >>> step_score([0.25, 0.25, 0.5]), step_score([0.25, 0.25, 0.5], neutral="negative")
        (0.75, 0.5)
    """
    _, zero, plus = probabilities
    return min(1.0, zero + plus) if neutral == "positive" else plus


def aggregate(step_scores: Sequence[float], how: Aggregation = "product") -> float:
    """One solution score from the step scores.

    Args:
        step_scores: (S,) Each in [0, 1].
        how: `product` (the paper's), `min`, `mean`, or `last` (the last step's).

    Returns:
        A score in [0, 1]. A solution without steps gets 0 however it is
        aggregated: an empty product would make it the best of all.

    Raises:
        ValueError: A score is NaN or outside [0, 1].

    Source:
        Lightman et al. 2023, section 2.6 and appendix F (arXiv:2305.20050).

    Example:
        >>> scores = [1.0, 0.5, 0.75]
        >>> [round(aggregate(scores, how), 3) for how in ("product", "min", "mean", "last")]
        [0.375, 0.5, 0.75, 0.75]
    """
    for score in step_scores:
        if not 0 <= score <= 1:
            raise ValueError(f"a step score must be in [0, 1], got {score}")
    if not step_scores:
        return 0.0
    if how == "product":
        return math.exp(log_product(step_scores))
    if how == "min":
        return min(step_scores)
    if how == "mean":
        return math.fsum(step_scores) / len(step_scores)
    return step_scores[-1]


def log_product(step_scores: Sequence[float]) -> float:
    """Logarithm of the product, in nats; -inf if a score is 0.

    It still ranks long solutions whose product is below the smallest float.
    """
    if min(step_scores, default=1.0) == 0:
        return -math.inf
    return math.fsum(map(math.log, step_scores))
