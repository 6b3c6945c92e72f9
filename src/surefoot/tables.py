"""Tables of records on disk: Parquet shards and JSON lines, in and out.

    folder/            Parquet shards part-00000.parquet, part-00001.parquet, ...
    name.parquet       one Parquet file
    name.jsonl         one JSON object a line, UTF-8
    name.jsonl.gz      the same, compressed

`read` checks every row (see `surefoot.columns` for what a field may hold) and
names file, row and field of a bad one; `write` is atomic. For outputs that are
made piece by piece and can be resumed see `surefoot.stages`.
"""

import dataclasses
import gzip
import json
import logging
import os
import shutil
import zlib
from collections.abc import Iterable, Iterator
from operator import attrgetter
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow as pa
import pyarrow.parquet as pq

from surefoot.atomic import explained, replacing, sync_folder
from surefoot.columns import FieldError, R, Record, Shape, arrow_type, builder, columns, key, schema
from surefoot.errors import BadRow, OutputExists, UserError

log = logging.getLogger("surefoot")

STAGE_FILE = "stage.json"
"""In a folder of shards: how it was made and whether it is complete."""

JSONL = (".jsonl", ".jsonl.gz")
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
        return [_raised(result) for result in _checked(path, record)]
    records, bad = read_skipping(path, record)
    if bad:
        log.warning("%s: skipped %d bad rows, kept %d", path, len(bad), len(records))
    return records


def read_skipping(path: Path, record: type[R]) -> tuple[list[R], list[BadRow]]:
    """The good records of a table and what is wrong with its bad rows.

    Each bad row is logged as a warning, so that none is left out unseen.

    Raises:
        UserError: As `read`.
    """
    records: list[R] = []
    bad: list[BadRow] = []
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
    with _parquet(file) as opened:
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


def is_jsonl(path: Path) -> bool:
    """Whether the name says JSON lines."""
    return path.name.endswith(JSONL)


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


def write_parquet(path: Path, records: list[R], record: type[R]) -> None:
    """Write one Parquet file atomically; `records` may be empty."""
    _check(records, record)
    fields = schema(record)
    arrays = [pa.array([getattr(r, f.name) for r in records], f.type) for f in fields]
    table = pa.Table.from_arrays(arrays, schema=fields)
    with replacing(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def _write_folder(path: Path, records: list[R], record: type[R]) -> None:
    """One shard in a new folder, which then takes the place of the old one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        write_parquet(temporary / shard_name(0), records, record)
        with explained(path):
            if path.is_dir():
                clear(path)
            temporary.rename(path)
            sync_folder(path.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_jsonl(path: Path, records: list[R]) -> None:
    """Write one file of JSON lines atomically; compressed if the name ends in .gz."""
    if records:
        _check(records, type(records[0]))
    with replacing(path) as temporary, temporary.open("wb") as raw:
        if path.name.endswith(".gz"):
            # No file name and no time inside: equal rows make equal files.
            with gzip.GzipFile("", "wb", mtime=0, fileobj=raw) as packed:
                packed.writelines(map(to_line, records))
        else:
            raw.writelines(map(to_line, records))


def to_line(record: Record) -> bytes:
    """One record as a line of JSON; every field is written, None as null."""
    row = {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}
    return (json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n").encode()


def json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any] | BadRow]]:
    """The objects of a `.jsonl` or `.jsonl.gz` file with their line numbers from 1.

    Blank lines, a byte order mark and Windows line ends are accepted. A line
    that is not a JSON object comes out as a BadRow for the caller to raise or
    to count. A compressed file that ends too early gives one at its end.

    Raises:
        UserError: The file is missing or unreadable.
    """
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    number = 0
    try:
        with _opened(path) as file:
            for number, line in enumerate(file, start=1):
                if number == 1:
                    line = line.removeprefix(b"\xef\xbb\xbf")
                if line.strip():
                    yield number, _parsed(path, number, line)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        yield number + 1, BadRow(path, number + 1, None, f"damaged or cut off: {error}")
    except PermissionError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}") from error


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
        rows = json_lines(file) if is_jsonl(file) else _parquet_rows(file, record)
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


def _parquet_rows(path: Path, record: type[R]) -> Iterator[tuple[int, dict[str, Any]]]:
    with _parquet(path) as file:
        found = file.schema_arrow
        for column in columns(record):
            _check_column(path, found, column.name, column.shape, required=column.required)
        number = 0
        for batch in file.iter_batches():
            for row in batch.to_pylist():
                number += 1
                yield number, row


def _parquet(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise UserError(f"{path}: not a readable Parquet file (cut off?): {error}") from error


def _check_column(path: Path, found: pa.Schema, name: str, shape: Shape, *, required: bool) -> None:
    if name not in found.names:
        if required:
            have = ", ".join(found.names)
            raise UserError(f"{path}: {name}: no such column (the file has {have})")
        return
    got = found.field(name).type
    if not _fits(got, shape):
        raise UserError(f"{path}: {name}: column holds {got}, must be {arrow_type(shape)}")


def _fits(got: pa.DataType, shape: Shape) -> bool:
    if pa.types.is_null(got):
        return True  # a column of nothing but None; the rows are checked later
    if shape.item is not None:
        lists = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
        return any(test(got) for test in lists) and _fits(got.value_type, shape.item)
    if pa.types.is_dictionary(got):
        return _fits(got.value_type, shape)
    if shape.scalar is str:
        return bool(pa.types.is_string(got) or pa.types.is_large_string(got))
    return bool(pa.types.is_integer(got) or pa.types.is_floating(got))


def _parsed(path: Path, number: int, line: bytes) -> dict[str, Any] | BadRow:
    try:
        row = json.loads(line.decode())
    except UnicodeDecodeError as error:
        return BadRow(path, number, None, f"not UTF-8 text at byte {error.start + 1}")
    except (ValueError, RecursionError) as error:
        cut = "" if line.endswith(b"\n") else "; the last line has no end, the file may be cut off"
        return BadRow(path, number, None, f"not JSON: {error}{cut}")
    if not isinstance(row, dict):
        return BadRow(path, number, None, f"must be a JSON object, got {type(row).__name__}")
    return row


def _opened(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def _check(records: list[R], record: type[R]) -> None:
    """Nothing is written that `read` would refuse."""
    build = builder(record)
    for r in records:
        build({f.name: getattr(r, f.name) for f in dataclasses.fields(r)})


def _check_complete(folder: Path) -> None:
    stage = folder / STAGE_FILE
    if stage.is_file() and json.loads(stage.read_text(encoding="utf-8"))["status"] != "complete":
        raise UserError(
            f"{folder}: unfinished; run the command that makes it again, "
            "it goes on where it stopped"
        )


def is_leftover(path: Path) -> bool:
    """Whether a killed run left this file behind."""
    return path.name.startswith(".") and path.name.endswith((".tmp", ".lock"))
