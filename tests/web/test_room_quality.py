"""Gold questions, screening, pauses, differing opinions, and opinions from elsewhere."""

from collections.abc import Callable
from typing import Any

import pytest
from room_kit import (
    START,
    STEPS,
    Browser,
    Kit,
    kind_of,
    made_problems,
    made_solutions,
    opinion,
    put_gold,
    rate,
    state_of,
    task_of,
)
from sqlalchemy import select

from surefoot.errors import UserError
from surefoot.records import Session, Solution
from surefoot.web.room.gold import add_gold, set_pass_mark
from surefoot.web.room.imports import keep_opinions
from surefoot.web.room.intake import Plan, take_in
from surefoot.web.room.people import set_state
from surefoot.web.room.problems import Refused
from surefoot.web.room.quality import adjudicate, conclude_screening
from surefoot.web.room.replay import replay
from surefoot.web.room.schema import (
    AdjudicationRow,
    AssignmentRow,
    AuditRow,
    GoldResultRow,
    ImportedRow,
    LabelerRow,
    TaskRow,
)
from surefoot.web.room.shown import settings_of

MakeKit = Callable[..., Kit]


def numbers(kit: Kit, work: dict[str, Any]) -> tuple[int, int, int, str]:
    task = task_of(kit, work)
    return task.want, task.slots, task.done, task.state


def audited(kit: Kit, action: str) -> list[dict[str, Any]]:
    with kit.database.read() as session:
        rows = select(AuditRow.detail).where(AuditRow.action == action).order_by(AuditRow.id)
        return list(session.scalars(rows))


def shape(value: Any) -> Any:
    """What can be seen of an answer without reading texts and ids."""
    if isinstance(value, dict):
        return {key: shape(held) for key, held in value.items()}
    return [shape(held) for held in value] if isinstance(value, list) else type(value).__name__


def test_nothing_tells_a_gold_question_from_work(make_kit: MakeKit) -> None:
    kit = make_kit(n_problems=20, each=1, settings={"gold_every": 2})
    put_gold(kit, 12)
    ada = kit.browser("Ada")
    seen: dict[str, list[Any]] = {"work": [], "gold": []}
    for _ in range(16):
        kit.clock.forward(1)
        before = ada.get("/me").json()
        (work,) = ada.claim()
        kit.clock.forward(1)
        claimed = ada.get("/me").json()
        done = ada.do(work, 1, -1).json()
        kit.clock.forward(1)
        after = ada.get("/me").json()
        recent = ada.get("/me/recent").json()
        again = ada.post(f"/assignments/{work['assignment_id']}/reopen").json()
        back = ada.post(f"/assignments/{work['assignment_id']}/release", reason=None).json()
        fell = [
            one["stats"]["left"] - other["stats"]["left"]
            for one, other in ((before, claimed), (claimed, after), (claimed, done["me"]))
        ]
        counted = after["stats"]["today"] - before["stats"]["today"]
        holds = work["lease_expires_at"] > claimed["server_now"]
        seen[task_of(kit, work).kind].append(
            (*map(shape, (work, done, recent[0], again, back)), fell, counted, holds)
        )
        assert shape(before) | {"stats": 0} == shape(after) | {"stats": 0}
    assert len(seen["work"]) >= 3
    assert len(seen["gold"]) >= 3
    assert {str(one) for one in seen["work"]} == {str(one) for one in seen["gold"]}
    assert seen["gold"][0][-3:] == ([1, 0, 0], 1, True)
    assert kit.replay().told == []


