"""Held-out losses during training, and stopping by them."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from surefoot.errors import UserError
from surefoot.generation.folder import load_model
from surefoot.training.loop import Plan, fit
from surefoot.training.objectives import token_loss
from surefoot.training.stopping import HELD_OUT, best_update, is_over
from surefoot.training.targets import Example, TokenBatch, collate


def batch(seed: int, n_rows: int = 3) -> TokenBatch:
    """Texts of different lengths in which nothing follows from anything."""
    draw = torch.Generator().manual_seed(seed)
    rows = []
    for row in range(n_rows):
        ids = torch.randint(40, 60, (5 + 3 * row,), generator=draw).tolist()
        rows.append(Example(ids, [*ids[1:], -100]))
    return collate(rows, 0)


HELD = [batch(1000 + i, n) for i, n in enumerate((1, 3, 2))]
"""Random text cannot be foretold: learning two batches by heart makes this loss rise."""


def train(folder: Path, out: Path, batch_at: Any = None, **plan: Any) -> list[dict[str, Any]]:
    model, _ = load_model(folder)
    settings: dict[str, Any] = {
        "updates": 40,
        "learning_rate": 1e-2,
        "checkpoint_every": 7,
        "evaluate_every": 2,
        "patience": 3,
        **plan,
    }
    return fit(
        model,
        batch_at or (lambda number: batch(number % 2)),
        token_loss,
        Plan(**settings),
        out,
        title="t",
        save=model.save_pretrained,
        held_out=HELD,
    )


def weights(out: Path) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = load_file(out / "model.safetensors")
    return found


def held_out_loss(folder: Path) -> float:
    """Mean over the targets, each text by itself."""
    model, _ = load_model(folder)
    losses: list[float] = []
    for one in HELD:
        for ids, targets in zip(one.input_ids_BT, one.targets_BT, strict=True):
            log_p = model(input_ids=ids[None]).logits[0].log_softmax(-1)
            losses += [-log_p[i, t].item() for i, t in enumerate(targets) if t != -100]
    return sum(losses) / len(losses)


def test_it_stops_and_keeps_the_best_weights(tiny_folder: Path, tmp_path: Path) -> None:
    rows = train(tiny_folder, tmp_path / "a")
    evaluated = [row for row in rows if HELD_OUT in row]
    assert [row["update"] for row in evaluated] == list(range(2, len(rows) + 1, 2))
    best = min(evaluated, key=lambda row: row[HELD_OUT])
    assert len(rows) == best["update"] + 6 < 40
    for file in tiny_folder.glob("tok*"):
        (tmp_path / "a" / file.name).write_bytes(file.read_bytes())
    assert held_out_loss(tmp_path / "a") == pytest.approx(best[HELD_OUT], rel=1e-5)
    assert not list((tmp_path / "a").glob(".*"))


def test_evaluating_changes_nothing(tiny_folder: Path, tmp_path: Path) -> None:
    plain = train(tiny_folder, tmp_path / "a", updates=9, evaluate_every=None, patience=None)
    watched = train(tiny_folder, tmp_path / "b", updates=9, patience=None)
    assert [row["loss"] for row in plain] == [row["loss"] for row in watched]
    assert [HELD_OUT in row for row in watched] == [i % 2 == 0 or i == 9 for i in range(1, 10)]
    ours, theirs = weights(tmp_path / "a"), weights(tmp_path / "b")
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def without_time(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{k: v for k, v in row.items() if k != "seconds"} for row in rows]


def test_interrupted_anywhere_the_result_is_the_same(tiny_folder: Path, tmp_path: Path) -> None:
    whole = train(tiny_folder, tmp_path / "whole")
    for stop_at in range(1, len(whole)):
        out = tmp_path / f"{stop_at}"

        def dying(number: int, stop_at: int = stop_at) -> TokenBatch:
            if number == stop_at:
                raise KeyboardInterrupt
            return batch(number % 2)

        with pytest.raises(KeyboardInterrupt):
            train(tiny_folder, out, dying)
        assert without_time(train(tiny_folder, out)) == without_time(whole)
        ours, theirs = weights(out), weights(tmp_path / "whole")
        assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_a_crash_while_the_best_model_is_written_is_made_good(
    tiny_folder: Path, tmp_path: Path
) -> None:
    whole = train(tiny_folder, tmp_path / "whole")
    model, _ = load_model(tiny_folder)
    settings: dict[str, Any] = {"updates": 40, "learning_rate": 1e-2, "checkpoint_every": 7}
    plan = Plan(**settings, evaluate_every=2, patience=3)

    def broken(folder: Path) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(
            model, lambda n: batch(n % 2), token_loss, plan, tmp_path / "b", title="t",
            save=broken, held_out=HELD,
        )  # fmt: skip
    assert without_time(train(tiny_folder, tmp_path / "b")) == without_time(whole)
    ours, theirs = weights(tmp_path / "b"), weights(tmp_path / "whole")
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


SLOWLY = """
import sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
import test_early_stopping as t

def batch_at(number):
    time.sleep(0.03)  # so that the kill comes in the middle
    return t.batch(number % 2)

t.train(Path({folder!r}), Path({out!r}), batch_at)
"""


def test_kill_9_once_it_has_become_worse(tiny_folder: Path, tmp_path: Path) -> None:
    whole = train(tiny_folder, tmp_path / "whole")
    out = tmp_path / "out"
    tests = str(Path(__file__).parent)
    code = SLOWLY.format(tests=tests, folder=str(tiny_folder), out=str(out))
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())},
        stderr=subprocess.DEVNULL,
    )
    metrics = out / "metrics.jsonl"
    deadline = time.monotonic() + 120
    best = best_update(whole)
    assert best is not None
    while not (metrics.exists() and len(metrics.read_text().splitlines()) > best + 1):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (out / "config.json").exists()
    assert without_time(train(tiny_folder, out)) == without_time(whole)
    ours, theirs = weights(out), weights(tmp_path / "whole")
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def rows_of(losses: list[float | None]) -> list[dict[str, Any]]:
    return [
        {"update": i, **({} if loss is None else {HELD_OUT: loss})}
        for i, loss in enumerate(losses, start=1)
    ]


@pytest.mark.parametrize(
    ("losses", "best", "over"),
    [
        ([], None, False),
        ([None, None, None], None, False),
        ([2.0, 1.0, 0.5], 3, False),
        ([1.0, 2.0, None, None], 1, False),
        ([1.0, 2.0, None, 3.0], 1, True),
        ([1.0, 1.0, 1.0], 1, True),  # no better is not better
        ([1.0, float("nan"), float("inf")], 1, True),
        ([float("nan"), float("nan")], None, True),
        ([3.0, 2.0, 4.0, 1.0, 2.0], 4, False),
    ],
)
def test_the_best_and_the_end(losses: list[float | None], best: int | None, over: bool) -> None:
    rows = rows_of(losses)
    assert best_update(rows) == best
    assert is_over(rows, 2) == over
    assert not is_over(rows, None)
    assert best_update(json.loads(json.dumps(rows))) == best


def test_bad_values() -> None:
    for bad, flag in (
        ({"evaluate_every": 0}, "--evaluate-every"),
        ({"evaluate_every": 1, "patience": 0}, "--patience"),
        ({"patience": 2}, "--patience: .*--evaluate-every"),
    ):
        with pytest.raises(UserError, match=flag):
            Plan(updates=1, learning_rate=1.0, **bad)  # type: ignore[arg-type]
