"""PRM800K's rows, in both directions.

Two layouts, told apart by the field `question`:

- *raw*: the published rows, `question` and `label.steps[].completions[]`, of
  phase 1 (alternatives at every step, steps by people) and phase 2 (a whole
  solution is shown, alternatives only for the first error);
- *paths*: one labelled path a row, flat: `problem, ground_truth_answer, steps,
  ratings` (and, where there are, `unique_id, truncated, copies`); the ratings
  end at the first -1.

Rows are written in the layout they were read in.
"""

from typing import Any

from surefoot.labeling import fields
from surefoot.labeling.choices import CannotExpress, Choices
from surefoot.labeling.paths import session_id
from surefoot.labeling.sessions import Entry, digest
from surefoot.problems.rows import Row
from surefoot.records import Problem, Rating, Session, Solution

SOURCE = "prm800k"
PATHS = "prm800k-paths"
"""The format of sessions that come from the flat layout."""


def read(row: Row) -> list[Entry]:
    """One row, in either layout.

    Raises:
        BadRow: A field is missing or holds what it should not.
    """
    return [_read_raw(row) if "question" in row.fields else _read_path(row)]


def write(problem: Problem, solution: Solution | None, session: Session, _: Choices) -> Any:
    """The row of a session.

    Raises:
        CannotExpress: It has soft labels.
    """
    if session.chances is not None and any(c is not None for c in session.chances):
        raise CannotExpress("chances", "soft labels have no place in prm800k")
    return (_write_path if session.format == PATHS else _write_raw)(problem, session)


def _read_path(row: Row) -> Entry:
    steps = fields.steps(row, "steps", row.fields.get("steps"))
    ratings = row.fields.get("ratings")
    if not isinstance(ratings, list):
        raise row.bad("ratings", "must be a list of ratings")
    for i, rating in enumerate(ratings):
        fields.rating(row, f"ratings[{i}]", rating, nullable=False)
        if rating == -1 and i < len(ratings) - 1:
            raise row.bad(f"ratings[{i + 1}]", "a rating after the first -1")
    fields.same_length(row, "ratings", ratings, len(steps))
    unique_id = fields.optional(row, row.fields, "unique_id", str)
    problem = _problem(row, row.filled("problem"), row.text("ground_truth_answer"), unique_id)
    session = Session(
        session_id=session_id(row),
        problem_id=problem.problem_id,
        rater=SOURCE,
        format=PATHS,
        alternatives=tuple((step,) for step in steps),
        alternative_ratings=tuple((rating,) for rating in ratings),
        chosen=tuple(None if rating == -1 else 0 for rating in ratings),
    )
    return Entry(
        problem=problem,
        session=session,
        is_cut=bool(row.fields.get("truncated")),
        source=f"{SOURCE}, phase 2",
    )


def _read_raw(row: Row) -> Entry:
    question, label = row.fields["question"], row.fields.get("label")
    if not isinstance(question, dict):
        raise row.bad("question", "must be an object")
    if not isinstance(label, dict):
        raise row.bad("label", "must be an object")
    inner = row._replace(fields=question)
    answer = "" if question.get("ground_truth_answer", "") is None else None
    problem = _problem(
        row,
        inner.filled("problem"),
        inner.text("ground_truth_answer") if answer is None else answer,
        fields.optional(row, question, "question.unique_id", str),
        fields.optional(row, question, "question.ground_truth_solution", str),
    )
    generation = fields.optional(row, row.fields, "generation", int)
    phase = "phase 1" if generation is None else f"phase 2, generation {generation}"
    shown = question.get("pre_generated_steps")  # nothing rated is lost if one is blank
    session = Session(
        session_id=session_id(row),
        problem_id=problem.problem_id,
        rater=fields.optional(row, row.fields, "labeler", str) or SOURCE,
        format=SOURCE,
        **_steps(row, fields.objects(row, "label.steps", label.get("steps"))),
        shown_steps=None
        if shown is None
        else fields.texts(row, "question.pre_generated_steps", shown),
        shown_answer=fields.optional(row, question, "question.pre_generated_answer", str),
        shown_score=fields.optional(row, question, "question.pre_generated_verifier_score", float),
        generation=generation,
        is_quality_control=_truth(row, "is_quality_control_question"),
        is_screening=_truth(row, "is_initial_screening_question"),
        finish_reason=fields.optional(row, label, "label.finish_reason", str),
        milliseconds=fields.optional(row, label, "label.total_time", int),
        timestamp=fields.optional(row, row.fields, "timestamp", str),
    )
    return Entry(problem=problem, session=session, source=f"{SOURCE}, {phase}")


def _truth(row: Row, name: str) -> bool:
    return bool(fields.optional(row, row.fields, name, bool))


def _steps(row: Row, steps: list[dict[str, Any]]) -> dict[str, Any]:
    """The fields of a session that run along its steps."""
    texts: list[tuple[str, ...] | None] = []
    ratings: list[tuple[Rating | None, ...] | None] = []
    flags: list[tuple[bool | None, ...] | None] = []
    humans: list[str | None] = []
    chosen: list[int | None] = []
    for i, step in enumerate(steps):
        where = f"label.steps[{i}]"
        if "completions" not in step:
            raise row.bad(f"{where}.completions", "missing; null or a list of steps")
        offered = step["completions"]
        if offered is not None:
            offered = fields.objects(row, f"{where}.completions", offered)
        read = [
            _completion(row, f"{where}.completions[{j}]", c) for j, c in enumerate(offered or [])
        ]
        texts.append(None if offered is None else tuple(text for text, _, _ in read))
        ratings.append(None if offered is None else tuple(rating for _, rating, _ in read))
        flags.append(None if offered is None else tuple(flag for _, _, flag in read))
        humans.append(_human(row, where, step.get("human_completion")))
        chosen.append(_chosen(row, where, step.get("chosen_completion"), [t for t, _, _ in read]))
        is_last = chosen[-1] is None and humans[-1] is None
        if is_last and read and read[0][1] is not None and not read[0][0].strip():
            raise row.bad(f"{where}.completions[0].text", "is rated, but empty")
    has_flags = any(flag is not None for one in flags for flag in one or ())
    return {
        "alternatives": tuple(texts),
        "alternative_ratings": tuple(ratings),
        "alternative_flags": tuple(flags) if has_flags else None,
        "chosen": tuple(chosen),
        "human_steps": tuple(humans) if any(h is not None for h in humans) else None,
    }