def test_gold_comes_at_its_turns_and_never_alone(make_kit: MakeKit) -> None:
    kit = make_kit(n_problems=6, each=1, settings={"gold_every": 1})
    put_gold(kit, 4)
    ada, emmy = kit.browser("Ada"), kit.browser("Emmy")
    for person, kinds in ((ada, "gggg" + "wwww"), (emmy, "gg")):
        found = []
        for _ in kinds:
            (work,) = person.claim()
            found.append(task_of(kit, work).kind[0])
            person.do(work, 1, -1)
        assert "".join(found) == kinds
    (work,) = ada.claim()  # own work first, whatever is due
    assert ada.claim() == [work]
    for _ in range(2):
        ada.do(ada.claim()[0], -1)
    assert emmy.post("/assignments/claim", count=1).json() == {
        "assignments": [],
        "reason": "nothing_left",
    }
    kit.clock.forward(1)
    assert emmy.get("/me").json()["stats"]["left"] == 0
    with kit.database.read() as session:
        results = list(session.scalars(select(GoldResultRow.is_right)))
    assert results == [True] * 6
    assert kit.replay().told == []


def test_gold_is_no_further_solution_of_a_problem_of_the_day(make_kit: MakeKit) -> None:
    """A rater who gets at most one of each problem knows a second one for gold."""
    settings = {"gold_every": 1, "per_problem_a_day": 1}
    kit = make_kit(n_problems=2, each=1, settings=settings)
    with kit.database.write() as session:
        more = [Solution(solution_id=f"g{i}", problem_id="p0", steps=STEPS) for i in range(2)]
        right = {s.solution_id: [1] for s in more}
        add_gold(session, made_problems(2), more, right, "gold", actor="test", now=kit.clock())
    ada = kit.browser("Ada")
    seen = []
    while work := ada.claim():
        seen.append(work[0]["problem"]["problem_id"])
        ada.do(work[0], 1, -1)
    assert len(seen) == len(set(seen)) == 2


def test_a_project_without_gold_turns_gives_none(make_kit: MakeKit) -> None:
    kit = make_kit(n_problems=3, each=1, settings={"gold_every": 0})
    put_gold(kit, 2)
    ada = kit.browser("Ada")
    assert ada.get("/me").json()["stats"]["left"] == 3
    assert {task_of(kit, work).kind for work in ada.claim(3)} == {"work"}


@pytest.mark.parametrize(("n_right", "state"), [(3, "active"), (2, "failed")])
def test_a_screening_lets_in_or_not(make_kit: MakeKit, n_right: int, state: str) -> None:
    kit = make_kit(n_problems=2, each=1)
    put_gold(kit, 4, "screening")
    ada = kit.browser("Ada")
    me = ada.get("/me").json()
    assert (me["state"], me["screening"]) == (
        "screening",
        {"answered": 0, "total": 4, "pass_mark": 3},
    )
    held = ada.claim(3)
    refused = ada.post(f"/assignments/{held[0]['assignment_id']}/release", reason="x")
    assert (refused.status_code, kind_of(refused)) == (409, "conflict")
    name = held[0]["assignment_id"]
    ada.do(held[0], 1, -1)
    # Opened again, the last answer counts; until it is there nothing is decided.
    assert ada.post(f"/assignments/{name}/reopen").status_code == 200
    n = 1
    while fresh := [w for w in ada.claim(2) if w["assignment_id"] != name]:
        for work in fresh:
            n += 1
            assert ada.do(work, *((1, -1) if n <= n_right else (-1,))).status_code == 200
    assert n == 4
    assert state_of(ada) == "screening"
    assert ada.post(f"/assignments/{name}/release", reason=None).json() == {"state": "submitted"}
    assert state_of(ada) == state
    (found,) = audited(kit, "screening")
    assert found == {"before": "screening", "after": state, "right": n_right, "of": 4}
    refused = ada.post(f"/assignments/{name}/reopen")
    assert (refused.status_code, kind_of(refused)) == (409, "not_open")
    answer = ada.post("/assignments/claim", count=1).json()
    assert answer["reason"] == (None if state == "active" else "failed")
    assert all(task_of(kit, work).kind == "work" for work in answer["assignments"])
    assert kit.replay().told == []


