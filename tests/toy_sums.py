"""A small made-up data set: sums of two digits, half of the solutions wrong."""

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from surefoot.records import Grade, Labels, Problem, Rating, Solution
from surefoot.tables import write


@dataclass
class ToySums:
    """The four tables, in memory."""

    problems: list[Problem]
    solutions: list[Solution]
    grades: list[Grade]
    labels: list[Labels]


def toy_sums(n_problems: int = 20, n_solutions: int = 4, seed: int = 0) -> ToySums:
    """Solutions of three steps; a wrong one errs in its second step."""
    generator = random.Random(seed)
    data = ToySums([], [], [], [])
    for p in range(n_problems):
        a, b = generator.randrange(10), generator.randrange(10)
        problem_id = f"p{p}"
        statement = f"What is {a} + {b}?"
        data.problems.append(Problem(problem_id=problem_id, statement=statement, answer=str(a + b)))
        for s in range(n_solutions):
            is_right = generator.random() < 0.5
            c = a + b + (0 if is_right else generator.randrange(1, 9))
            ids: dict[str, Any] = {"solution_id": f"p{p}/{s}", "problem_id": problem_id}
            steps = (f"add {a} and {b}", f"{a}+{b}={c}", f"# Answer {c}")
            data.solutions.append(Solution(**ids, steps=steps, answer=str(c)))
            data.grades.append(Grade(**ids, verdict="correct" if is_right else "incorrect"))
            ratings: tuple[Rating | None, ...] = (0, 1, 1) if is_right else (0, -1, None)
            data.labels.append(Labels(**ids, ratings=ratings, rater="toy"))
    return data


def write_tables(data: ToySums, folder: Path) -> dict[str, str]:
    """Writes the tables as JSON lines; their paths by name."""
    paths = {}
    for name in ("problems", "solutions", "grades", "labels"):
        path = folder / f"{name}.jsonl"
        write(path, getattr(data, name))
        paths[name] = str(path)
    return paths
