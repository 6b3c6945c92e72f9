"""`surefoot sample`: the whole command, killed and resumed too."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from surefoot.cli import main
from surefoot.commands.sample import Config, run
from surefoot.errors import ModelFolderError, OutputExists, UserError
from surefoot.records import Problem, Solution
from surefoot.tables import read, write


@pytest.fixture
def problems(tmp_path: Path) -> Path:
    rows = [
        Problem(
            problem_id=f"sum-{i}",
            statement=f"What is {i} + {i}?",
            answer=str(2 * i),
            reference_solution=f"{i}+{i}={2 * i}\n# Answer {2 * i}",
        )
        for i in range(12)
    ]
    write(tmp_path / "problems.jsonl", rows)
    return tmp_path / "problems.jsonl"


def sampled(problems: Path, folder: Path, out: Path, **changes: Any) -> dict[str, Any]:
    settings: dict[str, Any] = {"n": 5, "max_tokens": 12, **changes}
    return run(Config(problems=problems, generator=str(folder), out=out, **settings))


def test_writes_n_solutions_a_problem(problems: Path, tiny_folder: Path, tmp_path: Path) -> None:
    result = sampled(problems, tiny_folder, tmp_path / "out")
    solutions = read(tmp_path / "out", Solution)
    assert [s.solution_id for s in solutions] == [
        f"sum-{p}/{i}" for p in range(12) for i in range(5)
    ]
    assert (result["solutions"], result["problems"]) == (60, 12)
    assert sum(result["finish"].values()) == 60
    assert result["tokens"] == sum(s.n_tokens or 0 for s in solutions)
    assert result["peak_memory_mb"] > 50
    assert result["solutions_per_second"] > 0
    assert {s.generator for s in solutions} == {str(tiny_folder)}


def test_rows_change_nothing_and_settings_do(
    problems: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    def steps(name: str, **changes: Any) -> list[Any]:
        sampled(problems, tiny_folder, tmp_path / name, limit=4, **changes)
        return [(s.steps, s.n_tokens, s.finish) for s in read(tmp_path / name, Solution)]

    base = steps("a.jsonl")
    assert steps("b.parquet", rows=3) == base
    assert steps("c", temperature=0.5) != base
    assert steps("d", top_p=0.5) != base
    assert steps("e", seed=1) != base
    assert steps("f", few_shot=2, examples=problems) != base


def test_greedy_solutions_are_all_the_same(
    problems: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    sampled(problems, tiny_folder, tmp_path / "out", temperature=0.0, limit=1)
    assert len({s.steps for s in read(tmp_path / "out", Solution)}) == 1


def test_the_command_line(
    problems: Path, tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = f"sample {problems} --generator {tiny_folder} -n 2 --max-tokens 4 --limit 3"
    words += f" --few-shot 1 --examples {problems} --json --out {tmp_path / 'out'}"
    assert main(words.split()) == 0
    assert json.loads(capsys.readouterr().out)["solutions"] == 6


def test_an_output_that_exists(problems: Path, tiny_folder: Path, tmp_path: Path) -> None:
    sampled(problems, tiny_folder, tmp_path / "out", limit=1)
    before = read(tmp_path / "out", Solution)
    with pytest.raises(OutputExists):
        sampled(problems, tiny_folder, tmp_path / "out", limit=1, seed=2)
    assert read(tmp_path / "out", Solution) == before
    sampled(problems, tiny_folder, tmp_path / "out", limit=1, seed=2, overwrite=True)
    assert read(tmp_path / "out", Solution) != before


def test_one_line_for_each_mistake(problems: Path, tiny_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    bare = tmp_path / "bare"
    shutil.copytree(tiny_folder, bare)
    (bare / "model.safetensors").unlink()
    (tmp_path / "no_statement.jsonl").write_text('{"problem_id": "a", "answer": "1"}\n')
    (tmp_path / "empty.jsonl").write_text("")
    mistakes: list[tuple[type[UserError], str, dict[str, Any]]] = [
        (UserError, "gone.jsonl: no such file", {"problems": tmp_path / "gone.jsonl"}),
        (UserError, "statement", {"problems": tmp_path / "no_statement.jsonl"}),
        (UserError, "no problems", {"problems": tmp_path / "empty.jsonl"}),
        (ModelFolderError, "no weights", {"folder": bare}),
        (ModelFolderError, "no such model folder", {"folder": tmp_path / "gone"}),
        (UserError, "-n: must be >= 1, got 0", {"n": 0}),
        (UserError, "--max-tokens", {"max_tokens": 0}),
        (UserError, "--rows", {"rows": 0}),
        (UserError, "--limit", {"limit": 0}),
        (UserError, "--top-p", {"top_p": 1.5}),
        (UserError, "--temperature", {"temperature": -1.0}),
        (UserError, "--few-shot", {"few_shot": 2}),
        (UserError, "--few-shot", {"examples": problems}),
        (UserError, "at least 13 examples", {"few_shot": 12, "examples": problems}),
        (UserError, "worked examples", {"few_shot": 1, "examples": tmp_path / "gone"}),
    ]
    for kind, why, changes in mistakes:
        with pytest.raises(kind, match=why) as error:
            sampled(**{"problems": problems, "folder": tiny_folder, "out": out, **changes})
        assert "\n" not in str(error.value)
        assert not out.exists()


def test_killed_and_resumed_writes_the_same(
    problems: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    settings = {"n": 1024, "max_tokens": 10}
    sampled(problems, tiny_folder, tmp_path / "whole", **settings)
    words = f"sample {problems} --generator {tiny_folder} --out {tmp_path / 'killed'}"
    command = [sys.executable, "-m", "surefoot", *words.split()]
    command += ["-n", "1024", "--max-tokens", "10"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not (tmp_path / "killed" / "part-00000.parquet").exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert json.loads((tmp_path / "killed" / "stage.json").read_text())["status"] == "running"
    result = sampled(problems, tiny_folder, tmp_path / "killed", **settings)
    assert 0 < result["resumed_shards"] < 3
    assert result["solutions"] == 12 * 1024
    whole, killed = (read(tmp_path / name, Solution) for name in ("whole", "killed"))
    assert killed == whole
