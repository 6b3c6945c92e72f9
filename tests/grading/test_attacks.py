"""Attacks and programs as answers: a verdict at once, memory flat, nothing executed.

`benchmarks/grading_attacks.py` asks many more of the same kinds.
"""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest
from attacks import KINDS, LONGEST, attacks, pairs
from payloads import GOLDS, PAYLOADS

from surefoot.grading.judge import judge
from surefoot.grading.prm800k import grade_like_prm800k

LIMIT = 2.0
"""Seconds for a pair: the bound is one, and the machine may be busy."""
GROWTH = 200
"""MB."""
MADE = pairs(attacks(4))


def equal(given: str, gold: str) -> bool | None:
    """The verdict of the grader under test; every test here asks through this."""
    return {"correct": True, "incorrect": False, "no_answer": False, "undecided": None}[
        judge(given, gold).verdict
    ]


def peak_memory() -> float:
    """MB at most held by this process so far."""
    unit = 1024 if sys.platform.startswith("linux") else 1024 * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    """What is imported at the first hard question does not count as an attack's time."""
    equal(r"\frac{1}{\sqrt{2}}+x", r"x+\frac{\sqrt{2}}{2}")


@pytest.mark.parametrize("kind", KINDS)
def test_an_attack_gets_a_verdict_at_once_and_no_memory(kind: str) -> None:
    made = [pair for pair in MADE if pair[0] == kind]
    before = peak_memory()
    for _, given, gold in made:
        start = time.monotonic()
        assert equal(given, gold) in (True, False, None)
        seconds = time.monotonic() - start
        assert seconds < LIMIT, f"{given[:80]!r} for {gold[:80]!r}"
    assert peak_memory() - before < GROWTH


def test_there_are_long_attacks_of_most_kinds() -> None:
    longest = {attack.kind: len(attack.text) for attack in attacks(4)}
    assert sum(length > LONGEST // 4 for length in longest.values()) > len(KINDS) * 0.6
    assert attacks(3, seed=5) == attacks(3, seed=5)
    assert len(attacks(4)) >= 140


@pytest.mark.parametrize("gold", GOLDS)
def test_no_program_in_an_answer_runs(
    gold: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for payload in PAYLOADS.values():
        assert equal(payload, gold) is not True
        assert equal(gold, payload) is not True
        assert grade_like_prm800k(payload, gold) is False
        assert list(tmp_path.iterdir()) == [], payload


RUN_THEM = """
import json, sys, pathlib
ran = 0
for payload in json.load(sys.stdin):
    try:
        eval(payload, {})
    except BaseException:
        pass
    for path in pathlib.Path().iterdir():
        path.rmdir() if path.is_dir() else path.unlink()
        ran += 1
print(ran)
"""


def test_the_payloads_are_programs(tmp_path: Path) -> None:
    """Those in plain Python leave the file if they are run, or the test above shows nothing."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", RUN_THEM],
        input=json.dumps(list(PAYLOADS.values())),
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert int(done.stdout.splitlines()[-1]) > 20
