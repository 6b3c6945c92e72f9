"""People at work in any order, with crashes: what was acknowledged is there, once."""

import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from room_kit import Browser, Kit, event, rate
from sqlalchemy import func, select

from private_postgres import emptied
from surefoot.web.room.app import Room
from surefoot.web.room.database import Database
from surefoot.web.room.intake import Plan
from surefoot.web.room.schema import AssignmentRow, EventRow, SubmissionRow, TaskRow
from surefoot.web.room.server import create_app

NAMES = ("Ada", "Emmy", "Sofja")
WANT = 2

who = st.sampled_from(NAMES)
pick = st.integers(0, 10**6)
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
    """Three people, two problems, two opinions wanted of each solution."""

    place: Callable[[], str]

    def __init__(self) -> None:
        super().__init__()
        self.kit = Kit(type(self).place(), n_problems=2, each=1, plan=Plan(want=WANT))
        self.browsers: dict[str, Browser] = {name: self.kit.browser(name) for name in NAMES}
        self.work: dict[str, dict[str, Work]] = {name: {} for name in NAMES}

    def teardown(self) -> None:
        self.kit.close()

    def _some(self, name: str, which: int) -> Work | None:
        held = list(self.work[name].values())
        return held[which % len(held)] if held else None

    @rule(name=who, count=st.integers(1, 3))
    def claim(self, name: str, count: int) -> None:
        for assignment in self.browsers[name].claim(count):
            known = self.work[name].get(assignment["assignment_id"])
            if known is None:
                known = self.work[name][assignment["assignment_id"]] = Work(assignment)
            assert {e["event_id"] for e in assignment["events"]} == known.acked.keys()
            assert not known.is_released

    @rule(name=who, which=pick, said=ratings, together=st.booleans())
    def press(self, name: str, which: int, said: list[int | None], together: bool) -> None:
        """Keys are pressed; perhaps nothing is sent yet."""
        if (work := self._some(name, which)) is None or work.is_done:
            return
        for step, rating in enumerate(said):
            work.seq += 1
            thing = event(work.seq, "active", ms=7) if step == 3 else rate(work.seq, step, rating)
            work.waiting.append(thing)
        if together:
            self.send(name, which, 0, False)

    @rule(name=who, which=pick, start=st.integers(0, 3), is_lost=st.booleans())
    def send(self, name: str, which: int, start: int, is_lost: bool) -> None:
        """Some of what waits is sent, with something sent before; the answer may get lost."""
        if (work := self._some(name, which)) is None or not work.waiting:
            return
        batch = work.waiting[start:][::-1] or work.waiting
        response = self.browsers[name].send(work.name, *batch, *list(work.acked.values())[-2:])
        assert response.status_code == 200, response.text
        assert {e["event_id"] for e in batch} <= set(response.json()["acked"])
        work.acked |= {e["event_id"]: e for e in batch}
        if not is_lost:
            work.waiting = [e for e in work.waiting if e["event_id"] not in work.acked]

    @rule(name=who, which=pick, finish=st.sampled_from(["found_error", "solution", "give_up"]))
    def submit(self, name: str, which: int, finish: str) -> None:
        if (work := self._some(name, which)) is None:
            return
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

    @rule(name=who, which=pick)
    def submit_again(self, name: str, which: int) -> None:
        if (work := self._some(name, which)) is None:
            return
        for submission_id, (seq, finish, answer) in work.submissions.items():
            reason = "hard" if finish == "give_up" else None
            again = self.browsers[name].submit(work.name, seq, finish, reason, submission_id)
            assert again.json()["revision"] == answer["revision"]

    @rule(name=who, which=pick)
    def reopen(self, name: str, which: int) -> None:
        if (work := self._some(name, which)) is None:
            return
        response = self.browsers[name].post(f"/assignments/{work.name}/reopen")
        assert (response.status_code == 200) == bool(work.submissions), response.text
        work.is_done = False

    @rule(name=who, which=pick)
    def release(self, name: str, which: int) -> None:
        if (work := self._some(name, which)) is None:
            return
        state = self.browsers[name].post(f"/assignments/{work.name}/release").json()
        if "state" not in state:  # a body is asked for
            state = self.browsers[name].post(f"/assignments/{work.name}/release", reason="r").json()
        if work.submissions:
            assert state["state"] == "submitted"
            work.is_done = True
        else:
            assert state["state"] == "released"
            work.is_released = True

    @rule(name=who, which=pick)
    def heartbeat(self, name: str, which: int) -> None:
        if (work := self._some(name, which)) is not None:
            response = self.browsers[name].post(f"/assignments/{work.name}/heartbeat")
            assert response.status_code == 200

    @rule(minutes=st.integers(1, 40))
    def wait(self, minutes: int) -> None:
        """Leases may lapse."""
        self.kit.clock.forward(minutes)

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
            n_done = session.scalar(select(func.sum(TaskRow.done)))
        first = sum(bool(w.submissions) for held in self.work.values() for w in held.values())
        assert n_done == first


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_people_at_work_in_any_order(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    if kind == "postgresql":
        url = request.getfixturevalue("postgres")

        def place() -> str:
            return emptied(url)
    else:

        def place() -> str:
            return str(Path(tempfile.mkdtemp(dir=tmp_path)) / "labels.db")

    machine = type("OnDatabase", (Machine,), {"place": staticmethod(place)})
    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=12, stateful_step_count=25, deadline=None, database=None),
    )
