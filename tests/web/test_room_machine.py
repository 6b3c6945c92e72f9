"""People at work in any order, with crashes: what was acknowledged is there, once."""

import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from room_kit import Browser, Kit, event, rate
from sqlalchemy import func, select

import private_postgres
from surefoot.web.room.app import Room
from surefoot.web.room.database import Database
from surefoot.web.room.intake import Plan
from surefoot.web.room.schema import AssignmentRow, EventRow, RatingRow, SubmissionRow, TaskRow
from surefoot.web.room.server import create_app

NAMES = ("Ada", "Emmy", "Sofja")
WANT = 1

who = st.sampled_from(NAMES)
pick = st.integers(0, 10**6)
FINISHES = ("give_up", "give_up", "found_error", "solution")
ratings = st.lists(st.sampled_from([-1, 0, 1, None]), min_size=1, max_size=4)


class Work:
    """One assignment as its browser knows it."""

    def __init__(self, assignment: dict[str, Any]) -> None:
        self.name = assignment["assignment_id"]
        self.task = str(assignment["problem"]["problem_id"])
        self.seq = assignment["last_seq"]
        self.waiting: list[dict[str, Any]] = []
        self.acked: dict[str, dict[str, Any]] = {}
        self.submissions: dict[str, tuple[int, str, dict[str, Any]]] = {}
        self.is_done = False
        self.is_released = False