def _completion(
    row: Row, where: str, value: dict[str, Any]
) -> tuple[str, Rating | None, bool | None]:
    text = value.get("text")
    if not isinstance(text, str):
        raise row.bad(f"{where}.text", f"must be text, got {fields.shown(text)}")
    if "rating" not in value:
        raise row.bad(f"{where}.rating", "missing; must be -1, 0, 1 or null")
    rating = fields.rating(row, f"{where}.rating", value["rating"])
    return text, rating, fields.optional(row, value, f"{where}.flagged", bool)


def _human(row: Row, where: str, value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise row.bad(f"{where}.human_completion", "must be an object or null")
    return fields.steps(row, f"{where}.human_completion.text", [value.get("text")])[0]


def _chosen(row: Row, where: str, value: Any, texts: list[str]) -> int | None:
    if value is None:
        return None
    if type(value) is not int or not 0 <= value < len(texts):
        raise row.bad(f"{where}.chosen_completion", f"there is no completion {fields.shown(value)}")
    if not texts[value].strip():
        raise row.bad(f"{where}.completions[{value}].text", "was chosen, but is empty")
    return value


def _problem(
    row: Row, statement: str, answer: str, unique_id: str | None, reference: str | None = None
) -> Problem:
    return Problem(
        problem_id=unique_id or problem_id(statement),
        statement=statement.strip(),
        answer=answer.strip(),
        reference_solution=reference,
        split=row.split,
        source=SOURCE,
    )


def problem_id(statement: str) -> str:
    """The id of a problem whose row names none."""
    return f"{SOURCE}-{digest(statement)}"


def _write_path(problem: Problem, session: Session) -> dict[str, Any]:
    return {
        "problem": problem.statement,
        "unique_id": problem.problem_id,
        "ground_truth_answer": problem.answer,
        "steps": [texts[0] for texts in session.alternatives if texts],
        "ratings": [ratings[0] for ratings in session.alternative_ratings if ratings],
    }


def _write_raw(problem: Problem, session: Session) -> dict[str, Any]:
    is_phase_2 = session.generation is not None or session.shown_steps is not None
    question: dict[str, Any] = {"problem": problem.statement}
    if is_phase_2:
        question["ground_truth_solution"] = problem.reference_solution
    question["ground_truth_answer"] = problem.answer or None
    if is_phase_2:
        shown = session.shown_steps
        question["pre_generated_steps"] = None if shown is None else list(shown)
        question["pre_generated_answer"] = session.shown_answer
        question["pre_generated_verifier_score"] = session.shown_score
    steps = [_written_step(session, i) for i in range(_n_written(session))]
    is_ours = session.format == SOURCE
    return {
        "labeler": None if session.rater.startswith(SOURCE) else session.rater,
        "timestamp": session.timestamp,
        "generation": session.generation,
        "is_quality_control_question": session.is_quality_control,
        "is_initial_screening_question": session.is_screening,
        "question": question,
        "label": {
            "steps": steps,
            "total_time": session.milliseconds,
            "finish_reason": session.finish_reason if is_ours else _finish_reason(session, steps),
        },
    }


def _written_step(session: Session, i: int) -> dict[str, Any]:
    texts, ratings = session.alternatives[i], session.alternative_ratings[i]
    flags = session.alternative_flags[i] if session.alternative_flags else None
    human = session.human_steps[i] if session.human_steps else None
    chosen = session.chosen[i]
    if session.format != SOURCE and ratings and ratings[0] == -1:
        chosen = None  # nothing continues an error here, whatever the other format says
    return {
        "completions": None
        if texts is None
        else [
            {"text": text, "rating": rating, "flagged": flag}
            for text, rating, flag in zip(
                texts, ratings or (), flags or (None,) * len(texts), strict=True
            )
        ],
        "human_completion": None
        if human is None
        else {"text": human, "rating": None, "source": "human", "flagged": False},
        "chosen_completion": chosen,
    }


def _n_written(session: Session) -> int:
    """Steps to write: those of other formats end with the first error, as all of PRM800K's do."""
    if session.format != SOURCE:
        for i, ratings in enumerate(session.alternative_ratings):
            if ratings and ratings[0] == -1:
                return i + 1
    return len(session.alternatives)


def _finish_reason(session: Session, steps: list[dict[str, Any]]) -> str | None:
    """How a session of another format ended."""
    ratings = [step["completions"][0]["rating"] for step in steps if step["completions"]]
    if session.finish_reason is not None:
        return session.finish_reason
    if ratings and ratings[-1] == -1:
        return "found_error"
    n_shown = len(session.shown_steps) if session.shown_steps is not None else len(ratings)
    is_whole = bool(ratings) and None not in ratings and len(ratings) == n_shown
    return "solution" if is_whole else None
