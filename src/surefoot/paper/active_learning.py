"""Active learning (section 4.2): how many ratings does choosing what is rated save?

A small selector, trained on one solution a problem, scores the pool. Of N chosen
to a problem 80 % are the most convincing wrong answers, 20 % the most convincing of
the rest. All are labelled by the large PRM, and a small PRM is trained on them; so
it is on N drawn at random. Log-linear fits tell how many times fewer ratings reach
the same.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from surefoot.evaluation.estimators import FloatArray
from surefoot.paper import drawing
from surefoot.paper.efficiency import Efficiency, data_efficiency
from surefoot.paper.experiment import Findings, trainings
from surefoot.paper.lab import Lab
from surefoot.paper.materials import Sources, joined, labels_of, scored, some_of, trained
from surefoot.paper.published import DATA_EFFICIENCY
from surefoot.paper.small import Setup, SmallScale, error_of, set_up, small_scores
from surefoot.paper.trials import Claim, Estimate, compared, estimate, percent, trials

WRONG_SHARES = (0.0, 0.5, 0.8, 1.0)
"""Shares of convincing wrong answers that are tried; the paper's is 0.8."""


@dataclass(frozen=True, kw_only=True)
class Scale(SmallScale):
    """How much of everything."""

    labelled: tuple[int, ...]
    """Solutions labelled per problem, in rising order."""
    trainings: int
    rounds: int
    """Retrainings of the selector in the ablation."""


