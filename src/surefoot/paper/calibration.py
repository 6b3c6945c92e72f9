"""Is a step scored 0.9 right nine times in ten? By the exact checker, on held-out problems.

Before and after temperature scaling: one number, fitted on half of the held-out
problems, judged on the other half.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from surefoot.evaluation.estimators import FloatArray
from surefoot.evaluation.figures import INK, STYLES, tint
from surefoot.evaluation.step_metrics import calibration as reliability
from surefoot.paper import figure3
from surefoot.paper.experiment import Findings
from surefoot.paper.lab import Lab
from surefoot.paper.materials import Sources
from surefoot.paper.trials import Claim
from surefoot.records import RATINGS, Labels, Scores
from surefoot.tables import read
from surefoot.verifiers.calibration import fit_temperature, measure, tempered

LOW, HIGH = 0.85, 0.95
"""Scores that count as 0.9."""


@dataclass(frozen=True)
class Steps:
    """Rated steps: what the PRM said of each, and what the checker says."""

    chances_KC: FloatArray
    classes_K: NDArray[np.int64]
    is_first_K: NDArray[np.bool_]
    """Whether its problem belongs to the half that the temperature is fitted on."""


def run(lab: Lab, sources: Sources, scale: figure3.Scale) -> Findings:
    """The reliability of the PRM of Figure 3, its first training."""
    made = figure3.prepare(lab, sources, scale)
    steps = _steps(read(made.prm[0], Scores), read(made.pool.labels, Labels))
    fitted, judged = steps.is_first_K, ~steps.is_first_K
    temperature = fit_temperature(steps.chances_KC[fitted], steps.classes_K[fitted])
    series: dict[str, FloatArray] = {
        "before": steps.chances_KC[judged],
        "after": tempered(steps.chances_KC[judged], temperature),
    }
    classes = steps.classes_K[judged]
    numbers = {name: _figures(chances, classes) for name, chances in series.items()}
    return Findings(
        title="Calibration",
        setting=(
            f"The first PRM of Figure 3 on {len(classes)} steps up to the first error of solutions"
            f" to {scale.test_problems // 2} held-out problems; temperature {temperature:.2f},"
            f" fitted on {int(fitted.sum())} steps of the others."
        ),
        claims=[_nine_in_ten(name, numbers[name]) for name in series] + [_better(numbers)],
        numbers={"temperature": temperature, **numbers},
        figures={"calibration": _figure(numbers)},
    )


def _steps(scores: list[Scores], labels: list[Labels]) -> Steps:
    said = {row.solution_id: row for row in scores}
    chances, classes, problems = [], [], []
    for row in labels:
        score = said[row.solution_id]
        for step, rating in enumerate(row.ratings):
            if rating is not None and score.step_probabilities is not None:
                chances.append(score.step_probabilities[step])
                classes.append(RATINGS.index(rating))
                problems.append(row.problem_id)
    half = set(sorted(set(problems))[::2])
    return Steps(
        np.array(chances, dtype=np.float64),
        np.array(classes, dtype=np.int64),
        np.array([problem in half for problem in problems], dtype=np.bool_),
    )


def _figures(chances_KC: FloatArray, classes_K: NDArray[np.int64]) -> dict[str, Any]:
    score, is_right = 1 - chances_KC[:, 0], classes_K > 0
    near = (score >= LOW) & (score < HIGH)
    found = measure(chances_KC, classes_K)
    return {
        "near_0.9": {
            "steps": int(near.sum()),
            "mean_score": float(score[near].mean()) if near.any() else None,
            "share_right": float(is_right[near].mean()) if near.any() else None,
        },
        "nll": found.nll,
        "ece": found.ece,
        "bins": reliability(score, is_right),
    }


def _nine_in_ten(name: str, numbers: dict[str, Any]) -> Claim:
    near = numbers["near_0.9"]
    if not near["steps"]:
        here, holds = f"{name} scaling no step is scored so", None
    else:
        here = (
            f"{name} scaling {100 * near['share_right']:.1f} % of {near['steps']} steps with a mean"
            f" score of {near['mean_score']:.3f} are right; calibration error {numbers['ece']:.3f}"
        )
        holds = bool(abs(near["share_right"] - near["mean_score"]) < 0.05)
    return Claim(
        paper="(no claim of the paper) a step scored 0.85 to 0.95 is right nine times in ten,"
        " within 5 points.",
        here=here,
        holds=holds,
    )


def _better(numbers: dict[str, Any]) -> Claim:
    before, after = numbers["before"], numbers["after"]
    return Claim(
        paper="(no claim of the paper) a temperature mends the chances.",
        here=f"nats a step {before['nll']:.4f} before, {after['nll']:.4f} after; calibration error"
        f" {before['ece']:.3f} before, {after['ece']:.3f} after",
        holds=after["ece"] < before["ece"] and after["nll"] < before["nll"],
    )


def _figure(numbers: dict[str, Any]) -> Figure:
    figure = Figure(figsize=(4.8, 4.6), layout="constrained")
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color=INK, linestyle=":", linewidth=1)
    for name, like in (("before", "orm"), ("after", "prm")):
        bins = [b for b in numbers[name]["bins"] if b["steps"]]
        axes.plot(
            [b["mean_score"] for b in bins],
            [b["share_right"] for b in bins],
            color=STYLES[like].colour,
            marker=STYLES[like].marker,
            label=f"{name} temperature scaling",
        )
    axes.set_xlabel("score of the step")
    axes.set_ylabel("share right, by the checker")
    axes.set_title("Calibration of the PRM", color=INK)
    axes.legend(frameon=False, fontsize=9)
    tint(axes)
    return figure
