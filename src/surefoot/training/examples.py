"""Records to training examples of the generator, the ORM and the PRM.

Each text has one target form (`surefoot.training.objectives.Example`):

    generator   the solution and its end-of-text token, after the solve prompt
    PRM         the rating token at the last token of each rated step, up to
                and including the first error
    ORM         the token of the verdict, + or -, at every token of the solution

Identical solutions to a problem with identical ratings or verdicts are one
example: at low temperature a generator repeats itself.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from surefoot.errors import UserError
from surefoot.records import RATINGS, Grade, Labels, Problem, Rating, Solution
from surefoot.steps import review_prompt, solve_prompt
from surefoot.training.checks import SoftRating, check_steps_have_tokens, counted_targets, too_long
from surefoot.training.targets import NO_TARGET, Example, Spread
from surefoot.verifiers.encode import EncodedSolution, Encoder

T = TypeVar("T")


@dataclass
class Examples:
    """Training examples, and what was left out."""

    examples: list[Example] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    """Reason -> number of records: `duplicate`, `too long`, ..."""


class _Builder:
    """Collects examples, dropping repeated and too long ones."""

    def __init__(self, max_tokens: int | None, limit: int | None) -> None:
        self.found = Examples()
        self.max_tokens, self.limit = max_tokens, limit
        self._seen: set[tuple[object, ...]] = set()

    @property
    def is_full(self) -> bool:
        return self.limit is not None and len(self.found.examples) >= self.limit

    def is_new(self, *key: object) -> bool:
        if key in self._seen:
            self.found.left_out["duplicate"] += 1
            return False
        self._seen.add(key)
        return True

    def add(
        self, name: str, ids: list[int], targets: list[int], spread: Spread | None = None
    ) -> None:
        if self.max_tokens is not None and len(ids) > self.max_tokens:
            self.found.left_out["too long"] += 1
            return
        arrays = np.array(ids, dtype=np.int32), np.array(targets, dtype=np.int32)
        self.found.examples.append(Example(*arrays, spread, name))


def generator_examples(
    encoder: Encoder,
    problems: Mapping[str, Problem],
    solutions: Iterable[Solution],
    grades: Iterable[Grade],
    *,
    max_tokens: int | None = None,
    limit: int | None = None,
) -> Examples:
    """Solutions graded correct, each to be written after its problem's prompt.

    Args:
        encoder: With the generator's tokenizer, which must have an end-of-text token.
        problems: By `problem_id`.
        solutions: Sampled ones; only those that ended by themselves are kept.
        grades: Of at least these solutions.
        max_tokens: Longer texts are left out and counted.
        limit: Stop at so many examples, in the order of `solutions`.

    Raises:
        UserError: A solution has no grade, or its problem is not there.
    """
    verdicts = {grade.solution_id: grade.verdict for grade in grades}
    eos = encoder.tokenizer.eos_token_id
    builder = _Builder(max_tokens, limit)
    for solution in solutions:
        if builder.is_full:
            break
        verdict = _of(verdicts, solution.solution_id, "grade")
        if verdict != "correct" or solution.finish != "stop" or not solution.steps:
            reason = "cut at the token limit" if verdict == "correct" else verdict
            builder.found.left_out[reason] += 1
        elif builder.is_new(solution.problem_id, solution.steps):
            problem = _of(problems, solution.problem_id, "problem")
            text = encoder(solve_prompt(problem.statement), solution.steps)
            # The state at a token predicts the next; the prompt is only read.
            targets = [NO_TARGET] * (text.n_prompt - 1) + text.ids[text.n_prompt :] + [eos]
            builder.add(solution.solution_id, text.ids, targets)
    return builder.found


def prm_examples(
    encoder: Encoder,
    problems: Mapping[str, Problem],
    solutions: Mapping[str, Solution],
    labels: Iterable[Labels],
    rating_ids: Mapping[Rating, int],
    *,
    max_tokens: int | None = None,
    limit: int | None = None,
    soft: bool = False,
) -> Examples:
    """Rated solutions, cut after the last step that counts.

    Ratings count up to and including the first error. An unrated step is read
    but nothing is predicted there. Two raters who disagree give two examples.

    Args:
        encoder: With the verifier's tokenizer.
        problems: By `problem_id`.
        solutions: By `solution_id`; labels of others are an error.
        labels: One entry a step of its solution.
        rating_ids: Rating -> token id.
        max_tokens: Longer texts are left out and counted.
        limit: Stop at so many examples, in the order of `labels`.
        soft: Learn the chances of the steps, where there are any, in place of
            their ratings; see `counted_targets`.

    Raises:
        UserError: Labels without their solution or problem.
        UnfitRecord: Another number of ratings than the solution has steps, or a
            step of which the tokenizer makes no token.
    """
    builder = _Builder(max_tokens, limit)
    for row in labels:
        if builder.is_full:
            break
        solution = _of(solutions, row.solution_id, "solution")
        wanted = counted_targets(row, solution, soft=soft)
        if not wanted:
            builder.found.left_out["unrated"] += 1
        elif builder.is_new(solution.problem_id, solution.steps, wanted):
            problem = _of(problems, solution.problem_id, "problem")
            text = encoder(review_prompt(problem.statement), solution.steps[: len(wanted)])
            check_steps_have_tokens(row, text)
            builder.add(solution.solution_id, text.ids, *_rating_targets(text, wanted, rating_ids))
    return builder.found


def orm_examples(
    encoder: Encoder,
    problems: Mapping[str, Problem],
    solutions: Iterable[Solution],
    grades: Iterable[Grade],
    rating_ids: Mapping[Rating, int],
    *,
    max_tokens: int | None = None,
    limit: int | None = None,
    skip_long: bool = True,
) -> Examples:
    """Solutions with their verdict to be predicted at every token of the solution.

    `correct` is +, `incorrect` and `no_answer` are -; `undecided` is left out
    and counted. The prompt's tokens have no target: before the first step there
    is no solution to judge, only how hard the problem is.

    Args:
        encoder: With the verifier's tokenizer.
        problems: By `problem_id`.
        solutions: Sampled ones.
        grades: Of at least these solutions.
        rating_ids: Rating -> token id; -1 and 1 are used.
        max_tokens: What the model can read.
        limit: Stop at so many examples, in the order of `solutions`.
        skip_long: Leave longer texts out and count them, instead of raising.

    Raises:
        UserError: A solution has no grade, or its problem is not there.
        UnfitRecord: A solution is longer than `max_tokens` (not with `skip_long`).
    """
    verdicts = {grade.solution_id: grade.verdict for grade in grades}
    builder = _Builder(max_tokens, limit)
    for solution in solutions:
        if builder.is_full:
            break
        verdict = _of(verdicts, solution.solution_id, "grade")
        if verdict == "undecided":
            builder.found.left_out["undecided"] += 1
        elif not solution.steps:
            builder.found.left_out["without steps"] += 1
        elif builder.is_new(solution.problem_id, solution.steps, verdict == "correct"):
            problem = _of(problems, solution.problem_id, "problem")
            text = encoder(review_prompt(problem.statement), solution.steps)
            if not skip_long and max_tokens is not None and len(text.ids) > max_tokens:
                raise too_long(solution, "steps", len(text.ids), max_tokens)
            target = rating_ids[1 if verdict == "correct" else -1]
            n_solution = len(text.ids) - text.n_prompt
            builder.add(
                solution.solution_id, text.ids, [NO_TARGET] * text.n_prompt + [target] * n_solution
            )
    return builder.found


def _rating_targets(
    text: EncodedSolution,
    wanted: Sequence[Rating | SoftRating | None],
    rating_ids: Mapping[Rating, int],
) -> tuple[list[int], Spread | None]:
    """The rating token to be predicted at each step's last token; soft ones apart."""
    targets = [NO_TARGET] * len(text.ids)
    soft: list[tuple[int, int, float]] = []
    for end, one in zip(text.step_ends, wanted, strict=True):
        if isinstance(one, tuple):
            parts = zip(RATINGS, one, strict=True)
            soft += [(end, rating_ids[rating], share) for rating, share in parts if share > 0]
        elif one is not None:
            targets[end] = rating_ids[one]
    if not soft:
        return targets, None
    positions, tokens, weights = zip(*soft, strict=True)
    return targets, Spread(np.array(positions), np.array(tokens), np.array(weights))


def _of(records: Mapping[str, T], key: str, what: str) -> T:
    try:
        return records[key]
    except KeyError:
        raise UserError(f"{what} {key!r} is not among the {len(records)} given") from None
