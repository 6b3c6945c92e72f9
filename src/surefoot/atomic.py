"""Files that are there whole or not at all.

A file is written under a hidden temporary name beside its place, flushed to
the disk and renamed. A program that is killed in between leaves at most a
`.NAME.PID.tmp`, never half a file under the real name.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from surefoot.errors import OutputExists, UserError

_FULL = {errno.ENOSPC, errno.EDQUOT}


@contextmanager
def replacing(path: Path, *, overwrite: bool = True, shown: Path | None = None) -> Iterator[Path]:
    """A temporary path that becomes `path` when the block ends without error.

    Args:
        path: Where the file goes; missing parent folders are made.
        overwrite: Whether a file that is there may be replaced.
        shown: The path that messages name, if not `path`.

    Raises:
        OutputExists: `path` is there and `overwrite` is false.
        UserError: The disk is full, or the place cannot be written to; the
            temporary file is gone and `path` as it was.
    """
    if not overwrite and path.exists():
        raise OutputExists(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with explained(shown or path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
            sync_folder(path.parent)
        finally:
            temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str, *, overwrite: bool = True) -> None:
    """Write a small text file (UTF-8), whole or not at all; see `replacing`."""
    with replacing(path, overwrite=overwrite) as temporary:
        temporary.write_text(text, encoding="utf-8")


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn the errors of a full or closed disk into one line that names `path`."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise UserError(
                f"{path}: the disk is full; nothing half-written is left, "
                "make room and run the same command again"
            ) from error
        if isinstance(error, PermissionError | FileExistsError | NotADirectoryError):
            raise UserError(f"{path}: cannot be written: {error.strerror}") from error
        if error.errno == errno.EROFS:
            raise UserError(f"{path}: cannot be written: {error.strerror}") from error
        raise


def sync_folder(folder: Path) -> None:
    """Make a rename in this folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
