"""ProcessBench (Zheng et al. 2024): `steps` and `label`, the first wrong one from 0, or -1."""

from surefoot.evaluation.layouts.entry import Entry, one_error
from surefoot.labeling import fields
from surefoot.problems.rows import Row

TELLING = {"problem", "steps", "label"}


def read(row: Row) -> list[Entry]:
    """One row.

    Raises:
        BadRow: A field is missing or holds what it should not.
    """
    steps = fields.steps(row, "steps", row.fields.get("steps"))
    label = row.fields.get("label")
    if type(label) is not int or not -1 <= label < len(steps):
        raise row.bad("label", f"must be -1 or a step's index, got {fields.shown(label)}")
    first_error = None if label == -1 else label
    return [one_error(row, "processbench", "problem", "steps", first_error)]
