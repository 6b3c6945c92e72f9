"""The loop: accumulation equals a larger batch; a killed run equals an unbroken one."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from surefoot.errors import OutputExists, SurefootError, UserError
from surefoot.generation.folder import load_model
from surefoot.training.loop import Plan, fit
from surefoot.training.objectives import token_loss
from surefoot.training.targets import Example, TokenBatch, collate


def rows_at(number: int, n_rows: int) -> list[Example]:
    """Texts of different lengths, so that a mean of means would be off."""
    generator = torch.Generator().manual_seed(number)
    rows = []
    for row in range(n_rows):
        ids = torch.randint(40, 60, (4 + 5 * ((number * n_rows + row) % 4),), generator=generator)
        rows.append(Example(ids.tolist(), [*ids[1:].tolist(), -100]))
    return rows


def batch_of_four(number: int) -> TokenBatch:
    return collate(rows_at(number, 4), pad_id=0)


def one_row(number: int) -> TokenBatch:
    return collate([rows_at(number // 4, 4)[number % 4]], pad_id=0)


def train(
    folder: Path,
    out: Path,
    batch_at: Callable[[int], TokenBatch] = batch_of_four,
    loss: Any = token_loss,
    *,
    overwrite: bool = False,
    **plan: Any,
) -> list[dict[str, Any]]:
    model, _ = load_model(folder)
    settings = {"updates": 12, "learning_rate": 1e-2, "checkpoint_every": 4, **plan}
    return fit(
        model,
        batch_at,
        loss,
        Plan(**settings),
        out,
        title="Test",
        save=model.save_pretrained,
        overwrite=overwrite,
    )


def losses(rows: list[dict[str, Any]]) -> list[float]:
    return [row["loss"] for row in rows]


def weights(out: Path) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = load_file(out / "model.safetensors")
    return found


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_accumulation_equals_the_larger_batch(
    tiny_folder: Path, tmp_path: Path, optimizer: str
) -> None:
    whole = train(tiny_folder, tmp_path / "a", optimizer=optimizer)
    parts = train(
        tiny_folder, tmp_path / "b", one_row, optimizer=optimizer, gradient_accumulation=4
    )
    # Muon orthogonalises in bfloat16, which turns rounding into something more.
    tolerance = 2e-5 if optimizer == "adamw" else 5e-3
    assert losses(parts) == pytest.approx(losses(whole), rel=tolerance)
    differences = [a - b for a, b in zip(losses(parts), losses(whole), strict=True)]
    assert abs(sum(differences) / len(differences)) < tolerance
    assert [row["tokens"] for row in parts] == [row["tokens"] for row in whole]


def test_first_loss_is_the_mean_over_targets(tiny_folder: Path, tmp_path: Path) -> None:
    rows = train(tiny_folder, tmp_path / "out", updates=1)
    model, _ = load_model(tiny_folder)
    chances = []
    for ids, targets, *_ in rows_at(0, 4):
        log_p = model(input_ids=torch.tensor([list(ids)])).logits[0].log_softmax(-1)
        chances += [log_p[i, int(t)].item() for i, t in enumerate(targets) if t != -100]
    assert rows[0]["loss"] == pytest.approx(-sum(chances) / len(chances), rel=1e-5)


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_training_is_repeatable_and_learns(
    tiny_folder: Path, tmp_path: Path, optimizer: str
) -> None:
    first = train(tiny_folder, tmp_path / "a", optimizer=optimizer)
    second = train(tiny_folder, tmp_path / "b", optimizer=optimizer)
    assert losses(first) == losses(second)
    assert losses(first)[-1] < losses(first)[0] - 1
    assert json.loads((tmp_path / "a/metrics.jsonl").read_text().splitlines()[3]) == first[3]


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
@pytest.mark.parametrize("stop_at", [3, 6, 8])
def test_an_interrupted_run_goes_on_as_if_it_had_not_been(
    tiny_folder: Path, tmp_path: Path, optimizer: str, stop_at: int
) -> None:
    unbroken = train(tiny_folder, tmp_path / "a", optimizer=optimizer)

    def interrupted(number: int) -> TokenBatch:
        if number == stop_at:
            raise KeyboardInterrupt
        return batch_of_four(number)

    out = tmp_path / "b"
    with pytest.raises(KeyboardInterrupt):
        train(tiny_folder, out, interrupted, optimizer=optimizer)
    assert not (out / "config.json").exists()
    # What a crash may leave at the end of the file is cut off too.
    with (out / "metrics.jsonl").open("a") as metrics:
        metrics.write('{"update": ')
    seen: list[int] = []

    def watched(number: int) -> TokenBatch:
        seen.append(number)
        return batch_of_four(number)

    resumed = train(tiny_folder, out, watched, optimizer=optimizer)
    assert seen[0] == stop_at // 4 * 4
    assert losses(resumed) == losses(unbroken)
    assert [r["update"] for r in resumed] == list(range(1, 13))
    assert [r["seconds"] for r in resumed] == sorted(r["seconds"] for r in resumed)
    lines = (out / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == resumed
    ours, theirs = weights(out), weights(tmp_path / "a")
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    assert not list(out.glob(".*"))


def test_a_crash_while_the_model_is_written_is_made_good(tiny_folder: Path, tmp_path: Path) -> None:
    model, _ = load_model(tiny_folder)
    out = tmp_path / "out"
    plan = Plan(updates=5, learning_rate=1e-2, checkpoint_every=2)

    def broken(folder: Path) -> None:
        (folder / "model.safetensors").write_bytes(b"half")
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        fit(model, batch_of_four, token_loss, plan, out, title="Test", save=broken)
    assert not (out / "model.safetensors").exists()
    model, _ = load_model(tiny_folder)
    rows = fit(
        model, batch_of_four, token_loss, plan, out, title="Test", save=model.save_pretrained
    )
    assert len(rows) == 5
    assert (out / "model.safetensors").exists()


SLOWLY = """
import sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
import test_loop

