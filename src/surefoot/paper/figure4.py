"""Figure 4: process against outcome supervision, all labels by programs.

Three series: process labels by the large PRM; outcome labels by the large PRM (right
where every step is); outcome labels by the check of the answer. 4a: best-of-N
against solutions labelled per problem. 4b: best-of-N of the best of each series.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from matplotlib.figure import Figure

from surefoot.evaluation.curves import MAJORITY
from surefoot.evaluation.figures import STYLES
from surefoot.paper import drawing
from surefoot.paper.experiment import Findings, trainings
from surefoot.paper.lab import Lab
from surefoot.paper.materials import Sources, labels_of, some_of
from surefoot.paper.small import Setup, SmallScale, check_labelled, error_of, set_up, small_scores
from surefoot.paper.trials import (
    Claim,
    Trials,
    compared,
    estimate,
    percent,
    right_by_wrong_steps,
    said_of_wrong_steps,
    trials,
)

Series: TypeAlias = Literal["process", "outcome by the PRM", "outcome by the answer"]
SERIES: tuple[Series, ...] = ("process", "outcome by the PRM", "outcome by the answer")
LIKE = {"process": "prm", "outcome by the PRM": "orm", "outcome by the answer": "likelihood"}
"""Series -> whose colours it has."""


@dataclass(frozen=True, kw_only=True)
class Scale(SmallScale):
    """How much of everything."""

    labelled: tuple[int, ...]
    """Solutions labelled per problem; the paper has 1 to 200."""
    trainings: int

    def __post_init__(self) -> None:
        check_labelled(self.labelled, self.pool_n)


SCALES = {
    "smoke": Scale(
        large_problems=60, large_n=2, train_problems=40, pool_n=4, test_problems=30, n=16,
        labelled=(1, 4), trainings=1,
    ),
    "laptop": Scale(
        large_problems=2000, large_n=8, train_problems=500, pool_n=100, test_problems=200, n=256,
        labelled=(1, 2, 5, 10, 20), trainings=3,
    ),
    "workstation": Scale(
        large_problems=10000, large_n=16, train_problems=1000, pool_n=200, test_problems=500,
        n=512, labelled=(1, 2, 5, 10, 20, 50, 100, 200), trainings=3,
    ),
    "paper": Scale(
        large_problems=12000, large_n=64, train_problems=12000, pool_n=200, test_problems=500,
        n=500, labelled=(1, 2, 5, 10, 20, 50, 100, 200), trainings=3,
    ),
}  # fmt: skip


def run(lab: Lab, sources: Sources, scale: Scale, small: Path | str) -> Findings:
    """Both figures, and what of the paper's claims held."""
    setup = set_up(lab, sources, small, scale)
    error, is_known = error_of(setup), sources.train is None
    found = {
        count: trials(
            setup.test,
            {name: _scores(lab, setup, name, count, range(scale.trainings)) for name in SERIES},
            ceiling=is_known and count == scale.labelled[-1],
        )
        for count in scale.labelled
    }
    last = found[scale.labelled[0]].n[-1]
    best = {name: _best(found, name, last) for name in SERIES}
    return Findings(
        title="Figure 4: process and outcome supervision",
        setting=(
            f"{setup.n_train} training problems, {trainings(scale.trainings)} of each small"
            f" verifier, {setup.n_test} held-out problems, {last} solutions each."
            + (said_of_wrong_steps(setup.test) if is_known else "")
            + _of_large(error, scale, sources.rater is None)
        ),
        claims=_claims(found, best, last),
        numbers={
            "labelled": {str(count): one.as_json() for count, one in found.items()},
            "best": best,
            "large_prm": error,
            "right_by_wrong_steps": right_by_wrong_steps(setup.test) if is_known else None,
        },
        figures={"figure4a": _figure_4a(found, last), "figure4b": _figure_4b(found, best)},
    )


def _of_large(error: dict[str, Any] | None, scale: Scale, is_trained: bool) -> str:
    """What is to be said of the large PRM."""
    said = ""
    if is_trained:
        n_problems = scale.large_problems + scale.train_problems
        said += f" The large PRM learned from {scale.large_n} solutions to each of {n_problems}."
    if error is not None:
        missed, false_alarms = (
            "none" if share is None else f"{100 * share:.1f} %"
            for share in (error["missed"], error["false_alarms"])
        )
        said += (
            f" It names the checker's first error, or none, in {100 * error['first_error']:.1f} %"
            f" of the solutions it labels, calls {missed} of the wrong ones right and"
            f" {false_alarms} of the right ones wrong. Whether all steps are right it tells in"
            f" {100 * error['has_error']:.1f} %, the check of the answer in"
            f" {100 * error['has_error_by_answer']:.1f} %."
        )
    return said


