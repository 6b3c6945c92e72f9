"""Where a SQLite file may lie, and who has it: one process on a local disk.

The write-ahead log of SQLite needs shared memory, which network file systems do
not have. Two servers on one file would hand the same work out twice, so the
second is refused. The lock is of the operating system: it ends with the process.
The lock file tells other commands of the same person how to reach the server.
"""

import fcntl
import json
import os
from pathlib import Path
from typing import Any

from surefoot.atomic import explained
from surefoot.errors import UserError

NETWORK = (
    "nfs", "cifs", "smb", "ncp", "afs", "9p", "ceph", "gluster", "lustre", "beegfs", "gpfs",
    "fuse.sshfs", "fuse.s3fs", "fuse.rclone", "fuse.gcsfuse", "fuse.gluster", "fuse.ceph",
    "virtiofs", "vboxsf", "fuse.vmhgfs", "davfs", "fuse.davfs",
)  # fmt: skip
"""Beginnings of file system names on which SQLite's log is not safe."""


class InUse(UserError):
    """Another process serves the database."""

    def __init__(self, path: Path, holder: dict[str, Any]) -> None:
        self.holder = holder
        who = f" (process {holder['pid']})" if "pid" in holder else ""
        super().__init__(
            f"{path}: another server{who} has it; use --db postgresql://... for several servers"
        )


def check_local(path: Path, mounts: str | None = None) -> None:
    """Refuses a network file system.

    Args:
        path: The database file; its folder exists.
        mounts: Text of `/proc/self/mountinfo`; read if None. Systems without it
            are trusted.

    Raises:
        UserError: The folder lies on a network file system.
    """
    table = Path("/proc/self/mountinfo")
    if mounts is None:
        if not table.exists():
            return
        mounts = table.read_text(encoding="utf-8", errors="replace")
    kind = file_system(path.resolve().parent, mounts)
    if kind.startswith(NETWORK):
        raise UserError(
            f"{path}: lies on a network file system ({kind}), where SQLite loses data;"
            " use a local disk, or --db postgresql://..."
        )


def file_system(folder: Path, mounts: str) -> str:
    """Name of the file system that holds a folder; empty if it cannot be told.

    `mounts` has a line a mount: id, parent, device, root, mount point, options,
    any number of fields, `-`, file system, source, options (man 5 proc).
    """
    best, kind = "", ""
    for line in mounts.splitlines():
        left, _, right = line.partition(" - ")
        fields, names = left.split(" "), right.split(" ")
        if len(fields) < 5 or not names[0]:
            continue
        point = fields[4].replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
        # A later mount on the same point hides an earlier one.
        if folder.is_relative_to(point) and len(point) >= len(best):
            best, kind = point, names[0]
    return kind


class FileLock:
    """The right to write to a SQLite file, for as long as it is held.

    Raises:
        InUse: Another process holds it.
    """

    def __init__(self, database: Path) -> None:
        self.path = lock_path(database)
        with explained(self.path):
            self._handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._handle)
            raise InUse(database, holder_of(database)) from None
        self.tell({})

    def tell(self, more: dict[str, Any]) -> None:
        """Write down who holds the lock, for the same person's other commands."""
        text = json.dumps({"pid": os.getpid(), **more}).encode()
        os.truncate(self._handle, 0)
        os.pwrite(self._handle, text, 0)

    def close(self) -> None:
        """Let others have it. The file stays: removing it would let two in."""
        if self._handle >= 0:
            os.truncate(self._handle, 0)
            os.close(self._handle)
            self._handle = -1


def lock_path(database: Path) -> Path:
    """The lock file of a database."""
    return database.with_name(database.name + ".lock")


def holder_of(database: Path) -> dict[str, Any]:
    """What the holder of the lock wrote down; empty if nothing."""
    try:
        held = json.loads(lock_path(database).read_text(encoding="utf-8") or "{}")
    except (OSError, ValueError):
        return {}
    return held if isinstance(held, dict) else {}
