"""Choosing by score."""

from collections import Counter

import numpy as np
import pytest

from surefoot.records import Scores, Solution
from surefoot.search.best_of_n import best_of_n, best_solution


def test_no_answer_is_never_chosen() -> None:
    generator = np.random.default_rng(0)
    assert best_of_n([0.9, 0.1], [None, "4"], generator) == 1
    assert best_of_n([0.9, float("nan")], [None, None], generator) is None
    assert best_of_n([], [], generator) is None


def test_ties_are_broken_uniformly() -> None:
    generator = np.random.default_rng(0)
    chosen = Counter(
        best_of_n([0.5, 0.7, 0.7, 0.7], ["a", "b", "b", "c"], generator) for _ in range(6000)
    )
    assert set(chosen) == {1, 2, 3}
    assert all(abs(count - 2000) < 4 * (6000 * 2 / 9) ** 0.5 for count in chosen.values())


def test_nan_and_lengths_are_refused() -> None:
    generator = np.random.default_rng(0)
    with pytest.raises(ValueError, match="never scored"):
        best_of_n([float("nan")], ["4"], generator)
    with pytest.raises(ValueError, match="lengths differ"):
        best_of_n([0.1], [], generator)


def test_records_are_joined_by_id_whatever_their_order() -> None:
    solutions = [
        Solution(solution_id=name, problem_id="p", steps=("1+1=2",), answer=answer)
        for name, answer in (("a", "2"), ("b", "3"), ("c", None))
    ]
    scores = [
        Scores(solution_id=name, problem_id="p", solution_score=score, step_scores=(score,))
        for name, score in (("c", 0.9), ("x", 1.0), ("b", 0.6), ("a", 0.5))
    ]
    generator = np.random.default_rng(0)
    chosen = best_solution(solutions, scores, generator)
    assert chosen is not None
    assert chosen.solution_id == "b"
    assert best_solution(solutions[2:], scores, generator) is None
    with pytest.raises(ValueError, match="never scored"):
        best_solution(solutions, scores[:3], generator)
