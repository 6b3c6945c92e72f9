"""Several processes on a CPU, as docs/scaling.md starts them: with `torchrun`.

(`accelerate launch --cpu --num_processes 2` starts one process without MPI.)
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import fsdp_on_cpu
import psutil
import pytest
import torch
from accelerate.commands.config.config_args import load_config_from_file
from accelerate.utils import DistributedType
from safetensors.torch import load_file

from surefoot.training.stopping import HELD_OUT
from toy_sums import toy_sums, write_tables

HERE = Path(__file__).parent
LAUNCH = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]


def words(folder: Path, tmp_path: Path, out: str, *flags: str) -> list[str]:
    tables = tmp_path / "tables"
    if not tables.exists():
        tables.mkdir()
        write_tables(toy_sums(), tables)
    found = ["train", "prm", f"--base={folder}", f"--out={tmp_path / out}", "--overwrite"]
    found += [f"--{name}={tables / name}.jsonl" for name in ("problems", "solutions", "labels")]
    settings = ["--batch-tokens=150", "--epochs=3", "--learning-rate=1e-2", "--checkpoint-every=4"]
    return [*found, *settings, *flags]


def environment(**more: str) -> dict[str, str]:
    with_tests = os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")])
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": with_tests, **more}


def one_process(command: list[str]) -> None:
    subprocess.run(
        [sys.executable, "-m", "surefoot", *command],
        env=environment(), check=True, capture_output=True, timeout=200,
    )  # fmt: skip


def two_processes(command: list[str], *, fsdp: bool) -> subprocess.Popen[str]:
    module = "fsdp_on_cpu" if fsdp else "surefoot"
    return subprocess.Popen(
        [*LAUNCH, "-m", module, *command],
        env=environment(ACCELERATE_USE_CPU="true"),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def finish(process: subprocess.Popen[str]) -> None:
    _, errors = process.communicate(timeout=200)
    assert process.returncode == 0, errors[-3000:]


def rows_of(out: Path) -> list[dict[str, Any]]:
    lines = (out / "metrics.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def assert_same(ours: Path, theirs: Path, tolerance: float) -> None:
    """Losses and weights. Sums in another order differ by rounding."""
    for key in ("loss", HELD_OUT):
        found, wanted = (
            {row["update"]: row[key] for row in rows_of(folder) if key in row}
            for folder in (ours, theirs)
        )
        assert found == pytest.approx(wanted, rel=tolerance)
    a, b = (load_file(folder / "model.safetensors") for folder in (ours, theirs))
    assert a.keys() == b.keys()
    for name, tensor in a.items():
        scale = float(b[name].abs().max())
        assert float((tensor - b[name]).abs().max()) <= tolerance * scale, name


EVALUATED = ["--holdout=0.3", "--evaluate-every=2", "--patience=2"]


@pytest.mark.parametrize(
    ("fsdp", "more"),
    [
        (False, EVALUATED),
        (False, [*EVALUATED, "--lora-rank=4"]),
        (True, EVALUATED),
        (True, [*EVALUATED, "--lora-rank=4", "--gradient-checkpointing"]),
    ],
    ids=["data parallel", "data parallel, lora", "fsdp2", "fsdp2, lora"],
)
def test_two_processes_learn_what_one_does_with_twice_the_batches(
    tiny_folder: Path, tmp_path: Path, fsdp: bool, more: list[str]
) -> None:
    two = two_processes(words(tiny_folder, tmp_path, "two", *more), fsdp=fsdp)
    one_process(words(tiny_folder, tmp_path, "one", *more, "--gradient-accumulation=2"))
    finish(two)
    assert_same(tmp_path / "two", tmp_path / "one", 2e-3)
    files = [sorted(p.name for p in (tmp_path / name).iterdir()) for name in ("one", "two")]
    assert files[0] == files[1]


@pytest.mark.parametrize("fsdp", [False, True], ids=["data parallel", "fsdp2"])
def test_two_killed_processes_go_on(tiny_folder: Path, tmp_path: Path, fsdp: bool) -> None:
    flags = [*EVALUATED, "--epochs=6"]
    finish(two_processes(words(tiny_folder, tmp_path, "a", *flags), fsdp=fsdp))
    n_rows = len(rows_of(tmp_path / "a"))
    command = words(tiny_folder, tmp_path, "b", *flags)
    process = two_processes(command, fsdp=fsdp)
    metrics = tmp_path / "b/metrics.jsonl"
    deadline = time.monotonic() + 120
    while not (metrics.exists() and len(metrics.read_text().splitlines()) >= 5):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.002)
    for one in [*psutil.Process(process.pid).children(recursive=True), process]:
        os.kill(one.pid, signal.SIGKILL)
    process.communicate()
    assert (tmp_path / "b/.checkpoint").is_dir()
    finish(two_processes(command, fsdp=fsdp))
    assert len(rows_of(tmp_path / "b")) == n_rows
    # Two addends have one order: not even rounding differs.
    assert_same(tmp_path / "b", tmp_path / "a", 0.0)


def test_fsdp2_in_bfloat16_differs_by_rounding_only(tiny_folder: Path, tmp_path: Path) -> None:
    flags = [*EVALUATED, "--lora-rank=4", "--bf16"]
    two = two_processes(words(tiny_folder, tmp_path, "two", *flags), fsdp=True)
    one_process(words(tiny_folder, tmp_path, "one", *flags, "--gradient-accumulation=2"))
    finish(two)
    for key in ("loss", HELD_OUT):
        found, wanted = (
            [r[key] for r in rows_of(tmp_path / n) if key in r] for n in ("two", "one")
        )
        assert found == pytest.approx(wanted, rel=0.02)


def test_the_launch_configuration_is_one_that_accelerate_reads() -> None:
    config = load_config_from_file(str(fsdp_on_cpu.CONFIG))
    assert config.distributed_type == DistributedType.FSDP
    assert config.fsdp_config["fsdp_version"] == 2
    page = (fsdp_on_cpu.CONFIG.parents[1] / "scaling.md").read_text(encoding="utf-8")
    lines = fsdp_on_cpu.CONFIG.read_text(encoding="utf-8").splitlines(keepends=True)
    assert "".join(line for line in lines if not line.startswith("#")) in page


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"ACCELERATE_MIXED_PRECISION": "fp16"}, "mixed_precision 'fp16' is not supported"),
        ({"ACCELERATE_USE_FSDP": "true"}, "fsdp_version must be 2"),
        (
            {
                "ACCELERATE_USE_FSDP": "true",
                "FSDP_VERSION": "2",
                "FSDP_CPU_RAM_EFFICIENT_LOADING": "true",
            },
            "fsdp_cpu_ram_efficient_loading must be false",
        ),
    ],
)
def test_a_launch_configuration_that_cannot_work_is_one_line(
    tiny_folder: Path, tmp_path: Path, settings: dict[str, str], message: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "surefoot", *words(tiny_folder, tmp_path, "out")],
        env=environment(**settings), capture_output=True, text=True, timeout=200,
    )  # fmt: skip
    assert done.returncode == 2
    assert message in done.stderr.splitlines()[-1]
    assert not torch.distributed.is_initialized()
