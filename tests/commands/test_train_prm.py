"""`surefoot train prm`, and what the three finetuning commands share."""

import dataclasses
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
import torch
from safetensors.torch import load_file

from surefoot.cli import main
from surefoot.commands.train_prm import Config, run
from surefoot.errors import ModelFolderError, OutputExists, UserError
from surefoot.records import MARKS, Labels, Problem, Scores, Solution
from surefoot.tables import read, write
from surefoot.verifiers.folder import load_verifier
from surefoot.verifiers.scoring import score_solutions
from toy_sums import toy_sums, write_tables


@pytest.fixture
def tables(tmp_path: Path) -> dict[str, Any]:
    paths = write_tables(toy_sums(), tmp_path)
    return {name: Path(paths[name]) for name in ("problems", "solutions", "labels")}


def test_a_tiny_prm_learns_to_tell_good_steps_from_bad(tiny_folder: Path, tmp_path: Path) -> None:
    """Steps that say so themselves: the chain from records to scores must pass that on."""
    problems = [Problem(problem_id=f"p{i}", statement=f"{i}", answer="1") for i in range(10)]
    words = {1: "good", 0: "same", -1: "evil"}
    solutions, labels = [], []
    for p in problems:
        for s, ratings in enumerate([(1, 1), (0, 1), (1, 0), (-1,), (1, -1), (0, -1)]):
            ids: dict[str, Any] = {"solution_id": f"{p.problem_id}/{s}", "problem_id": p.problem_id}
            solutions.append(Solution(**ids, steps=tuple(words[r] for r in ratings)))
            labels.append(Labels(**ids, ratings=ratings))  # type: ignore[arg-type]
    for name, rows in (("problems", problems), ("solutions", solutions), ("labels", labels)):
        write(tmp_path / f"{name}.jsonl", rows)
    report = run(
        Config(
            base=str(tiny_folder),
            problems=tmp_path / "problems.jsonl",
            solutions=tmp_path / "solutions.jsonl",
            labels=tmp_path / "labels.jsonl",
            out=tmp_path / "prm",
            epochs=40,
            learning_rate=1e-2,
            batch_tokens=200,
            holdout=0.3,
        )
    )
    assert report["last_loss"] < 0.05 < 2 < report["first_loss"]
    assert report["holdout_loss"] < report["position_loss"]
    assert report["step_auc"] == report["within_problem_auc"] == 1.0
    verifier = load_verifier(tmp_path / "prm")
    scored = score_solutions(verifier, {p.problem_id: p for p in problems}, solutions)
    for row, scores in zip(labels, scored, strict=True):
        assert scores.step_probabilities is not None
        for rating, chances in zip(row.ratings, scores.step_probabilities, strict=True):
            assert rating is not None
            assert chances[rating + 1] > 0.9
        assert (scores.solution_score > 0.5) == (row.first_error is None)


@pytest.mark.parametrize("rating_tokens_only", [False, True])
def test_report_and_folder(
    tiny_folder: Path, tables: dict[str, Any], tmp_path: Path, rating_tokens_only: bool
) -> None:
    report = run(
        Config(
            base=str(tiny_folder),
            **tables,
            out=tmp_path / "prm",
            batch_tokens=130,
            rating_tokens_only=rating_tokens_only,
        )
    )
    metrics = (tmp_path / "prm/metrics.jsonl").read_text().splitlines()
    assert report["updates"] == len(metrics) > 5
    assert report["examples"] + report["left_out"].get("duplicate", 0) == 80
    assert report["seconds"] > 0
    assert json.loads((tmp_path / "prm/training.json").read_text()) == report
    first = json.loads(metrics[0])["loss"]
    # A softmax over 3 tokens starts near ln 3, over the vocabulary near ln 291.
    assert first == pytest.approx(1.1 if rating_tokens_only else 5.7, abs=0.3)
    assert load_verifier(tmp_path / "prm").settings.kind == "prm"


def test_chosen_rating_tokens_are_trained_and_written_down(
    tiny_folder: Path, tables: dict[str, Any], tmp_path: Path
) -> None:
    run(
        Config(
            base=str(tiny_folder),
            **tables,
            out=tmp_path / "prm",
            batch_tokens=400,
            rating_tokens=("x", "?", "y"),
        )
    )
    settings = load_verifier(tmp_path / "prm").settings
    assert settings.rating_tokens == {"-1": "x", "0": "?", "1": "y"}


def test_limit_and_seed(tiny_folder: Path, tables: dict[str, Any], tmp_path: Path) -> None:
    reports = [
        run(Config(base=str(tiny_folder), **tables, out=tmp_path / f"{i}", limit=9, seed=seed))
        for i, seed in enumerate([0, 0, 1])
    ]
    assert [r["examples"] for r in reports] == [9, 9, 9]
    assert reports[0]["first_loss"] == reports[1]["first_loss"]


