"""Questions to math-verify, asked of a process that can be killed.

The library guards itself with an alarm signal, which works in the main thread
only and cannot stop a long integer computation. Here it runs without that, in
one child process that any thread may ask and that is killed, and started anew
for the next question, when it takes too long.
"""

import atexit
import json
import os
import subprocess
import sys
import threading

TIME_LIMIT = 5.0
"""Seconds for one comparison."""
START_LIMIT = 60.0
"""Seconds for the process to start (it imports sympy)."""


class Library:
    """One child process and the questions to it, one at a time.

    Args:
        time_limit: Seconds for one comparison.
    """

    def __init__(self, time_limit: float = TIME_LIMIT) -> None:
        self._time_limit = time_limit
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._owner = os.getpid()

    def equal(self, given: str, gold: str) -> tuple[bool | None, str | None]:
        """Whether the answers are equal (None: undecided) and, if undecided, why."""
        with self._lock:
            if self._owner != os.getpid():
                # A fork shares the parent's pipes; answers would get mixed up.
                self._process, self._owner = None, os.getpid()
            if self._process is None:
                self._process = _start()
                atexit.register(self.close)
                if self._ask("0", "0", START_LIMIT) is None:
                    return None, "math-verify does not start"
            reply = self._ask(given, gold, self._time_limit)
        if reply is None:
            return None, f"math-verify took longer than {self._time_limit:g} s or ran out of memory"
        return reply

    def close(self) -> None:
        """Ends the process; the next question starts another."""
        atexit.unregister(self.close)
        process, self._process = self._process, None
        if process is not None and self._owner == os.getpid():
            process.kill()
            process.communicate()

    def _ask(self, given: str, gold: str, limit: float) -> tuple[bool | None, str | None] | None:
        """The reply, or None (and no process any more) if there was none in time."""
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        timer = threading.Timer(limit, process.kill)
        timer.start()
        try:
            process.stdin.write(json.dumps([given, gold]) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            timer.cancel()
        if not line.endswith("\n"):
            self.close()
            return None
        equal, reason = json.loads(line)
        return equal, reason


def _start() -> subprocess.Popen[str]:
    return subprocess.Popen(
        # -P: files of the working folder must not stand in for modules.
        [sys.executable, "-P", "-m", "surefoot.grading.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
    )
