"""Active learning (section 4.2): how many ratings does choosing what is rated save?

A small selector, trained on one solution a problem, scores the pool. Of N chosen
to a problem 80 % are the most convincing wrong answers, 20 % the most convincing of
the rest. All are labelled by the large PRM, or by the exact checker to tell what the
errors of the large PRM cost, and a small PRM is trained on them; so it is on N drawn
at random. Log-linear fits tell how many times fewer ratings reach the same. Equal
solutions to a problem are one, in the pool as in what is chosen; where a problem has
fewer than N, fewer are labelled, and the fits go by how many were.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
from matplotlib.figure import Figure

from surefoot.labeling.selection import WRONG_SHARE
from surefoot.paper import drawing
from surefoot.paper.ablations import RETRAINED, ablations, middle, named, retrainings, table
from surefoot.paper.choosing import Scale, Study, Tried
from surefoot.paper.efficiency import Efficiency, Line, data_efficiency
from surefoot.paper.experiment import Findings, trainings
from surefoot.paper.lab import Lab
from surefoot.paper.materials import Sources, some_of
from surefoot.paper.published import DATA_EFFICIENCY
from surefoot.paper.small import error_of, set_up
from surefoot.paper.trials import Claim, compared, estimate, percent, said_of_wrong_steps

Labeller: TypeAlias = Literal["large", "checker"]
LABELLERS: dict[Labeller, str] = {"large": "the large PRM", "checker": "the exact checker"}
SCALES = {
    "smoke": Scale(
        large_problems=60, large_n=2, train_problems=40, pool_n=8, test_problems=30, n=16,
        labelled=(1, 4), trainings=1, rounds=2,
    ),
    "laptop": Scale(
        large_problems=2000, large_n=8, train_problems=100, pool_n=100, test_problems=200, n=256,
        labelled=(1, 2, 4, 8, 16), trainings=3, rounds=3,
    ),
    "workstation": Scale(
        large_problems=10000, large_n=16, train_problems=1000, pool_n=200, test_problems=500,
        n=512, labelled=(1, 2, 4, 8, 16, 32), trainings=3, rounds=4,
    ),
    "paper": Scale(
        large_problems=12000, large_n=64, train_problems=12000, pool_n=1000, test_problems=500,
        n=500, labelled=(1, 2, 5, 10, 20, 50, 100, 200), trainings=3, rounds=10,
    ),
}  # fmt: skip


def run(lab: Lab, sources: Sources, scale: Scale, small: Path | str, labels: Labeller) -> Findings:
    """The data efficiency of active learning, and what readers ask about it."""
    setup = set_up(lab, sources, small, scale, by_checker=labels == "checker")
    study = Study(lab=lab, setup=setup, scale=scale)
    seeds = range(scale.trainings)
    selectors = [study.selector(seed) for seed in seeds]
    pool = setup.pool.solutions
    active = [
        study.tried([study.chosen(n, scores) for scores in selectors]) for n in scale.labelled
    ]
    uniform = [
        study.tried([some_of(lab, pool, n, seed=seed) for seed in seeds]) for n in scale.labelled
    ]
    lines = [_line(active), _line(uniform)]
    efficiency = data_efficiency(*lines)
    with_selector = [one.labelled + 1 for one in active]
    counted = data_efficiency(Line(with_selector, lines[0].chances_TPL), lines[1])
    others = ablations(study, selectors, active, uniform)
    return Findings(
        title="Active learning",
        setting=(
            f"{setup.n_train} training problems with a pool of {scale.pool_n} solutions"
            f" each, labels by {LABELLERS[labels]}, {trainings(scale.trainings)} of each small PRM,"
            f" {setup.n_test} held-out problems, best of {scale.n}."
            + (said_of_wrong_steps(setup.test) if sources.train is None else "")
        ),
        claims=_claims(efficiency, counted, lines, others, scale),
        numbers={
            "active": [_as_json(one) for one in active],
            "uniform": [_as_json(one) for one in uniform],
            "efficiency": asdict(efficiency),
            "efficiency_with_selector": asdict(counted),
            "ablations": {name: _as_json(one) for name, one in others.items()},
            "labels": error_of(setup),
        },
        figures={"active-learning": _figure(scale, active, uniform)},
        table=table(others, scale),
    )


def _line(points: list[Tried]) -> Line:
    return Line([one.labelled for one in points], np.stack([p.chances_TP for p in points], axis=2))


def _as_json(one: Tried) -> dict[str, Any]:
    means = np.round(one.chances_TP.mean(axis=1), 4).tolist()
    about = {"labelled": one.labelled, "right_labels": one.right_labels}
    return {**about, **asdict(estimate(one.chances_TP)), "trainings": means}


def _claims(
    efficiency: Efficiency,
    counted: Efficiency,
    lines: list[Line],
    others: dict[str, Tried],
    scale: Scale,
) -> list[Claim]:
    lead_TPL = lines[0].chances_TPL - lines[1].chances_TPL
    again, once = others[RETRAINED], others[named(WRONG_SHARE, middle(scale))]
    change = estimate(again.chances_TP - once.chances_TP, compared=True)
    spreads = [float(one.chances_TP.mean(axis=1).std()) for one in (again, once)]
    return [
        Claim(
            paper=f"active learning needs fewer ratings than uniform labelling, {DATA_EFFICIENCY}"
            " times fewer by log-linear fits.",
            here=f"times fewer ratings for the same accuracy: {_ratio(efficiency)}; with those of"
            f" the selector counted, one a problem: {_ratio(counted)}; problems gained by twice"
            f" the ratings: {100 * efficiency.gain:.1f} %",
            holds=efficiency.verdict(),
        ),
        compared(
            "at equal numbers of ratings active learning is ahead.",
            f"active - uniform, mean over {len(scale.labelled)} numbers of ratings",
            estimate(lead_TPL.mean(axis=2), compared=True),
        ),
        compared(
            "so it is at the largest number of ratings.",
            f"active - uniform at {scale.labelled[-1]} labelled solutions a problem",
            estimate(lead_TPL[:, :, -1], compared=True),
        ),
        Claim(
            paper="retraining the selector as ratings come in was unstable and is left out.",
            here=f"retrained {retrainings(scale)} times - not: {percent(change, signed=True)};"
            f" standard deviation over trainings {100 * spreads[0]:.1f} points retrained,"
            f" {100 * spreads[1]:.1f} not",
            holds=None,
            estimate=change,
        ),
    ]


def _ratio(found: Efficiency) -> str:
    ends = ["?" if end is None else f"{end:.2f}" for end in (found.low, found.high)]
    said = "not to be told, as more ratings do not help" if found.ratio is None else ""
    return said or f"{found.ratio:.2f} ({' to '.join(ends)})"


def _figure(scale: Scale, active: list[Tried], uniform: list[Tried]) -> Figure:
    figure, axes = drawing.canvas(
        f"Active learning: best-of-{scale.n} by a PRM",
        "solutions labelled per problem",
        "% of problems solved",
    )
    for name, tried, like in (("active", active, "prm"), ("uniform", uniform, "orm")):
        points = [estimate(one.chances_TP) for one in tried]
        mean = np.array([one.mean for one in points])
        ends = np.array([(one.low, one.high) for one in points])
        x = [one.labelled for one in tried]
        drawing.line(axes, x, mean, like, ends, label=f"{name} choice")
    return drawing.finished(figure, axes, scale.labelled)
