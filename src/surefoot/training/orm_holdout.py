"""How much an ORM has learned, on problems it has not been trained on.

As for a PRM (`surefoot.training.holdout`): what selection needs is the AUC
within a problem; the pooled one also rewards knowing which problems are hard.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from surefoot.records import Grade, Problem, Solution
from surefoot.verifiers.auc import auc, grouped_auc
from surefoot.verifiers.folder import Verifier
from surefoot.verifiers.scoring import score_solutions


def graded(solutions: Sequence[Solution], grades: Sequence[Grade]) -> list[tuple[Solution, bool]]:
    """Solutions an ORM can learn from, each with whether its answer is right."""
    verdicts = {grade.solution_id: grade.verdict for grade in grades}
    found = [(solution, verdicts.get(solution.solution_id)) for solution in solutions]
    return [
        (solution, verdict == "correct")
        for solution, verdict in found
        if verdict not in (None, "undecided") and solution.steps
    ]


def orm_holdout(
    verifier: Verifier, problems: Mapping[str, Problem], judged: Sequence[tuple[Solution, bool]]
) -> dict[str, Any]:
    """Figures of an ORM on held-out solutions.

    Args:
        verifier: An ORM.
        problems: By id.
        judged: Held out; see `graded`.

    Returns:
        `holdout_problems`, `holdout_solutions`; `holdout_loss` (nats a solution,
        at its last token) and `base_rate_loss`, that of always saying the share
        of right ones among these; `solution_auc` over all pairs and
        `within_problem_auc`. A figure that cannot be had is None.
    """
    scores = score_solutions(verifier, problems, [s for s, _ in judged], skip_long=True)
    values = [score.solution_score for score in scores]
    is_right = [right for _, right in judged]
    chances = [x if right else 1 - x for x, right in zip(values, is_right, strict=True)]
    losses = [-math.log(max(chance, 1e-300)) for chance in chances]
    return {
        "holdout_problems": len({solution.problem_id for solution, _ in judged}),
        "holdout_solutions": len(judged),
        "holdout_loss": math.fsum(losses) / len(losses) if losses else None,
        "base_rate_loss": _entropy(sum(is_right) / len(judged)) if judged else None,
        "solution_auc": auc(values, is_right),
        "within_problem_auc": grouped_auc(values, is_right, [s.problem_id for s in scores]).within,
    }


def _entropy(share: float) -> float:
    return -math.fsum(p * math.log(p) for p in (share, 1 - share) if p > 0)