def test_the_last_answer_of_a_screening_decides_at_once(make_kit: MakeKit) -> None:
    kit = make_kit(n_problems=1, each=1)
    put_gold(kit, 1, "screening", (None,))
    ada, emmy = kit.browser("Ada"), kit.browser("Emmy")
    done = ada.do(ada.claim()[0], 1, 1, 1).json()
    assert (done["me"]["state"], done["me"]["screening"]) == ("active", None)
    (work,) = emmy.claim()
    given_up = emmy.submit(work["assignment_id"], 0, "give_up", "hard").json()
    assert given_up["me"]["state"] == "failed"
    assert kit.browser("Root", "admin").get("/me").json()["state"] == "active"


def test_who_is_blocked_at_the_end_of_the_screening_stays_blocked(make_kit: MakeKit) -> None:
    kit = make_kit(n_problems=1, each=1)
    if kit.database.is_sqlite:
        pytest.skip("SQLite has one writer at a time")
    put_gold(kit, 2, "screening")
    ada = kit.browser("Ada")
    work = ada.claim(2)
    for one in work:
        ada.do(one, 1, -1)
    assert state_of(ada) == "active"
    labeler_id = ada.get("/me").json()["labeler_id"]
    with kit.database.write() as session:
        set_state(session, labeler_id, "screening", actor="test", now=kit.clock())
    with kit.database.write() as session:
        person = session.get_one(LabelerRow, labeler_id)
        with kit.database.write() as other:
            set_state(other, labeler_id, "blocked", actor="test", now=kit.clock())
        conclude_screening(session, person, settings_of(session), kit.clock())
    with kit.database.read() as session:
        assert session.get_one(LabelerRow, labeler_id).state == "blocked"


def fail_gold(kit: Kit, person: Browser) -> int:
    """Be wrong until paused; the number of gold questions among it."""
    n = 0
    while work := person.claim():
        kit.clock.forward(1)
        n += task_of(kit, work[0]).kind == "gold"
        person.do(work[0], -1)
    return n


def test_who_fails_gold_is_paused_and_the_work_gets_another_opinion(make_kit: MakeKit) -> None:
    kit = make_kit(n_problems=90, each=1, settings={"gold_every": 2})
    put_gold(kit, 40)
    ada, emmy = kit.browser("Ada"), kit.browser("Emmy")
    labeler_id = ada.get("/me").json()["labeler_id"]
    with kit.database.write() as session:
        session.get_one(TaskRow, 1).priority = 5.0
    while task_of(kit, (work := ada.claim()[0])).kind == "gold":
        ada.do(work, 1, -1)  # right, and before the work that is asked again
    right = len(results_of(kit, labeler_id))
    ada.do(work, 1, 1, 1)
    kit.clock.forward(1)
    wrong = fail_gold(kit, ada)
    assert state_of(ada) == "paused"
    assert ada.post("/assignments/claim", count=1).json()["reason"] == "paused"
    (said,) = audited(kit, "pause")
    assert (said["right"], said["of"]) == (right, right + wrong)
    assert said["of"] >= 8
    with kit.database.read() as session:
        mine = session.execute(
            select(TaskRow, AssignmentRow.submitted_at)
            .join(AssignmentRow, AssignmentRow.task_id == TaskRow.id)
            .where(TaskRow.kind == "work")
        ).all()
        since = min(results_of(kit, labeler_id))
        again = sorted(task.id for task, at in mine if at is not None and at >= since)
        states = {task.id: (task.want, task.slots, task.state) for task, _ in mine}
    assert said["asked_again"] == again
    for task_id, numbers in states.items():
        assert numbers == ((2, 1, "open") if task_id in again else (1, 0, "complete"))
    assert kit.replay().told == []
    # Somebody else gets all of it; the same gold results ask for nothing twice.
    kit.browser("Root", "admin").post(f"/admin/labelers/{labeler_id}/state", state="active")
    kit.clock.forward(1)
    assert fail_gold(kit, ada) == 8
    second = audited(kit, "pause")[1]
    assert (second["right"], second["of"]) == (0, 8)
    assert not set(second["asked_again"]) & set(again)
    rated = set()
    while found := emmy.claim():
        rated.add(task_of(kit, found[0]).id)
        emmy.do(found[0], 1, -1)
    assert set(again) <= rated
    assert kit.replay().told == []


