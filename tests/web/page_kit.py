"""The labelling page for tests: a server that can be killed, a browser, a person at the keys."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from surefoot.labeling.drafts import Option, Protocol, digest_of
from surefoot.records import Problem, Solution
from surefoot.web.room import people, server
from surefoot.web.room.alternatives import Propose
from surefoot.web.room.app import Room, clock
from surefoot.web.room.database import Database
from surefoot.web.room.intake import Plan, take_in
from surefoot.web.room.migrate import migrate
from surefoot.web.room.project import add_guideline, set_up
from surefoot.web.room.schema import EventRow, OptionRow, SubmissionRow, TaskRow

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "page"
STATIC = ROOT / "src" / "surefoot" / "web" / "static"

AXE = PAGE / "node_modules/axe-core/axe.min.js"
SCREENSHOTS = os.environ.get("SUREFOOT_SCREENSHOTS")
"""A folder to put pictures of the page into, for people to look at."""

STATEMENT = r"What is $1+1+\frac{2}{2}$? It costs \$3 and $5 or $6, not more."
STEPS = (
    r"I notice that $\frac{2}{2} = 1$, so there are three ones to add.",
    r"Adding the first two, $1 + 1 = 2$.",
    r"Then $$2 + \sum_{i=1}^{1} i = 3.$$",
    "So the sum is 3.\n\n# Answer\n\n3",
)


@dataclass(frozen=True, kw_only=True)
class Work:
    """What is put into a room."""

    solutions: Sequence[Sequence[str]] = (STEPS,)
    statement: str = STATEMENT
    answer: str = "3"
    final_answer: str | None = "3"
    options: Sequence[Option] = ()
    settings: dict[str, Any] | None = None
    guideline: str | None = None
    protocol: Protocol = "phase2"


class Site:
    """A room in a file, and a server before it that goes and comes back at one address."""

    def __init__(self, folder: Path, work: Work | None = None) -> None:
        self.db = folder / "labels.db"
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[str] | None = None
        with self.open() as database:
            migrate(database)
            fill(database, work or Work())

    @contextmanager
    def open(self, mode: Any = "write") -> Iterator[Database]:
        """The database, while no server has it."""
        database = Database(str(self.db), mode)
        try:
            yield database
        finally:
            database.close()

    def start(self) -> None:
        """Serve, and wait until requests are answered."""
        words = ["label", "serve", "--db", str(self.db), "--port", str(self.port), "--json"]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "surefoot", *words],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        assert self._process.stdout is not None
        assert json.loads(self._process.stdout.readline())["url"] == self.url

    def kill(self) -> None:
        """As a power cut does."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.communicate()
            self._process = None

    def link(self, name: str) -> str:
        """An invite; made before the server starts."""
        with self.open() as database:
            return self.url + link_of(database, name)

    def events(self) -> list[tuple[int, str, dict[str, Any]]]:
        """What arrived, in order, without time at work."""
        with self.open("read") as database, database.read() as session:
            rows = session.scalars(select(EventRow).order_by(EventRow.assignment_id, EventRow.seq))
            return [(row.seq, row.type, row.payload) for row in rows if row.type != "active"]

    def sessions(self) -> list[dict[str, Any]]:
        """The last submission of each assignment, in the order of the first."""
        with self.open("read") as database, database.read() as session:
            rows = session.scalars(select(SubmissionRow).order_by(SubmissionRow.at))
            found = {row.assignment_id: json.loads(row.session) for row in rows}
        return list(found.values())


@contextmanager
def in_thread(folder: Path, work: Work, propose: Propose | None) -> Iterator[tuple[str, Database]]:
    """A server within this process, where texts are written by a function; its URL."""
    database = Database(str(folder / "labels.db"))
    migrate(database)
    fill(database, work)
    room = Room(database=database, propose=propose, protocol=work.protocol)
    listening = server.bound(server.Address(port=0))
    url = server.url_of(server.Address(port=0), listening)
    threading.Thread(target=server.run, args=(room, listening, url), daemon=True).start()
    yield url, database
    listening.close()


