"""How well step scores find the first wrong step of a solution.

A verifier says that the first step scored below a threshold is the first wrong
one, or that none is. Accuracy is counted apart on solutions with a wrong step
and on those without; F1 is their harmonic mean, so that a verifier which finds
fault with everything, or nothing, gets 0.

Source: Zheng et al. 2024, ProcessBench (arXiv:2412.06559), section 3.4.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

NO_ERROR = -1
"""Stands for "no step is wrong", as ProcessBench writes it."""
THRESHOLD = 0.5


class Judged(NamedTuple):
    """One solution with its first wrong step."""

    step_scores: Sequence[float]
    """(S,) in [0, 1], chance that each step is right."""
    first_error: int
    """0-based index of the first wrong step, or `NO_ERROR`."""


class FirstErrors(NamedTuple):
    """How often the first wrong step was found."""

    erroneous_accuracy: float | None
    """Share, among solutions with a wrong step, where exactly the first one was
    named; None if there are none."""
    correct_accuracy: float | None
    """Share, among solutions without, where none was named; None if there are none."""
    f1: float | None
    """Harmonic mean of both; 0 if both are 0; None if one is None."""
    n_erroneous: int
    n_correct: int


def first_below(step_scores: Sequence[float], threshold: float = THRESHOLD) -> int:
    """Index of the first step scored below the threshold, or `NO_ERROR`.

    Example:
        >>> first_below([0.9, 0.5, 0.2, 0.1]), first_below([0.9, 0.5])
        (2, -1)
    """
    return next((i for i, score in enumerate(step_scores) if score < threshold), NO_ERROR)


def first_errors(rows: Sequence[Judged], threshold: float = THRESHOLD) -> FirstErrors:
    """Accuracies and F1 at a threshold.

    Example:
        >>> found = first_errors([Judged([0.9, 0.2], 1), Judged([0.4], -1), Judged([0.8], -1)])
        >>> found.erroneous_accuracy, found.correct_accuracy, round(found.f1, 3)
        (1.0, 0.5, 0.667)
    """
    hits: dict[bool, list[bool]] = {True: [], False: []}
    for row in rows:
        found = first_below(row.step_scores, threshold)
        hits[row.first_error == NO_ERROR].append(found == row.first_error)
    erroneous, correct = (_share(hits[is_correct]) for is_correct in (False, True))
    return FirstErrors(
        erroneous, correct, _harmonic(erroneous, correct), len(hits[False]), len(hits[True])
    )


def best_threshold(rows: Sequence[Judged]) -> float | None:
    """The threshold with the highest F1 on these solutions, exactly.

    A solution is judged rightly at the thresholds of one interval: above the
    score of its first wrong step and not above any score before it. So only the
    upper ends of these intervals need to be tried. Of equally good ones the one
    nearest to 0.5 is taken, the lower of two.

    Returns:
        A threshold in [0, 1]; None unless there are solutions of both sorts.
    """
    intervals = {True: _intervals(rows, True), False: _intervals(rows, False)}
    sizes = {kind: sum((row.first_error == NO_ERROR) is kind for row in rows) for kind in intervals}
    if not all(sizes.values()):
        return None
    ends = np.unique(np.concatenate([part[:, 1] for part in intervals.values()]))
    if not len(ends):
        return THRESHOLD
    shares = [
        (
            np.searchsorted(np.sort(part[:, 0]), ends, side="left")
            - np.searchsorted(np.sort(part[:, 1]), ends, side="left")
        )
        / sizes[kind]
        for kind, part in intervals.items()
    ]
    total = shares[0] + shares[1]
    f1 = np.divide(2 * shares[0] * shares[1], total, out=np.zeros_like(total), where=total > 0)
    best = ends[np.isclose(f1, f1.max(), rtol=1e-12, atol=0)]
    return float(min(best, key=lambda t: (abs(t - THRESHOLD), t)))


def _intervals(rows: Sequence[Judged], is_correct: bool) -> NDArray[np.float64]:
    """(n, 2) above the first, up to the second; what no threshold judges rightly drops out."""
    found = []
    for row in rows:
        if (row.first_error == NO_ERROR) is not is_correct:
            continue
        before = row.step_scores if is_correct else row.step_scores[: row.first_error]
        low = -1.0 if is_correct else row.step_scores[row.first_error]
        high = min(before, default=1.0)
        if low < high:
            found.append((low, high))
    return np.array(found, dtype=np.float64).reshape(-1, 2)


def _share(hits: Sequence[bool]) -> float | None:
    return sum(hits) / len(hits) if hits else None


def _harmonic(one: float | None, other: float | None) -> float | None:
    if one is None or other is None:
        return None
    return 2 * one * other / (one + other) if one + other else 0.0
