"""No rating is lost without an error that says which."""

from pathlib import Path
from typing import Any

import pytest
from tokenizers import normalizers

from surefoot.generation.folder import load_model
from surefoot.records import Labels, Problem, Rating, Solution
from surefoot.steps import review_prompt, step_units
from surefoot.training.checks import UnfitRecord, counted_targets, usable_labels
from surefoot.training.examples import prm_examples
from surefoot.verifiers.encode import Encoder

PROBLEMS = {"p": Problem(problem_id="p", statement="What is 2 + 3?", answer="5")}
STEPS = ("2+3=5", "so it is 5", "# Answer 5")
SOLUTIONS = {"s": Solution(solution_id="s", problem_id="p", steps=STEPS)}


@pytest.fixture
def encoder(tiny_folder: Path) -> Encoder:
    return Encoder(load_model(tiny_folder)[1])


def labels(*ratings: Rating | None, **changes: Any) -> Labels:
    values: dict[str, Any] = {"solution_id": "s", "problem_id": "p", "ratings": ratings, **changes}
    return Labels(**values)


def n_tokens(encoder: Encoder, n_steps: int) -> int:
    """Counted without the code under test: prompt and steps, one by one."""
    texts = [review_prompt(PROBLEMS["p"].statement), *step_units(STEPS[:n_steps])]
    return sum(len(encoder.tokenizer.encode(text)) for text in texts)


@pytest.mark.parametrize(
    ("ratings", "n_steps"),
    [((1, 1, 1), 3), ((1, 1, None), 2), ((-1, None, None), 1), ((1, -1, 1), 2)],
)
def test_the_last_rating_that_counts_must_fit(
    encoder: Encoder, ratings: tuple[Rating | None, ...], n_steps: int
) -> None:
    length, row = n_tokens(encoder, n_steps), labels(*ratings)

    def usable(most: int, **options: Any) -> Any:
        return usable_labels(encoder, PROBLEMS, SOLUTIONS, [row], max_tokens=most, **options)

    assert usable(length) == ([row], 0)
    with pytest.raises(UnfitRecord, match=f"{length} tokens .* at most {length - 1}; --skip-long"):
        usable(length - 1)
    assert usable(length - 1, skip_long=True) == ([], 1)


def test_what_belongs_to_nothing(encoder: Encoder) -> None:
    for row, message in (
        (labels(1), "ratings: 1 ratings for 3 steps of solution 's'"),
        (labels(1, 1, 1, 1), "ratings: 4 ratings for 3 steps"),
        (labels(1, 1, 1, solution_id="t"), "solution_id: no such solution"),
    ):
        with pytest.raises(UnfitRecord, match=message):
            usable_labels(encoder, PROBLEMS, SOLUTIONS, [row])
    with pytest.raises(UnfitRecord, match="problem_id: no such problem"):
        usable_labels(encoder, {}, SOLUTIONS, [labels(1, 1, 1)])
    unrated = labels(None, None, None)
    assert usable_labels(encoder, PROBLEMS, SOLUTIONS, [unrated], max_tokens=1) == ([unrated], 0)


def test_two_ratings_never_fall_on_one_token(encoder: Encoder) -> None:
    """A tokenizer that drops white space makes nothing of an empty step."""
    backend = encoder.tokenizer.backend_tokenizer
    backend.normalizer = normalizers.Replace("\n", "")
    solutions = {"s": Solution(solution_id="s", problem_id="p", steps=("a", "", "b"))}
    row = labels(1, -1, None)
    for check in (
        lambda: usable_labels(encoder, PROBLEMS, solutions, [row]),
        lambda: prm_examples(encoder, PROBLEMS, solutions, [row], {-1: 1, 0: 2, 1: 3}),
    ):
        with pytest.raises(UnfitRecord, match=r"ratings\[1\]: the tokenizer makes no token"):
            check()


def test_chances_are_learned_up_to_the_first_error() -> None:
    solution = Solution(solution_id="s", problem_id="p", steps=("a", "b", "c", "d"))

    def wanted(ratings: Any, chances: Any, soft: bool = True) -> Any:
        labels = Labels(solution_id="s", problem_id="p", ratings=ratings, chances=chances)
        return counted_targets(labels, solution, soft=soft)

    none = (None,) * 4
    quarter = (0.75, 0.0, 0.25)
    assert wanted(none, (1.0, 0.25, 0.0, 0.5)) == ((0.0, 0.0, 1.0), quarter, (1.0, 0.0, 0.0))
    # A rating stands in where a step has no chance; one of -1 is an error either way.
    assert wanted((1, 0, -1, 1), (None, 0.25, 0.25, 1.0)) == (1, quarter, quarter)
    assert wanted((1, None, None, None), (0.25, None, None, None)) == (quarter,)
    assert wanted((1, 0, -1, 1), (0.25,) * 4, soft=False) == (1, 0, -1)
    assert wanted(none, none) == wanted(none, None) == ()
    with pytest.raises(UnfitRecord, match="chances: 3 chances for 4 steps of solution 's'"):
        wanted(none, (1.0, 1.0, 1.0))
