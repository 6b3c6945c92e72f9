"""Parquet files of records: the schema is that of `surefoot.columns`."""

from collections.abc import Iterator, Sequence
from io import RawIOBase
from itertools import pairwise
from operator import attrgetter
from pathlib import Path
from typing import Any, BinaryIO, Self

import pyarrow as pa
import pyarrow.parquet as pq

from surefoot.atomic import replacing
from surefoot.columns import Record, Shape, arrow_type, check_all, columns, schema
from surefoot.errors import UserError

COMPRESSION = "zstd"

_BATCH = 4096
"""Rows made plain at a time."""


def write_parquet(
    path: Path, records: Sequence[Record], record: type[Any], *, shown: Path | None = None
) -> None:
    """Write one Parquet file atomically; `records` may be empty, `shown` as in `replacing`."""
    check_all(records, record)
    table = arrow_table(records, record)
    with replacing(path, shown=shown) as temporary:
        pq.write_table(table, temporary, compression=COMPRESSION)


def arrow_table(records: Sequence[Record], record: type[Any]) -> pa.Table:
    """Records as a table in memory; they are not checked."""
    fields = schema(record)
    arrays = [pa.array(list(map(attrgetter(f.name), records)), f.type) for f in fields]
    return pa.Table.from_arrays(arrays, schema=fields)


def parquet_bytes(records: Sequence[Record], record: type[Any]) -> bytes:
    """One Parquet file in memory; the records are not checked."""
    sink = pa.BufferOutputStream()
    pq.write_table(arrow_table(records, record), sink, compression=COMPRESSION)
    return bytes(sink.getvalue())


class RecordWriter:
    """One Parquet file, written as the records come; they are not checked.

    Args:
        file: Open for writing; it need not be able to seek.
        record: What the records are.
    """

    def __init__(self, file: BinaryIO | RawIOBase, record: type[Any]) -> None:
        self._record, self._waiting = record, list[Record]()
        self._writer = pq.ParquetWriter(file, schema(record), compression=COMPRESSION)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self._writer.close()

    def close(self) -> None:
        """Write what is left, and the end."""
        self._write()
        self._writer.close()

    def add(self, records: Sequence[Record]) -> None:
        """Write these, sooner or later."""
        self._waiting += records
        if len(self._waiting) >= _BATCH:
            self._write()

    def _write(self) -> None:
        self._writer.write_table(arrow_table(self._waiting, self._record))
        self._waiting = []


def parquet_rows(path: Path, record: type[Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of a Parquet file (field -> plain value), numbered from 1.

    Raises:
        UserError: The file is unreadable, or lacks a column the record needs,
            or a column holds another type.
    """
    number = 0
    with opened_parquet(path) as file:
        found = file.schema_arrow
        for column in columns(record):
            _check_column(path, found, column.name, column.shape, required=column.required)
        for batch in file.iter_batches(_BATCH):
            names = batch.schema.names
            values = [_plain(column) for column in batch.columns]
            for row in zip(*values, strict=True):
                number += 1
                yield number, dict(zip(names, row, strict=True))


def opened_parquet(path: Path) -> pq.ParquetFile:
    """A Parquet file, open; to be closed by the caller.

    Raises:
        UserError: It is not one, or not whole.
    """
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise UserError(f"{path}: not a readable Parquet file (cut off?): {error}") from error


def _plain(array: pa.Array) -> list[Any]:
    """Values as Python's own; for lists several times faster than `to_pylist`."""
    lists = pa.types.is_list(array.type) or pa.types.is_large_list(array.type)
    if not lists:
        if array.null_count == 0 and pa.types.is_float64(array.type):
            return list(array.to_numpy().tolist())
        return list(array.to_pylist())
    offsets = array.offsets.to_numpy().tolist()
    first = offsets[0] if offsets else 0
    items = _plain(array.flatten() if array.null_count == 0 else array.values)
    if array.null_count:
        first = 0  # `values` starts at the buffer, `flatten` at the first row
    rows = [items[start - first : end - first] for start, end in pairwise(offsets)]
    if array.null_count:
        present = array.is_valid().to_pylist()
        return [row if there else None for row, there in zip(rows, present, strict=True)]
    return rows


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
    if shape.scalar is bool:
        return bool(pa.types.is_boolean(got))
    return bool(pa.types.is_integer(got) or pa.types.is_floating(got))