def batch_at(number):
    time.sleep(0.05)  # so that the kill comes in the middle
    return test_loop.batch_of_four(number)

test_loop.train(Path({folder!r}), Path({out!r}), batch_at, updates=60, optimizer="muon")
"""


def test_kill_9_in_the_middle(tiny_folder: Path, tmp_path: Path) -> None:
    """A subprocess is killed at no particular moment; this process goes on."""
    out = tmp_path / "out"
    code = SLOWLY.format(tests=str(Path(__file__).parent), folder=str(tiny_folder), out=str(out))
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())},
        stderr=subprocess.DEVNULL,
    )
    metrics = out / "metrics.jsonl"
    deadline = time.monotonic() + 120
    while not (metrics.exists() and len(metrics.read_text().splitlines()) > 21):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (out / "config.json").exists()
    killed = [json.loads(line)["loss"] for line in metrics.read_text().splitlines()[:21]]
    resumed = train(tiny_folder, out, updates=60, optimizer="muon")
    unbroken = train(tiny_folder, tmp_path / "unbroken", updates=60, optimizer="muon")
    assert losses(resumed) == losses(unbroken)
    assert losses(resumed)[:21] == killed
    ours, theirs = weights(out), weights(tmp_path / "unbroken")
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_a_finished_output_is_not_overwritten(tiny_folder: Path, tmp_path: Path) -> None:
    train(tiny_folder, tmp_path / "out", updates=2)
    with pytest.raises(OutputExists, match="--overwrite"):
        train(tiny_folder, tmp_path / "out", updates=2)
    assert len(train(tiny_folder, tmp_path / "out", updates=3, overwrite=True)) == 3
    (tmp_path / "file").write_text("something else")
    with pytest.raises(OutputExists):
        train(tiny_folder, tmp_path / "file", updates=2)


def test_other_settings_than_the_checkpoint_s_are_refused(
    tiny_folder: Path, tmp_path: Path
) -> None:
    def interrupted(number: int) -> TokenBatch:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(tiny_folder, tmp_path / "out", interrupted)
    with pytest.raises(UserError, match=r"learning_rate: 0\.01 there, 0\.02 now"):
        train(tiny_folder, tmp_path / "out", learning_rate=0.02)
    assert len(train(tiny_folder, tmp_path / "out", learning_rate=0.02, overwrite=True)) == 12


def test_a_loss_that_is_not_finite_stops_the_run(tiny_folder: Path, tmp_path: Path) -> None:
    def diverging(model: Any, batch: TokenBatch) -> torch.Tensor:
        return token_loss(model, batch) * float("nan")

    with pytest.raises(SurefootError, match=r"nan at update 1, batch 0.*: try a lower"):
        train(tiny_folder, tmp_path / "out", loss=diverging)


def test_bf16_is_close_to_float32_and_keeps_float32_weights(
    tiny_folder: Path, tmp_path: Path
) -> None:
    full = train(tiny_folder, tmp_path / "a", updates=4)
    half = train(tiny_folder, tmp_path / "b", updates=4, bf16=True)
    assert losses(half) == pytest.approx(losses(full), rel=2e-2)
    assert losses(half) != losses(full)
    assert {tensor.dtype for tensor in weights(tmp_path / "b").values()} == {torch.float32}


@pytest.mark.parametrize("decay", ["linear", "cosine"])
def test_rate_rises_to_the_peak_and_falls_to_the_end(decay: Any) -> None:
    plan = Plan(updates=50, learning_rate=1.0, warmup=0.2, decay=decay)
    rates = [plan.rate(update) for update in range(50)]
    assert rates[:10] == sorted(rates[:10])
    assert rates[9] == rates[10] == 1.0
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert 0 < rates[-1] < 0.05


@pytest.mark.parametrize(
    ("setting", "flag"),
    [
        ({"updates": 0}, "--updates"),
        ({"learning_rate": 0.0}, "--learning-rate"),
        ({"learning_rate": float("nan")}, "--learning-rate"),
        ({"warmup": 1.5}, "--warmup"),
        ({"gradient_accumulation": 0}, "--gradient-accumulation"),
    ],
)
def test_plan_names_the_flag_of_a_bad_value(setting: dict[str, Any], flag: str) -> None:
    with pytest.raises(UserError, match=flag):
        Plan(**{"updates": 1, "learning_rate": 1.0, **setting})
