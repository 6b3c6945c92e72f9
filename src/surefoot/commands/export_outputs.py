"""Where an export goes: one file or a folder, with a manifest and a card beside it."""

import gzip
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, cast

from surefoot.atomic import replacing, write_text
from surefoot.commands.label_folder import CARD, MANIFEST, check_folder, folder_of_parts
from surefoot.errors import OutputExists, UserError
from surefoot.jsonlines import is_jsonl
from surefoot.labeling.export import Layout, line
from surefoot.labeling.parts import Parts
from surefoot.labeling.rated import Rated
from surefoot.parquet import RecordWriter
from surefoot.records import RatedStep

Add: TypeAlias = Callable[[Rated, list[Any]], None]
"""Takes an opinion and its rows."""
Describe: TypeAlias = Callable[[list[dict[str, Any]]], tuple[str, str]]
"""Manifest and card, given what each file is."""


def check_output(out: Path, name: Layout, *, overwrite: bool) -> None:
    """Whether an export of this layout may go there.

    Raises:
        OutputExists: Something of it is there and `overwrite` is false.
        UserError: The name does not fit the layout, or other things are there.
    """
    if name == "parquet":
        if is_jsonl(out) or out.suffix == ".parquet":
            raise UserError(f"--out: the tables need a folder, got the name of a file, {out}")
        check_folder(out, overwrite=overwrite)
        return
    if not is_jsonl(out) and not (name == "steps" and out.suffix == ".parquet"):
        ends = ".jsonl, .jsonl.gz or .parquet" if name == "steps" else ".jsonl or .jsonl.gz"
        raise UserError(f"--out: must end in {ends}, got {out}")
    for path in (out, *_beside(out)):
        if path.exists() and not overwrite:
            raise OutputExists(path)


def holdout_of(out: Path) -> Path:
    """Where the part that is kept apart goes: `rows.jsonl` -> `rows-holdout.jsonl`."""
    first, dot, ends = out.name.partition(".")
    return out.with_name(f"{first}-holdout{dot}{ends}")


@contextmanager
def output(out: Path, name: Layout, describe: Describe) -> Iterator[Add]:
    """A function that writes opinions; all of them are there when the block ends, or nothing.

    The manifest appears last, and the one of an older export goes first: one that
    is there belongs to the rows.
    """
    if name == "parquet":
        with _folder(out, describe) as add:
            yield add
        return
    with replacing(out) as temporary:
        with _parquet(temporary) if out.suffix == ".parquet" else _lines(temporary, out) as add:
            yield add
        files = [facts_of(temporary, out.name)]
        for old in _beside(out):
            old.unlink(missing_ok=True)
    for path, text in zip(_beside(out), describe(files), strict=True):
        write_text(path, text)


def facts_of(path: Path, name: str) -> dict[str, Any]:
    """What a manifest says of a file."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return {"name": name, "bytes": path.stat().st_size, "sha256": sha256}


def _beside(out: Path) -> tuple[Path, Path]:
    """Manifest and card of a file."""
    return out.with_name(f"{out.name}.manifest.json"), out.with_name(f"{out.name}.card.md")


@contextmanager
def _lines(path: Path, out: Path) -> Iterator[Add]:
    with path.open("wb") as raw:
        if not out.name.endswith(".gz"):
            yield lambda _, rows: raw.writelines(map(line, rows))
            return
        # No file name and no time inside: equal rows make equal files.
        with gzip.GzipFile("", "wb", mtime=0, fileobj=raw) as packed:
            file = cast(BinaryIO, packed)
            yield lambda _, rows: file.writelines(map(line, rows))


@contextmanager
def _parquet(path: Path) -> Iterator[Add]:
    with path.open("wb") as file, RecordWriter(file, RatedStep) as writer:
        yield lambda _, rows: writer.add(rows)


@contextmanager
def _folder(out: Path, describe: Describe) -> Iterator[Add]:
    parts = Parts()

    def finish(folder: Path) -> None:
        files = [
            facts_of(path, path.relative_to(folder).as_posix())
            for path in sorted(folder.rglob("*.parquet"))
        ]
        for name, text in zip((MANIFEST, CARD), describe(files), strict=True):
            write_text(folder / name, text)

    with folder_of_parts(out, finish) as add_part:

        def add(rated: Rated, _: list[Any]) -> None:
            if (part := parts.add(rated)) is not None:
                add_part(part)

        yield add
        add_part(parts.rest())
