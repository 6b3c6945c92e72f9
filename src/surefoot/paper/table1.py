"""Table 1: out of distribution. Verifiers meet kinds of problems they were not trained on.

The base and the generator have read all kinds, as the paper's had; the verifiers are
trained on some families, but for the hardest level, and tried, best-of-100, on the other
families and on that level. With a user's own
problems (science questions, say) the unseen are those of one table, a row a subject,
and verifiers are trained on another table or given.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from surefoot.errors import UserError
from surefoot.evaluation.curves import MAJORITY
from surefoot.evaluation.estimators import FloatArray
from surefoot.paper.experiment import Findings, trainings
from surefoot.paper.lab import Lab
from surefoot.paper.materials import (
    Sources,
    check_disjoint,
    problems,
    sampled,
    scored,
    taught,
    trained,
)
from surefoot.paper.published import TABLE_1
from surefoot.paper.trials import Claim, Trials, compared, estimate, percent, trials
from surefoot.records import Problem
from surefoot.tables import count_rows, read

SEEN = ("nested", "fractions", "linear", "systems", "percent", "gcd", "sequences")
UNSEEN = ("functions", "polynomials", "ratio", "modular")
"""Procedural families: kinds of calculation that the verifiers never saw."""
SEEN_LEVELS, UNSEEN_LEVEL = (3, 4), 5
SERIES = ("orm", MAJORITY, "prm")
FEW = 10
"""Problems below which an interval would say nothing: all of them right has no width."""


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How much of everything."""

    train_problems: int
    train_n: int
    test_each: int
    """Problems of each unseen family or own subject; the paper has 224 questions in all."""
    test_hard: int
    """Problems of the seen families at the unseen level."""
    n: int
    trainings: int
    seen: tuple[str, ...] = SEEN
    unseen: tuple[str, ...] = UNSEEN

    def __post_init__(self) -> None:
        if both := set(self.seen) & set(self.unseen):
            raise UserError(f"--sizes: {', '.join(both)} is both seen and unseen")


SCALES = {
    "smoke": Scale(train_problems=56, train_n=3, test_each=8, test_hard=14, n=16, trainings=1),
    "laptop": Scale(
        train_problems=1400, train_n=6, test_each=56, test_hard=112, n=100, trainings=3
    ),
    "workstation": Scale(
        train_problems=7000, train_n=8, test_each=125, test_hard=250, n=100, trainings=3
    ),
    "paper": Scale(
        train_problems=12000, train_n=8, test_each=56, test_hard=224, n=100, trainings=3
    ),
}


@dataclass(frozen=True, kw_only=True)
class Given:
    """Verifiers that are there already, instead of some that are trained here."""

    prm: Path | str
    orm: Path | str | None = None


def run(lab: Lab, sources: Sources, scale: Scale, given: Given | None = None) -> Findings:
    """The table, and what of the paper's claim held.

    Args:
        lab: Where stages are kept.
        sources: With own problems `test` are the unseen ones, a row of the table a
            subject, and verifiers are trained on all subjects of `train`.
        scale: How much.
        given: Trained verifiers.
    """
    unseen = _subjects(sources, scale)
    procedural = sources.test is None
    generator = _generator(lab, sources, scale)
    if given is None:
        check_disjoint(sources)
        train = _learned_from(lab, sources, scale)
        verifiers = _trained(lab, sources, scale, generator, train)
        said = _said_of_trained(sources, scale, count_rows(train))
    else:
        verifiers = _given(given)
        said = f"Verifiers {' and '.join(str(one) for one in (given.prm, given.orm) if one)}"

    models = {"generator": lab.name_of(generator)} | {
        kind: [lab.name_of(one) for one in made] for kind, made in verifiers.items()
    }

    def tried(test: Path) -> Trials:
        pool = sampled(lab, sources, test, generator, scale.n, temperature=sources.temperature)
        scores = {
            kind: [scored(lab, test, pool.solutions, one) for one in made]
            for kind, made in verifiers.items()
        }
        return trials(pool, scores, [1, scale.n])

    if procedural:
        n_test = scale.test_each * len(unseen)
        test = problems(lab, sources, "test", n_test, families=unseen)
    else:
        test = problems(lab, sources, "test", scale.test_each, of_each=True)
    every = tried(test)
    family = {problem.problem_id: problem.subject or "" for problem in read(test, Problem)}
    found = {
        name: every.only({key for key, subject in family.items() if subject == name})
        for name in unseen
        if name in family.values()
    } | {"all": every}
    if procedural:
        found[f"level {UNSEEN_LEVEL} of the others"] = tried(
            problems(
                lab, sources, "test", scale.test_hard, families=scale.seen, levels=[UNSEEN_LEVEL]
            )
        )
    return Findings(
        title="Table 1: out of distribution",
        setting=(
            f"{said}; tried on"
            f" {', '.join(name for name in found if name != 'all')}, best of {scale.n}."
            + (" The base and the generator know them all." if procedural else "")
        ),
        claims=[claim for name in found if name not in unseen for claim in _claims(name, found)],
        numbers={name: one.as_json() for name, one in found.items()}
        | {"paper": TABLE_1, "models": models},
        table=_table(found),
    )


