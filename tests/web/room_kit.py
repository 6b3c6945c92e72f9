"""A labelling room for tests: a database with tasks, a clock, browsers."""

import uuid
from collections.abc import Sequence
from typing import Any

from fastapi.testclient import TestClient
from httpx2 import Response

from surefoot.records import Problem, Session, Solution
from surefoot.web.room import people
from surefoot.web.room.alternatives import Propose
from surefoot.web.room.app import Room
from surefoot.web.room.database import Database
from surefoot.web.room.gold import add_gold, set_pass_mark
from surefoot.web.room.intake import Plan, take_in
from surefoot.web.room.migrate import migrate
from surefoot.web.room.project import set_up
from surefoot.web.room.replay import Replay, replay
from surefoot.web.room.schema import AssignmentRow, TaskRow
from surefoot.web.room.server import create_app

START = 1_800_000_000_000
MINUTE = 60_000
HEADERS = {"X-Surefoot": "1"}
STEPS = ("1+1=2", "2+1=4", "# Answer 4")


def made_problems(n: int) -> list[Problem]:
    return [
        Problem(problem_id=f"p{i}", statement=f"What is 1+1+{i}?", answer=str(i + 2))
        for i in range(n)
    ]


def made_solutions(n_problems: int, each: int = 2) -> list[Solution]:
    return [
        Solution(solution_id=f"p{i}/{k}", problem_id=f"p{i}", steps=STEPS, answer="4")
        for k in range(each)
        for i in range(n_problems)
    ]


def put_gold(kit: "Kit", n: int, kind: Any = "gold", said: Sequence[int | None] = (1,)) -> None:
    """Questions whose right answer is that step 1, from 0, is the first error.

    Of problems that are no work; nothing in their texts tells them from it.
    """
    solutions = [
        Solution(solution_id=f"g{i}", problem_id=f"q{i}", steps=STEPS, answer="4") for i in range(n)
    ]
    problems = [
        Problem(problem_id=s.problem_id, statement="What is 1+1+7?", answer="9") for s in solutions
    ]
    right = {s.solution_id: list(said) for s in solutions}
    with kit.database.write() as session:
        add_gold(session, problems, solutions, right, kind, actor="test", now=kit.clock())
        if kind == "screening":
            set_pass_mark(session, None, now=kit.clock())


def opinion(name: str, *ratings: int | None, finish: str | None = None) -> Session:
    """Of somebody elsewhere about the first solution, `STEPS`."""
    n = len(ratings)
    return Session(
        session_id=name,
        problem_id="p0",
        solution_id="p0/0",
        rater=name,
        format="prm800k",
        alternatives=tuple((text,) for text in STEPS[:n]),
        alternative_ratings=tuple((rating,) for rating in ratings),  # type: ignore[misc]
        chosen=tuple(None if rating == -1 else 0 for rating in ratings),
        shown_steps=STEPS,
        finish_reason=finish,
        other='[[["labeler"], null]]',
    )


class Clock:
    """Time that goes forward when told to."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> int:
        return self.time

    def forward(self, minutes: float) -> None:
        self.time += int(minutes * MINUTE)


class Kit:
    """A room and those who come in."""

    def __init__(
        self,
        place: str,
        *,
        n_problems: int = 3,
        each: int = 2,
        plan: Plan | None = None,
        settings: dict[str, Any] | None = None,
        solutions: Sequence[Solution] | None = None,
        problems: Sequence[Problem] | None = None,
        propose: Propose | None = None,
    ) -> None:
        self.clock = Clock()
        self.database = Database(place)
        plan = plan or Plan()
        migrate(self.database)
        with self.database.write() as session:
            changes = {"per_problem_a_day": 0, **(settings or {})}
            set_up(session, protocol=plan.protocol, changes=changes, now=START)
            take_in(
                session,
                problems or made_problems(n_problems),
                made_solutions(n_problems, each) if solutions is None else solutions,
                plan,
                now=START,
            )
        self.room = Room(
            database=self.database, now=self.clock, protocol=plan.protocol, propose=propose
        )
        self.app = create_app(self.room)

    def link(self, name: str, role: str = "labeler") -> str:
        """Secret of an invite."""
        with self.database.write() as session:
            return people.invite(session, name, role, actor="test", now=self.clock())[0]

    def browser(self, name: str | None = None, role: str = "labeler") -> "Browser":
        """Somebody's browser, signed in; nobody's without a name."""
        browser = Browser(TestClient(self.app, raise_server_exceptions=False))
        if name is not None:
            assert browser.post("/session", secret=self.link(name, role)).status_code == 204
        return browser

    def replay(self) -> Replay:
        """Whether all is as the events say."""
        with self.database.read() as session:
            return replay(session)

    def close(self) -> None:
        self.database.close()


class Browser:
    """One person's requests."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def get(self, path: str) -> Response:
        return self.client.get(f"/api/v1{path}")

    def post(self, path: str, /, **body: Any) -> Response:
        return self.client.post(f"/api/v1{path}", json=body, headers=HEADERS)

    def claim(self, count: int = 1) -> list[dict[str, Any]]:
        response = self.post("/assignments/claim", count=count)
        assert response.status_code == 200, response.text
        found: list[dict[str, Any]] = response.json()["assignments"]
        return found

    def send(self, assignment_id: str, *events: dict[str, Any]) -> Response:
        return self.post(f"/assignments/{assignment_id}/events", session_id="s", events=events)

    def submit(
        self,
        assignment_id: str,
        last_seq: int,
        finish: str = "found_error",
        reason: str | None = None,
        submission_id: str | None = None,
    ) -> Response:
        return self.post(
            f"/assignments/{assignment_id}/submit",
            submission_id=submission_id or str(uuid.uuid4()),
            last_seq=last_seq,
            finish_reason=finish,
            reason=reason,
        )

    def do(self, assignment: dict[str, Any], *ratings: int) -> Response:
        """Rate the first steps and submit."""
        name, first = assignment["assignment_id"], assignment["last_seq"] + 1
        sent = self.send(name, *(rate(first + i, i, rating) for i, rating in enumerate(ratings)))
        assert sent.status_code == 200, sent.text
        finish = "found_error" if -1 in ratings else "solution"
        return self.submit(name, first + len(ratings) - 1, finish)


def event(seq: int, kind: str, /, **payload: Any) -> dict[str, Any]:
    return {
        "event_id": str(uuid.uuid4()),
        "seq": seq,
        "type": kind,
        "payload": payload,
        "mono_ms": 10.0 * seq,
        "wall": "2026-01-01T00:00:00Z",
    }


def rate(seq: int, step: int, rating: int | None, candidate: int | None = None) -> dict[str, Any]:
    return event(seq, "rate", step=step, candidate=candidate, rating=rating)


def kind_of(response: Response) -> str:
    """What is wrong, by its word."""
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert {"type", "title", "detail"} <= body.keys()
    return str(body["type"]).removeprefix("/problems/")


def state_of(person: "Browser") -> str:
    """Whether somebody is in the screening, active, paused, ..."""
    return str(person.get("/me").json()["state"])


def task_of(kit: Kit, work: dict[str, Any]) -> TaskRow:
    """The task of an assignment that somebody was given."""
    with kit.database.read() as session:
        assignment = session.get_one(AssignmentRow, work["assignment_id"])
        return session.get_one(TaskRow, assignment.task_id)
