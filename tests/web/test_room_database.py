"""The database of the labelling room: versions, locks, what may never change."""

import dataclasses
import json
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from room_kit import STEPS, Kit, made_problems, made_solutions, rate
from sqlalchemy import inspect, select, text
from sqlalchemy.event import listen, remove
from sqlalchemy.exc import DBAPIError

from surefoot.errors import UserError
from surefoot.records import Problem, Solution
from surefoot.web.room import audit
from surefoot.web.room.backups import back_up, keep_backups
from surefoot.web.room.database import Database, is_server, shown
from surefoot.web.room.files import InUse, check_local, file_system
from surefoot.web.room.importing import Selection, parts
from surefoot.web.room.intake import Plan, is_double, take_in
from surefoot.web.room.migrate import check_version, migrate, newest, version_of
from surefoot.web.room.project import add_guideline, set_up
from surefoot.web.room.queue import _next
from surefoot.web.room.replay import replay
from surefoot.web.room.schema import (
    AssignmentRow,
    GuidelineRow,
    LabelerRow,
    RatingRow,
    SubmissionRow,
    Table,
    TaskRow,
)
from surefoot.web.room.security import MAX_BODY
from surefoot.web.room.settings import Settings


@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression")
def test_migrations_make_the_schema_and_take_it_away(place: str) -> None:
    database = Database(place)
    assert version_of(database) is None
    with pytest.raises(UserError, match="is no database of the labelling room"):
        check_version(database)
    for _ in range(2):
        migrate(database)
        migrate(database)
        assert version_of(database) == newest()
        with database.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": False})
            differences = compare_metadata(context, Table.metadata)
            assert [d for d in differences if "task_claim" not in str(d)] == []
            names = {index["name"] for index in inspect(connection).get_indexes("assignment")}
            assert "assignment_lapse" in names
        check_version(database)
        migrate(database, "base")
        with database.engine.connect() as connection:
            assert inspect(connection).get_table_names() == ["alembic_version"]
    database.close()


def test_a_database_of_a_later_version_is_refused(place: str) -> None:
    database = Database(place)
    migrate(database)
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UserError, match="made by a later version of surefoot"):
        migrate(database)
    database.close()


CHANGES = [
    "UPDATE event SET seq = 9",
    "DELETE FROM event",
    "UPDATE audit SET actor = 'me'",
    "DELETE FROM audit",
]


@pytest.mark.parametrize("change", CHANGES)
def test_events_and_the_audit_log_cannot_be_changed(kit: Kit, change: str) -> None:
    ada = kit.browser("Ada")
    ada.send(ada.claim()[0]["assignment_id"], rate(1, 0, 1))
    with pytest.raises(DBAPIError, match="append-only"), kit.database.write() as session:
        session.execute(text(change))
    assert kit.replay().counts["events"] == 1


def test_a_changed_audit_log_is_noticed(tmp_path: Path) -> None:
    kit = Kit(str(tmp_path / "labels.db"))
    for name in ("Ada", "Emmy", "Sofja"):
        kit.link(name)
    with kit.database.write() as session:
        assert audit.first_break(session) is None
        session.execute(text("DROP TRIGGER audit_no_update"))
        session.execute(text("UPDATE audit SET detail = '{}' WHERE id = 3"))
        assert audit.first_break(session) == 3
        assert "audit row 3" in replay(session).told[0]
    kit.close()


def test_replay_finds_and_mends_what_events_do_not_say(kit: Kit) -> None:
    ada = kit.browser("Ada")
    (work,) = ada.claim()
    ada.send(work["assignment_id"], rate(1, 0, 1), rate(2, 1, 0))
    with kit.database.write() as session:
        first, second = session.scalars(select(RatingRow).order_by(RatingRow.step))
        first.rating = -1
        session.delete(second)
        session.get_one(AssignmentRow, work["assignment_id"]).last_seq = 7
        session.scalars(select(TaskRow).order_by(TaskRow.id)).first().slots = 5  # type: ignore[union-attr]
    assert kit.replay().counts["differences"] == 4
    with kit.database.write() as session:
        assert replay(session, mend=True).counts["differences"] == 4
    assert kit.replay().told == []
    ada.submit(work["assignment_id"], 2, "give_up", "hard")
    with kit.database.write() as session:
        task = session.get_one(AssignmentRow, work["assignment_id"]).task_id
        session.get_one(TaskRow, task).want = 0
        session.scalars(select(SubmissionRow)).one().first_error = 1
    assert kit.replay().counts["differences"] == 2
    with kit.database.write() as session:
        replay(session, mend=True)
        session.scalars(select(SubmissionRow)).one().first_error = None
    assert kit.replay().told == []
    with kit.database.write() as session:
        session.execute(text("UPDATE submission SET session = '{}'"))
    assert "is not what its events say" in kit.replay().told[0]


