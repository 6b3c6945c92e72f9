"""What the page shows: hostile texts as they are, long solutions at once, to everybody."""

from collections.abc import Callable
from typing import Any

import pytest
from page_kit import STATIC, STEPS, Site, Work, picture, press, saved, serious, sign_in

from surefoot.labeling.drafts import Option

MakeSite = Callable[..., Site]
NewPage = Callable[..., Any]


HOSTILE = (
    "<script>window.hit = 1</script>",
    '<img src="http://203.0.113.1/x.png" onerror="window.hit = 1">',
    "That means 625<x<640.09. Then y=3 & z>2 &amp; &lt;",
    "</li></ol><style>*{display:none}</style><iframe src='javascript:window.hit=1'>",
    "[click](javascript:window.hit=1) http://203.0.113.1/ ![x](http://203.0.113.1/y.png)",
    "abc \u202e fed \u200b zero \ufeff bom \u0007 bell",
    "long " + "x" * 19_000,
    "{{constructor.constructor('window.hit=1')()}} ${window.hit=1} `x`",
    "unbalanced $x and $5 and \\[ and \\( and $$ and [asy]",
    "[asy]\ndraw((0,0)--(1,1));\n[/asy]",
    "\\(\\) \u0000".replace("\u0000", "") + "end",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=window.hit=1>",
)
BAD_FORMULAS = (
    r"$\def\x{\x\x}\x$",
    r"$\href{javascript:window.hit=1}{x}$",
    r"$\includegraphics{http://203.0.113.1/z.png}$",
    r"$\htmlStyle{position:fixed}{x}$",
    r"$\rule{9999em}{9999em}$",
    r"$\frac{1$",
    "$" + "{" * 2000 + "}" * 2000 + "$",
)


def test_hostile_texts_are_inert_and_shown_as_they_are(
    make_site: MakeSite, new_page: NewPage
) -> None:
    site = make_site(Work(solutions=(HOSTILE,), statement=HOSTILE[1], answer=HOSTILE[0]))
    link = site.link("<b>Ada</b>")
    site.start()
    page = new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    sign_in(page, link)
    press(page, "d " * len(HOSTILE))
    saved(page)
    shown = page.eval_on_selector_all(".step > .text", "all => all.map(one => one.textContent)")
    assert shown == list(HOSTILE)
    assert page.locator(".statement").evaluate("one => one.textContent") == HOSTILE[1]
    assert page.locator(".who").inner_text() == "<b>Ada</b>"
    inside = "script, img, iframe, style, form, a, math, object"
    assert page.locator("#app").locator(inside).count() == 0
    assert page.evaluate("window.hit") is None
    assert [url for url in asked if not url.startswith(site.url)] == []
    assert page.locator(".unseen").count() == 4
    press(page, "r")  # the last one, raw
    assert page.locator(".step > .text").last.evaluate("one => one.textContent") == HOSTILE[-1]


def test_formulas_that_are_hostile_or_broken_are_contained(
    make_site: MakeSite, new_page: NewPage
) -> None:
    site = make_site(Work(solutions=(BAD_FORMULAS,)))
    link = site.link("Ada")
    site.start()
    page = new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    sign_in(page, link)
    assert page.locator(".step a, .step img, .step [style*='fixed']").count() == 0
    assert page.evaluate("window.hit") is None
    assert [url for url in asked if not url.startswith(site.url)] == []
    loaded = "f => [...f].filter(one => one.status === 'loaded').map(one => one.family)"
    assert "KaTeX_Main" in page.evaluate(f"document.fonts.ready.then({loaded})")
    fonts = {url.rpartition("/")[2] for url in asked if "/fonts/" in url}
    assert fonts
    assert fonts <= {path.name for path in (STATIC / "fonts").iterdir()}
    broken = page.locator(".step .unrendered")
    assert "Too many expansions" in str(broken.first.get_attribute("data-why"))
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    height = page.locator(".step").nth(4).evaluate("one => one.getBoundingClientRect().height")
    assert height < 900  # sizes are capped at 20 em


def test_two_hundred_steps_are_all_rendered_and_can_all_be_rated(
    make_site: MakeSite, new_page: NewPage
) -> None:
    steps = [rf"We have $a_{{{i}}} = \frac{{{i}}}{{2}}$, so $b = {i}$ follows." for i in range(200)]
    site = make_site(Work(solutions=(steps,)))
    link = site.link("Ada")
    site.start()
    page = new_page()
    sign_in(page, link)
    assert page.locator(".step").count() == 200
    page.locator(".step .katex").nth(399).wait_for(state="attached")  # the last one, in its time
    press(page, "d " * 199)
    last = page.locator(".step").last
    box = last.bounding_box()
    assert box is not None
    assert 0 < box["y"] < 900 - box["height"]  # it is in sight, above the bar
    assert last.get_attribute("aria-current") == "step"
    press(page, "a Enter")
    page.get_by_text("Nothing is left").wait_for()
    saved(page)
    site.kill()
    (session,) = site.sessions()
    assert session["alternative_ratings"] == [[1]] * 199 + [[-1]]


