"""What `surefoot problems ...` commands do with the problems they have read."""

import logging
from pathlib import Path
from typing import Any

from surefoot.problems.rows import Loaded
from surefoot.tables import write

log = logging.getLogger("surefoot")


def write_problems(out: Path, loaded: Loaded, *, overwrite: bool) -> dict[str, Any]:
    """Write the table, log the notes and count what was written.

    Returns:
        `problems`, the count of each split, rows `skipped`, problems without an
        answer or a level, and `out`.

    Raises:
        OutputExists: `out` is there and `overwrite` is false.
    """
    problems = loaded.problems
    write(out, problems, overwrite=overwrite)
    for note in loaded.notes:
        log.info("%s", note)
    return {
        "problems": len(problems),
        "train": sum(p.split == "train" for p in problems),
        "test": sum(p.split == "test" for p in problems),
        "empty_answer": sum(not p.answer for p in problems),
        "no_level": sum(p.level is None for p in problems),
        "skipped": loaded.skipped,
        "out": str(out),
    }
