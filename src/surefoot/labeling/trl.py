"""TRL's stepwise supervision: `prompt`, `completions`, `labels`.

A label is a boolean (0 and 1 are taken for one) or, where one of a row is a
number with a point, a chance. Note that `PRMTrainer` itself rounds chances down
to 0 (`int(label)`).
"""

from typing import Any

from surefoot.labeling import fields
from surefoot.labeling.choices import Choices, rated_steps
from surefoot.labeling.paths import path_entry
from surefoot.labeling.sessions import Entry, spine
from surefoot.problems.rows import Row
from surefoot.records import Problem, Session, Solution

SOURCE = "trl"


def read(row: Row) -> list[Entry]:
    """One row.

    Raises:
        BadRow: A field is missing or holds what it should not.
    """
    prompt = row.filled("prompt")
    steps = fields.steps(row, "completions", row.fields.get("completions"))
    values = fields.values(row, "labels", row.fields.get("labels"), len(steps))
    return [path_entry(row, SOURCE, prompt, steps, values)]


def write(problem: Problem, solution: Solution | None, session: Session, choices: Choices) -> Any:
    """The row of a session.

    Raises:
        CannotExpress: A step is neutral or unrated, and `choices` do not say what to write.
    """
    texts, values = rated_steps(spine(session), choices)
    return {"prompt": problem.statement, "completions": texts, "labels": values}
