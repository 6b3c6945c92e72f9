"""Exports as downloads, and out of the room by the command: the same rows."""

import asyncio
import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from room_kit import MINUTE, Kit, kind_of, made_solutions
from sqlalchemy import select, text
from starlette.requests import ClientDisconnect

from surefoot.cli import main
from surefoot.records import Labels, Problem, Solution
from surefoot.tables import read
from surefoot.web.room.schema import AuditRow

MakeKit = Callable[..., Kit]
ALL = ("prm800k", "trl", "openrlhf", "math-shepherd", "processbench")


def rated(kit: Kit) -> dict[str, list[int]]:
    """Two raters of three solutions each; what they pressed, by rater and problem."""
    pressed = {}
    for name in ("Ada", "Emmy"):
        browser = kit.browser(name)
        for ratings in ([1, 0, 1], [1, -1], [-1]):
            (work,) = browser.claim()
            assert browser.do(work, *ratings).status_code == 200
            pressed[f"{name} {work['problem']['statement']}"] = ratings
            kit.clock.forward(1)
    return pressed


def written(kit: Kit, place: str, folder: Path, *words: str, name: str = "rows.jsonl") -> Path:
    """An export by the command."""
    out = folder / name
    assert main(["label", "export", "--db", place, "--out", str(out), *words]) == 0
    return out


def json_rows(data: bytes) -> list[Any]:
    return [json.loads(line) for line in data.decode().splitlines()]


@pytest.mark.parametrize("layout", ALL)
def test_a_download_is_what_the_command_writes(
    make_kit: MakeKit, place: str, tmp_path: Path, layout: str
) -> None:
    kit = make_kit(n_problems=3, each=2)
    rated(kit)
    admin = kit.browser("Root", "admin")
    answer = admin.client.get(f"/api/v1/admin/export?format={layout}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/jsonl"
    name = f'attachment; filename="surefoot-{layout}.jsonl"'
    assert answer.headers["content-disposition"] == name
    words = ["--format", layout, "--neutral", "positive"]
    assert answer.content == written(kit, place, tmp_path, *words).read_bytes()
    assert len(json_rows(answer.content)) == 6


def test_the_tables_come_as_a_zip_with_their_manifest(
    make_kit: MakeKit, place: str, tmp_path: Path
) -> None:
    kit = make_kit(n_problems=3, each=2)
    rated(kit)
    admin = kit.browser("Root", "admin")
    answer = admin.client.get("/api/v1/admin/export?format=parquet")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path / "zip")
        manifest = json.loads(archive.read("manifest.json"))
        for file in manifest["files"]:
            data = archive.read(file["name"])
            assert (len(data), hashlib.sha256(data).hexdigest()) == (file["bytes"], file["sha256"])
    assert main(["label", "collect", "--db", place, "--out", str(tmp_path / "rated")]) == 0
    for table, record in (("problems", Problem), ("solutions", Solution), ("labels", Labels)):
        downloaded: list[Any] = read(tmp_path / "zip" / table, record)
        assert downloaded == read(tmp_path / "rated" / table, record)
    theirs = json.loads((tmp_path / "rated/manifest.json").read_text(encoding="utf-8"))
    assert manifest["counts"] == theirs["counts"]
    assert manifest["counts"]["opinions"] == 6
    assert {p.name for p in (tmp_path / "rated").iterdir()} == {
        "problems", "solutions", "labels", "sessions", "manifest.json", "README.md",
    }  # fmt: skip


def test_flat_steps_and_a_bundle(make_kit: MakeKit, place: str, tmp_path: Path) -> None:
    kit = make_kit(n_problems=3, each=1, solutions=made_solutions(3, 1))
    rated_by = rated_twice(kit)
    admin = kit.browser("Root", "admin")
    answer = admin.client.get("/api/v1/admin/export?format=steps")
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    rows = pq.read_table(io.BytesIO(answer.content)).to_pylist()
    assert (
        rows
        == pq.read_table(
            written(kit, place, tmp_path, "--format", "steps", name="steps.parquet")
        ).to_pylist()
    )
    # By hand: of p0 Ada said 1, 0, 1 and Emmy 1, -1.
    of_p0 = [row for row in rows if row["problem_id"] == "p0"]
    assert [(row["step"], row["rating"], row["n_raters"], row["majority"]) for row in of_p0] == [
        (0, 1, 2, 1), (1, 0, 2, None), (2, 1, 1, 1), (0, 1, 2, 1), (1, -1, 2, None),
    ]  # fmt: skip
    assert [row["is_first_error"] for row in of_p0] == [False, False, False, False, True]
    assert [row["is_last"] for row in of_p0] == [False, False, True, False, False]
    assert len(rows) == sum(map(len, rated_by))
    bundle = admin.client.get("/api/v1/admin/export?format=trl&bundle=true&neutral=negative")
    with zipfile.ZipFile(io.BytesIO(bundle.content)) as archive:
        assert archive.namelist() == ["surefoot-trl.jsonl", "manifest.json", "README.md"]
        data = archive.read("surefoot-trl.jsonl")
        manifest = json.loads(archive.read("manifest.json"))
    assert json_rows(data)[0]["labels"] == [True, False, True]
    assert manifest["files"][0]["sha256"] == hashlib.sha256(data).hexdigest()
    assert manifest["choices"]["neutral"] == "negative"


