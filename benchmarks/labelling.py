"""The labelling room under load: claims of a long queue, many raters at once, the export.

    python benchmarks/labelling.py claims [--tasks 100000] [--done 80000] [--db postgresql://...]
    python benchmarks/labelling.py load [--raters 200] [--seconds 300] [--pause 3]
    python benchmarks/labelling.py export [--rows 100000] [--steps 12]

`claims` asks the database itself; `load` starts a server and asks it over HTTP, rating
a step, waiting, rating the next, submitting; `--pause 0` is saturation. Milliseconds.
`export` runs the commands, one after another: seconds, megabytes.
"""

import argparse
import hashlib
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import defaultdict
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import insert, text

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "web"))

from room_kit import START, Kit, made_problems, rate
from room_server import Caller, Served, free_port

from surefoot.labeling.drafts import Shown, fold
from surefoot.labeling.events import Event, read_event
from surefoot.labeling.finishing import Facts, session_of_draft
from surefoot.records import Solution
from surefoot.web.room import queue
from surefoot.web.room.journal import session_text
from surefoot.web.room.schema import AssignmentRow, LabelerRow, SubmissionRow
from surefoot.web.room.settings import Settings


def main() -> None:
    """Prints one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["claims", "load", "export"])
    parser.add_argument("--db", help="an empty PostgreSQL database; else a new SQLite file")
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--done", type=int, default=80_000)
    parser.add_argument("--claims", type=int, default=500)
    parser.add_argument("--raters", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--pause", type=float, default=3, help="mean seconds between two keys")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--steps", type=int, default=12)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        options.folder = folder
        place = options.db or str(Path(folder) / "labels.db")
        run = {"claims": claims, "load": load, "export": export}[options.what]
        print(json.dumps(run(place, options)))


def claims(place: str, options: argparse.Namespace) -> dict[str, Any]:
    """New work for one rater after another, each in a transaction of its own."""
    kit = _queue(place, options.tasks, options.done, n_raters=200)
    with kit.database.read() as session:
        people = list(session.query(LabelerRow))
    took: list[float] = []
    for i in range(options.claims):
        start = time.perf_counter()
        with kit.database.write() as session:
            queue.expire(session, START)
        with kit.database.write() as session:
            (row,) = queue.claim(
                session, people[i % len(people)], 1, Settings(), kinds=["work"], now=START
            )
            queue.release(session, row, None)
        took.append(time.perf_counter() - start)
    kit.close()
    return {"tasks": options.tasks, "done": options.done, "claims": _figures(took)}


def load(place: str, options: argparse.Namespace) -> dict[str, Any]:
    """Raters over HTTP, each with a pause of random length before each key."""
    kit = _queue(place, options.tasks, options.done, n_raters=0)
    secrets = [kit.link(f"rater {i}") for i in range(options.raters)]
    kit.close()
    port = free_port()
    served = Served("--db", place, port=port)
    took: dict[str, list[float]] = defaultdict(list)
    faults: list[str] = []
    end = time.monotonic() + options.seconds
    threads = [
        threading.Thread(
            target=_rate_until,
            args=(Caller(port).sign_in(secret), end, options.pause, took, faults),
            daemon=True,
        )
        for secret in secrets
    ]
    before = _processor_seconds(served.process.pid)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(options.seconds + 60)
    used = _processor_seconds(served.process.pid) - before
    served.stop()
    return {
        "raters": options.raters,
        "pause": options.pause,
        "errors": len(faults),
        "first_error": faults[:1],
        "ratings_a_second": round(len(took["events"]) / options.seconds, 1),
        # Says how fast the server is in an hour in which the machine is slow, too.
        "server_ms_a_request": round(1000 * used / sum(map(len, took.values())), 2),
        **{name: _figures(times) for name, times in sorted(took.items())},
    }


def _processor_seconds(pid: int) -> float:
    """Of a process, so far."""
    spent = psutil.Process(pid).cpu_times()
    return float(spent.user + spent.system)


def export(place: str, options: argparse.Namespace) -> dict[str, Any]:
    """Exports of many submissions, each a process of its own, and what they write."""
    kit = _submitted(place, options.rows, options.steps)
    kit.close()
    folder = Path(options.folder)
    rated = folder / "rated"
    commands = {
        "collect": (["collect", "--db", place], rated),
        "tables, then prm800k": (["export", str(rated)], folder / "two-steps.jsonl"),
        "tables, then steps": (["export", str(rated), "--format", "steps"], folder / "two.parquet"),
    }
    for layout in ("prm800k", "trl", "openrlhf", "math-shepherd", "processbench", "steps"):
        out = folder / f"{layout}.{'parquet' if layout == 'steps' else 'jsonl'}"
        commands[layout] = (["export", "--db", place, "--format", layout], out)
    commands["parquet"] = (["export", "--db", place, "--format", "parquet"], folder / "tables")
    found = {
        name: _timed([*words, "--out", str(out)]) | {"mb": _size(out)}
        for name, (words, out) in commands.items()
    }
    return {"rows": options.rows, "steps_each": options.steps, **found}


def _timed(words: list[str]) -> dict[str, float]:
    """A command's seconds, of them on a processor, and its largest memory."""
    command = [sys.executable, "-m", "surefoot", "label", *words]
    done = subprocess.run(
        [sys.executable, "-c", _LAUNCHER, *command], stdout=subprocess.PIPE, check=True, text=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


_LAUNCHER = """
import json, os, subprocess, sys, time
start, quiet = time.perf_counter(), subprocess.DEVNULL
process = subprocess.Popen(sys.argv[1:], stdout=quiet, stderr=quiet)
_, status, used = os.wait4(process.pid, 0)
if status:
    sys.exit("failed: " + " ".join(sys.argv[1:]))
print(json.dumps({
    "seconds": round(time.perf_counter() - start, 1),
    "cpu_seconds": round(used.ru_utime + used.ru_stime, 1),
    "peak_mb": used.ru_maxrss // 1024,
}))
"""
"""A process without much memory: what a child is said to use is at least its parent's."""


def _size(out: Path) -> float:
    """Megabytes of a file, or of all files in a folder."""
    files = out.rglob("*") if out.is_dir() else [out]
    return round(sum(f.stat().st_size for f in files if f.is_file()) / 1e6, 1)


def _queue(place: str, n_tasks: int, n_done: int, n_raters: int) -> Kit:
    """Tasks of which those of highest priority are done, by raters of one's own kind."""
    steps = tuple(f"{i}+1={i + 1}" for i in range(12))
    solutions = [
        Solution(solution_id=f"s{i}", problem_id=f"p{i // 8}", steps=steps) for i in range(n_tasks)
    ]
    kit = Kit(place, problems=made_problems(n_tasks // 8 + 1), solutions=solutions)
    for i in range(n_raters):
        kit.link(f"rater {i}")
    with kit.database.write() as session:
        done = f"UPDATE task SET slots = 0, done = 1, state = 'complete' WHERE id <= {n_done}"
        session.execute(text(done))
        people = [row.labeler_id for row in session.query(LabelerRow)]
        rows = [_assignment(i, people[i % len(people)]) for i in range(n_done if people else 0)]
        for start in range(0, len(rows), 1000):
            session.execute(insert(AssignmentRow), rows[start : start + 1000])
        session.execute(text("ANALYZE"))
    return kit


def _assignment(i: int, labeler_id: str) -> dict[str, Any]:
    before = START - 10**9
    return {
        "assignment_id": str(uuid.UUID(int=i)),
        "task_id": i + 1,
        "labeler_id": labeler_id,
        "problem_id": f"p{i // 8}",
        "solution_id": f"s{i}",
        "state": "submitted",
        "holds_slot": True,
        "leased_at": before,
        "lease_expires_at": before,
        "submitted_at": before,
        "guideline_version": 0,
        "last_seq": 0,
        "release_reason": None,
    }


def _rate_until(
    caller: Caller, end: float, pause: float, took: dict[str, list[float]], faults: list[str]
) -> None:
    def ask(name: str, path: str, body: Any) -> Any:
        start = time.perf_counter()
        try:
            status, answer = caller.ask("POST", path, body)
        except OSError as error:
            status, answer = 0, str(error)
        took[name].append(time.perf_counter() - start)
        if status != 200:
            faults.append(f"{name}: {status} {answer}")
            return None
        return answer

    time.sleep(random.random() * pause)
    while time.monotonic() < end:
        found = ask("claim", "/assignments/claim", {"count": 1})
        if not found or not found["assignments"]:
            return
        (work,) = found["assignments"]
        path, seq = f"/assignments/{work['assignment_id']}", work["last_seq"]
        for step in range(5):
            time.sleep(random.expovariate(1 / pause) if pause else 0)
            if time.monotonic() > end:
                return
            seq += 1
            one = rate(seq, step, 1 if step < 4 else -1)
            ask("events", f"{path}/events", {"session_id": "s", "events": [one]})
        done = {"submission_id": str(uuid.uuid4()), "last_seq": seq, "finish_reason": "found_error"}
        ask("submit", f"{path}/submit", done)


def _submitted(place: str, n: int, n_steps: int) -> Kit:
    """Submissions written into the tables as the server would; no two texts are alike."""
    solutions = [
        Solution(
            solution_id=f"s{i}",
            problem_id=f"p{i // 8}",
            steps=tuple(
                f"Step {k + 1}: adding {k} to the {i} that we have so far gives {i}+{k}={i + k},"
                " as one sees at once."
                for k in range(n_steps)
            ),
        )
        for i in range(n)
    ]
    kit = Kit(place, problems=made_problems(n // 8 + 1), solutions=solutions)
    kit.link("Ada")
    events = [read_event(rate(i + 1, i, 1)) for i in range(n_steps)]
    with kit.database.write() as session:
        (ada,) = [row.labeler_id for row in session.query(LabelerRow)]
        for start in range(0, n, 1000):
            part = range(start, min(start + 1000, n))
            session.execute(insert(AssignmentRow), [_assignment(i, ada) for i in part])
            rows = [_submission(i, events, solutions[i].steps) for i in part]
            session.execute(insert(SubmissionRow), rows)
    return kit


def _submission(i: int, events: list[Event], steps: tuple[str, ...]) -> dict[str, Any]:
    name = str(uuid.UUID(int=i))
    draft = fold(events, Shown(protocol="phase2", steps=steps))
    facts = Facts(session_id=name, problem_id=f"p{i // 8}", rater="ada", generation=0)
    written = session_text(session_of_draft(draft, facts, "solution"))
    return {
        "submission_id": name,
        "assignment_id": name,
        "revision": 1,
        "finish_reason": "solution",
        "reason": None,
        "first_error": None,
        "active_ms": 1000,
        "wall_ms": 1000,
        "last_seq": len(steps),
        "last_option": 0,
        "session": written,
        "session_sha256": hashlib.sha256(written.encode()).hexdigest(),
        "is_late": False,
        "at": START + i,
    }


def _figures(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)

    def at(share: float) -> float:
        return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1)

    return {"n": len(ordered), "p50": at(0.5), "p95": at(0.95), "p99": at(0.99), "max": at(1.0)}


if __name__ == "__main__":
    main()
