"""The files of a training run on disk, so that `kill -9` loses little and spoils nothing.

    out/.checkpoint/run.json          settings of the run
    out/.checkpoint/update-00000100/  weights and optimizer states after 100 updates
    out/metrics.jsonl                 one row an update
    out/config.json, ...              the model, once finished

A checkpoint is written under another name and renamed, so one that is there is
whole. `out` is finished when `.checkpoint` is gone: until then the same call
goes on from the newest checkpoint.
"""

import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from surefoot.atomic import explained, write_text
from surefoot.errors import OutputExists, UserError

CHECKPOINT = ".checkpoint"
METRICS = "metrics.jsonl"
_RUN = "run.json"
_PARTIAL = ".partial"
_LITTLE = 1_000_000
"""Bytes. With less room than this a library's failure to write is a full disk."""


def open_run(out: Path, settings: dict[str, Any], *, overwrite: bool = False) -> None:
    """Make `out` ready for a run with these settings, new or interrupted.

    Args:
        out: The folder to be. Missing or empty: a new run. With an unfinished
            run of the same settings: it is kept, to be gone on with.
        settings: JSON-able; everything that decides what the weights become.
        overwrite: Whether a finished `out`, or an unfinished one with other
            settings, is deleted.

    Raises:
        OutputExists: `out` is finished, or is something else.
        UserError: `out` holds an unfinished run with other settings.
    """
    settings = json.loads(json.dumps(settings, default=str))
    run_path = out / CHECKPOINT / _RUN
    if run_path.exists():
        found = json.loads(run_path.read_text(encoding="utf-8"))
        if found == settings:
            return
        if not overwrite:
            raise UserError(
                f"{out}: holds an unfinished run with other settings"
                f" ({_differences(found, settings)}); repeat its command to go on,"
                " give another --out, or --overwrite to start anew"
            )
    check_output(out, overwrite=overwrite)
    if out.is_dir():
        _check_replaceable(out)
        shutil.rmtree(out)
    elif out.exists():
        out.unlink()
    with writing(out):
        run_path.parent.mkdir(parents=True)
        # run.json makes the folder a run: without it an interrupted start would
        # leave a folder that is neither new nor resumable.
        whole = run_path.with_name(_RUN + _PARTIAL)
        whole.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
        whole.replace(run_path)


@contextmanager
def writing(out: Path) -> Iterator[None]:
    """Turns a full or closed disk into one line that names `out`.

    Libraries that write files themselves raise errors of their own. What is
    half-written is deleted; a checkpoint that was whole stays.

    Raises:
        UserError: The disk is full or cannot be written to.
    """
    try:
        with explained(out):
            try:
                yield
            except (SafetensorError, RuntimeError) as error:
                if "No space left" in str(error) or shutil.disk_usage(out).free < _LITTLE:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
                raise
    except UserError:
        for leftover in (*(out / CHECKPOINT).glob(f"*{_PARTIAL}"), _staging(out)):
            if leftover.is_dir():
                shutil.rmtree(leftover)
            else:
                leftover.unlink(missing_ok=True)
        raise


def check_output(out: Path, *, overwrite: bool = False) -> None:
    """Refuse an `out` that is finished or is no run, before work goes into data.

    Raises:
        OutputExists: As `open_run`.
    """
    is_unfinished = (out / CHECKPOINT / _RUN).exists()
    if out.exists() and not _is_empty(out) and not is_unfinished and not overwrite:
        raise OutputExists(out)


def newest(out: Path) -> tuple[int, Path] | None:
    """The newest whole checkpoint: updates done and its folder; None without one."""
    found = [
        (int(path.name.removeprefix("update-")), path)
        for path in (out / CHECKPOINT).glob("update-*")
        if not path.name.endswith(_PARTIAL)
    ]
    return max(found, default=None)


def _check_replaceable(out: Path) -> None:
    """Refuse to delete a folder that is no model and no run of ours."""
    ours = (CHECKPOINT, METRICS, "config.json")
    if any(out.iterdir()) and not any((out / name).exists() for name in ours):
        raise UserError(f"{out}: holds something that is no model; give another --out")


def folder_of(out: Path, updates_done: int) -> Path:
    """The folder of a checkpoint."""
    return out / CHECKPOINT / f"update-{updates_done:08d}"


def partial(out: Path, updates_done: int) -> Path:
    """The folder a checkpoint's state is saved into; it counts once committed."""
    folder = folder_of(out, updates_done)
    return folder.with_name(folder.name + _PARTIAL)


def begin(out: Path, updates_done: int) -> None:
    """Make that folder, empty."""
    folder = partial(out, updates_done)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def commit(folder: Path, keep: int | None = None) -> None:
    """Make the checkpoint that `begin` began the newest one, and delete the older ones.

    Args:
        folder: As `partial` gives it.
        keep: Updates of an older checkpoint that stays: that of the best weights.
    """
    _flush(folder)
    final = folder.with_name(folder.name.removesuffix(_PARTIAL))
    shutil.rmtree(final, ignore_errors=True)
    folder.rename(final)
    for older in final.parent.glob("update-*"):
        if older != final and (keep is None or older.name != f"update-{keep:08d}"):
            shutil.rmtree(older, ignore_errors=True)


def append_metrics(out: Path, row: dict[str, Any]) -> None:
    """Add one update's row to `metrics.jsonl`."""
    with (out / METRICS).open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def read_metrics(out: Path, updates: int | None = None) -> list[dict[str, Any]]:
    """The rows of `metrics.jsonl`, or the first `updates` of them; none without the file.

    Rows after those asked for are not read: the last one may be half-written.
    """
    path = out / METRICS
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines[:updates]]


def cut_metrics(out: Path, updates_done: int) -> list[dict[str, Any]]:
    """Drop the rows of updates that the checkpoint does not hold, and return the rest."""
    rows = read_metrics(out, updates_done)
    write_text(out / METRICS, "".join(json.dumps(row) + "\n" for row in rows))
    return rows


def finish(out: Path, save: Callable[[Path], None]) -> None:
    """Put the model's files into `out` and end the run.

    Each file appears whole, `config.json` last, so that nobody takes a folder
    without weights for a model. Deleting `.checkpoint` is what ends the run;
    killed before that, the same call does this again.
    """
    staging = _staging(out)
    shutil.rmtree(staging, ignore_errors=True)
    with writing(out):
        staging.mkdir(parents=True)
        save(staging)
        _flush(staging)
    for path in sorted(staging.iterdir(), key=lambda path: path.name == "config.json"):
        if path.is_dir():  # what a killed call had put there already
            shutil.rmtree(out / path.name, ignore_errors=True)
        path.replace(out / path.name)
    done = out / (CHECKPOINT + ".done")
    shutil.rmtree(done, ignore_errors=True)
    (out / CHECKPOINT).rename(done)
    shutil.rmtree(done)


def _staging(out: Path) -> Path:
    return out / CHECKPOINT / "model"


def _is_empty(path: Path) -> bool:
    """Whether it is a folder without anything but, at most, a run that never began."""
    return path.is_dir() and all(inside.name == CHECKPOINT for inside in path.iterdir())


def _differences(found: dict[str, Any], asked: dict[str, Any]) -> str:
    names = sorted(name for name in {*found, *asked} if found.get(name) != asked.get(name))
    return ", ".join(
        f"{name}: {found.get(name)!r} there, {asked.get(name)!r} now" for name in names
    )


def _flush(folder: Path) -> None:
    """Force a folder's files to the disk, before a rename makes them count."""
    for path in folder.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
