"""From the invite through the screening to exported rows, by keys alone."""

import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from page_kit import picture, press, saved
from room_server import Served, secret_of

from surefoot.records import Problem, Solution
from surefoot.tables import write

N_QUESTIONS = 30
NewPage = Callable[..., Any]


def chain(start: int, wrong: int | None) -> tuple[str, ...]:
    """Five sums, one after another; wrong from a step on."""
    steps, total = [], start
    for i in range(5):
        before, total = total, total + i + 1 + (i == wrong)
        steps.append(f"Step by step: ${before} + {i + 1} = {total}$.")
    return (*steps, f"# Answer\n\n{total}")


class Exam:
    """Questions with planted errors, three solutions to rate after them, and a server."""

    def __init__(self, folder: Path) -> None:
        draw = random.Random(5)
        self.db = folder / "labels.db"
        self.wrong = {100 * (q + 1): draw.choice([None, *range(5)]) for q in range(N_QUESTIONS + 3)}
        for name, some in (("exam", slice(N_QUESTIONS)), ("work", slice(N_QUESTIONS, None))):
            starts = list(self.wrong)[some]
            problems = [
                Problem(
                    problem_id=f"p{s}", statement=f"What is ${s}+1+2+3+4+5$?", answer=f"{s + 15}"
                )
                for s in starts
            ]
            solutions = [
                Solution(
                    solution_id=f"s{s}",
                    problem_id=f"p{s}",
                    steps=chain(s, self.wrong[s]),
                    answer=chain(s, self.wrong[s])[-1].split()[-1],
                )
                for s in starts
            ]
            write(folder / name / "problems", problems)
            write(folder / name / "solutions", solutions)
        rows = [
            json.dumps({"solution_id": f"s{start}", "first_errors": [self.wrong[start]]})
            for start in list(self.wrong)[:N_QUESTIONS]
        ]
        (folder / "answers.jsonl").write_text("\n".join(rows), encoding="utf-8")
        self.served = Served(str(folder / "work"), f"--db={self.db}", "--generation", "4")
        self.said = self.surefoot(
            "gold", str(folder / "exam"), "--kind", "screening",
            "--first-errors", str(folder / "answers.jsonl"), "--db", str(self.db), "--json",
        )  # fmt: skip

    def surefoot(self, *words: str) -> str:
        """What a command of the room prints."""
        command = [sys.executable, "-m", "surefoot", "label", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def open(self, page: Any, name: str) -> None:
        """Ada follows her link and presses Enter."""
        page.goto(f"{self.served.said['url']}/i#{secret_of(self.db, name)}")
        page.get_by_role("button", name="Start").wait_for()
        press(page, "Enter")

    def shown(self, page: Any, before: int | None) -> int:
        """Which question or solution is on the page; waits for another than before."""
        if before is not None:
            page.locator(".statement", has_text=f"What is {before}+").wait_for(state="detached")
        return int(page.locator(".statement annotation").text_content().split("+")[0])

    def answer(self, page: Any, first_error: int | None) -> list[int]:
        """Presses the keys that say where the first error is; the ratings."""
        if first_error is None:
            press(page, "d d s d d d Enter")
            return [1, 1, 0, 1, 1, 1]
        press(page, "d " * first_error + "a Enter")
        return [1] * first_error + [-1]


@pytest.fixture
def exam(tmp_path: Path, chromium: Any) -> Iterator[Exam]:
    made = Exam(tmp_path)
    yield made
    made.served.kill()


def test_by_keys_alone_from_the_invite_through_the_screening_to_exported_rows(
    exam: Exam, new_page: NewPage, tmp_path: Path
) -> None:
    assert json.loads(exam.said)["pass_mark"] == 23
    page = new_page()
    exam.open(page, "Ada")
    page.get_by_text("Screening: 0 of 30 done, 23 right answers pass").wait_for()
    assert not page.get_by_role("button", name="Release").is_visible()
    pressed: dict[int, list[int]] = {}
    at: int | None = None
    for n in range(N_QUESTIONS):
        at = exam.shown(page, at)
        truth = exam.wrong[at]
        # Seven wrong answers are allowed.
        pressed[at] = exam.answer(page, truth if n >= 7 else (0 if truth != 0 else 1))
        if n == 11:
            page.get_by_text("Screening: 12 of 30 done").wait_for()
            picture(page, "screening")
    page.get_by_text("You passed the screening").wait_for()
    picture(page, "passed")
    for _ in range(3):
        at = exam.shown(page, at)
        pressed[at] = exam.answer(page, exam.wrong[at])
    page.get_by_text("Nothing is left").wait_for()
    picture(page, "done")
    saved(page)
    press(page, "[")  # the last one once more: its first step is wrong after all
    page.locator(".statement", has_text=f"What is {at}+").wait_for()
    press(page, "Home a Enter Enter")
    page.get_by_text("Nothing is left").wait_for()
    saved(page)
    assert at is not None
    pressed[at] = [-1]
    assert list(pressed) == list(exam.wrong)

    out = tmp_path / "rows.jsonl"
    exam.surefoot("export", "--db", str(exam.db), "--out", str(out))
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    found = {}
    for row in rows:
        start = int(row["question"]["problem"].split("$")[1].split("+")[0])
        found[start] = [s["completions"][0]["rating"] for s in row["label"]["steps"]]
        is_exam = start in list(exam.wrong)[:N_QUESTIONS]
        assert row["is_initial_screening_question"] == is_exam
        assert row["generation"] == (-1 if is_exam else 4)
        assert not row["is_quality_control_question"]
        assert tuple(row["question"]["pre_generated_steps"]) == chain(start, exam.wrong[start])
        why = "found_error" if -1 in pressed[start] else "solution"
        assert row["label"]["finish_reason"] == why
    assert found == pressed
    exam.surefoot("replay", "--db", str(exam.db), "--check")


def test_who_fails_the_screening_gets_no_work(exam: Exam, new_page: NewPage) -> None:
    page = new_page()
    exam.open(page, "Ben")
    at: int | None = None
    for n in range(N_QUESTIONS):
        at = exam.shown(page, at)
        truth = exam.wrong[at]
        exam.answer(page, truth if n >= 8 else (0 if truth != 0 else 1))
    page.get_by_text("The screening was not passed this time").wait_for()
    assert page.get_by_text("You passed").count() == 0
    saved(page)
    picture(page, "failed")
