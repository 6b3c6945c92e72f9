"""The labelling room as people start it: real processes, and what survives their end."""

import json
import random
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from room_kit import Kit, event, made_problems, made_solutions, rate
from room_server import Caller, Served, free_port, secret_of

from surefoot.cli import main
from surefoot.records import Labels, Problem, Session, Solution
from surefoot.tables import read, write

KILLS = 10
RATERS = 4


@pytest.fixture
def tables(tmp_path: Path) -> tuple[str, str, str, str]:
    """Words that serve twelve solutions to six problems in a new database."""
    write(tmp_path / "problems", made_problems(6))
    write(tmp_path / "solutions", made_solutions(6))
    return (
        str(tmp_path / "solutions"),
        "--problems", str(tmp_path / "problems"),
        f"--db={tmp_path / 'labels.db'}",
    )  # fmt: skip


def test_from_the_first_link_to_rows_of_prm800k(
    tables: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    served = Served(*tables, "--ask", "progress", "--name", "sums", "--generation", "3")
    db = str(tmp_path / "labels.db")
    try:
        assert served.said["left"] == 12
        admin = Caller(served.port).sign_in(served.secret)
        me = admin.ask("GET", "/me")[1]
        assert (me["role"], me["project"]["ask_progress"]) == ("admin", True)
        ada = Caller(served.port).sign_in(secret_of(tmp_path / "labels.db", "Ada"))
        pressed = {}
        for ratings in ([1, 0, 1], [1, -1]):
            work = ada.ask("POST", "/assignments/claim", {"count": 1})[1]["assignments"][0]
            events = [rate(i, i - 1, rating) for i, rating in enumerate(ratings, start=1)]
            events.append(event(len(events) + 1, "active", ms=4321))
            events.append(event(len(events) + 1, "progress", value=2))
            name = work["assignment_id"]
            sent = {"session_id": "s", "events": events}
            assert ada.ask("POST", f"/assignments/{name}/events", sent)[0] == 200
            end: dict[str, Any] = {"submission_id": str(uuid.uuid4()), "last_seq": len(events)}
            end["finish_reason"] = "found_error" if -1 in ratings else "solution"
            assert ada.ask("POST", f"/assignments/{name}/submit", end)[0] == 200
            pressed[work["problem"]["statement"]] = ratings
        admin.close()
        ada.close()

        assert main(["label", "serve", "--db", db, "--port", "0"]) == 2
        assert "another server" in capsys.readouterr().err
        assert main(["label", "doctor", "--db", db, "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert (found["server"], found["problems"]) == (served.said["url"], "none")
        assert found["bytes"] > 100_000  # with what stands in the WAL only
        assert main(["label", "doctor", "--db", str(tmp_path / "nope.db")]) == 2
        assert "nope.db: there is no such database" in capsys.readouterr().err
        assert main(["label", "replay", "--db", db, "--check", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["events"] == 9
        assert main(["label", "replay", "--db", db]) == 2  # it would write
        assert main(["label", "backup", "--db", db, "--out", str(tmp_path / "copy.db")]) == 0
        assert main(["label", "collect", "--db", db, "--out", str(tmp_path / "rated")]) == 0
    finally:
        assert "Traceback" not in served.stop()
    rated = tmp_path / "rated"
    assert {p.problem_id for p in read(rated / "problems", Problem)} == {"p0", "p1"}
    by_id = {s.solution_id: s for s in made_solutions(6)}
    assert all(by_id[s.solution_id] == s for s in read(rated / "solutions", Solution))
    labels = {row.problem_id: row.ratings for row in read(rated / "labels", Labels)}
    assert labels == {"p0": (1, 0, 1), "p1": (1, -1, None)}
    assert [s.milliseconds for s in read(rated / "sessions", Session)] == [4321, 4321]
    out = tmp_path / "rows.jsonl"
    assert main(["label", "export", str(rated), "--out", str(out)]) == 0
    for line in out.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        steps = row["label"]["steps"]
        assert row["generation"] == 3
        assert [s["completions"][0]["rating"] for s in steps] == pressed[row["question"]["problem"]]
        assert row["label"]["room"] == {"progress": 2}
        assert len(row["question"]["pre_generated_steps"]) == 3
    assert main(["label", "import", str(out), "--out", str(tmp_path / "again")]) == 0


def test_starting_loads_no_torch() -> None:
    code = "import sys, surefoot.commands.label_serve as s; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["serve", "--db", "new.db"], "nothing is there to be rated; name a table of solutions"),
        (["serve", "none", "--db", "new.db"], "none: no such file or folder"),
        (["serve", "--want", "0"], "--want: must be >= 1"),
        (["serve", "--overlap", "2"], "--overlap: must be <= 1"),
        (["serve", "--want", "2"], "--want, --overlap: are of solutions that are taken in"),
        (["serve", "--host", "no.such.host.invalid"], "cannot be listened to"),
        (["serve", "--url", "label.example.org"], "--url: must begin with http"),
        (["serve", "--ask", "nothing", "progress"], "--ask: nothing, or something"),
        (["invite", "Ada", "--db", "none.db"], "none.db: there is no such database"),
        (["invite", " ", "--db", "DB"], "name: must have 1 to 100 letters"),
        (["collect", "--db", "DB", "--out", "x"], "nothing was submitted yet"),
        (["replay", "--db", "none.db", "--check"], "none.db: there is no such database"),
        (["backup", "--db", "postgresql://x/y", "--out", "x"], "pg_dump"),
    ],
)
def test_a_mistake_is_one_line(
    words: list[str],
    why: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    if "DB" in words:
        Kit("DB").close()
    assert main(["label", *words, *(["--port", "0"] if words[0] == "serve" else [])]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert why in line


class Rater(threading.Thread):
    """Rates without end, and sends again whatever was not acknowledged."""

    def __init__(self, caller: Caller, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.caller, self._stop_now = caller, stop
        self.acked: list[str] = []
        self.submitted: list[str] = []
        self.refused: list[str] = []

    def run(self) -> None:
        while not self._stop_now.is_set():
            answer = self._insist("/assignments/claim", {"count": 1})
            if answer is None or not answer["assignments"]:
                return
            self._rate(answer["assignments"][0])

    def _rate(self, work: dict[str, Any]) -> None:
        path, seq = f"/assignments/{work['assignment_id']}", work["last_seq"]
        for step in (0, 0, 1):
            seq += 1
            one = rate(seq, step, random.choice([0, 1]))
            answer = self._insist(f"{path}/events", {"session_id": "s", "events": [one]})
            if answer is None:
                return
            self.acked += answer["acked"]
        end = {"last_seq": seq, "finish_reason": "give_up", "reason": "tired"}
        end["submission_id"] = str(uuid.uuid4())
        if self._insist(f"{path}/submit", end) is not None:
            self.submitted.append(str(end["submission_id"]))

    def _insist(self, path: str, body: Any) -> Any:
        """Ask until there is an answer; None if told to stop before."""
        while not self._stop_now.is_set():
            try:
                status, answer = self.caller.ask("POST", path, body)
            except OSError:
                time.sleep(0.02)
                continue
            if status != 200:
                self.refused.append(f"{status} {answer}")
                return None
            return answer
        return None


def test_ten_kills_under_load_lose_and_double_nothing(tmp_path: Path) -> None:
    db, port = tmp_path / "labels.db", free_port()
    kit = Kit(str(db), n_problems=4000, each=1)
    secrets = [kit.link(f"rater {i}") for i in range(RATERS)]
    kit.close()
    served, stop = Served("--db", str(db), port=port), threading.Event()
    raters = [Rater(Caller(port).sign_in(secret), stop) for secret in secrets]
    for rater in raters:
        rater.start()
    for _ in range(KILLS):
        n_before = sum(len(rater.acked) for rater in raters)
        while sum(len(rater.acked) for rater in raters) < n_before + 10:
            time.sleep(0.01)
        time.sleep(random.random() / 5)
        served.kill()
        served = Served("--db", str(db), port=port)
    stop.set()
    for rater in raters:
        rater.join(timeout=30)
        rater.caller.close()
    served.kill()
    assert [rater.refused for rater in raters] == [[]] * RATERS
    acked = [event_id for rater in raters for event_id in rater.acked]
    with closing(sqlite3.connect(db)) as connection:
        stored = [row[0] for row in connection.execute("SELECT event_id FROM event")]
        ends = {row[0] for row in connection.execute("SELECT submission_id FROM submission")}
        (n_done,) = connection.execute("SELECT sum(done) FROM task").fetchone()
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    print(f"{len(acked)} acknowledged, {len(set(acked) - set(stored))} missing")  # noqa: T201
    assert len(acked) >= KILLS * 10
    assert set(acked) <= set(stored)
    assert len(set(stored)) == len(stored)
    assert len(set(acked)) == len(acked)
    assert {end for rater in raters for end in rater.submitted} <= ends
    assert n_done == len(ends)
    assert main(["label", "replay", "--db", str(db), "--check"]) == 0