def test_sqlite_is_set_up_to_lose_nothing(tmp_path: Path) -> None:
    database = Database(str(tmp_path / "labels.db"))
    migrate(database)
    with database.write() as session:
        assert session.scalar(text("PRAGMA journal_mode")) == "wal"
        assert session.scalar(text("PRAGMA synchronous")) == 2  # FULL
        assert session.scalar(text("PRAGMA foreign_keys")) == 1
        with database.read() as other:  # readers neither wait nor copy the log
            assert other.scalar(text("PRAGMA wal_autocheckpoint")) == 0
            with pytest.raises(DBAPIError, match="readonly"):
                other.execute(text("DELETE FROM project"))
    database.close()


def test_a_second_writer_on_one_file_is_refused_and_readers_are_not(tmp_path: Path) -> None:
    place = str(tmp_path / "labels.db")
    first = Database(place)
    migrate(first)
    with pytest.raises(InUse, match=r"labels.db: another server \(process \d+\) has it; use --db"):
        Database(place)
    reader = Database(place, "read")
    check_version(reader)
    reader.close()
    first.close()
    Database(place).close()


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("no/such/folder/labels.db", "there is no such folder for the database"),
        ("", "is a folder"),
        ("mysql://me@here/x", "--db: must be a file or postgresql://"),
        (
            "postgresql://me:secret@/x?host=/no/such",
            r"postgresql://me:\*\*\*@/x.* cannot be opened",
        ),
        ("broken.db", "cannot be opened: file is not a database"),
    ],
)
def test_a_place_that_cannot_be_used_is_one_line(tmp_path: Path, place: str, why: str) -> None:
    (tmp_path / "broken.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(UserError, match=why) as caught:
        Database(place if "://" in place else str(tmp_path / place))
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_database_that_is_not_there_is_not_made_by_reading(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no such database"):
        Database(str(tmp_path / "labels.db"), "read")
    assert list(tmp_path.iterdir()) == []
    assert not is_server("labels.db")
    assert shown("labels.db") == "labels.db"


MOUNTS = r"""22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:40 / /home rw - nfs4 server:/home rw,vers=4.2
31 22 0:41 / /home/local rw - xfs /dev/vdb rw
32 22 0:42 / /mnt/with\040blank rw shared:7 master:1 - fuse.sshfs me@there:/ rw
33 22 0:43 / /mnt/over rw - ext4 /dev/vdc rw
34 22 0:44 / /mnt/over rw - cifs //there/share rw
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/srv", "ext4"),
        ("/home/ada", "nfs4"),
        ("/homeless", "ext4"),
        ("/home/local/x", "xfs"),
        ("/mnt/with blank/x", "fuse.sshfs"),
        ("/mnt/over", "cifs"),
    ],
)
def test_network_file_systems_are_refused(folder: str, kind: str) -> None:
    assert file_system(Path(folder), MOUNTS) == kind
    if kind in ("ext4", "xfs"):
        check_local(Path(folder) / "labels.db", MOUNTS)
    else:
        with pytest.raises(UserError, match="network file system"):
            check_local(Path(folder) / "labels.db", MOUNTS)
    assert file_system(Path(folder), "") == ""


def test_solutions_are_taken_in_once(kit: Kit) -> None:
    with kit.database.write() as session:
        problems, solutions = made_problems(4), made_solutions(4)
        assert take_in(session, problems, solutions, Plan(), now=0) == 2
        assert take_in(session, problems, solutions, Plan(), now=0) == 0
        gold = {solution.solution_id: {"first_errors": [1]} for solution in solutions}
        assert take_in(session, problems, solutions, Plan(kind="gold"), gold=gold, now=0) == 8
        other = [Solution(solution_id="p0/0", problem_id="p0", steps=("x",))]
        with pytest.raises(UserError, match="'p0/0': the database has another one of this id"):
            take_in(session, problems, other, Plan(), now=0)
    assert kit.replay().told == []


def test_a_problem_of_the_same_name_that_says_something_else_is_refused(kit: Kit) -> None:
    with kit.database.write() as session:
        other = [Problem(problem_id="p0", statement="What is 2+2?", answer="4")]
        new = [Solution(solution_id="new", problem_id="p0", steps=("x",))]
        with pytest.raises(UserError, match="'p0': the database has another one of this id"):
            take_in(session, other, new, Plan(), now=0)


def test_what_is_taken_in_does_not_read_what_is_there(tmp_path: Path) -> None:
    kit = Kit(str(tmp_path / "labels.db"))
    with kit.database.write() as session:
        session.execute(text("UPDATE solution SET steps = 'not JSON'"))
        new = [dataclasses.replace(s, solution_id=f"{s.solution_id}x") for s in made_solutions(3)]
        assert take_in(session, made_problems(3), new, Plan(), now=0) == 6
    kit.close()


def test_long_solutions_are_sent_in_parts_that_the_server_takes(tmp_path: Path) -> None:
    kit = Kit(str(tmp_path / "labels.db"))
    long = [
        Solution(solution_id=f"long/{i}", problem_id="p0", steps=("é" * 2_000,) * 20)
        for i in range(10)
    ]
    selection = Selection(
        generation=1, verifier="v", policy={}, problems=made_problems(1), solutions=long, place=3
    )
    bodies = list(parts(selection))
    assert [s["solution_id"] for b in bodies for s in b["solutions"]] == [
        f"long/{i}" for i in range(10)
    ]
    assert [body["place"] for body in bodies] == [
        3 + sum(len(before["solutions"]) for before in bodies[:i]) for i in range(len(bodies))
    ]
    assert max(len(json.dumps(body)) for body in bodies) < MAX_BODY / 2
    admin = kit.browser("Grace", "admin")
    made = [admin.post("/admin/solutions", **body).json()["made"] for body in bodies]
    assert sum(made) == 10
    kit.close()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"problem_id": "p9"}, "there is no problem 'p9'; see --problems"),
        ({"steps": ()}, "has 0 steps, 1 to 500 can be shown"),
        ({"steps": ("x",) * 501}, "has 501 steps"),
        ({"steps": ("x", "y" * 20_001)}, "step 2 has more than 20000 characters"),
        ({"steps": ("a\0b",)}, "step 1 holds a NUL character"),
    ],
)
def test_what_cannot_be_shown_is_refused_by_its_number(
    tmp_path: Path, change: dict[str, str], why: str
) -> None:
    made = {"solution_id": "s", "problem_id": "p0", "steps": STEPS} | change
    solutions = [*made_solutions(1), Solution(**made)]  # type: ignore[arg-type]
    with pytest.raises(UserError, match=r"solution 3 \('s'\): " + why):
        Kit(str(tmp_path / "labels.db"), problems=made_problems(1), solutions=solutions)


def test_overlap_is_a_share_that_does_not_change() -> None:
    n = sum(is_double(f"s{i}", 0.1) for i in range(10_000))
    assert 900 < n < 1100
    assert not any(is_double(f"s{i}", 0.0) for i in range(100))
    assert all(is_double(f"s{i}", 1.0) for i in range(100))


def test_a_project_keeps_its_settings_and_its_protocol(kit: Kit) -> None:
    with kit.database.write() as session:
        project = set_up(session, changes={"ask_progress": True}, now=1)
        assert (project.settings["ask_progress"], project.settings["per_problem_a_day"]) == (
            True,
            0,
        )
        assert set_up(session, name="sums", now=2).settings["ask_progress"] is True
        assert project.name == "sums"
        with pytest.raises(UserError, match="--protocol phase1: the database is of phase2"):
            set_up(session, protocol="phase1", now=3)
        versions = [add_guideline(session, said, now=4) for said in ("a", "a", "b")]
        assert versions == [1, 1, 2]
        assert len(session.scalars(select(GuidelineRow)).all()) == 2
    (work,) = kit.browser("Ada").claim()
    assert work["guideline_version"] == 2


def test_many_claims_at_once_get_distinct_work(make_kit: Callable[..., Kit]) -> None:
    kit = make_kit(n_problems=30, each=1)
    browsers = [kit.browser(f"rater {i}") for i in range(8)]
    held: list[str] = []
    faults: list[str] = []

    def work(i: int) -> None:
        for _ in range(3):
            response = browsers[i].post("/assignments/claim", count=1)
            if response.status_code != 200:
                faults.append(response.text)
                return
            (found,) = response.json()["assignments"]
            held.append(found["problem"]["problem_id"])
            done = browsers[i].do(found, -1)
            if done.status_code != 200:
                faults.append(done.text)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert len(set(held)) == len(held) == 24
    assert kit.replay().told == []


def test_a_claim_reads_the_short_index(tmp_path: Path) -> None:
    kit = Kit(str(tmp_path / "labels.db"), settings={"per_problem_a_day": 2})
    kit.link("Ada")
    with kit.database.write() as session:
        person = session.scalars(select(LabelerRow)).one()
        bind = session.connection()
        said: list[tuple[str, object]] = []

        def note(_: object, __: object, statement: str, values: object, *___: object) -> None:
            said.append((statement, values))

        listen(bind, "before_cursor_execute", note)
        assert _next(session, person, "work", Settings(), 0) is not None
        remove(bind, "before_cursor_execute", note)
        statement, values = next(pair for pair in said if "priority" in pair[0])
        rows = bind.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)  # type: ignore[arg-type]
        plans = [str(row[3]) for row in rows]
    assert any("task USING INDEX task_claim" in plan for plan in plans), plans
    assert not any("TEMP B-TREE FOR ORDER" in plan for plan in plans), plans
    kit.close()


def test_a_backup_is_whole_and_can_be_served(tmp_path: Path) -> None:
    kit = Kit(str(tmp_path / "labels.db"))
    ada = kit.browser("Ada")
    (work,) = ada.claim()
    ada.send(work["assignment_id"], rate(1, 0, 1))
    out = tmp_path / "copies" / "copy.db"
    assert back_up(str(tmp_path / "labels.db"), out) == 1
    ada.send(work["assignment_id"], rate(2, 1, 1))
    kit.close()
    assert [p.name for p in out.parent.iterdir()] == ["copy.db"]
    copy = Database(str(out))
    migrate(copy)
    with copy.read() as session:
        found = replay(session)
        assert (found.counts["events"], found.told) == (1, [])
    copy.close()
    with pytest.raises(UserError, match="exists"):
        back_up(str(tmp_path / "labels.db"), out)
    with pytest.raises(UserError, match="pg_dump"):
        back_up("postgresql://x/y", out)
    with pytest.raises(UserError, match="there is no such database"):
        back_up(str(tmp_path / "none.db"), out, overwrite=True)
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE x (y)")
    with pytest.raises(UserError, match="cannot be copied"):
        back_up(str(tmp_path / "other.db"), out, overwrite=True)


def test_hourly_backups_keep_the_last_ones(tmp_path: Path) -> None:
    kit = Kit(str(tmp_path / "labels.db"))
    kit.close()
    stop, copies = threading.Event(), tmp_path / "copies"
    names = iter([f"labels-{i:04d}Z.db" for i in range(27)])

    def name() -> str:
        found = next(names)
        if found == "labels-0026Z.db":
            stop.set()
        return found

    keep_backups(tmp_path / "labels.db", copies, stop, seconds=0.001, name=name)
    kept = sorted(p.name for p in copies.iterdir())
    assert kept == [f"labels-{i:04d}Z.db" for i in range(3, 27)]


def test_problems_are_there_once(tmp_path: Path) -> None:
    problem = Problem(problem_id="p", statement="s", answer="")
    solutions = [Solution(solution_id=str(i), problem_id="p", steps=("x",)) for i in range(3)]
    kit = Kit(str(tmp_path / "labels.db"), problems=[problem], solutions=solutions)
    (work,) = kit.browser("Ada").claim()
    assert work["problem"]["answer"] is None  # the source states none
    kit.close()
