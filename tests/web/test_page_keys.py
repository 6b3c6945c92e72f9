"""Keys of the labelling page: what they do, where they lie, how they are changed."""

from typing import Any

import pytest
from page_kit import Site, press, rates, saved


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


def test_backspace_takes_back_the_last_rating(ada: tuple[Any, Site]) -> None:
    page, site = ada
    press(page, "d d Backspace s")
    saved(page)
    assert rates(site) == [(0, 1), (1, 1), (1, None), (1, 0)]
    assert page.locator(".step[aria-current] .number").inner_text().endswith("3")


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


def strike(page: Any, **fields: Any) -> None:
    """A key of some keyboard or input method, as the browser tells of it."""
    page.evaluate(
        "f => document.activeElement.dispatchEvent("
        "new KeyboardEvent('keydown', {bubbles: true, cancelable: true, ...f}))",
        fields,
    )


@pytest.mark.parametrize(
    ("layout", "home_row", "report"),
    [("AZERTY", "qsd", ("KeyW", "z")), ("Dvorak", "aoe", ("Slash", "z"))],
)
def test_ratings_lie_in_one_place_on_every_keyboard(
    ada: tuple[Any, Site], layout: str, home_row: str, report: tuple[str, str]
) -> None:
    page, site = ada
    bad, okay, great = tuple(home_row)
    strike(page, code="KeyD", key=great)
    strike(page, code="KeyS", key=okay)
    strike(page, code=report[0], key=report[1])
    strike(page, code="KeyQ", key="a")  # AZERTY writes a here: it is no rating
    strike(page, code="KeyA", key=bad)
    saved(page)
    assert rates(site) == [(0, 1), (1, 0), (2, -1)], layout
    assert ("report_step", {"step": 2, "kind": "split"}) in [e[1:] for e in site.events()]


def test_what_is_being_composed_is_no_key(ada: tuple[Any, Site]) -> None:
    page, site = ada
    strike(page, code="KeyA", key="Process", isComposing=True)
    strike(page, code="KeyA", key="a", isComposing=True)
    strike(page, code="Digit0", key="0", isComposing=True)
    strike(page, code="KeyS", key="s")
    saved(page)
    assert rates(site) == [(0, 0)]
