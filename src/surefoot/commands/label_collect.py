"""`surefoot label collect`: what people rated, as tables."""

from dataclasses import dataclass
from typing import Any

from surefoot.commands.label_auto import rating_counts
from surefoot.commands.label_folder import check_folder, write_folder
from surefoot.commands.options import Writes
from surefoot.commands.room_options import OfRoom, reading
from surefoot.errors import UserError
from surefoot.records import MARKS
from surefoot.web.room.collect import collect


@dataclass(frozen=True, kw_only=True)
class Config(OfRoom, Writes):
    """Takes what was submitted out of the labelling room, as tables.

    Writes DIR/problems, solutions, labels and sessions, as `surefoot label import`
    does. Of work that was reopened the last submission counts. Raters have made-up
    names. Screening, gold questions, bad problems and given up work are marked,
    not left out. Works while the server runs.

    Example:
      surefoot label collect --db labels.db --out rated
      surefoot label export rated --format prm800k --out rated.jsonl
    """


def run(config: Config) -> dict[str, Any]:
    """Counts; the tables are in `--out`."""
    check_folder(config.out, overwrite=config.overwrite)
    with reading(config.db) as session:
        collected = collect(session)
    if not collected.sessions:
        raise UserError(f"{config.db}: nothing was submitted yet")
    write_folder(collected, config.out)
    marked = {m: n for m in MARKS if (n := sum(m in row.marks for row in collected.labels))}
    return {
        "sessions": len(collected.sessions),
        "late": collected.late,
        "problems": len(collected.problems),
        "labels": len(collected.labels),
        **rating_counts(collected.labels),
        "marked": marked,
        "solutions": len(collected.solutions),
        "out": str(config.out),
    }
