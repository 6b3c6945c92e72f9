"""Solutions chosen to be labelled, and the small PRMs that learn from them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from surefoot.evaluation.estimators import FloatArray
from surefoot.labeling.selection import WRONG_SHARE
from surefoot.paper.lab import Lab
from surefoot.paper.materials import labels_of, scored, some_of, trained
from surefoot.paper.small import Setup, SmallScale, check_labelled, right_labels, small_scores
from surefoot.paper.trials import trials
from surefoot.tables import count_rows


@dataclass(frozen=True, kw_only=True)
class Scale(SmallScale):
    """How much of everything."""

    labelled: tuple[int, ...]
    """Solutions labelled per problem, in rising order."""
    trainings: int
    rounds: int
    """Retrainings of the selector in the ablation; at least one solution is chosen
    before the first, after each and between them."""

    def __post_init__(self) -> None:
        check_labelled(self.labelled, self.pool_n, fewest=2)


@dataclass(frozen=True, kw_only=True)
class Study:
    """What all ways of choosing share."""

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
        share: float = WRONG_SHARE,
        rated: Path | None = None,
    ) -> Path:
        """Solutions to be labelled, none of those that are rated already."""
        pool = self.setup.pool
        count = n if per_problem else n * self.setup.n_train
        words: list[Any] = ["--policy", "mixture", "-n", count, "--wrong-share", share]
        words += ["--scores", scores, "--grades", pool.grades]
        words += ["--per-problem"] if per_problem else []
        if rated is not None:
            words += ["--exclude", labels_of(self.lab, pool.labels, rated)]
        return self.lab.make("chosen", "select", pool.solutions, *words)

    def tried(self, tables: list[Path]) -> "Tried":
        """PRMs trained on these solutions, a seed each."""
        lab, setup = self.lab, self.setup
        scores = [
            small_scores(lab, setup, "prm", one, labels_of(lab, setup.pool.labels, one), seed)
            for seed, one in enumerate(tables)
        ]
        found = trials(setup.test, {"prm": scores}, [self.scale.n])
        labelled = np.mean([count_rows(one) for one in tables]) / setup.n_train
        right = [share for one in tables if (share := right_labels(setup, one)) is not None]
        return Tried(
            labelled=float(labelled),
            right_labels=float(np.mean(right)) if right else None,
            chances_TP=found.chances["prm"][:, :, 0],
        )


@dataclass(frozen=True, kw_only=True)
class Tried:
    """One way of choosing, so many solutions."""

    labelled: float
    """Solutions labelled a problem, on average."""
    right_labels: float | None
    """Share of them whose label names the checker's first error, or none; None if unknown."""
    chances_TP: FloatArray
    """Of best-of-N."""
