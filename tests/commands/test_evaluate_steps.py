"""`surefoot evaluate steps`, of tables and of benchmarks."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from surefoot.cli import main
from surefoot.commands import benchmark_options
from surefoot.generation.folder import load_model
from surefoot.records import Labels, Rating, Scores, Solution
from surefoot.tables import read, write
from surefoot.verifiers.folder import save_verifier
from surefoot.verifiers.settings import VerifierSettings
from toy_sums import toy_sums, write_tables

Run = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def prm(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("steps") / "prm"
    folder.mkdir()
    save_verifier(folder, *load_model(tiny_folder), VerifierSettings(kind="prm"))
    return folder


@pytest.fixture
def steps(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*words: object) -> dict[str, Any]:
        assert main(["evaluate", "steps", "--json", *map(str, words)]) == 0
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    return run


@pytest.fixture
def tables(tmp_path: Path) -> dict[str, str]:
    """Sums with scores that are perfect but for the first solution, and other labels."""
    data = toy_sums(n_problems=20)
    paths = write_tables(data, tmp_path)
    scores = []
    for i, row in enumerate(data.labels):
        triples = tuple(
            (0.1, 0.7, 0.2) if r == 0 else (0.05, 0.05, 0.9) if r == 1 else (0.8, 0.1, 0.1)
            for r in row.ratings
        )
        scores.append(
            Scores(
                solution_id=row.solution_id,
                problem_id=row.problem_id,
                solution_score=0.5,
                step_scores=tuple(b + c for _, b, c in triples),
                step_probabilities=((0.9, 0.1, 0.0),) * 3 if i == 0 else triples,
                verifier="oracle",
            )
        )
    write(tmp_path / "scores.jsonl", scores)
    others = toy_sums(n_problems=40, seed=1)
    new = [(f"other-{row.solution_id}", f"other-{row.problem_id}") for row in others.labels]
    labels = [
        replace(r, solution_id=a, problem_id=b)
        for r, (a, b) in zip(others.labels, new, strict=True)
    ]
    solutions = [
        replace(r, solution_id=a, problem_id=b)
        for r, (a, b) in zip(others.solutions, new, strict=True)
    ]
    write(tmp_path / "other-labels.jsonl", labels)
    write(tmp_path / "other-solutions.jsonl", solutions)
    return {
        **paths,
        "scores": str(tmp_path / "scores.jsonl"),
        "other_labels": str(tmp_path / "other-labels.jsonl"),
        "other_solutions": str(tmp_path / "other-solutions.jsonl"),
    }


def test_tables_by_counting(tables: dict[str, str], steps: Run) -> None:
    found = steps("--scores", tables["scores"], "--labels", tables["labels"])
    (report,) = found["subsets"].values()
    labels = read(Path(tables["labels"]), Labels)
    counted = [r for row in labels for r in row.ratings if r is not None]
    assert (report["steps"], report["wrong_steps"]) == (len(counted), counted.count(-1))
    assert report["uncounted_steps"] == 3 * len(labels) - len(counted)
    assert (report["solutions"], report["problems"]) == (80, 20)
    # All is right but for the first solution, which is called wrong throughout.
    missed = [r for r in labels[0].ratings if r in (0, 1)]
    ours = report["series"]["verifier"]
    assert ours["confusion"]["right_called_wrong"] == len(missed)
    assert ours["confusion"]["wrong_called_right"] == 0
    assert ours["first_error"]["accuracy"] == pytest.approx(79 / 80)
    assert ours["ratings"]["0"]["recall"] == pytest.approx(79 / 80)
    always = report["series"]["always_right"]
    n_erroneous = sum(row.first_error is not None for row in labels)
    assert always["first_error"]["accuracy"] == pytest.approx(1 - n_erroneous / 80)
    assert always["brier"] == pytest.approx(counted.count(-1) / len(counted))
    assert found["verifier"] == "oracle"
    assert set(found["not_shown"]) == {"position", "length"}
    assert "--baselines-from" in found["not_shown"]["length"]
    low, high = report["differences"]["always_right"]["auroc"]
    assert 0 < low < high <= 0.5 + 1e-9


def test_neutral_may_count_as_wrong(tables: dict[str, str], steps: Run) -> None:
    words = ["--scores", tables["scores"], "--labels", tables["labels"]]
    (report,) = steps(*words, "--neutral", "negative")["subsets"].values()
    labels = read(Path(tables["labels"]), Labels)
    assert report["wrong_steps"] == sum(r in (-1, 0) for row in labels for r in row.ratings)
    # Every solution begins with a neutral step, which gets 0.2: the first wrong one.
    assert report["series"]["verifier"]["first_error"]["erroneous_accuracy"] == 1.0


def test_predictors_without_eyes(tables: dict[str, str], steps: Run, tmp_path: Path) -> None:
    words = ["--scores", tables["scores"], "--labels", tables["labels"]]
    fitted = ["--baselines-from", tables["other_labels"]]
    found = steps(*words, *fitted)
    (report,) = found["subsets"].values()
    assert list(report["series"]) == ["verifier", "always_right", "position"]
    assert found["not_shown"] == {"length": "needs --baseline-solutions"}
    both = [*fitted, "--baseline-solutions", tables["other_solutions"]]
    assert steps(*words, *both)["not_shown"] == {"length": "needs --solutions"}
    found = steps(*words, *both, "--solutions", tables["solutions"])
    (report,) = found["subsets"].values()
    assert list(report["series"]) == ["verifier", "always_right", "position", "length"]
    assert found["not_shown"] == {}
    # The place alone tells the second step, the only one that may be wrong.
    rows = read(Path(tables["other_labels"]), Labels)
    wrong = sum(row.ratings[1] == -1 for row in rows)
    chance = (wrong + 1) / (len(rows) + 3)
    evaluated = read(Path(tables["labels"]), Labels)
    n_wrong = sum(row.ratings[1] == -1 for row in evaluated)
    n_right = len(evaluated) - n_wrong
    others = sum(r is not None for row in evaluated for r in (row.ratings[0], row.ratings[2]))
    area = report["series"]["position"]["auroc"]
    assert area == pytest.approx((others + n_right / 2) / (others + n_right))
    called = report["series"]["position"]["wrong"]["recall"]
    assert called == (1.0 if chance > 0.5 else 0.0)


def test_labels_of_evaluated_problems_do_not_fit_baselines(
    tables: dict[str, str], steps: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--scores", tables["scores"], "--labels", tables["labels"]]
    mixed = tmp_path / "mixed.jsonl"
    mixed.write_text(Path(tables["labels"]).read_text() + Path(tables["other_labels"]).read_text())
    alone = steps(*words, "--baselines-from", tables["other_labels"])
    assert steps(*words, "--baselines-from", mixed)["subsets"] == alone["subsets"]
    assert main(["evaluate", "steps", *words, "--baselines-from", tables["labels"]]) == 2
    assert "holds no labels of problems that are not evaluated" in capsys.readouterr().err


def test_marked_labels_and_labels_without_scores_are_left_out(
    tables: dict[str, str], steps: Run, tmp_path: Path
) -> None:
    labels = read(Path(tables["labels"]), Labels)
    labels[0] = replace(labels[0], marks=("flagged",))
    extra = Labels(solution_id="new", problem_id="p0", ratings=(1,))
    write(tmp_path / "marked.jsonl", [*labels, extra])
    words = ["--scores", tables["scores"], "--labels", tmp_path / "marked.jsonl"]
    found = steps(*words)
    assert found["labels_without_scores"] == 1
    assert found["subsets"]["marked"]["solutions"] == 79
    assert steps(*words, "--keep-flagged")["subsets"]["marked"]["solutions"] == 80
    assert steps(*words, "--limit", 10)["subsets"]["marked"]["solutions"] == 10


def benchmark(folder: Path, n: int = 12) -> Path:
    """Two subsets in two layouts."""
    folder.mkdir(exist_ok=True)
    rows: list[dict[str, Any]] = [
        {"problem": f"What is {i} + 1?", "steps": ["add", f"it is {i}"], "label": i % 3 - 1}
        for i in range(n)
    ]
    (folder / "one.json").write_text(json.dumps(rows))
    pair = {
        "original_question": "2+2?",
        "modified_question": "2+2?",
        "original_process": ["add", "4"],
        "modified_process": ["add", "5", "so\n5"],
        "error_steps": [2, 3],
    }
    (folder / "two.jsonl").write_text(json.dumps(pair) + "\n")
    return folder


def test_a_benchmark(prm: Path, tmp_path: Path, steps: Run) -> None:
    data = benchmark(tmp_path / "data")
    words = ["--data", data, "--verifier", prm]
    found = steps(*words, "--figure", tmp_path / "a.svg")
    assert (found["format"], found["kind"]) == ("surefoot", "prm")
    one, two = found["subsets"]["one"], found["subsets"]["two"]
    # Labels -1, 0, 1 in turn: 2, 1 and 2 steps that count; the second step's is wrong.
    assert (one["solutions"], one["steps"], one["wrong_steps"]) == (12, 20, 8)
    # Every step of PRMBench counts, the one after the first error too.
    assert (two["solutions"], two["steps"], two["wrong_steps"]) == (2, 5, 2)
    assert one["series"]["verifier"]["prm_score"] is None
    assert two["series"]["verifier"]["prm_score"]["steps"] == 3
    assert two["series"]["always_right"]["prm_score"]["right_f1"] == pytest.approx(0.5)
    assert (tmp_path / "a.svg").read_text().startswith("<?xml")
    chosen = steps(*words, "--threshold-from", "one")
    series = chosen["subsets"]["one"]["series"]
    assert series["verifier"]["first_error"]["f1"] >= one["series"]["verifier"]["first_error"]["f1"]
    assert (
        series["verifier"]["threshold"]
        == chosen["subsets"]["two"]["series"]["verifier"]["threshold"]
    )


def test_it_agrees_with_processbench(
    prm: Path, tmp_path: Path, steps: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--data", str(benchmark(tmp_path / "data")), f"--verifier={prm}"]
    ours = steps(*words)["subsets"]
    assert main(["evaluate", "processbench", "--json", *words]) == 0
    for name, numbers in json.loads(capsys.readouterr().out)["subsets"].items():
        first = ours[name]["series"]["verifier"]["first_error"]
        assert {k: first[k] for k in first if k in numbers} == {
            k: v for k, v in numbers.items() if k != "n"
        }


def test_scores_that_are_kept_are_read_again(
    prm: Path, tmp_path: Path, steps: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, out = benchmark(tmp_path / "data"), tmp_path / "kept"
    words = ["--data", data, "--verifier", prm, "--out", out]
    first = steps(*words)
    assert sorted(p.name for p in out.iterdir()) == ["one", "two"]
    assert len(read(out / "one", Scores)) == 12

    def never(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(benchmark_options, "score_any", never)
    again = steps(*words)
    assert again["subsets"] == first["subsets"]
    assert steps(*words, "--threshold", 0.3)["subsets"]["one"]["steps"] == 20
    # Another benchmark in the same place is not what was asked for.
    (data / "one.json").write_text((data / "one.json").read_text().replace("add", "sum"))
    assert main(["evaluate", "steps", *map(str, words)]) == 2
    monkeypatch.undo()
    assert main(["evaluate", "steps", *map(str, words), "--overwrite"]) == 0


@pytest.mark.parametrize("verb", ["steps", "processbench"])
def test_kill_9_and_the_same_command_again(
    verb: str, prm: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = benchmark(tmp_path / "data", n=40 * benchmark_options.SHARD_SOLUTIONS)
    out = tmp_path / "kept"
    words = ["evaluate", verb, "--json", f"--data={data}", f"--verifier={prm}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "surefoot", *words, f"--out={out}"],
        env={**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    while len(list(out.glob("one/part-*.parquet"))) < 2:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    n_done = len(list(out.glob("one/part-*.parquet")))
    assert n_done < 40
    made = [p.stat().st_mtime_ns for p in sorted(out.glob("one/part-*.parquet"))]
    assert main([*words, f"--out={out}"]) == 0
    resumed = json.loads(capsys.readouterr().out)
    after = [p.stat().st_mtime_ns for p in sorted(out.glob("one/part-*.parquet"))]
    assert (after[:n_done], len(after)) == (made, 40)
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["subsets"] == resumed["subsets"]


def test_what_people_see(
    tables: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--scores", tables["scores"], "--labels", tables["labels"]]
    figure = tmp_path / "a.png"
    assert main(["evaluate", "steps", *words, "--figure", str(figure)]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("labels: 80 solutions to 20 problems; ")
    assert shown[1].split() == ["verifier", "95", "%", "always", "right"]
    assert shown[2].startswith("first error found              98.8  96.2 to 100.0")
    assert shown[-1].startswith("not shown: position, length: needs --baselines-from")
    assert figure.read_bytes().startswith(b"\x89PNG")
    assert main(["evaluate", "steps", *words, "--figure", str(figure)]) == 2
    assert "exists" in capsys.readouterr().err


def test_bad_input(
    prm: Path, tables: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = benchmark(tmp_path / "data")
    (tmp_path / "odd.jsonl").write_text('{"a": 1}\n')
    short = [Labels(solution_id="p0/0", problem_id="p0", ratings=(1,))]
    write(tmp_path / "short.jsonl", short)
    write(tmp_path / "none.jsonl", [Labels(solution_id="x", problem_id="p0", ratings=(1,))])
    write(tmp_path / "one.jsonl", [Solution(solution_id="z", problem_id="p", steps=())])
    two = ["--scores", tables["scores"], "--labels", tables["labels"]]
    cases: dict[str, list[object]] = {
        "missing --scores, --labels": [],
        "missing --labels": [*two[:2]],
        "--scores: goes without --data": [*two, "--data", data],
        "--verifier: is missing": ["--data", data],
        "--verifier: goes with --data": [*two, "--verifier", prm],
        "--out: goes with --data": [*two, "--out", tmp_path / "o"],
        "--threshold-from: goes with --data": [*two, "--threshold-from", "one"],
        "name must end in .svg": [*two, "--figure", "a.gif"],
        "--baseline-solutions: goes with": [*two, "--baseline-solutions", tables["solutions"]],
        "--threshold: must be in [0, 1]": [*two, "--threshold", "2"],
        "odd.jsonl: is in no layout that is known (processbench, mr-gsm8k": [
            "--data",
            tmp_path / "odd.jsonl",
            "--verifier",
            prm,
        ],
        "one.json:1: original_question: missing": [
            "--data",
            data / "one.json",
            "--verifier",
            prm,
            "--layout",
            "prmbench",
        ],
        "short.jsonl:1: ratings: 1 ratings for 3 step scores of 'p0/0'": [
            *two[:3],
            tmp_path / "short.jsonl",
        ],
        "no labels of solutions that": [*two[:3], tmp_path / "none.jsonl"],
        "labels.jsonl:1: solution_id: no such solution": [
            *two,
            "--solutions",
            tmp_path / "one.jsonl",
        ],
        "no such file or folder": [*two[:3], tmp_path / "gone"],
    }
    for message, words in cases.items():
        assert main(["evaluate", "steps", *map(str, words)]) == 2, message
        assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("place", "solutions", "with_an_error"),
    [
        ("processbench/gsm8k.json", 20, None),
        ("mr_gsm8k/wrong_590_with_reasons_and_prm_scores.jsonl", 20, 20),
        ("prmbench/prmbench_600.jsonl", 20, None),
        ("big_bench_mistake/multistep_arithmetic.jsonl", 20, None),
    ],
)
def test_every_real_layout(
    place: str, solutions: int, with_an_error: int | None, shared_data: Path, prm: Path, steps: Run
) -> None:
    words = ["--data", shared_data / place, "--verifier", prm, "--skip-long", "--limit", solutions]
    (report,) = steps(*words)["subsets"].values()
    assert report["solutions"] == solutions
    first = report["series"]["verifier"]["first_error"]
    assert first["n_undecided"] == 0
    if with_an_error is not None:
        assert first["n_erroneous"] == with_an_error
        assert first["f1"] is first["correct_accuracy"] is None
    assert 0 <= report["series"]["verifier"]["auroc"] <= 1
    assert (report["series"]["verifier"]["prm_score"] is not None) == ("prmbench" in place)


def test_a_published_prm_on_real_rows_by_naive_loops(
    shared_data: Path, tmp_path: Path, steps: Run
) -> None:
    """Math-Shepherd's published scores of the wrong solutions of MR-GSM8K."""
    (path,) = (shared_data / "mr_gsm8k").glob("*.jsonl")
    labels, scores = [], []
    right: list[float] = []
    wrong: list[float] = []
    n_found = 0
    for i, line in enumerate(path.read_text().splitlines()):
        row = json.loads(line)
        said = row["prm_scores"]["math-shepherd_mistral-7b"]
        error = row["model_output_solution_first_error_step"] - 1
        ratings: list[Rating | None] = [
            1 if s < error else -1 if s == error else None for s in range(len(said))
        ]
        ids = {"solution_id": f"s{i}", "problem_id": row["question"]}
        labels.append(Labels(**ids, ratings=tuple(ratings)))
        scores.append(Scores(**ids, solution_score=min(said), step_scores=tuple(said)))
        right += said[:error]
        wrong.append(said[error])
        n_found += all(s >= 0.5 for s in said[:error]) and said[error] < 0.5
    write(tmp_path / "labels.jsonl", labels)
    write(tmp_path / "scores.jsonl", scores)
    words = ["--scores", tmp_path / "scores.jsonl", "--labels", tmp_path / "labels.jsonl"]
    (report,) = steps(*words)["subsets"].values()
    ours = report["series"]["verifier"]
    pairs = sum((r > w) + (r == w) / 2 for r in right for w in wrong)
    assert ours["auroc"] == pytest.approx(pairs / len(right) / len(wrong))
    assert ours["auroc"] > 0.9
    assert ours["first_error"]["erroneous_accuracy"] == n_found / 590
    assert report["differences"]["always_right"]["auroc"][0] > 0.38
    assert ours["confusion"]["wrong_called_wrong"] == sum(w < 0.5 for w in wrong)
