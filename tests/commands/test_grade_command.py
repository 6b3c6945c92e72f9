"""`surefoot grade` from files to files."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from surefoot.cli import main
from surefoot.records import Grade, Problem, Solution
from surefoot.tables import read, write

GOLD = {"p0": "5", "p1": "1/2"}
ANSWERS = {"a": ("p0", "5"), "b": ("p0", "6"), "c": ("p1", r"\frac{2}{4}"), "d": ("p1", None)}


@pytest.fixture
def tables(tmp_path: Path) -> tuple[Path, Path]:
    problems, solutions = tmp_path / "problems", tmp_path / "solutions.jsonl"
    write(problems, [Problem(problem_id=i, statement="?", answer=a) for i, a in GOLD.items()])
    write(
        solutions,
        [
            Solution(solution_id=i, problem_id=p, steps=("one step",), answer=answer)
            for i, (p, answer) in ANSWERS.items()
        ],
    )
    return problems, solutions


@pytest.mark.parametrize("name", ["grades", "grades.jsonl"])
def test_solutions_are_graded(
    tables: tuple[Path, Path], tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / name
    assert main(["grade", *map(str, tables), "--out", str(out), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert list(result)[:4] == ["undecided", "no_answer", "incorrect", "correct"]
    assert [result[k] for k in list(result)[:4]] == [0, 1, 1, 2]
    assert {g.solution_id: g.verdict for g in read(out, Grade)} == {
        "a": "correct",
        "b": "incorrect",
        "c": "correct",
        "d": "no_answer",
    }


def test_an_output_that_exists_is_kept_unless_asked(
    tables: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["grade", *map(str, tables), "--out", str(tmp_path / "g")]
    assert [main(words), main(words), main([*words, "--overwrite"])] == [0, 2, 0]
    assert "--overwrite" in capsys.readouterr().err


def test_a_solution_of_an_unknown_problem_is_named(
    tables: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stray = tmp_path / "stray.jsonl"
    write(stray, [Solution(solution_id="z", problem_id="p9", steps=())])
    assert main(["grade", str(tables[0]), str(stray), "--out", str(tmp_path / "g")]) == 2
    assert capsys.readouterr().err == (
        f"surefoot: error: {stray}: solution 'z' belongs to problem 'p9', "
        f"which is not in {tables[0]}\n"
    )


def test_pairs_come_out_with_verdicts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        {"given": "0.5", "gold": "1/2", "id": 1},
        {"given": "0.6", "gold": "1/2", "id": 2},
        {"given": None, "gold": "1/2", "id": 3},
        {"given": "(x+1)^2", "gold": "x^2+2x+1", "id": 4},
        {"given": "5", "gold": "", "id": 5},
    ]
    pairs, out = tmp_path / "pairs.jsonl", tmp_path / "verdicts.jsonl"
    pairs.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert main(["grade", "--pairs", str(pairs), "--out", str(out)]) == 0
    graded = [json.loads(line) for line in out.read_text().splitlines()]
    assert [r["grade"] for r in graded] == [
        "correct",
        "incorrect",
        "no_answer",
        "correct",
        "undecided",
    ]
    assert [{k: r[k] for k in ("given", "gold", "id")} for r in graded] == rows
    assert graded[4]["reason"] == "gold_unread: nothing is written"
    assert capsys.readouterr().out.startswith("undecided: 1\nno_answer: 1\nincorrect: 1\n")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"given": "5"}', "gold: missing"),
        ('{"given": 5, "gold": "5"}', "given: must be text, got int"),
        ("[1]", "must be a JSON object"),
        ('{"given": "5"', "not JSON"),
    ],
)
def test_a_bad_pair_is_named_and_nothing_is_written(
    line: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs, out = tmp_path / "pairs.jsonl", tmp_path / "v.jsonl"
    pairs.write_text('{"given": "5", "gold": "5"}\n' + line + "\n")
    assert main(["grade", "--pairs", str(pairs), "--out", str(out)]) == 2
    assert f"surefoot: error: {pairs}:2: {message}" in capsys.readouterr().err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["pairs.jsonl"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "needs PROBLEMS and SOLUTIONS, or --pairs"),
        (["p"], "needs PROBLEMS and SOLUTIONS, or --pairs"),
        (["p", "s", "--pairs", "f"], "--pairs: takes the place"),
        (["--pairs", "none.jsonl"], "none.jsonl: no such file"),
    ],
)
def test_what_to_grade_must_be_clear(
    words: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["grade", *words, "--out", str(tmp_path / "g.jsonl")]) == 2
    assert message in capsys.readouterr().err


def test_a_killed_run_goes_on_and_ends_with_the_same_grades(tmp_path: Path) -> None:
    n = 3000
    problems, solutions = tmp_path / "p", tmp_path / "s"
    write(problems, [Problem(problem_id="p", statement="?", answer=r"\sqrt{2}")])

    def root(i: int) -> int:
        """Some 30 new questions to the library in each shard, so that it takes a while."""
        return 3 + i % 31 + 31 * (i // 1000)

    write(
        solutions,
        [
            Solution(
                solution_id=f"{i:05d}", problem_id="p", steps=(), answer=rf"\sqrt{{{root(i)}}}"
            )
            for i in range(n)
        ],
    )
    words = ["grade", str(problems), str(solutions), "--out"]
    first = tmp_path / "first"
    process = subprocess.Popen(
        [sys.executable, "-m", "surefoot", *words, str(first)], stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60
    while not list(first.glob("part-*.parquet")) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert json.loads((first / "stage.json").read_text())["status"] == "running"
    assert main([*words, str(first)]) == 0
    assert main([*words, str(tmp_path / "second")]) == 0
    assert read(first, Grade) == read(tmp_path / "second", Grade)
    assert len(read(first, Grade)) == n