def results_of(kit: Kit, labeler_id: str) -> list[int]:
    with kit.database.read() as session:
        rows = select(GoldResultRow.at).where(GoldResultRow.labeler_id == labeler_id)
        return list(session.scalars(rows))


def test_what_a_paused_person_hands_in_is_asked_again_too(make_kit: MakeKit) -> None:
    kit = make_kit(n_problems=1, each=1)
    ada, admin = kit.browser("Ada"), kit.browser("Root", "admin")
    (work,) = ada.claim()
    admin.post(f"/admin/labelers/{ada.get('/me').json()['labeler_id']}/state", state="paused")
    assert ada.claim() == [work]
    ada.do(work, -1)
    assert numbers(kit, work) == (2, 1, 1, "open")
    ada.post(f"/assignments/{work['assignment_id']}/reopen")
    ada.send(work["assignment_id"], rate(2, 0, 1), rate(3, 1, -1))
    ada.submit(work["assignment_id"], 3)
    assert numbers(kit, work) == (2, 1, 1, "open")


def test_reopened_gold_is_scored_by_its_last_revision(make_kit: MakeKit) -> None:
    kit = make_kit(n_problems=2, each=1, settings={"gold_every": 1})
    put_gold(kit, 1, said=(1, None))
    ada = kit.browser("Ada")
    (work,) = ada.claim()
    name = work["assignment_id"]
    found = []
    kit.clock.forward(1)
    for i, (ratings, finish) in enumerate(
        [((-1,), "found_error"), ((1, -1), "found_error"), ((1, 1, 1), "solution")]
    ):
        kit.clock.forward(1)
        if i:
            ada.post(f"/assignments/{name}/reopen")
        seq = ada.get(f"/assignments/{name}").json()["last_seq"]
        ada.send(name, *(rate(seq + 1 + k, k, rating) for k, rating in enumerate(ratings)))
        ada.submit(name, seq + len(ratings), finish)
        with kit.database.read() as session:
            (row,) = session.scalars(select(GoldResultRow))
            found.append((row.is_right, row.first_error, row.at - START))
    at = 2 * 60_000
    assert found == [(False, 0, at), (True, 1, at), (True, None, at)]
    assert kit.replay().told == []


FIRST, SECOND, NONE = (-1,), (1, -1), (1, 1, 1)


@pytest.mark.parametrize(
    ("said", "states"),
    [
        ([FIRST, FIRST], ["open", "complete"]),
        ([FIRST, SECOND, FIRST], ["open", "open", "complete"]),
        ([NONE, SECOND, SECOND], ["open", "open", "complete"]),
        ([FIRST, SECOND, NONE], ["open", "open", "adjudicate"]),
    ],
)
def test_where_two_differ_a_third_is_asked_and_then_a_lead(
    make_kit: MakeKit, said: list[tuple[int, ...]], states: list[str]
) -> None:
    kit = make_kit(n_problems=1, each=1, plan=Plan(want=2))
    found = []
    for i, ratings in enumerate(said):
        person = kit.browser(f"rater {i}")
        (work,) = person.claim()
        person.do(work, *ratings)
        found.append(numbers(kit, work))
    assert [state for *_, state in found] == states
    assert found[-1][:3] == (len(said), 0, len(said))
    assert kit.browser("one more").claim() == []
    assert kit.replay().told == []


def test_without_third_opinions_two_are_enough(make_kit: MakeKit) -> None:
    kit = make_kit(n_problems=1, each=1, plan=Plan(want=2), settings={"is_adaptive": False})
    for i, ratings in enumerate((FIRST, SECOND)):
        person = kit.browser(f"rater {i}")
        (work,) = person.claim()
        person.do(work, *ratings)
    assert numbers(kit, work) == (2, 0, 2, "complete")


