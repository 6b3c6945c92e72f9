r"""Step ratings of PRM800K, as records.

Reads two layouts, row by row:

- *paths*: one labelled path a row, flat: `problem, ground_truth_answer, steps,
  ratings` (and, where there are, `unique_id, truncated, copies`); the ratings
  end at the first -1;
- *raw*: the published rows, `question` and `label.steps[].completions[]`.

Steps become lines: a newline inside a step is folded into a blank, and a step
that ends in `\n\n# Answer\n\n42` becomes two, the second `# Answer 42`.
"""

import hashlib
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from surefoot.errors import BadRow, UserError
from surefoot.grading.extract import final_answer
from surefoot.problems.rows import Row
from surefoot.records import RATINGS, Labels, Problem, Rating, Solution
from surefoot.steps import ANSWER_MARK, join_steps, split_steps

log = logging.getLogger("surefoot")

SOURCE = "prm800k"


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What a file of ratings holds, without repetitions."""

    problems: list[Problem]
    solutions: list[Solution]
    labels: list[Labels]
    repeated: int = 0
    """Rows that say what an earlier row says: same steps, same ratings, same labeller."""
    skipped: int = 0
    """Bad rows left out (with `skip_bad`)."""


class Rated(NamedTuple):
    """One row: a problem, a solution to it, and the ratings of its steps."""

    problem: Problem
    solution: Solution
    labels: Labels


def collect(rows: Iterable[Row | BadRow], *, skip_bad: bool = False) -> Imported:
    """Records of all rows, each problem and each solution once.

    A solution rated twice in different ways keeps both ratings: the second
    labeller, if the row does not name one, is called `prm800k-2`.

    Raises:
        BadRow: A row is bad (not with `skip_bad`).
        UserError: There are no rows at all.
    """
    problems: dict[str, Problem] = {}
    solutions: dict[str, Solution] = {}
    labels: dict[tuple[str, str], Labels] = {}
    repeated = skipped = 0
    for row in rows:
        try:
            if isinstance(row, BadRow):
                raise row
            rated = read_row(row)
        except BadRow as error:
            if not skip_bad:
                raise
            skipped += 1
            log.warning("skipped %s", error)
            continue
        problems.setdefault(rated.problem.problem_id, rated.problem)
        solutions.setdefault(rated.solution.solution_id, rated.solution)
        repeated += not _add(labels, rated.labels)
    if not labels:
        raise UserError("the file holds no readable ratings")
    return Imported(
        problems=list(problems.values()),
        solutions=list(solutions.values()),
        labels=list(labels.values()),
        repeated=repeated,
        skipped=skipped,
    )


def _add(labels: dict[tuple[str, str], Labels], new: Labels) -> bool:
    """Adds ratings under a free name; False if the same ones are there."""
    rater, n = new.rater, 1
    while (old := labels.get((new.solution_id, rater))) is not None:
        if old.ratings == new.ratings:
            return False
        n += 1
        rater = f"{new.rater}-{n}"
    labels[new.solution_id, rater] = Labels(
        solution_id=new.solution_id,
        problem_id=new.problem_id,
        ratings=new.ratings,
        rater=rater,
        source=new.source,
    )
    return True


def read_row(row: Row) -> Rated:
    """The records of one row, in either layout.

    Raises:
        BadRow: A field is missing or holds what it should not.
    """
    return _read_raw(row) if "question" in row.fields else _read_path(row)


def _read_path(row: Row) -> Rated:
    steps = _texts(row, "steps", row.fields.get("steps"))
    ratings = _ratings(row, "ratings", row.fields.get("ratings"))
    if len(steps) != len(ratings):
        raise row.bad("ratings", f"there are {len(ratings)} for {len(steps)} steps")
    unique_id = row.text("unique_id") if row.fields.get("unique_id") else None
    problem = _problem(row.filled("problem"), row.text("ground_truth_answer"), unique_id, row.split)
    return _rated(problem, steps, ratings, "phase 2", bool(row.fields.get("truncated")))


def _read_raw(row: Row) -> Rated:
    question, label = row.fields["question"], row.fields.get("label")
    if not isinstance(question, dict):
        raise row.bad("question", "must be an object")
    if not isinstance(label, dict) or not isinstance(label.get("steps"), list):
        raise row.bad("label.steps", "must be a list")
    inner = row._replace(fields=question)
    reference = question.get("ground_truth_solution")
    problem = _problem(
        inner.filled("problem"),
        inner.text("ground_truth_answer"),
        None,
        row.split,
        reference if isinstance(reference, str) else None,
    )
    steps, ratings = _labelled_path(row, label["steps"])
    written = question.get("pre_generated_steps")
    if isinstance(written, list) and written[: len(steps)] == steps:
        # Phase 2 shows a whole solution; what follows the error is unrated.
        steps = _texts(row, "question.pre_generated_steps", written)
        ratings += [None] * (len(steps) - len(ratings))
    generation, labeler = row.fields.get("generation"), row.fields.get("labeler")
    phase = "phase 1" if generation is None else f"phase 2, generation {generation}"
    return _rated(problem, steps, ratings, phase, False, str(labeler) if labeler else SOURCE)


def _labelled_path(row: Row, rated: list[Any]) -> tuple[list[str], list[Rating | None]]:
    """The steps that were gone through: the chosen ones, then the first rated where none was.

    A step that a labeller wrote has no rating in the data; it stays unrated.
    """
    steps: list[str] = []
    ratings: list[Rating | None] = []
    for i, step in enumerate(rated):
        where = f"label.steps[{i}]"
        completions = step.get("completions") if isinstance(step, dict) else None
        chosen = step.get("chosen_completion") if isinstance(step, dict) else None
        if chosen is None and isinstance(step, dict) and step.get("human_completion"):
            taken = {**step["human_completion"], "rating": None}
        elif not completions:
            raise row.bad(f"{where}.completions", "must hold at least one step")
        elif chosen is None:
            taken = completions[0]
        elif isinstance(chosen, int) and 0 <= chosen < len(completions):
            taken = completions[chosen]
        else:
            raise row.bad(f"{where}.chosen_completion", f"there is no completion {chosen!r}")
        steps += _texts(row, f"{where}.text", [taken.get("text")])
        ratings += _ratings(row, f"{where}.rating", [taken.get("rating")], may_be_none=True)
        if ratings[-1] == -1:
            break
    return steps, ratings


def _problem(
    statement: str,
    answer: str,
    unique_id: str | None,
    split: str | None,
    reference: str | None = None,
) -> Problem:
    return Problem(
        problem_id=unique_id or f"{SOURCE}-{_digest(statement)}",
        statement=statement.strip(),
        answer=answer.strip(),
        reference_solution=reference,
        split=split,
        source=SOURCE,
    )


def _rated(
    problem: Problem,
    steps: list[str],
    ratings: list[Rating | None],
    phase: str,
    is_cut: bool,
    rater: str = SOURCE,
) -> Rated:
    lines, line_ratings = as_lines(steps, ratings)
    text = join_steps(lines)
    solution_id = f"{SOURCE}-{_digest(problem.problem_id + chr(0) + text)}"
    solution = Solution(
        solution_id=solution_id,
        problem_id=problem.problem_id,
        steps=lines,
        answer=final_answer(text),
        finish="length" if is_cut else "stop",
    )
    labels = Labels(
        solution_id=solution_id,
        problem_id=problem.problem_id,
        ratings=line_ratings,
        rater=rater,
        source=f"{SOURCE}, {phase}",
    )
    return Rated(problem, solution, labels)


def as_lines(
    steps: Iterable[str], ratings: Iterable[Rating | None]
) -> tuple[tuple[str, ...], tuple[Rating | None, ...]]:
    r"""Steps as lines, and a rating for each line.

    Where a step holds both text and the `# Answer`, the answer line gets the
    step's rating too; but if that is -1 the error is in the text and the
    answer, which comes after it, is unrated. What follows the answer is dropped.

    Example:
        >>> as_lines(["so it is 42.\n\n# Answer\n\n42"], [1])
        (('so it is 42.', '# Answer 42'), (1, 1))
    """
    lines: list[str] = []
    line_ratings: list[Rating | None] = []
    for step, rating in zip(steps, ratings, strict=True):
        before, mark, after = step.partition(ANSWER_MARK)
        if before.strip():
            lines.append(" ".join(part.strip() for part in before.split("\n") if part.strip()))
            line_ratings.append(rating)
        if mark:
            lines += split_steps(mark + after)[:1]
            line_ratings.append(None if rating == -1 and before.strip() else rating)
            break
    return tuple(lines), tuple(line_ratings)


def _texts(row: Row, name: str, value: Any) -> list[str]:
    if not isinstance(value, list) or not value:
        raise row.bad(name, "must be a list of at least one step")
    for i, text in enumerate(value):
        if not isinstance(text, str) or not text.strip():
            raise row.bad(f"{name}[{i}]", f"must be text that is not empty, got {text!r}")
    return value


def _ratings(row: Row, name: str, value: Any, *, may_be_none: bool = False) -> list[Rating | None]:
    """Checked ratings: each -1, 0 or 1, and none after the first -1."""
    if not isinstance(value, list):
        raise row.bad(name, "must be a list of ratings")
    for i, rating in enumerate(value):
        if rating is None and may_be_none:
            continue
        if type(rating) is not int or rating not in RATINGS:
            raise row.bad(f"{name}[{i}]", f"must be -1, 0 or 1, got {rating!r}")
        if rating == -1 and i < len(value) - 1:
            raise row.bad(f"{name}[{i + 1}]", "a rating after the first -1")
    return value


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
