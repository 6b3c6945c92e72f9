"""The page for leads, as a person uses it: all tabs, a decision, an invite, a pause."""

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from page_kit import PAGE, SCREENSHOTS, press
from room_kit import Browser, Kit, event, opinion
from room_server import Served

from surefoot.records import Problem, Solution
from surefoot.web.room.imports import keep_opinions
from surefoot.web.room.intake import Plan, take_in
from surefoot.web.room.project import add_guideline

NewPage = Callable[..., Any]
AXE = PAGE / "node_modules/axe-core/axe.min.js"
TABS = (
    "Overview", "People", "Agreement", "Disagreements", "Quality", "Flags", "Guidelines",
    "Settings", "Exports", "Audit",
)  # fmt: skip
HOSTILE = (
    "<img src='http://203.0.113.1/x.png' onerror='window.hit = 1'> so $1+1=2$",
    "<script>window.hit = 1</script> hence $\\frac{4}{2} + x < 3$",
    "[click](javascript:window.hit=1) abc \u202e fed",
)
MINUTE = 60_000
DAY = 24 * 60 * MINUTE


class Room:
    """A served room in which Ada, Bob and Cyd have rated for some days."""

    def __init__(self, folder: Path) -> None:
        self.db = folder / "labels.db"
        kit = Kit(
            str(self.db),
            problems=[problem(i) for i in range(8)],
            solutions=[solution(i) for i in range(8)],
            plan=Plan(want=2),
            settings={"is_adaptive": False, "gold_every": 0},
        )
        kit.clock.time = time.time_ns() // 1_000_000 - 6 * DAY
        self._gold(kit)
        for name, shift in (("Ada", 0), ("Bob", 1), ("<b>Cyd</b>", 2)):
            self._work(kit, kit.browser(name), shift)
        with kit.database.write() as session:
            given = [opinion("f", -1), opinion("g", 1, -1)]
            keep_opinions(session, {"p0/0": given}, now=kit.clock())
        secret = kit.link("Lea", "lead")
        kit.link("Root", "admin")
        kit.close()
        self.served = Served("--db", str(self.db))
        self.url = str(self.served.said["url"])
        # The link that is printed is for the first administrator, and ends older ones.
        self.secrets = {"Root": self.served.secret, "Lea": secret}

    @staticmethod
    def _gold(kit: Kit) -> None:
        with kit.database.write() as session:
            add_guideline(session, "# Rules\n\nJudge *each* step: $a<b$ & so on.", now=kit.clock())
            take_in(
                session,
                [problem(90)],
                [solution(90)],
                Plan(kind="gold", want=9),
                gold={"p90/0": {"first_errors": [1, None]}},
                now=kit.clock(),
            )

    @staticmethod
    def _work(kit: Kit, browser: Browser, shift: int) -> None:
        for n, ratings in enumerate(((1, -1), (1, 0, -1), (1, 1, 1), (-1,), (1, 1, 0))):
            if not (found := browser.claim()):
                return
            name = found[0]["assignment_id"]
            browser.send(name, event(1, "active", ms=40_000 + 7000 * n))
            if n == 0:
                browser.send(
                    name,
                    event(2, "note", text=f"a note {HOSTILE[0]}"),
                    event(3, "flag", step=1, candidate=None, flagged=True),
                    event(4, "report_step", step=0, kind="split"),
                )
            last = 4 if n == 0 else 1
            said = ratings if shift == 0 or n % 2 else (1,) * shift + (-1,)
            browser.do({"assignment_id": name, "last_seq": last}, *said)
            kit.clock.forward(60 * 7)
        if found := browser.claim():
            browser.submit(found[0]["assignment_id"], 0, "bad_problem", HOSTILE[1])

    def enter(self, page: Any, name: str) -> None:
        """Opens the invite, starts, and goes to the administration by its link."""
        page.goto(f"{self.url}/i#{self.secrets[name]}")
        page.get_by_role("button", name="Start").click()
        page.get_by_role("link", name="Admin").click()
        page.get_by_role("heading", name="Overview").wait_for()
        settled(page)


def problem(i: int) -> Problem:
    statement = f"What is $1+1+{i}$? {HOSTILE[i % 3]}"
    return Problem(problem_id=f"p{i}", statement=statement, answer=f"$\\frac{{{2 * i + 4}}}{{2}}$")


def solution(i: int) -> Solution:
    return Solution(solution_id=f"p{i}/0", problem_id=f"p{i}", steps=HOSTILE, answer=str(i + 2))


def settled(page: Any) -> None:
    """Waits until the view is there."""
    page.locator(".view:not([aria-busy])").wait_for()


def tab(page: Any, name: str) -> None:
    page.get_by_role("navigation", name="Administration").get_by_role(
        "link", name=name, exact=True
    ).click()
    page.get_by_role("heading", level=2, name=name).wait_for()
    settled(page)