def command(folder: Path, tables: dict[str, Any], out: Path) -> list[str]:
    flags = [f"--{name}={path}" for name, path in tables.items()]
    settings = ["--batch-tokens=200", "--epochs=6", "--optimizer=muon", "--checkpoint-every=5"]
    return ["train", "prm", f"--base={folder}", *flags, *settings, f"--out={out}"]


def test_kill_9_and_the_same_command_again(
    tiny_folder: Path, tables: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "prm"
    process = subprocess.Popen(
        [sys.executable, "-m", "surefoot", *command(tiny_folder, tables, out)],
        env={**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    metrics = out / "metrics.jsonl"
    deadline = time.monotonic() + 120
    while not (metrics.exists() and len(metrics.read_text().splitlines()) > 7):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (out / ".checkpoint").is_dir()
    unbroken = tmp_path / "unbroken"
    assert main(command(tiny_folder, tables, out)) == 0
    assert main(command(tiny_folder, tables, unbroken)) == 0
    capsys.readouterr()

    def curve(folder: Path) -> list[float]:
        lines = (folder / "metrics.jsonl").read_text().splitlines()
        return [json.loads(line)["loss"] for line in lines]

    assert curve(out) == curve(unbroken)
    ours, theirs = (load_file(f / "model.safetensors") for f in (out, unbroken))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    assert sorted(p.name for p in out.iterdir()) == sorted(p.name for p in unbroken.iterdir())


def test_bad_input(
    tiny_folder: Path, tables: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def config(**changes: Any) -> Config:
        settings: dict[str, Any] = {
            "base": str(tiny_folder),
            **tables,
            "out": tmp_path / "out",
            **changes,
        }
        return Config(**settings)

    wrong: dict[str, dict[str, Any]] = {
        "--epochs": {"epochs": 0},
        "--batch-tokens": {"batch_tokens": 0},
        "--learning-rate": {"learning_rate": -1.0},
        "--holdout": {"holdout": 1.0},
        "--limit": {"limit": 0},
    }
    for flag, changes in wrong.items():
        with pytest.raises(UserError, match=flag):
            config(**changes)
    with pytest.raises(UserError, match=r"gone\.jsonl: no such file"):
        run(config(labels=tmp_path / "gone.jsonl"))
    without_weights = tmp_path / "light"
    shutil.copytree(tiny_folder, without_weights)
    (without_weights / "model.safetensors").unlink()
    with pytest.raises(ModelFolderError, match="no weights"):
        run(config(base=str(without_weights)))
    (tmp_path / "there").mkdir()
    (tmp_path / "there/file").write_text("x")
    with pytest.raises(OutputExists):
        run(config(out=tmp_path / "there"))
    assert main(command(without_weights, tables, tmp_path / "out")) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_scores_of_a_trained_prm_survive_a_round_trip(
    tiny_folder: Path, tables: dict[str, Any], tmp_path: Path
) -> None:
    run(Config(base=str(tiny_folder), **tables, out=tmp_path / "prm", limit=5))
    data = toy_sums()
    problems = {p.problem_id: p for p in data.problems}
    scores = score_solutions(load_verifier(tmp_path / "prm"), problems, data.solutions)
    for name in ("scores.jsonl", "scores"):
        write(tmp_path / name, scores)
        assert read(tmp_path / name, Scores) == scores


def changed(folder: Path, tables: dict[str, Any], row: int, **changes: Any) -> dict[str, Any]:
    """The tables with one of the labels changed (row from 1), as plain JSON."""
    lines = tables["labels"].read_text().splitlines()
    lines[row - 1] = json.dumps({**json.loads(lines[row - 1]), **changes})
    path = folder / "changed.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return {**tables, "labels": path}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"ratings": [1, 2, 1]}, "ratings[1]: must be one of -1, 0, 1 or null, got 2"),
        ({"ratings": [1, 0.5, 1]}, "ratings[1]: must be one of -1, 0, 1 or null, got 0.5"),
        ({"ratings": [1, True, 1]}, "ratings[1]: must be one of -1, 0, 1 or null, got true"),
        ({"ratings": [1, 1]}, "ratings: 2 ratings for 3 steps of solution 'p0/2'"),
        ({"ratings": []}, "ratings: 0 ratings for 3 steps of solution 'p0/2'"),
        ({"solution_id": "gone"}, "solution_id: no such solution among 80"),
        ({"marks": ["odd"]}, "marks[0]: must be one of flagged, quality_control, screening"),
    ],
)
@pytest.mark.parametrize("holdout", [0.0, 0.9])
def test_a_label_that_would_be_lost_is_named_before_training(
    tiny_folder: Path,
    tables: dict[str, Any],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, Any],
    problem: str,
    holdout: float,
) -> None:
    bad = changed(tmp_path, tables, 3, **changes)
    words = command(tiny_folder, bad, tmp_path / "out")
    assert main([*words, f"--holdout={holdout}"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{tmp_path}/changed.jsonl:3: {problem}" in line
    assert not (tmp_path / "out").exists()


def test_a_solution_longer_than_the_model(
    tiny_folder: Path, tables: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = tables["solutions"].read_text().splitlines()
    row = json.loads(lines[3])
    lines[3] = json.dumps({**row, "steps": ["1+1=2 " * 400, *row["steps"][1:]]})
    tables["solutions"].write_text("\n".join(lines) + "\n")
    words = [*command(tiny_folder, tables, tmp_path / "out"), "--holdout=0.5", "--json"]
    assert main(words) == 2
    error = capsys.readouterr().err
    assert f"{tables['labels']}:4: ratings: solution 'p0/3' has" in error
    assert "tokens with its problem, the model reads at most 1024; --skip-long" in error
    assert main([*words, "--skip-long"]) == 0
    assert json.loads(capsys.readouterr().out)["left_out"]["too long"] == 1


def test_marked_labels_are_left_out_unless_kept(
    tiny_folder: Path, tables: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = read(tables["labels"], Labels)
    for i, mark in enumerate(MARKS, start=1):
        labels[i] = dataclasses.replace(labels[i], marks=(mark,))
    write(tmp_path / "marked", labels)
    words = command(tiny_folder, {**tables, "labels": tmp_path / "marked"}, tmp_path / "out")
    words += ["--epochs=1", "--json"]
    assert main(words) == 0
    shown = capsys.readouterr()
    plain = json.loads(shown.out)
    assert plain["left_out"].items() >= dict.fromkeys(MARKS, 1).items()
    assert "marked labels left out: 1 flagged, 1 quality_control, 1 screening" in shown.err
    for n, mark in enumerate(MARKS, start=1):
        words.append(f"--keep-{mark.replace('_', '-')}")
        assert main([*words, f"--out={tmp_path / mark}"]) == 0
        report = json.loads(capsys.readouterr().out)
        assert [m for m in MARKS if m in report["left_out"]] == list(MARKS[n:])


def test_rated_alternatives_of_sessions_are_learned_from_too(
    tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def step(*offered: tuple[str, int | None, bool]) -> dict[str, Any]:
        return {
            "completions": [{"text": t, "rating": r, "flagged": f} for t, r, f in offered],
            "chosen_completion": 0,
        }

    good, bad, unsure, unrated = (
        ("add", 1, False), ("sub", -1, False), ("hm", 0, True), ("so", None, False)
    )  # fmt: skip
    row = {
        "question": {"problem": "2+3?", "ground_truth_answer": "5"},
        "label": {"steps": [step(good, bad), step(good, unsure, unrated), step(bad, good)]},
    }
    (tmp_path / "rows.jsonl").write_text(json.dumps(row) + "\n")
    rated = tmp_path / "rated"
    assert main(["label", "import", f"{tmp_path}/rows.jsonl", "--out", str(rated)]) == 0
    words = ["train", "prm", f"--base={tiny_folder}", "--json"]
    words += [f"--{name}={rated / name}" for name in ("problems", "solutions", "labels")]

    def report(out: str, *flags: str) -> dict[str, Any]:
        capsys.readouterr()
        assert main([*words, *flags, f"--out={tmp_path / out}"]) == 0
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    assert report("path")["examples"] == 1
    with_sessions = f"--sessions={rated / 'sessions'}"
    # Beside the path: sub; add, hm (flagged); add, add, add.
    assert report("all", with_sessions)["examples"] == 3
    assert report("all, sure", with_sessions)["left_out"] == {"flagged": 1}
    assert report("all, unsure", with_sessions, "--keep-flagged")["examples"] == 4
    write(rated / "problems.jsonl", [Problem(problem_id="other", statement="?", answer="")])
    words[4] = f"--problems={rated / 'problems.jsonl'}"
    assert main([*words, with_sessions, f"--out={tmp_path / 'bad'}"]) == 2
    assert "sessions: session 'rows/1' belongs to problem" in capsys.readouterr().err


def test_an_alternative_that_is_too_long_is_named_by_its_row(
    tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    offered = [{"text": "add", "rating": 1}, {"text": "1+1=2 " * 400, "rating": -1}]
    row = {
        "question": {"problem": "2+3?", "ground_truth_answer": "5"},
        "label": {"steps": [{"completions": offered, "chosen_completion": 0}]},
    }
    (tmp_path / "rows.jsonl").write_text(json.dumps(row) + "\n")
    rated = tmp_path / "rated"
    assert main(["label", "import", f"{tmp_path}/rows.jsonl", "--out", str(rated)]) == 0
    tables = {name: rated / name for name in ("problems", "solutions", "labels", "sessions")}
    capsys.readouterr()
    assert main(command(tiny_folder, tables, tmp_path / "out")) == 2
    assert "labels of 'rows/1/alternative-0': ratings: " in capsys.readouterr().err
