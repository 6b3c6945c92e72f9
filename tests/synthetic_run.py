"""A made-up run for tests: sums in the step format, solutions with known errors.

Every table of a run without a model: a product and two sums are worked out line
by line; a line may go wrong, a later line may by luck undo it, and some solutions
stop before they answer. The PRM sees errors dimly, the ORM more dimly.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from surefoot import tables
from surefoot.records import Grade, Labels, Problem, Rating, Scores, Solution, Verdict


@dataclass(frozen=True)
class Run:
    problems: list[Problem]
    solutions: list[Solution]
    grades: list[Grade]
    prm: list[Scores]
    orm: list[Scores]
    labels: list[Labels]

    @property
    def scores(self) -> dict[str, list[Scores]]:
        return {"prm": self.prm, "orm": self.orm}

    def write(self, folder: Path, suffix: str = "") -> Path:
        """Writes the tables as a run's folder has them."""
        for name, rows in (
            ("problems", self.problems),
            ("solutions", self.solutions),
            ("grades", self.grades),
            ("scores-prm", self.prm),
            ("scores-orm", self.orm),
            ("labels", self.labels),
        ):
            tables.write(folder / f"{name}{suffix}", rows)
        return folder


def make_run(problems: int = 12, samples: int = 16, seed: int = 0) -> Run:
    generator = np.random.default_rng(seed)
    run = Run([], [], [], [], [], [])
    for p in range(problems):
        a, b, c, d = (int(x) for x in generator.integers(2, 10, 4))
        right = a * b + c + d
        run.problems.append(
            Problem(
                problem_id=f"p{p}",
                statement=f"What is ${a} \\cdot {b} + ({c} + {d})$?",
                answer=str(right),
                subject="nested arithmetic",
                level=1 + p % 5,
            )
        )
        error_rate = generator.uniform(0.05, 0.6)
        for s in range(samples):
            _add_solution(run, generator, p, s, (a, b, c, d), error_rate)
    return run


def _add_solution(
    run: Run,
    generator: np.random.Generator,
    p: int,
    s: int,
    numbers: tuple[int, int, int, int],
    error_rate: float,
) -> None:
    a, b, c, d = numbers
    slips = generator.random(3) < error_rate / 2
    product, added = a * b + int(slips[0]), c + d - int(slips[1])
    total = product + added + int(slips[2])
    steps = [
        f"{a}*{b}={product} so {product}+({c}+{d})",
        f"{c}+{d}={added} so {product}+{added}",
        f"{product}+{added}={total}",
    ]
    cut = bool(generator.random() < 0.06)
    undecided = not cut and bool(generator.random() < 0.02)
    if not cut:
        steps.append(f"# Answer {total}")
    verdict: Verdict = (
        "no_answer"
        if cut
        else "undecided"
        if undecided
        else "correct"
        if total == a * b + c + d
        else "incorrect"
    )
    solution_id, problem_id = f"p{p}/{s}", f"p{p}"
    run.solutions.append(
        Solution(
            solution_id=solution_id,
            problem_id=problem_id,
            steps=tuple(steps),
            answer=None if cut else str(total),
            finish="length" if cut else "stop",
            log_probability=float(-generator.exponential(3.0) - 2.0 * slips.sum()),
        )
    )
    reason = "the grader ran out of time" if undecided else None
    run.grades.append(
        Grade(solution_id=solution_id, problem_id=problem_id, verdict=verdict, reason=reason)
    )
    first = int(np.argmax(slips)) if slips.any() else None
    ratings: list[Rating | None] = []
    reasons: list[str | None] = []
    for i in range(len(steps)):
        wrong = i == first
        ratings.append(None if first is not None and i > first else -1 if wrong else 1)
        reasons.append(f"line {i + 1} does not add up" if wrong else None)
    run.labels.append(
        Labels(
            solution_id=solution_id,
            problem_id=problem_id,
            ratings=tuple(ratings),
            reasons=tuple(reasons),
            rater="checker",
        )
    )
    noise = generator.normal(0.0, 1.0, len(steps))
    bad = [i == first for i in range(len(steps))]
    minus = [float(1 / (1 + np.exp(3.2 - 4.5 * w - e))) for w, e in zip(bad, noise, strict=True)]
    chances = tuple((m, 0.1 * (1 - m), 0.9 * (1 - m)) for m in minus)
    step_scores = tuple(1.0 - m for m in minus)
    run.prm.append(
        Scores(
            solution_id=solution_id,
            problem_id=problem_id,
            solution_score=float(np.prod(step_scores)),
            step_scores=step_scores,
            step_probabilities=chances,
            aggregation="product",
            verifier="models/prm",
            kind="prm",
        )
    )
    guess = float(1 / (1 + np.exp(-generator.normal(1.2 if verdict == "correct" else -0.4, 1.2))))
    run.orm.append(
        Scores(
            solution_id=solution_id,
            problem_id=problem_id,
            solution_score=guess,
            step_scores=(*([0.5] * (len(steps) - 1)), guess),
            verifier="models/orm",
            kind="orm",
        )
    )
