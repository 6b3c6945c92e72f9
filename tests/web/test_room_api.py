"""The labelling room over HTTP: work, people, and what is refused."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from room_kit import HEADERS, STEPS, Browser, Kit, event, kind_of, rate
from sqlalchemy.exc import OperationalError

from surefoot.records import Problem, Solution
from surefoot.web.room import api
from surefoot.web.room.app import add_pages, new_app
from surefoot.web.room.intake import Plan
from surefoot.web.room.people import person_of
from surefoot.web.room.schema import (
    AssignmentRow,
    CredentialRow,
    LabelerRow,
    SubmissionRow,
    TaskRow,
)

NOBODY = "00000000-0000-0000-0000-000000000000"
END: dict[str, Any] = {"submission_id": NOBODY, "last_seq": 0, "finish_reason": "solution"}


def test_a_solution_from_link_to_submission(kit: Kit) -> None:
    ada = kit.browser("Ada")
    me = ada.get("/me").json()
    assert (me["name"], me["role"], me["state"]) == ("Ada", "labeler", "active")
    assert me["stats"] == {"today": 0, "per_hour": None, "left": 6}
    assert me["project"]["protocol"] == "phase2"
    (work,) = ada.claim()
    assert work["problem"].keys() == {"problem_id", "statement", "answer"}
    assert (work["problem"]["statement"], work["problem"]["answer"]) == ("What is 1+1+0?", "2")
    assert "p0" not in work["problem"]["problem_id"]
    assert (work["steps"], work["final_answer"], work["options"]) == (list(STEPS), "4", {})
    assert (work["state"], work["events"], work["last_seq"]) == ("leased", [], 0)
    events = [rate(1, 0, 1), rate(2, 1, -1), event(3, "active", ms=90_000)]
    receipt = ada.send(work["assignment_id"], *events).json()
    assert receipt["acked"] == [e["event_id"] for e in events]
    assert receipt["last_seq"] == 3
    done = ada.submit(work["assignment_id"], 3).json()
    assert (done["revision"], done["state"]) == (1, "submitted")
    assert done["me"]["stats"] == {"today": 1, "per_hour": 80, "left": 6}  # counted before
    (recent,) = ada.get("/me/recent").json()
    assert recent["statement_start"] == "What is 1+1+0?"
    assert (recent["finish_reason"], recent["first_error"]) == ("found_error", 1)
    kit.clock.forward(1)
    assert ada.get("/me").json()["stats"]["left"] == 5
    assert kit.replay().told == []


def test_what_the_page_gets_says_nothing_of_gold_scores_or_models(
    make_kit: Callable[..., Kit],
) -> None:
    solution = Solution(
        solution_id="secret-gold-7",
        problem_id="p0",
        steps=STEPS,
        generator="secret-model",
        log_probability=-1.25,
    )
    kit = make_kit(n_problems=1, solutions=[solution], settings={"show_answer": False})
    (work,) = kit.browser("Ada").claim()
    assert set(work) == {
        "assignment_id", "state", "lease_expires_at", "guideline_version", "problem", "steps",
        "final_answer", "options", "events", "last_seq",
    }  # fmt: skip
    assert work["problem"]["answer"] is None
    text = json.dumps(work)
    assert not any(word in text for word in ("secret", "gold", "score", "generator", "-1.25"))


def test_the_same_again_is_stored_once_and_acknowledged_again(kit: Kit) -> None:
    ada = kit.browser("Ada")
    work = ada.claim()[0]["assignment_id"]
    one, two = rate(1, 0, 1), rate(2, 0, 0)
    for batch in ([two], [one, two], [one], [two, one, one]):
        response = ada.send(work, *batch)
        assert response.json()["acked"] == [e["event_id"] for e in batch]
    stored = ada.get(f"/assignments/{work}").json()["events"]
    assert [e["event_id"] for e in stored] == [one["event_id"], two["event_id"]]
    found = kit.replay()
    assert (found.counts["events"], found.told) == (2, [])


@pytest.mark.parametrize(
    "change",
    [
        {"payload": {"step": 0, "candidate": None, "rating": -1}},
        {"seq": 2},
        {"event_id": NOBODY},
        {"type": "note", "payload": {"text": "x"}},
    ],
)
def test_another_event_of_the_same_id_or_number_is_a_conflict(
    kit: Kit, change: dict[str, Any]
) -> None:
    ada = kit.browser("Ada")
    work = ada.claim()[0]["assignment_id"]
    one = rate(1, 0, 1)
    assert ada.send(work, one).status_code == 200
    response = ada.send(work, rate(7, 1, 1), one | change)
    assert (response.status_code, kind_of(response)) == (409, "conflict")
    assert ada.get(f"/assignments/{work}").json()["last_seq"] == 1  # nothing of the batch


def test_an_event_of_another_assignment_is_a_conflict(kit: Kit) -> None:
    ada = kit.browser("Ada")
    first, second = (work["assignment_id"] for work in ada.claim(2))
    one = rate(1, 0, 1)
    assert ada.send(first, one).status_code == 200
    assert kind_of(ada.send(second, one)) == "conflict"


def test_submitting_waits_for_missing_events_and_for_the_rules(kit: Kit) -> None:
    ada = kit.browser("Ada")
    work = ada.claim()[0]["assignment_id"]
    ada.send(work, rate(2, 1, 0), rate(5, 2, 1))
    response = ada.submit(work, 5)
    assert (response.status_code, kind_of(response)) == (409, "missing_events")
    assert response.json()["missing"] == [1, 3, 4]
    ada.send(work, event(1, "active", ms=1), event(3, "note", text="x"), event(4, "note", text=""))
    response = ada.submit(work, 5, "solution")
    assert (response.status_code, kind_of(response)) == (422, "not_finished")
    assert "step 1 is unrated" in response.json()["detail"]
    assert kind_of(ada.submit(work, 5, "give_up")) == "not_finished"
    ada.send(work, rate(6, 0, 1))
    assert ada.submit(work, 6, "solution").status_code == 200


def test_submitting_again_answers_the_same_and_never_twice(kit: Kit) -> None:
    ada = kit.browser("Ada")
    work = ada.claim()[0]["assignment_id"]
    ada.send(work, rate(1, 0, -1))
    same = NOBODY.replace("0", "a")
    first = ada.submit(work, 1, submission_id=same).json()
    kit.clock.forward(5)
    again = ada.submit(work, 1, submission_id=same).json()
    assert {**again, "me": None} == {**first, "me": None}
    assert kind_of(ada.submit(work, 1, "give_up", "x", submission_id=same)) == "conflict"
    assert kind_of(ada.submit(work, 1)) == "not_open"
    with kit.database.read() as session:
        assert len(session.query(SubmissionRow).all()) == 1


def test_reopened_work_gets_another_revision(kit: Kit) -> None:
    ada = kit.browser("Ada")
    (work,) = ada.claim()
    name = work["assignment_id"]
    ada.do(work, 1, -1)
    assert kind_of(ada.send(name, rate(3, 1, 1))) == "not_open"
    assert ada.send(name, event(3, "active", ms=5)).status_code == 200
    opened = ada.post(f"/assignments/{name}/reopen").json()
    assert (opened["state"], opened["last_seq"]) == ("reopened", 3)
    assert ada.post(f"/assignments/{name}/reopen").status_code == 200
    assert ada.claim()[0]["assignment_id"] == name
    ada.send(name, rate(4, 1, 0), rate(5, 2, 1))
    assert ada.submit(name, 5, "solution").json()["revision"] == 2
    ada.post(f"/assignments/{name}/reopen")
    released = ada.post(f"/assignments/{name}/release", reason=None).json()
    assert released == {"state": "submitted"}
    with kit.database.read() as session:
        (task,) = session.query(TaskRow).filter(TaskRow.done > 0)
        assert (task.done, task.slots, task.state) == (1, 0, "complete")
    assert kit.replay().told == []


def test_each_gets_other_work_and_nobody_the_same_twice(kit: Kit) -> None:
    people = [kit.browser(name) for name in ("Ada", "Emmy", "Sofja")]
    held = [work["assignment_id"] for person in people for work in person.claim(2)]
    with kit.database.read() as session:
        tasks = {session.get_one(AssignmentRow, name).task_id for name in held}
    assert len(tasks) == 6
    assert people[0].post("/assignments/claim", count=3).json()["assignments"].__len__() == 2
    nobody = kit.browser("Maria").post("/assignments/claim", count=1).json()
    assert nobody == {"assignments": [], "reason": "nothing_left"}
    assert [w["assignment_id"] for w in people[0].claim(2)] == held[:2]  # open ones first


def test_overlap_gives_a_solution_to_two_people_but_not_to_one_twice(
    make_kit: Callable[..., Kit],
) -> None:
    kit = make_kit(n_problems=1, each=1, plan=Plan(want=2))
    ada, emmy = kit.browser("Ada"), kit.browser("Emmy")
    (work,) = ada.claim()
    ada.do(work, 1, 1, 1)
    assert ada.claim() == []
    (other,) = emmy.claim()
    assert other["assignment_id"] != work["assignment_id"]
    assert other["events"] == []  # blind to what Ada said
    assert kit.browser("Maria").claim() == []


def test_at_most_two_of_a_problem_a_day(make_kit: Callable[..., Kit]) -> None:
    kit = make_kit(n_problems=2, each=3, settings={"per_problem_a_day": 2})
    ada = kit.browser("Ada")
    seen = []
    while work := ada.claim():
        seen.append(work[0]["problem"]["statement"][-2])
        ada.do(work[0], -1)
    assert sorted(seen) == ["0", "0", "1", "1"]
    assert ada.post("/assignments/claim", count=1).json()["reason"] == "enough_for_today"
    kit.clock.forward(24 * 60 + 1)
    for other in ada.claim(2):
        ada.do(other, -1)
    assert ada.post("/assignments/claim", count=1).json()["reason"] == "nothing_left"


def test_a_lapsed_lease_goes_to_another_and_comes_back_if_it_can(
    make_kit: Callable[..., Kit],
) -> None:
    kit = make_kit(n_problems=1, each=1)
    ada, emmy = kit.browser("Ada"), kit.browser("Emmy")
    (mine,) = ada.claim()
    name = mine["assignment_id"]
    kit.clock.forward(14)
    assert ada.post(f"/assignments/{name}/heartbeat").status_code == 200
    kit.clock.forward(14)
    assert emmy.claim() == []
    kit.clock.forward(2)
    (theirs,) = emmy.claim()
    assert theirs["problem"] == mine["problem"]
    assert ada.claim() == []
    # Late events and a late submission are kept, as one more opinion.
    done = ada.do(mine, 1, -1)
    assert done.status_code == 200
    assert emmy.do(theirs, 1, -1).status_code == 200
    with kit.database.read() as session:
        (task,) = session.query(TaskRow)
        late = {row.assignment_id: row.is_late for row in session.query(SubmissionRow)}
        assert (task.want, task.done, task.slots, task.state) == (2, 2, 0, "complete")
    assert late == {name: True, theirs["assignment_id"]: False}
    assert kit.replay().told == []
    # It stays one when it is changed.
    again = ada.post(f"/assignments/{name}/reopen").json()
    assert ada.do(again, 1, 1, -1).status_code == 200
    with kit.database.read() as session:
        rows = session.query(SubmissionRow).filter_by(assignment_id=name)
        assert {row.revision: row.is_late for row in rows} == {1: True, 2: True}
    assert kit.replay().told == []


def test_lapsed_work_that_nobody_took_goes_on_where_it_was(make_kit: Callable[..., Kit]) -> None:
    kit = make_kit(n_problems=1, each=1)
    ada = kit.browser("Ada")
    name = ada.claim()[0]["assignment_id"]
    ada.send(name, rate(1, 0, 1))
    kit.clock.forward(60)
    kit.browser("Emmy")
    (again,) = ada.claim()
    assert (again["assignment_id"], again["state"], again["last_seq"]) == (name, "leased", 1)
    assert again["lease_expires_at"] > ada.get("/me").json()["server_now"]
    assert kit.replay().told == []


def test_released_work_goes_to_another_and_not_back(make_kit: Callable[..., Kit]) -> None:
    kit = make_kit(n_problems=1, each=1)
    ada, emmy = kit.browser("Ada"), kit.browser("Emmy")
    name = ada.claim()[0]["assignment_id"]
    assert ada.post(f"/assignments/{name}/release", reason="too hard").json()["state"] == "released"
    assert ada.post(f"/assignments/{name}/release", reason="too hard").json()["state"] == "released"
    assert ada.claim() == []
    assert len(emmy.claim()) == 1
    assert kind_of(ada.submit(name, 0, "give_up", "x")) == "not_open"
    assert kit.replay().told == []


def test_nobody_reaches_what_is_anothers(kit: Kit) -> None:
    ada, emmy, nobody = kit.browser("Ada"), kit.browser("Emmy"), kit.browser()
    name = ada.claim()[0]["assignment_id"]
    bodies: list[tuple[str, dict[str, Any]]] = [
        ("events", {"session_id": "s", "events": [rate(1, 0, 1)]}),
        ("submit", END),
        ("reopen", {}),
        ("release", {}),
        ("heartbeat", {}),
        ("alternatives", {"step": 0}),
    ]
    for path, body in bodies:
        response = emmy.post(f"/assignments/{name}/{path}", **body)
        assert (response.status_code, kind_of(response)) == (404, "not_found")
        response = nobody.post(f"/assignments/{name}/{path}", **body)
        assert (response.status_code, kind_of(response)) == (401, "not_signed_in")
    assert emmy.get(f"/assignments/{name}").status_code == 404
    for path in ("/me", "/me/recent", f"/assignments/{name}", "/admin/labelers"):
        assert nobody.get(path).status_code == 401
    assert ada.get("/admin/labelers").status_code == 403


def test_an_invite_is_good_once_and_for_seven_days(kit: Kit) -> None:
    link = kit.link("Ada")
    first, second = kit.browser(), kit.browser()
    assert first.get("/me").status_code == 401
    response = first.post("/session", secret=link)
    assert response.status_code == 204
    cookie = response.headers["set-cookie"]
    assert all(word in cookie for word in ("HttpOnly", "SameSite=strict", "Path=/"))
    assert second.post("/session", secret=link).status_code == 401
    late = kit.link("Emmy")
    kit.clock.forward(7 * 24 * 60)
    assert second.post("/session", secret=late).status_code == 401
    older, newer = kit.link("Emmy"), kit.link("Emmy")  # a new link ends the one not used
    assert second.post("/session", secret=older).status_code == 401
    assert second.post("/session", secret=newer).status_code == 204
    with kit.database.read() as session:
        hashes = [row.secret_sha256 for row in session.query(CredentialRow)]
    assert not {link, late, older, newer} & set(hashes)


def test_guessing_links_is_slowed_down(kit: Kit) -> None:
    nobody = kit.browser()
    for _ in range(10):
        assert nobody.post("/session", secret="guess").status_code == 401
    good = kit.link("Ada")
    response = nobody.post("/session", secret=good)
    assert (response.status_code, kind_of(response)) == (429, "too_many")
    kit.clock.forward(10)
    assert nobody.post("/session", secret=good).status_code == 204


def test_signing_out_revoking_and_blocking_end_a_session(kit: Kit) -> None:
    ada, again, admin = kit.browser("Ada"), kit.browser("Ada"), kit.browser("Root", "admin")
    labeler_id = ada.get("/me").json()["labeler_id"]
    assert again.get("/me").json()["labeler_id"] == labeler_id
    assert ada.client.delete("/api/v1/session", headers=HEADERS).status_code == 204
    assert (ada.get("/me").status_code, again.get("/me").status_code) == (401, 200)
    answer = admin.post(f"/admin/labelers/{labeler_id}/revoke").json()
    assert answer["revoked"] >= 1
    assert again.get("/me").status_code == 401
    ada = kit.browser("Ada")
    for state, reason in (("paused", "paused"), ("failed", "failed"), ("active", None)):
        admin.post(f"/admin/labelers/{labeler_id}/state", state=state)
        assert ada.post("/assignments/claim", count=1).json()["reason"] == reason
    admin.post(f"/admin/labelers/{labeler_id}/state", state="blocked")
    assert ada.get("/me").status_code == 401
    assert kind_of(admin.post("/admin/labelers/x/state", state="active")) == "not_found"


def test_administrators_invite(kit: Kit) -> None:
    admin = kit.browser("Root", "admin")
    made = admin.post("/admin/invites", name=" Ada  Lovelace ", role="lead").json()
    assert made["path"].startswith("/i#")
    guest = kit.browser()
    assert guest.post("/session", secret=made["path"][3:]).status_code == 204
    assert guest.get("/me").json()["name"] == "Ada Lovelace"
    assert kind_of(admin.post("/admin/invites", name="Ada Lovelace", role="admin")) == "conflict"
    assert kind_of(admin.post("/admin/invites", name=" ", role="lead")) == "bad_request"
    assert kind_of(guest.post("/admin/invites", name="x", role="admin")) == "forbidden"
    names = [row["name"] for row in admin.get("/admin/labelers").json()]
    assert names == ["Ada Lovelace", "Root"]
    kit.room.command_token = "token"
    for token, status in (("Bearer token", 200), ("Bearer tokem", 401), ("Bearer None", 401)):
        response = kit.browser().client.post(
            "/api/v1/admin/invites",
            json={"name": "Emmy"},
            headers=HEADERS | {"authorization": token},
        )
        assert response.status_code == status


def test_keys_may_not_collide(kit: Kit) -> None:
    ada = kit.browser("Ada")

    def put(keymap: dict[str, Any]) -> Any:
        return ada.client.put("/api/v1/me/keymap", json=keymap, headers=HEADERS)

    mine = {"bad": ["KeyQ", "-"], "okay": ["KeyS"]}
    assert put(mine).json() == {"keymap": mine}
    assert ada.get("/me").json()["keymap"] == mine
    response = put({"bad": ["KeyQ"], "okay": ["KeyQ"]})
    assert (response.status_code, response.json()["actions"]) == (422, ["bad", "okay"])
    for wrong in ({"bad": "KeyQ"}, {"bad": [1]}, {"bad": [""]}, {"bad": ["x" * 41]}):
        assert put(wrong).status_code == 422
    assert put({}).json() == {"keymap": None}


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("claim", {"count": 4}, "count"),
        ("claim", {"count": "1"}, "count"),
        ("claim", {"count": 1, "more": 1}, "more"),
        ("ID/events", {"events": []}, "session_id"),
        ("ID/events", {"session_id": "s", "events": [{}] * 501}, "events"),
        ("ID/submit", END | {"submission_id": "7"}, "submission_id"),
        ("ID/submit", END | {"last_seq": -1}, "last_seq"),
        ("ID/submit", END | {"finish_reason": "x"}, "finish_reason"),
        ("ID/alternatives", {"step": -1}, "step"),
    ],
)
def test_a_bad_request_is_named_by_its_field(
    kit: Kit, path: str, body: dict[str, Any], field: str
) -> None:
    ada = kit.browser("Ada")
    name = ada.claim()[0]["assignment_id"]
    response = ada.post(f"/assignments/{path.replace('ID', name)}", **body)
    assert (response.status_code, kind_of(response)) == (422, "bad_request")
    assert response.json()["detail"].startswith(field)


def test_a_bad_event_is_named_and_nothing_of_its_batch_is_stored(kit: Kit) -> None:
    ada = kit.browser("Ada")
    name = ada.claim()[0]["assignment_id"]
    good = rate(1, 0, 1)
    for bad, field in [
        (rate(2, 3, 1), "payload.step"),
        (rate(2, 1, 1, candidate=1), "payload.candidate"),
        (rate(2, 1, 5), "payload.rating"),
        (event(2, "choose", step=0, candidate=None), "type"),
        ({"event_id": "x"}, "type"),
    ]:
        response = ada.send(name, good, bad)
        assert (response.status_code, kind_of(response)) == (422, "bad_event")
        assert response.json()["field"] == field
    assert ada.get(f"/assignments/{name}").json()["last_seq"] == 0


def test_every_answer_has_the_headers_and_changes_need_ours(kit: Kit) -> None:
    ada = kit.browser("Ada")
    answers = [
        ada.get("/me"),
        ada.get("/nothing"),
        ada.client.get("/"),
        ada.client.post("/api/v1/assignments/claim", json={"count": 1}),
        ada.post("/assignments/claim", count=1),
        ada.client.get("/openapi.json"),
        ada.client.get("/docs"),
    ]
    assert [r.status_code for r in answers] == [200, 404, 200, 403, 200, 404, 404]
    for response in answers:
        policy = response.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert "http" not in policy
        assert response.headers["x-content-type-options"] == "nosniff"
    for method in ("post", "put", "patch", "delete"):
        response = getattr(ada.client, method)("/api/v1/session")
        assert (response.status_code, kind_of(response)) == (403, "forbidden")
    huge = ada.client.post(
        "/api/v1/session", content=b"x", headers=HEADERS | {"content-length": "2000001"}
    )
    assert kind_of(huge) == "too_large"
    endless = ada.client.post("/api/v1/session", content=iter([b"x"]), headers=HEADERS)
    assert endless.status_code == 411


HOSTILE = (
    "<script>alert(1)</script>",
    "625<x<640.09. Then y=3",
    "<img src=x onerror=alert(1)>",
    "\u202eabc\u200b",
    "\\def\\a{\\a\\a}\\a $\\a$",
    "&lt;b&gt; {{ 7*7 }} ${x} ' \" ` ]]>",
)


def test_hostile_text_stays_the_text_it_is(make_kit: Callable[..., Kit]) -> None:
    problem = Problem(problem_id="p", statement=HOSTILE[0], answer=HOSTILE[2])
    solution = Solution(solution_id="s", problem_id="p", steps=HOSTILE)
    kit = make_kit(problems=[problem], solutions=[solution])
    ada = kit.browser("Ada")
    response = ada.post("/assignments/claim", count=1)
    assert response.headers["content-type"] == "application/json"
    (work,) = response.json()["assignments"]
    assert work["steps"] == list(HOSTILE)
    assert work["problem"]["statement"] == HOSTILE[0]
    ada.send(work["assignment_id"], event(1, "note", text=HOSTILE[4]))
    again = ada.get(f"/assignments/{work['assignment_id']}").json()
    assert again["events"][0]["payload"] == {"text": HOSTILE[4]}


def test_a_blocked_person_has_no_session(kit: Kit) -> None:
    kit.browser("Ada")
    with kit.database.write() as session:
        session.query(LabelerRow).one().state = "blocked"
    with kit.database.read() as session, pytest.raises(Exception, match="401"):
        person_of(session, None, now=0)


def phase1(ada: Browser, kit: Kit) -> dict[str, Any]:
    (work,) = ada.claim()
    assert work["steps"] == []
    return work


def test_phase_1_offers_the_solution_while_it_is_followed(make_kit: Callable[..., Kit]) -> None:
    kit = make_kit(n_problems=1, each=1, plan=Plan(protocol="phase1"))
    ada = kit.browser("Ada")
    work = phase1(ada, kit)
    name = work["assignment_id"]
    first = {"candidate": 1, "text": "1+1=2", "origin": "pregenerated"}
    assert work["options"] == {"0": [first]}
    ada.send(name, rate(1, 0, 1, 1), event(2, "choose", step=0, candidate=1))
    second = ada.post(f"/assignments/{name}/alternatives", step=1).json()["candidates"]
    assert [c["text"] for c in second] == ["2+1=4"]
    ada.send(name, rate(3, 1, -1, 2), event(4, "human_step", step=1, text="2+1=3"))
    nothing = ada.post(f"/assignments/{name}/alternatives", step=2)
    assert (nothing.status_code, kind_of(nothing)) == (503, "no_generator")
    assert kind_of(ada.post(f"/assignments/{name}/alternatives", step=3)) == "bad_request"
    ada.send(name, event(5, "human_step", step=2, text="# Answer 3"))
    assert ada.submit(name, 5, "found_error").status_code == 422
    assert ada.submit(name, 5, "solution").status_code == 200
    assert kit.replay().told == []


def test_phase_1_asks_the_generator_for_more(make_kit: Callable[..., Kit]) -> None:
    asked: list[tuple[str, tuple[str, ...], int]] = []

    def propose(statement: str, before: Any, n: int) -> list[str]:
        asked.append((statement, tuple(before), n))
        return [f"way {len(before)}.{i}" for i in range(n)] + ["", "1+1=2"]

    kit = make_kit(n_problems=1, each=1, plan=Plan(protocol="phase1"), propose=propose)
    ada = kit.browser("Ada")
    name = phase1(ada, kit)["assignment_id"]

    def options(step: int) -> list[str]:
        found = ada.post(f"/assignments/{name}/alternatives", step=step).json()["candidates"]
        return [c["text"] for c in found]

    assert options(0) == ["1+1=2"]  # not rated yet: no more
    ada.send(name, rate(1, 0, 0, 1))
    more = options(0)
    assert more == ["1+1=2", *(f"way 0.{i}" for i in range(6))]
    assert options(0) == more
    numbers = ada.get(f"/assignments/{name}").json()["options"]["0"]
    chosen = numbers[3]["candidate"]
    ada.send(name, rate(2, 0, 1, chosen), event(3, "choose", step=0, candidate=chosen))
    assert options(1) == ["way 1.0"]
    assert [(before, n) for _, before, n in asked] == [((), 6), (("way 0.2",), 1)]


def test_the_page_and_its_files_are_served_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>page</title>", encoding="utf-8")
    (tmp_path / "assets" / "page.js").write_text("0", encoding="utf-8")
    kit = Kit(str(tmp_path / "labels.db"))
    app = new_app(kit.room)
    app.include_router(api.router)
    add_pages(app, tmp_path / "none")
    plain = TestClient(app)
    assert plain.get("/").headers["content-type"].startswith("text/plain")
    app = new_app(kit.room)
    app.include_router(api.router)
    (tmp_path / "static").mkdir()
    for name in ("index.html", "assets"):
        (tmp_path / name).rename(tmp_path / "static" / name)
    add_pages(app, tmp_path / "static")
    client = TestClient(app)
    for path in ("/", "/i"):
        response = client.get(path)
        assert response.text.startswith("<!doctype html>")
        assert "script-src 'self'" in response.headers["content-security-policy"]
    assert client.get("/assets/page.js").text == "0"
    assert client.get("/api/v1/me").status_code == 401
    for path in ("/labels.db", "/../labels.db", "/assets/..%2f..%2flabels.db", "/assets/none.js"):
        assert client.get(path).status_code == 404
    kit.close()


def test_a_full_disk_and_a_fault_are_said(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = kit.browser("Ada")

    def full(*_: object) -> None:
        raise OperationalError("", {}, sqlite3.OperationalError("database or disk is full"))

    def broken(*_: object) -> None:
        raise RuntimeError("something")

    monkeypatch.setattr(type(kit.room), "me", full)
    assert (ada.get("/me").status_code, kind_of(ada.get("/me"))) == (507, "disk_full")
    monkeypatch.setattr(type(kit.room), "me", broken)
    assert (ada.get("/me").status_code, kind_of(ada.get("/me"))) == (500, "fault")
