"""What every experiment needs: problems, a generator, graded and rated solutions, verifiers.

All of it is made by commands, in a `Lab`. By default the problems are procedural
and the exact checker stands in for people; with a user's own problems a PRM does.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal, TypeAlias

from surefoot.errors import UserError
from surefoot.labeling.rate_by_scores import NEGATIVE_ABOVE
from surefoot.paper.lab import Lab, Word
from surefoot.records import Labels, Problem, Solution
from surefoot.tables import count_rows, read, write

log = logging.getLogger("surefoot")

Split: TypeAlias = Literal["train", "test"]

LEVELS = (3, 4, 5)
NANO_WORDS = (
    "--rating-tokens wrong ? right --rating-tokens-only --probe-first --optimizer muon"
    " --learning-rate 1e-3 --warmup 0.1 --weight-by solution --epochs 2"
)
"""How verifiers are trained from the models in the package (docs/log.md)."""
BATCH_TOKENS = {"orm": 4096, "prm": 1408}
"""Where the words do not say; shared beginnings count once in a PRM's batch."""


@dataclass(frozen=True, kw_only=True)
class Sources:
    """What an experiment is made on."""

    base: Path | str = "nano"
    """Model that the generator and the verifiers are trained from."""
    generator: Path | str | None = None
    """Writes all solutions; None: the base, taught the step format."""
    train: Path | None = None
    """Training problems; None: procedural ones."""
    test: Path | None = None
    """Held-out problems; None: procedural ones, of other statements."""
    rater: Path | str | None = None
    """A PRM that rates in place of people; None: the exact checker, which knows
    procedural problems only."""
    negative_above: float = NEGATIVE_ABOVE
    """A step is wrong where the PRM that rates gives it a higher chance of -1."""
    words: str = NANO_WORDS
    """How verifiers are trained: flags of `surefoot train prm` and `train orm`."""
    temperature: float = 0.4
    """Of held-out solutions."""
    train_temperature: float = 1.0
    """Of solutions that are learned from."""
    rows: int = 1024
    """Solutions that are sampled side by side."""

    def __post_init__(self) -> None:
        if (self.train is None) != (self.test is None):
            raise UserError("--train and --test: give both, or none for procedural problems")
        if self.train is not None and self.rater is None:
            raise UserError("--rater: name a PRM; the exact checker knows procedural problems only")


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """Solutions to some problems, and all that is known of them: tables."""

    problems: Path
    solutions: Path
    grades: Path
    labels: Path


def problems(
    lab: Lab,
    sources: Sources,
    split: Split,
    n: int,
    *,
    seed: int = 0,
    families: Sequence[str] = (),
    levels: Sequence[int] = LEVELS,
    of_each: bool = False,
) -> Path:
    """`n` problems of a split.

    Args:
        lab: Where they are kept.
        sources: Of whose problems.
        split: `train` or `test`.
        n: How many; of a user's table the `n` that a hash picks, or all there are.
        seed: Of procedural problems.
        families: Of procedural problems; empty: all.
        levels: Of procedural problems.
        of_each: Of a user's table `n` of each subject.
    """
    table = sources.train if split == "train" else sources.test
    if table is None:
        words: list[Word] = ["-n", n, "--split", split, "--levels", *levels, "--seed", seed]
        if families:
            words += ["--families", *families]
        return lab.make(f"{split}-problems", "problems arith", *words)

    def cut(out: Path) -> None:
        rows = read(table, Problem)
        rows.sort(key=lambda p: sha256(f"{seed}:{p.problem_id}".encode()).digest())
        had: Counter[str | None] = Counter()
        kept = []
        for row in rows:
            group = row.subject if of_each else None
            had[group] += 1
            if had[group] <= n:
                kept.append(row)
        write(out, kept, overwrite=True, record=Problem)

    made = lab.keep(f"{split}-problems", f"{lab.name_of(table)} {n} {seed} {of_each}", cut)
    if (used := count_rows(made)) < (there := count_rows(table)):
        log.warning("--%s: %d of %d problems are used; more by --sizes", split, used, there)
    return made


def check_disjoint(sources: Sources) -> None:
    """No problem of a user's is both learned from and tried.

    Raises:
        UserError: One is.
    """
    if sources.train is None or sources.test is None:
        return
    learned = {" ".join(p.statement.split()) for p in read(sources.train, Problem)}
    for problem in read(sources.test, Problem):
        if " ".join(problem.statement.split()) in learned:
            raise UserError(
                f"--test: {problem.problem_id!r} is one of the problems of --train, too;"
                " what is learned from may not be tried"
            )


