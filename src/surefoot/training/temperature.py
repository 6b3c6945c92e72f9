"""A verifier's temperature, fitted on one half of the held-out problems, judged on the other.

Reads a verifier and held-out ratings or grades; gives the verifier with its
temperature, and a report. What is measured where it was fitted flatters itself,
and steps of one problem resemble each other: hence halves of problems, not steps.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from surefoot.records import RATINGS, Labels, Problem, Solution
from surefoot.training.checks import counted_ratings
from surefoot.verifiers.calibration import Floats, Ints, fit_temperature, measure, tempered
from surefoot.verifiers.folder import Verifier
from surefoot.verifiers.scoring import score_solutions


@dataclass(frozen=True)
class Predicted:
    """What a verifier said, and what was so."""

    problem_ids: Sequence[str]
    """(K,)"""
    chances_KC: Floats
    """Rows sum to 1; the first column is wrong."""
    classes_K: Ints
    """Column of what was so."""


def rated_steps(
    verifier: Verifier,
    problems: Mapping[str, Problem],
    solutions: Mapping[str, Solution],
    labels: Sequence[Labels],
) -> Predicted:
    """A PRM's chances at each rated step that counts in training."""
    rated = [(row, solutions[row.solution_id]) for row in labels]
    scores = score_solutions(verifier, problems, [s for _, s in rated], skip_long=True)
    found = [
        (row.problem_id, score.step_probabilities[step], RATINGS.index(rating))
        for (row, solution), score in zip(rated, scores, strict=True)
        for step, rating in enumerate(counted_ratings(row, solution))
        if rating is not None and score.step_probabilities is not None
    ]
    return _predicted(found, len(RATINGS))


def judged_solutions(
    verifier: Verifier, problems: Mapping[str, Problem], judged: Sequence[tuple[Solution, bool]]
) -> Predicted:
    """An ORM's chance at the last token of each solution, wrong and right."""
    scores = score_solutions(verifier, problems, [s for s, _ in judged], skip_long=True)
    found = [
        (score.problem_id, (1 - score.solution_score, score.solution_score), int(is_right))
        for score, (_, is_right) in zip(scores, judged, strict=True)
    ]
    return _predicted(found, 2)


def calibrated(verifier: Verifier, predicted: Predicted) -> tuple[Verifier, dict[str, Any]]:
    """The verifier with a fitted temperature, and how much that helps.

    Args:
        verifier: Its temperature is 1.
        predicted: What it said of at least two problems; with fewer its
            temperature stays 1.

    Returns:
        The same weights with another temperature; and `temperature`, `fitted_on`
        and `measured_on` (how many ratings), `nll_before`, `nll_after`,
        `ece_before` and `ece_after` on the latter (None with fewer problems).
    """
    is_first_K = _first_half(predicted.problem_ids)
    chances_KC, classes_K = predicted.chances_KC, predicted.classes_K
    rest_KC, rest_K = chances_KC[~is_first_K], classes_K[~is_first_K]
    temperature = 1.0
    report: dict[str, Any] = {"fitted_on": int(is_first_K.sum()), "measured_on": len(rest_K)}
    figures = dict.fromkeys(("nll_before", "nll_after", "ece_before", "ece_after"))
    if is_first_K.any() and len(rest_K):
        temperature = fit_temperature(chances_KC[is_first_K], classes_K[is_first_K])
        before = measure(rest_KC, rest_K)
        after = measure(tempered(rest_KC, temperature), rest_K)
        figures = {
            "nll_before": before.nll,
            "nll_after": after.nll,
            "ece_before": before.ece,
            "ece_after": after.ece,
        }
    settings = replace(verifier.settings, temperature=temperature)
    return replace(verifier, settings=settings), {
        "temperature": temperature,
        **report,
        **figures,
    }


def _first_half(problem_ids: Sequence[str]) -> "np.ndarray[Any, np.dtype[np.bool_]]":
    """Whether each belongs to a problem of the first half; which those are hangs on their ids."""
    distinct = sorted(set(problem_ids), key=lambda i: hashlib.sha256(f"half:{i}".encode()).digest())
    first = set(distinct[: math.ceil(len(distinct) / 2)])
    return np.array([problem_id in first for problem_id in problem_ids], dtype=np.bool_)


def _predicted(found: Sequence[tuple[str, tuple[float, ...], int]], n_choices: int) -> Predicted:
    return Predicted(
        [problem_id for problem_id, _, _ in found],
        np.array([chances for _, chances, _ in found], dtype=np.float64).reshape(-1, n_choices),
        np.array([column for _, _, column in found], dtype=np.int64),
    )
