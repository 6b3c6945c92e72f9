"""A full disk, for real: one line, nothing half-written, and the work goes on later."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from surefoot.cli import main
from surefoot.errors import UserError
from surefoot.generation.folder import load_model, save_model
from surefoot.records import Labels, Problem, Solution
from surefoot.stages import run_stage
from surefoot.tables import read, write
from surefoot.training.loop import Plan, fit
from surefoot.training.objectives import token_loss
from surefoot.training.targets import Example, TokenBatch, collate

NAMES = ["t.jsonl", "t.jsonl.gz", "t.parquet", "t"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 200 kB; skips where one cannot be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=200k", "surefoot-test", str(folder)]
    if (
        sys.platform != "linux"
        or os.geteuid() != 0
        or subprocess.run(mount, check=False, capture_output=True).returncode
    ):
        pytest.skip("a small file system can only be mounted by root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("name", NAMES)
def test_a_full_disk_leaves_nothing_half_written(small_disk: Path, name: str) -> None:
    big = [
        Problem(problem_id=str(i), statement=os.urandom(5000).hex(), answer="") for i in range(99)
    ]
    old = Problem(problem_id="p1", statement="1 + 1 = ?", answer="2")
    write(small_disk / name, [old])
    with pytest.raises(UserError, match="the disk is full") as error:
        write(small_disk / name, big, overwrite=True)
    assert str(error.value).startswith(
        f"{small_disk / name}: the disk is full; nothing half-written is left"
    )
    assert read(small_disk / name, Problem) == [old]
    assert {p.name for p in small_disk.iterdir()} == {name}


@pytest.mark.parametrize("name", ["rows.jsonl", "steps.parquet", "tables"])
def test_a_full_disk_leaves_the_older_export_whole(
    small_disk: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    layout = {"rows.jsonl": "prm800k", "steps.parquet": "steps", "tables": "parquet"}[name]
    steps = [(os.urandom(20).hex(),), *((os.urandom(4000).hex(),) for _ in range(99))]
    solutions = [
        Solution(solution_id=f"s{i}", problem_id="p", steps=one) for i, one in enumerate(steps)
    ]
    write(tmp_path / "problems", [Problem(problem_id="p", statement="1+1?", answer="2")])
    write(tmp_path / "solutions", solutions)

    def export(n: int) -> int:
        labels = [
            Labels(solution_id=one.solution_id, problem_id="p", ratings=(1,))
            for one in solutions[:n]
        ]
        write(tmp_path / "labels", labels, overwrite=True)
        words = [str(tmp_path / "labels"), "--out", str(small_disk / name), "--overwrite"]
        words += [f"--{what}={tmp_path / what}" for what in ("problems", "solutions")]
        return main(["label", "export", *words, "--format", layout])

    assert export(1) == 0
    there = {p: p.read_bytes() for p in small_disk.rglob("*") if p.is_file()}
    assert any(p.name.endswith("manifest.json") for p in there)
    capsys.readouterr()
    assert export(100) == 2
    assert "the disk is full; nothing half-written is left" in capsys.readouterr().err
    assert {p: p.read_bytes() for p in small_disk.rglob("*") if p.is_file()} == there


def test_a_full_disk_stops_a_stage_that_then_goes_on(small_disk: Path) -> None:
    def work(shard: int) -> list[Solution]:
        noise = os.urandom(20_000).hex()
        return [Solution(solution_id=f"{shard}", problem_id="p", steps=(noise,))]

    with pytest.raises(UserError, match="the disk is full"):
        run_stage(small_disk / "out", Solution, range(40), work, spec={})
    there = sorted(p.name for p in (small_disk / "out").iterdir())
    assert there[-1] == "stage.json"
    assert 0 < len(there) - 1 < 40
    assert all(name.startswith("part-") for name in there[:-1])
    subprocess.run(["mount", "-o", "remount,size=9m", str(small_disk)], check=True)
    result = run_stage(small_disk / "out", Solution, range(40), work, spec={})
    assert (result.rows, result.resumed) == (40, len(there) - 1)


@pytest.mark.parametrize("size", ["4k", "60k", "80k"], ids=["start", "checkpoint", "model"])
def test_a_full_disk_stops_training_that_then_goes_on(
    small_disk: Path, tiny_folder: Path, size: str
) -> None:
    def train(out: Path) -> list[float]:
        model, tokenizer = load_model(tiny_folder)
        rows = fit(
            model,
            rows_at,
            token_loss,
            Plan(updates=4, learning_rate=1e-3, checkpoint_every=2 if size == "60k" else 9),
            out,
            title="Test",
            save=lambda folder: save_model(folder, model, tokenizer),
        )
        return [row["loss"] for row in rows]

    def rows_at(number: int) -> TokenBatch:
        ids = np.arange(40, 60, dtype=np.int32) + number
        return collate([Example(ids, ids)], pad_id=0)

    subprocess.run(["mount", "-o", f"remount,size={size}", str(small_disk)], check=True)
    out = small_disk / "model"
    with pytest.raises(UserError, match="the disk is full"):
        train(out)
    left = [p for p in out.rglob("*") if p.is_file()]
    assert {p.name for p in left} <= {"run.json", "metrics.jsonl"}
    subprocess.run(["mount", "-o", "remount,size=30m", str(small_disk)], check=True)
    losses = train(out)
    load_model(out)
    assert losses == train(small_disk / "again")
