"""A solution rated in a browser, by keys alone, against the server that ships."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from page_kit import STEPS, Site, Work, press, rates, saved, sign_in
from sqlalchemy import select

from surefoot.labeling.drafts import Option
from surefoot.labeling.events import read_event
from surefoot.web.room import people
from surefoot.web.room.app import clock
from surefoot.web.room.project import add_guideline
from surefoot.web.room.schema import LabelerRow

MakeSite = Callable[..., Site]
NewPage = Callable[..., Any]

ASKED = {"ask_alternatives": True, "ask_progress": True, "ask_critique": True}
OPTIONS = (
    Option(step=2, candidate=1, text="Then $2+1=3$."),
    Option(step=2, candidate=2, text="Then $2+1=4$."),
    Option(step=2, candidate=3, text="It miscounts.", origin="critique"),
)


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


def test_where_nobody_writes_alternatives_the_rest_is_asked(
    make_site: MakeSite,
    new_page: NewPage,
) -> None:
    site = make_site(Work(settings=ASKED))
    link = site.link("Ada")
    site.start()
    page = new_page()
    sign_in(page, link)
    press(page, "a")
    page.get_by_text("There are no alternatives to rate.").wait_for()
    assert page.get_by_role("button", name="Ask again").count() == 0
    press(page, "4")
    page.get_by_role("radio", name="all but the end", checked=True).wait_for()
    press(page, "Enter")
    page.get_by_text("Nothing is left").wait_for()
    saved(page)
    site.kill()
    assert json.loads(site.sessions()[0]["other"])[0][1] == {"progress": 4}


@pytest.mark.parametrize("name", ["progress", "critique", "alternatives"])
def test_each_question_about_the_error_is_asked_alone(
    make_site: MakeSite, new_page: NewPage, name: str
) -> None:
    site = make_site(Work(options=OPTIONS, settings={f"ask_{name}": True}))
    link = site.link("Ada")
    site.start()
    page = new_page()
    sign_in(page, link)
    press(page, "d d a")
    shown = page.locator(".drawer")
    shown.wait_for()
    parts = {"progress": "How far", "critique": "It miscounts.", "alternatives": "Alternatives to"}
    for part, words in parts.items():
        assert shown.get_by_text(words).count() == (part == name)


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


def test_guidelines_are_asked_to_be_read_and_again_when_they_change(
    make_site: MakeSite,
    new_page: NewPage,
) -> None:
    site = make_site(Work(solutions=(STEPS, STEPS), guideline="# Rating\nRate $x^2$ <b>well</b>."))
    link = site.link("Ada")
    site.start()
    page = new_page()
    sign_in(page, link)
    page.get_by_text("This project has guidelines").wait_for()
    assert page.locator("[data-new]").count() == 1
    press(page, "h")
    assert page.locator("dialog h3").inner_text() == "Rating"
    assert "<b>well</b>" in page.locator("dialog").inner_text()
    assert page.locator("dialog .katex").count() == 1
    press(page, "Escape")
    assert page.locator("[data-new], .notices p").count() == 0
    site.kill()
    with site.open() as database, database.write() as session:
        add_guideline(session, "Rate better.", now=clock())
    site.start()
    press(page, "a Enter")
    page.get_by_text("The guidelines have changed: this is version 2.").wait_for()
    page.get_by_role("button", name="Read them").click()
    page.locator("dialog", has_text="Rate better.").wait_for()
    press(page, "Escape")
    assert page.locator("[data-new], .notices p").count() == 0


@pytest.mark.parametrize(
    ("state", "said"), [("paused", "Your work is paused"), ("failed", "was not passed this time")]
)
def test_who_may_not_go_on_is_told_so(ada: tuple[Any, Site], state: str, said: str) -> None:
    page, site = ada
    press(page, "a")
    saved(page)
    site.kill()
    with site.open() as database, database.write() as session:
        (person,) = session.scalars(select(LabelerRow).where(LabelerRow.name == "Ada"))
        people.set_state(session, person.labeler_id, state, actor="test", now=clock())
    site.start()
    press(page, "Enter")  # what is open is finished, also what was fetched before
    page.locator(".where", has_text="step 1 of 4").wait_for()
    press(page, "a Enter")
    page.get_by_text(said).wait_for()
    saved(page)
    site.kill()
    assert len(site.sessions()) == 2


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
