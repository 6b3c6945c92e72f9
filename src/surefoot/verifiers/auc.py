"""How well scores separate right from wrong: pooled and within problems.

A verifier chooses among solutions of *one* problem. A pooled AUC also rewards it
for knowing which problems are hard, which helps no choice: it can be 0.9 where
best-of-N is no better than chance. The AUC within problems counts only pairs of
the same problem; watch that one. No torch here.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from surefoot.records import Labels, Scores


class Auc(NamedTuple):
    """Chance that a right one is scored above a wrong one; ties count half."""

    pooled: float | None
    """Over all pairs; None where all are right or all wrong."""
    within: float | None
    """Mean over problems that have both, each problem counted once; None if none has."""
    problems: int
    """Problems that have both."""


def auc(
    scores: Sequence[float] | NDArray[np.float64], is_right: Sequence[bool] | NDArray[np.bool_]
) -> float | None:
    """Area under the ROC curve, as the Mann-Whitney statistic.

    Args:
        scores: (S,) No NaN; infinities are ordinary.
        is_right: (S,)

    Returns:
        Chance in [0, 1] that a random right one is scored above a random wrong
        one, ties half; None if there is no right or no wrong one.

    Raises:
        ValueError: Lengths differ or a score is NaN.

    Example:
        >>> auc([0.9, 0.5, 0.5, 0.1], [True, True, False, False])
        0.875
    """
    score = np.asarray(scores, dtype=np.float64)
    right = np.asarray(is_right, dtype=np.bool_)
    if len(score) != len(right):
        raise ValueError(f"lengths differ: {len(score)} scores, {len(right)} grades")
    if np.isnan(score).any():
        raise ValueError("a score is NaN")
    n_right, n_wrong = int(right.sum()), int((~right).sum())
    if n_right == 0 or n_wrong == 0:
        return None
    _, place, count = np.unique(score, return_inverse=True, return_counts=True)
    wrong_at = np.bincount(place, weights=~right, minlength=len(count))
    wrong_below = np.cumsum(wrong_at) - wrong_at / 2.0
    return float(wrong_below[place[right]].sum() / (n_right * n_wrong))


def grouped_auc(
    scores: Sequence[float], is_right: Sequence[bool], groups: Sequence[Hashable]
) -> Auc:
    """Pooled AUC and the mean AUC within groups (problems).

    Raises:
        ValueError: As `auc`, or `groups` has another length.
    """
    members: dict[Hashable, list[int]] = {}
    for row, group in enumerate(groups):
        members.setdefault(group, []).append(row)
    if len(groups) != len(scores):
        raise ValueError(f"lengths differ: {len(scores)} scores, {len(groups)} groups")
    score, right = np.asarray(scores, np.float64), np.asarray(is_right, np.bool_)
    each = [auc(score[rows], right[rows]) for rows in members.values()]
    known = [value for value in each if value is not None]
    within = float(np.mean(known)) if known else None
    return Auc(auc(score, right), within, len(known))


def step_auc(scores: Iterable[Scores], labels: Mapping[str, Labels]) -> Auc:
    """AUC of step scores against ratings: -1 is wrong, 0 and +1 are right.

    Args:
        scores: Step scores; solutions without labels are passed over.
        labels: Labels by solution_id. Unrated steps are passed over, as are
            steps of which one table has more than the other.
    """
    values: list[float] = []
    right: list[bool] = []
    problems: list[str] = []
    for row in scores:
        rated = labels.get(row.solution_id)
        if rated is None:
            continue
        for score, rating in zip(row.step_scores, rated.ratings, strict=False):
            if rating is not None:
                values.append(score)
                right.append(rating >= 0)
                problems.append(row.problem_id)
    return grouped_auc(values, right, problems)
