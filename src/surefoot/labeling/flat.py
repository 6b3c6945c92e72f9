"""Opinions as a flat table: a row for each rated step, for analyses."""

from collections import Counter
from collections.abc import Iterator

from surefoot.labeling.lines import lines_of
from surefoot.labeling.rated import Rated, Votes
from surefoot.labeling.sessions import Step, alternative_records, alternatives, marks_of, spine
from surefoot.records import RatedStep, Rating, Solution


def rated_steps(rated: Rated, *, with_alternatives: bool = False) -> list[RatedStep]:
    """A row for each step of the solution that has a rating or a chance, in order.

    Args:
        rated: With its solution, labels and votes; without a solution no row.
        with_alternatives: Then a row for each rated alternative, too.
    """
    solution, labels = rated.solution, rated.labels
    rows = [] if solution is None or labels is None else list(_of_solution(rated))
    return [*rows, *_of_alternatives(rated)] if with_alternatives else rows


def _of_solution(rated: Rated) -> Iterator[RatedStep]:
    session, solution, labels = rated.session, rated.solution, rated.labels
    assert solution is not None
    assert labels is not None
    first_error, n_steps = labels.first_error, len(solution.steps)
    unsure = _unsure(rated, solution) if session.alternative_flags is not None else set()
    for i, (text, rating) in enumerate(zip(solution.steps, labels.ratings, strict=True)):
        chance = labels.chances[i] if labels.chances is not None else None
        if rating is None and chance is None:
            continue
        n_raters, majority = _counted(rated.votes, i)
        yield RatedStep(
            session_id=session.session_id,
            problem_id=session.problem_id,
            solution_id=solution.solution_id,
            rater=labels.rater,
            step=i,
            n_steps=n_steps,
            text=text,
            rating=rating,
            chance=chance,
            is_first_error=i == first_error,
            is_last=i == n_steps - 1,
            is_flagged=i in unsure,
            n_raters=n_raters,
            majority=majority,
            generation=rated.generation,
            finish_reason=session.finish_reason,
            marks=labels.marks,
            milliseconds=session.milliseconds,
            timestamp=session.timestamp,
            generator=solution.generator,
            solution_score=session.shown_score,
        )


def _of_alternatives(rated: Rated) -> Iterator[RatedStep]:
    session, solution = rated.session, rated.solution
    marks = tuple(mark for mark in marks_of(session) if mark != "flagged")
    ways: Iterator[list[Step]] = alternatives(session)
    for number, (way, (made, labels)) in enumerate(
        zip(ways, alternative_records(session), strict=True)
    ):
        # One rating, perhaps of two lines: the last step of a file may hold its answer, too.
        lines = [i for i, rating in enumerate(labels.ratings) if rating is not None]
        yield RatedStep(
            session_id=session.session_id,
            problem_id=session.problem_id,
            solution_id=solution.solution_id if solution is not None else session.solution_id,
            rater=session.rater,
            step=lines[0],
            n_steps=len(made.steps),
            alternative=number,
            text="\n".join(made.steps[i] for i in lines),
            rating=labels.ratings[lines[0]],
            is_first_error=False,
            is_last=False,
            is_flagged=way[-1].is_flagged,
            generation=rated.generation,
            finish_reason=session.finish_reason,
            marks=("flagged", *marks) if way[-1].is_flagged else marks,
            milliseconds=session.milliseconds,
            timestamp=session.timestamp,
        )


def _unsure(rated: Rated, solution: Solution) -> set[int]:
    """Steps of the solution of which the rater was unsure."""
    steps = spine(rated.session)
    texts = [step.text for step in steps]
    if solution.steps[: len(steps)] == tuple(texts):
        return {i for i, step in enumerate(steps) if step.is_flagged}
    return {i for i, line in enumerate(lines_of(texts)) if steps[line.step].is_flagged}


def _counted(votes: Votes, step: int) -> tuple[int, Rating | None]:
    """How many rated a step, and the commonest of their ratings; None for a tie."""
    if len(votes) == 1:
        rating = votes[0][step]
        return int(rating is not None), rating
    given = [ratings[step] for ratings in votes if step < len(ratings)]
    counts = Counter(rating for rating in given if rating is not None)
    (first, n), (_, n_next) = (*counts.most_common(2), (None, 0), (None, 0))[:2]
    return counts.total(), first if n > n_next else None
