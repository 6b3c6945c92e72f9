"""Ratings that training could not use: an error that names the row, never a silent loss.

A rating is lost where its step lies beyond the model's positions, where there
is no step for it, or where the tokenizer makes no token of the step, so that
two ratings fall on the same place.
"""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from surefoot.errors import UserError
from surefoot.records import Labels, Problem, Rating, Solution
from surefoot.steps import review_prompt
from surefoot.verifiers.encode import EncodedSolution, Encoder

SoftRating: TypeAlias = tuple[float, float, float]
"""Probabilities of the ratings -1, 0, +1; they sum to 1."""


class UnfitRecord(UserError):
    """A record that cannot be trained on; whoever knows its file can name the row.

    Args:
        record: The one at fault.
        field: Its field at fault.
        problem: What is wrong with it.
    """

    def __init__(self, record: Labels | Solution, field: str, problem: str) -> None:
        self.record, self.field, self.problem = record, field, problem
        kind = type(record).__name__.lower()
        super().__init__(f"{kind} of {record.solution_id!r}: {field}: {problem}")


def usable_labels(
    encoder: Encoder,
    problems: Mapping[str, Problem],
    solutions: Mapping[str, Solution],
    labels: Iterable[Labels],
    *,
    max_tokens: int | None = None,
    skip_long: bool = False,
    soft: bool = False,
) -> tuple[list[Labels], int]:
    """The labels, once it is known that no rating of theirs would be lost.

    Args:
        encoder: With the model's tokenizer.
        problems: By `problem_id`.
        solutions: By `solution_id`.
        labels: To be checked, those of held-out problems too.
        max_tokens: What the model can read; None: anything.
        skip_long: Leave labels out that reach further, instead of raising.
        soft: Whether chances are learned, as in `counted_targets`.

    Returns:
        The labels that can be used, in order, and how many were too long.

    Raises:
        UnfitRecord: Labels without their solution or problem, with another
            number of ratings than steps, on a step of no tokens, or beyond
            `max_tokens` (not with `skip_long`).
    """
    usable: list[Labels] = []
    n_long = 0
    for row in labels:
        solution = solutions.get(row.solution_id)
        if solution is None:
            raise UnfitRecord(row, "solution_id", f"no such solution among {len(solutions)}")
        problem = problems.get(solution.problem_id)
        if problem is None:
            raise UnfitRecord(row, "problem_id", f"no such problem among {len(problems)}")
        n_counted = len(counted_targets(row, solution, soft=soft))
        text = encoder(review_prompt(problem.statement), solution.steps[:n_counted])
        check_steps_have_tokens(row, text)
        if max_tokens is None or len(text.ids) <= max_tokens or not n_counted:
            usable.append(row)
        elif skip_long:
            n_long += 1
        else:
            raise too_long(row, "ratings", len(text.ids), max_tokens)
    return usable, n_long


def counted_ratings(labels: Labels, solution: Solution) -> tuple[Rating | None, ...]:
    """The ratings up to and including the first error, without trailing unrated steps.

    Raises:
        UnfitRecord: The number of ratings is not the number of steps.
    """
    if len(labels.ratings) != len(solution.steps):
        raise UnfitRecord(
            labels,
            "ratings",
            f"{len(labels.ratings)} ratings for {len(solution.steps)} steps"
            f" of solution {solution.solution_id!r}",
        )
    first_error = labels.first_error
    ratings = labels.ratings if first_error is None else labels.ratings[: first_error + 1]
    n_counted = max((i + 1 for i, rating in enumerate(ratings) if rating is not None), default=0)
    return ratings[:n_counted]


def counted_targets(
    labels: Labels, solution: Solution, *, soft: bool = False
) -> tuple[Rating | SoftRating | None, ...]:
    """What a PRM learns of each step, without trailing steps of which it learns nothing.

    Args:
        labels: Of the solution.
        solution: What they rate.
        soft: Learn a step's chance of being right, where it has one, in place
            of its rating: 1 - chance of -1 and chance of +1. A chance of 0 is a
            first error too, and what comes after one does not count.

    Raises:
        UnfitRecord: The number of ratings or chances is not the number of steps.
    """
    ratings = counted_ratings(labels, solution)
    if not soft or labels.chances is None:
        return ratings
    if len(labels.chances) != len(solution.steps):
        raise UnfitRecord(
            labels,
            "chances",
            f"{len(labels.chances)} chances for {len(solution.steps)} steps"
            f" of solution {solution.solution_id!r}",
        )
    found: list[Rating | SoftRating | None] = []
    for chance, rating in zip(labels.chances, labels.ratings, strict=True):
        found.append(rating if chance is None else (1 - chance, 0.0, chance))
        if rating == -1 or chance == 0:
            break
    while found and found[-1] is None:
        found.pop()
    return tuple(found)


def check_steps_have_tokens(record: Labels | Solution, text: EncodedSolution) -> None:
    """Each step must end at a token of its own.

    Raises:
        UnfitRecord: The tokenizer makes nothing of a step and its newline.
    """
    before = text.n_prompt - 1
    for i, end in enumerate(text.step_ends):
        if end == before:
            name = f"ratings[{i}]" if isinstance(record, Labels) else f"steps[{i}]"
            raise UnfitRecord(
                record, name, "the tokenizer makes no token of this step; its rating would be lost"
            )
        before = end


def too_long(record: Labels | Solution, field: str, n_tokens: int, max_tokens: int) -> UnfitRecord:
    """The error of a record that reaches beyond the model's positions."""
    return UnfitRecord(
        record,
        field,
        f"solution {record.solution_id!r} has {n_tokens} tokens with its problem, the model reads"
        f" at most {max_tokens}; --skip-long leaves such solutions out",
    )