class Browsers:
    """Opens pages, each in a browser context of its own, and hears what goes wrong on them."""

    def __init__(self, chromium: Any) -> None:
        self._chromium = chromium
        self._contexts: list[Any] = []
        self.wrong: list[str] = []

    def __call__(self, **options: Any) -> Any:
        """A new page."""
        context = self._chromium.new_context(
            **{"viewport": {"width": 1440, "height": 900}, **options}
        )
        self._contexts.append(context)
        context.set_default_timeout(10_000)
        context.add_init_script(POLICED)
        page = context.new_page()
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("console", self._hear)
        context.on("request", self._see)
        return page

    def _see(self, request: Any) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "about:")):
            self.wrong.append(f"asked another machine: {request.url}")

    def _hear(self, said: Any) -> None:
        # A server that is gone or refuses is part of some tests; a broken policy never is.
        if said.type == "error" and "Failed to load resource" not in said.text:
            self.wrong.append(said.text)

    def close(self) -> None:
        """End all of them."""
        for context in self._contexts:
            context.close()


POLICED = """
document.addEventListener("securitypolicyviolation", (e) =>
  console.error("policy: " + e.violatedDirective + " " + e.blockedURI));
"""


def fill(database: Database, work: Work) -> None:
    """Put work into a room."""
    problems = [Problem(problem_id="p", statement=work.statement, answer=work.answer)]
    solutions = [
        Solution(solution_id=f"p/{i}", problem_id="p", steps=tuple(s), answer=work.final_answer)
        for i, s in enumerate(work.solutions)
    ]
    with database.write() as session:
        changes = {"per_problem_a_day": 0, **(work.settings or {})}
        set_up(session, name="Sums", protocol=work.protocol, changes=changes, now=clock())
        if work.guideline:
            add_guideline(session, work.guideline, now=clock())
        take_in(session, problems, solutions, Plan(protocol=work.protocol), now=clock())
        task_id = session.scalars(select(TaskRow.id).order_by(TaskRow.id)).first()
        for option in work.options:
            session.add(
                OptionRow(
                    task_id=task_id,
                    number=option.candidate,
                    step=option.step,
                    text=option.text,
                    origin=option.origin,
                    follows=digest_of(work.solutions[0][: option.step]),
                )
            )


def link_of(database: Database, name: str) -> str:
    """Path of an invite."""
    with database.write() as session:
        secret, _ = people.invite(session, name, "labeler", actor="test", now=clock())
        return f"/i#{secret}"


def sign_in(page: Any, link: str) -> None:
    """Opens an invite and presses Enter: the button has the focus."""
    page.goto(link)
    page.get_by_role("button", name="Start").wait_for()
    page.keyboard.press("Enter")
    page.locator(".step, .tray .card").first.wait_for()


def press(page: Any, keys: str) -> None:
    """Keys by their names, with spaces between."""
    for key in keys.split():
        page.keyboard.press(key)


def saved(page: Any) -> None:
    """Waits for the word that says that the server has everything."""
    page.locator('.saved[data-state="saved"]').wait_for(timeout=20_000)


def picture(page: Any, name: str) -> None:
    """Keeps how the page looks now, where somebody wants to see it."""
    if SCREENSHOTS:
        page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png")


def serious(page: Any) -> list[str]:
    """Serious findings of axe-core; its script is let past the page's own policy."""
    if not AXE.is_file():
        pytest.skip("page/node_modules is not there: make page")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {one['help']}: {[node['html'][:90] for node in one['nodes'][:3]]}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]


def rates(site: Site) -> list[tuple[int, int | None]]:
    """Steps and ratings, in order, of the events that arrived."""
    return [(said["step"], said["rating"]) for _, kind, said in site.events() if kind == "rate"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
