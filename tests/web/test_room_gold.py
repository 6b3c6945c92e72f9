"""`surefoot label gold`, with and without a server; imported ratings that a room takes in."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from room_kit import Kit, made_problems, made_solutions
from room_server import Served

from surefoot.cli import call, main
from surefoot.columns import builder
from surefoot.errors import UserError
from surefoot.labeling.quality import pass_chances
from surefoot.records import Labels, Session
from surefoot.tables import read, write
from surefoot.web.room.intake import Plan


@pytest.fixture
def db(tmp_path: Path) -> str:
    place = str(tmp_path / "labels.db")
    Kit(place).close()
    return place


def processbench(path: Path, n: int) -> Path:
    """Rows of which every second has its first error at step 1, the others none."""
    rows = [
        {
            "id": f"row-{i}",
            "generator": "g",
            "problem": f"What is {i}+{i}?",
            "steps": [f"{i}+{i}={2 * i}", f"so {2 * i}", f"# Answer {2 * i}"],
            "label": 1 if i % 2 else -1,
        }
        for i in range(n)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def known(tmp_path: Path) -> Path:
    """A folder of `label import` with four solutions."""
    rows = processbench(tmp_path / "known.jsonl", 4)
    call("label import", [str(rows), "--format", "processbench", "--out", str(tmp_path / "known")])
    return tmp_path / "known"


def gold_in(db: str) -> dict[str, Any]:
    """`solution_id` -> kind, generation, acceptable first errors, people wanted."""
    with closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as connection:
        rows = connection.execute(
            "SELECT solution_id, kind, generation, gold, want FROM task WHERE kind != 'work'"
        ).fetchall()
    return {row[0]: (row[1], row[2], json.loads(row[3])["first_errors"], row[4]) for row in rows}


def test_labels_of_a_folder_become_questions(
    known: Path, db: str, caplog: pytest.LogCaptureFixture
) -> None:
    said = call("label gold", [str(known), "--db", db])
    assert "4 problems have no reference answer" in caplog.text
    assert said == {"added": 4, "changed": 0, "questions": 4}
    assert gold_in(db) == {
        f"row-{i}": ("gold", 0, [1] if i % 2 else [None], 1_000_000) for i in range(4)
    }
    assert call("label gold", [str(known), "--db", db])["added"] == 0
    # A second opinion is acceptable, too: the union over the raters of a solution.
    labels = read(known / "labels", Labels)
    more = Labels(
        solution_id="row-1", problem_id=labels[1].problem_id, ratings=(-1, None, None), rater="b"
    )
    write(known.parent / "more", [*labels, more])
    said = call("label gold", [str(known), "--labels", str(known.parent / "more"), "--db", db])
    assert said == {"added": 0, "changed": 1, "questions": 4}
    assert gold_in(db)["row-1"][2] == [0, 1]


def test_a_screening_says_who_passes(known: Path, db: str, tmp_path: Path) -> None:
    rows = tmp_path / "some.jsonl"
    rows.write_text(
        '{"solution_id": "row-1", "first_errors": [0, null]}\n'
        '{"solution_id": "row-2", "first_errors": [null]}\n',
        encoding="utf-8",
    )
    words = [str(known), "--kind", "screening", "--first-errors", str(rows), "--db", db]
    said = call("label gold", words)
    assert (said["questions"], said["pass_mark"]) == (2, 2)
    assert said["passes"] == {
        f"accuracy {share}": round(share**2, 4) for share in (0.95, 0.85, 0.75, 0.65)
    }
    assert gold_in(db) == {
        "row-1": ("screening", -1, [0, None], 1_000_000),
        "row-2": ("screening", -1, [None], 1_000_000),
    }
    assert call("label gold", [*words, "--pass-mark", "1"])["pass_mark"] == 1
    tables = ["--problems", str(known / "problems"), "--solutions", str(known / "solutions")]
    said = call("label gold", [str(rows), *tables, "--db", db])
    assert said == {"added": 2, "changed": 0, "questions": 2}


def test_tables_of_their_own_become_questions_too(
    known: Path, db: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["label", "gold", str(known / "labels"), "--db", db]
    assert main(words) == 2
    assert "--solutions: name the solutions of" in capsys.readouterr().err
    tables = ["--problems", str(known / "problems"), "--solutions", str(known / "solutions")]
    assert main([*words, *tables]) == 0
    assert len(gold_in(db)) == 4


def test_so_many_and_the_same_again(known: Path, db: str) -> None:
    words = [str(known), "--limit", "1", "--db", db]
    said = [call("label gold", words) for _ in range(2)]
    assert [(one["added"], one["questions"]) for one in said] == [(1, 1), (0, 1)]
    assert call("label gold", [str(known), "--db", db])["questions"] > 1


def test_while_the_server_runs_it_asks_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "problems", made_problems(2))
    write(tmp_path / "solutions", made_solutions(2))
    rows = processbench(tmp_path / "known.jsonl", 60)
    known, db = tmp_path / "known", str(tmp_path / "labels.db")
    call("label import", [str(rows), "--format", "processbench", "--out", str(known)])
    words = [str(tmp_path / "solutions"), "--problems", str(tmp_path / "problems"), "--db", db]
    served = Served(*words, "--gold-every", "3", "--pause-below", "0.7", "--third-opinion", "never")
    monkeypatch.setattr("surefoot.web.room.importing.PART_BYTES", 3000)
    try:
        said = call("label gold", [str(known), "--kind", "screening", "--db", db])
        assert (said["added"], said["changed"], said["questions"]) == (60, 0, 60)
        assert said["pass_mark"] == 45
        assert list(said["passes"].values()) == [round(p, 4) for p in pass_chances(60, 45).values()]
        with pytest.raises(UserError, match="the server refuses: --pass-mark 61: there are 60"):
            call(
                "label gold",
                [str(known), "--kind", "screening", "--pass-mark", "61", "--db", db],
            )
    finally:
        served.stop()
    assert len(gold_in(db)) == 60
    with closing(sqlite3.connect(db)) as connection:
        settings = json.loads(connection.execute("SELECT settings FROM project").fetchone()[0])
    assert (settings["gold_every"], settings["pause_below"]) == (3, 0.7)
    assert (settings["is_adaptive"], settings["pass_mark"]) == (False, 45)


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ('{"solution_id": "row-1"}', "bad.jsonl:1: first_errors: must be a list"),
        ('{"solution_id": "row-1", "first_errors": []}', "first_errors: must be a list of steps"),
        ('{"solution_id": "row-1", "first_errors": ["1"]}', "first_errors: must be a list"),
        ('{"solution_id": "row-1", "first_errors": [true]}', "first_errors: must be a list"),
        ('{"first_errors": [1]}', "solution_id: must be text"),
        ('{"solution_id": "row-1", "first_errors": [9]}', "first error 9 must be null or 0 to 2"),
        ('{"solution_id": "other", "first_errors": [1]}', "there is no solution 'other'"),
        ('{"solution_id": "row-1", "first_errors": [1]}\n' * 2, "is in an earlier row, too"),
        ("", "holds no rows"),
        ("no json", "bad.jsonl:1: not JSON"),
    ],
)
def test_bad_rows_are_named(known: Path, db: str, tmp_path: Path, rows: str, why: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(rows, encoding="utf-8")
    with pytest.raises(UserError, match=why):
        call("label gold", [str(known), "--first-errors", str(path), "--db", db])
    assert gold_in(db) == {}


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--pass-mark", "3"], "--pass-mark: is of the screening"),
        (["--kind", "screening", "--pass-mark", "0"], "--pass-mark: must be >= 1"),
        (["--kind", "screening", "--pass-mark", "5"], "--pass-mark 5: there are 4 questions"),
        (["--first-errors", "x.jsonl", "--labels", "y"], "--first-errors: or --labels"),
        (["--first-errors", "none.jsonl"], "none.jsonl: no such file"),
        (["--first-errors", "known.txt"], "must be .jsonl"),
        (["--solutions", "none"], "none: no such file or folder"),
    ],
)
def test_wrong_flags_are_one_line(
    known: Path,
    db: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    why: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "known.txt").write_text("x", encoding="utf-8")
    with pytest.raises(UserError, match=why):
        call("label gold", [str(known), *words, "--db", db])
    assert gold_in(db) == {}


def test_without_a_database_or_with_phase_1_nothing_is_added(known: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no such database"):
        call("label gold", [str(known), "--db", str(tmp_path / "none.db")])
    place = str(tmp_path / "first.db")
    Kit(place, plan=Plan(protocol="phase1")).close()
    with pytest.raises(UserError, match="the project is of phase1"):
        call("label gold", [str(known), "--db", place])
    assert main(["label", "gold", str(known), "--db", place]) == 2


def test_imported_ratings_stay_in_the_room_as_they_came(shared_data: Path, tmp_path: Path) -> None:
    """Real rows: what is whole is done, the rest is open, and each row comes out again."""
    source = shared_data / "prm800k"
    for name in ("phase2_raw_9", "labelled_paths", "phase1_raw_3"):
        folder, db = tmp_path / name, str(tmp_path / f"{name}.db")
        call("label import", [str(source / f"{name}.jsonl"), "--out", str(folder)])
        sessions = read(folder / "sessions", Session)
        for _ in range(2):
            served = Served(str(folder), "--db", db)
            served.stop()
        with closing(sqlite3.connect(db)) as connection:
            kept = connection.execute("SELECT session FROM imported ORDER BY id").fetchall()
            tasks = connection.execute(
                "SELECT task.id, want, imported, slots, state, steps FROM task"
                " JOIN solution USING (solution_id)"
            ).fetchall()
            opinions = connection.execute("SELECT task_id, first_error, is_whole FROM imported")
            said = opinions.fetchall()
        build = builder(Session)
        assert sorted((build(json.loads(row[0])) for row in kept), key=repr) == sorted(
            {repr(s): s for s in sessions}.values(), key=repr
        )
        check_tasks(name, tasks, said)
        again = tmp_path / f"{name}-again.jsonl"
        call("label export", ["--db", db, "--out", str(again)])
        assert rows_of(again) == rows_of(source / f"{name}.jsonl")
        assert call("label replay", ["--db", db, "--check"])["differences"] == 0


def rows_of(path: Path) -> list[str]:
    """JSON rows in an order of their own."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return sorted(json.dumps(json.loads(line), sort_keys=True) for line in lines)


def check_tasks(name: str, tasks: list[Any], said: list[Any]) -> None:
    """Counted from the rows of the database alone."""
    whole: dict[int, list[int | None]] = {task[0]: [] for task in tasks}
    for task_id, first_error, is_whole in said:
        if is_whole:
            whole[task_id].append(first_error)
    for task_id, want, imported, slots, state, steps in tasks:
        errors = whole[task_id]
        assert imported == len(errors)
        assert want == imported + slots
        assert all(error is None or 0 <= error < len(json.loads(steps)) for error in errors)
        assert state in ("open", "complete", "adjudicate")
        assert (state == "open") == (slots > 0)
        assert (len(set(errors)) > 1 and len(errors) < 3) <= (state == "open")
    n_open = sum(task[4] == "open" for task in tasks)
    assert {"phase2_raw_9": n_open == 0, "labelled_paths": n_open < 100}.get(name, True)
