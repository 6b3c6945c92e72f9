"""`surefoot select`: which solutions people should rate."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

from tyro.conf import arg

from surefoot.atomic import write_text
from surefoot.commands.options import SolutionsPath, Writes, check_at_least, check_input
from surefoot.errors import OutputExists, UserError
from surefoot.labeling.selection import WRONG_SHARE, Candidate, Choice, Chosen, Policy, select
from surefoot.records import Grade, Labels, Scores, Solution
from surefoot.tables import read, write

R = TypeVar("R", Grade, Scores)


@dataclass(frozen=True, kw_only=True)
class Config(Writes):
    r"""Chooses the solutions that people learn most from rating: active learning.

    `convincing-wrong` takes those that a verifier scores highest although their
    answers are wrong; `mixture`, the paper's, 80 % of these and 20 % of the
    highest of the rest; `uncertain` those scored nearest to 0.5; `uniform` any.
    Of solutions with the same steps only the first counts.

    Example:
        surefoot select solutions --scores scores --grades grades --policy mixture \
            --per-problem -n 10 --out to-rate
        surefoot select solutions --policy uniform -n 500 --out to-rate
    """

    solutions: SolutionsPath
    """The solutions to choose from."""
    policy: Policy = "mixture"
    """How to choose."""
    n: Annotated[int, arg(aliases=["-n"])]
    """How many: of all, or with --per-problem of each problem."""
    per_problem: bool = False
    """Choose so many solutions to each problem."""
    scores: Path | None = None
    """The solutions' scores by the PRM that selects; all policies but uniform need them."""
    grades: Path | None = None
    """Grades of their answers; convincing-wrong and mixture need them."""
    wrong_share: float = WRONG_SHARE
    """Share of convincing wrong answers in a mixture."""
    exclude: tuple[Path, ...] = ()
    """Labels whose solutions have been rated: these, and others of the same steps, are not
    chosen again."""
    reasons: Path | None = None
    """Write what each was chosen as, its score and the verifier, to this file: JSON lines."""
    seed: int = 0
    """Of random choices, and of the order of equals."""

    def __post_init__(self) -> None:
        check_at_least("-n", self.n, 1)
        if not 0 <= self.wrong_share <= 1:
            raise UserError(f"--wrong-share: must be in [0, 1], got {self.wrong_share}")
        if self.policy != "uniform" and self.scores is None:
            raise UserError(f"--scores: the policy {self.policy} needs them")
        if self.policy in ("convincing-wrong", "mixture") and self.grades is None:
            raise UserError(f"--grades: the policy {self.policy} needs them")


def run(config: Config) -> dict[str, Any]:
    """Counts of what was chosen; the solutions are in `--out`, best first."""
    reasons = config.reasons
    if reasons is not None and reasons.exists() and not config.overwrite:
        raise OutputExists(reasons, "exists; --reasons may not replace it")
    solutions = read(check_input(config.solutions, "solutions"), Solution)
    rated = {
        row.solution_id
        for path in config.exclude
        for row in read(check_input(path, "labels"), Labels)
    }
    scores = _by_solution(config.scores, Scores, "scores", solutions)
    grades = _by_solution(config.grades, Grade, "grades", solutions)
    chosen = select(
        [_candidate(s, scores, grades) for s in _not_rated(solutions, rated)],
        Choice(
            policy=config.policy,
            n=config.n,
            per_problem=config.per_problem,
            wrong_share=config.wrong_share,
            seed=config.seed,
        ),
    )
    by_id = {solution.solution_id: solution for solution in solutions}
    records = [by_id[one.candidate.solution_id] for one in chosen]
    write(config.out, records, overwrite=config.overwrite, record=Solution)
    if reasons is not None:
        write_text(reasons, "".join(_reason(one, scores) + "\n" for one in chosen))
    counts = Counter(one.why for one in chosen)
    return {
        "solutions": len(solutions),
        "rated_before": sum(s.solution_id in rated for s in solutions),
        "chosen": len(chosen),
        "problems": len({one.candidate.problem_id for one in chosen}),
        "chosen_as": dict(counts),
        "out": str(config.out),
    }


def _not_rated(solutions: Sequence[Solution], rated: set[str]) -> list[Solution]:
    """Those that nobody rated, nor another one of the same steps."""
    known = {(s.problem_id, s.steps) for s in solutions if s.solution_id in rated}
    return [
        s for s in solutions if s.solution_id not in rated and (s.problem_id, s.steps) not in known
    ]


def _by_solution(
    path: Path | None, record: type[R], what: str, solutions: Sequence[Solution]
) -> dict[str, R]:
    """Rows by solution.

    Raises:
        UserError: A solution has none.
    """
    if path is None:
        return {}
    rows = {row.solution_id: row for row in read(check_input(path, what), record)}
    missing = next((s.solution_id for s in solutions if s.solution_id not in rows), None)
    if missing is not None:
        raise UserError(f"{path}: has no {what} of solution {missing!r}")
    return rows


def _candidate(
    solution: Solution, scores: dict[str, Scores], grades: dict[str, Grade]
) -> Candidate:
    score, grade = scores.get(solution.solution_id), grades.get(solution.solution_id)
    return Candidate(
        solution_id=solution.solution_id,
        problem_id=solution.problem_id,
        steps=solution.steps,
        score=None if score is None else score.solution_score,
        verdict=None if grade is None else grade.verdict,
    )


def _reason(one: Chosen, scores: dict[str, Scores]) -> str:
    score = scores.get(one.candidate.solution_id)
    row = {
        "solution_id": one.candidate.solution_id,
        "problem_id": one.candidate.problem_id,
        "chosen_as": one.why,
        "solution_score": one.candidate.score,
        "verdict": one.candidate.verdict,
        "verifier": None if score is None else score.verifier,
    }
    return json.dumps(row, ensure_ascii=False)
