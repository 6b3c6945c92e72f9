"""The demo at its smallest: the whole loop on the shipped model, killed and resumed."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from surefoot.commands import demo
from surefoot.errors import OutputExists, UserError
from surefoot.records import Problem, Solution
from surefoot.tables import read

SMALL = {"train_problems": 22, "train_n": 2, "test_problems": 11, "n": 4}


def _config(out: Path, **changes: Any) -> demo.Config:
    return demo.Config(out=out, **{**SMALL, **changes})


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo that was killed once in the middle and then finished."""
    out = tmp_path_factory.mktemp("demo") / "run"
    words = [f"--{name.replace('_', '-')}={value}" for name, value in SMALL.items()]
    command = [sys.executable, "-m", "surefoot", "demo", "--out", str(out), *words]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ
    )
    try:
        while process.poll() is None and not (out / "train-solutions").exists():
            time.sleep(0.05)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    done = json.loads((out / "demo.json").read_text())["seconds"]
    assert "generator" in done
    assert "solutions" not in done
    demo.run(_config(out))
    return out


def test_it_writes_the_numbers_and_the_report(finished: Path) -> None:
    results = json.loads((finished / "results.json").read_text())
    assert results["n"] == [1, 2, 4]
    assert results["problems"] == 11
    assert results["samples_per_problem"] == 4
    for series in ("prm", "orm", "majority", "pass", "likelihood", "checker"):
        assert len(results[series]) == 3
        assert all(0 <= value <= 1 for value in results[series])
        assert len(results["ci95"][series]) == 3
    # One solution is one solution, however it is chosen.
    assert len({results[series][0] for series in ("prm", "orm", "majority", "pass")}) == 1
    assert set(results["seconds"]) == {stage.name for stage in demo.stages(_config(finished))}
    assert (finished / "report.html").read_text().startswith("<!doctype html>")


def test_no_test_problem_is_a_training_problem(finished: Path) -> None:
    train = {p.statement for p in read(finished / "train-problems", Problem)}
    test = {p.statement for p in read(finished / "problems", Problem)}
    assert len(test) == 11
    assert not train & test


def test_a_killed_demo_ends_as_an_unbroken_one(finished: Path, tmp_path: Path) -> None:
    demo.run(_config(tmp_path / "whole"))
    for name in ("train-solutions", "solutions"):
        killed, whole = (read(out / name, Solution) for out in (finished, tmp_path / "whole"))
        assert [(s.solution_id, s.steps) for s in killed] == [
            (s.solution_id, s.steps) for s in whole
        ]
    curves = [
        json.loads((out / "results.json").read_text()) for out in (finished, tmp_path / "whole")
    ]
    assert curves[0]["prm"] == pytest.approx(curves[1]["prm"])


def test_a_finished_demo_is_not_overwritten(finished: Path) -> None:
    with pytest.raises(OutputExists, match="finished demo"):
        demo.run(_config(finished))
    with pytest.raises(OutputExists, match="finished demo"):
        demo.run(_config(finished, seed=9))


def test_a_folder_with_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(OutputExists, match="no demo"):
        demo.run(_config(tmp_path))


def test_counts_below_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--n: must be >= 1, got 0"):
        _config(tmp_path, n=0)


def test_the_summary_is_four_lines(finished: Path) -> None:
    results = json.loads((finished / "results.json").read_text())
    lines = demo.summary(results, finished / "report.html").split("\n")
    assert len(lines) == 4
    assert lines[-1] == f"open {finished / 'report.html'}"
