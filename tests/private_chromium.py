"""Debian's Chromium for tests, where it and Playwright are there."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def launcher() -> Iterator[Any]:
    """Playwright's way to start Chromium; skips where it cannot be started."""
    if not PROGRAM.exists():
        pytest.skip(f"no browser at {PROGRAM} (apt-get install chromium)")
    pytest.importorskip("playwright")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright.chromium


def started(launcher: Any) -> Iterator[Any]:
    """A browser; whoever uses it opens pages or contexts of their own."""
    browser = launcher.launch(executable_path=str(PROGRAM), args=FLAGS)
    yield browser
    browser.close()
