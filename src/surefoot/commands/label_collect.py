"""`surefoot label collect`: what people rated, as tables."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from surefoot.commands.label_auto import rating_counts
from surefoot.commands.label_folder import check_folder, write_folder
from surefoot.commands.options import Writes
from surefoot.commands.room_options import OfRoom, reading
from surefoot.errors import UserError
from surefoot.web.room.collect import Part, collect, has_any


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
    counts: Counter[str] = Counter()
    ratings: Counter[str] = Counter()
    marked: Counter[str] = Counter()

    def counted(parts: Iterable[Part]) -> Iterator[Part]:
        for part in parts:
            counts.update(
                sessions=len(part.sessions),
                late=part.n_late,
                problems=len(part.problems),
                labels=len(part.labels),
                solutions=len(part.solutions),
            )
            ratings.update(rating_counts(part.labels))
            marked.update(mark for row in part.labels for mark in row.marks)
            yield part

    with reading(config.db) as session:
        if not has_any(session):
            raise UserError(f"{config.db}: nothing was submitted yet")
        write_folder(counted(collect(session)), config.out)
    return {**ratings, **counts, "marked": dict(marked), "out": str(config.out)}