def test_other_places_of_a_word_are_marked_by_selecting_or_pointing(
    make_site: MakeSite, new_page: NewPage
) -> None:
    steps = ("So 640 of them are 64.", "Then $640 + x = 3$ and 1640.", "The rest, 640, is $x$.")
    site = make_site(Work(solutions=(steps,)))
    link = site.link("Ada")
    site.start()
    page = new_page()
    sign_in(page, link)
    marked = "() => [...(CSS.highlights.get('same') ?? [])].map(range => range.toString())"

    def place(start: int, end: int) -> Any:
        return page.evaluate(
            """([start, end]) => {
              const range = document.createRange();
              const text = document.querySelector(".step > .text").firstChild;
              range.setStart(text, start);
              range.setEnd(text, end);
              const {x, y, width, height} = range.getBoundingClientRect();
              return {x: x + width / 2, y: y + height / 2};
            }""",
            [start, end],
        )

    def wait_for(words: list[str]) -> None:
        for _ in range(100):
            if page.evaluate(marked) == words:
                return
            page.wait_for_timeout(20)
        raise AssertionError(page.evaluate(marked))

    number, word = place(3, 6), place(7, 9)
    page.mouse.move(number["x"], number["y"])
    wait_for(["640"] * 3)
    page.mouse.move(word["x"], word["y"])  # "of"
    wait_for([])
    page.mouse.dblclick(number["x"], number["y"])
    wait_for(["640"] * 3)
    page.mouse.move(word["x"], word["y"])
    page.wait_for_timeout(200)
    assert page.evaluate(marked) == ["640"] * 3  # what is selected stays
    formula = page.locator(".step").nth(2).locator(".mathnormal").bounding_box()
    page.mouse.click(5, 5)
    page.mouse.move(formula["x"] + 3, formula["y"] + formula["height"] / 2)
    wait_for(["x"] * 2)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 320])
def test_nothing_stands_in_anybodys_way(
    make_site: MakeSite, new_page: NewPage, scheme: str, width: int
) -> None:
    wide = "Then $$" + " + ".join(f"x_{{{i}}}" for i in range(60)) + " = 3.$$"
    options = (
        Option(step=2, candidate=1, text="Then $2+1=3$."),
        Option(step=2, candidate=3, text="It miscounts.", origin="critique"),
    )
    asked = {"ask_alternatives": True, "ask_progress": True, "ask_critique": True}
    steps = (*STEPS[:2], wide, STEPS[3])
    site = make_site(
        Work(solutions=(steps,), options=options, settings=asked, guideline="# Rating\nWell.")
    )
    link = site.link("Ada")
    site.start()
    page = new_page(
        viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    name = f"{scheme}-{width}"
    page.goto(link)
    found = {"start": serious(page)}
    sign_in(page, link)
    found["work"] = serious(page)
    picture(page, f"{name}-work")
    press(page, "d d Home a")
    found["question"] = serious(page)
    picture(page, f"{name}-question")
    press(page, "Escape End a f")
    found["error"] = serious(page)
    picture(page, f"{name}-error")
    for key, what in ((",", "keys"), ("g", "reason"), ("h", "guidelines")):
        press(page, key)
        page.locator("dialog").wait_for()
        found[what] = serious(page)
        picture(page, f"{name}-{what}")
        press(page, "Escape")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.evaluate("document.getAnimations().length") == 0
    assert {what: wrong for what, wrong in found.items() if wrong} == {}


def test_the_tab_key_goes_through_what_can_be_rated(make_site: MakeSite, new_page: NewPage) -> None:
    site = make_site(Work(solutions=(STEPS,)))
    link = site.link("Ada")
    site.start()
    page = new_page()
    sign_in(page, link)
    press(page, "d Tab")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "radio"
    press(page, "ArrowRight ArrowRight")
    assert page.get_by_role("radio", checked=True).count() == 1  # moving does not rate
    press(page, "Space")
    label = page.get_by_role("radio", checked=True).nth(1).get_attribute("aria-label")
    assert label == "Great (+1)"
    saved(page)
    assert len(site.events()) == 2


def test_the_tab_key_goes_from_top_to_bottom(make_site: MakeSite, new_page: NewPage) -> None:
    site = make_site(Work(guideline="Rate well."))
    link = site.link("Ada")
    site.start()
    page = new_page()
    sign_in(page, link)
    press(page, "d")
    page.evaluate("document.body.tabIndex = -1; document.body.focus()")
    places = []
    for _ in range(40):
        press(page, "Tab")
        place = page.evaluate(
            """() => {
              const at = document.activeElement;
              const step = at.closest(".step");
              if (step) return `step ${[...document.querySelectorAll(".step")].indexOf(step) + 1}`;
              return at.closest("header, .notices, .problem, .side, footer")?.className ?? "";
            }"""
        )
        if not place:
            break
        places.append(place)
    regions = [place for i, place in enumerate(places) if place != places[i - 1] or i == 0]
    assert regions == [
        "top", "banner notices", "problem", "side", "step 1", "step 2", "step 3", "step 4", "bar",
    ]  # fmt: skip
    assert places.count("step 1") == places.count("step 2") == 4  # one of the shapes, three tools
    assert places.count("step 3") == 2  # locked: its text and its report
