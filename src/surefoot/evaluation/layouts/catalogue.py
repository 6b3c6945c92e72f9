"""All layouts by name, and the reading of a file in one of them."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias, get_args

from surefoot.columns import FieldError, check_all
from surefoot.errors import BadRow, UserError
from surefoot.evaluation.layouts import big_bench_mistake, mr_gsm8k, prmbench, processbench
from surefoot.evaluation.layouts.entry import Entry
from surefoot.problems.rows import Row, file_rows
from surefoot.records import Problem, Solution

log = logging.getLogger("surefoot")

LayoutName: TypeAlias = Literal["processbench", "mr-gsm8k", "prmbench", "big-bench-mistake"]
LAYOUT_NAMES: tuple[LayoutName, ...] = get_args(LayoutName)


class Layout(NamedTuple):
    """One benchmark's way of writing a row."""

    read: Callable[[Row], list[Entry]]
    telling: set[str]
    """Fields that tell it from the others."""


LAYOUTS: dict[LayoutName, Layout] = {
    "processbench": Layout(processbench.read, processbench.TELLING),
    "mr-gsm8k": Layout(mr_gsm8k.read, mr_gsm8k.TELLING),
    "prmbench": Layout(prmbench.read, prmbench.TELLING),
    "big-bench-mistake": Layout(big_bench_mistake.read, big_bench_mistake.TELLING),
}


def recognise(row: Row) -> LayoutName:
    """The layout of a row, from the names of its fields.

    Raises:
        UserError: It is of none of them.
    """
    for name, layout in LAYOUTS.items():
        if layout.telling <= row.fields.keys():
            return name
    have = ", ".join(sorted(row.fields)) or "none"
    raise UserError(
        f"{row.path}: is in no layout that is known ({', '.join(LAYOUTS)});"
        f" fields of its first row: {have}; --layout names one"
    )


def read_benchmark(path: Path, layout: LayoutName | None = None) -> list[Entry]:
    """All solutions of a file; one that several rows share is there once.

    Args:
        path: A .json, .jsonl, .jsonl.gz or .parquet file.
        layout: None: as the first row tells.

    Raises:
        BadRow: A row is not of this layout.
        UserError: The file has no rows, or is of no known layout.
    """
    entries: dict[str, Entry] = {}
    n_beyond = 0
    for row in file_rows(path):
        if isinstance(row, BadRow):
            raise row
        layout = layout or recognise(row)
        for entry in LAYOUTS[layout].read(row):
            _check(row, entry)
            entries.setdefault(entry.solution.solution_id, entry)
        n_beyond += layout == "prmbench" and prmbench.beyond(row)
    if n_beyond:
        log.warning(
            "%s: %d rows name wrong steps that their solution does not have; passed over,"
            " as by the benchmark's own script",
            path,
            n_beyond,
        )
    if not entries:
        raise UserError(f"{path}: no rows")
    return list(entries.values())


def _check(row: Row, entry: Entry) -> None:
    """Text that a record cannot hold is named before anything is scored."""
    try:
        check_all([entry.problem], Problem)
        check_all([entry.solution], Solution)
    except FieldError as error:
        raise row.bad(error.field, error.problem) from None
    except UnicodeEncodeError:
        raise row.bad(None, "holds half of a surrogate pair, which is not text") from None
