"""`surefoot label collect`: what people rated, as tables."""

from dataclasses import dataclass
from typing import Any

from surefoot.commands.export_outputs import check_output
from surefoot.commands.exporting import Export
from surefoot.commands.options import Writes
from surefoot.commands.room_options import OfRoom, reading
from surefoot.errors import UserError
from surefoot.labeling.export import Exporter
from surefoot.web.room import collect
from surefoot.web.room.database import shown


@dataclass(frozen=True, kw_only=True)
class Config(OfRoom, Writes):
    """Takes what was submitted out of the labelling room, as tables.

    Writes DIR/problems, solutions, labels and sessions, as `surefoot label import`
    does, with a manifest and a card. Of work that was reopened the last submission
    counts. Raters have made-up names. Screening, gold questions, bad problems and
    given up work are marked, not left out; labels that were imported into the room
    are there, too. Works while the server runs.

    Example:
      surefoot label collect --db labels.db --out rated
      surefoot label export rated --format prm800k --out rated.jsonl
    """


def run(config: Config) -> dict[str, Any]:
    """Counts; the tables are in `--out`."""
    check_output(config.out, "parquet", overwrite=config.overwrite)
    exporter = Exporter(name="parquet")
    with reading(config.db) as session:
        total = collect.count(session)
        if not total:
            raise UserError(f"{shown(config.db)}: nothing was submitted yet")
        place = shown(config.db)
        export = Export(
            exporter=exporter,
            origin=collect.origin_of(session),
            out=config.out,
            chosen={"opinions": "all"},
        )
        found = collect.collect(session, exporter.wanted(), exporter.left_out, place=place)
        (tally,) = export.run(found, total)
    return {
        "sessions": tally.n_opinions,
        "late": tally.n_late,
        "problems": len(tally.problems),
        "solutions": len(tally.solutions),
        "with_an_error": tally.n_first_errors,
        "negative_steps": tally.ratings["-1"],
        "neutral_steps": tally.ratings["0"],
        "positive_steps": tally.ratings["1"],
        "marked": dict(tally.marks),
        "out": str(config.out),
    }