def test_a_changed_mind_settles_a_task_again(make_kit: MakeKit) -> None:
    kit = make_kit(n_problems=1, each=1, plan=Plan(want=3))
    people = [kit.browser(f"rater {i}") for i in range(3)]
    held = [person.claim()[0] for person in people]
    for person, work, ratings in zip(people, held, (FIRST, SECOND, NONE), strict=True):
        person.do(work, *ratings)
    assert numbers(kit, held[0])[3] == "adjudicate"
    name = held[2]["assignment_id"]
    people[2].post(f"/assignments/{name}/reopen")
    people[2].send(name, rate(4, 1, -1), rate(5, 2, None))
    people[2].submit(name, 5)
    assert numbers(kit, held[0]) == (3, 0, 3, "complete")


def test_a_problem_that_two_find_bad_is_withdrawn(make_kit: MakeKit) -> None:
    kit = make_kit(n_problems=1, each=1)
    ada, emmy = kit.browser("Ada"), kit.browser("Emmy")
    (work,) = ada.claim()
    ada.submit(work["assignment_id"], 0, "bad_problem", "no question")
    assert numbers(kit, work) == (2, 1, 1, "open")
    ada.post(f"/assignments/{work['assignment_id']}/reopen")
    ada.submit(work["assignment_id"], 0, "bad_problem", "really")
    assert numbers(kit, work) == (2, 1, 1, "open")
    (other,) = emmy.claim()
    emmy.submit(other["assignment_id"], 0, "bad_problem", "no question")
    assert numbers(kit, work) == (2, 0, 2, "withdrawn")
    assert audited(kit, "withdraw") == [{"bad": 2}]
    assert kit.browser("Sofja").claim() == []
    assert kit.replay().told == []


def test_giving_up_hands_on_once(make_kit: MakeKit) -> None:
    kit = make_kit(n_problems=1, each=1)
    people = [kit.browser(name) for name in ("Ada", "Emmy", "Sofja", "Maria")]
    found = []
    for person, finish in zip(people, ("give_up", "bad_problem", "give_up"), strict=False):
        (work,) = person.claim()
        person.submit(work["assignment_id"], 0, finish, "hard")
        found.append(numbers(kit, work))
    assert found == [(2, 1, 1, "open"), (3, 1, 2, "open"), (3, 0, 3, "adjudicate")]
    assert people[3].claim() == []


def test_two_who_differ_and_two_who_gave_up_are_for_a_lead(make_kit: MakeKit) -> None:
    kit = make_kit(n_problems=1, each=1, plan=Plan(want=2))
    for i, ratings in enumerate((FIRST, None, None, SECOND)):
        person = kit.browser(f"rater {i}")
        (work,) = person.claim()
        if ratings:
            person.do(work, *ratings)
        else:
            kind = "give_up" if i == 1 else "bad_problem"
            person.submit(work["assignment_id"], 0, kind, "hard")
    assert numbers(kit, work) == (4, 0, 4, "adjudicate")


def test_a_lead_decides_and_may_decide_again(make_kit: MakeKit) -> None:
    kit = make_kit(n_problems=2, each=1, plan=Plan(want=3))
    put_gold(kit, 1, "screening")
    lead = kit.browser("Lead", "lead").get("/me").json()["labeler_id"]
    people = [kit.browser(f"rater {i}", "lead") for i in range(3)]
    held = [person.claim()[0] for person in people]
    for person, work, ratings in zip(people, held, (FIRST, SECOND, NONE), strict=True):
        person.do(work, *ratings)
    task = task_of(kit, held[0])
    (other,) = people[0].claim()

    def decide(name: str | None, task_id: int = task.id, actor: str = lead) -> None:
        with kit.database.write() as session:
            adjudicate(session, task_id, assignment_id=name, note="n", actor=actor, now=7)

    decide(held[1]["assignment_id"])
    assert numbers(kit, held[0])[3] == "resolved"
    decide(None)
    assert numbers(kit, held[0])[3] == "withdrawn"
    decide(held[2]["assignment_id"])
    with kit.database.read() as session:
        (row,) = session.scalars(select(AdjudicationRow))
        assert (row.assignment_id, row.labeler_id, row.note, row.at) == (
            held[2]["assignment_id"], lead, "n", 7,
        )  # fmt: skip
        gold_id = session.scalars(select(TaskRow.id).where(TaskRow.kind == "screening")).one()
    assert [(d["before"], d["after"]) for d in audited(kit, "adjudicate")] == [
        ("adjudicate", "resolved"), ("resolved", "withdrawn"), ("withdrawn", "resolved"),
    ]  # fmt: skip
    for name, task_id, actor, why in (
        (other["assignment_id"], task.id, lead, "no submission of this task"),
        ("x", task.id, lead, "no submission of this task"),
        (None, 999, lead, "no such task"),
        (None, gold_id, lead, "what is right is known"),
        (None, task.id, "command line", "a person decides"),
    ):
        with pytest.raises(Refused, match=why):
            decide(name, task_id, actor)
    # What is decided stays so, whatever is said later.
    people[0].post(f"/assignments/{held[0]['assignment_id']}/reopen")
    people[0].submit(held[0]["assignment_id"], 1, "bad_problem", "x")
    assert numbers(kit, held[0])[3] == "resolved"
    assert kit.replay().told == []


