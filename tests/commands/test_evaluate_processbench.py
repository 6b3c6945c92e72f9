"""`surefoot evaluate processbench`."""

import json
from pathlib import Path
from typing import Any

import pytest

from surefoot.cli import main
from surefoot.generation.folder import load_model
from surefoot.records import Problem, Solution
from surefoot.verifiers.folder import load_verifier, save_verifier
from surefoot.verifiers.scoring import score_solutions
from surefoot.verifiers.settings import VerifierSettings


@pytest.fixture(scope="module")
def prm(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("processbench") / "prm"
    folder.mkdir()
    save_verifier(folder, *load_model(tiny_folder), VerifierSettings(kind="prm"))
    return folder


def write_rows(path: Path, rows: list[tuple[list[str], int]]) -> None:
    data = [
        {"id": f"{path.stem}-{i}", "problem": "Add 2 and 3.", "steps": steps, "label": label}
        for i, (steps, label) in enumerate(rows)
    ]
    path.write_text(json.dumps(data))


def evaluate(capsys: pytest.CaptureFixture[str], *words: object) -> dict[str, Any]:
    assert main(["evaluate", "processbench", "--json", *map(str, words)]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def reference(prm: Path, data: list[dict[str, Any]], threshold: float) -> dict[str, Any]:
    """Row by row, as ProcessBench's own scripts count."""
    verifier = load_verifier(prm)
    # A chosen threshold is a score: one by one that score may come out a rounding lower.
    threshold -= 1e-6
    match: dict[bool, list[bool]] = {True: [], False: []}
    for row in data:
        problem = Problem(problem_id="p", statement=row["problem"].strip(), answer="")
        steps = tuple(" ".join(filter(None, map(str.strip, s.split("\n")))) for s in row["steps"])
        solution = Solution(solution_id="s", problem_id="p", steps=steps)
        (scores,) = score_solutions(verifier, {"p": problem}, [solution], skip_long=True)
        guess = next((i for i, s in enumerate(scores.step_scores) if s < threshold), -1)
        match[row["label"] == -1].append(guess == row["label"])
    acc1, acc2 = (sum(match[kind]) / len(match[kind]) for kind in (False, True))
    return {
        "erroneous_accuracy": acc1,
        "correct_accuracy": acc2,
        "f1": 2 * acc1 * acc2 / (acc1 + acc2) if acc1 + acc2 else 0.0,
        "n_erroneous": len(match[False]),
        "n_correct": len(match[True]),
        "n": len(data),
    }


def test_real_rows_are_counted_as_by_the_benchmark(
    shared_data: Path, prm: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--verifier", prm, "--skip-long", "--limit", 25]
    data = shared_data / "processbench"
    chosen = evaluate(capsys, "--data", data, *flags, "--threshold-from", "gsm8k")
    assert chosen["subsets"].keys() == {"gsm8k", "math"}
    assert (chosen["format"], chosen["threshold_from"]) == ("surefoot", "gsm8k")
    for name, numbers in chosen["subsets"].items():
        rows = json.loads((data / f"{name}.json").read_text())
        rows = rows[:: len(rows) // 25]
        assert numbers == pytest.approx(reference(prm, rows, chosen["threshold"]))
    plain = evaluate(capsys, "--data", data, *flags)
    assert plain["threshold"] == 0.5
    assert chosen["subsets"]["gsm8k"]["f1"] >= plain["subsets"]["gsm8k"]["f1"]


def test_numbers_of_each_subset_and_their_mean(
    prm: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    steps = ["2 + 3 = 5", "so\nit is 5"]
    write_rows(tmp_path / "one.json", [(steps, -1), (steps, 0), (steps, 1)])
    write_rows(tmp_path / "two.json", [(steps, -1)])
    (tmp_path / "README.md").write_text("not a subset")
    nothing = evaluate(capsys, "--data", tmp_path, "--verifier", prm, "--threshold", 0)
    assert nothing["subsets"]["one"] == {
        "erroneous_accuracy": 0.0,
        "correct_accuracy": 1.0,
        "f1": 0.0,
        "n_erroneous": 2,
        "n_correct": 1,
        "n": 3,
    }
    assert nothing["subsets"]["two"]["erroneous_accuracy"] is None
    assert nothing["mean_f1"] == 0
    everything = evaluate(capsys, "--data", tmp_path, "--verifier", prm, "--threshold", 1)
    assert everything["subsets"]["one"]["erroneous_accuracy"] == 0.5
    one = tmp_path / "one.json"
    assert main(["evaluate", "processbench", f"--data={one}", f"--verifier={prm}"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("subset  erroneous  correct     F1      n\none ")
    assert "threshold 0.5" in shown


def test_bad_input(prm: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_rows(tmp_path / "one.json", [(["5"], -1)])
    bad = tmp_path / "bad"
    bad.mkdir()
    write_rows(bad / "math.json", [(["5"], 1)])
    empty = tmp_path / "empty"
    empty.mkdir()
    good = ["--data", str(tmp_path / "one.json"), "--verifier", str(prm)]
    cases = {
        "math.json:1: label: must be -1 or a step's index": ["--data", str(bad), *good[2:]],
        "holds no .json": ["--data", str(empty), *good[2:]],
        "no such file or folder": ["--data", str(tmp_path / "gone"), *good[2:]],
        "no such verifier folder": [*good[:3], str(tmp_path / "gone")],
        "--threshold: must be in [0, 1], got 50": [*good, "--threshold=50"],
        "--threshold-from: no subset 'two'; there are: one": [*good, "--threshold-from=two"],
        "needs solutions with and without an error": [*good, "--threshold-from=one"],
        "goes without --threshold": [*good, "--threshold=0.1", "--threshold-from=one"],
        "--limit: must be >= 1": [*good, "--limit=0"],
    }
    for message, words in cases.items():
        assert main(["evaluate", "processbench", *words]) == 2
        assert message in capsys.readouterr().err
