"""ProcessBench: `steps`, and `label`, the first wrong one (from 0; -1: none is wrong)."""

from typing import Any

from surefoot.labeling import fields
from surefoot.labeling.choices import CannotExpress, Choices
from surefoot.labeling.paths import path_entry
from surefoot.labeling.sessions import Entry, spine
from surefoot.problems.rows import Row
from surefoot.records import Problem, Session, Solution

SOURCE = "processbench"


def read(row: Row) -> list[Entry]:
    """One row: the steps before the first wrong one are right, those after it unrated.

    Raises:
        BadRow: A field is missing or holds what it should not.
    """
    statement = row.filled("problem")
    steps = fields.steps(row, "steps", row.fields.get("steps"))
    label = row.fields.get("label")
    if type(label) is not int or not -1 <= label < len(steps):
        raise row.bad("label", f"must be -1 or a step's index, got {fields.shown(label)}")
    n_rated = len(steps) if label == -1 else label + 1
    values = [i != label for i in range(n_rated)]
    return [
        path_entry(
            row,
            SOURCE,
            statement,
            steps[:n_rated],
            values,
            shown_steps=steps,
            solution_id=fields.optional(row, row.fields, "id", str),
            generator=fields.optional(row, row.fields, "generator", str),
        )
    ]


def write(problem: Problem, solution: Solution | None, session: Session, choices: Choices) -> Any:
    """The row of a session; a neutral step is not wrong.

    Raises:
        CannotExpress: A step up to the first wrong one is unrated, or has a chance only.
    """
    steps = spine(session)
    shown = session.shown_steps or tuple(step.text for step in steps)
    ratings = [step.rating for step in steps]
    label = ratings.index(-1) if -1 in ratings else -1
    counted = ratings[: label + 1] if label >= 0 else ratings
    is_unsure = not counted or (label == -1 and len(ratings) < len(shown))
    if (is_unsure or None in counted) and choices.unrated != "positive":
        i = counted.index(None) if None in counted else len(counted)
        raise CannotExpress(
            f"alternative_ratings[{i}]",
            "this step is unrated, so no step can be called the first wrong one;"
            " --unrated positive counts it as right",
        )
    return {
        "id": session.solution_id,
        "generator": solution.generator if solution else None,
        "problem": problem.statement,
        "steps": list(shown),
        "label": label,
    }