def rated_twice(kit: Kit) -> list[list[int]]:
    """The first of three solutions by two people, in a room that wants one opinion each."""
    ada, emmy = kit.browser("Ada"), kit.browser("Emmy")
    (work,) = ada.claim()
    kit.clock.forward(20)  # the lease has lapsed; both opinions are kept
    (same,) = emmy.claim()
    assert same["problem"] == work["problem"]
    assert emmy.do(same, 1, -1).status_code == 200
    kit.clock.time -= 5 * MINUTE
    assert ada.do(work, 1, 0, 1).status_code == 200
    kit.clock.time += 5 * MINUTE
    (other,) = emmy.claim()
    assert emmy.do(other, 1, 1, 1).status_code == 200
    return [[1, -1], [1, 0, 1], [1, 1, 1]]


def test_administrators_and_commands_only_and_each_time_is_audited(make_kit: MakeKit) -> None:
    kit = make_kit(n_problems=3, each=2)
    kit.room.command_token = "told to nobody"
    admin, lead, ada = (kit.browser(*who) for who in (
        ("Root", "admin"), ("Grace", "lead"), ("Ada", "labeler")))  # fmt: skip
    path = "/admin/export?format=prm800k"
    empty = admin.get(path)
    assert (empty.status_code, kind_of(empty)) == (404, "not_found")
    rated(kit)
    for browser, status in ((kit.browser(), 401), (ada, 403), (lead, 403)):
        assert browser.get(path).status_code == status
    assert admin.get(path).status_code == 200
    nobody = kit.browser()
    headers = {"authorization": f"Bearer {kit.room.command_token}"}
    assert nobody.client.get(f"/api/v1{path}", headers=headers).status_code == 200
    assert admin.get("/admin/export?format=xml").status_code == 422
    assert admin.get("/admin/export").status_code == 422
    with kit.database.read() as session:
        rows = session.scalars(select(AuditRow).where(AuditRow.action == "export")).all()
        assert [(row.target, row.detail["opinions"]) for row in rows] == [("prm800k", "all")] * 2
        assert {row.actor for row in rows} >= {"command line"}


@pytest.mark.parametrize("layout", ["prm800k", "parquet", "steps"])
def test_a_download_that_is_cancelled_leaves_nothing_behind(
    make_kit: MakeKit, monkeypatch: pytest.MonkeyPatch, layout: str
) -> None:
    kit = make_kit(n_problems=3, each=2)
    rated(kit)
    monkeypatch.setattr("surefoot.web.room.downloads.CHUNK", 1)
    kit.room.command_token = "token"
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        if not sent:
            return {"type": "http.request", "body": b"", "more_body": False}
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)
        if len(sent) == 2:  # the browser went away after the first bytes
            raise OSError

    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1",
        "method": "GET", "path": "/api/v1/admin/export", "raw_path": b"/api/v1/admin/export",
        "query_string": f"format={layout}".encode(), "root_path": "", "scheme": "http",
        "headers": [(b"authorization", b"Bearer token")],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 1),
    }  # fmt: skip

    def ask() -> None:
        asyncio.run(kit.app(scope, receive, send))  # type: ignore[arg-type]

    # In a thread of its own: a browser that other tests share keeps a loop running in this one.
    with ThreadPoolExecutor(1) as pool, pytest.raises(ClientDisconnect):
        pool.submit(ask).result()
    assert sent[0]["status"] == 200
    connections: Any = kit.database._reader.pool
    assert connections.checkedout() == 0


def test_a_text_that_was_changed_is_not_exported(
    make_kit: MakeKit, place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kit = make_kit(n_problems=3, each=2)
    rated(kit)
    with kit.database.write() as session:
        session.execute(text("UPDATE submission SET session = replace(session, '[1]', '[0]')"))
    out = tmp_path / "rows.jsonl"
    assert main(["label", "export", "--db", place, "--out", str(out)]) == 1
    assert "is not what was stored; see `surefoot label replay --check`" in capsys.readouterr().err
    assert list(tmp_path.glob("rows*")) == []
