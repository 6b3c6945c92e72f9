r"""A rater's session, kept whole: what was offered at each step, and what was followed.

The design. Every row of every label format is read into one `Session`
(`surefoot.records`), in the words of the file, and written from one:

    row -> Session -> Solution + Labels      what all commands work with
              |   \-> alternatives           the other steps that were rated
              \-> row                        the same JSON as was read

- A session is a tree of depth one along a spine: at each step some alternatives
  with a rating each, and which one the next step continues (`chosen`), or the
  step that a person wrote instead. Only the spine becomes Solution and Labels.
- The spine ends where nothing was chosen: with the first alternative if it is
  rated (phase 2 puts the wrong step there), before it if not (a given up row).
- A step that a person wrote is unrated, as the data have it.
- Labels carry marks (`surefoot.labeling.marks`); nothing is dropped at import.
- Solutions and Labels are there once; sessions as often as the file has rows.
- What the fields do not say is in `other`, as the difference between the row and
  what the format's writer makes of the fields; so export returns every row.
"""

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from surefoot.grading.extract import final_answer
from surefoot.labeling.lines import as_lines, lines_of
from surefoot.labeling.marks import FINISH_MARKS
from surefoot.records import Labels, Mark, Problem, Rating, Session, Solution
from surefoot.steps import join_steps


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What one row says, in the words of its file."""

    problem: Problem
    session: Session
    """Its `solution_id` is not known yet; `other` is empty."""
    solution_id: str | None = None
    """If the row names one; else it is made of the text."""
    generator: str | None = None
    is_cut: bool = False
    """Whether the solution was cut at a limit."""
    source: str | None = None
    """Of the labels; the format's name if None."""


class Step(NamedTuple):
    """One step on the way through a session."""

    text: str
    rating: Rating | None = None
    chance: float | None = None
    is_flagged: bool = False


def spine(session: Session) -> list[Step]:
    """The steps that were followed."""
    steps: list[Step] = []
    for i, texts in enumerate(session.alternatives):
        index = _followed_index(session, i)
        if index is None:
            assert session.human_steps is not None
            steps.append(Step(session.human_steps[i] or ""))
        elif session.chosen[i] is not None:
            steps.append(_alternative(session, i, index))
        else:
            if texts and _alternative(session, i, index).rating is not None:
                steps.append(_alternative(session, i, index))
            break
    return steps


def alternatives(session: Session) -> Iterator[list[Step]]:
    """For each rated step that was not followed: the steps before it, and it.

    Each is a labelled step that shares its beginning with the spine. The spine
    itself is not among them.
    """
    followed = spine(session)
    for i, texts in enumerate(session.alternatives[: len(followed) + 1]):
        for j in range(len(texts or ())):
            step = _alternative(session, i, j)
            is_followed = i < len(followed) and j == _followed_index(session, i)
            if step.rating is not None and not is_followed:
                yield [*followed[:i], step]


def marks_of(session: Session) -> tuple[Mark, ...]:
    """The marks of the labels that follow from a session, in the order of `MARKS`."""
    marks: list[Mark] = []
    has_flags = session.alternative_flags is not None
    if has_flags and any(step.is_flagged for step in spine(session)):
        marks.append("flagged")
    if session.is_quality_control:
        marks.append("quality_control")
    if session.is_screening:
        marks.append("screening")
    if session.finish_reason in FINISH_MARKS:
        marks.append(FINISH_MARKS[session.finish_reason])
    return tuple(marks)


def records_of(entry: Entry) -> tuple[Solution, Labels] | None:
    """The solution that was followed and its ratings, in our steps.

    What the rater was shown beyond the last rated step belongs to the solution
    and is unrated. None where there is no step at all.
    """
    session, steps = entry.session, spine(entry.session)
    shown = session.shown_steps or ()
    if shown[: len(steps)] == tuple(step.text for step in steps):
        steps += [Step(text) for text in shown[len(steps) :]]
    if not steps:
        return None
    lines, ratings = as_lines([s.text for s in steps], [s.rating for s in steps])
    text = join_steps(lines)
    made_id = f"{entry.problem.source}-{digest(entry.problem.problem_id + chr(0) + text)}"
    solution_id = entry.solution_id or made_id
    solution = Solution(
        solution_id=solution_id,
        problem_id=entry.problem.problem_id,
        steps=lines,
        answer=final_answer(text),
        finish="length" if entry.is_cut else "stop",
        generator=entry.generator,
    )
    chances = [steps[line.step].chance for line in lines_of([s.text for s in steps])]
    labels = Labels(
        solution_id=solution_id,
        problem_id=entry.problem.problem_id,
        ratings=ratings,
        rater=session.rater,
        source=entry.source or session.format,
        chances=tuple(chances) if session.chances is not None else None,
        marks=marks_of(session),
    )
    return solution, labels


def labels_on(session: Session, solution: Solution, source: str) -> Labels | None:
    """The labels that follow, if what was followed is this solution as far as it went.

    None where it is another one, or the same in other lines; see `records_of`.
    """
    steps = spine(session)
    if not steps or solution.steps[: len(steps)] != tuple(step.text for step in steps):
        return None
    blank = (None,) * (len(solution.steps) - len(steps))
    has_chances = session.chances is not None
    return Labels(
        solution_id=solution.solution_id,
        problem_id=session.problem_id,
        ratings=(*(step.rating for step in steps), *blank),
        rater=session.rater,
        source=source,
        chances=(*(step.chance for step in steps), *blank) if has_chances else None,
        marks=marks_of(session),
    )