def taught(lab: Lab, sources: Sources, train: Path, n: int, *, seed: int = 0) -> Path | str:
    """The generator: the base, finetuned on its own right few-shot solutions.

    Args:
        lab: Where it is kept.
        sources: Whose base; or the generator, if that is named.
        train: Training problems.
        n: Of how many of them solutions are tried, two each.
        seed: Of sampling and training.
    """
    if sources.generator is not None:
        return sources.generator
    tried = lab.make(
        "few-shot", "sample", train, "--generator", sources.base, "-n", 2, "--few-shot", 2,
        "--examples", train, "--limit", n, "--seed", seed,
    )  # fmt: skip
    grades = lab.make("few-shot-grades", "grade", train, tried)
    return lab.make(
        "generator", "train generator", "--base", sources.base, "--problems", train,
        "--solutions", tried, "--grades", grades, "--learning-rate", "3e-4", "--seed", seed,
    )  # fmt: skip


def sampled(
    lab: Lab,
    sources: Sources,
    of: Path,
    generator: Path | str,
    n: int,
    *,
    temperature: float | None = None,
    seed: int = 0,
) -> Sampled:
    """`n` solutions to each problem, graded and rated; by default such as are learned from."""
    if temperature is None:
        temperature = sources.train_temperature
    solutions = lab.make(
        "solutions", "sample", of, "--generator", generator, "-n", n,
        "--temperature", temperature, "--seed", seed, "--skip-long",
        pace=["--rows", sources.rows],
    )  # fmt: skip
    return known(lab, sources, of, solutions)


def known(lab: Lab, sources: Sources, of: Path, solutions: Path) -> Sampled:
    """Solutions with their grades, and ratings by the checker or the PRM that rates."""
    grades = lab.make("grades", "grade", of, solutions)
    labels = rated(lab, of, solutions, sources.rater, sources.negative_above)
    return Sampled(problems=of, solutions=solutions, grades=grades, labels=labels)


def rated(
    lab: Lab, of: Path, solutions: Path, rater: Path | str | None, negative_above: float
) -> Path:
    """Ratings of the steps: by a PRM, or by the exact checker."""
    if rater is None:
        return lab.make("labels", "label auto", of, solutions, "--by", "checker")
    scores = scored(lab, of, solutions, rater)
    return lab.make(
        "labels", "label auto", of, solutions, "--by", "scores", "--scores", scores,
        "--negative-above", negative_above,
    )  # fmt: skip


def some_of(lab: Lab, solutions: Path, n: int, *, seed: int = 0) -> Path:
    """`n` solutions to each problem, drawn at random; those of a smaller `n` are among them."""
    return lab.make(
        "chosen", "select", solutions, "--policy", "uniform", "--per-problem", "-n", n,
        "--seed", seed,
    )  # fmt: skip


def joined(lab: Lab, *tables: Path) -> Path:
    """The solutions of several tables, each once."""

    def write_all(out: Path) -> None:
        rows = {s.solution_id: s for table in tables for s in read(table, Solution)}
        write(out, list(rows.values()), overwrite=True, record=Solution)

    return lab.keep("joined", " ".join(map(lab.name_of, tables)), write_all)


def labels_of(lab: Lab, labels: Path, solutions: Path) -> Path:
    """Those labels that are of these solutions."""

    def cut(out: Path) -> None:
        wanted = {solution.solution_id for solution in read(solutions, Solution)}
        rows = [row for row in read(labels, Labels) if row.solution_id in wanted]
        write(out, rows, overwrite=True, record=Labels)

    return lab.keep("labels", f"{lab.name_of(labels)} {lab.name_of(solutions)}", cut)


def trained(
    lab: Lab,
    sources: Sources,
    kind: Literal["orm", "prm"],
    of: Path,
    solutions: Path,
    supervision: Path,
    *,
    seed: int = 0,
    base: str | Path | None = None,
) -> Path:
    """A verifier.

    Args:
        lab: Where it is kept.
        sources: Whose base and words.
        kind: `orm` learns from grades, `prm` from labels.
        of: The problems.
        solutions: To learn from.
        supervision: Grades or labels of at least these solutions.
        seed: Of the batches.
        base: Another base.
    """
    words = sources.words.split()
    if "--batch-tokens" not in words:
        words += ["--batch-tokens", str(BATCH_TOKENS[kind])]
    return lab.make(
        kind, f"train {kind}", "--base", sources.base if base is None else base,
        "--problems", of, "--solutions", solutions,
        "--grades" if kind == "orm" else "--labels", supervision, *words, "--seed", seed,
    )  # fmt: skip


def scored(lab: Lab, of: Path, solutions: Path, verifier: Path | str) -> Path:
    """A verifier's scores of solutions."""
    return lab.make(
        "scores", "score", solutions, "--problems", of, "--verifier", verifier, "--skip-long"
    )
