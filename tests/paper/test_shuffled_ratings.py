"""A PRM that learned from ratings dealt out at random knows nothing."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from surefoot.cli import call, main
from surefoot.records import Labels, Problem, Scores, Solution
from surefoot.tables import read, write
from surefoot.verifiers.auc import step_auc

WORDS = (
    "--rating-tokens wrong ? right --rating-tokens-only --probe-first --optimizer muon"
    " --learning-rate 1e-3 --epochs 2 --batch-tokens 2048 --weight-by solution"
).split()


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shuffled")
    for split, n in (("train", 60), ("test", 30)):
        problems, solutions = folder / f"{split}-problems", folder / f"{split}-solutions"
        words = ["problems", "arith", "-n", str(n), "--split", split, "--levels", "3", "4"]
        assert main([*words, "--out", str(problems)]) == 0
        words = ["sample", str(problems), "--generator", "pico", "-n", "6", "--seed", "3"]
        assert main([*words, "--out", str(solutions)]) == 0
        words = ["label", "auto", str(problems), str(solutions)]
        assert main([*words, "--out", str(folder / f"{split}-labels")]) == 0
    return folder


def dealt_out(rows: list[Labels], generator: np.random.Generator) -> list[Labels]:
    """All ratings in one heap, drawn again: as many of each as before."""
    heap = [rating for row in rows for rating in row.ratings if rating is not None]
    drawn = iter(generator.permutation(heap).tolist())
    return [
        replace(row, ratings=tuple(None if r is None else next(drawn) for r in row.ratings))
        for row in rows
    ]


def within(folder: Path, labels: Path, name: str) -> float:
    """AUC of steps within held-out problems of a PRM trained on these labels."""
    options: dict[str, Any] = {
        "--problems": folder / "train-problems",
        "--solutions": folder / "train-solutions",
        "--labels": labels,
        "--out": folder / name,
    }
    words = [str(word) for pair in options.items() for word in pair]
    call("train prm", ["--base", "pico", *words, *WORDS])
    scores = folder / f"scores-{name}"
    words = ["--problems", str(folder / "test-problems"), "--verifier", str(folder / name)]
    call("score", [str(folder / "test-solutions"), *words, "--out", str(scores)])
    truth = {row.solution_id: row for row in read(folder / "test-labels", Labels)}
    found = step_auc(read(scores, Scores), truth).within
    assert found is not None
    return found


def test_shuffled_ratings_teach_no_more_than_chance(tables: Path) -> None:
    rows = read(tables / "train-labels", Labels)
    assert len(read(tables / "train-solutions", Solution)) == len(rows)
    assert len(read(tables / "test-problems", Problem)) == 30
    generator = np.random.default_rng(0)
    shuffled = []
    for draw in range(3):
        place = tables / f"dealt-{draw}"
        write(place, dealt_out(rows, generator))
        shuffled.append(within(tables, place, f"prm-{draw}"))
    right = within(tables, tables / "train-labels", "prm-right")
    assert right > 0.7
    assert np.mean(shuffled) < 0.6
    assert right > max(shuffled) + 0.1
