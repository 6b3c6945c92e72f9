"""The scripts in `runs/`, small, on real rows."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def head(source: Path, target: Path, n: int) -> None:
    """The first rows of a file of lines; rows from all over a file of one array."""
    target.parent.mkdir(exist_ok=True, parents=True)
    text = source.read_text(encoding="utf-8")
    if source.suffix == ".json":
        rows = json.loads(text)
        target.write_text(json.dumps(rows[:: len(rows) // n][:n]), encoding="utf-8")
    else:
        target.write_text("".join(text.splitlines(keepends=True)[:n]), encoding="utf-8")


def test_a_verifier_of_peoples_ratings(shared_data: Path, tmp_path: Path) -> None:
    if shutil.which("sh") is None:
        pytest.skip("there is no shell")
    data, out = tmp_path / "data", tmp_path / "out"
    for name, n in {
        "math/prm800k_split_train.jsonl": 60,
        "gsm8k/train.jsonl": 60,
        "prm800k/phase1_train.jsonl": 6,
        "prm800k/phase1_test.jsonl": 3,
        "prm800k/labelled_paths.jsonl": 6,
        "processbench/math.json": 4,
        "processbench/gsm8k.json": 4,
    }.items():
        head(shared_data / name, data / name, n)
    command = ["sh", str(ROOT / "runs" / "prm800k.sh"), str(data), str(out)]
    shape = {"WIDTH": "64", "LAYERS": "1", "VOCABULARY": "400", "PYTHON": sys.executable}
    done = subprocess.run(
        command, env={**os.environ, **shape}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert (out / "steps.svg").exists()
    assert "mean F1" in done.stdout
    # What is evaluated was read by neither model.
    tested = {row["problem"] for row in json.loads((data / "processbench/math.json").read_text())}
    trained = [json.loads(line) for line in (out / "math-train.jsonl").read_text().splitlines()]
    assert trained
    assert not tested & {row["problem"] for row in trained}
