"""People at work in any order, with crashes: what was acknowledged is there, once."""

import tempfile
import uuid
from collections import Counter, defaultdict
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
from room_kit import STEPS, Browser, Kit, event, rate
from sqlalchemy import select
from sqlalchemy.orm import Session

import private_postgres
from surefoot.labeling import quality as arithmetic
from surefoot.records import Problem, Solution
from surefoot.web.room.app import Room
from surefoot.web.room.database import Database
from surefoot.web.room.gold import add_gold, set_pass_mark
from surefoot.web.room.intake import Plan
from surefoot.web.room.quality import adjudicate
from surefoot.web.room.schema import (
    AdjudicationRow,
    AssignmentRow,
    EventRow,
    RatingRow,
    SubmissionRow,
    TaskRow,
)
from surefoot.web.room.server import create_app

NAMES = ("Ada", "Emmy", "Sofja", "Maria")
"""The last one is let in by a screening, where there is one."""

who = st.sampled_from(NAMES)
pick = st.integers(0, 10**6)
FINISHES = ("give_up", "bad_problem", "found_error", "found_error", "solution")
REASONS = {"give_up": "hard", "bad_problem": "no question"}
WHOLE: tuple[tuple[int, ...] | str, ...] = (
    *((-1,), (1, -1), (1, 0, 1), (-1,), (1, -1)),
    *("give_up", "bad_problem"),
)
ratings = st.lists(st.sampled_from([-1, 0, 1, None]), min_size=1, max_size=4)


def last_said(session: Session) -> dict[str, SubmissionRow]:
    """By assignment."""
    rows = session.scalars(select(SubmissionRow).order_by(SubmissionRow.revision))
    return {row.assignment_id: row for row in rows}


class Work:
    """One assignment as its browser knows it."""

    def __init__(self, assignment: dict[str, Any], kind: str) -> None:
        self.name = assignment["assignment_id"]
        self.kind = kind
        self.seq = assignment["last_seq"]
        self.waiting: list[dict[str, Any]] = []
        self.acked: dict[str, dict[str, Any]] = {}
        self.submissions: dict[str, tuple[int, str, dict[str, Any]]] = {}
        self.is_done = False
        self.is_released = False


