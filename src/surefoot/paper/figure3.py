"""Figure 3: best-of-N by a PRM and an ORM against majority voting, one fixed generator.

The PRM learns from ratings that active learning collected: a selector, trained on one
rated solution a problem, scores a pool, and most of what is rated then are its
convincing wrong answers. The ORM learns from uniform samples, more of them, as the
paper has it (100 a problem there). Equal solutions to a problem count once on both sides.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from surefoot.errors import UserError
from surefoot.evaluation.curves import MAJORITY, PASS, WEIGHTED, compute_curves
from surefoot.evaluation.pools import Pool
from surefoot.paper import drawing, published
from surefoot.paper.experiment import Findings, trainings
from surefoot.paper.lab import Lab
from surefoot.paper.materials import (
    Sampled,
    Sources,
    check_disjoint,
    joined,
    labels_of,
    problems,
    sampled,
    scored,
    some_of,
    taught,
    trained,
)
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
from surefoot.tables import count_rows


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How much of everything."""

    train_problems: int
    pool_n: int
    """Solutions to each training problem, of which some are rated."""
    rated_n: int
    """Rated solutions a problem: one at random, the rest chosen by the selector."""
    orm_n: int
    """Uniform samples a problem for the ORM; the paper has 100."""
    test_problems: int
    n: int
    """Solutions to each held-out problem."""
    trainings: int
    """Seeds of each verifier."""

    def __post_init__(self) -> None:
        for name in ("rated_n", "orm_n"):
            if getattr(self, name) > self.pool_n:
                raise UserError(f"--sizes: {name} must be at most pool_n = {self.pool_n}")
        if self.test_problems < 2:
            raise UserError("--sizes: test_problems must be >= 2")


