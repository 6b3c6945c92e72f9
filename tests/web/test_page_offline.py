"""Nothing that was pressed is lost: no network, a dead server, a closed browser."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from page_kit import STEPS, Site, Work, picture, press, saved, sign_in
from sqlalchemy import select

from private_chromium import FLAGS, PROGRAM
from surefoot.web.room.schema import EventRow

MakeSite = Callable[..., Site]


@contextmanager
def lasting(launcher: Any, folder: Path) -> Iterator[Any]:
    """A browser whose database survives it."""
    context = launcher.launch_persistent_context(
        str(folder), executable_path=str(PROGRAM), args=FLAGS
    )
    yield context
    context.close()


def test_offline_server_killed_browser_closed_all_arrives_once(
    tmp_path: Path, launcher: Any, make_site: MakeSite
) -> None:
    site = make_site(Work(solutions=(STEPS * 3, STEPS)))
    link = site.link("Ada")
    site.start()
    with lasting(launcher, tmp_path / "profile") as context:
        page = context.pages[0]
        sign_in(page, link)
        press(page, "d d d d")
        saved(page)
        context.set_offline(True)
        press(page, "s s s s")
        page.get_by_text("Offline, 4 labels kept on this computer").wait_for()
        site.kill()
        press(page, "d d d a Enter")  # finished, though nobody is there
        page.locator(".where", has_text="step 1 of 4").wait_for()  # fetched before
        press(page, "d s")
        page.get_by_text("Offline, 11 labels kept").wait_for()
        picture(page, "offline")
    site.start()
    with lasting(launcher, tmp_path / "profile") as context:
        page = context.pages[0]
        page.goto(site.url)
        page.locator(".where", has_text="step 3 of 4").wait_for()
        saved(page)
    site.kill()
    ratings = [1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, -1]
    (session,) = site.sessions()
    assert session["alternative_ratings"] == [[rating] for rating in ratings]
    rated = [said["rating"] for _, kind, said in site.events() if kind == "rate"]
    assert sorted(rated, key=str) == sorted([*ratings, 1, 0], key=str)


def test_a_server_that_comes_back_gets_what_was_kept_without_a_reload(
    make_site: MakeSite,
    new_page: Callable[..., Any],
) -> None:
    site = make_site(Work(solutions=(STEPS,)))
    link = site.link("Ada")
    site.start()
    page = new_page()
    sign_in(page, link)
    for key, n in (("d", 1), ("d", 2)):
        site.kill()
        press(page, key)
        page.get_by_text("Offline, 1 label kept").wait_for()
        site.start()
        saved(page)
        assert len(site.events()) == n
    assert [said["rating"] for _, _, said in site.events()] == [1, 1]


def test_saved_is_never_said_before_the_server_has_it(
    make_site: MakeSite,
    new_page: Callable[..., Any],
) -> None:
    site = make_site(Work(solutions=(STEPS,)))
    link = site.link("Ada")
    site.start()
    page = new_page()
    sign_in(page, link)
    held: list[Any] = []
    page.route("**/events", lambda route: held.append(route))
    press(page, "d")
    page.locator('.saved[data-state="saving"]').wait_for()
    page.wait_for_timeout(300)
    assert page.locator(".saved").inner_text() == "Saving …"
    assert len(held) == 1
    press(page, "d")  # comes while the first is on its way
    held[0].continue_()
    page.wait_for_timeout(300)
    assert page.locator(".saved").inner_text() == "Saving …"
    held[1].continue_()
    saved(page)
    assert [seq for seq, _, _ in site.events()] == [1, 2]


def test_who_is_signed_out_keeps_all_and_goes_on_after_signing_in(
    make_site: MakeSite,
    new_page: Callable[..., Any],
) -> None:
    site = make_site(Work(solutions=(STEPS,)))
    first, again = site.link("Ada"), None
    site.start()
    page = new_page()
    sign_in(page, first)
    page.context.clear_cookies()
    press(page, "d d")
    page.get_by_text("Signed out, 2 labels kept on this computer").wait_for()
    site.kill()
    again = site.link("Ada")
    site.start()
    sign_in(page, again)
    page.locator(".where", has_text="step 3 of 4").wait_for()
    saved(page)
    assert [said["rating"] for _, _, said in site.events()] == [1, 1]


def test_time_at_work_leaves_out_half_an_hour_of_silence(
    make_site: MakeSite,
    new_page: Callable[..., Any],
) -> None:
    site = make_site(Work(solutions=(STEPS, STEPS)))
    link = site.link("Ada")
    site.start()
    page = new_page()
    page.clock.install()
    sign_in(page, link)
    press(page, "d")
    page.clock.run_for(20_000)
    press(page, "d")
    page.clock.fast_forward(30 * 60_000)
    press(page, "a Enter")
    page.clock.run_for(1_000)
    page.locator(".recent button").wait_for()
    site.kill()
    (session,) = site.sessions()
    assert 20_000 <= session["milliseconds"] < 30_000


def test_a_clock_that_is_moved_by_a_day_changes_neither_order_nor_time_at_work(
    make_site: MakeSite,
    new_page: Callable[..., Any],
) -> None:
    site = make_site(Work(solutions=(STEPS,)))
    link = site.link("Ada")
    site.start()
    page = new_page()
    sign_in(page, link)
    today = page.evaluate("Date.now()")
    for key, day in (("d", 1), ("s", -1), ("a", 0)):
        page.evaluate(
            "now => { const there = Date; Date.now = () => now; globalThis.Date = class extends"
            " there { constructor(...given) { super(...(given.length ? given : [now])); } }; }",
            today + day * 86_400_000,
        )
        press(page, key)
        saved(page)
    press(page, "Enter")
    page.locator(".recent button").wait_for()
    saved(page)
    with site.open("read") as database, database.read() as session:
        walls = [row.wall for row in session.scalars(select(EventRow).order_by(EventRow.seq))]
    assert len({wall[:10] for wall in walls}) == 3
    assert walls[0] > walls[2] > walls[1]
    site.kill()
    (kept,) = site.sessions()
    assert kept["alternative_ratings"] == [[1], [0], [-1]]
    assert kept["milliseconds"] < 60_000


def test_what_is_being_typed_is_kept_when_the_tab_is_put_away(
    make_site: MakeSite,
    new_page: Callable[..., Any],
) -> None:
    site = make_site(Work(solutions=(STEPS,)))
    link = site.link("Ada")
    site.start()
    page = new_page()
    sign_in(page, link)
    press(page, "n")
    page.keyboard.type("half a sente")
    page.evaluate(
        "Object.defineProperty(document, 'hidden', {get: () => true, configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    saved(page)
    press(page, "Escape")
    saved(page)
    assert [said for _, kind, said in site.events() if kind == "note"] == [{"text": "half a sente"}]


def test_work_goes_on_by_itself_when_the_network_is_back(
    make_site: MakeSite,
    new_page: Callable[..., Any],
) -> None:
    site = make_site(Work(solutions=(STEPS, STEPS, STEPS)))
    link = site.link("Ada")
    site.start()
    page = new_page()
    sign_in(page, link)
    page.context.set_offline(True)
    for _ in range(2):  # the second was fetched before
        page.locator(".where", has_text="step 1 of 4").wait_for()
        press(page, "a Enter")
    page.get_by_text("What you did is kept here").wait_for()
    page.context.set_offline(False)
    page.locator(".where", has_text="step 1 of 4").wait_for()
    press(page, "d a Enter")
    page.get_by_text("Nothing is left").wait_for()
    saved(page)
    site.kill()
    ratings = [session["alternative_ratings"] for session in site.sessions()]
    assert ratings == [[[-1]], [[-1]], [[1], [-1]]]


def test_what_was_finished_while_it_was_handed_out_does_not_come_again(
    make_site: MakeSite,
    new_page: Callable[..., Any],
) -> None:
    site = make_site(Work(solutions=(STEPS, STEPS)))
    link = site.link("Ada")
    site.start()
    page = new_page()
    sign_in(page, link)
    held: list[tuple[Any, Any]] = []
    page.route("**/claim", lambda route: held.append((route, route.fetch())), times=1)
    press(page, "a Enter")  # now more is asked for, and the second is handed out again
    page.locator(".where", has_text="step 1 of 4").wait_for()
    for _ in range(200):
        if held:
            break
        page.wait_for_timeout(20)
    ((route, response),) = held
    assert len(response.json()["assignments"]) == 1
    press(page, "d a Enter")
    page.get_by_text("Looking for work").wait_for()
    saved(page)
    route.fulfill(response=response)
    page.get_by_text("Nothing is left").wait_for()
    assert page.locator(".recent button").count() == 2
    site.kill()
    assert len(site.sessions()) == 2
