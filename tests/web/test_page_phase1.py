"""Phase 1 in a browser: a step is offered, others are, the rater writes one."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from page_kit import Work, in_thread, link_of, picture, press, saved, serious, sign_in
from sqlalchemy import select

from surefoot.web.room.schema import SubmissionRow

NewPage = Callable[..., Any]


def test_phase_1_offers_one_step_then_others_then_asks_for_one(
    tmp_path: Path,
    new_page: NewPage,
) -> None:
    def propose(statement: str, before: Any, n: int) -> list[str]:
        if n == 1:
            return [f"First idea after {len(before)} steps: $x_{len(before)}$."]
        return [f"Other {i}." for i in range(3)]

    work = Work(protocol="phase1", solutions=(("First idea after 0 steps: $x_0$.",),))
    with in_thread(tmp_path, work, propose) as (url, database):
        page = new_page()
        sign_in(page, url + link_of(database, "Ada"))
        page.get_by_text("First idea after 0").wait_for()
        press(page, "d")  # Great: it continues at once
        page.get_by_text("First idea after 1").wait_for()
        press(page, "s")  # not Great: others are asked for
        page.get_by_text("Other 2.").wait_for()
        press(page, "a d a")
        press(page, "Enter")  # the only Great one
        page.get_by_text("First idea after 2").wait_for()
        press(page, "a")
        page.get_by_text("Other 2.").wait_for()
        press(page, "a a s Enter")
        assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"
        page.keyboard.type(r"So it is $\frac{1}{2}$.")
        assert page.locator(".preview .katex").count() == 1
        picture(page, "phase1-own-step")
        press(page, "Control+Enter")
        page.get_by_text("First idea after 3").wait_for()
        page.get_by_role("button", name="Take back step 3").click()
        page.get_by_text("No option is Great").wait_for()
        page.get_by_label("Your step").fill("So\n\n# Answer\n\n3")
        press(page, "Control+Enter")
        page.get_by_text("states a final answer").wait_for()
        picture(page, "phase1-end")
        page.locator(".bar button").first.click()
        page.get_by_text("Nothing is left").wait_for()
        saved(page)
        found = json.loads(_only_session(database))
    assert found["alternative_ratings"] == [[1], [0, -1, 1, -1], [-1, -1, -1, 0]]
    assert found["chosen"] == [0, 2, None]
    assert found["human_steps"] == [None, None, "So\n\n# Answer\n\n3"]


def test_phase_1_waits_for_other_steps_and_goes_on_without_them(
    tmp_path: Path,
    new_page: NewPage,
) -> None:
    answers, is_broken = threading.Event(), threading.Event()

    def propose(statement: str, before: Any, n: int) -> list[str]:
        assert answers.wait(10)
        if is_broken.is_set():
            raise RuntimeError("the model is gone")
        return [f"Other {i}." for i in range(n)]

    work = Work(protocol="phase1", solutions=(("First idea.",),))
    with in_thread(tmp_path, work, propose) as (url, database):
        page = new_page(viewport={"width": 320, "height": 900}, color_scheme="dark")
        sign_in(page, url + link_of(database, "Ada"))
        assert serious(page) == []
        press(page, "a")
        page.get_by_text("Asking for other steps").wait_for()
        assert not page.get_by_label("Your step").is_visible()
        picture(page, "phase1-waiting")
        answers.set()
        page.get_by_text("Other 5.").wait_for()
        assert page.locator(".card").count() == 7
        press(page, "a a a a a a")
        page.get_by_text("No option is Great").wait_for()
        assert serious(page) == []
        is_broken.set()
        page.get_by_label("Your step").fill("Mine.")
        press(page, "Control+Enter")
        page.get_by_text("The server failed").wait_for()
        picture(page, "phase1-trouble")
        page.get_by_label("Your step").fill("Also mine.\n\n# Answer\n\n3")
        press(page, "Control+Enter")
        page.get_by_text("states a final answer").wait_for()
        press(page, "Escape Enter")
        page.get_by_text("Nothing is left").wait_for()
        saved(page)
        found = json.loads(_only_session(database))
    assert found["human_steps"] == ["Mine.", "Also mine.\n\n# Answer\n\n3"]
    assert found["alternative_ratings"][0] == [-1] * 7


def _only_session(database: Any) -> str:
    with database.read() as session:
        return str(session.scalars(select(SubmissionRow)).one().session)
