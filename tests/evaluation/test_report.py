"""The report's text; how it looks is in tests/commands/test_report_command.py, in a browser."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from surefoot import tables
from surefoot.evaluation.report import render_report
from surefoot.jsonlines import json_lines
from surefoot.records import Problem
from synthetic_run import Run, make_run


class Page(HTMLParser):
    """Anchors, links and tag balance of a page."""

    VOID = frozenset({"meta", "link", "br", "hr", "img"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.sources: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.ids += [value for value in [found.get("id")] if value]
        self.links += [value for value in [found.get("href")] if value and tag == "a"]
        self.sources += [value for name, value in attrs if name in ("src", "data") and value]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def run() -> Run:
    return make_run(12, 8, seed=1)


def render(run: Run, **changes: object) -> str:
    return render_report(
        run.problems,
        run.solutions,
        run.grades,
        run.scores,
        labels=run.labels,
        **changes,  # type: ignore[arg-type]  # whatever a test wants to change
    )


def test_stands_alone_and_every_link_arrives(run: Run) -> None:
    text = render(run)
    page = Page(text)
    assert page.open == []
    assert page.links
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert all(link.startswith("#") for link in page.links)
    assert page.sources == []
    assert not re.search(r"https?://(?!www\.w3\.org)", text)
    assert "<script" not in text


def test_failures_come_before_the_curves(run: Run) -> None:
    text = render(run)
    assert text.index("How solutions ended") < text.index("<svg")
    wrong = sum(grade.verdict == "incorrect" for grade in run.grades)
    assert re.search(rf"wrong</dt><dd><a [^>]*>{wrong}</a>", text)


def test_the_same_run_gives_the_same_page(run: Run) -> None:
    assert render(run) == render(run)


def test_stages_notes_and_title_are_shown(run: Run) -> None:
    text = render(run, seconds={"train prm": 121.74}, title="Sums & more", notes=["Seed 7."])
    assert "<h1>Sums &amp; more</h1>" in text
    assert "Seed 7." in text
    assert re.search(r"train prm</th><td>121\.7", text)


def test_hostile_text_stays_text(run: Run) -> None:
    evil = "<script>alert('x')</script>"
    solutions = [replace(s, steps=(evil, *s.steps)) for s in run.solutions]
    problems = [replace(p, statement=evil, subject=evil) for p in run.problems]
    text = render_report(problems, solutions, run.grades, run.scores)
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_works_with_grades_alone(run: Run) -> None:
    text = render_report(run.problems, run.solutions, run.grades, {})
    assert Page(text).open == []
    assert "majority voting" in text
    assert "PRM" not in re.sub(r"<svg.*?</svg>", "", text, flags=re.DOTALL)


def test_nothing_solved_is_reported_as_such(run: Run) -> None:
    grades = [replace(g, verdict="incorrect") if g.verdict == "correct" else g for g in run.grades]
    text = render_report(run.problems, run.solutions, grades, run.scores, labels=run.labels)
    assert Page(text).open == []
    assert "0.0" in text
    assert "<td><b>–</b></td>" in text


def test_one_problem_one_solution() -> None:
    run = make_run(1, 1)
    assert Page(render(run)).open == []


def test_real_latex_is_legible(shared_data: Path, run: Run) -> None:
    path = shared_data / "math" / "prm800k_split_test.jsonl"
    rows = [row for _, row in json_lines(path) if isinstance(row, dict)]
    problems = [
        Problem(problem_id=f"p{i}", statement=str(row["problem"]), answer=str(row["answer"]))
        for i, row in enumerate(rows[: len(run.problems)])
    ]
    page = Page(render_report(problems, run.solutions, run.grades, run.scores))
    assert page.open == []


def test_tables_survive_the_disk(run: Run, tmp_path: Path) -> None:
    folder = run.write(tmp_path / "run")
    solutions = tables.read(folder / "solutions", type(run.solutions[0]))
    assert render_report(
        run.problems, solutions, run.grades, run.scores, labels=run.labels
    ) == render(run)