def _said_of_trained(sources: Sources, scale: Scale, n_train: int) -> str:
    """What the verifiers learned from."""
    seen = "the training table"
    if sources.train is None:
        seen = f"{', '.join(scale.seen)} at levels {' and '.join(map(str, SEEN_LEVELS))}"
    return (
        f"Verifiers trained on {scale.train_n} solutions of each of {n_train} problems of {seen},"
        f" {trainings(scale.trainings)}"
    )


def _subjects(sources: Sources, scale: Scale) -> tuple[str, ...]:
    """The rows of the table: unseen families, or the subjects of the user's problems."""
    if sources.test is None:
        return scale.unseen
    return tuple(sorted({problem.subject or "" for problem in read(sources.test, Problem)}))


def _generator(lab: Lab, sources: Sources, scale: Scale) -> Path | str:
    """What writes all solutions; it learns from problems of all families."""
    if sources.generator is not None:
        return sources.generator
    n_few = max(1, scale.train_problems // 5)
    return taught(lab, sources, problems(lab, sources, "train", n_few), n_few)


def _trained(
    lab: Lab, sources: Sources, scale: Scale, generator: Path | str, train: Path
) -> dict[str, list[Path | str]]:
    """Verifiers of the seen families, or of all that the user's training problems have."""
    rated = sampled(lab, sources, train, generator, scale.train_n)
    supervision: dict[Literal["prm", "orm"], Path] = {"prm": rated.labels, "orm": rated.grades}
    return {
        kind: [
            trained(lab, sources, kind, train, rated.solutions, table, seed=seed)
            for seed in range(scale.trainings)
        ]
        for kind, table in supervision.items()
    }


def _learned_from(lab: Lab, sources: Sources, scale: Scale) -> Path:
    """The training problems."""
    families = scale.seen if sources.train is None else ()
    return problems(
        lab, sources, "train", scale.train_problems, families=families, levels=SEEN_LEVELS
    )


def _given(given: Given) -> dict[str, list[Path | str]]:
    there: dict[str, list[Path | str]] = {"prm": [given.prm]}
    return there if given.orm is None else there | {"orm": [given.orm]}


def _claims(name: str, found: dict[str, Trials]) -> list[Claim]:
    one, n = found[name], found[name].n[-1]
    said = "on fresh questions the PRM is ahead of {} ({:.1f} against {:.1f} %)."
    names = {"orm": "the ORM", MAJORITY: "majority voting"}
    return [
        compared(
            said.format(names[other], 100 * TABLE_1["prm"], 100 * TABLE_1[other]),
            f"{name}: PRM - {names[other]}, best of {n}",
            one.difference("prm", other, n),
        )
        for other in ("orm", MAJORITY)
        if other in one.chances
    ]


def _cell(chances_TP: FloatArray) -> str:
    """A share, with its interval where there are problems enough to be drawn again."""
    if chances_TP.shape[1] < FEW:
        return f"{100 * chances_TP.mean():.1f} %"
    return percent(estimate(chances_TP))


def _table(found: dict[str, Trials]) -> str:
    names = {"orm": "ORM", MAJORITY: "majority voting", "prm": "PRM"}
    series = [name for name in SERIES if name in found["all"].chances]
    lines = [
        f"| family | problems | one solution | {' | '.join(names[name] for name in series)} |",
        f"|---|---:|---:|{'---:|' * len(series)}",
    ]
    for name, one in found.items():
        cells = [_cell(one.chances[kind][:, :, -1]) for kind in series]
        alone = f"{100 * one.mean(MAJORITY)[0]:.1f} %"
        lines.append(f"| {name} | {len(one.problem_ids)} | {alone} | {' | '.join(cells)} |")
    paper = " | ".join(f"{100 * TABLE_1[kind]:.1f} %" for kind in series)
    lines.append(f"| *the paper, all exams* | 224 | | {paper} |")
    return "\n".join(lines)
