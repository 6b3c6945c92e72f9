"""How much a PRM has learned, on problems it has not been trained on.

The pooled AUC of steps is a trap: a PRM that has only learned which problems,
and which places in a solution, are hard has a high one, and yet best-of-N with
it is no better than chance. What selection needs is the *within-problem* AUC:
how often a right solution outscores a wrong one to the same problem. So both
are reported, and the loss beside that of a predictor that sees nothing but the
step's position.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import Any

from surefoot.records import RATINGS, Labels, Problem, Scores, Solution
from surefoot.training.checks import counted_ratings
from surefoot.verifiers.auc import auc, grouped_auc
from surefoot.verifiers.baselines import RatePredictor
from surefoot.verifiers.folder import Verifier
from surefoot.verifiers.scoring import BATCH_TOKENS, score_solutions


def is_held_out(problem_id: str, share: float, seed: int = 0) -> bool:
    """Whether this problem is one of the share (in [0, 1]) that is held out."""
    digest = hashlib.sha256(f"{seed}:{problem_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64


def prm_holdout(
    verifier: Verifier,
    problems: Mapping[str, Problem],
    solutions: Mapping[str, Solution],
    labels: Sequence[Labels],
    trained_on: Sequence[Labels],
    *,
    batch_tokens: int = BATCH_TOKENS,
) -> dict[str, Any]:
    """Figures of a PRM on held-out labels.

    Args:
        verifier: A PRM.
        problems: By id.
        solutions: By id.
        labels: Held out.
        trained_on: The labels of the training problems, for the position predictor.
        batch_tokens: Of scoring.

    Returns:
        `holdout_steps`, `holdout_problems`; `holdout_loss` and `position_loss`
        (nats a step); `step_auc` (neutral counts as right) and
        `within_problem_auc` of the product score, where a solution is right if
        all its steps are rated and none is -1, wrong if one is. A figure that
        cannot be had is None.
    """
    rated = [(row, solutions[row.solution_id]) for row in labels]
    # What is too long is what comes after the last rated step: nobody reads that score.
    scores = score_solutions(
        verifier, problems, [s for _, s in rated], batch_tokens=batch_tokens, skip_long=True
    )
    known = ((solutions[row.solution_id], row) for row in trained_on)
    predictor = RatePredictor.fitted((s.steps, counted_ratings(row, s)) for s, row in known)
    step_scores: list[float] = []
    step_is_right: list[bool] = []
    losses: list[float] = []
    position_losses: list[float] = []
    for (row, solution), score in zip(rated, scores, strict=True):
        for step, rating in enumerate(counted_ratings(row, solution)):
            if rating is None or score.step_probabilities is None:
                continue
            step_scores.append(score.step_scores[step])
            step_is_right.append(rating >= 0)
            chance = score.step_probabilities[step][RATINGS.index(rating)]
            losses.append(-math.log(max(chance, 1e-300)))
            position_losses.append(-math.log(predictor.probability(solution.steps, step, rating)))
    return {
        "holdout_problems": len({row.problem_id for row in labels}),
        "holdout_steps": len(losses),
        "holdout_loss": _mean(losses),
        "position_loss": _mean(position_losses),
        "step_auc": auc(step_scores, step_is_right),
        "within_problem_auc": _judged_auc(labels, scores),
    }


def _judged_auc(labels: Sequence[Labels], scores: Sequence[Scores]) -> float | None:
    """Within-problem AUC over the solutions whose ratings decide right or wrong."""
    judged = [
        (row, score)
        for row, score in zip(labels, scores, strict=True)
        if row.first_error is not None or (row.ratings and None not in row.ratings)
    ]
    values = [score.solution_score for _, score in judged]
    is_right = [row.first_error is None for row, _ in judged]
    return grouped_auc(values, is_right, [score.problem_id for _, score in judged]).within


def _mean(values: Sequence[float]) -> float | None:
    return math.fsum(values) / len(values) if values else None
