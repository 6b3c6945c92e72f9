"""Tables of records on disk: Parquet shards and JSON lines, in and out.

    folder/            Parquet shards part-00000.parquet, part-00001.parquet, ...
    name.parquet       one Parquet file
    name.jsonl         one JSON object a line, UTF-8
    name.jsonl.gz      the same, compressed

`read` checks every row (see `surefoot.columns` for what a field may hold) and
names file, row and field of a bad one; `write` is atomic. For outputs that are
made piece by piece and can be resumed see `surefoot.stages`.
"""

import gc
import json
import logging
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path
from typing import Any

from surefoot.atomic import explained, sync_folder
from surefoot.columns import FieldError, R, Record, builder, columns, key
from surefoot.errors import BadRow, OutputExists, UserError
from surefoot.jsonlines import is_jsonl, write_jsonl
from surefoot.jsonlines import json_lines as json_lines  # read by others from here, too
from surefoot.parquet import opened_parquet, parquet_rows, write_parquet

log = logging.getLogger("surefoot")

STAGE_FILE = "stage.json"
"""In a folder of shards: how it was made and whether it is complete."""

SHARD_PATTERN = "part-*.parquet"


def read(path: Path, record: type[R], *, skip_bad: bool = False) -> list[R]:
    """Read a table.

    Args:
        path: A folder of Parquet shards, a `.parquet`, `.jsonl` or `.jsonl.gz` file.
        record: What the rows are.
        skip_bad: Leave bad rows out instead of stopping at the first; each is
            logged as a warning, and their number at the end.

    Returns:
        The records, in the order of the file (of the shards' names).

    Raises:
        BadRow: A row is unreadable, lacks a field, holds a wrong value, or
            repeats the id of an earlier one (not with `skip_bad`).
        UserError: The file is missing, unfinished, of an unknown kind, not
            Parquet though named so, or a column is missing or of a wrong type.
    """
    if not skip_bad:
        with no_cycle_search():
            return [_raised(result) for result in _checked(path, record)]
    records, bad = read_skipping(path, record)
    if bad:
        log.warning("%s: skipped %d bad rows, kept %d", path, len(bad), len(records))
    return records


def stream(path: Path, record: type[R], *, skip_bad: bool = False) -> Iterator[R]:
    """As `read`, one record after another, for tables that do not fit in memory.

    Raises:
        BadRow: As `read`, but only when the reading has come to the row.
        UserError: As `read`.
    """
    for result in _checked(path, record):
        if isinstance(result, BadRow) and skip_bad:
            log.warning("skipped %s", result)
        else:
            yield _raised(result)


def place(path: Path, wanted: Record) -> tuple[Path, int]:
    """File and row (from 1) of a record that was read from here, for a message.

    Raises:
        ValueError: It is not there.
    """
    for file, number, result in _rows(path, type(wanted)):
        if result == wanted:
            return file, number
    raise ValueError(f"{path} does not hold {wanted}")


def count_rows(path: Path) -> int:
    """How many rows a table has at most: blank lines of a JSONL file count as rows.

    Raises:
        UserError: As `read`.
    """
    total = 0
    for file in data_files(path):
        if is_jsonl(file):
            total += sum(1 for _ in json_lines(file))
        else:
            with opened_parquet(file) as opened:
                total += opened.metadata.num_rows
    return total


def read_skipping(path: Path, record: type[R]) -> tuple[list[R], list[BadRow]]:
    """The good records of a table and what is wrong with its bad rows.

    Each bad row is logged as a warning, so that none is left out unseen.

    Raises:
        UserError: As `read`.
    """
    records: list[R] = []
    bad: list[BadRow] = []
    with no_cycle_search():
        for result in _checked(path, record):
            if isinstance(result, BadRow):
                bad.append(result)
                log.warning("skipped %s", result)
            else:
                records.append(result)
    return records, bad


def field_names(path: Path) -> set[str]:
    """Names of the columns, or of the fields in the first readable row, of a table.

    Raises:
        UserError: As `read`.
    """
    file = data_files(path)[0]
    if is_jsonl(file):
        rows = (row for _, row in json_lines(file) if isinstance(row, dict))
        return set(next(rows, {}))
    with opened_parquet(file) as opened:
        return set(opened.schema_arrow.names)


def write(
    path: Path,
    records: Iterable[Record],
    *,
    overwrite: bool = False,
    record: type[Record] | None = None,
) -> int:
    """Write a table, whole or not at all.

    Args:
        path: `.jsonl`, `.jsonl.gz` and `.parquet` make that file; any other
            name makes a folder with one shard.
        records: Records of one kind.
        overwrite: Replace a table that is there.
        record: Their kind; needed only where there may be none at all, as an
            empty Parquet file must know its columns.

    Returns:
        The number of records.

    Raises:
        OutputExists: `path` is there and `overwrite` is false.
        UserError: The disk is full, or `path` is a folder that holds other
            things than a table.
        FieldError: A record holds what its field cannot.
    """
    rows = list(records)
    check_place(path, overwrite=overwrite)
    kind = type(rows[0]) if rows else record
    if is_jsonl(path):
        write_jsonl(path, rows)
    elif kind is None:
        raise UserError(f"{path}: there are no rows to write")
    elif path.suffix == ".parquet":
        write_parquet(path, rows, kind)
    else:
        _write_folder(path, rows, kind)
    return len(rows)


