"""`surefoot evaluate best-of-n` as people call it."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from surefoot import tables
from surefoot.cli import main
from synthetic_run import Run, make_run


@pytest.fixture(scope="module")
def run() -> Run:
    return make_run(10, 8, seed=4)


@pytest.fixture(scope="module")
def folder(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run.write(tmp_path_factory.mktemp("runs") / "run")


@pytest.fixture(scope="module")
def scored(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same run in OpenAI's layout."""
    path = tmp_path_factory.mktemp("scored") / "scored.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for s, g, prm, orm in zip(run.solutions, run.grades, run.prm, run.orm, strict=True):
            row = {
                "problem": f"Problem {s.problem_id}",
                "answer": s.answer,
                "is_correct": g.verdict == "correct",
                "prm_score": prm.solution_score,
                "orm_score": orm.solution_score,
            }
            file.write(json.dumps(row) + "\n")
    return path


def of_tables(folder: Path, *more: str) -> list[str]:
    names = ("problems", "solutions", "grades")
    flags = [word for name in names for word in (f"--{name}", str(folder / name))]
    scores = [str(folder / "scores-prm"), str(folder / "scores-orm")]
    return ["evaluate", "best-of-n", *flags, "--scores", *scores, *more]


def called(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(list(words))
    out, err = capsys.readouterr()
    return code, out, err


def test_prints_one_json_object(scored: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = called(capsys, "evaluate", "best-of-n", str(scored), "--n", "8,1,4,4", "--json")
    result = json.loads(out)
    assert code == 0
    assert result["n"] == [1, 4, 8]
    assert {"n", "prm", "orm", "majority", "pass", "ci95"} <= set(result)
    assert result["prm"][0] == result["majority"][0] == result["pass"][0]
    assert result["failures"]["solutions"] == 80


def test_tables_and_scored_file_agree(
    scored: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, from_file, _ = called(capsys, "evaluate", "best-of-n", str(scored), "--json")
    _, from_tables, _ = called(capsys, *of_tables(folder, "--json"))
    first, second = json.loads(from_file), json.loads(from_tables)
    for key in ("n", "prm", "orm", "majority", "pass", "ci95", "prm_weighted"):
        assert first[key] == second[key], key


def test_likelihood_and_checker(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = of_tables(folder, "--likelihood", "--labels", str(folder / "labels"), "--json")
    result = json.loads(called(capsys, *words)[1])
    assert len(result["likelihood"]) == len(result["checker"]) == len(result["n"])
    assert result["checker"][-1] >= result["majority"][0]


def test_aggregation_and_neutral_change_the_scores(
    run: Run, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = json.loads(called(capsys, *of_tables(folder, "--json"))[1])
    same = of_tables(folder, "--json", "--aggregation", "product", "--neutral", "positive")
    assert json.loads(called(capsys, *same)[1])["prm"] == pytest.approx(base["prm"], abs=0.02)
    rows = [
        replace(row, solution_score=math.prod(p[2] for p in row.step_probabilities or ()))
        for row in run.prm
    ]
    by_hand = folder.with_name("by-hand.jsonl")
    tables.write(by_hand, rows, overwrite=True)
    words = of_tables(folder, "--json")
    words[words.index("--scores") + 1] = str(by_hand)
    expected = json.loads(called(capsys, *words)[1])["prm"]
    negative = of_tables(folder, "--json", "--neutral", "negative")
    assert json.loads(called(capsys, *negative)[1])["prm"] == pytest.approx(expected)
    last = of_tables(folder, "--json", "--aggregation", "last")
    assert json.loads(called(capsys, *last)[1])["prm"] != base["prm"]


def test_text_out_and_figure(
    scored: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, figure = tmp_path / "curves.json", tmp_path / "curves.svg"
    words = ["evaluate", "best-of-n", str(scored), "--out", str(out), "--figure", str(figure)]
    code, text, _ = called(capsys, *words)
    assert code == 0
    assert "10 problems, 8 solutions a problem" in text
    assert "95 % intervals at N = 8" in text
    assert json.loads(out.read_text())["n"] == [1, 2, 4, 8]
    assert figure.read_text().startswith("<?xml")
    before = out.read_bytes()
    code, _, err = called(capsys, *words)
    assert code == 2
    assert "--overwrite" in err
    assert out.read_bytes() == before
    assert called(capsys, *words, "--overwrite")[0] == 0


@pytest.mark.parametrize(
    ("n", "message"),
    [
        ("0", "--n: must be >= 1, got 0"),
        ("-3", "--n: must be >= 1, got -3"),
        ("1,99", "--n: must be <= 8 (solutions a problem), got 99"),
        ("1,ten", "--n: must be whole numbers like 1,10,100, got 'ten'"),
        ("1,,4", "--n: must be whole numbers like 1,10,100, got ''"),
    ],
)
def test_a_bad_n_is_one_line_and_exit_2(
    scored: Path, capsys: pytest.CaptureFixture[str], n: str, message: str
) -> None:
    code, out, err = called(capsys, "evaluate", "best-of-n", str(scored), f"--n={n}")
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


def test_what_is_missing_is_named(
    scored: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words, message in (
        (["nowhere.jsonl"], "nowhere.jsonl: no such file"),
        ([], "missing --problems, --solutions, --grades, --scores"),
        (["--problems", str(folder / "problems")], "missing --solutions, --grades, --scores"),
        ([str(scored), "--likelihood"], "--likelihood: goes with tables"),
        ([str(scored), "--figure", "curves.gif"], "--figure: curves.gif: name must end in"),
        ([str(scored), "--draws", "0"], "--draws: must be >= 1"),
        ([str(scored), "--pool", "3"], "--pool: must be >= 8"),
    ):
        code, _, err = called(capsys, "evaluate", "best-of-n", *words)
        assert code == 2, words
        assert message in err
    orm_alone = ["--scores", str(folder / "scores-orm"), "--neutral", "negative"]
    words = of_tables(folder)
    code, *_ = called(capsys, *words[: words.index("--scores")], *orm_alone)
    assert code == 0  # --neutral is about PRM scores; there are none to change


def test_a_bad_row_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "scored.jsonl"
    path.write_text('{"problem": "a", "answer": "1", "is_correct": true, "prm_score": "high"}\n')
    code, _, err = called(capsys, "evaluate", "best-of-n", str(path))
    assert code == 2
    assert f'{path}:1: prm_score: must be a number, got "high"' in err


def test_pool_counts_samples_that_were_left_out(
    scored: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["evaluate", "best-of-n", str(scored), "--n", "1", "--json"]
    full = json.loads(called(capsys, *words)[1])
    padded = json.loads(called(capsys, *words, "--pool", "16")[1])
    assert padded["pass"][0] == pytest.approx(full["pass"][0] / 2, abs=1e-5)
    assert padded["missing_samples"] == 80
