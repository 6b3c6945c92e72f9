"""Outputs made shard by shard, that go on where a killed run stopped.

A stage is a function from a shard of work to records. The shards have a fixed
composition, so the records of a shard do not depend on what ran before; each
finished shard is one Parquet file that appears whole. `stage.json` beside them
says what was asked (`spec`) and whether all is there (`status`):

    out/stage.json  out/part-00000.parquet  out/part-00001.parquet  ...
"""

import fcntl
import hashlib
import json
import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from surefoot.atomic import explained, write_text
from surefoot.columns import R
from surefoot.errors import OutputExists, UserError
from surefoot.jsonlines import is_jsonl, write_jsonl
from surefoot.parquet import write_parquet
from surefoot.progress import Progress
from surefoot.tables import (
    SHARD_PATTERN,
    STAGE_FILE,
    check_place,
    clear,
    is_folder,
    read,
    read_stage,
    shard_name,
)
from surefoot.workers import ordered_map

log = logging.getLogger("surefoot")
S = TypeVar("S")
S_co = TypeVar("S_co", covariant=True)


class Shards(Protocol[S_co]):
    """Pieces of work: how many there are, and one after another (a list, say)."""

    def __len__(self) -> int:
        """How many pieces there are."""
        ...

    def __iter__(self) -> Iterator[S_co]:
        """The pieces in order."""
        ...


@dataclass(frozen=True, kw_only=True)
class StageResult:
    """What a stage has made."""

    rows: int
    """Records in the output."""
    shards: int
    resumed: int
    """Shards that an earlier, unfinished run had made."""


def run_stage(
    out: Path,
    record: type[R],
    shards: Shards[S],
    work: Callable[[S], list[R]],
    *,
    spec: dict[str, Any],
    overwrite: bool = False,
    reuse: bool = False,
    progress: str | None = None,
    workers: int = 1,
) -> StageResult:
    """Run `work` on each shard and write its records; go on after a kill.

    Args:
        out: A folder, or a file ending in .jsonl, .jsonl.gz or .parquet. For a
            file the shards lie in a hidden folder beside it until all are made.
        record: What `work` returns.
        shards: The pieces of work, always cut in the same way for one `spec`.
        work: Makes the records of one shard; must not depend on other shards.
        spec: All that determines the output: command, settings, the inputs'
            fingerprints. Anything JSON can hold; paths are written as text.
        overwrite: Replace a complete output or one of another spec. An
            unfinished output of the same spec is still resumed.
        reuse: Be content with a complete folder of the same spec; its shards
            count as resumed.
        progress: Title of the progress shown on stderr; None for none.
        workers: Processes that do the work; with more than one, `work` must be
            a function that can be sent to another process.

    Raises:
        OutputExists: The output is complete, or was begun with another spec.
        UserError: The disk is full (finished shards stay, nothing is half
            written), or another run is writing to `out` at this moment.
    """
    folder = out if is_folder(out) else out.with_name(f".{out.name}.shards")
    wanted = json.loads(
        json.dumps({"record": record.__name__, "shards": len(shards), "spec": spec}, default=str)
    )
    _admit(out, folder, wanted, overwrite=overwrite, reuse=reuse)
    with explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder, out):
        _clean(folder)
        stage = folder / STAGE_FILE
        if not stage.exists():
            write_text(stage, _stage_text("running", wanted))
        try:
            rows, resumed = _run(folder, record, shards, work, progress, workers)
        except BaseException:
            _leave_nothing(folder)
            raise
        if is_folder(out):
            write_text(stage, _stage_text("complete", {**wanted, "rows": rows}))
        else:
            _assemble(folder, out, record, len(shards))
    if not is_folder(out):
        shutil.rmtree(folder)
    return StageResult(rows=rows, shards=len(shards), resumed=resumed)