class Machine(RuleBasedStateMachine):
    """Three people and one solution of which one opinion is wanted: late ones are common."""

    place: Callable[[], str]

    def __init__(self) -> None:
        super().__init__()
        self.kit = Kit(type(self).place(), n_problems=1, each=1, plan=Plan(want=WANT))
        self.browsers: dict[str, Browser] = {name: self.kit.browser(name) for name in NAMES}
        self.work: dict[str, dict[str, Work]] = {name: {} for name in NAMES}

    def teardown(self) -> None:
        self.kit.close()

    def _all(self) -> list[tuple[str, Work]]:
        return [(name, work) for name, held in self.work.items() for work in held.values()]

    def _some(self, which: int, condition: Callable[[Work], bool] = bool) -> tuple[str, Work]:
        """Somebody's work for which something holds, or any; newer work more often."""
        held = self._all()
        good = [pair for pair in held if condition(pair[1])] or held
        return good[which % len(good)]

    @initialize()
    def begin(self) -> None:
        for name in NAMES[:2]:
            self.claim(name, 1)

    @rule(name=who, count=st.integers(1, 3))
    def claim(self, name: str, count: int) -> None:
        for assignment in self.browsers[name].claim(count):
            known = self.work[name].get(assignment["assignment_id"])
            if known is None:
                known = self.work[name][assignment["assignment_id"]] = Work(assignment)
            assert {e["event_id"] for e in assignment["events"]} == known.acked.keys()
            assert not known.is_released

    @rule(which=pick, said=ratings, is_sent=st.booleans(), is_lost=st.booleans())
    def press(self, which: int, said: list[int | None], is_sent: bool, is_lost: bool) -> None:
        """Keys are pressed; perhaps nothing is sent yet."""
        name, work = self._some(which, lambda work: not work.is_done)
        if work.is_done:
            return
        for step, rating in enumerate(said):
            work.seq += 1
            thing = event(work.seq, "active", ms=7) if step == 3 else rate(work.seq, step, rating)
            work.waiting.append(thing)
        if is_sent:
            self._send(name, work, 0, is_lost)

    @rule(which=pick, start=st.integers(0, 3), is_lost=st.booleans())
    def send(self, which: int, start: int, is_lost: bool) -> None:
        """Some of what waits is sent, the last first."""
        name, work = self._some(which, lambda work: bool(work.waiting))
        self._send(name, work, start, is_lost)

    def _send(self, name: str, work: Work, start: int, is_lost: bool) -> None:
        """With something that was sent before; the answer may get lost."""
        if not work.waiting:
            return
        batch = work.waiting[start:][::-1] or work.waiting
        response = self.browsers[name].send(work.name, *batch, *list(work.acked.values())[-2:])
        assert response.status_code == 200, response.text
        assert {e["event_id"] for e in batch} <= set(response.json()["acked"])
        work.acked |= {e["event_id"]: e for e in batch}
        if not is_lost:
            work.waiting = [e for e in work.waiting if e["event_id"] not in work.acked]

    @rule(which=pick, is_whole=st.booleans(), finish=st.sampled_from(FINISHES))
    def submit(self, which: int, is_whole: bool, finish: str) -> None:
        """Perhaps before all events have arrived."""
        name, work = self._some(which, lambda work: not work.is_done)
        if is_whole and not work.is_done:
            self._send(name, work, 0, False)
        reason = "hard" if finish == "give_up" else None
        submission_id = str(uuid.uuid4())
        missing = {e["seq"] for e in work.waiting if e["event_id"] not in work.acked}
        response = self.browsers[name].submit(work.name, work.seq, finish, reason, submission_id)
        if work.is_done or work.is_released:
            assert response.status_code == 409
        elif missing:
            assert response.status_code == 409
            assert set(response.json()["missing"]) == missing
        elif response.status_code != 422:  # 422: the rules of the protocol, tested elsewhere
            assert response.status_code == 200, response.text
            work.submissions[submission_id] = work.seq, finish, response.json()
            work.is_done = True

    @rule(which=pick)
    def submit_again(self, which: int) -> None:
        name, work = self._some(which, lambda work: bool(work.submissions))
        for submission_id, (seq, finish, answer) in work.submissions.items():
            reason = "hard" if finish == "give_up" else None
            again = self.browsers[name].submit(work.name, seq, finish, reason, submission_id)
            assert again.json()["revision"] == answer["revision"]

    @rule(which=pick)
    def reopen(self, which: int) -> None:
        name, work = self._some(which, lambda work: work.is_done)
        response = self.browsers[name].post(f"/assignments/{work.name}/reopen")
        assert (response.status_code == 200) == bool(work.submissions), response.text
        work.is_done = False

    @rule(which=pick, really=st.integers(0, 2))
    def release(self, which: int, really: int) -> None:
        if really:  # what is released is at its end, so not too often
            return
        name, work = self._some(which)
        state = self.browsers[name].post(f"/assignments/{work.name}/release", reason="r").json()
        if work.submissions:
            assert state["state"] == "submitted"
            work.is_done = True
        else:
            assert state["state"] == "released"
            work.is_released = True

    @rule(which=pick, minutes=st.sampled_from([14, 16, 40]), is_heard=st.booleans())
    def wait(self, which: int, minutes: int, is_heard: bool) -> None:
        """Leases may lapse, but for one that is heard of; others take over."""
        self.kit.clock.forward(minutes / 2)
        if is_heard:
            name, work = self._some(which)
            response = self.browsers[name].post(f"/assignments/{work.name}/heartbeat")
            assert response.status_code == 200
        self.kit.clock.forward(minutes / 2)
        for i in range(3):
            self.claim(NAMES[(which + i) % 3], 1)

    @rule()
    def crash(self) -> None:
        """Another process takes over; browsers keep their cookies."""
        self.kit.database.close()
        self.kit.database = Database(self.kit.database.place)
        self.kit.room = Room(database=self.kit.database, now=self.kit.clock)
        app = create_app(self.kit.room)
        for browser in self.browsers.values():
            browser.client._transport.app = app  # type: ignore[attr-defined]

    @invariant()
    def what_was_acknowledged_is_there_once(self) -> None:
        with self.kit.database.read() as session:
            stored = session.execute(
                select(EventRow.assignment_id, EventRow.event_id, EventRow.seq, EventRow.payload)
            ).all()
        expected = {
            (work.name, e["event_id"], e["seq"], str(e["payload"]))
            for held in self.work.values()
            for work in held.values()
            for e in work.acked.values()
        }
        assert len(stored) == len(expected)
        assert {(a, b, c, str(d)) for a, b, c, d in stored} == expected

    @invariant()
    def the_last_rating_by_number_holds(self) -> None:
        """Made here in another way than by the server, from what was acknowledged."""
        expected: dict[tuple[str, int], int | None] = {}
        for held in self.work.values():
            for work in held.values():
                for e in sorted(work.acked.values(), key=lambda e: int(e["seq"])):
                    if e["type"] == "rate":
                        expected[work.name, e["payload"]["step"]] = e["payload"]["rating"]
        with self.kit.database.read() as session:
            rows = session.scalars(select(RatingRow)).all()
        assert {(row.assignment_id, row.step): row.rating for row in rows} == expected

    @invariant()
    def tables_are_what_the_events_say(self) -> None:
        found = self.kit.replay()
        assert found.told == []
        assert found.counts["submissions"] == sum(
            len(work.submissions) for held in self.work.values() for work in held.values()
        )

    @invariant()
    def nobody_gets_a_slot_too_many(self) -> None:
        with self.kit.database.read() as session:
            late = select(SubmissionRow.assignment_id).where(SubmissionRow.is_late)
            busy = session.execute(
                select(AssignmentRow.task_id, func.count())
                .where(AssignmentRow.state.in_(["leased", "submitted", "reopened"]))
                .where(AssignmentRow.assignment_id.not_in(late))
                .group_by(AssignmentRow.task_id)
            ).all()
            assert all(n <= WANT for _, n in busy)
            stranded = select(AssignmentRow).where(
                AssignmentRow.holds_slot, AssignmentRow.state.in_(["expired", "released"])
            )
            assert session.scalars(stranded).all() == []
            n_done = session.scalar(select(func.sum(TaskRow.done)))
        first = sum(bool(w.submissions) for held in self.work.values() for w in held.values())
        assert n_done == first


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_people_at_work_in_any_order(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    if kind == "postgresql":
        n_examples, url = 8, request.getfixturevalue("postgres")

        def place() -> str:
            return str(private_postgres.emptied(url))
    else:
        n_examples = 30

        def place() -> str:
            return str(Path(tempfile.mkdtemp(dir=tmp_path)) / "labels.db")

    machine = type("OnDatabase", (Machine,), {"place": staticmethod(place)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=n_examples, stateful_step_count=40, deadline=None, database=None
        ),
    )