class Machine(RuleBasedStateMachine):
    """Four people and one solution of which one opinion is wanted: late ones are common."""

    place: Callable[[], str]
    n_problems, want = 1, 1

    def __init__(self) -> None:
        super().__init__()
        self.kit = Kit(
            type(self).place(),
            n_problems=self.n_problems,
            each=1,
            plan=Plan(want=self.want),
            # Nobody's id decides, as ids differ when an example is tried again.
            settings={"gold_every": 1, "pause_below": 0.9, "pause_certainty": 0.9},
        )
        self.browsers: dict[str, Browser] = {name: self.kit.browser(name) for name in NAMES[:-1]}
        self.ask_questions()
        self.browsers[NAMES[-1]] = self.kit.browser(NAMES[-1])
        self.lead = self.kit.browser("Lead", "admin")
        self.work: dict[str, dict[str, Work]] = {name: {} for name in NAMES}
        self.withdrawn: set[int] = set()
        """Questions."""

    def ask_questions(self) -> None:
        """None here."""

    def teardown(self) -> None:
        """What is open can be had by somebody who had nothing yet."""
        self.kit.clock.forward(60)
        fresh = self.kit.browser("Hypatia", "lead")
        got = set()
        while held := fresh.claim(3):
            for work in held:
                got.add(self._assignment(work["assignment_id"]).task_id)
                fresh.post(f"/assignments/{work['assignment_id']}/release", reason="r")
        with self.kit.database.read() as session:
            is_open = (TaskRow.slots > 0) & (TaskRow.state == "open") & (TaskRow.kind == "work")
            wanted = set(session.scalars(select(TaskRow.id).where(is_open)))
        assert wanted <= got
        self.kit.close()

    def _assignment(self, name: str) -> AssignmentRow:
        with self.kit.database.read() as session:
            return session.get_one(AssignmentRow, name)

    def _kind(self, name: str) -> str:
        with self.kit.database.read() as session:
            return session.get_one(TaskRow, session.get_one(AssignmentRow, name).task_id).kind

    def _labeler(self, name: str) -> tuple[str, str]:
        """Id and state."""
        me = self.browsers[name].get("/me").json()
        return me["labeler_id"], me["state"]

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
                kind = self._kind(assignment["assignment_id"])
                task_id = self._assignment(assignment["assignment_id"]).task_id
                assert task_id not in self.withdrawn
                known = self.work[name][assignment["assignment_id"]] = Work(assignment, kind)
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
        self._submit(name, work, finish)

    @rule(name=who, said=st.lists(st.sampled_from(WHOLE), min_size=1, max_size=3))
    def work_through(self, name: str, said: list[tuple[int, ...] | str]) -> None:
        """Somebody does a few solutions, one after another."""
        for one in said:
            self.claim(name, 1)
            self.kit.clock.forward(0.1)
            mine = [w for w in self.work[name].values() if not w.is_done and not w.is_released]
            if not mine:
                return
            finish = one if isinstance(one, str) else "found_error" if -1 in one else "solution"
            ratings = [None] * 3 if isinstance(one, str) else [*one, None, None][:3]
            for step, rating in enumerate(ratings):
                mine[-1].seq += 1
                mine[-1].waiting.append(rate(mine[-1].seq, step, rating))
            self._send(name, mine[-1], 0, False)
            self._submit(name, mine[-1], finish)
            assert mine[-1].is_done

    def _submit(self, name: str, work: Work, finish: str) -> None:
        submission_id = str(uuid.uuid4())
        missing = {e["seq"] for e in work.waiting if e["event_id"] not in work.acked}
        response = self.browsers[name].submit(
            work.name, work.seq, finish, REASONS.get(finish), submission_id
        )
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
            again = self.browsers[name].submit(
                work.name, seq, finish, REASONS.get(finish), submission_id
            )
            assert again.json()["revision"] == answer["revision"]

    @rule(which=pick)
    def reopen(self, which: int) -> None:
        name, work = self._some(which, lambda work: work.is_done)
        is_over = work.kind == "screening" and self._labeler(name)[1] != "screening"
        response = self.browsers[name].post(f"/assignments/{work.name}/reopen")
        is_opened = bool(work.submissions) and not is_over
        assert (response.status_code == 200) == is_opened, response.text
        if is_opened:
            work.is_done = False

    @rule(which=pick, really=st.integers(0, 2))
    def release(self, which: int, really: int) -> None:
        if really:  # what is released is at its end, so not too often
            return
        name, work = self._some(which)
        state = self.browsers[name].post(f"/assignments/{work.name}/release", reason="r").json()
        if work.kind == "screening" and not work.submissions:
            assert state["type"] == "/problems/conflict"
        elif work.submissions:
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
        for i in range(len(NAMES)):
            self.claim(NAMES[(which + i) % len(NAMES)], 1)

    @rule(which=pick, is_bad=st.booleans())
    def decide(self, which: int, is_bad: bool) -> None:
        """A lead says which opinion holds, or that the problem is bad; not too often."""
        _, work = self._some(which, lambda work: bool(work.submissions) and work.kind == "work")
        if not work.submissions or work.kind != "work" or which % 5 != 4:
            return
        with self.kit.database.write() as session:
            adjudicate(
                session,
                session.get_one(AssignmentRow, work.name).task_id,
                assignment_id=None if is_bad else work.name,
                note=None,
                actor=self.lead.get("/me").json()["labeler_id"],
                now=self.kit.clock(),
            )

    @rule(name=who, which=pick)
    def pause_or_resume(self, name: str, which: int) -> None:
        """Whoever is paused goes on; others are paused now and then."""
        labeler_id, state = self._labeler(name)
        if state == "paused" or (state == "active" and which % 5 == 4):
            after = "active" if state == "paused" else "paused"
            self.kit.clock.forward(0.1)
            self.lead.post(f"/admin/labelers/{labeler_id}/state", state=after)
            self.kit.clock.forward(0.1)

    @rule()
    def crash(self) -> None:
        """Another process takes over; browsers keep their cookies."""
        self.kit.database.close()
        self.kit.database = Database(self.kit.database.place)
        self.kit.room = Room(database=self.kit.database, now=self.kit.clock)
        self.kit.app = app = create_app(self.kit.room)
        for browser in (*self.browsers.values(), self.lead):
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
            busy = Counter(
                session.scalars(
                    select(AssignmentRow.task_id).where(
                        AssignmentRow.state.in_(["leased", "submitted", "reopened"])
                    )
                )
            )
            tasks = {task.id: task for task in session.scalars(select(TaskRow))}
            stranded = select(AssignmentRow).where(
                AssignmentRow.holds_slot, AssignmentRow.state.in_(["expired", "released"])
            )
            assert session.scalars(stranded).all() == []
        for task in tasks.values():
            assert task.slots >= 0
            assert busy[task.id] + task.slots == task.want
        first = sum(bool(w.submissions) for held in self.work.values() for w in held.values())
        assert sum(task.done for task in tasks.values()) == first

    @invariant()
    def nobody_gets_a_solution_twice(self) -> None:
        with self.kit.database.read() as session:
            rows = select(AssignmentRow.labeler_id, AssignmentRow.solution_id)
            pairs = session.execute(rows).all()
        assert len(set(pairs)) == len(pairs)

    @invariant()
    def tasks_are_as_settled_as_what_was_said(self) -> None:
        """Counted here in another way: by what each person said last."""
        with self.kit.database.read() as session:
            last = last_said(session)
            said = defaultdict(list)
            for name, row in last.items():
                said[session.get_one(AssignmentRow, name).task_id].append(row)
            decided = {d.task_id: d for d in session.scalars(select(AdjudicationRow))}
            in_hands = Counter(
                session.scalars(
                    select(AssignmentRow.task_id).where(AssignmentRow.state == "leased")
                )
            )
            tasks = session.scalars(select(TaskRow)).all()
        for task in tasks:
            ends = [row.finish_reason for row in said[task.id]]
            errors = [r.first_error for r in said[task.id] if r.finish_reason not in REASONS]
            if task.kind != "work":
                assert task.state == ("withdrawn" if task.id in self.withdrawn else "open")
            elif task.state == "resolved":
                assert decided[task.id].assignment_id in last
            elif task.state == "withdrawn":
                is_said = task.id in decided and decided[task.id].assignment_id is None
                assert is_said or "bad_problem" in ends or len(ends) > 1
            elif task.state == "open":
                assert task.slots + in_hands[task.id] > 0
            else:
                most = max((errors.count(error) for error in errors), default=0)
                is_clear = len(set(errors)) == 1 or most > len(errors) - most
                assert task.slots + in_hands[task.id] == 0
                # A lead looks at what nobody could rate, and nobody alone leaves it unrated.
                assert task.state == ("complete" if is_clear else "adjudicate")
                assert errors or len(ends) > 1
                assert ends.count("bad_problem") < 2


