"""Table 1 as typed: unseen families, then given questions and verifiers; and killed half-way."""

import json
import signal
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from tiny_table1 import TINY, made, stage

from surefoot.cli import main
from surefoot.records import Problem
from surefoot.tables import write

__all__ = ["made"]  # a fixture


def results(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    return found


def test_a_row_for_each_unseen_family(made: Path) -> None:
    found = results(made / "out")
    lines = found["table"].splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:]] == [
        "ratio", "modular", "all", "level 5 of the others", "*the paper, all exams*",
    ]  # fmt: skip
    names = ("ratio", "modular", "all", "level 5 of the others")
    assert [found["numbers"][name]["problems"] for name in names] == [3, 3, 6, 4]
    (everything,) = (c for c in found["claims"] if "all: PRM - majority" in c["here"])
    series = found["numbers"]["all"]["series"]
    difference = series["prm"]["mean"][-1] - series["majority"]["mean"][-1]
    assert everything["estimate"]["mean"] == pytest.approx(difference, abs=1e-4)


def test_questions_of_ones_own_and_given_verifiers(
    made: Path, shared_data: Path, tmp_path: Path
) -> None:
    """Real science questions; the nano models have never read any, so nothing has to be right."""
    source, few = shared_data / "stem/stem_problems.jsonl", tmp_path / "few.jsonl"
    with source.open(encoding="utf-8") as lines:
        few.write_text("".join(islice(lines, 0, 600, 100)), encoding="utf-8")
    words = ["--statement-field", "problem", "--subject-field", "source", "--out"]
    assert main(["problems", "jsonl", str(few), *words, str(tmp_path / "stem")]) == 0
    words = ["--test", str(tmp_path / "stem"), "--generator", stage(made, "generator")]
    verifiers = ["--prm", stage(made, "prm"), "--orm", stage(made, "orm")]
    places = [*TINY, "--lab", str(tmp_path / "lab"), "--out", str(tmp_path / "out")]
    assert main(["paper", "table1", *words, *verifiers, *places]) == 0
    found = results(tmp_path / "out")
    assert found["numbers"]["all"]["problems"] == 6
    rows = {json.loads(line)["source"] for line in few.read_text(encoding="utf-8").splitlines()}
    assert len(rows) > 1
    assert rows == {name for name in found["numbers"] if name not in ("all", "paper", "models")}
    # Without an ORM there is no column for it.
    places = [*TINY, "--lab", str(tmp_path / "lab"), "--out", str(tmp_path / "prm")]
    assert main(["paper", "table1", *words, *verifiers[:2], *places]) == 0
    assert "ORM" not in results(tmp_path / "prm")["table"]


def test_a_verifier_of_the_other_kind_is_refused_first(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prm, orm = stage(made, "prm"), stage(made, "orm")
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / "verifier.json").write_text('{"kind": "prm", "neutral": "perhaps"}', encoding="utf-8")
    for words, said in (
        (["--prm", orm], f"--prm: {orm} is of kind 'orm'; name one of kind 'prm'"),
        (["--prm", prm, "--orm", prm], f"--orm: {prm} is of kind 'prm'; name one of kind 'orm'"),
        (["--prm", str(bad)], f"{bad / 'verifier.json'}: neutral: must be one of"),
    ):
        assert main(["paper", "table1", *words, "--lab", str(tmp_path / "lab")]) == 2
        assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [bad]


def test_so_many_of_each_subject_of_ones_own(
    made: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [
        Problem(
            problem_id=f"{subject}{i}", statement=f"{i}+{n}?", answer=str(i + n), subject=subject
        )
        for subject, n in (("many", 14), ("few", 3))
        for i in range(n)
    ]
    write(tmp_path / "own", rows)
    words = ["--test", str(tmp_path / "own"), "--generator", stage(made, "generator")]
    words += ["--prm", stage(made, "prm"), "--scale", "smoke", "--sizes", "test_each=10", "n=2"]
    places = ["--lab", str(tmp_path / "lab"), "--out", str(tmp_path / "out")]
    assert main(["paper", "table1", *words, *places]) == 0
    assert "--test: 13 of 17 problems are used" in caplog.text
    found = results(tmp_path / "out")
    assert [found["numbers"][name]["problems"] for name in ("many", "few")] == [10, 3]
    cells = {line.split("|")[1].strip(): line for line in found["table"].splitlines()}
    # Three problems have no interval that says anything.
    assert (cells["many"].count(" to "), cells["few"].count(" to ")) == (2, 0)
    report = (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
    assert "verifiers from" not in report
    assert "learned from" not in report


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--orm", "o"], "--orm: give --prm, too"),
        (["--prm", "p", "--test", "q"], "--generator: name the model that answers"),
    ],
)
def test_what_is_asked_wrongly(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["paper", "table1", *words]) == 2
    assert said in capsys.readouterr().err


def test_a_run_that_was_killed_goes_on(tmp_path: Path) -> None:
    lab, out = tmp_path / "lab", tmp_path / "out"
    command = [sys.executable, "-m", "surefoot", "paper", "table1", *TINY]
    command += ["--lab", str(lab), "--out", str(out)]
    run = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not any(path.is_dir() for path in lab.glob("prm-*")):  # the training has begun
        assert run.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    run.send_signal(signal.SIGKILL)
    run.wait()
    notes = {path: path.stat().st_mtime_ns for path in lab.glob("*.json")}
    assert not [path for path in notes if path.name.startswith("prm-")]
    assert [path for path in notes if path.name.startswith("labels-")]
    assert not out.exists()
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    assert results(out)["claims"]
    for path, changed in notes.items():
        assert path.stat().st_mtime_ns == changed
