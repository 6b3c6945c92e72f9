"""Files of JSON lines: one object a line, UTF-8, perhaps compressed."""

import dataclasses
import gzip
import json
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast

from surefoot.atomic import replacing
from surefoot.columns import Record, check_all
from surefoot.errors import BadRow, UserError

JSONL = (".jsonl", ".jsonl.gz")
"""How the names of such files end."""


def is_jsonl(path: Path) -> bool:
    """Whether the name says JSON lines."""
    return path.name.endswith(JSONL)


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


def write_jsonl(path: Path, records: Sequence[Record]) -> None:
    """Write one file of JSON lines atomically; compressed if the name ends in .gz."""
    if records:
        check_all(records, type(records[0]))
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