def test_gold_needs_first_errors_and_phase_2(make_kit: MakeKit) -> None:
    kit = make_kit(n_problems=1, each=1)
    for said, why in (
        ([], "no acceptable first error"),
        ([3], "first error 3 must be null or 0 to 2"),
        ([-1], "first error -1 must be"),
        ([True], "first error True must be"),
    ):
        with pytest.raises(UserError, match=rf"solution 1 \('g0'\): {why}"):
            put_gold(kit, 1, said=said)
    put_gold(kit, 1, said=[0])
    with kit.database.write() as session, pytest.raises(UserError, match="--pass-mark 1: there"):
        set_pass_mark(session, 1, now=0)


def test_phase_1_has_no_gold(make_kit: MakeKit) -> None:
    kit = make_kit(n_problems=1, each=1, plan=Plan(protocol="phase1"))
    with pytest.raises(UserError, match="the project is of phase1, where no first error is found"):
        put_gold(kit, 1)


def test_other_answers_are_scored_anew(make_kit: MakeKit) -> None:
    kit = make_kit(n_problems=2, each=1, settings={"gold_every": 1})
    put_gold(kit, 1, said=[0])
    ada = kit.browser("Ada")
    ada.do(ada.claim()[0], 1, -1)
    for said, right in (([0], False), ([0, 1], True), ([0], False)):
        put_gold(kit, 1, said=said)
        with kit.database.read() as session:
            assert session.scalars(select(GoldResultRow.is_right)).one() is right
        assert kit.replay().told == []
    assert [d["changed"] for d in audited(kit, "gold")] == [0, 1, 1]


def test_replay_mends_results_and_counts(make_kit: MakeKit) -> None:
    kit = make_kit(n_problems=2, each=1, settings={"gold_every": 1})
    put_gold(kit, 2)
    ada = kit.browser("Ada")
    for _ in range(2):
        ada.do(ada.claim()[0], 1, -1)
    with kit.database.write() as session:
        first, second = session.scalars(select(GoldResultRow))
        first.is_right, first.first_error = False, 2
        session.delete(second)
        session.get_one(TaskRow, 1).imported = 3
    assert kit.replay().counts["differences"] == 3
    with kit.database.write() as session:
        assert replay(session, mend=True).counts["differences"] == 3
    found = kit.replay()
    assert (found.told, found.counts["results"]) == ([], 2)


A, B, C = opinion("a", -1), opinion("b", 1, -1), opinion("c", 1, 0, 1)
GIVEN_UP, UNFINISHED = opinion("d", 1, finish="give_up"), opinion("e", 1, None)


