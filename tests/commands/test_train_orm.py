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
