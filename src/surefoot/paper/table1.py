"""Table 1: out of distribution. Verifiers meet kinds of problems they were not trained on.

The base and the generator have read all kinds, as the paper's had; the verifiers are
trained on some families and tried, best-of-100, on the others. With a user's own
problems the families are subjects.
"""

from dataclasses import dataclass

from surefoot.evaluation.curves import MAJORITY
from surefoot.paper.experiment import Findings, trainings
from surefoot.paper.lab import Lab
from surefoot.paper.materials import Sources, problems, sampled, scored, taught, trained
from surefoot.paper.published import TABLE_1
from surefoot.paper.trials import Claim, Trials, compared, estimate, percent, trials
from surefoot.records import Problem
from surefoot.tables import read

SEEN = ("nested", "fractions", "linear", "systems", "percent", "gcd", "sequences")
UNSEEN = ("functions", "polynomials", "ratio", "modular")
"""Procedural families: kinds of calculation that the verifiers never saw."""
SERIES = ("orm", MAJORITY, "prm")


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How much of everything."""

    train_problems: int
    train_n: int
    test_each: int
    """Problems of each unseen family; the paper has 224 questions in all."""
    n: int
    trainings: int
    seen: tuple[str, ...] = SEEN
    unseen: tuple[str, ...] = UNSEEN


SCALES = {
    "smoke": Scale(train_problems=56, train_n=3, test_each=8, n=16, trainings=1),
    "laptop": Scale(train_problems=1400, train_n=6, test_each=56, n=100, trainings=3),
    "workstation": Scale(train_problems=7000, train_n=8, test_each=125, n=100, trainings=3),
    "paper": Scale(train_problems=12000, train_n=8, test_each=56, n=100, trainings=3),
}


def run(lab: Lab, sources: Sources, scale: Scale) -> Findings:
    """The table, and what of the paper's claim held."""
    everything = problems(lab, sources, "train", max(5, scale.train_problems // 5))
    generator = taught(lab, sources, everything, scale.train_problems // 5)
    train = problems(lab, sources, "train", scale.train_problems, families=scale.seen)
    rated = sampled(lab, sources, train, generator, scale.train_n)
    verifiers = {
        "prm": [
            trained(lab, sources, "prm", train, rated.solutions, rated.labels, seed=seed)
            for seed in range(scale.trainings)
        ],
        "orm": [
            trained(lab, sources, "orm", train, rated.solutions, rated.grades, seed=seed)
            for seed in range(scale.trainings)
        ],
    }
    test = problems(
        lab, sources, "test", scale.test_each * len(scale.unseen), families=scale.unseen
    )
    pool = sampled(lab, sources, test, generator, scale.n, temperature=sources.temperature)
    scores = {
        kind: [scored(lab, test, pool.solutions, one) for one in made]
        for kind, made in verifiers.items()
    }
    every = trials(pool, scores, [1, scale.n])
    family = {problem.problem_id: problem.subject for problem in read(test, Problem)}
    found = {
        name: every.only({key for key, subject in family.items() if subject == name})
        for name in scale.unseen
    } | {"all": every}
    return Findings(
        title="Table 1: out of distribution",
        setting=(
            f"Verifiers trained on {scale.train_n} solutions of each of {scale.train_problems}"
            f" problems of {', '.join(scale.seen)}; tried on {', '.join(scale.unseen)}, which the"
            f" base and the generator know, best of {scale.n}, {trainings(scale.trainings)}."
        ),
        claims=_claims(found["all"], scale),
        numbers={name: one.as_json() for name, one in found.items()} | {"paper": TABLE_1},
        table=_table(found),
    )


def _claims(found: Trials, scale: Scale) -> list[Claim]:
    said = "on fresh questions the PRM is ahead of {} ({:.1f} against {:.1f} %)."
    names = {"orm": "the ORM", MAJORITY: "majority voting"}
    return [
        compared(
            said.format(names[other], 100 * TABLE_1["prm"], 100 * TABLE_1[other]),
            f"PRM - {names[other]}, best of {scale.n}",
            found.difference("prm", other, scale.n),
        )
        for other in ("orm", MAJORITY)
    ]


def _table(found: dict[str, Trials]) -> str:
    lines = [
        "| family | problems | one solution | ORM | majority voting | PRM |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, one in found.items():
        cells = [percent(estimate(one.chances[series][:, :, 1])) for series in SERIES]
        alone = f"{100 * one.mean(MAJORITY)[0]:.1f} %"
        lines.append(f"| {name} | {len(one.problem_ids)} | {alone} | {' | '.join(cells)} |")
    paper = " | ".join(f"{100 * TABLE_1[series]:.1f} %" for series in SERIES)
    lines.append(f"| *the paper, all exams* | 224 | | {paper} |")
    return "\n".join(lines)
