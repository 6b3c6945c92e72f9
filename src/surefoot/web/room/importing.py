"""Further generations into a room: what a verifier chose, with the reasons.

A command that selects solutions sends them in parts, to the server if one runs.
The same part again changes nothing, so a command that was killed sends all again.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from surefoot.columns import FieldError, builder
from surefoot.errors import UserError
from surefoot.labeling.events import MAX_STEPS, MAX_TEXT
from surefoot.records import Problem, Solution
from surefoot.web.room import audit
from surefoot.web.room.admin import Token, actor_of
from surefoot.web.room.api import Asked
from surefoot.web.room.app import RoomHere, Secret, protocol_of
from surefoot.web.room.intake import Plan, take_in
from surefoot.web.room.problems import Refused
from surefoot.web.room.schema import GenerationRow, SolutionRow, TaskRow

router = APIRouter(prefix="/api/v1/admin")

PART = 200
"""Solutions sent at once, at most."""
PART_BYTES = 500_000
"""Of JSON sent at once, about; the server takes four times as much."""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Solutions that were chosen to be rated, the most wanted first."""

    generation: int
    verifier: str
    """Which one chose them: its folder's name, and a hash of its weights."""
    policy: dict[str, Any]
    """How it chose."""
    problems: Sequence[Problem]
    """At least those of the solutions."""
    solutions: Sequence[Solution]
    scores: dict[str, float] = field(default_factory=dict)
    """`solution_id` -> solution score of the verifier."""
    chosen_as: dict[str, str] = field(default_factory=dict)
    """`solution_id` -> why."""
    want: int = 1
    overlap: float = 0.0
    place: int = 0
    """Of the first solution in the whole selection."""


class Part(Asked):
    """A part of a selection, as JSON."""

    generation: Annotated[int, Field(ge=0)]
    verifier: str
    policy: dict[str, Any]
    problems: list[dict[str, Any]]
    solutions: list[dict[str, Any]]
    scores: dict[str, float]
    chosen_as: dict[str, str]
    want: Annotated[int, Field(ge=1)]
    overlap: Annotated[float, Field(ge=0, le=1)]
    place: Annotated[int, Field(ge=0)]


@router.post("/solutions")
def solutions(
    room: RoomHere, body: Part, secret: Secret = None, token: Token = None
) -> dict[str, Any]:
    """Makes tasks of a part of a selection; those that are there already are passed over."""
    fields = dict(body)
    try:
        fields["problems"] = [builder(Problem)(row) for row in body.problems]
        fields["solutions"] = [builder(Solution)(row) for row in body.solutions]
    except FieldError as error:
        raise Refused(422, "bad_request", str(error), field=error.field) from None
    with room.database.write() as session:
        actor = actor_of(session, room, secret, token)
        return {"made": take(session, Selection(**fields), actor=actor, now=room.now())}


def parts(selection: Selection, size: int = PART) -> Iterator[dict[str, Any]]:
    """A selection as the bodies of requests to the server."""
    by_id = {problem.problem_id: problem for problem in selection.problems}
    place = selection.place
    for some in in_parts(selection.solutions, by_id, size):
        ids = [solution.solution_id for solution in some]
        problems = dict.fromkeys(solution.problem_id for solution in some)
        yield {
            "generation": selection.generation,
            "verifier": selection.verifier,
            "policy": selection.policy,
            "problems": [asdict(by_id[name]) for name in problems],
            "solutions": [asdict(solution) for solution in some],
            "scores": {name: selection.scores[name] for name in ids if name in selection.scores},
            "chosen_as": {n: selection.chosen_as[n] for n in ids if n in selection.chosen_as},
            "want": selection.want,
            "overlap": selection.overlap,
            "place": place,
        }
        place += len(some)


def in_parts(
    solutions: Sequence[Solution], problems: Mapping[str, Problem], most: int = PART
) -> Iterator[list[Solution]]:
    """Solutions, so many at most, whose JSON with that of their problems is not too long."""
    part: list[Solution] = []
    size = 0
    for solution in solutions:
        problem = problems.get(solution.problem_id)
        rows = [asdict(solution)] + ([] if problem is None else [asdict(problem)])
        added = len(json.dumps(rows))
        if part and (len(part) == most or size + added > PART_BYTES):
            yield part
            part, size = [], 0
        part.append(solution)
        size += added
    if part:
        yield part


def take(session: Session, selection: Selection, *, actor: str, now: int) -> int:
    """Make tasks of a selection; how many.

    Raises:
        Refused: The generation is there, chosen by another verifier or in another
            way; or a solution cannot be shown.
    """
    old = session.get(GenerationRow, selection.generation)
    if old is not None and (old.verifier, old.policy) != (selection.verifier, selection.policy):
        raise Refused(
            409,
            "conflict",
            f"generation {selection.generation} is there, chosen by {old.verifier or 'nobody'}",
        )
    plan = Plan(
        protocol=protocol_of(session),
        generation=selection.generation,
        verifier=selection.verifier,
        policy=selection.policy,
        want=selection.want,
        overlap=selection.overlap,
        place=selection.place,
    )
    try:
        made = take_in(
            session,
            selection.problems,
            selection.solutions,
            plan,
            scores=selection.scores,
            chosen_as=selection.chosen_as,
            now=now,
        )
    except UserError as error:
        raise Refused(422, "bad_request", str(error)) from None
    if made:
        detail = {"verifier": selection.verifier, "policy": selection.policy, "tasks": made}
        audit.note(session, actor, "select", str(selection.generation), detail, now=now)
    return made


def next_number(session: Session) -> int:
    """Of the generation after all that there are; the first is 0."""
    newest = session.scalar(select(func.max(GenerationRow.number)))
    return 0 if newest is None else newest + 1


def can_be_shown(solution: Solution) -> bool:
    """Whether raters can see a sampled solution; models also write what is no text."""
    is_short = 1 <= len(solution.steps) <= MAX_STEPS
    return is_short and all(len(step) <= MAX_TEXT and "\0" not in step for step in solution.steps)


def known(session: Session) -> set[tuple[str, tuple[str, ...]]]:
    """Problem and steps of every solution that has a task."""
    rows = session.execute(
        select(SolutionRow.problem_id, SolutionRow.steps).where(
            SolutionRow.solution_id.in_(select(TaskRow.solution_id))
        )
    )
    return {(problem_id, tuple(steps)) for problem_id, steps in rows}
