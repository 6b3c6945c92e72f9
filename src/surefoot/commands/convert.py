"""`surefoot convert`: a table from Parquet to JSON lines, or back."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from tyro.conf import Positional, arg

from surefoot.columns import Record
from surefoot.commands.options import Options
from surefoot.errors import UserError
from surefoot.records import Grade, Labels, Problem, Scores, Session, Solution
from surefoot.tables import field_names, read, read_skipping, write

RECORDS: dict[str, type[Record]] = {
    "problems": Problem,
    "solutions": Solution,
    "grades": Grade,
    "labels": Labels,
    "scores": Scores,
    "sessions": Session,
}

TELLING_FIELD = {
    "problems": "statement",
    "solutions": "steps",
    "grades": "verdict",
    "labels": "ratings",
    "scores": "solution_score",
    "sessions": "alternatives",
}
"""The required field that no other record has."""


@dataclass(frozen=True, kw_only=True)
class Config(Options):
    """Turn a table from Parquet into JSONL, or back; nothing is lost.

    The name of OUT says what it becomes: .jsonl, .jsonl.gz, .parquet, or a folder
    of Parquet shards.

    Example:
        surefoot convert math math.jsonl
        surefoot convert graded.jsonl.gz graded --record grades
    """

    table: Annotated[Positional[Path], arg(metavar="IN")]
    """A folder of Parquet shards, or a .parquet, .jsonl or .jsonl.gz file."""
    out: Annotated[Positional[Path], arg(metavar="OUT")]
    """Where the converted table goes; it must not be there yet."""
    record: Literal["problems", "solutions", "grades", "labels", "scores", "sessions"] | None = None
    """What the rows are; by default told from their fields."""
    skip_bad: bool = False
    """Leave bad rows out, listed and counted, instead of stopping at the first."""
    overwrite: bool = False
    """Replace an output that is already there."""


def run(config: Config) -> dict[str, Any]:
    """Read, check every row, write."""
    name = config.record or guess(config.table)
    record = RECORDS[name]
    records: list[Record]
    if config.skip_bad:
        records, bad = read_skipping(config.table, record)
    else:
        records, bad = read(config.table, record), []
    rows = write(config.out, records, overwrite=config.overwrite, record=record)
    return {"record": name, "rows": rows, "skipped": len(bad), "out": str(config.out)}


def guess(table: Path) -> str:
    """What the rows of a table are, told from the fields of its first row.

    Raises:
        UserError: The fields fit none, or more than one.
    """
    fields = field_names(table)
    fitting = [name for name, field in TELLING_FIELD.items() if field in fields]
    if len(fitting) != 1:
        have = ", ".join(sorted(fields)) or "none"
        raise UserError(
            f"{table}: cannot tell what its rows are from their fields ({have}); "
            f"give --record {'|'.join(RECORDS)}"
        )
    return fitting[0]
