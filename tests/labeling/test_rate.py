"""Rating as a labeller does: up to the first error."""

import math
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.labeling.rate import Rater, erring, rate
from surefoot.problems.arith.checker import Judgement, check
from surefoot.problems.arith.generate import generate
from surefoot.records import Problem, Rating, Solution
from surefoot.steps import split_steps

PROBLEM = Problem(problem_id="p", statement="2+3", answer="5")


def solution_of(*steps: str, problem: Problem = PROBLEM) -> Solution:
    return Solution(solution_id="s", problem_id=problem.problem_id, steps=steps)


def says(ratings: Sequence[Rating]) -> list[Judgement]:
    return [Judgement(rating, f"because {i}") for i, rating in enumerate(ratings)]


@given(st.lists(st.sampled_from([-1, 0, 1]), max_size=8))
def test_what_follows_the_first_error_is_unrated(ratings: list[Rating]) -> None:
    solution = solution_of(*[f"step {i}" for i in range(len(ratings))])
    labels = rate(PROBLEM, solution, lambda problem, steps: says(ratings), name="x")
    error = ratings.index(-1) if -1 in ratings else len(ratings)
    assert labels.first_error == (error if -1 in ratings else None)
    assert labels.reasons is not None
    for i, rating in enumerate(ratings):
        assert labels.ratings[i] == (rating if i <= error else None)
        assert labels.reasons[i] == (f"because {i}" if i <= error else None)


def test_a_rater_that_leaves_steps_out_is_an_error() -> None:
    with pytest.raises(ValueError, match="x judged 1 of 2 steps"):
        rate(PROBLEM, solution_of("a", "b"), lambda problem, steps: says([1]), name="x")


def test_the_checker_finds_the_step_that_was_changed() -> None:
    """A wrong line in the middle of each reference: +1 before, -1 there, nothing after."""
    for problem in generate(60, seed=3):
        assert problem.reference_solution is not None
        steps = list(split_steps(problem.reference_solution))
        right = rate(problem, solution_of(*steps, problem=problem), check, name="checker")
        assert set(right.ratings) == {1}
        k = len(steps) // 2
        steps[k] = "12345=54321"
        wrong = rate(problem, solution_of(*steps, problem=problem), check, name="checker")
        assert wrong.ratings == (*[1] * k, -1, *[None] * (len(steps) - k - 1))
        assert wrong.rater == "checker"


def always(rating: Rating) -> Rater:
    return lambda problem, steps: says([rating] * len(steps))


@pytest.mark.parametrize("right", [-1, 0, 1])
def test_errors_are_as_many_as_asked_for_and_of_both_kinds(right: Rating) -> None:
    n, share = 4000, 0.2
    judged = erring(always(right), share, "a")(PROBLEM, [f"step {i}" for i in range(n)])
    counts = Counter(judgement.rating for judgement in judged)
    # Five standard deviations of a binomial either way.
    for rating in (-1, 0, 1):
        p = 1 - share if rating == right else share / 2
        assert abs(counts[rating] - n * p) < 5 * math.sqrt(n * p * (1 - p))


def test_the_same_is_judged_the_same_whatever_follows() -> None:
    steps = [f"step {i}" for i in range(50)]
    rater = erring(always(1), 0.5, "a")
    whole = rater(PROBLEM, steps)
    assert [rater(PROBLEM, steps[: i + 1])[-1] for i in range(50)] == whole
    assert erring(always(1), 0.5, "b")(PROBLEM, steps) != whole
    assert erring(always(1), 0.0, "a")(PROBLEM, steps) == says([1] * 50)
    assert all(j.rating != 1 for j in erring(always(1), 1.0, "a")(PROBLEM, steps))
