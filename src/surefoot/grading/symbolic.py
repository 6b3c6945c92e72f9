r"""Questions to sympy, asked of a process that can be killed.

A signal works in the main thread only and cannot stop a long integer
computation. So sympy runs in one child process that any thread may ask and that
is killed, and started anew for the next question, when it takes too long.
"""

import atexit
import json
import os
import subprocess
import sys
import threading
from fractions import Fraction
from typing import Any

from surefoot.grading.tree import Tree, symbols

TIME_LIMIT = 0.5
"""Seconds for one question."""
MOST_BITS, MOST_POWER = 1000, 1000
"""Longer numbers and higher powers are not asked about: that would only end at the limit."""
START_LIMIT = 60.0
"""Seconds for the process to start (it imports sympy)."""


class Prover:
    """One child process and the questions to it, one at a time.

    Args:
        time_limit: Seconds for one question.
    """

    def __init__(self, time_limit: float = TIME_LIMIT) -> None:
        self._time_limit = time_limit
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._is_ready = False
        self._owner = os.getpid()

    def same(self, left: Tree, right: Tree) -> bool | None:
        """Whether sympy finds the trees equal; None if it cannot tell in time."""
        if not (_is_modest(left) and _is_modest(right)):
            return None
        question = json.dumps([_written(left), _written(right)])
        with self._lock:
            if self._owner != os.getpid():
                # A fork shares the parent's pipes; answers would get mixed up.
                self._process, self._owner = None, os.getpid()
            if self._process is None:
                self._launch()
            if not self._is_ready and self._exchange(None, START_LIMIT) != "ready":
                return None
            self._is_ready = True
            reply = self._exchange(question, self._time_limit)
            if self._process is None:
                # The next question should not wait for the import of sympy.
                self._launch()
        return None if reply is None else json.loads(reply)

    def _launch(self) -> None:
        self._process, self._is_ready = _start(), False
        atexit.register(self.close)

    def close(self) -> None:
        """Ends the process; the next question starts another."""
        atexit.unregister(self.close)
        process, self._process = self._process, None
        if process is not None and self._owner == os.getpid():
            process.kill()
            process.communicate()

    def _exchange(self, question: str | None, limit: float) -> str | None:
        """The line that comes back, or None (and no process any more) if none did in time."""
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        timer = threading.Timer(limit, process.kill)
        timer.start()
        try:
            if question is not None:
                process.stdin.write(question + "\n")
                process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            timer.cancel()
        if not line.endswith("\n"):
            self.close()
            return None
        return line.rstrip("\n")


def _is_modest(tree: Tree) -> bool:
    """Whether the numbers are so short that sympy may write out what they give."""
    if isinstance(tree, Fraction):
        return max(tree.numerator.bit_length(), tree.denominator.bit_length()) <= MOST_BITS
    if isinstance(tree, str):
        return True
    if tree[0] == "^" and isinstance(tree[2], Fraction) and abs(tree[2]) > MOST_POWER:
        return False
    if tree[0] == "^" and isinstance(tree[2], tuple) and not symbols(tree[2]):
        return False  # a tower of numbers
    if tree[:2] == ("call", "factorial") and not symbols(tree[2]):
        return False  # a short one is a number by now
    return all(_is_modest(part) for part in tree[2 if tree[0] == "call" else 1 :])


def _written(tree: Tree) -> Any:
    """The tree in JSON; numbers as `["number", top, bottom]` with their digits in hexadecimal."""
    if isinstance(tree, Fraction):
        return ["number", hex(tree.numerator), hex(tree.denominator)]
    if isinstance(tree, str):
        return tree
    if tree[0] == "call":
        return ["call", tree[1], *(_written(part) for part in tree[2:])]
    return [tree[0], *(_written(part) for part in tree[1:])]


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
