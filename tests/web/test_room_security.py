"""What keeps strangers out of the labelling room, and texts from doing anything.

More of it is tested where it belongs: hostile texts and formulas in a browser in
test_page_looks.py, locks and network file systems in test_room_database.py, what
one rater can reach of another's in test_room_api.py.
"""

import re
import stat
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from page_kit import STATIC
from room_kit import HEADERS, Browser, Kit, kind_of

from surefoot.cli import parse
from surefoot.web.room import server
from surefoot.web.room.files import lock_path

MakeKit = Callable[..., Kit]


class Inline(HTMLParser):
    """Finds what the content policy would have to allow by name."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        if tag in ("style", "iframe", "object", "embed", "base", "form"):
            self.found.append(tag)
        if tag == "script" and "src" not in names:
            self.found.append("script without src")
        self.found += [name for name in names if name == "style" or name.startswith("on")]
        self.found += [v for n, v in attrs if v and n in ("src", "href") and ":" in v]


def test_pages_hold_no_inline_script_or_style() -> None:
    pages = sorted(STATIC.glob("*.html"))
    assert pages
    for page in pages:
        reader = Inline()
        reader.feed(page.read_text(encoding="utf-8"))
        assert reader.found == [], page.name


def test_the_policy_lets_own_files_in_and_nothing_else(kit: Kit) -> None:
    for path in ("/", "/i", "/page.js", "/api/v1/me", "/nowhere"):
        headers = kit.browser().client.get(path).headers
        directives = dict(d.split(" ", 1) for d in headers["content-security-policy"].split("; "))
        assert directives["default-src"] == "'none'"
        assert set(directives.values()) == {"'none'", "'self'"}
        for name in ("base-uri", "form-action", "frame-ancestors"):
            assert directives[name] == "'none'"
        assert headers["referrer-policy"] == "no-referrer"  # links carry secrets
        assert headers["x-frame-options"] == "DENY"


def test_no_other_site_can_act_for_a_rater(kit: Kit) -> None:
    ada = kit.browser("Ada")
    other = {"origin": "https://other.example"}
    # What a page may send without asking first, were the cookie to come along.
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = ada.client.post(
            "/api/v1/assignments/claim",
            content=b'{"count": 1}',
            headers={**other, "content-type": kind},
        )
        assert (answer.status_code, kind_of(answer)) == (403, "forbidden")
    # What it has to ask for first is not allowed.
    asked = ada.client.options(
        "/api/v1/assignments/claim",
        headers={
            **other,
            "access-control-request-method": "POST",
            "access-control-request-headers": "x-surefoot",
        },
    )
    read = ada.client.get("/api/v1/me", headers=other)
    for answer in (asked, read):
        assert not [name for name in answer.headers if name.startswith("access-control")]
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    with kit.database.read() as session:
        assert session.connection().exec_driver_sql("SELECT * FROM assignment").all() == []


@pytest.mark.parametrize("is_secure", [False, True])
def test_the_cookie_is_kept_from_scripts_other_sites_and_http(
    make_kit: MakeKit, is_secure: bool
) -> None:
    kit = make_kit()
    kit.room.is_secure = is_secure
    browser = kit.browser()
    answer = browser.post("/session", secret=kit.link("Ada"))
    words = [part.strip() for part in answer.headers["set-cookie"].split(";")]
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(words)
    assert ("Secure" in words) == is_secure
    assert not any(word.startswith("Domain") for word in words)
    gone = browser.client.delete("/api/v1/session", headers=HEADERS)
    assert "Max-Age=0" in gone.headers["set-cookie"]


def test_files_hold_no_secret_that_opens_anything(tmp_path: Path) -> None:
    kit = Kit(str(tmp_path / "labels.db"))
    used, unused = kit.link("Ada"), kit.link("Emmy")
    browser = kit.browser()
    answer = browser.post("/session", secret=used)
    cookie = re.match("surefoot_session=([^;]+)", answer.headers["set-cookie"])
    assert cookie is not None
    files = [path for path in tmp_path.iterdir() if path.is_file()]
    assert len(files) >= 3  # the database, its log, the lock
    for path in files:
        held = path.read_bytes()
        for secret in (used, unused, cookie[1]):
            assert secret.encode() not in held, path.name
    # This one holds what commands of the same person show to the server.
    assert stat.S_IMODE(lock_path(tmp_path / "labels.db").stat().st_mode) == 0o600
    kit.close()


def test_a_link_is_not_used_up_by_looking_at_it(kit: Kit) -> None:
    link = kit.link("Ada")
    browser = kit.browser()
    for _ in range(3):  # the secret is in the fragment, which a browser does not send
        assert browser.client.get("/i").status_code == 200
    assert browser.post("/session", secret=link).status_code == 204


def test_who_guesses_is_stopped_and_others_are_not(kit: Kit) -> None:
    stranger = Browser(TestClient(kit.app, client=("203.0.113.7", 50000)))
    rater = Browser(TestClient(kit.app, client=("203.0.113.8", 50000)))
    codes = [stranger.post("/session", secret=f"guess {i}").status_code for i in range(12)]
    assert codes == [401] * 10 + [429] * 2
    answer = stranger.post("/session", secret=kit.link("Emmy"))
    assert 600 <= answer.json()["wait"] <= 601
    assert rater.post("/session", secret=kit.link("Ada")).status_code == 204


def test_it_listens_to_this_machine_only_unless_told() -> None:
    assert parse("label serve", ["Q"]).host == "127.0.0.1"
    listening = server.bound(server.Address(port=0))
    try:
        assert listening.getsockname()[0] == "127.0.0.1"
        assert server.url_of(server.Address(port=0), listening).startswith("http://127.0.0.1:")
    finally:
        listening.close()
