"""Formulas of real texts: few cannot be rendered, and these are shown as they were written."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from page_kit import ROOT, Site, Work, sign_in

NewPage = Callable[..., Any]
MakeSite = Callable[..., Site]

SHOWN = """
all => all.map(step => [...step.querySelectorAll(".unrendered")].map(
  one => [one.textContent, one.dataset.why, getComputedStyle(one).fontFamily]))
"""


@pytest.mark.usefixtures("node")
def test_real_formulas_are_rendered_or_shown_as_source_with_the_reason(
    shared_data: Path, make_site: MakeSite, new_page: NewPage
) -> None:
    said = subprocess.run(
        [sys.executable, "benchmarks/page_formulas.py", str(shared_data), "--json"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    found = json.loads(said.stdout)
    assert found["math"]["formulas"] > 100_000
    assert found["prm800k"]["formulas"] > 50_000
    for one in found.values():
        assert len(one["failures"]) < 0.01 * one["formulas"]
    failed = {f["source"]: f["why"] for one in found.values() for f in one["failures"]}
    site = make_site(Work(solutions=(list(failed),)))
    link = site.link("Ada")
    site.start()
    page = new_page()
    sign_in(page, link)
    for step in page.locator(".step").all():  # what is out of sight is rendered in its own time
        step.locator(".unrendered").first.wait_for(state="attached")
    shown = page.eval_on_selector_all(".step", SHOWN)
    assert [[source for source, _, _ in step] for step in shown] == [[s] for s in failed]
    assert [why for ((_, why, _),) in shown] == list(failed.values())
    assert all("mono" in font.lower() for ((_, _, font),) in shown)
