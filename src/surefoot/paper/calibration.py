"""Is a step scored 0.9 right nine times in ten? By the exact checker, on held-out problems.

Of solutions that were sampled as those to be chosen among are, and of others sampled as
those that the PRM learned from: at a higher temperature, so wrong more often. Before and
after temperature scaling: one number, fitted on half of the held-out problems, judged
on the other half.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from surefoot.evaluation.estimators import FloatArray
from surefoot.evaluation.figures import INK, STYLES, tint
from surefoot.evaluation.intervals import LEVEL, resampled_shares
from surefoot.evaluation.step_metrics import calibration as reliability
from surefoot.paper import figure3
from surefoot.paper.experiment import Findings
from surefoot.paper.lab import Lab
from surefoot.paper.materials import Sampled, Sources, sampled, scored
from surefoot.paper.trials import Claim, Estimate, percent
from surefoot.records import RATINGS, Labels, Scores
from surefoot.tables import count_rows, read
from surefoot.verifiers.calibration import fit_temperature, measure, tempered

LOW, HIGH = 0.85, 0.95
"""Scores that count as 0.9."""
NEAR = 0.05
"""How far the share that is right may be from the score; the whole interval counts."""


@dataclass(frozen=True)
class Steps:
    """K rated steps: what the PRM said of each, and what the checker says."""

    chances_KC: FloatArray
    classes_K: NDArray[np.int64]
    problem_K: NDArray[np.int64]

    def where(self, wanted_K: NDArray[np.bool_]) -> "Steps":
        """Some of them."""
        return Steps(self.chances_KC[wanted_K], self.classes_K[wanted_K], self.problem_K[wanted_K])


def run(lab: Lab, sources: Sources, scale: figure3.Scale) -> Findings:
    """The reliability of the PRM of Figure 3, its first training."""
    made = figure3.prepare(lab, sources, scale)
    as_learned = sampled(lab, sources, made.pool.problems, made.generator, scale.pool_n)
    again = scored(lab, as_learned.problems, as_learned.solutions, made.prms[0])
    numbers = {
        f"at {sources.temperature:g}, as tested": _judged(made.pool, made.prm[0]),
        f"at {sources.train_temperature:g}, as learned from": _judged(as_learned, again),
    }
    return Findings(
        title="Calibration",
        setting=(
            "The first PRM of Figure 3, steps up to the first error of solutions to"
            f" {count_rows(made.pool.problems) // 2} held-out problems, sampled at two"
            " temperatures; scaling fitted on the steps of as many others."
        ),
        claims=[claim for name in numbers for claim in _claims(name, numbers[name])],
        numbers=numbers,
        figures={"calibration": _figure(numbers)},
        table=_table(numbers),
    )


def _judged(pool: Sampled, scores: Path) -> dict[str, Any]:
    """Before and after, on the problems that the temperature was not fitted on."""
    steps = _steps(read(scores, Scores), read(pool.labels, Labels))
    is_first_K = steps.problem_K % 2 == 0
    fitted, judged = steps.where(is_first_K), steps.where(~is_first_K)
    temperature = fit_temperature(fitted.chances_KC, fitted.classes_K)
    after = Steps(tempered(judged.chances_KC, temperature), judged.classes_K, judged.problem_K)
    return {
        "temperature": temperature,
        "steps": len(judged.classes_K),
        "fitted_on": len(fitted.classes_K),
        "before": _figures(judged),
        "after": _figures(after),
    }


def _steps(scores: list[Scores], labels: list[Labels]) -> Steps:
    said = {row.solution_id: row for row in scores}
    names = sorted({row.problem_id for row in labels})
    number = {name: i for i, name in enumerate(names)}
    chances, classes, problems = [], [], []
    for row in labels:
        score = said[row.solution_id]
        for step, rating in enumerate(row.ratings):
            if rating is not None and score.step_probabilities is not None:
                chances.append(score.step_probabilities[step])
                classes.append(RATINGS.index(rating))
                problems.append(number[row.problem_id])
    return Steps(
        np.array(chances, dtype=np.float64),
        np.array(classes, dtype=np.int64),
        np.array(problems, dtype=np.int64),
    )


def _figures(steps: Steps) -> dict[str, Any]:
    score, is_right = 1 - steps.chances_KC[:, 0], steps.classes_K > 0
    near = (score >= LOW) & (score < HIGH)
    found = measure(steps.chances_KC, steps.classes_K)
    right = _share(is_right[near], steps.problem_K[near]) if near.any() else None
    return {
        "near_0.9": {
            "steps": int(near.sum()),
            "mean_score": float(score[near].mean()) if near.any() else None,
            "right": None if right is None else [right.mean, right.low, right.high],
        },
        "nll": found.nll,
        "ece": found.ece,
        "bins": reliability(score, is_right),
    }


def _share(is_right_K: NDArray[np.bool_], problem_K: NDArray[np.int64]) -> Estimate:
    """The share that is right; the interval draws whole problems again."""
    _, problem_K = np.unique(problem_K, return_inverse=True)
    right_P, all_P = np.bincount(problem_K, is_right_K), np.bincount(problem_K)
    shares_RP = resampled_shares(len(all_P))
    tail = 100.0 * (1.0 - LEVEL) / 2.0
    drawn_R = (shares_RP @ right_P) / (shares_RP @ all_P)
    low, high = np.percentile(drawn_R, [tail, 100.0 - tail])
    return Estimate(mean=float(is_right_K.mean()), low=float(low), high=float(high))


def _claims(name: str, numbers: dict[str, Any]) -> list[Claim]:
    return [
        *(_nine_in_ten(name, when, numbers[when]["near_0.9"]) for when in ("before", "after")),
        _better(name, numbers),
    ]


def _nine_in_ten(name: str, when: str, near: dict[str, Any]) -> Claim:
    here, holds = f"sampled {name}, {when} scaling: no step is scored so", None
    if near["right"] is not None:
        mean, low, high = near["right"]
        share = percent(Estimate(mean=mean, low=low, high=high))
        here = (
            f"sampled {name}, {when} scaling: of {near['steps']} steps with a mean score of"
            f" {near['mean_score']:.3f} are right {share}"
        )
        low, high = low - near["mean_score"], high - near["mean_score"]
        is_far = low > NEAR or high < -NEAR
        holds = True if low >= -NEAR and high <= NEAR else False if is_far else None
    return Claim(
        paper="steps scored 0.85 to 0.95 are right as often as that says,"
        f" within {100 * NEAR:.0f} points.",
        here=here,
        holds=holds,
        is_papers=False,
    )


def _better(name: str, numbers: dict[str, Any]) -> Claim:
    before, after = numbers["before"], numbers["after"]
    return Claim(
        paper="a temperature mends the chances.",
        here=f"sampled {name}: {numbers['temperature']:.2f}; nats a step {before['nll']:.4f}"
        f" before, {after['nll']:.4f} after; calibration error {before['ece']:.3f} before,"
        f" {after['ece']:.3f} after",
        holds=after["ece"] < before["ece"] and after["nll"] < before["nll"],
        is_papers=False,
    )


def _table(numbers: dict[str, Any]) -> str:
    lines = [
        "| sampled | scaling | steps | calibration error before, after | nats before, after |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, found in numbers.items():
        before, after = found["before"], found["after"]
        lines.append(
            f"| {name} | {found['temperature']:.2f} | {found['steps']}"
            f" | {before['ece']:.3f}, {after['ece']:.3f}"
            f" | {before['nll']:.4f}, {after['nll']:.4f} |"
        )
    return "\n".join(lines)


def _figure(numbers: dict[str, Any]) -> Figure:
    figure = Figure(figsize=(8.4, 4.4), layout="constrained")
    for axes, (name, found) in zip(
        figure.subplots(1, 2, sharey=True), numbers.items(), strict=True
    ):
        axes.plot([0, 1], [0, 1], color=INK, linestyle=":", linewidth=1)
        for when, like in (("before", "orm"), ("after", "prm")):
            bins = [b for b in found[when]["bins"] if b["steps"]]
            axes.plot(
                [b["mean_score"] for b in bins],
                [b["share_right"] for b in bins],
                color=STYLES[like].colour,
                marker=STYLES[like].marker,
                label=f"{when} temperature scaling",
            )
        axes.set_xlabel("score of the step")
        axes.set_title(f"Sampled {name}", color=INK, fontsize=11)
        tint(axes)
    figure.axes[0].set_ylabel("share right, by the checker")
    figure.axes[0].legend(frameon=False, fontsize=9)
    return figure
