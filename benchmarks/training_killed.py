"""A PRM trained once unbroken and once killed with SIGKILL again and again: are they the same?

    python benchmarks/training_killed.py [--quick] [--json] [--kills 8] [--out DIR]

Problems, solutions of `nano` and ratings of the exact checker are made by the ordinary
commands. The moments of the kills are random, some of them in the start-up and some while a
checkpoint is written; after each kill the same command is given again. Both loss curves
(training and held out) go to DIR/curves.json and, beside each other, to DIR/curves.svg.

Ends with status 1 unless curves and files are the same bit for bit. `--json` prints one
object; its `ratio` is the seconds of the killed run, start-ups included, over those of
the unbroken one.
"""

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from surefoot.evaluation.figures import INK
from surefoot.training.stopping import HELD_OUT

COMPARED = ("model.safetensors", "verifier.json", "config.json", "tokenizer.json")


def surefoot(*words: object) -> list[str]:
    """The command line of a command."""
    return [sys.executable, "-m", "surefoot", *map(str, words)]


def make_data(folder: Path, n_problems: int, n_solutions: int) -> None:
    """Tables to train on."""
    problems, solutions = folder / "problems", folder / "solutions"
    todo = [
        surefoot("problems", "arith", "-n", n_problems, "--out", problems),
        surefoot("sample", problems, "--generator", "nano", "-n", n_solutions, "--out", solutions),
        surefoot("label", "auto", problems, solutions, "--by=checker", "--out", folder / "labels"),
    ]
    for command in todo:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def command(folder: Path, out: Path, epochs: int, every: int) -> list[str]:
    """The training command."""
    tables = [f"--{name}={folder / name}" for name in ("problems", "solutions", "labels")]
    return surefoot(
        *("train", "prm", "--base=nano", *tables, f"--out={out}", f"--epochs={epochs}"),
        *("--learning-rate=5e-4", "--batch-tokens=1024", f"--checkpoint-every={every}"),
        *("--probe-first", "--rating-tokens", "wrong", "?", "right"),
        *("--holdout=0.1", f"--evaluate-every={every - 2}", "--patience=1000"),
    )


def rows_of(out: Path) -> list[dict[str, Any]]:
    """The whole rows of `metrics.jsonl` so far."""
    path = out / "metrics.jsonl"
    lines = path.read_text(encoding="utf-8").split("\n")[:-1] if path.exists() else []
    return [json.loads(line) for line in lines]


def train_killed(
    words: list[str], out: Path, kills: int, train_seconds: float, seed: int
) -> tuple[list[dict[str, Any]], float]:
    """Trains with kills at random moments; what each found, and the seconds of all."""
    draw = random.Random(seed)
    found: list[dict[str, Any]] = []
    started = time.monotonic()
    while True:
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if len(found) < kills:
            # Every fourth dies in its first seconds and every fourth while a checkpoint is
            # written; the others do a share of the updates on average.
            kind = len(found) % 4
            share = 2 * train_seconds / (kills + 1)
            if kind != 1:
                _wait_for_an_update(process, out)
            _wait(process, draw.uniform(0, share))
            if kind == 3:
                _wait_for_a_checkpoint(process, out)
        else:
            process.wait()
        if process.poll() is not None:
            if process.returncode:
                raise SystemExit(f"training ended with status {process.returncode}")
            return found, time.monotonic() - started
        process.send_signal(signal.SIGKILL)
        process.wait()
        names = [path.name for path in (out / ".checkpoint").glob("*")]
        whole = [int(n[7:]) for n in names if n.startswith("update-") and n[7:].isdigit()]
        found.append(
            {
                "seconds": round(time.monotonic() - started, 1),
                "update": len(rows_of(out)),
                "goes_on_from": max(whole, default=0),
                "while_writing": any(name.endswith(".partial") for name in names),
            }
        )


def _wait_for_an_update(process: subprocess.Popen[bytes], out: Path) -> None:
    """Until this process adds a row, or ends. At its start it drops what no checkpoint holds."""
    n_rows = len(rows_of(out))
    while process.poll() is None:
        now = len(rows_of(out))
        if now > n_rows:
            return
        n_rows = now
        time.sleep(0.01)


def _wait_for_a_checkpoint(process: subprocess.Popen[bytes], out: Path) -> None:
    """Until one is being written, or the process ends."""
    while process.poll() is None and not any((out / ".checkpoint").glob("*.partial/*")):
        time.sleep(0.0005)


