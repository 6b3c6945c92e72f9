"""Other texts for a step, written by a generator while a person waits.

Phase 1 offers one text first and up to six more if that is not rated +1, as in
PRM800K. Phase 2 offers more texts for the wrong step, where the project asks.
What a generator wrote is kept, so asking again gives the same.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlow
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from surefoot.grading.extract import final_answer
from surefoot.labeling.drafts import Option, Protocol, digest_of, fold
from surefoot.labeling.phase1 import way_of
from surefoot.labeling.phase2 import first_error
from surefoot.web.room.desk import PERHAPS, SOON, Desk, Failed
from surefoot.web.room.desk import Propose as Propose
from surefoot.web.room.desk import TooSlow as DeskTooSlow
from surefoot.web.room.problems import Refused
from surefoot.web.room.schema import AssignmentRow, OptionRow, ProblemRow
from surefoot.web.room.shown import events_of, shown_of

FIRST = 1
MORE = 6
SECONDS = 20.0


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is offered at a step, and what is still to be written."""

    statement: str
    before: tuple[str, ...]
    offered: tuple[Option, ...]
    n_more: int


def asked(session: Session, assignment: AssignmentRow, protocol: Protocol, step: int) -> Asked:
    """What is offered at a step of the way that was taken.

    Raises:
        Refused: Nobody is at that step.
    """
    shown = shown_of(session, assignment, protocol)
    draft = fold(events_of(session, assignment.assignment_id), shown)
    if protocol == "phase1":
        way = tuple(way_of(draft))
        is_there = step <= len(way)
    else:
        way, error = shown.steps, first_error(draft)
        is_there = error == step
    if not is_there:
        raise Refused(422, "bad_request", f"step {step}: nothing can be offered there yet")
    before = way[:step]
    offered = shown.offered(before)
    ratings = [draft.ratings.get((step, option.candidate)) for option in offered]
    if not offered and protocol == "phase1":
        n_more = FIRST
    elif len(offered) > FIRST or None in ratings or 1 in ratings:
        n_more = 0
    else:
        n_more = MORE
    return Asked(
        statement=session.get_one(ProblemRow, assignment.problem_id).statement,
        before=before,
        offered=tuple(offered),
        n_more=n_more,
    )


def written_by(propose: Propose | None, wanted: Asked, seconds: float = SECONDS) -> list[str]:
    """New texts, none of them blank, twice or offered already.

    Raises:
        Refused: There is no generator and nothing else to offer, or it took too long.
    """
    if wanted.n_more == 0:
        return []
    if propose is None:
        if wanted.offered:
            return []
        raise Refused(503, "no_generator", "go on with a step of your own, or release the task")
    there = {option.text for option in wanted.offered}
    try:
        if isinstance(propose, Desk):
            n = wanted.n_more + len(there)
            texts: Sequence[str] = propose.texts(wanted.statement, wanted.before, n, seconds)
        else:
            texts = _in_time(propose, wanted, seconds)
    except (TooSlow, DeskTooSlow):
        raise Refused(503, "no_generator", "the generator took too long; try again") from None
    except Failed as error:
        raise Refused(503, "no_generator", f"the generator failed: {error}") from None
    new = dict.fromkeys(text for text in texts if text.strip() and text not in there)
    return list(new)[: wanted.n_more]


def foresee(
    desk: Propose | None, session: Session, assignment: AssignmentRow, protocol: Protocol
) -> None:
    """Have written what the rater will ask for next, before it is asked for.

    Phase 1 only: the first option of the next step, for each option that may be
    followed, and others for a step whose only option is not, or may not be, +1.
    """
    if protocol != "phase1" or not isinstance(desk, Desk):
        return
    shown = shown_of(session, assignment, protocol)
    draft = fold(events_of(session, assignment.assignment_id), shown)
    way = way_of(draft)
    statement = session.get_one(ProblemRow, assignment.problem_id).statement
    if way and final_answer(way[-1]) is not None:
        return
    offered = shown.offered(way)
    if not offered:
        desk.expect(statement, way, FIRST)
    for option in offered:
        rating = draft.ratings.get((len(way), option.candidate))
        may_follow = rating == 1 or (rating is None and len(offered) == FIRST)
        after = [*way, option.text]
        if may_follow and final_answer(option.text) is None and not shown.offered(after):
            desk.expect(statement, after, FIRST)
        if len(offered) == FIRST and rating != 1:
            desk.expect(statement, way, FIRST + MORE, PERHAPS if rating is None else SOON)


def _in_time(propose: Propose, wanted: Asked, seconds: float) -> Sequence[str]:
    pool = ThreadPoolExecutor(1)
    try:
        return pool.submit(propose, wanted.statement, wanted.before, wanted.n_more).result(seconds)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def keep(
    session: Session, assignment: AssignmentRow, before: Sequence[str], texts: Sequence[str]
) -> None:
    """Offer texts after these steps, to this rater."""
    newest = select(func.max(OptionRow.number)).where(OptionRow.task_id == assignment.task_id)
    first = (session.scalar(newest) or 0) + 1
    for number, text in enumerate(texts, start=first):
        session.add(
            OptionRow(
                task_id=assignment.task_id,
                assignment_id=assignment.assignment_id,
                number=number,
                step=len(before),
                text=text,
                origin="alternative",
                follows=digest_of(before),
            )
        )
    session.flush()
