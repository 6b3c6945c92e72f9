"""`surefoot train orm`."""

import dataclasses
import json
from pathlib import Path

import pytest

from surefoot.cli import main
from surefoot.records import Grade
from surefoot.tables import read, write
from surefoot.verifiers.folder import load_verifier
from toy_sums import toy_sums, write_tables


def test_orm_learns_from_grades(
    tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = write_tables(toy_sums(), tmp_path)
    grades = read(Path(paths["grades"]), Grade)
    grades[0] = dataclasses.replace(grades[0], verdict="undecided", reason="timed out")
    write(Path(paths["grades"]), grades, overwrite=True)
    words = ["train", "orm", f"--base={tiny_folder}", f"--out={tmp_path / 'orm'}", "--json"]
    words += [f"--{name}={paths[name]}" for name in ("problems", "solutions", "grades")]
    assert main([*words, "--epochs=8", "--batch-tokens=300", "--learning-rate=1e-2"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["last_loss"] < 1.5 < report["first_loss"]
    assert report["left_out"]["undecided"] == 1
    assert report["examples"] + sum(report["left_out"].values()) == 80
    assert load_verifier(tmp_path / "orm").settings.kind == "orm"


def command(folder: Path, tmp_path: Path, kind: str, *flags: str) -> list[str]:
    paths = write_tables(toy_sums(), tmp_path)
    names = ("problems", "solutions", "labels" if kind == "prm" else "grades")
    words = ["train", kind, f"--base={folder}", f"--out={tmp_path / 'out'}", "--json"]
    words += [f"--{name}={paths[name]}" for name in names]
    return [*words, "--epochs=6", "--batch-tokens=400", "--learning-rate=1e-2", *flags]


@pytest.mark.parametrize("kind", ["orm", "prm", "generator"])
@pytest.mark.parametrize("lora", [False, True])
def test_everything_at_once(
    tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, lora: bool
) -> None:
    flags = ["--holdout=0.3", "--evaluate-every=3", "--patience=2", "--gradient-checkpointing"]
    flags += ["--calibrate"] if kind != "generator" else []
    flags += ["--lora-rank=4", "--keep-adapter"] if lora else []
    assert main(command(tiny_folder, tmp_path, kind, *flags)) == 0
    report = json.loads(capsys.readouterr().out)
    out = tmp_path / "out"
    rows = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    evaluated = {row["update"]: row["holdout_loss"] for row in rows if "holdout_loss" in row}
    assert set(evaluated) == {u for u in range(1, len(rows) + 1) if u % 3 == 0} | {len(rows)}
    assert report["best_holdout_loss"] == min(evaluated.values())
    assert evaluated[report["kept_update"]] == report["best_holdout_loss"]
    assert (out / "adapter/adapter_config.json").is_file() == lora
    if kind == "generator":
        return
    settings = load_verifier(out).settings
    assert settings.temperature == report["calibration"]["temperature"] != 1.0
    assert report["holdout_loss"] > 0


def test_without_the_flag_nothing_is_calibrated(
    tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command(tiny_folder, tmp_path, "orm", "--holdout=0.3")) == 0
    report = json.loads(capsys.readouterr().out)
    assert "calibration" not in report
    assert report["solution_auc"] is not None
    assert load_verifier(tmp_path / "out").settings.temperature == 1.0


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--calibrate"], "--calibrate: nothing is held out; give --holdout too"),
        (["--evaluate-every=3"], "--evaluate-every: nothing is held out; give --holdout too"),
        (["--holdout=0.3", "--patience=3"], "--patience: counts evaluations"),
        (["--holdout=0.01", "--calibrate"], "--calibrate: needs at least two held-out problems"),
        (["--holdout=1e-9", "--evaluate-every=1"], "--holdout: no example is among the 1e-09"),
        (["--holdout=2"], "--holdout: must be in [0, 1), got 2.0"),
        (["--lora-alpha=2"], "--lora-alpha: only with --lora-rank"),
        (["--lora-targets", "q_proj"], "--lora-targets: only with --lora-rank"),
        (["--keep-adapter"], "--keep-adapter: only with --lora-rank"),
        (["--lora-rank=2", "--optimizer=muon"], "--optimizer muon: not for LoRA"),
        (["--lora-rank=2", "--lora-targets", "c_attn"], "--lora-targets: the base has no linear"),
    ],
)
@pytest.mark.parametrize("kind", ["orm", "prm"])
def test_what_does_not_go_together_is_said_in_one_line(
    tiny_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    kind: str,
    flags: list[str],
    message: str,
) -> None:
    assert main(command(tiny_folder, tmp_path, kind, *flags)) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
    assert not (tmp_path / "out").exists()