def is_folder(path: Path) -> bool:
    """Whether an output of this name is a folder of shards."""
    return not is_jsonl(path) and path.suffix != ".parquet"


def shard_name(index: int) -> str:
    """File name of a shard."""
    return f"part-{index:05d}.parquet"


def check_place(path: Path, *, overwrite: bool) -> None:
    """Check that a table may be written here.

    A folder that holds anything but a table is refused even with `overwrite`,
    so that a wrong `--out` cannot cost anybody their files.

    Raises:
        OutputExists: A table is there and `overwrite` is false.
        UserError: Something else is there.
    """
    if not path.exists():
        return
    if not is_folder(path):
        if path.is_dir():
            raise UserError(f"{path}: is a folder, but the name asks for a file")
        if not overwrite:
            raise OutputExists(path)
        return
    if not path.is_dir():
        raise UserError(f"{path}: is a file; name a folder, or a file ending in .jsonl or .parquet")
    inside = [p for p in path.iterdir() if not is_leftover(p)]
    foreign = [p for p in inside if p.name != STAGE_FILE and not p.match(SHARD_PATTERN)]
    if foreign:
        names = ", ".join(sorted(p.name for p in foreign)[:3])
        raise UserError(f"{path}: holds things that are not a table ({names}); give another --out")
    if inside and not overwrite:
        raise OutputExists(path)


def clear(folder: Path) -> None:
    """Remove a table's files from its folder, `stage.json` last; see `check_place`."""
    for old in sorted(folder.iterdir(), key=lambda p: p.name == STAGE_FILE):
        old.unlink()


def _write_folder(path: Path, records: list[R], record: type[R]) -> None:
    """One shard in a new folder, which then takes the place of the old one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        write_parquet(temporary / shard_name(0), records, record, shown=path)
        with explained(path):
            if path.is_dir():
                clear(path)
            temporary.rename(path)
            sync_folder(path.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def data_files(path: Path) -> list[Path]:
    """The files a table consists of.

    Raises:
        UserError: There is no such table, or it is unfinished.
    """
    if path.is_dir():
        _check_complete(path)
        files = sorted(path.glob("*.parquet"))
        if not files:
            raise UserError(f"{path}: no .parquet files in this folder")
        return files
    if not path.exists():
        raise UserError(f"{path}: no such file or folder")
    if not is_jsonl(path) and path.suffix != ".parquet":
        raise UserError(f"{path}: name must end in .jsonl, .jsonl.gz or .parquet, or be a folder")
    return [path]


def _checked(path: Path, record: type[R]) -> Iterator[R | BadRow]:
    """Each row's record, or what is wrong with the row; a repeated id is wrong, too."""
    names = key(record)
    identify = attrgetter(*names)
    seen: dict[Any, tuple[Path, int]] = {}
    for file, number, result in _rows(path, record):
        if isinstance(result, BadRow):
            yield result
            continue
        identity = identify(result)
        first_file, first = seen.setdefault(identity, (file, number))
        if first_file is file and first == number:
            yield result
        else:
            of = "" if first_file == file else f" of {first_file.name}"
            yield BadRow(file, number, names[0], f"{identity!r} is already in row {first}{of}")


@contextmanager
def no_cycle_search() -> Iterator[None]:
    """Pause the garbage collector: rows hold no cycles, and looking takes half the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _raised(result: R | BadRow) -> R:
    if isinstance(result, BadRow):
        raise result
    return result


def _rows(path: Path, record: type[R]) -> Iterator[tuple[Path, int, R | BadRow]]:
    """(file, row, record or what is wrong with it) for each row of a table."""
    build = builder(record)
    known = {c.name for c in columns(record)}
    for file in data_files(path):
        extra: set[str] = set()
        rows = json_lines(file) if is_jsonl(file) else parquet_rows(file, record)
        for number, row in rows:
            if isinstance(row, BadRow):
                yield file, number, row
                continue
            extra |= row.keys() - known
            try:
                yield file, number, build(row)
            except FieldError as error:
                yield file, number, BadRow(file, number, error.field, error.problem)
        if extra:
            log.warning("%s: fields not read: %s", file, ", ".join(sorted(extra)))


def _check_complete(folder: Path) -> None:
    stage = read_stage(folder)
    if stage is not None and stage.get("status") != "complete":
        raise UserError(
            f"{folder}: unfinished; run the command that makes it again, "
            "it goes on where it stopped"
        )


def read_stage(folder: Path) -> dict[str, Any] | None:
    """What `stage.json` in a folder says; None if there is none.

    Raises:
        UserError: It is not the JSON object that was written.
    """
    path = folder / STAGE_FILE
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path}: not JSON: {error}") from error
    if not isinstance(content, dict):
        raise UserError(f"{path}: must be a JSON object")
    return content


def is_leftover(path: Path) -> bool:
    """Whether a killed run left this file behind."""
    return path.name.startswith(".") and path.name.endswith((".tmp", ".lock"))
