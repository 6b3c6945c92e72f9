"""BIG-Bench Mistake (Tyen et al. 2023): `mistake_index`, the first wrong step from 0, or null."""

from surefoot.evaluation.layouts.entry import Entry, one_error, step_index
from surefoot.labeling import fields
from surefoot.problems.rows import Row

TELLING = {"input", "steps", "mistake_index"}


def read(row: Row) -> list[Entry]:
    """One row.

    Raises:
        BadRow: A field is missing or holds what it should not.
    """
    steps = fields.steps(row, "steps", row.fields.get("steps"))
    if "mistake_index" not in row.fields:
        raise row.bad("mistake_index", "missing; null where no step is wrong")
    found = row.fields["mistake_index"]
    first_error = None if found is None else step_index(row, "mistake_index", found, len(steps), 0)
    return [one_error(row, "big-bench-mistake", "input", "steps", first_error)]