@pytest.mark.parametrize(
    ("want", "given", "expected"),
    [
        (1, [A], (1, 0, 1, "complete")),
        (2, [A], (2, 1, 1, "open")),
        (1, [A, opinion("f", -1)], (2, 0, 2, "complete")),
        (1, [A, B], (3, 1, 2, "open")),
        (1, [A, B, C], (3, 0, 3, "adjudicate")),
        (1, [GIVEN_UP, UNFINISHED], (1, 1, 0, "open")),
        (1, [GIVEN_UP, C], (1, 0, 1, "complete")),
        (1, [], (1, 1, 0, "open")),
    ],
)
def test_opinions_from_elsewhere_count(
    make_kit: MakeKit, want: int, given: list[Session], expected: tuple[int, int, int, str]
) -> None:
    kit = make_kit(n_problems=1, each=1, solutions=[])
    plan = Plan(want=want)
    for _ in range(2):
        with kit.database.write() as session:
            take_in(session, made_problems(1), made_solutions(1, 1), plan, now=kit.clock())
            keep_opinions(session, {"p0/0": given, "elsewhere": [A]}, now=kit.clock())
            (task,) = session.scalars(select(TaskRow))
            assert (task.want, task.slots, task.imported, task.state) == expected
            rows = session.scalars(select(ImportedRow)).all()
            assert len(rows) == len(given)
        assert kit.replay().told == []
    assert (kit.browser("Ada").claim() != []) == (expected[1] > 0)


@pytest.mark.parametrize(
    ("change", "why"),
    [({"first_error": 2}, "another first error"), ({"session": "{}"}, "not what was stored")],
)
def test_replay_looks_at_opinions_from_elsewhere(
    make_kit: MakeKit, change: dict[str, Any], why: str
) -> None:
    kit = make_kit(n_problems=1, each=1, solutions=[])
    with kit.database.write() as session:
        take_in(session, made_problems(1), made_solutions(1, 1), Plan(), now=kit.clock())
        keep_opinions(session, {"p0/0": [A]}, now=kit.clock())
        for name, value in change.items():
            setattr(session.scalars(select(ImportedRow)).one(), name, value)
    assert why in kit.replay().told[0]


def test_opinions_that_come_later_meet_those_given_here(make_kit: MakeKit) -> None:
    kit = make_kit(n_problems=1, each=1)

    def come(*given: Session) -> tuple[int, int, int, str]:
        with kit.database.write() as session:
            keep_opinions(session, {"p0/0": given}, now=kit.clock())
            (task,) = session.scalars(select(TaskRow))
            return task.want, task.slots, task.imported, task.state

    ada = kit.browser("Ada")
    (work,) = ada.claim()
    assert come(A) == (2, 0, 1, "open")  # one in Ada's hands
    ada.do(work, -1)
    assert come(A)[3] == "complete"
    assert come(B) == (3, 0, 2, "complete")  # two against one
    assert come(C, opinion("f", 1, -1)) == (5, 0, 4, "adjudicate")  # two, two, one
    assert kit.replay().told == []


def test_people_meet_in_the_room_whatever_state_they_are_in(make_kit: MakeKit) -> None:
    """A person who is put back into the screening, with nothing to answer, is not stuck."""
    kit = make_kit(n_problems=1, each=1)
    ada, admin = kit.browser("Ada"), kit.browser("Root", "admin")
    labeler_id = ada.get("/me").json()["labeler_id"]
    admin.post(f"/admin/labelers/{labeler_id}/state", state="screening")
    assert ada.claim() == []
    assert state_of(ada) == "screening"  # there are no questions: a person decides
    put_gold(kit, 1, "screening")
    ada.do(ada.claim()[0], 1, -1)
    assert state_of(ada) == "active"
    admin.post(f"/admin/labelers/{labeler_id}/state", state="screening")
    assert len(ada.claim()) == 1
    assert state_of(ada) == "active"
    with kit.database.read() as session:
        assert session.scalars(select(LabelerRow.state)).all().count("active") == 2