class WithQuestions(Machine):
    """Two opinions wanted of two solutions; a gold question for all, a screening for one."""

    n_problems, want = 2, 2

    def ask_questions(self) -> None:
        for kind, n in (("gold", 2), ("screening", 1)):
            solutions = [
                Solution(solution_id=f"{kind}{i}", problem_id=f"{kind}{i}", steps=STEPS)
                for i in range(n)
            ]
            problems = [
                Problem(problem_id=s.problem_id, statement="What?", answer="") for s in solutions
            ]
            right: dict[str, list[int | None]] = {s.solution_id: [1, None] for s in solutions}
            with self.kit.database.write() as session:
                now = self.kit.clock()
                add_gold(session, problems, solutions, right, kind, actor="test", now=now)  # type: ignore[arg-type]
                set_pass_mark(session, None, now=now)

    @rule(which=pick)
    def withdraw_or_ask_again(self, which: int) -> None:
        """A lead does so with some question; what is withdrawn does not stay so for long."""
        with self.kit.database.read() as session:
            rows = select(TaskRow.id).where(TaskRow.kind != "work").order_by(TaskRow.id)
            questions = session.scalars(rows).all()
        task_id = questions[which % len(questions)]
        if task_id not in self.withdrawn and which % 4:
            return
        self.withdrawn ^= {task_id}
        state = "withdrawn" if task_id in self.withdrawn else "open"
        response = self.lead.post(f"/admin/questions/{task_id}/state", state=state)
        assert response.status_code == 200, response.text

    @invariant()
    def only_questions_that_are_asked_count(self) -> None:
        """By the page of people, against what each person said last."""
        with self.kit.database.read() as session:
            last = last_said(session)
            of = {name: session.get_one(AssignmentRow, name) for name in last}
            kinds = {task.id: task.kind for task in session.scalars(select(TaskRow))}
        expected: Counter[str] = Counter(
            one.labeler_id
            for one in of.values()
            if kinds[one.task_id] == "gold" and one.task_id not in self.withdrawn
        )
        people = self.lead.get("/admin/labelers").json()
        said = {one["labeler_id"]: one["gold"]["n"] for one in people if one["gold"]}
        assert said == dict(expected)


@pytest.mark.timeout(900)  # each of a thousand steps waits for the disk, which may be busy
@pytest.mark.parametrize("people", [Machine, WithQuestions])
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_people_at_work_in_any_order(
    kind: str,
    people: type[Machine],
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(arithmetic, "AT_LEAST", 2)  # eight gold questions take too long
    if kind == "postgresql":
        n_examples, url = 8, request.getfixturevalue("postgres")

        def place() -> str:
            return str(private_postgres.emptied(url))
    else:
        n_examples = 25

        def place() -> str:
            return str(Path(tempfile.mkdtemp(dir=tmp_path)) / "labels.db")

    machine = type("OnDatabase", (people,), {"place": staticmethod(place)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=n_examples,
            stateful_step_count=40,
            deadline=None,
            database=None,
        ),
    )
