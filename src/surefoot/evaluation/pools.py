"""The pool of solutions of each problem, as evaluation sees it.

Reads: problems, solutions, grades and scores (records), or a file of scored
samples (`surefoot.evaluation.scored`). Writes nothing. A `Pool` holds numbers only,
one row a solution; `surefoot.evaluation.curves` makes curves of a list of them.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from surefoot.errors import UserError
from surefoot.evaluation.estimators import BoolArray, FloatArray, IntArray
from surefoot.grading.clusters import cluster
from surefoot.grading.judge import is_blank
from surefoot.records import Grade, Labels, Problem, Scores, Solution

log = logging.getLogger("surefoot")

LIKELIHOOD = "likelihood"
CHECKER = "checker"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """All solutions of one problem."""

    problem_id: str
    is_correct: BoolArray
    """(S,) Whether the grade is `correct`."""
    has_answer: BoolArray
    """(S,) Whether the solution states an answer."""
    answer_class: IntArray
    """(S,) Number of the answer within the problem; right answers are class 0.
    Without meaning where there is no answer."""
    scores: dict[str, FloatArray]
    """By name of the series (`prm`, `orm`, `likelihood`, ...), (S,) each. NaN
    only where there is no answer."""

    def __len__(self) -> int:
        """Solutions in the pool."""
        return len(self.is_correct)


def make_pool(
    problem_id: str,
    answers: Sequence[str | None],
    is_correct: Sequence[bool],
    scores: Mapping[str, Sequence[float]],
) -> Pool:
    """A pool of plain columns.

    Answers graded correct form one class, the others one class for each
    answer (`surefoot.grading.clusters`). A solution without an answer is not
    right, whatever its grade says: it is never chosen.
    """
    keys = cluster(answers)
    right = [grade and key is not None for grade, key in zip(is_correct, keys, strict=True)]
    number = [0 if good or key is None else key + 1 for good, key in zip(right, keys, strict=True)]
    return Pool(
        problem_id=problem_id,
        is_correct=np.array(right, dtype=np.bool_),
        has_answer=np.array([key is not None for key in keys], dtype=np.bool_),
        answer_class=np.array(number, dtype=np.int64),
        scores={name: np.asarray(values, dtype=np.float64) for name, values in scores.items()},
    )


def pools_from_records(
    problems: Iterable[Problem],
    solutions: Iterable[Solution],
    grades: Iterable[Grade],
    scores: Mapping[str, Iterable[Scores]],
    *,
    labels: Iterable[Labels] = (),
    likelihood: bool = False,
) -> list[Pool]:
    """Joins the tables by their ids, one pool a problem, in the problems' order.

    Args:
        problems: Problems without any solution are left out (and logged).
        solutions: Each must belong to a problem and have a grade.
        grades: Verdicts; only `correct` counts as right.
        scores: By name of the series; every solution that states an answer
            must have one in each.
        labels: If every solution that states an answer has some, they make the
            series `checker`: 1 where no step is rated -1, else 0.
        likelihood: Add the series `likelihood`, the solution's log-probability
            under the generator.

    Raises:
        UserError: A solution lacks its problem, grade, score or (with
            `likelihood`) log-probability; the message names one and the way out.
    """
    by_problem: dict[str, list[Solution]] = {p.problem_id: [] for p in problems}
    for solution in solutions:
        if solution.problem_id not in by_problem:
            raise UserError(
                f"solution {solution.solution_id!r}: its problem {solution.problem_id!r} is not "
                "among the problems; give the problems it was sampled from"
            )
        by_problem[solution.problem_id].append(solution)
    kept = [solution for rows in by_problem.values() for solution in rows]
    answered = [s for s in kept if not is_blank(s.answer)]
    verdicts = {grade.solution_id: grade.verdict for grade in grades}
    _require(kept, verdicts, "grade", "run `surefoot grade` on these solutions")
    columns = {
        name: {row.solution_id: row.solution_score for row in rows} for name, rows in scores.items()
    }
    for name, column in columns.items():
        _require(answered, column, f"{name} score", "run `surefoot score` on these solutions")
    if likelihood:
        columns[LIKELIHOOD] = _likelihoods(answered)
    checker = _checker_scores(labels, answered)
    if checker is not None:
        columns[CHECKER] = checker
    empty = sum(1 for rows in by_problem.values() if not rows)
    if empty:
        log.warning("%d problems have no solution and are left out", empty)
    return [
        make_pool(
            problem_id,
            [s.answer for s in rows],
            [verdicts[s.solution_id] == "correct" for s in rows],
            {
                name: [column.get(s.solution_id, float("nan")) for s in rows]
                for name, column in columns.items()
            },
        )
        for problem_id, rows in by_problem.items()
        if rows
    ]


def count_failures(solutions: Sequence[Solution], grades: Iterable[Grade]) -> dict[str, int]:
    """How the solutions ended, failures by kind: the first thing to look at.

    Returns:
        `solutions`, then the verdicts `solved` (correct), `wrong` (incorrect),
        `no_answer`, `undecided`, which add up to the graded solutions, and
        `truncated`: cut at the token limit, counted besides its verdict.
    """
    wanted = {solution.solution_id for solution in solutions}
    verdicts = Counter(grade.verdict for grade in grades if grade.solution_id in wanted)
    return {
        "solutions": len(solutions),
        "solved": verdicts["correct"],
        "wrong": verdicts["incorrect"],
        "no_answer": verdicts["no_answer"],
        "undecided": verdicts["undecided"],
        "truncated": sum(1 for solution in solutions if solution.finish == "length"),
    }


Value = TypeVar("Value")


def _require(
    solutions: Iterable[Solution], column: Mapping[str, Value], what: str, way_out: str
) -> None:
    missing = [s.solution_id for s in solutions if s.solution_id not in column]
    if missing:
        more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
        raise UserError(f"solution {missing[0]!r}{more}: no {what}; {way_out}")


def _likelihoods(solutions: Iterable[Solution]) -> dict[str, float]:
    known = {s.solution_id: s.log_probability for s in solutions if s.log_probability is not None}
    _require(
        solutions,
        known,
        "log_probability",
        "leave --likelihood out, or sample them with `surefoot sample`, which records it",
    )
    return known


def _checker_scores(
    labels: Iterable[Labels], answered: Sequence[Solution]
) -> dict[str, float] | None:
    """1 where no step is rated -1; None unless all answered solutions are labelled."""
    clean: dict[str, float] = {}
    for row in labels:
        good = 0.0 if row.first_error is not None else 1.0
        clean[row.solution_id] = min(good, clean.get(row.solution_id, 1.0))
    unlabelled = sum(1 for s in answered if s.solution_id not in clean)
    if not clean or not answered:
        return None
    if unlabelled:
        log.warning(
            "no `checker` series: %d of %d solutions with an answer have no labels",
            unlabelled,
            len(answered),
        )
        return None
    return clean
