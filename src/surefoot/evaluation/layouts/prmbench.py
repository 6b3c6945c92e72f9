"""PRMBench (Song et al. 2025): a right solution, and the same with mistakes put into it.

All wrong steps of the modified solution are known (`error_steps`, from 1), so
every step of it counts, also after the first wrong one. The original one is a
solution without a wrong step. Many rows modify the same original; it is one
entry with one id.

A few published rows name steps that the solution does not have. The authors'
script passes them over without a word, and so do we, with a word.
"""

from surefoot.evaluation.layouts.entry import Entry, place_of, problem_of, solution_of, up_to
from surefoot.labeling import fields
from surefoot.labeling.sessions import digest
from surefoot.problems.rows import Row
from surefoot.records import Rating

SOURCE = "prmbench"
ORIGINAL = "original"
"""Category of the solutions that were not modified."""
TELLING = {"original_process", "modified_process", "error_steps"}


def read(row: Row) -> list[Entry]:
    """One row: the original solution and the modified one.

    Raises:
        BadRow: A field is missing or holds what it should not.
    """
    asked, changed = (row.filled(f"{which}_question").strip() for which in (ORIGINAL, "modified"))
    names = ("original_process", "modified_process")
    original, modified = (fields.steps(row, name, row.fields.get(name)) for name in names)
    wrong = _wrong_steps(row)
    group = problem_of(SOURCE, asked).problem_id
    original_id = f"{SOURCE}-{digest(chr(0).join((asked, *original)))}"
    category = fields.optional(row, row.fields, "classification", str) or "modified"
    ratings: list[Rating] = [-1 if i in wrong else 1 for i in range(len(modified))]
    return [
        Entry(
            problem_of(SOURCE, asked),
            solution_of(SOURCE, asked, original, original_id),
            up_to(None, len(original)),
            is_whole=True,
            group=group,
            category=ORIGINAL,
        ),
        Entry(
            problem_of(SOURCE, changed),
            solution_of(SOURCE, changed, modified, place_of(row)),
            tuple(ratings),
            is_whole=True,
            group=group,
            category=category,
        ),
    ]


def beyond(row: Row) -> bool:
    """Whether a row that was read names a wrong step which its solution does not have."""
    return any(i >= len(row.fields["modified_process"]) for i in _wrong_steps(row))


def _wrong_steps(row: Row) -> set[int]:
    """Indices from 0."""
    found = row.fields.get("error_steps")
    if not isinstance(found, list):
        raise row.bad("error_steps", f"must be a list of steps from 1, got {fields.shown(found)}")
    for i, step in enumerate(found):
        if type(step) is not int or step < 1:
            shown = fields.shown(step)
            raise row.bad(f"error_steps[{i}]", f"must be a step, counted from 1, got {shown}")
    return {step - 1 for step in found}