def _scores(lab: Lab, setup: Setup, name: Series, count: int, seeds: range) -> list[Path]:
    found = []
    for seed in seeds:
        # Another training is another sample of solutions, too; each holds its smaller ones.
        solutions = some_of(lab, setup.pool.solutions, count, seed=seed)
        if name == "process":
            labels = labels_of(lab, setup.pool.labels, solutions)
            found.append(small_scores(lab, setup, "prm", solutions, labels, seed))
        else:
            grades = setup.by_steps if name == "outcome by the PRM" else setup.pool.grades
            found.append(small_scores(lab, setup, "orm", solutions, grades, seed))
    return found


def _best(found: dict[int, Trials], name: Series, n: int) -> int:
    """The number of labelled solutions with which a series is best."""
    return max(found, key=lambda count: found[count].mean(name)[found[count].at(n)])


def _claims(found: dict[int, Trials], best: dict[Series, int], n: int) -> list[Claim]:
    said: dict[tuple[Series, Series], str] = {
        ("process", "outcome by the PRM"): (
            "process supervision beats outcome supervision by the same large PRM (4a)."
        ),
        ("outcome by the PRM", "outcome by the answer"): (
            "outcome labels by the large PRM beat those by the answer check, which rewards right"
            " answers by wrong steps (4a)."
        ),
        ("process", "outcome by the answer"): (
            "process supervision beats outcome supervision by the answer check (4a)."
        ),
    }
    claims = [_over_all(found, pair, text, n) for pair, text in said.items()]
    claims += [_at_each(found, pair, n) for pair in list(said)[:2]]
    a, b = (found[best[name]].chances[name][:, :, -1] for name in ("process", "outcome by the PRM"))
    claims.append(
        compared(
            "so it is for the best of each series (4b).",
            f"process, {best['process']} labelled, - outcome by the PRM,"
            f" {best['outcome by the PRM']} labelled, best of {n} (which is best was seen on"
            " these problems)",
            estimate(a - b, compared=True),
        )
    )
    return claims


def _over_all(found: dict[int, Trials], pair: tuple[Series, Series], text: str, n: int) -> Claim:
    """The mean lead over all numbers of labelled solutions."""
    first, second = pair
    leads = [(one.chances[first] - one.chances[second])[:, :, one.at(n)] for one in found.values()]
    what = f"{first} - {second}, mean over {', '.join(map(str, found))} labelled, best of {n}"
    return compared(text, what, estimate(np.mean(leads, axis=0), compared=True))


def _at_each(found: dict[int, Trials], pair: tuple[Series, Series], n: int) -> Claim:
    """The lead at every number: it holds if all intervals are above zero."""
    first, second = pair
    leads = {count: one.difference(first, second, n) for count, one in found.items()}
    holds = (
        True
        if all(lead.low > 0 for lead in leads.values())
        else False
        if any(lead.high < 0 for lead in leads.values())
        else None
    )
    each = "; ".join(f"{count}: {percent(lead, signed=True)}" for count, lead in leads.items())
    return Claim(
        paper="the order is the same at every number of labelled solutions.",
        here=f"{first} - {second} at {each}",
        holds=holds,
    )


def _figure_4a(found: dict[int, Trials], n: int) -> Figure:
    counts = list(found)
    figure, axes = drawing.canvas(
        f"Figure 4a: best-of-{n}", "solutions labelled per problem", "% of problems solved"
    )
    for name in SERIES:
        mean = np.array([one.mean(name)[one.at(n)] for one in found.values()])
        ends = np.array([one.interval(name)[one.at(n)] for one in found.values()])
        drawing.line(axes, counts, mean, LIKE[name], ends, label=name)
    any_one = found[counts[0]]
    axes.axhline(
        100 * any_one.mean(MAJORITY)[any_one.at(n)],
        color=STYLES[MAJORITY].colour,
        linestyle=":",
        label="majority voting",
    )
    return drawing.finished(figure, axes, counts)


def _figure_4b(found: dict[int, Trials], best: dict[Series, int]) -> Figure:
    figure, axes = drawing.canvas(
        "Figure 4b: the best of each series", "N, solutions chosen among", "% of problems solved"
    )
    for name, count in best.items():
        one = found[count]
        label = f"{name}, {count} labelled"
        drawing.line(axes, one.n, one.mean(name), LIKE[name], one.interval(name), label=label)
    one = next(iter(found.values()))
    drawing.line(axes, one.n, one.mean(MAJORITY), MAJORITY)
    return drawing.finished(figure, axes, one.n)