def fingerprint(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes, or of the names and bytes of a folder's files.

    In a folder hidden files and `stage.json` do not count, so a table has the
    same fingerprint however it was made.

    Raises:
        UserError: There is no such file or folder.
    """
    if path.is_file():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    if not path.is_dir():
        raise UserError(f"{path}: no such file or folder")
    digest = hashlib.sha256()
    for file_path in sorted(p for p in path.rglob("*") if p.is_file()):
        name = file_path.relative_to(path)
        if name.name == STAGE_FILE or any(part.startswith(".") for part in name.parts):
            continue
        digest.update(f"{name.as_posix()}\0{fingerprint(file_path)}\n".encode())
    return digest.hexdigest()


def _run(
    folder: Path,
    record: type[R],
    shards: Shards[S],
    work: Callable[[S], list[R]],
    progress: str | None,
    workers: int,
) -> tuple[int, int]:
    """Make the missing shards; (rows in all, shards found done)."""
    done = {i: n for i in range(len(shards)) if (n := _rows_in(folder / shard_name(i))) is not None}
    if done:
        log.info("%s: %d of %d shards are there, going on", folder, len(done), len(shards))
    rows = sum(done.values())
    with Progress(
        progress or "", len(shards), len(done), note=f"{rows} rows", shown=progress is not None
    ) as shown:
        missing = [index for index in range(len(shards)) if index not in done]
        pieces = (shard for index, shard in enumerate(shards) if index not in done)
        made = ordered_map(work, pieces, workers)
        for index, records in zip(missing, made, strict=True):
            write_parquet(folder / shard_name(index), records, record)
            rows += len(records)
            shown.advance(f"{rows} rows")
    return rows, len(done)


def _admit(
    out: Path, folder: Path, wanted: dict[str, Any], *, overwrite: bool, reuse: bool
) -> None:
    """Decide whether to start, to go on or to refuse; clear the place if asked."""
    found = read_stage(folder)
    if found is not None:
        differences = list(_differences({k: found.get(k) for k in wanted}, wanted))
        if not differences and reuse and is_folder(out):
            return
        if found.get("status") != "complete" and not differences:
            if not is_folder(out):
                check_place(out, overwrite=overwrite)
            return
        if not overwrite:
            if differences:
                raise OutputExists(out, "was begun with other settings: " + "; ".join(differences))
            raise OutputExists(out, "exists and is complete")
    check_place(out, overwrite=overwrite)
    if folder.is_dir():
        clear(folder)


def _assemble(folder: Path, out: Path, record: type[R], n_shards: int) -> None:
    files = [folder / shard_name(i) for i in range(n_shards)]
    records = [r for file in files for r in read(file, record)]
    if is_jsonl(out):
        write_jsonl(out, records)
    else:
        write_parquet(out, records, record)


def _differences(found: Any, wanted: Any, path: str = "") -> Iterator[str]:
    """`name: old there, new asked` for each leaf in which two JSON values differ."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        for name in sorted({*found, *wanted}):
            inner = f"{path}.{name}" if path else name
            yield from _differences(found.get(name), wanted.get(name), inner.removeprefix("spec."))
    elif found != wanted:
        yield f"{path} is {json.dumps(found)} there, {json.dumps(wanted)} asked"


def _rows_in(shard: Path) -> int | None:
    """Rows of a finished shard, or None if it has to be made (again)."""
    if not shard.exists():
        return None
    try:
        return int(pq.read_metadata(shard).num_rows)
    except (pa.ArrowInvalid, OSError):
        log.warning("%s: damaged, made again", shard)
        return None


def _stage_text(status: str, content: dict[str, Any]) -> str:
    return json.dumps({"status": status, **content}, indent=2, ensure_ascii=False) + "\n"


def _leave_nothing(folder: Path) -> None:
    """Remove a folder in which no shard was finished: it would only stand in the way."""
    _clean(folder)
    if not any(folder.glob(SHARD_PATTERN)):
        shutil.rmtree(folder, ignore_errors=True)


def _clean(folder: Path) -> None:
    """Remove what a killed run left half-written."""
    for leftover in folder.glob(".*.tmp"):
        leftover.unlink()


@contextmanager
def _locked(folder: Path, out: Path) -> Iterator[None]:
    """Hold the folder; the lock vanishes with the process, however it ends."""
    lock = folder / ".stage.lock"
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(f"{out}: another run is writing to it at this moment") from None
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)
