"""MR-GSM8K (Zeng et al. 2023): a verdict on the solution, and its first wrong step from 1.

The published file has right solutions too; there the step is "N/A".
"""

from surefoot.evaluation.layouts.entry import Entry, one_error, step_index
from surefoot.labeling import fields
from surefoot.problems.rows import Row

CORRECTNESS = "model_output_solution_correctness"
FIRST_ERROR = "model_output_solution_first_error_step"
STEPS = "model_output_steps"
TELLING = {"question", STEPS, CORRECTNESS, FIRST_ERROR}


def read(row: Row) -> list[Entry]:
    """One row.

    Raises:
        BadRow: A field is missing or holds what it should not.
    """
    steps = fields.steps(row, STEPS, row.fields.get(STEPS))
    verdict = row.text(CORRECTNESS)
    if verdict not in ("correct", "wrong"):
        raise row.bad(CORRECTNESS, f"must be 'correct' or 'wrong', got {fields.shown(verdict)}")
    found = row.fields.get(FIRST_ERROR)
    if verdict == "correct":
        if found not in (None, "", "N/A"):
            raise row.bad(FIRST_ERROR, f"a correct solution has none, got {fields.shown(found)}")
        first_error = None
    else:
        number = int(found) if isinstance(found, str) and found.isdecimal() else found
        first_error = step_index(row, FIRST_ERROR, number, len(steps), 1)
    return [one_error(row, "mr-gsm8k", "question", STEPS, first_error)]
