"""The small-scale setup: a large PRM stands in for people, small models are studied.

Section 4 of the paper. The large PRM comes from a larger base and far more ratings,
by the exact checker, than the small verifiers ever see. One generator writes all
solutions. It comes from the larger of the bases in the package, because what the
smallest one writes is wrong by slips at random, which even the large PRM cannot tell
from right steps (docs/log.md); a model of one's own is named by `--generator`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from surefoot.errors import UserError
from surefoot.paper.lab import Lab
from surefoot.paper.materials import (
    Sampled,
    Sources,
    check_disjoint,
    known,
    problems,
    sampled,
    scored,
    taught,
    trained,
)
from surefoot.records import Grade, Labels, Solution
from surefoot.tables import count_rows, read


@dataclass(frozen=True, kw_only=True)
class SmallScale:
    """Sizes of the setup."""

    large_problems: int
    """Training problems of the large PRM."""
    large_n: int
    """Rated solutions to each of them."""
    train_problems: int
    """Problems whose solutions the small verifiers learn from."""
    pool_n: int
    """The generator's solutions to each of them."""
    test_problems: int
    n: int
    """Its solutions to each held-out problem."""


def check_labelled(labelled: Sequence[int], pool_n: int, *, fewest: int = 1) -> None:
    """Numbers of labelled solutions are usable.

    Raises:
        UserError: They do not rise, are too few, or more than the pool holds.
    """
    if len(labelled) < fewest or list(labelled) != sorted(set(labelled)):
        raise UserError(f"--sizes: labelled must be {fewest} or more rising numbers")
    if labelled[-1] > pool_n:
        raise UserError(f"--sizes: labelled must be at most pool_n = {pool_n}, got {labelled[-1]}")


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What the small-scale experiments share."""

    sources: Sources
    """With the small base, and as rater the large PRM or, if the checker labels, none."""
    pool: Sampled
    """Solutions to learn from; labels by that rater, grades by the answer check."""
    by_steps: Path
    """Grades of the pool by the same rater: right where every step is."""
    first_errors: Mapping[str, tuple[int | None, int | None]] | None
    """Of each solution of the pool: by its label, and by the exact checker.

    None with a user's problems, which that checker does not know.
    """
    test: Sampled
    n_train: int
    """Training problems that there are: a user's table may hold fewer than the scale's."""
    n_test: int


def set_up(
    lab: Lab, sources: Sources, small: Path | str, scale: SmallScale, *, by_checker: bool = False
) -> Setup:
    """The large PRM, the generator and its solutions.

    Args:
        lab: Where they are kept.
        sources: Whose base is the large one; its rater, if there is one, is the large PRM.
        small: The base of the small verifiers.
        scale: How much.
        by_checker: The exact checker labels in place of the large PRM.

    Raises:
        UserError: The checker does not know these problems.
    """
    if by_checker and sources.train:
        raise UserError("--labels checker: the exact checker knows procedural problems only")
    check_disjoint(sources)
    train = problems(lab, sources, "train", scale.train_problems)
    generator = taught(lab, sources, train, max(1, scale.train_problems // 5))
    small_sources = replace(sources, base=small)
    large = None if by_checker else sources.rater or _large(lab, sources, generator, scale)
    judged = replace(small_sources, rater=large)
    pool = sampled(lab, judged, train, generator, scale.pool_n)
    by_steps = lab.make("grades", "grade", train, pool.solutions, "--labels", pool.labels)
    # Who knows the truth: the checker of procedural problems, whoever rates.
    knowing = small_sources if sources.train else replace(small_sources, rater=None)
    if sources.train:
        first_errors = None
    else:
        truth = _first_errors(known(lab, knowing, train, pool.solutions).labels)
        said = _first_errors(pool.labels)
        first_errors = {name: (said[name], truth[name]) for name in said}
    test = problems(lab, sources, "test", scale.test_problems)
    held_out = sampled(lab, knowing, test, generator, scale.n, temperature=sources.temperature)
    return Setup(
        sources=judged,
        pool=pool,
        by_steps=by_steps,
        first_errors=first_errors,
        test=held_out,
        n_train=count_rows(train),
        n_test=count_rows(test),
    )


def _first_errors(labels: Path) -> dict[str, int | None]:
    return {row.solution_id: row.first_error for row in read(labels, Labels)}


def _large(lab: Lab, sources: Sources, generator: Path | str, scale: SmallScale) -> Path:
    """The large PRM, on ratings by the exact checker."""
    # The first of them are what the small ones learn from; so it was in the paper.
    everything = problems(lab, sources, "train", scale.large_problems + scale.train_problems)
    rated = sampled(lab, sources, everything, generator, scale.large_n, seed=1)
    return trained(lab, sources, "prm", everything, rated.solutions, rated.labels)


def error_of(setup: Setup) -> dict[str, Any] | None:
    """How far the large PRM is from the exact checker, on what it rated; None if that is unknown.

    Returns:
        `first_error`: share of solutions where both name the same first error or
        none; `has_error`: share that agree whether there is one; `missed` and
        `false_alarms`: shares of wrong solutions called right, right ones called wrong;
        `has_error_by_answer`: the check of the answer, for comparison with `has_error`.
    """
    if setup.first_errors is None:
        return None
    pairs = setup.first_errors.values()
    wrong = [said is None for said, is_so in pairs if is_so is not None]
    right = [said is not None for said, is_so in pairs if is_so is None]
    by_answer = [
        (row.verdict == "correct") == (setup.first_errors[row.solution_id][1] is None)
        for row in read(setup.pool.grades, Grade)
    ]
    return {
        "solutions": len(pairs),
        "first_error": sum(said == is_so for said, is_so in pairs) / len(pairs),
        "has_error": sum((a is None) == (b is None) for a, b in pairs) / len(pairs),
        "missed": sum(wrong) / len(wrong) if wrong else None,
        "false_alarms": sum(right) / len(right) if right else None,
        "has_error_by_answer": sum(by_answer) / len(by_answer),
    }


def right_labels(setup: Setup, solutions: Path) -> float | None:
    """Share of these solutions whose label names the checker's first error, or none."""
    if setup.first_errors is None:
        return None
    pairs = [setup.first_errors[row.solution_id] for row in read(solutions, Solution)]
    right = [said == is_so for said, is_so in pairs]
    return sum(right) / len(right) if right else None


def small_scores(
    lab: Lab, setup: Setup, kind: Any, solutions: Path, supervision: Path, seed: int
) -> Path:
    """Scores of the held-out solutions by a small verifier trained on these solutions."""
    verifier = trained(
        lab, setup.sources, kind, setup.pool.problems, solutions, supervision, seed=seed
    )
    return scored(lab, setup.test.problems, setup.test.solutions, verifier)
