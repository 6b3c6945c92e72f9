"""Three generations of active learning end to end, through a real server."""

import dataclasses
import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from room_kit import Kit, made_problems, made_solutions
from room_server import Served

from surefoot.cli import main
from surefoot.problems.arith.generate import generate
from surefoot.records import Labels, Problem, Session, Solution
from surefoot.steps import split_steps
from surefoot.tables import read, write
from surefoot.web.room.importing import Selection, parts

EACH = 10
"""Solutions of a generation."""


def made_pool(n_problems: int, n: int) -> tuple[list[Problem], list[Solution]]:
    """Worked solutions; all but the first of a problem have a mistake and a wrong answer."""
    problems = list(generate(n_problems, split="train", levels=[2], seed=3))
    solutions = []
    for problem in problems:
        for k in range(n):
            steps = list(split_steps(problem.reference_solution or ""))
            if k:
                steps[k % len(steps)] += str(k)
                steps[-1] = f"# Answer {1000 + k}"
            solutions.append(
                Solution(
                    solution_id=f"{problem.problem_id}/{k}",
                    problem_id=problem.problem_id,
                    steps=tuple(steps),
                    answer=steps[-1].removeprefix("# Answer "),
                )
            )
    return problems, solutions


def rows(db: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as connection:
        return connection.execute(query).fetchall()


class Loop:
    """The folder in which it all happens, and what is typed there."""

    def __init__(self, folder: Path, model: Path) -> None:
        self.folder, self.model, self.db = folder, model, folder / "labels.db"
        problems, pool = made_pool(8, 5)
        write(folder / "problems", problems)
        write(folder / "pool", pool)
        write(folder / "first", pool[:: len(pool) // EACH])

    def serve(self, *words: str) -> Served:
        return Served(*words, "--db", str(self.db), "--per-problem", "0")

    def rate(self, served: Served) -> None:
        secret = json.loads(
            subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "surefoot",
                    "label",
                    "invite",
                    "Ada",
                    "--db",
                    self.db,
                    "--json",
                ],
                capture_output=True,
                check=True,
            ).stdout
        )["link"].split("#")[1]
        link = f"http://127.0.0.1:{served.port}/i#{secret}"
        session = str(self.folder / f"session-{secret[:5]}")
        assert main(["label", "rate", link, "--session", session, "--error-rate", "0.1"]) == 0

    def words(self, number: int, *more: str) -> list[str]:
        return [
            "label", "next-generation", "--db", str(self.db),
            "--problems", str(self.folder / "problems"),
            "--out", str(self.folder / f"generation-{number}"),
            "-n", str(EACH), "--base", str(self.model), "--train=--epochs 1", *more,
        ]  # fmt: skip


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> Loop:
    """Generation 0 by hand, 1 from a pool while the server runs, 2 sampled while it does not."""
    loop = Loop(tmp_path_factory.mktemp("loop"), tiny_folder)
    folder = loop.folder
    served = loop.serve(str(folder / "first"), "--problems", str(folder / "problems"))
    try:
        loop.rate(served)
        pool = ["--solutions", str(folder / "pool"), "--policy", "mixture"]
        assert main(loop.words(1, *pool)) == 0
        loop.rate(served)
    finally:
        served.stop()
    sampled = ["--generator", str(tiny_folder), "--samples", "3", "--policy", "uncertain"]
    _killed_after("prm", loop.words(2, *sampled), folder / "generation-2" / "generation.json")
    assert main(loop.words(2, *sampled)) == 0
    served = loop.serve()
    try:
        loop.rate(served)
    finally:
        served.stop()
    return loop


def _killed_after(stage: str, words: list[str], notes: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "surefoot", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    try:
        while process.poll() is None:
            if notes.exists() and stage in json.loads(notes.read_text())["done"]:
                break
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    done = json.loads(notes.read_text())["done"]
    assert stage in done
    assert "room" not in done


def test_the_generations_say_which_verifier_chose_and_how(loop: Loop) -> None:
    found = rows(loop.db, "SELECT number, verifier, policy FROM generation ORDER BY number")
    assert [number for number, _, _ in found] == [0, 1, 2]
    assert found[0][1] is None
    for number, verifier, text in found[1:]:
        folder = loop.folder / f"generation-{number}" / "prm"
        weights = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
        assert verifier == f"{folder} sha256:{weights}"
        policy = json.loads(text)
        assert (policy["n"], policy["chosen"]) == (EACH, EACH)
        assert policy["policy"] == ("mixture" if number == 1 else "uncertain")
    assert json.loads(found[1][2])["wrong_share"] == 0.8
    assert json.loads(found[1][2])["candidates"] == 40 - EACH
    assert json.loads(found[2][2])["generator"] == str(loop.model)
    actions = rows(loop.db, "SELECT target FROM audit WHERE action = 'select' ORDER BY id")
    assert actions == [("1",), ("2",)]


def test_what_was_chosen_has_its_reason_and_its_score(loop: Loop) -> None:
    for number in (1, 2):
        text = (loop.folder / f"generation-{number}" / "chosen.jsonl").read_text()
        wanted = [json.loads(line) for line in text.splitlines()]
        found = rows(
            loop.db,
            "SELECT task.solution_id, chosen_as, score FROM task JOIN solution USING (solution_id)"
            f" WHERE generation = {number} ORDER BY priority DESC",
        )
        assert found == [(r["solution_id"], r["chosen_as"], r["solution_score"]) for r in wanted]
    whys = rows(loop.db, "SELECT chosen_as FROM task WHERE generation = 1")
    assert Counter(whys) == {("convincing wrong",): 8, ("convincing",): 2}


def test_no_solution_is_chosen_twice(loop: Loop) -> None:
    found = rows(
        loop.db, "SELECT solution.problem_id, steps FROM task JOIN solution USING (solution_id)"
    )
    assert len(found) == 3 * EACH
    assert len(set(found)) == len(found)


def test_everything_is_rated_and_exported_with_its_generation(loop: Loop, tmp_path: Path) -> None:
    assert main(["label", "replay", "--db", str(loop.db), "--check"]) == 0
    rated = tmp_path / "rated"
    assert main(["label", "collect", "--db", str(loop.db), "--out", str(rated)]) == 0
    sessions = read(rated / "sessions", Session)
    assert Counter(s.generation for s in sessions) == {0: EACH, 1: EACH, 2: EACH}
    assert all((s.shown_score is None) == (s.generation == 0) for s in sessions)
    out = tmp_path / "rows.jsonl"
    assert main(["label", "export", str(rated), "--format", "prm800k", "--out", str(out)]) == 0
    exported = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert Counter(row["generation"] for row in exported) == {0: EACH, 1: EACH, 2: EACH}


def test_each_verifier_learns_from_all_that_was_rated_before(loop: Loop) -> None:
    for number in (1, 2):
        labels = read(loop.folder / f"generation-{number}" / "rated" / "labels", Labels)
        assert len(labels) == number * EACH


def test_a_finished_generation_and_one_of_other_settings_are_kept(
    loop: Loop, capsys: pytest.CaptureFixture[str]
) -> None:
    pool = ["--solutions", str(loop.folder / "pool"), "--policy", "mixture"]
    assert main(loop.words(1, *pool)) == 2
    assert "holds generation 1, which is done" in capsys.readouterr().err
    assert main(loop.words(1, *pool, "--seed", "5")) == 2
    assert "other settings" in capsys.readouterr().err
    assert main(loop.words(9, "--solutions", str(loop.folder / "first"))) == 2
    assert "holds nothing that is not in the room already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "why"),
    [
        (["--verifier", "v", "--solutions", "s"], "--base, --verifier: give one"),
        ([], "--solutions, --generator: give one"),
        (["--solutions", "none"], "none: no such file or folder"),
        (["--solutions", "s", "--overlap", "2"], "--overlap: must be in"),
        (["--solutions", "s", "--want", "0"], "--want: must be >= 1"),
        (["--base", "./nanoo", "--solutions", "s"], "nanoo: no such model folder"),
    ],
)
def test_a_mistake_is_told(
    more: list[str], why: str, loop: Loop, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(loop.words(8, *more)) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert why in line


def test_a_generation_taken_by_another_verifier_is_refused(tmp_path: Path) -> None:
    kit = Kit(str(tmp_path / "labels.db"))
    admin, ada = kit.browser("Grace", "admin"), kit.browser("Ada")
    more = [dataclasses.replace(s, solution_id=s.solution_id + "x") for s in made_solutions(3)]
    selection = Selection(
        generation=1,
        verifier="a",
        policy={"policy": "uniform"},
        problems=made_problems(3),
        solutions=more,
        scores={more[0].solution_id: 0.5},
        chosen_as={more[0].solution_id: "uniform"},
    )
    bodies = list(parts(selection, size=4))
    assert [len(body["solutions"]) for body in bodies] == [4, 2]
    assert ada.post("/admin/solutions", **bodies[0]).status_code == 403
    for made in (4, 0):  # the same again changes nothing
        assert admin.post("/admin/solutions", **bodies[0]).json() == {"made": made}
    assert admin.post("/admin/solutions", **bodies[1]).json() == {"made": 2}
    other = admin.post("/admin/solutions", **{**bodies[0], "verifier": "b"})
    assert other.status_code == 409
    assert "generation 1 is there, chosen by a" in other.json()["detail"]
    strange = {**bodies[0], "solutions": [{**bodies[0]["solutions"][0], "steps": 3}]}
    assert admin.post("/admin/solutions", **strange).status_code == 422
    kit.close()
