"""A lead decides for an opinion from elsewhere."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from room_kit import Browser, Kit, kind_of, opinion
from sqlalchemy import select, text

from surefoot.labeling.rated import Wanted
from surefoot.web.room.collect import collect
from surefoot.web.room.imports import keep_opinions
from surefoot.web.room.migrate import migrate
from surefoot.web.room.schema import AdjudicationRow, TaskRow

MakeKit = Callable[..., Kit]
PATH = "/admin/disagreements/1/adjudicate"


def disputed(make_kit: MakeKit) -> tuple[Kit, Browser]:
    """Three opinions from elsewhere on the first of two solutions, and a lead."""
    kit = make_kit(n_problems=2, each=1)
    given = [opinion("a", -1), opinion("b", 1, -1), opinion("c", 1, 0, 1)]
    with kit.database.write() as session:
        keep_opinions(session, {"p0/0": given}, now=kit.clock())
    return kit, kit.browser("Lea", "lead")


def taken(kit: Kit) -> list[str]:
    """Whose opinions an export of one a task holds."""
    with kit.database.read() as session:
        return [one.session.rater for one in collect(session, Wanted(take="one"), Counter())]


def seen(lead: Browser) -> dict[str, Any]:
    found: dict[str, Any] = lead.get("/admin/tasks/1").json()
    return found


def test_an_opinion_from_elsewhere_holds_where_a_lead_says_so(make_kit: MakeKit) -> None:
    kit, lead = disputed(make_kit)
    ids = {one["labeler"].split()[0]: one["imported_id"] for one in seen(lead)["opinions"]}
    assert (set(ids), seen(lead)["state"]) == ({"a", "b", "c"}, "adjudicate")
    assert taken(kit) == ["a"]  # the first, as no two agree
    said = lead.post(PATH, assignment_id=None, imported_id=ids["b"])
    assert said.json() == {"task_id": 1, "assignment_id": None, "imported_id": ids["b"]}
    assert seen(lead)["state"] == "resolved"
    assert seen(lead)["decision"]["imported_id"] == ids["b"]
    assert taken(kit) == ["b"]
    # It may be decided again, and that none holds.
    lead.post(PATH, assignment_id=None)
    assert (seen(lead)["state"], taken(kit)) == ("withdrawn", [])
    lead.post(PATH, assignment_id=None, imported_id=ids["c"])
    assert taken(kit) == ["c"]
    assert kit.replay().told == []


def test_one_opinion_of_this_task_is_named(make_kit: MakeKit) -> None:
    kit, lead = disputed(make_kit)
    with kit.database.write() as session:
        keep_opinions(session, {"p1/0": [opinion("d", -1)]}, now=kit.clock())
    (here, *_), (other, *_) = (lead.get(f"/admin/tasks/{i}").json()["opinions"] for i in (1, 2))
    for body in (
        {"assignment_id": None, "imported_id": other["imported_id"]},
        {"assignment_id": None, "imported_id": 99},
        {"assignment_id": "x", "imported_id": here["imported_id"]},
    ):
        refused = lead.post(PATH, **body)
        assert (refused.status_code, kind_of(refused)) == (422, "bad_request")
    assert seen(lead)["decision"] is None


def test_an_older_version_loses_such_decisions_only(make_kit: MakeKit) -> None:
    kit, lead = disputed(make_kit)
    lead.post(PATH, assignment_id=None, imported_id=seen(lead)["opinions"][0]["imported_id"])
    lead.post(PATH.replace("/1/", "/2/"), assignment_id=None)
    migrate(kit.database, "0002")
    with kit.database.write() as session:
        assert session.execute(text("SELECT task_id FROM adjudication")).all() == [(2,)]
    migrate(kit.database)
    with kit.database.read() as session:
        (row,) = session.scalars(select(AdjudicationRow))
        assert (row.task_id, row.imported_id) == (2, None)
        assert session.get_one(TaskRow, 2).state == "withdrawn"