@pytest.fixture
def room(tmp_path: Path, chromium: Any) -> Iterator[Room]:
    """Skips where there is no browser."""
    del chromium
    made = Room(tmp_path)
    yield made
    made.served.kill()


def picture(page: Any, name: str) -> None:
    if SCREENSHOTS:
        page.screenshot(path=Path(SCREENSHOTS) / f"admin-{name}.png", full_page=True)


def axe(page: Any) -> list[str]:
    """Serious findings; scripts from elsewhere are not allowed, so it is run as ours."""
    page.evaluate(AXE.read_text(encoding="utf-8") + "; 0")
    found = page.evaluate("axe.run()")
    return [
        f"{one['id']}: {one['help']}: {[node['html'][:90] for node in one['nodes'][:3]]}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 360])
def test_all_tabs_look_well_and_stand_in_nobodys_way(
    room: Room, new_page: NewPage, scheme: str, width: int
) -> None:
    if not AXE.is_file():
        pytest.skip("page/node_modules is not there: cd page && npm ci")
    page = new_page(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    room.enter(page, "Root")
    found: dict[str, list[str]] = {}
    for name in TABS:
        tab(page, name)
        found[name] = axe(page)
        picture(page, f"{scheme}-{width}-{name.lower()}")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
    tab(page, "Disagreements")
    press(page, "n")
    page.get_by_role("heading", name="One solution").wait_for()
    settled(page)
    found["task"] = axe(page)
    picture(page, f"{scheme}-{width}-task")
    tab(page, "People")
    page.get_by_role("button", name="More about Ada").click()
    page.get_by_role("dialog").wait_for()
    found["dialog"] = axe(page)
    picture(page, f"{scheme}-{width}-dialog")
    assert {name: wrong for name, wrong in found.items() if wrong} == {}
    # Texts of models and raters did nothing but stand there.
    assert page.evaluate("window.hit") is None
    assert page.locator("#app").locator("script, img, iframe, b b").count() == 0
    assert [url for url in asked if not url.startswith(room.url)] == []


def test_a_lead_decides_with_keys_alone(room: Room, new_page: NewPage) -> None:
    page = new_page()
    room.enter(page, "Lea")
    # By the keyboard through the tabs: each is a link in the order of the page.
    page.get_by_role("link", name="Overview").focus()
    press(page, "Tab Tab Tab Enter")
    page.get_by_role("heading", name="Disagreements").wait_for()
    settled(page)
    before = page.locator("tbody tr").count()
    assert before >= 2
    press(page, "n")
    page.get_by_role("heading", name="One solution").wait_for()
    settled(page)
    first = page.url
    shown = page.locator(".compare .step-text").first.inner_text()
    assert shown.startswith("<img src='http://203.0.113.1/x.png'")
    press(page, "2")
    assert page.get_by_role("radio").nth(1).is_checked()
    press(page, "Enter")
    page.wait_for_function("was => location.href !== was", arg=first)
    page.get_by_role("status").filter(has_text=f"Task {first.split('/')[-1]} is decided").wait_for()
    tab(page, "Disagreements")
    assert page.get_by_role("status").inner_text() == ""
    assert page.locator("tbody tr").count() == before - 1
    page.get_by_role("link", name="Decided", exact=True).click()
    page.get_by_role("cell", name="decided").wait_for()
    # With the mouse, and that nothing is decided without a choice.
    page.get_by_role("link", name="To be decided").click()
    page.locator("tbody a").first.click()
    page.get_by_role("button", name="Decide").click()
    page.get_by_text("Choose the opinion that holds.").wait_for()
    page.get_by_label("None: the problem is bad").check()
    page.get_by_label("Why").fill("nonsense")
    page.get_by_role("button", name="Decide").click()
    page.get_by_role("status").filter(has_text="is decided").wait_for()
    # A lead invites nobody.
    tab(page, "People")
    assert page.get_by_role("button", name="Make a link").count() == 0
    assert page.get_by_role("button", name="More about Ada").count() == 0
    page.get_by_role("button", name="Pause Ada").click()
    page.get_by_role("button", name="Resume Ada").wait_for()


def test_who_leaves_while_the_server_is_slow_stays_there(room: Room, new_page: NewPage) -> None:
    page = new_page()
    room.enter(page, "Root")
    tab(page, "Disagreements")
    page.locator("tbody a").first.click()
    page.get_by_role("heading", name="One solution").wait_for()
    settled(page)
    held: list[Any] = []
    page.route("**/admin/disagreements?*", lambda route: held.append(route))
    press(page, "2 Enter")
    page.get_by_role("status").filter(has_text="is decided").wait_for()
    # The page asks for the next one, and the lead goes elsewhere before it is answered.
    tab(page, "Guidelines")
    wanted = page.get_by_role("textbox")
    wanted.fill("half written")
    assert len(held) == 1
    with page.expect_response("**/admin/disagreements?*") as answered:
        held[0].continue_()
    answered.value.finished()
    page.wait_for_timeout(200)
    assert page.url.endswith("#guidelines")
    assert wanted.input_value() == "half written"


def test_an_administrator_invites_pauses_and_changes(room: Room, new_page: NewPage) -> None:
    page = new_page()
    room.enter(page, "Root")
    tab(page, "People")
    page.get_by_label("Name").fill("Dora")
    press(page, "Enter")
    link = page.locator(".made input")
    link.wait_for()
    address = link.input_value()
    dora = new_page()
    dora.goto(address)
    dora.get_by_role("button", name="Start").click()
    dora.locator(".who").filter(has_text="Dora").wait_for()
    assert dora.get_by_role("link", name="Admin").count() == 0
    dora.goto(f"{room.url}/admin")
    dora.get_by_text("This page is for leads and administrators.").wait_for()
    page.get_by_role("rowheader", name="Dora").wait_for()
    page.get_by_role("button", name="Pause Dora").click()
    page.get_by_role("status").filter(has_text="Dora is paused.").wait_for()
    page.get_by_role("button", name="More about Dora").click()
    page.get_by_label("Role").last.select_option("lead")
    page.get_by_role("button", name="Set role").click()
    page.get_by_role("status").filter(has_text="Dora is lead now.").wait_for()
    tab(page, "Settings")
    page.get_by_label("Ask how far the solution got").check()
    page.get_by_label("Minutes that work is held").fill("20")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("status").filter(has_text="Changed").wait_for()
    settled(page)
    assert page.get_by_label("Minutes that work is held").input_value() == "20"
    tab(page, "Guidelines")
    page.get_by_label("Text of the new version").fill("Be $x^2$ fair.")
    page.locator(".preview .katex").wait_for()
    page.get_by_role("button", name="Put in force").click()
    page.get_by_text("Version 2").wait_for()
    tab(page, "Audit")
    page.get_by_text("the chain is whole").wait_for()
    page.get_by_label("Show").select_option("settings")
    page.get_by_role("cell", name="settings").first.wait_for()
    tab(page, "Exports")
    with page.expect_download() as started:
        page.get_by_role("link", name="PRM800K").click()
    rows = started.value.path().read_text(encoding="utf-8").splitlines()
    assert sum(json.loads(row)["label"]["finish_reason"] == "bad_problem" for row in rows) == 2
    # What the last person in charge may not do is said, and nothing is lost.
    tab(page, "People")
    page.get_by_role("button", name="More about Root").click()
    page.get_by_role("button", name="Block").click()
    page.get_by_role("status").filter(has_text="is the only administrator").wait_for()


def test_an_opinion_from_elsewhere_can_be_chosen(room: Room, new_page: NewPage) -> None:
    page = new_page()
    room.enter(page, "Lea")
    page.goto(f"{room.url}/admin#task/1")
    page.get_by_label("g (imported)").check()
    page.get_by_role("button", name="Decide").click()
    page.get_by_role("status").filter(has_text="Task 1 is decided.").wait_for()
    page.wait_for_function("() => location.hash !== '#task/1'")
    page.goto(f"{room.url}/admin#task/1")
    page.get_by_text("Decided by Lea").wait_for()
    settled(page)
    assert page.get_by_label("g (imported)").is_checked()
    assert page.locator("th.holds").inner_text().endswith("g (imported)")


def test_a_lead_withdraws_a_question(room: Room, new_page: NewPage) -> None:
    page = new_page()
    room.enter(page, "Lea")
    tab(page, "Quality")
    page.get_by_role("link", name=re.compile(r"^gold \d+$")).first.click()
    page.get_by_role("button", name="Withdraw the question").click()
    page.get_by_role("status").filter(has_text="answers to it count nowhere").wait_for()
    page.get_by_text("It is withdrawn: given to nobody").wait_for()
    settled(page)
    picture(page, "question-withdrawn")
    tab(page, "Quality")
    page.get_by_role("cell", name="withdrawn").wait_for()
    page.go_back()
    page.get_by_role("button", name="Ask it again").click()
    page.get_by_role("button", name="Withdraw the question").wait_for()


def test_a_view_can_be_linked_and_the_back_button_works(room: Room, new_page: NewPage) -> None:
    page = new_page()
    room.enter(page, "Lea")
    tab(page, "Quality")
    tab(page, "Flags")
    page.get_by_role("link", name="Notes").click()
    page.get_by_role("cell", name="a note").first.wait_for()
    page.reload()
    page.get_by_role("cell", name="a note").first.wait_for()
    page.go_back()
    page.go_back()
    page.get_by_role("heading", name="Quality").wait_for()
    page.goto(f"{room.url}/admin#task/99999")
    page.get_by_text("there is no such task").wait_for()
