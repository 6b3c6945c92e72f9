"""What leads and administrators see and do, on both databases, against counts by hand."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from room_kit import START, Browser, Kit, event, kind_of, made_problems, made_solutions, rate
from sqlalchemy import select, text

from surefoot.cli import main
from surefoot.labeling.agreement import agreement
from surefoot.records import Labels, Rating, Solution
from surefoot.web.room.intake import Plan, take_in
from surefoot.web.room.migrate import newest
from surefoot.web.room.schema import AuditRow, TaskRow

READS = (
    "/admin/overview", "/admin/labelers", "/admin/agreement", "/admin/disagreements",
    "/admin/tasks/1", "/admin/reports", "/admin/quality", "/admin/guidelines",
    "/admin/settings", "/admin/audit",
)  # fmt: skip


@pytest.fixture
def double(make_kit: Callable[..., Kit]) -> Kit:
    """Three problems, one solution each, rated by two people."""
    return make_kit(each=1, plan=Plan(want=2), settings={"is_adaptive": False, "gold_every": 0})


def rated(kit: Kit, **said: dict[str, tuple[Rating, ...]]) -> dict[str, Browser]:
    """Each person rates all that comes, by its problem; half a minute at work each."""
    browsers = {}
    for name, ratings in said.items():
        browsers[name] = browser = kit.browser(name)
        while found := browser.claim():
            problem = "p" + found[0]["problem"]["statement"][-2]
            browser.send(found[0]["assignment_id"], event(1, "active", ms=30_000))
            kit.clock.forward(1)
            done = browser.do({**found[0], "last_seq": 1}, *ratings[problem])
            assert done.status_code == 200, done.text
    return browsers


SAID: dict[str, dict[str, tuple[Rating, ...]]] = {
    "Ada": {"p0": (1, -1), "p1": (1, 1, 0), "p2": (-1,)},
    "Bob": {"p0": (1, 1, -1), "p1": (1, 1, 1), "p2": (1, 1, 1)},
}


def get(browser: Browser, path: str) -> Any:
    answer = browser.get(f"/admin{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_who_may_look_and_who_may_act(double: Kit) -> None:
    admin, lead = double.browser("Root", "admin"), double.browser("Lea", "lead")
    ada, nobody = double.browser("Ada"), double.browser()
    for path in READS:
        assert admin.get(path).status_code == lead.get(path).status_code == 200, path
        assert kind_of(ada.get(path)) == "forbidden"
        assert kind_of(nobody.get(path)) == "not_signed_in"
    people = {row["name"]: row["labeler_id"] for row in get(lead, "/labelers")}
    state = f"/admin/labelers/{people['Ada']}/state"
    acts: tuple[tuple[str, dict[str, Any], int], ...] = (
        (state, {"state": "paused"}, 200),
        (state, {"state": "active"}, 200),
        (state, {"state": "blocked"}, 403),
        (f"/admin/labelers/{people['Root']}/state", {"state": "paused"}, 403),
        (f"/admin/labelers/{people['Ada']}/role", {"role": "admin"}, 403),
        (f"/admin/labelers/{people['Ada']}/revoke", {}, 403),
        ("/admin/invites", {"name": "Eve"}, 403),
        ("/admin/guidelines", {"text": "Be kind."}, 403),
        ("/admin/settings", {"show_rate": False}, 403),
    )
    for path, body, status in acts:
        assert lead.post(path, **body).status_code == status, path
        assert ada.post(path, **body).status_code == 403
        assert nobody.post(path, **body).status_code == 401
    assert ada.post("/admin/disagreements/1/adjudicate", assignment_id=None).status_code == 403


def test_an_administrator_stays(double: Kit) -> None:
    admin = double.browser("Root", "admin")
    people = {row["name"]: row["labeler_id"] for row in get(admin, "/labelers")}
    root = f"/admin/labelers/{people['Root']}"
    assert kind_of(admin.post(f"{root}/role", role="labeler")) == "conflict"
    assert kind_of(admin.post(f"{root}/state", state="blocked")) == "conflict"
    double.browser("Ada")
    ada = {row["name"]: row["labeler_id"] for row in get(admin, "/labelers")}["Ada"]
    assert admin.post(f"/admin/labelers/{ada}/role", role="admin").status_code == 200
    assert admin.post(f"{root}/role", role="labeler").status_code == 200
    assert kind_of(admin.get("/admin/overview")) == "forbidden"


def test_overview_of_a_small_room(double: Kit) -> None:
    lead = double.browser("Lea", "lead")
    empty = get(lead, "/overview")
    assert empty["opinions"] == {"wanted": 6, "given": 0, "remaining": 6}
    assert empty["end"]["at"] is None
    assert "fewer than 10" in empty["end"]["why_unknown"]
    assert empty["pace"]["solutions"] == {"mean": None, "median": None}
    rated(double, **SAID)
    found = get(lead, "/overview")
    assert found["opinions"] == {"wanted": 6, "given": 6, "remaining": 0}
    assert [(t["kind"], t["state"], t["tasks"]) for t in found["tasks"]] == [
        ("work", "complete", 3)
    ]
    assert sum(day["solutions"] for day in found["days"]) == 6
    assert max(day["people"] for day in found["days"]) == 2
    # Six times 30 s at work; ratings 2 + 3 + 1 + 3 + 3 + 3.
    assert found["pace"]["of"] == 6
    assert found["pace"]["solutions"] == {"mean": 120.0, "median": 120.0}
    assert found["pace"]["ratings"]["mean"] == pytest.approx(15 * 3600 / 180)
    assert found["pace"]["ratings"]["median"] == pytest.approx(3 * 120)
    assert found["end"]["days"] == 0
    assert [(g["number"], g["tasks"], g["done"], g["opinions"]) for g in found["generations"]] == [
        (0, 3, 3, 6)
    ]
    assert found["people"] == {"active": 3}
    assert found["database"]["schema"] == newest()


def test_the_end_is_told_from_the_pace(make_kit: Callable[..., Kit]) -> None:
    kit = make_kit(n_problems=40, each=1, settings={"gold_every": 0})
    admin, ada = kit.browser("Root", "admin"), kit.browser("Ada")
    for _ in range(20):
        found = ada.claim()[0]
        ada.send(found["assignment_id"], event(1, "active", ms=60_000))
        ada.do({**found, "last_seq": 1}, -1)
        kit.clock.forward(2 * 24 * 60 / 20)
    end = get(admin, "/overview")["end"]
    # Twenty in two days, twenty to go, a minute each.
    assert (end["recent"], end["people"]) == (20, 1)
    assert end["days"] == pytest.approx(2.0, abs=0.01)
    assert end["hours_of_work"] == pytest.approx(20 / 60)


def test_people_against_counts_by_hand(double: Kit) -> None:
    lead = double.browser("Lea", "lead")
    rated(double, **SAID)
    people = {row["name"]: row for row in get(lead, "/labelers")}
    ada, bob = people["Ada"], people["Bob"]
    assert ada["submissions"] == bob["submissions"] == 3
    assert ada["rates"] == pytest.approx([2 / 6, 1 / 6, 3 / 6])
    assert bob["rates"] == pytest.approx([1 / 9, 0, 8 / 9])
    assert ada["solutions_per_hour"] == pytest.approx(120)
    assert ada["seconds_a_step"] == pytest.approx(15)  # 15, 10 and 30
    assert bob["longest_all_good"] == 2
    assert ada["longest_all_good"] == 0
    # Same first error on p1 only; on p0 Ada's is one step earlier.
    assert (ada["pairs"], ada["later_by"]) == (3, -1)
    assert ada["same"] == pytest.approx(1 / 3)
    assert (bob["pairs"], bob["later_by"]) == (3, 1)
    assert [week["pairs"] for week in ada["weeks"]] == [3]
    assert ada["fast_share"] == 0
    assert ada["gold"] is None
    assert people["Lea"]["solutions_per_hour"] is None
    assert people["Lea"]["last_seen"] is None


def test_fast_ratings_are_counted(double: Kit) -> None:
    lead, ada = double.browser("Lea", "lead"), double.browser("Ada")
    name = ada.claim()[0]["assignment_id"]
    quick = event(2, "rate", step=1, candidate=None, rating=-1, fast=True)
    assert ada.send(name, rate(1, 0, 1), quick).status_code == 200
    assert ada.submit(name, 2).status_code == 200
    people = {row["name"]: row for row in get(lead, "/labelers")}
    assert people["Ada"]["fast_share"] == 0.5


def test_agreement_is_that_of_the_ratings(double: Kit) -> None:
    lead = double.browser("Lea", "lead")
    assert get(lead, "/agreement")["first_errors"]["exact"]["value"] is None
    rated(double, **SAID)
    found = get(lead, "/agreement")
    rows = [
        Labels(
            solution_id=f"{problem}/0",
            problem_id=problem,
            ratings=(*ratings, *(None,) * (3 - len(ratings))),
            rater=name,
        )
        for name, said in SAID.items()
        for problem, ratings in said.items()
    ]
    expected = agreement(rows)
    assert found["first_errors"]["exact"]["value"] == pytest.approx(1 / 3)
    assert found["first_errors"]["near"]["value"] == pytest.approx(2 / 3)
    alpha = expected.ordinal_alpha
    assert [found["ordinal_alpha"][key] for key in ("value", "low", "high", "n")] == pytest.approx(
        list(alpha)
    )
    assert found["confusion"] == expected.confusion
    assert found["pairs"][0]["raters"] == ["Ada", "Bob"]
    # The worst two first, as -1 and +1 are furthest apart; with where to look at them.
    assert [(c["step"], c["text"]) for c in found["contested"]] == [
        (1, "2+1=4"),
        (0, "1+1=2"),
        (2, "# Answer 4"),
    ]


def test_the_command_says_the_same(
    double: Kit, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rated(double, **SAID)
    shown = get(double.browser("Lea", "lead"), "/agreement")
    assert main(["label", "agreement", "--db", place, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["first_errors"] == shown["first_errors"]
    assert report["ordinal_alpha"] == shown["ordinal_alpha"]
    assert "Ada" not in json.dumps(report)  # raters have made-up names outside of the room


def test_disagreements_worst_first_and_decided(double: Kit) -> None:
    admin, lead = double.browser("Root", "admin"), double.browser("Lea", "lead")
    browsers = rated(double, **SAID)
    found = get(lead, "/disagreements")
    assert found["total"] == 2
    # An error or none (p2) before one step of difference (p0); p1 is agreed on.
    starts = [row["statement_start"] for row in found["rows"]]
    assert starts == ["What is 1+1+2?", "What is 1+1+0?"]
    assert get(lead, "/disagreements?offset=1&limit=1")["rows"] == found["rows"][1:]
    task = found["rows"][1]["task_id"]
    whole = get(lead, f"/tasks/{task}")
    assert whole["steps"] == ["1+1=2", "2+1=4", "# Answer 4"]
    by_name = {one["labeler"]: one for one in whole["opinions"]}
    assert by_name["Ada"]["ratings"] == [1, -1, None]
    assert by_name["Bob"]["ratings"] == [1, 1, -1]
    chosen = by_name["Ada"]["assignment_id"]
    path = f"/admin/disagreements/{task}/adjudicate"
    assert kind_of(lead.post(path, assignment_id="x")) == "bad_request"
    assert lead.post(path, assignment_id=chosen, note=" 2+1 is 3 ").status_code == 200
    decision = get(admin, f"/tasks/{task}")["decision"]
    assert (decision["assignment_id"], decision["by"], decision["note"]) == (
        chosen, "Lea", "2+1 is 3",
    )  # fmt: skip
    assert get(lead, "/disagreements")["total"] == 1
    assert [r["task_id"] for r in get(lead, "/disagreements?which=decided")["rows"]] == [task]
    assert get(lead, "/disagreements?which=all")["total"] == 2
    assert kind_of(lead.get("/admin/tasks/999")) == "not_found"
    assert "Ada" in browsers


def test_a_reopened_opinion_counts_as_it_is_now(double: Kit) -> None:
    lead = double.browser("Lea", "lead")
    ada = rated(double, **SAID)["Ada"]
    worst = get(lead, "/disagreements")["rows"][0]["task_id"]
    mine = {o["labeler"]: o for o in get(lead, f"/tasks/{worst}")["opinions"]}["Ada"]
    opened = ada.post(f"/assignments/{mine['assignment_id']}/reopen").json()
    ada.do(opened, 1, 1, 1)
    assert get(lead, "/disagreements")["total"] == 1
    opinions = get(lead, f"/tasks/{worst}")["opinions"]
    assert {one["labeler"]: one["revision"] for one in opinions} == {"Ada": 2, "Bob": 1}


def test_what_raters_tell(double: Kit) -> None:
    lead, ada = double.browser("Lea", "lead"), double.browser("Ada")
    first, second = ada.claim(2)
    name = first["assignment_id"]
    ada.send(
        name,
        rate(1, 0, 1),
        event(2, "flag", step=1, candidate=None, flagged=True),
        event(3, "report_step", step=2, kind="split"),
        event(4, "report_step", step=1, kind="empty"),
        event(5, "report_step", step=1, kind=None),  # taken back
        event(6, "note", text="first"),
        event(7, "note", text="<b>second</b>"),
        rate(8, 1, -1),
    )
    assert ada.submit(name, 8).status_code == 200
    ada.submit(second["assignment_id"], 0, "bad_problem", "there is no question")
    third = ada.claim()[0]
    ada.submit(third["assignment_id"], 0, "give_up", "too hard")
    assert get(lead, "/overview")["reports"] == {
        "unsure": 1, "split": 1, "bad_problem": 1, "give_up": 1, "note": 1,
    }  # fmt: skip
    texts = {
        kind: [
            (r["labeler"], r["step"], r["text"]) for r in get(lead, f"/reports?kind={kind}")["rows"]
        ]
        for kind in ("unsure", "split", "bad_problem", "give_up", "note")
    }
    assert texts == {
        "unsure": [("Ada", 1, "-1")],
        "split": [("Ada", 2, "split")],
        "bad_problem": [("Ada", None, "there is no question")],
        "give_up": [("Ada", None, "too hard")],
        "note": [("Ada", None, "<b>second</b>")],
    }
    unsure = get(lead, "/reports?kind=unsure")["rows"][0]
    assert unsure["step_text"] == "2+1=4"
    assert lead.get("/admin/reports?kind=gossip").status_code == 422


def test_gold_that_most_get_wrong_comes_first(make_kit: Callable[..., Kit]) -> None:
    kit = make_kit(solutions=[], settings={"pass_mark": 1, "gold_every": 0})
    gold: dict[str, dict[str, Any]] = {
        "p0/0": {"first_errors": [1]},
        "p1/0": {"first_errors": [0, None]},
    }
    with kit.database.write() as session:
        plan = Plan(kind="screening", want=9)
        take_in(session, made_problems(2), made_solutions(2, 1), plan, gold=gold, now=START)
        ids = {task.problem_id: task.id for task in session.scalars(select(TaskRow))}
    lead = kit.browser("Lea", "lead")
    for name, error in (("Ada", 1), ("Bob", 2), ("Cyd", 2)):
        browser = kit.browser(name)
        while found := browser.claim():
            is_first = found[0]["problem"]["statement"] == "What is 1+1+0?"
            browser.do(found[0], *((1,) * error + (-1,) if is_first else (1, 1, 1)))
    found = get(lead, "/quality")
    doubtful, fine = found["questions"]
    assert (doubtful["task_id"], doubtful["answers"], doubtful["right"]) == (ids["p0"], 3, 1)
    assert doubtful["is_doubtful"]
    assert {(s["first_error"], s["n"]) for s in doubtful["said"]} == {(2, 2), (1, 1)}
    assert (fine["right"], fine["is_doubtful"], fine["acceptable"]) == (3, False, [0, None])
    screening = found["screening"]
    assert (screening["questions"], screening["pass_mark"]) == (2, 1)
    assert [(p["name"], p["right"], p["state"]) for p in screening["people"]] == [
        ("Ada", 2, "active"), ("Bob", 1, "active"), ("Cyd", 1, "active"),
    ]  # fmt: skip
    chance = {c["accuracy"]: c["passes"] for c in screening["chances"]}
    assert chance[0.75] == pytest.approx(1 - 0.25**2)
    against = get(lead, "/agreement")["gold"]
    assert against["answers"] == 6
    assert against["right"]["value"] == pytest.approx(4 / 6)


def test_guidelines_have_versions(double: Kit) -> None:
    admin = double.browser("Root", "admin")
    assert get(admin, "/guidelines") == []
    assert admin.post("/admin/guidelines", text="Judge steps.").json() == {"version": 1}
    assert admin.post("/admin/guidelines", text="Judge steps.").json() == {"version": 1}
    double.browser("Ada").claim()
    assert admin.post("/admin/guidelines", text="Judge each step.").json() == {"version": 2}
    assert [(g["version"], g["assignments"]) for g in get(admin, "/guidelines")] == [(2, 0), (1, 1)]
    assert admin.post("/admin/guidelines", text="").status_code == 422


def test_settings_are_changed_and_noted(double: Kit) -> None:
    admin = double.browser("Root", "admin")
    before = get(admin, "/settings")["settings"]
    changed = admin.post("/admin/settings", ask_progress=True, pause_below=0.6).json()["settings"]
    assert changed == {**before, "ask_progress": True, "pause_below": 0.6}
    assert double.browser("Ada").get("/me").json()["project"]["ask_progress"] is True
    for wrong in (
        {"lease_minutes": 0},
        {"pause_certainty": 0},
        {"colour": "red"},
        {"pass_mark": "9"},
    ):
        assert admin.post("/admin/settings", **wrong).status_code == 422
    newest = get(admin, "/audit?action=settings")["rows"][0]
    assert newest["actor"] == "Root"
    assert newest["detail"]["after"]["ask_progress"] is True


def test_the_audit_log_in_pages_and_its_break(double: Kit) -> None:
    admin = double.browser("Root", "admin")
    for i in range(5):
        assert admin.post("/admin/invites", name=f"Ada {i}").status_code == 200
    found = get(admin, "/audit?limit=3")
    assert found["first_break"] is None
    assert len(found["rows"]) == 3
    assert found["rows"][0]["target"] == "Ada 4"
    assert found["rows"][0]["actor"] == "Root"
    rest = get(admin, "/audit?limit=3&offset=3")
    assert rest["rows"][0]["id"] == found["rows"][-1]["id"] - 1
    assert get(admin, "/audit?action=invite")["total"] == 6
    if double.database.is_sqlite:
        broken = rest["rows"][0]["id"]
        with double.database.write() as session:
            session.execute(text("DROP TRIGGER audit_no_update"))
            session.get_one(AuditRow, broken).detail = {"name": "Eve"}
        assert get(admin, "/audit")["first_break"] == broken


def test_wrong_clocks_are_told(double: Kit) -> None:
    lead, ada, bob = double.browser("Lea", "lead"), double.browser("Ada"), double.browser("Bob")
    for browser, late in ((ada, 300), (bob, 30)):
        name = browser.claim()[0]["assignment_id"]
        said = event(1, "note", text="x")
        seconds = START // 1000 + late
        said["wall"] = f"2027-01-15T08:{(seconds - 1_800_000_000) // 60:02}:{late % 60:02}Z"
        assert browser.send(name, said).status_code == 200
    assert get(lead, "/overview")["clocks"] == [{"name": "Ada", "ahead_ms": 300_000}]


def test_generations_beside_each_other(double: Kit) -> None:
    solutions = [Solution(solution_id="p0/x", problem_id="p0", steps=("1",), answer="1")]
    plan = Plan(generation=1, verifier="prm-1", policy={"policy": "mixture"})
    with double.database.write() as session:
        take_in(session, made_problems(1), solutions, plan, now=START)
    found = get(double.browser("Root", "admin"), "/overview")["generations"]
    assert [(g["number"], g["verifier"], g["policy"], g["tasks"]) for g in found] == [
        (0, None, {}, 3),
        (1, "prm-1", {"policy": "mixture"}, 1),
    ]
