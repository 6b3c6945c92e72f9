"""A pool of one: a grader's process that is killed when a pair takes too long."""

import copy
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

LIMIT = 5.0
"""Seconds for a pair."""
START_LIMIT = 120.0
"""Seconds to start and warm up."""

Pair = tuple[str | None, str]


class Reply(NamedTuple):
    """What became of one pair."""

    equal: bool | None
    seconds: float
    error: str | None = None
    """The exception's name; `slow` (killed at the limit); `died` (the process ended)."""


class GraderAbsent(Exception):
    """A grader that does not start here; the message says why."""


class Killable:
    """One grader in one process, started anew after a pair that took too long.

    Args:
        name: A key of `graders.PEERS`.
        folder: Where the peer was cloned to, or "".
        python: The interpreter that has what the peer needs.
        limit: Seconds for a pair.
        cwd: Its working folder.
    """

    def __init__(
        self,
        name: str,
        folder: str = "",
        python: str = sys.executable,
        limit: float = LIMIT,
        cwd: Path | None = None,
    ) -> None:
        script = Path(__file__).with_name("graders.py")
        self._command = [python, "-W", "ignore", str(script), name, folder]
        self._limit, self._cwd = limit, cwd
        self._process: subprocess.Popen[bytes] | None = None
        self._rest = b""

    def moved(self, cwd: Path) -> "Killable":
        """The same grader in another working folder, not started."""
        other = copy.copy(self)
        other._cwd, other._process, other._rest = cwd, None, b""
        return other

    @property
    def pid(self) -> int | None:
        """The process that runs now, if one does."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Starts the process and waits until it is warm.

        Raises:
            GraderAbsent: It does not start; the message is its last line on stderr.
        """
        with tempfile.TemporaryFile() as errors:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=self._cwd,
                start_new_session=True,
            )
            self._rest = b""
            if self._line(START_LIMIT) != b"ready":
                self.close()
                errors.seek(0)
                lines = errors.read().decode(errors="replace").strip().splitlines()
                raise GraderAbsent(lines[-1] if lines else "it does not start")

    def ask(self, given: str | None, gold: str) -> Reply:
        """One pair. A process that was killed is started again by the next question."""
        if self._process is None:
            self.start()
        assert self._process is not None
        assert self._process.stdin is not None
        start = time.monotonic()
        try:
            self._process.stdin.write(json.dumps([given, gold]).encode() + b"\n")
            self._process.stdin.flush()
            line = self._line(self._limit)
        except BrokenPipeError:
            line = None
        if line is None:
            seconds = time.monotonic() - start
            self.close()
            return Reply(None, seconds, "slow" if seconds >= self._limit else "died")
        equal, seconds, error = json.loads(line)
        return Reply(equal, seconds, error)

    def close(self) -> None:
        """Ends the process and whatever it started."""
        process, self._process = self._process, None
        if process is not None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()

    def _line(self, limit: float) -> bytes | None:
        assert self._process is not None
        assert self._process.stdout is not None
        end = time.monotonic() + limit
        pipe = self._process.stdout.fileno()
        while b"\n" not in self._rest:
            ready, _, _ = select.select([pipe], [], [], max(end - time.monotonic(), 0))
            chunk = os.read(pipe, 1 << 16) if ready else b""
            if not chunk:
                return None
            self._rest += chunk
        line, _, self._rest = self._rest.partition(b"\n")
        return line


def ask_all(grader: Killable, pairs: Iterable[Pair], title: str = "") -> list[Reply]:
    """All pairs in their order; the progress goes to stderr."""
    return list(_watched(grader, list(pairs), title))


def _watched(grader: Killable, pairs: list[Pair], title: str) -> Iterator[Reply]:
    n_slow = 0
    for k, pair in enumerate(pairs, 1):
        reply = grader.ask(*pair)
        n_slow += reply.error == "slow"
        yield reply
        if sys.stderr.isatty() or k == len(pairs):
            end = "\n" if k == len(pairs) else "\r"
            print(f"{title}: {k}/{len(pairs)}, {n_slow} slow", end=end, file=sys.stderr)