def alternative_records(session: Session) -> Iterator[tuple[Solution, Labels]]:
    """Each alternative as a solution that ends with it, to be trained on.

    Only the last step is rated: the ratings of the beginning are those of the
    labels that belong to the session, and count there.
    """
    for n, steps in enumerate(alternatives(session)):
        yield _ending_records(session, f"alternative-{n}", steps)


def rated_step_records(sessions: Iterable[Session]) -> tuple[list[Solution], list[Labels]]:
    """Each rated step, followed or not, as a solution that ends with it.

    Only that step is rated, so each rating is there once, beside those of the
    other alternatives. What several sessions say alike is taken once.
    """
    found: dict[tuple[Any, ...], tuple[Solution, Labels]] = {}
    for session in sessions:
        followed = spine(session)
        ways = [followed[: i + 1] for i, step in enumerate(followed) if step.rating is not None]
        for n, steps in enumerate([*ways, *alternatives(session)]):
            solution, labels = _ending_records(session, f"step-{n}", steps)
            key = (solution.problem_id, solution.steps, labels.ratings, labels.marks)
            found.setdefault(key, (solution, labels))
    return [pair[0] for pair in found.values()], [pair[1] for pair in found.values()]


def _ending_records(session: Session, name: str, steps: list[Step]) -> tuple[Solution, Labels]:
    """A solution of these steps, of which the last is rated."""
    way = [Step(step.text) for step in steps[:-1]] + [steps[-1]]
    lines, ratings = as_lines([s.text for s in way], [s.rating for s in way])
    solution_id = f"{session.session_id}/{name}"
    unsure: tuple[Mark, ...] = ("flagged",) if steps[-1].is_flagged else ()
    marks = unsure + tuple(mark for mark in marks_of(session) if mark != "flagged")
    return (
        Solution(solution_id=solution_id, problem_id=session.problem_id, steps=lines),
        Labels(
            solution_id=solution_id,
            problem_id=session.problem_id,
            ratings=ratings,
            rater=session.rater,
            source=f"{session.format}, {name.partition('-')[0]}",
            marks=marks,
        ),
    )


def session_of(solution: Solution, labels: Labels) -> Session:
    """A session in which these labels could have been given."""
    chances = labels.chances or (None,) * len(labels.ratings)
    pairs = zip(labels.ratings, chances, strict=True)
    n_rated = max((i + 1 for i, pair in enumerate(pairs) if pair != (None, None)), default=0)
    return Session(
        session_id=f"{labels.solution_id}/{labels.rater}",
        problem_id=labels.problem_id,
        solution_id=labels.solution_id,
        rater=labels.rater,
        format="labels",
        alternatives=tuple((text,) for text in solution.steps[:n_rated]),
        alternative_ratings=tuple((rating,) for rating in labels.ratings[:n_rated]),
        chosen=(0,) * n_rated,
        chances=labels.chances and labels.chances[:n_rated],
        shown_steps=solution.steps,
        shown_answer=solution.answer,
        is_quality_control="quality_control" in labels.marks,
        is_screening="screening" in labels.marks,
        finish_reason=next((r for r, mark in FINISH_MARKS.items() if mark in labels.marks), None),
    )


def named(session: Session, solution_id: str | None, rater: str) -> Session:
    """The session, joined to its labels."""
    return dataclasses.replace(session, solution_id=solution_id, rater=rater)


def session_from(text: str) -> Session:
    """A session out of the JSON of its fields, as the labelling room keeps it.

    Its fields are taken as they are: it was checked when it was made.
    """
    found = json.loads(text)
    values = {name: value for name, value in found.items() if name in _FIELDS}
    for name in _LISTS & values.keys():
        if values[name] is not None:
            values[name] = tuple(tuple(x) if type(x) is list else x for x in values[name])
    return Session(**values)


_FIELDS = {field.name for field in dataclasses.fields(Session)}
_LISTS = {
    "alternatives",
    "alternative_ratings",
    "alternative_flags",
    "chosen",
    "human_steps",
    "chances",
    "shown_steps",
}


def digest(text: str) -> str:
    """Sixteen hexadecimal digits that stand for a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _followed_index(session: Session, i: int) -> int | None:
    """The alternative that was followed, or would be the last step; None: a person's step."""
    if session.chosen[i] is not None:
        return session.chosen[i]
    human = session.human_steps[i] if session.human_steps else None
    return 0 if human is None else None


def _alternative(session: Session, i: int, j: int) -> Step:
    texts, ratings = session.alternatives[i], session.alternative_ratings[i]
    assert texts is not None
    assert ratings is not None
    flags = session.alternative_flags[i] if session.alternative_flags else None
    return Step(
        texts[j],
        ratings[j],
        session.chances[i] if session.chances and j == (session.chosen[i] or 0) else None,
        bool(flags and flags[j]),
    )
