"""`surefoot score`."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from surefoot.cli import main
from surefoot.commands import score
from surefoot.generation.folder import load_model
from surefoot.records import Problem, Scores, Solution
from surefoot.tables import read, write
from surefoot.verifiers.folder import load_verifier, save_verifier
from surefoot.verifiers.scoring import score_solutions
from surefoot.verifiers.settings import VerifierSettings
from toy_sums import toy_sums, write_tables


@pytest.fixture
def verifier(tiny_folder: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "prm"
    folder.mkdir()
    save_verifier(folder, *load_model(tiny_folder), VerifierSettings(kind="prm"))
    return folder


def words(folder: Path, verifier: Path, out: Path) -> list[str]:
    solutions, problems = folder / "solutions.jsonl", folder / "problems.jsonl"
    flags = [f"--problems={problems}", f"--verifier={verifier}", f"--out={out}"]
    return ["score", str(solutions), *flags]


def test_rows_are_those_of_the_function_in_the_order_given(
    verifier: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = toy_sums()
    write_tables(data, tmp_path)
    out = tmp_path / "scores.jsonl"
    assert main([*words(tmp_path, verifier, out), "--aggregation=min", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["rows"], report["kind"], report["aggregation"]) == (80, "prm", "min")
    problems = {p.problem_id: p for p in data.problems}
    expected = score_solutions(load_verifier(verifier), problems, data.solutions, aggregation="min")
    assert read(out, Scores) == expected
    assert all(s.solution_score == min(s.step_scores) for s in expected)
    assert main(words(tmp_path, verifier, out)) == 2
    assert "--overwrite" in capsys.readouterr().err


def test_kill_9_and_the_same_command_again(
    verifier: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    n = 6 * score.SHARD_SOLUTIONS
    problem = Problem(problem_id="p", statement="Count.", answer="1")
    solutions = [
        Solution(solution_id=f"s{i}", problem_id="p", steps=(f"step {i}", f"# Answer {i}"))
        for i in range(n)
    ]
    write(tmp_path / "problems.jsonl", [problem])
    write(tmp_path / "solutions.jsonl", solutions)
    out, unbroken = tmp_path / "scores", tmp_path / "unbroken"
    process = subprocess.Popen(
        [sys.executable, "-m", "surefoot", *words(tmp_path, verifier, out)],
        env={**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    while len(list(out.glob("part-*.parquet"))) < 2:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert len(list(out.glob("part-*.parquet"))) < 6
    assert main([*words(tmp_path, verifier, out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["resumed"] >= 2
    assert main(words(tmp_path, verifier, unbroken)) == 0
    rows = read(out, Scores)
    assert [row.solution_id for row in rows] == [s.solution_id for s in solutions]
    assert rows == read(unbroken, Scores)


def test_bad_input(verifier: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_tables(toy_sums(), tmp_path)
    out = tmp_path / "scores"
    cases = {
        "--batch-tokens: must be >= 1": [*words(tmp_path, verifier, out), "--batch-tokens=0"],
        "no such verifier folder": words(tmp_path, tmp_path / "gone", out),
        "no such file or folder": words(tmp_path / "gone", verifier, out),
    }
    for message, command in cases.items():
        assert main(command) == 2
        assert message in capsys.readouterr().err
    (tmp_path / "problems.jsonl").write_text('{"problem_id": "p0", "answer": "1"}\n')
    assert main(words(tmp_path, verifier, out)) == 2
    assert "problems.jsonl:1: statement:" in capsys.readouterr().err
    assert not out.exists()
