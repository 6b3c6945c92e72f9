"""The labelling page in a browser, by keys alone, against the server that ships."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from page_kit import (
    STEPS,
    Site,
    Work,
    in_thread,
    link_of,
    press,
    saved,
    sign_in,
)

from surefoot.labeling.drafts import Option
from surefoot.labeling.events import read_event

MakeSite = Callable[..., Site]
NewPage = Callable[..., Any]

ASKED = {"ask_alternatives": True, "ask_progress": True, "ask_critique": True}
OPTIONS = (
    Option(step=2, candidate=1, text="Then $2+1=3$."),
    Option(step=2, candidate=2, text="Then $2+1=4$."),
    Option(step=2, candidate=3, text="It miscounts.", origin="critique"),
)


def rates(site: Site) -> list[tuple[int, int | None]]:
    """Steps and ratings, in order, of the events that arrived."""
    return [(said["step"], said["rating"]) for _, kind, said in site.events() if kind == "rate"]


def current(page: Any) -> str:
    return str(page.locator(".step[aria-current], .card[aria-current]").first.inner_text())


@pytest.fixture
def ada(make_site: MakeSite, new_page: NewPage) -> tuple[Any, Site]:
    """A page with three solutions to rate, and its server."""
    site = make_site(Work(solutions=(STEPS, STEPS, STEPS)))
    link = site.link("Ada")
    site.start()
    page = new_page()
    sign_in(page, link)
    return page, site


def test_three_solutions_by_keys_alone_give_the_rows_that_were_pressed(
    ada: tuple[Any, Site],
) -> None:
    page, site = ada
    press(page, "d d s d")  # no error
    page.get_by_role("button", name="Submit: no error").wait_for()
    press(page, "Enter")
    page.locator(".where", has_text="step 1 of 4").wait_for()
    press(page, "d - Enter")
    page.locator(".where", has_text="step 1 of 4").wait_for()
    press(page, "g")
    page.keyboard.type("too hard for me")
    press(page, "Control+Enter")
    page.get_by_text("Nothing is left").wait_for()
    saved(page)
    site.kill()
    sessions = site.sessions()
    assert [s["finish_reason"] for s in sessions] == ["solution", "found_error", "give_up"]
    assert sessions[0]["alternative_ratings"] == [[1], [1], [0], [1]]
    assert sessions[1]["alternative_ratings"] == [[1], [-1]]
    assert sessions[2]["alternative_ratings"] == []
    assert json.loads(sessions[2]["other"])[0][1]["reason"] == "too hard for me"
    assert all(s["milliseconds"] < 60_000 for s in sessions)


def test_steps_unlock_one_after_another(ada: tuple[Any, Site]) -> None:
    page, site = ada
    group = page.get_by_role("radiogroup", name="Step 3")
    assert group.get_attribute("aria-disabled") == "true"
    group.get_by_role("radio").nth(2).click(force=True)
    press(page, "j j j d")  # there is nowhere to go but step 1
    press(page, "Enter")
    saved(page)
    assert rates(site) == [(0, 1)]
    assert page.locator(".bar button").first.is_disabled()
    assert "Locked" in page.locator(".step").nth(2).inner_text()
    press(page, "a")
    assert "comes after the first error" in page.locator(".step").nth(2).inner_text()
    press(page, "d")  # the cursor is still on the error: it is corrected
    press(page, "d")
    saved(page)
    assert rates(site) == [(0, 1), (1, -1), (1, 1), (2, 1)]


def test_an_early_error_drops_later_ratings_after_a_question_and_undo_restores(
    ada: tuple[Any, Site],
) -> None:
    page, site = ada
    press(page, "d d d Home a")
    page.get_by_text("2 later ratings will be dropped").wait_for()
    press(page, "Escape")
    assert page.get_by_text("later ratings").count() == 0
    press(page, "a Enter")
    assert page.get_by_role("radio", checked=True).count() == 1
    press(page, "Control+z")
    assert page.get_by_role("radio", checked=True).count() == 3
    press(page, "Control+Shift+Z")
    press(page, "u")
    saved(page)
    site.kill()
    said = rates(site)
    assert said[3:6] == [(2, None), (1, None), (0, -1)]
    ratings: dict[int, int | None] = {}
    for step, rating in said:
        ratings[step] = rating
    assert ratings == {0: 1, 1: 1, 2: 1}


def test_backspace_takes_back_the_last_rating(ada: tuple[Any, Site]) -> None:
    page, site = ada
    press(page, "d d Backspace s")
    saved(page)
    assert rates(site) == [(0, 1), (1, 1), (1, None), (1, 0)]
    assert current(page).startswith("Step 3") or "3" in current(page)


def test_a_held_key_rates_once_and_modifiers_do_not(ada: tuple[Any, Site]) -> None:
    page, site = ada
    page.keyboard.down("d")
    for _ in range(30):
        page.keyboard.down("d")  # as the keyboard repeats
    page.keyboard.up("d")
    press(page, "Control+d Alt+a Shift+A 1 2 3")
    saved(page)
    assert rates(site) == [(0, 1)]


def test_keys_in_a_text_box_are_letters(ada: tuple[Any, Site]) -> None:
    page, site = ada
    press(page, "n")
    page.keyboard.type("a sad day")
    press(page, "Escape d")
    saved(page)
    assert [(kind, said) for _, kind, said in site.events()] == [
        ("note", {"text": "a sad day"}),
        ("rate", {"step": 0, "candidate": None, "rating": 1, **_fast(site)}),
    ]


def _fast(site: Site) -> dict[str, bool]:
    return {"fast": True} if "fast" in site.events()[-1][2] else {}


def test_flags_reports_raw_text_and_a_hidden_answer(ada: tuple[Any, Site]) -> None:
    page, site = ada
    press(page, "f z z r v")
    assert page.locator(".step").first.locator("code.raw").inner_text() == STEPS[0]
    assert "hidden" in page.locator(".answer").inner_text()
    assert "reported: is empty" in page.evaluate(
        "getComputedStyle(document.querySelector('.step'), '::after').content"
        ".replace('attr(data-report)', document.querySelector('.step').dataset.report)"
    ).replace('" "', "")
    press(page, "r v ?")
    assert "3" in page.locator(".answer").inner_text()
    saved(page)
    assert [(kind, {**said}) for _, kind, said in site.events()] == [
        ("flag", {"step": 0, "candidate": None, "flagged": True}),
        ("report_step", {"step": 0, "kind": "split"}),
        ("report_step", {"step": 0, "kind": "empty"}),
        ("flag", {"step": 0, "candidate": None, "flagged": False}),
    ]


def test_after_the_first_error_the_project_asks_more(
    make_site: MakeSite,
    new_page: NewPage,
) -> None:
    site = make_site(Work(options=OPTIONS, settings=ASKED))
    link = site.link("Ada")
    site.start()
    page = new_page()
    sign_in(page, link)
    assert not page.locator(".drawer").is_visible()
    press(page, "d d a 2 d s a")  # progress, critique, alternatives
    page.get_by_label("Your own critique").fill("The sum is wrong")
    press(page, "Escape Enter")
    page.get_by_text("Nothing is left").wait_for()
    saved(page)
    site.kill()
    (session,) = site.sessions()
    assert session["alternatives"][2] == [STEPS[2], OPTIONS[0].text, OPTIONS[1].text]
    assert session["alternative_ratings"] == [[1], [1], [-1, 0, -1]]
    extra = json.loads(session["other"])[0][1]
    assert extra["progress"] == 2
    assert extra["critiques"] == [{"text": "It miscounts.", "rating": 1}]
    assert extra["critique"] == "The sum is wrong"


def test_a_broken_problem_is_told_with_a_reason(ada: tuple[Any, Site]) -> None:
    page, site = ada
    press(page, "b ArrowDown Control+Enter")
    page.locator(".recent button").wait_for()
    site.kill()
    (session,) = site.sessions()
    assert session["finish_reason"] == "bad_problem"
    assert "something false" in session["other"]


def test_a_dialog_that_is_cancelled_changes_nothing(ada: tuple[Any, Site]) -> None:
    page, site = ada
    press(page, "g Control+Enter")
    page.get_by_text("Please say why").wait_for()
    press(page, "Escape d")
    saved(page)
    assert rates(site) == [(0, 1)]


def test_what_was_submitted_can_be_reopened_and_changed(ada: tuple[Any, Site]) -> None:
    page, site = ada
    press(page, "a Enter")
    page.locator(".recent button").wait_for()
    press(page, "d [")
    page.locator(".where", has_text="first error: step 1").wait_for()
    press(page, "d a Enter")
    page.get_by_role("radio", checked=True).first.wait_for()  # the other is where it was left
    saved(page)
    site.kill()
    (session,) = site.sessions()
    assert session["alternative_ratings"] == [[1], [-1]]


def test_an_answer_that_differs_is_asked_about_once(
    make_site: MakeSite,
    new_page: NewPage,
) -> None:
    site = make_site(Work(solutions=(("so\n\n# Answer\n\n4",),), final_answer="4"))
    link = site.link("Ada")
    site.start()
    page = new_page()
    sign_in(page, link)
    press(page, "d Enter")
    page.get_by_text("Is there still no error?").wait_for()
    press(page, "Escape Enter")
    page.get_by_text("Is there still no error?").wait_for()
    press(page, "Enter")
    page.get_by_text("Nothing is left").wait_for()
    saved(page)
    assert ("confirm", {"what": "answer_differs"}) in [e[1:] for e in site.events()]


def test_keys_are_chosen_kept_and_never_shared(ada: tuple[Any, Site]) -> None:
    page, site = ada
    press(page, ",")
    dialog = page.locator("dialog")
    dialog.get_by_role("button", name="Change the key: Rate Great").click()
    press(page, "s")
    dialog.get_by_text("s would be both").wait_for()
    assert dialog.get_by_role("button", name="Save").is_disabled()
    dialog.get_by_role("button", name="Change the key: Rate Great").click()
    press(page, "x")
    dialog.get_by_label("Digits by position").check()
    with page.expect_navigation():
        dialog.get_by_role("button", name="Save").click()
    page.locator(".step").first.wait_for()
    assert page.locator(".radio.great kbd").first.inner_text() == "x"
    press(page, "d x 2 1")
    saved(page)
    assert rates(site) == [(0, 1), (1, 0), (2, -1)]


def test_guidelines_are_shown_and_marked_new_until_read(
    make_site: MakeSite,
    new_page: NewPage,
) -> None:
    site = make_site(Work(guideline="# Rating\nRate $x^2$ <b>well</b>.\n\nSecond."))
    link = site.link("Ada")
    site.start()
    page = new_page()
    sign_in(page, link)
    assert page.locator("[data-new]").count() == 1
    press(page, "h")
    assert page.locator("dialog h3").inner_text() == "Rating"
    assert "<b>well</b>" in page.locator("dialog").inner_text()
    assert page.locator("dialog .katex").count() == 1
    press(page, "Escape")
    assert page.locator("[data-new]").count() == 0


def test_a_second_tab_looks_on_and_can_take_over(ada: tuple[Any, Site]) -> None:
    first, site = ada
    press(first, "d d")
    saved(first)
    second = first.context.new_page()
    second.goto(site.url)
    second.get_by_text("Another tab is at work").wait_for()
    second.get_by_role("radio", checked=True).first.wait_for()
    assert second.get_by_role("radio", checked=True, include_hidden=True).count() >= 0
    press(second, "a")
    with second.expect_navigation():
        second.get_by_role("button", name="Take over here").click()
    second.locator(".where", has_text="step 3 of 4").wait_for()
    first.get_by_text("Another tab is at work").wait_for()
    press(first, "a")
    press(second, "s")
    saved(second)
    assert rates(site) == [(0, 1), (1, 1), (2, 0)]


def test_two_browsers_of_one_person_lose_nothing(
    ada: tuple[Any, Site],
    new_page: NewPage,
) -> None:
    first, site = ada
    press(first, "d")
    saved(first)
    cookies = first.context.cookies()
    second = new_page()
    second.context.add_cookies(cookies)
    second.goto(site.url)
    second.locator(".where", has_text="step 2 of 4").wait_for()
    press(second, "d d")
    saved(second)
    press(first, "s")  # takes a number that the second has used
    first.locator(".where", has_text="step 4 of 4").wait_for()
    saved(first)
    site.kill()
    events = site.events()
    assert [seq for seq, _, _ in events] == sorted({seq for seq, _, _ in events})
    assert rates(site) == [(0, 1), (1, 1), (2, 1), (1, 0)]


def test_an_invite_is_good_once_and_says_so(ada: tuple[Any, Site], new_page: NewPage) -> None:
    page, site = ada
    other = new_page()
    other.goto(site.url)
    other.get_by_text("You are not signed in").wait_for()
    other.goto(site.url + "/i#nonsense")
    other.get_by_role("button", name="Start").click()
    other.get_by_text("not good any more").wait_for()
    assert not re.search("secret|#", page.url)


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
        press(page, "Control+Enter")
        page.get_by_text("First idea after 3").wait_for()
        page.get_by_role("button", name="Take back step 3").click()
        page.get_by_text("No option is Great").wait_for()
        page.get_by_label("Your step").fill("So\n\n# Answer\n\n3")
        press(page, "Control+Enter")
        page.get_by_text("states a final answer").wait_for()
        page.locator(".bar button").first.click()
        page.get_by_text("Nothing is left").wait_for()
        saved(page)
        found = json.loads(_only_session(database))
    assert found["alternative_ratings"] == [[1], [0, -1, 1, -1], [-1, -1, -1, 0]]
    assert found["chosen"] == [0, 2, None]
    assert found["human_steps"] == [None, None, "So\n\n# Answer\n\n3"]


def _only_session(database: Any) -> str:
    from sqlalchemy import select

    from surefoot.web.room.schema import SubmissionRow

    with database.read() as session:
        return str(session.scalars(select(SubmissionRow)).one().session)


def test_every_event_that_the_page_makes_is_one_the_server_reads(ada: tuple[Any, Site]) -> None:
    page = ada[0]
    sent: list[dict[str, Any]] = []
    page.on("request", lambda asked: sent.extend((asked.post_data_json or {}).get("events", [])))
    press(page, "d f z a u")
    saved(page)
    assert sent
    for one in sent:
        read_event(one)
        assert re.fullmatch(r"[0-9a-f-]{36}", one["event_id"])
