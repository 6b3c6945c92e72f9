"""`surefoot report`, and the page in a real browser."""

import re
from pathlib import Path
from typing import Any

import pytest

from surefoot.cli import main
from synthetic_run import make_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_run(14, 10, seed=9).write(tmp_path_factory.mktemp("runs") / "demo")
    (folder / "results.json").write_text('{"seconds": {"sample": 61.5, "train prm": 120.25}}')
    return folder


@pytest.fixture(scope="module")
def page_file(folder: Path) -> Path:
    out = folder.parent / "report.html"
    assert main(["report", str(folder), "--out", str(out)]) == 0
    return out


def test_a_runs_folder_and_named_tables_give_the_same_page(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = tmp_path / "first.html", tmp_path / "second.html"
    assert main(["report", str(folder), "--out", str(first)]) == 0
    words = ["report", "--out", str(second), "--labels", str(folder / "labels")]
    for name in ("problems", "solutions", "grades"):
        words += [f"--{name}", str(folder / name)]
    words += ["--scores", str(folder / "scores-prm"), str(folder / "scores-orm")]
    assert main(words) == 0
    assert str(second) in capsys.readouterr().out
    without_time = re.sub(r'<section id="time".*?</section>', "", first.read_text(), flags=re.S)
    assert _squeezed(without_time).replace('<a href="#time">Time</a>', "") == _squeezed(
        second.read_text()
    )


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text).replace('<ahref="#time">Time</a>', "")


def test_jsonl_tables_are_found_too(tmp_path: Path) -> None:
    folder = make_run(3, 4).write(tmp_path / "run", suffix=".jsonl")
    assert main(["report", str(folder), "--out", str(tmp_path / "r.html")]) == 0


def test_nothing_is_overwritten_unasked(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "report.html"
    out.write_text("mine")
    assert main(["report", str(folder), "--out", str(out)]) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert out.read_text() == "mine"
    assert main(["report", str(folder), "--out", str(out), "--overwrite"]) == 0
    assert out.read_text() != "mine"


def test_bad_input_is_one_line(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "report.html")
    empty = tmp_path / "empty"
    empty.mkdir()
    results = tmp_path / "broken"
    make_run(2, 2).write(results)
    (results / "results.json").write_text("{")
    for words, message in (
        (["--out", out], "give a run's folder"),
        (["nowhere", "--out", out], "nowhere: no such file or folder"),
        ([str(empty), "--out", out], "no problems in this folder; name them with --problems"),
        ([str(folder), "--out", str(empty)], "is a folder; name a file"),
        ([str(results), "--out", out], "results.json: seconds: cannot be read"),
    ):
        assert main(["report", *words]) == 2, words
        assert message in capsys.readouterr().err
    assert not Path(out).exists()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_in_a_browser(page_file: Path, chromium: Any, scheme: str) -> None:
    requests, complaints = [], []
    page = chromium.new_page(color_scheme=scheme, viewport={"width": 1100, "height": 900})
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(page_file.as_uri())
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
    assert complaints == []
    paper = _channels(page, "document.body")
    assert (sum(paper) > 600) == (scheme == "light")
    for selector in (".plot svg", ".ended", "table", ".case", ".steps li"):
        assert page.locator(selector).first.is_visible(), selector
    # From the number of wrong answers to a wrong solution that was chosen.
    page.locator('.counts a[href="#false-positives"], .counts a').first.click()
    target = page.url.partition("#")[2]
    assert page.locator(f"#{target} .case").first.is_visible()
    page.close()


def _channels(page: Any, element: str) -> list[int]:
    colour = page.evaluate(f"getComputedStyle({element}).backgroundColor")
    return [int(part) for part in re.findall(r"\d+", colour)[:3]]


def test_red_steps_are_red_and_say_why(page_file: Path, chromium: Any) -> None:
    page = chromium.new_page()
    page.goto(page_file.as_uri())
    steps = page.locator(".steps li").evaluate_all(
        "els => els.map(e => [e.title, getComputedStyle(e).backgroundColor])"
    )
    shown = [
        (float(found.group(1)), [float(x) for x in re.findall(r"[\d.]+", colour)[:3]])
        for title, colour in steps
        if (found := re.search(r"score ([\d.]+)", title))
    ]
    assert all(colour[0] > colour[1] for score, colour in shown if score < 0.3)
    assert all(colour[1] > colour[0] for score, colour in shown if score > 0.9)
    assert any("does not add up" in title for title, _ in steps)
    assert page.locator(".reason").first.is_visible()
    page.close()


def test_fits_a_phone_and_prints(page_file: Path, chromium: Any, tmp_path: Path) -> None:
    page = chromium.new_page(viewport={"width": 380, "height": 800})
    page.goto(page_file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 380
    pdf = page.pdf(path=str(tmp_path / "report.pdf"), format="A4")
    assert pdf.startswith(b"%PDF")
    page.emulate_media(media="print", color_scheme="dark")
    assert sum(_channels(page, "document.body")) > 600  # paper is white, whatever the screen
    assert not page.locator("nav").is_visible()
    page.close()