def test_a_decision_ends_where_the_chosen_opinion_changes(make_kit: MakeKit) -> None:
    kit = make_kit(n_problems=1, each=1, plan=Plan(want=2))
    people = [kit.browser(name) for name in ("Ada", "Bob", "Cyd")]
    works = []
    for person, ratings in zip(people, ((1, -1), (1, 1, 1), (-1,)), strict=True):
        (work,) = person.claim()
        works.append(work)
        person.do(work, *ratings)
    lead = kit.browser("Emmy", "lead")
    assert numbers(kit, works[0])[3] == "adjudicate"
    path = f"/admin/disagreements/{task_of(kit, works[0]).id}/adjudicate"
    assert lead.post(path, assignment_id=works[0]["assignment_id"]).status_code == 200
    assert numbers(kit, works[0])[3] == "resolved"
    people[0].post(f"/assignments/{works[0]['assignment_id']}/reopen")
    people[0].submit(works[0]["assignment_id"], 2)  # the same again changes nothing
    assert numbers(kit, works[0])[3] == "resolved"
    again = people[0].post(f"/assignments/{works[0]['assignment_id']}/reopen").json()
    people[0].do(again, 1, 1, 0)  # now with Bob: no error
    assert audited(kit, "undecide") == [{"assignment_id": works[0]["assignment_id"], "revision": 3}]
    assert numbers(kit, works[0])[3] == "complete"  # two of three agree
    with kit.database.read() as session:
        assert session.scalars(select(AdjudicationRow)).all() == []
    assert kit.replay().told == []


def test_somebody_else_is_asked_where_the_chosen_opinion_becomes_a_refusal(
    make_kit: MakeKit,
) -> None:
    kit = make_kit(n_problems=1, each=1)
    ada, bob = kit.browser("Ada"), kit.browser("Bob")
    (work,) = ada.claim()
    ada.do(work, 1, -1)
    path = f"/admin/disagreements/{task_of(kit, work).id}/adjudicate"
    lead = kit.browser("Emmy", "lead")
    assert lead.post(path, assignment_id=work["assignment_id"]).status_code == 200
    ada.post(f"/assignments/{work['assignment_id']}/reopen")
    ada.submit(work["assignment_id"], 2, "give_up", "too hard")
    # As where nothing had been decided: one person alone leaves nothing unrated.
    assert numbers(kit, work) == (2, 1, 1, "open")
    (second,) = bob.claim()
    bob.do(second, 1, 1, 1)
    assert numbers(kit, work) == (2, 0, 2, "complete")
    assert kit.replay().told == []


def test_what_everybody_gave_up_is_for_a_lead(make_kit: MakeKit) -> None:
    kit = make_kit(n_problems=1, each=1)
    for name in ("Ada", "Bob"):
        person = kit.browser(name)
        (work,) = person.claim()
        assert person.submit(work["assignment_id"], 0, "give_up", "too hard").status_code == 200
    assert numbers(kit, work) == (2, 0, 2, "adjudicate")
    lead = kit.browser("Emmy", "lead")
    (row,) = lead.get("/admin/disagreements?which=open").json()["rows"]
    assert (row["state"], row["opinions"], row["first"]) == ("adjudicate", 0, None)


def test_a_paused_person_who_gives_up_asks_for_one_more(make_kit: MakeKit) -> None:
    kit = make_kit(n_problems=1, each=1)
    ada = kit.browser("Ada")
    (work,) = ada.claim()
    with kit.database.write() as session:
        labeler = session.scalars(select(LabelerRow).where(LabelerRow.name == "Ada")).one()
        set_state(session, labeler.labeler_id, "paused", actor="test", now=kit.clock())
    assert ada.submit(work["assignment_id"], 0, "give_up", "too hard").status_code == 200
    assert numbers(kit, work)[:2] == (2, 1)


def test_who_is_let_in_again_comes_back_to_the_screening(make_kit: MakeKit) -> None:
    kit = make_kit(n_problems=2)
    put_gold(kit, 3, "screening")
    ada = kit.browser("Ada")
    bob = kit.browser("Bob", "lead")
    assert [state_of(person) for person in (ada, bob)] == ["screening", "active"]
    with kit.database.write() as session:
        people = {row.name: row.labeler_id for row in session.scalars(select(LabelerRow))}
        for name in ("Ada", "Bob"):
            for state in ("blocked", "active"):
                set_state(session, people[name], state, actor="test", now=kit.clock())
    assert [state_of(person) for person in (ada, bob)] == ["screening", "active"]
