"""Questions that turn out to be no good are withdrawn, or asked again."""

from collections.abc import Callable

import pytest
from httpx2 import Response
from room_kit import Browser, Kit, kind_of, put_gold, state_of, task_of
from sqlalchemy import select

from surefoot.web.room.schema import AuditRow, TaskRow
from surefoot.web.room.shown import settings_of

MakeKit = Callable[..., Kit]


def asked(lead: Browser, task_id: int, state: str) -> Response:
    return lead.post(f"/admin/questions/{task_id}/state", state=state)


def questions(kit: Kit) -> list[int]:
    with kit.database.read() as session:
        rows = select(TaskRow.id).where(TaskRow.kind != "work").order_by(TaskRow.id)
        return list(session.scalars(rows))


def counted(lead: Browser, name: str) -> tuple[int, int]:
    """Right answers to gold questions and all, as the page of people says."""
    (one,) = (one for one in lead.get("/admin/labelers").json() if one["name"] == name)
    gold = one["gold"] or {"right": 0, "n": 0}
    return gold["right"], gold["n"]


def test_a_withdrawn_question_is_given_to_nobody_and_counts_nowhere(make_kit: MakeKit) -> None:
    kit = make_kit(n_problems=6, each=1, settings={"gold_every": 1})
    put_gold(kit, 3)
    ada, emmy, lead = kit.browser("Ada"), kit.browser("Emmy"), kit.browser("Lead", "lead")
    for ratings in ((1, -1), (-1,)):
        ada.do(ada.claim()[0], *ratings)
    first, second, third = questions(kit)
    assert counted(lead, "Ada") == (1, 2)
    assert asked(lead, second, "withdrawn").json() == {"task_id": second, "state": "withdrawn"}
    assert counted(lead, "Ada") == (1, 1)
    against = lead.get("/admin/agreement").json()["gold"]
    rows = {one["task_id"]: one for one in lead.get("/admin/quality").json()["questions"]}
    assert (rows[second]["state"], rows[second]["answers"]) == ("withdrawn", 1)
    # Emmy is given both of the others, then work.
    given = []
    for _ in range(3):
        (work,) = emmy.claim()
        given.append(task_of(kit, work).id)
        emmy.do(work, 1, -1)
    assert set(given[:2]) == {first, third}
    assert given[2] not in questions(kit)
    assert kit.replay().told == []
    # Asked again, it counts again.
    asked(lead, second, "open")
    assert counted(lead, "Ada") == (1, 2)
    assert lead.get("/admin/agreement").json()["gold"] != against
    assert task_of(kit, emmy.claim()[0]).id == second
    with kit.database.read() as session:
        noted = session.execute(
            select(AuditRow.target, AuditRow.detail).where(AuditRow.action == "question")
        ).all()
    assert [tuple(row) for row in noted] == [
        (str(second), {"after": "withdrawn"}),
        (str(second), {"after": "open"}),
    ]


def test_nobody_is_paused_by_a_withdrawn_question(make_kit: MakeKit) -> None:
    kit = make_kit(n_problems=40, each=1, settings={"gold_every": 1})
    put_gold(kit, 12)
    ada, lead = kit.browser("Ada"), kit.browser("Lead", "lead")
    for task_id in questions(kit)[:7]:
        asked(lead, task_id, "withdrawn")
    n = 0
    while work := ada.claim():
        kit.clock.forward(1)
        ada.do(work[0], -1)
        n += task_of(kit, work[0]).id in questions(kit)
    # Five wrong answers are too few to be sure.
    assert n == 5
    assert state_of(ada) == "active"


def test_work_is_no_question_and_a_labeler_no_lead(make_kit: MakeKit) -> None:
    kit = make_kit(n_problems=1, each=1)
    put_gold(kit, 1)
    (gold,) = questions(kit)
    ada, lead = kit.browser("Ada"), kit.browser("Lead", "lead")
    refused = [
        asked(ada, gold, "withdrawn"),
        asked(lead, 1, "withdrawn"),
        asked(lead, 99, "withdrawn"),
        asked(lead, gold, "complete"),
    ]
    assert [(one.status_code, kind_of(one)) for one in refused] == [
        (403, "forbidden"),
        (409, "conflict"),
        (404, "not_found"),
        (422, "bad_request"),
    ]


@pytest.mark.parametrize(
    ("ratings", "after"), [((1, -1), "active"), ((-1,), "failed")], ids=["right", "wrong"]
)
def test_a_screening_ends_when_what_is_left_is_withdrawn(
    make_kit: MakeKit, ratings: tuple[int, ...], after: str
) -> None:
    kit = make_kit(n_problems=1, each=1)
    put_gold(kit, 2, "screening")
    ada, lead = kit.browser("Ada"), kit.browser("Lead", "lead")
    (work,) = ada.claim()
    ada.do(work, *ratings)
    assert state_of(ada) == "screening"
    (left,) = set(questions(kit)) - {task_of(kit, work).id}
    asked(lead, task_of(kit, work).id, "withdrawn")
    exam = ada.get("/me").json()["screening"]
    assert (exam["answered"], exam["total"]) == (0, 1)
    asked(lead, task_of(kit, work).id, "open")
    asked(lead, left, "withdrawn")
    # Two right answers passed; of one question one does.
    with kit.database.read() as session:
        assert settings_of(session).pass_mark == 1
    assert state_of(ada) == after
    assert kit.replay().told == []


def test_without_a_question_left_a_person_decides(make_kit: MakeKit) -> None:
    kit = make_kit(n_problems=1, each=1)
    put_gold(kit, 1, "screening")
    ada, admin = kit.browser("Ada"), kit.browser("Root", "admin")
    held = ada.claim()[0]
    asked(admin, questions(kit)[0], "withdrawn")
    # What Ada had in hands can still be handed in, and changes nothing.
    assert ada.do(held, -1).status_code == 200
    assert state_of(ada) == "screening"
    labeler_id = ada.get("/me").json()["labeler_id"]
    admin.post(f"/admin/labelers/{labeler_id}/state", state="active")
    assert task_of(kit, ada.claim()[0]).id == 1
    assert kit.replay().told == []
