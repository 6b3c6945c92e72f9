"""The labelling page twice: two tabs, two browsers, two people."""

import re
from collections.abc import Callable
from typing import Any

from page_kit import Site, Work, press, rates, saved, sign_in

MakeSite = Callable[..., Site]
NewPage = Callable[..., Any]


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


def test_two_people_never_get_the_same_solution(make_site: MakeSite, new_page: NewPage) -> None:
    texts = [(f"The sum of {i} and 1.", "# Answer\n\n3") for i in range(8)]
    site = make_site(Work(solutions=texts))
    links = [site.link(name) for name in ("Ada", "Ben")]
    site.start()
    pages = [new_page(), new_page()]
    for page, link in zip(pages, links, strict=True):
        sign_in(page, link)
    seen: list[list[str]] = [[], []]
    for _ in range(3):
        for page, mine in zip(pages, seen, strict=True):
            first = page.locator(".step > .text").first
            mine.append(first.inner_text())
            press(page, "a Enter")
            first.get_by_text(mine[-1], exact=True).wait_for(state="detached")
    for page in pages:
        saved(page)
    assert not set(seen[0]) & set(seen[1])
    assert [len(set(mine)) for mine in seen] == [3, 3]
    site.kill()
    assert len(site.sessions()) == 6