SCALES = {
    "smoke": Scale(
        large_problems=60, large_n=2, train_problems=40, pool_n=8, test_problems=30, n=16,
        labelled=(1, 4), trainings=1, rounds=2,
    ),
    "laptop": Scale(
        large_problems=2000, large_n=8, train_problems=500, pool_n=100, test_problems=200, n=256,
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


@dataclass(frozen=True, kw_only=True)
class Study:
    """What the pieces below share."""

    lab: Lab
    setup: Setup
    scale: Scale

    def selector(self, seed: int, rated: Path | None = None) -> Path:
        """Scores of the pool by a PRM trained on these solutions; on one a problem at first."""
        lab, setup = self.lab, self.setup
        pool = setup.pool
        chosen = rated or some_of(lab, pool.solutions, 1, seed=seed)
        labels = labels_of(lab, pool.labels, chosen)
        verifier = trained(lab, setup.sources, "prm", pool.problems, chosen, labels, seed=seed)
        return scored(lab, pool.problems, pool.solutions, verifier)

    def chosen(
        self,
        n: int,
        scores: Path,
        *,
        per_problem: bool = True,
        share: float = 0.8,
        rated: Path | None = None,
    ) -> Path:
        """Solutions to be labelled, none of those that are rated already."""
        pool = self.setup.pool
        count = n if per_problem else n * self.scale.train_problems
        words: list[Any] = ["--policy", "mixture", "-n", count, "--wrong-share", share]
        words += ["--scores", scores, "--grades", pool.grades]
        words += ["--per-problem"] if per_problem else []
        if rated is not None:
            words += ["--exclude", labels_of(self.lab, pool.labels, rated)]
        return self.lab.make("chosen", "select", pool.solutions, *words)

    def solved(self, tables: list[Path]) -> FloatArray:
        """(T, P) Chance of best-of-N for PRMs trained on these solutions, a seed each."""
        lab, setup = self.lab, self.setup
        scores = [
            small_scores(lab, setup, "prm", one, labels_of(lab, setup.pool.labels, one), seed)
            for seed, one in enumerate(tables)
        ]
        found = trials(setup.test, {"prm": scores}, [self.scale.n])
        values: FloatArray = found.chances["prm"][:, :, 0]
        return values


def run(lab: Lab, sources: Sources, scale: Scale, small: str) -> Findings:
    """The data efficiency of active learning, and what readers ask about it."""
    study = Study(lab=lab, setup=set_up(lab, sources, small, scale), scale=scale)
    seeds = range(scale.trainings)
    selectors = [study.selector(seed) for seed in seeds]
    pool = study.setup.pool.solutions
    active, uniform = (
        np.stack([study.solved(tables) for tables in series], axis=2)
        for series in (
            [[study.chosen(n, scores) for scores in selectors] for n in scale.labelled],
            [[some_of(lab, pool, n, seed=seed) for seed in seeds] for n in scale.labelled],
        )
    )
    efficiency = data_efficiency(scale.labelled, active, uniform)
    ablations = _ablations(study, selectors, active, uniform)
    return Findings(
        title="Active learning",
        setting=(
            f"{scale.train_problems} training problems with a pool of {scale.pool_n} solutions"
            f" each, labels by the large PRM, {trainings(scale.trainings)} of each small PRM,"
            f" {scale.test_problems} held-out problems, best of {scale.n}."
        ),
        claims=_claims(efficiency, active, uniform, scale),
        numbers={
            "labelled": list(scale.labelled),
            "active": [asdict(one) for one in _points(active)],
            "uniform": [asdict(one) for one in _points(uniform)],
            "efficiency": asdict(efficiency),
            "ablations": {name: asdict(one) for name, one in ablations.items()},
            "large_prm": error_of(study.setup),
        },
        figures={"active-learning": _figure(scale, active, uniform)},
        table=_table(ablations, scale),
    )


def _points(values_TPL: FloatArray) -> list[Estimate]:
    return [estimate(values_TPL[:, :, k]) for k in range(values_TPL.shape[2])]


def _claims(
    efficiency: Efficiency, active: FloatArray, uniform: FloatArray, scale: Scale
) -> list[Claim]:
    ratio = efficiency.ratio
    said = "no slope to compare by" if ratio is None else f"{ratio:.1f}"
    ends = f" ({efficiency.low:.1f} to {efficiency.high:.1f})" if efficiency.low else ""
    return [
        Claim(
            paper=f"active learning is {DATA_EFFICIENCY} times as data-efficient as uniform"
            " labelling, by log-linear fits.",
            here=f"times fewer ratings for the same accuracy: {said}{ends}; share of problems"
            f" gained by twice the ratings: {100 * efficiency.gain:.1f} %",
            holds=efficiency.verdict(),
        ),
        compared(
            "at equal numbers of ratings active learning is ahead.",
            f"active - uniform, mean over {len(scale.labelled)} numbers of ratings",
            estimate((active - uniform).mean(axis=2), compared=True),
        ),
        compared(
            "so it is at the largest number of ratings.",
            f"active - uniform at {scale.labelled[-1]} labelled solutions a problem",
            estimate((active - uniform)[:, :, -1], compared=True),
        ),
    ]


def _ablations(
    study: Study, selectors: list[Path], active: FloatArray, uniform: FloatArray
) -> dict[str, Estimate]:
    """Other ways of choosing as many, at the middle number of labelled solutions."""
    middle = len(study.scale.labelled) // 2
    n = study.scale.labelled[middle]
    found = {
        "uniform": estimate(uniform[:, :, middle]),
        "per problem, 80 % convincing wrong (the paper's)": estimate(active[:, :, middle]),
    }
    for share in WRONG_SHARES:
        if share != 0.8:
            tables = [study.chosen(n, scores, share=share) for scores in selectors]
            name = f"per problem, {100 * share:.0f} % convincing wrong"
            found[name] = estimate(study.solved(tables))
    tables = [study.chosen(n, scores, per_problem=False) for scores in selectors]
    found["over all problems, 80 % convincing wrong"] = estimate(study.solved(tables))
    again = [_iterated(study, seed, n) for seed in range(len(selectors))]
    name = f"per problem, selector retrained {study.scale.rounds} times"
    found[name] = estimate(study.solved(again))
    return found


def _iterated(study: Study, seed: int, n: int) -> Path:
    """`n` solutions a problem in rounds, each chosen by a PRM trained on those before."""
    rated: Path | None = None
    share = max(1, n // study.scale.rounds)
    for taken in range(0, n, share):
        scores = study.selector(seed, rated)
        more = study.chosen(min(share, n - taken), scores, rated=rated)
        rated = more if rated is None else joined(study.lab, rated, more)
    assert rated is not None
    return rated


def _table(ablations: dict[str, Estimate], scale: Scale) -> str:
    n = scale.labelled[len(scale.labelled) // 2]
    lines = [f"| {n} labelled solutions a problem, chosen | solved |", "|---|---:|"]
    lines += [f"| {name} | {percent(one)} |" for name, one in ablations.items()]
    return "\n".join(lines)


def _figure(scale: Scale, active: FloatArray, uniform: FloatArray) -> Figure:
    figure, axes = drawing.canvas(
        f"Active learning: best-of-{scale.n} by a PRM",
        "solutions labelled per problem",
        "% of problems solved",
    )
    for name, values, like in (("active", active, "prm"), ("uniform", uniform, "orm")):
        points = _points(values)
        mean = np.array([one.mean for one in points])
        ends = np.array([(one.low, one.high) for one in points])
        drawing.line(axes, scale.labelled, mean, like, ends, label=f"{name} choice")
    return drawing.finished(figure, axes, scale.labelled)