def _wait(process: subprocess.Popen[bytes], seconds: float) -> None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)


def curves_of(rows: list[dict[str, Any]]) -> dict[str, list[list[float]]]:
    """Both losses as [update, loss] pairs."""
    return {key: [[r["update"], r[key]] for r in rows if key in r] for key in ("loss", HELD_OUT)}


def draw(curves: dict[str, Any], kills: list[dict[str, Any]], path: Path) -> None:
    """Both runs beside each other; a line where one was killed, a dot where it went on from."""
    inked = ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color")
    style: dict[Any, Any] = {"svg.fonttype": "path", "svg.hashsalt": "killed", "font.size": 9}
    style |= dict.fromkeys(inked, INK)
    with rc_context(style):
        figure = Figure(figsize=(8, 3), layout="constrained")
        panels: list[Axes] = list(figure.subplots(1, 2, sharex=True, sharey=True))
        for axes, name in zip(panels, ("unbroken", "killed"), strict=True):
            n = f"killed {len(kills)} times" if name == "killed" else name
            axes.set_title(n, fontsize=10)
            axes.plot(*zip(*curves[name]["loss"], strict=True), color="#3b8fd4", lw=0.9)
            held = list(zip(*curves[name][HELD_OUT], strict=True))
            axes.plot(*held, color="#d55e00", marker="o", ms=2.5, lw=0.9)
            axes.set_xlabel("update")
            axes.set_yscale("log")
        for kill in kills:
            panels[1].axvline(kill["update"], color=INK, lw=0.6, ls="--")
        panels[0].set_ylabel("loss (nats a rating)")
        panels[0].legend(["training", "held out"], frameon=False)
        metadata = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(path, metadata=metadata, transparent=True)


def run(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Both trainings and the comparison."""
    n_problems, n_solutions, epochs, every = (80, 8, 8, 5) if options.quick else (400, 16, 4, 12)
    make_data(folder, n_problems, n_solutions)
    started = time.monotonic()
    subprocess.run(
        command(folder, folder / "unbroken", epochs, every), check=True, stdout=subprocess.DEVNULL
    )
    seconds = time.monotonic() - started
    unbroken = rows_of(folder / "unbroken")
    in_loop = float(unbroken[-1]["seconds"])
    kills, killed_seconds = train_killed(
        command(folder, folder / "killed", epochs, every),
        folder / "killed", options.kills, in_loop, options.seed,
    )  # fmt: skip
    killed = rows_of(folder / "killed")
    curves = {"unbroken": curves_of(unbroken), "killed": curves_of(killed), "kills": kills}
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "curves.json").write_text(json.dumps(curves) + "\n", encoding="utf-8")
    draw(curves, kills, options.out / "curves.svg")
    files = {
        name: (folder / "unbroken" / name).read_bytes() == (folder / "killed" / name).read_bytes()
        for name in COMPARED
    }
    return {
        "updates": len(unbroken),
        "evaluations": sum(HELD_OUT in row for row in unbroken),
        "kills": kills,
        "updates_done_again": sum(kill["update"] - kill["goes_on_from"] for kill in kills),
        "identical_curves": curves["unbroken"] == curves["killed"],
        "identical_files": files,
        "seconds": {"unbroken": round(seconds, 1), "killed": round(killed_seconds, 1)},
        "ratio": round(killed_seconds / seconds, 2),
    }


def main() -> int:
    """Runs and reports."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less data, under three minutes")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--kills", type=int, default=None, help="8, with --quick 5")
    parser.add_argument("--seed", type=int, default=0, help="of the kills' moments")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("training_killed"))
    options = parser.parse_args()
    options.kills = options.kills or (5 if options.quick else 8)
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    with tempfile.TemporaryDirectory() as folder:
        found = run(options, Path(folder))
    same = found["identical_curves"] and all(found["identical_files"].values())
    if options.json:
        print(json.dumps(found))
    else:
        print(
            f"{found['updates']} updates, {found['evaluations']} evaluations,"
            f" {len(found['kills'])} kills at updates {[k['update'] for k in found['kills']]};"
            f" {found['updates_done_again']} updates done again;"
            f" {'the same' if same else 'NOT THE SAME'}, bit for bit; {options.out}/curves.svg"
        )
    return 0 if same and found["kills"] else 1


if __name__ == "__main__":
    sys.exit(main())
