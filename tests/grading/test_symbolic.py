"""Sympy in a process that can be killed."""

import os
import subprocess
import sys
import textwrap
import threading
import time
from fractions import Fraction
from pathlib import Path

import pytest

from surefoot.grading.parse import parse
from surefoot.grading.symbolic import Prover
from surefoot.grading.tree import Tree


def tree(text: str) -> Tree:
    node = parse(text).node
    assert isinstance(node, Fraction | str | tuple)
    return node


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (r"\sin^2 x + \cos^2 x", "1", True),
        (r"\sqrt{3+2\sqrt2}", r"1+\sqrt2", True),
        (r"\log_2 8", "3", True),
        ("x+1", "x+2", False),
        (r"\binom{n}{2}", r"\frac{n(n-1)}{2}", True),
    ],
)
def test_what_sympy_proves(left: str, right: str, expected: bool) -> None:
    prover = Prover(time_limit=20)
    assert prover.same(tree(left), tree(right)) is expected
    prover.close()


@pytest.mark.parametrize("tower", ["9^{9^{9^{9}}}", "100000000!", "x^{100000}", "2^{30^5}"])
def test_what_would_only_end_at_the_limit_is_not_asked(tower: str) -> None:
    prover = Prover()
    assert prover.same(tree(tower), Fraction(5)) is None
    assert prover._process is None


def test_killed_at_its_limit_and_alive_afterwards() -> None:
    prover = Prover(time_limit=0.01)
    sides = tree(r"\sin x \sin 2x \sin 3x \sin 4x \sin 5x"), tree(r"\cos x \cos 2x \cos 3x")
    start = time.monotonic()
    for _ in range(3):
        assert prover.same(*sides) is None
    assert time.monotonic() - start < 60
    prover._time_limit = 30
    assert prover.same(tree("2x"), tree("x+x")) is True
    prover.close()


def test_asked_from_many_threads_at_once() -> None:
    prover = Prover(time_limit=20)
    found: dict[int, bool | None] = {}

    def ask(number: int) -> None:
        found[number] = prover.same(tree(f"x+{number}"), tree(f"{number % 3}+x"))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    prover.close()
    assert found == {number: number < 3 for number in range(10)}


def test_after_a_fork_each_process_has_its_own() -> None:
    script = """
        import os
        from surefoot.grading.symbolic import Prover
        prover = Prover(time_limit=20)
        assert prover.same("x", ("+", "x", "y")) is False
        child = os.fork()
        for _ in range(20):
            assert prover.same(("+", "x", "y"), ("+", "y", "x")) is True
        if child == 0:
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=90
    )
    assert done.returncode == 0, done.stderr


def test_the_child_ends_with_its_parent() -> None:
    script = """
        import os
        from surefoot.grading.symbolic import Prover
        prover = Prover(time_limit=20)
        prover.same("x", "y")
        print(prover._process.pid, flush=True)
        os.kill(os.getpid(), 9)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=90
    )
    child = int(done.stdout)
    for _ in range(100):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return
        time.sleep(0.1)
    raise AssertionError(f"process {child} outlives its parent")
