"""Progress: lines where there is no terminal, a bar where there is one."""

import os
import pty
import subprocess
import sys

import pytest

from surefoot import progress
from surefoot.progress import Progress

SCRIPT = """
from surefoot.progress import Progress
with Progress("Sampling", 2) as shown:
    for n in (1, 2):
        shown.advance(f"{n} rows")
"""


def test_without_a_terminal_lines_come_as_the_work_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.0)
    seen = []
    with Progress("Sampling", 4, 1, note="9 rows") as shown:
        for n in (2, 3, 4):
            shown.advance(f"{n} rows [of many]")
            seen.append(capsys.readouterr().err)
    assert seen[0].startswith("Sampling: 2/4, 2 rows [of many], 0:00 left")
    assert seen[1].startswith("Sampling: 3/4, 3 rows [of many], 0:00 left")
    assert seen[2] == ""
    assert capsys.readouterr() == ("", "Sampling: 4/4, 4 rows [of many], 0:00 in all\n")


def test_the_time_left_is_not_guessed_from_the_first_pieces(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.0)
    with Progress("Sampling", 100, 60) as shown:
        shown.advance("")
        assert capsys.readouterr().err == "Sampling: 61/100, 0:00 so far\n"
        shown.advance("")
        assert capsys.readouterr().err == "Sampling: 62/100, 0:00 left\n"


def test_a_quick_piece_of_work_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("Grading", 100) as shown:
        for _ in range(100):
            shown.advance("")
    assert capsys.readouterr().err == "Grading: 100/100, 0:00 in all\n"


def test_what_failed_or_is_not_to_be_shown_does_not_claim_to_be_done(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(ValueError, match="no"), Progress("Grading", 2) as shown:
        raise ValueError("no")
    with Progress("Grading", 1, shown=False) as shown:
        shown.advance("")
    assert capsys.readouterr().err == ""


def test_the_rate_is_that_of_this_run() -> None:
    with Progress("Sampling", 1000, shown=False) as shown:
        shown.stand_at(998)
        shown.advance("")
        assert shown.done == 999
        assert shown.made == 1
        assert shown.rate * shown.seconds == pytest.approx(1, rel=0.5)


def test_on_a_terminal_a_bar_is_drawn() -> None:
    ours, theirs = pty.openpty()
    try:
        environment = {**os.environ, "TERM": "xterm"}
        subprocess.run([sys.executable, "-c", SCRIPT], stderr=theirs, check=True, env=environment)
        text = os.read(ours, 100_000).decode()
    finally:
        os.close(theirs)
        os.close(ours)
    assert "━" in text
    assert "2/2" in text
    assert "in all" not in text
