"""PRMScore, PRMBench's own figure: does a verifier know every wrong step, and every right one?

The mean of the F1 of wrong steps and the F1 of right steps, over all steps of
the modified solutions together.

Source: Song et al. 2025, PRMBench (arXiv:2501.03124), section 4; the authors'
script `mr_eval/tasks/prmtest_classified/task.py`.
"""

from collections.abc import Sequence
from typing import Any

from surefoot.evaluation.layouts.prmbench import ORIGINAL
from surefoot.evaluation.step_metrics import precision_recall
from surefoot.evaluation.step_table import Predicted, RatedSolution, StepTable, step_table
from surefoot.verifiers.aggregate import Neutral


def prm_scores(
    rated: Sequence[RatedSolution],
    predicted: Sequence[Predicted],
    threshold: float,
    neutral: Neutral = "positive",
) -> dict[str, Any] | None:
    """The score of all modified solutions and of each kind of mistake.

    The original solutions do not count. Where no step is wrong, as among
    PRMBench's `multi_solutions`, there is no F1 of wrong steps, and no score.

    Returns:
        None if no solution was modified.
    """
    rows = [
        (row, said)
        for row, said in zip(rated, predicted, strict=True)
        if row.category not in (None, ORIGINAL)
    ]
    if not rows:
        return None

    def score(kind: str | None) -> dict[str, Any]:
        kept = [pair for pair in rows if kind is None or pair[0].category == kind]
        return _score(step_table([r for r, _ in kept], [s for _, s in kept], neutral), threshold)

    kinds = sorted({str(row.category) for row, _ in rows})
    return {**score(None), "by_category": {kind: score(kind) for kind in kinds}}


def _score(table: StepTable, threshold: float) -> dict[str, Any]:
    called_right = table.score >= threshold
    right = precision_recall(table.is_right, called_right)
    wrong = precision_recall(~table.is_right, ~called_right)
    has_both = right["steps"] and wrong["steps"]
    return {
        "prm_score": (right["f1"] + wrong["f1"]) / 2 if has_both else None,
        "right_f1": right["f1"],
        "wrong_f1": wrong["f1"] if wrong["steps"] else None,
        "steps": len(table.score),
    }
