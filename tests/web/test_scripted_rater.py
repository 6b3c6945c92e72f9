"""`surefoot label rate` against a real server: what it says, its errors, and its end."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from room_kit import Kit
from room_server import Served, free_port, secret_of
from sqlalchemy import update

from surefoot.cli import main
from surefoot.labeling.rate import rate
from surefoot.problems.arith.checker import check
from surefoot.problems.arith.generate import generate
from surefoot.records import Labels, Problem, Session, Solution
from surefoot.steps import split_steps
from surefoot.tables import read
from surefoot.web.room.intake import Plan, take_in
from surefoot.web.room.schema import LabelerRow


def made(n: int) -> tuple[list[Problem], list[Solution]]:
    """Problems with their worked solutions, every other one spoilt in one step."""
    problems = list(generate(n, split="train", levels=[2, 3], seed=0))
    solutions = []
    for i, problem in enumerate(problems):
        steps = list(split_steps(problem.reference_solution or ""))
        if i % 2:
            at = i % len(steps)
            steps[at] = steps[at] + "1"
        answer = steps[-1].removeprefix("# Answer ")
        solutions.append(
            Solution(
                solution_id=f"s{i}",
                problem_id=problem.problem_id,
                steps=tuple(steps),
                answer=answer,
            )
        )
    return problems, solutions


def room(tmp_path: Path, n: int) -> tuple[Path, list[Problem], list[Solution]]:
    problems, solutions = made(n)
    db = tmp_path / "labels.db"
    Kit(str(db), problems=problems, solutions=solutions).close()
    return db, problems, solutions


def words(served: Served, secret: str, tmp_path: Path, *more: str) -> list[str]:
    link = f"http://127.0.0.1:{served.port}/i#{secret}"
    return ["label", "rate", link, "--session", str(tmp_path / "session"), "--json", *more]


def test_without_errors_it_says_what_the_checker_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    db, problems, solutions = room(tmp_path, 24)
    served = Served("--db", str(db))
    try:
        ask = words(served, secret_of(db, "Ada"), tmp_path)
        assert main([*ask, "--limit", "10"]) == 0
        assert json.loads(capsys.readouterr().out)["ended"] == "limit"
        assert main(ask) == 0  # signed in still, though the link is used
        said = json.loads(capsys.readouterr().out)
        assert (said["submitted"], said["ended"]) == (14, "nothing_left")
        assert main([*ask, "--session", str(tmp_path / "another")]) == 2
        assert "this link is not good any more" in capsys.readouterr().err
    finally:
        served.stop()
    assert main(["label", "replay", "--db", str(db), "--check"]) == 0
    assert main(["label", "collect", "--db", str(db), "--out", str(tmp_path / "rated")]) == 0
    by_id = {problem.problem_id: problem for problem in problems}
    expected = {s.solution_id: rate(by_id[s.problem_id], s, check, name="x") for s in solutions}
    labels = read(tmp_path / "rated" / "labels", Labels)
    assert {row.solution_id: row.ratings for row in labels} == {
        name: row.ratings for name, row in expected.items()
    }
    assert len({row.first_error for row in labels}) > 2
    for session in read(tmp_path / "rated" / "sessions", Session):
        assert session.finish_reason in ("found_error", "solution")
        assert session.milliseconds is not None


def test_killed_and_started_again_it_ends_as_an_unbroken_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    db, problems, solutions = room(tmp_path, 60)
    port = free_port()
    served = Served("--db", str(db), port=port)
    ask = words(served, secret_of(db, "Ada"), tmp_path, "--error-rate", "0.3")
    seen = []
    try:
        for kills in range(4):
            process = subprocess.Popen(
                [sys.executable, "-m", "surefoot", *ask],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ},
            )
            before, end = _submitted(db), time.monotonic() + 60
            while _submitted(db) < before + 5 and process.poll() is None:
                assert time.monotonic() < end
                time.sleep(0.005)
            if kills == 2:  # the server, and the rater waits for it
                served.kill()
                served = Served("--db", str(db), port=port)
                while _submitted(db) < before + 10 and process.poll() is None:
                    time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
            process.wait()
            seen.append(_submitted(db))
        assert main(ask) == 0
        capsys.readouterr()
    finally:
        served.stop()
    assert 0 < seen[0] < 60
    assert main(["label", "replay", "--db", str(db), "--check"]) == 0
    assert main(["label", "collect", "--db", str(db), "--out", str(tmp_path / "rated")]) == 0
    labels = {row.solution_id: row.ratings for row in read(tmp_path / "rated/labels", Labels)}
    # Another room, another database, no kill: the same name and seed say the same.
    (tmp_path / "again").mkdir()
    db, *_ = room(tmp_path / "again", 60)
    served = Served("--db", str(db))
    try:
        again = words(served, secret_of(db, "Ada"), tmp_path / "again", "--error-rate", "0.3")
        assert main(again) == 0
    finally:
        served.stop()
    out = tmp_path / "again" / "rated"
    assert main(["label", "collect", "--db", str(db), "--out", str(out)]) == 0
    assert {row.solution_id: row.ratings for row in read(out / "labels", Labels)} == labels
    by_id = {problem.problem_id: problem for problem in problems}
    right = {s.solution_id: rate(by_id[s.problem_id], s, check, name="x") for s in solutions}
    assert any(labels[name] != row.ratings for name, row in right.items())


def _submitted(db: Path) -> int:
    with closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as connection:
        (n,) = connection.execute("SELECT count(*) FROM submission").fetchone()
        return int(n)


def test_what_it_cannot_judge_it_gives_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    problems, solutions = made(4)
    problems[1] = replace(problems[1], statement="Who wrote Hamlet?")
    db = tmp_path / "labels.db"
    Kit(str(db), problems=problems, solutions=solutions).close()
    served = Served("--db", str(db))
    try:
        assert main(words(served, secret_of(db, "Ada"), tmp_path)) == 0
        said = json.loads(capsys.readouterr().out)
        assert (said["submitted"], said["released"]) == (3, 1)
    finally:
        served.stop()


def test_it_takes_the_screening_and_the_gold_questions_as_people_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    problems, solutions = made(30)
    problems[1] = replace(problems[1], statement="Who wrote Hamlet?")
    db = tmp_path / "labels.db"
    kit = Kit(
        str(db),
        problems=problems,
        solutions=solutions[10:],
        settings={"pass_mark": 2, "gold_every": 3},
    )
    by_id = {problem.problem_id: problem for problem in problems}
    with kit.database.write() as session:
        for kind, some in (("screening", solutions[:3]), ("gold", solutions[3:10])):
            gold: dict[str, dict[str, Any]] = {
                s.solution_id: {"first_errors": [None]} for s in some
            }
            for s in some:
                if by_id[s.problem_id].statement != "Who wrote Hamlet?":
                    error = rate(by_id[s.problem_id], s, check, name="x").first_error
                    gold[s.solution_id] = {"first_errors": [error]}
            plan = Plan(kind=kind)  # type: ignore[arg-type]
            take_in(session, problems, some, plan, gold=gold, now=kit.clock())
    kit.close()
    served = Served("--db", str(db))
    try:
        assert main(words(served, secret_of(db, "Ada"), tmp_path)) == 0
        said = json.loads(capsys.readouterr().out)
    finally:
        served.stop()
    # A question of the screening cannot be given back, so it is given up.
    assert said["give_up"] == 1
    assert said["ended"] == "nothing_left"
    with closing(sqlite3.connect(db)) as connection:
        found = connection.execute(
            "SELECT kind, sum(is_right), count(*) FROM gold_result GROUP BY kind ORDER BY kind"
        ).fetchall()
    ((_, n_right, n_gold), screening) = found
    assert screening == ("screening", 2, 3)
    assert 0 < n_right == n_gold <= 7
    assert said["submitted"] == 20 + 3 + n_gold


def test_a_paused_rater_stops(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    db, *_ = room(tmp_path, 4)
    kit = Kit(str(db), solutions=[], problems=[])
    secret = kit.link("Ada")
    with kit.database.write() as session:
        session.execute(update(LabelerRow).values(state="paused"))
    kit.close()
    served = Served("--db", str(db))
    try:
        assert main(words(served, secret, tmp_path)) == 0
        said = json.loads(capsys.readouterr().out)
        assert (said["submitted"], said["ended"]) == (0, "paused")
    finally:
        served.stop()


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (["nowhere"], "nowhere: is no invite link"),
        (["http://127.0.0.1:1/"], "is no invite link"),
        (["http://127.0.0.1:1/i#x", "--error-rate", "2"], "--error-rate: must be <= 1"),
        (["http://127.0.0.1:1/i#x", "--limit", "0"], "--limit: must be >= 1"),
        (["http://127.0.0.1:1/i#x"], "no answer to the sign-in"),
    ],
)
def test_a_mistake_in_the_words_is_one_line(
    asked: list[str], why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["label", "rate", *asked, "--session", str(tmp_path / "session")])
    assert code in (1, 2)
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert why in line


def test_its_judge_sees_what_the_page_shows_and_no_more(tmp_path: Path) -> None:
    """With the reference answer hidden it rates just the same."""
    found: list[Any] = []
    for answer in ("shown", "hidden"):
        folder = tmp_path / answer
        folder.mkdir()
        db, *_ = room(folder, 6)
        served = Served("--db", str(db), "--answer", answer)
        try:
            assert main(words(served, secret_of(db, "Ada"), folder)) == 0
        finally:
            served.stop()
        assert main(["label", "collect", "--db", str(db), "--out", str(folder / "rated")]) == 0
        found.append({r.solution_id: r.ratings for r in read(folder / "rated/labels", Labels)})
    assert found[0] == found[1]