SCALES = {
    "smoke": Scale(
        train_problems=60, pool_n=6, rated_n=3, orm_n=4, test_problems=30, n=16, trainings=1
    ),
    "laptop": Scale(
        train_problems=1500, pool_n=12, rated_n=6, orm_n=8, test_problems=200, n=256, trainings=3
    ),
    "workstation": Scale(
        train_problems=6000, pool_n=64, rated_n=8, orm_n=32, test_problems=500, n=1024, trainings=3
    ),
    "paper": Scale(
        train_problems=12000, pool_n=1000, rated_n=8, orm_n=100, test_problems=500, n=1860,
        trainings=3,
    ),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Verified:
    """Held-out solutions and the scores of each training of both verifiers."""

    generator: Path | str
    learned: dict[str, int]
    """Distinct solutions that each kind of verifier learned from."""
    n_train: int
    """Training problems."""
    pool: Sampled
    prm: list[Path]
    orm: list[Path]
    """Scores of the held-out solutions, by each training."""
    prms: list[Path]
    orms: list[Path]

    def models(self, lab: Lab) -> dict[str, Any]:
        """What the lab calls them."""
        return {
            "generator": lab.name_of(self.generator),
            "prm": [lab.name_of(one) for one in self.prms],
            "orm": [lab.name_of(one) for one in self.orms],
        }


def prepare(lab: Lab, sources: Sources, scale: Scale) -> Verified:
    """All stages; `scoring` and `calibration` stand on the same."""
    check_disjoint(sources)
    train = problems(lab, sources, "train", scale.train_problems)
    generator = taught(lab, sources, train, max(1, scale.train_problems // 5))
    pool = sampled(lab, sources, train, generator, scale.pool_n)
    rated = collected(lab, sources, pool, scale.rated_n)
    labels = labels_of(lab, pool.labels, rated)
    uniform = some_of(lab, pool.solutions, scale.orm_n)
    test = problems(lab, sources, "test", scale.test_problems)
    held_out = sampled(lab, sources, test, generator, scale.n, temperature=sources.temperature)
    prms, orms, prm, orm = [], [], [], []
    for seed in range(scale.trainings):
        prms.append(trained(lab, sources, "prm", train, rated, labels, seed=seed))
        prm.append(scored(lab, test, held_out.solutions, prms[-1]))
        orms.append(trained(lab, sources, "orm", train, uniform, pool.grades, seed=seed))
        orm.append(scored(lab, test, held_out.solutions, orms[-1]))
    learned = {"prm": count_rows(rated), "orm": count_rows(uniform)}
    n_train = count_rows(train)
    return Verified(
        generator=generator,
        learned=learned,
        n_train=n_train,
        pool=held_out,
        prm=prm,
        orm=orm,
        prms=prms,
        orms=orms,
    )


def collected(lab: Lab, sources: Sources, pool: Sampled, n: int) -> Path:
    """`n` solutions a problem to learn from: one at random, the others by the paper's mixture."""
    first = some_of(lab, pool.solutions, 1)
    if n == 1:
        return first
    labels = labels_of(lab, pool.labels, first)
    selector = trained(lab, sources, "prm", pool.problems, first, labels)
    scores = scored(lab, pool.problems, pool.solutions, selector)
    chosen = lab.make(
        "chosen", "select", pool.solutions, "--policy", "mixture", "--per-problem",
        "-n", n - 1, "--scores", scores, "--grades", pool.grades, "--exclude", labels,
    )  # fmt: skip
    return joined(lab, first, chosen)


def run(lab: Lab, sources: Sources, scale: Scale) -> Findings:
    """The figure, and what of the paper's claims held."""
    made = prepare(lab, sources, scale)
    # With a user's own problems nobody knows the truth of steps.
    is_known = sources.train is None
    found = trials(made.pool, {"prm": made.prm, "orm": made.orm}, ceiling=is_known)
    last = found.n[-1]
    names = ["prm", "orm", MAJORITY, "prm" + WEIGHTED, "orm" + WEIGHTED, PASS]
    return Findings(
        title="Figure 3: best-of-N",
        setting=(
            f"{len(found.problem_ids)} held-out problems, {last} solutions each,"
            f" {trainings(scale.trainings)} of each verifier. Of {made.n_train} training problems"
            f" the PRM learned from {made.learned['prm']} rated solutions, collected by active"
            f" learning, the ORM from {made.learned['orm']} graded ones, drawn at random."
            + (said_of_wrong_steps(made.pool) if is_known else "")
        ),
        claims=[*_pairs(found, last).values(), _widens(found)],
        numbers={
            **found.as_json(),
            "learned_from": made.learned,
            "models": made.models(lab),
            "right_by_wrong_steps": right_by_wrong_steps(made.pool) if is_known else None,
        },
        figures={"figure3": _figure(found, names)},
    )


def from_samples(pools: Sequence[Pool]) -> Findings:
    """The figure of solutions that somebody else sampled and scored."""
    curves = compute_curves(pools)
    found = Trials(
        curves.n, {name: one[None] for name, one in curves.chances.items()}, curves.problem_ids
    )
    last = found.n[-1]
    names = [name for name in ("prm", "orm", MAJORITY, PASS) if name in found.chances]
    both = [claim for pair, claim in _pairs(found, last).items() if set(pair) <= set(names)]
    return Findings(
        title="Figure 3, of given samples",
        setting=f"{len(found.problem_ids)} problems, {last} scored solutions each.",
        claims=both,
        numbers=found.as_json(),
        figures={"figure3": _figure(found, names)},
    )


def _pairs(found: Trials, n: int) -> dict[tuple[str, str], Claim]:
    """The claim about each two series that there are."""
    said = {
        ("prm", "orm"): "the PRM solves more problems than the ORM (78.2 against 72.4 %).",
        ("prm", MAJORITY): "the PRM solves more than majority voting (78.2 against 69.6 %).",
        ("orm", MAJORITY): "the ORM solves more than majority voting (72.4 against 69.6 %).",
    }
    names = {"prm": "PRM", "orm": "ORM", MAJORITY: "majority voting"}
    return {
        (a, b): compared(text, f"{names[a]} - {names[b]} at N = {n}", found.difference(a, b, n))
        for (a, b), text in said.items()
        if a in found.chances and b in found.chances
    }


def _widens(found: Trials) -> Claim:
    """Whether the PRM's lead over the ORM is larger at the end than four points before."""
    early, late = found.n[max(0, len(found.n) - 5)], found.n[-1]
    gap_TPK = found.chances["prm"] - found.chances["orm"]
    growth = estimate(gap_TPK[:, :, found.at(late)] - gap_TPK[:, :, found.at(early)], compared=True)
    lead = percent(estimate(gap_TPK[:, :, found.at(early)]), signed=True)
    return compared(
        "the lead of the PRM over the ORM widens with N.",
        f"growth of the lead from N = {early}, where it is {lead}, to N = {late}",
        growth,
    )


def _figure(found: Trials, names: Sequence[str]) -> Figure:
    title = "Best-of-N: PRM, ORM, majority voting (hollow: the paper, on MATH)"
    figure, axes = drawing.canvas(title, "N, solutions chosen among", "% of problems solved")
    for name in names:
        # Bands of all six would hide each other.
        is_main = name in ("prm", "orm", MAJORITY)
        drawing.line(
            axes,
            found.n,
            found.mean(name),
            name,
            found.interval(name) if is_main else None,
            spread=found.spread(name) if is_main else None,
        )
    for name, papers in published.FIGURE_3.items():
        shown = {n: share for n, share in papers.items() if n <= 2 * found.n[-1]}
        if shown:
            drawing.points(axes, shown, name)
    return drawing.finished(figure, axes, found.n)
