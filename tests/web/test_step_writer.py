"""`label serve --generator`: steps written while the page is served, rated to the end."""

import json
import time
from pathlib import Path

import pytest
from room_server import Caller, Served, secret_of

from surefoot.cli import main
from surefoot.problems.arith.checker import check
from surefoot.problems.arith.generate import generate
from surefoot.records import Problem, Session
from surefoot.tables import read, write


def test_problems_alone_are_solved_with_a_generator(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    problems = list(generate(4, split="train", levels=[1], seed=0))
    write(tmp_path / "problems", problems)
    db = tmp_path / "labels.db"
    served = Served(
        "--problems", str(tmp_path / "problems"), "--protocol", "phase1",
        "--generator", "nano", "--db", str(db),
    )  # fmt: skip
    try:
        assert served.said["left"] == 4
        # The page answers while the model is still being loaded.
        ada = Caller(served.port).sign_in(secret_of(db, "Ada"))
        started = time.monotonic()
        assert ada.ask("GET", "/me")[1]["project"]["protocol"] == "phase1"
        assert time.monotonic() - started < 5
        ada.close()
        link = f"http://127.0.0.1:{served.port}/i#{secret_of(db, 'Emmy')}"
        assert main(["label", "rate", link, "--session", str(tmp_path / "s"), "--json"]) == 0
        said = json.loads(capsys.readouterr().out)
    finally:
        said_at_the_end = served.stop()
    # Torch aborts the process where one of its threads is cut off.
    assert "surefoot: error: interrupted" in said_at_the_end
    assert served.process.returncode == 130
    assert said["submitted"] == 4
    assert main(["label", "replay", "--db", str(db), "--check"]) == 0
    assert main(["label", "collect", "--db", str(db), "--out", str(tmp_path / "rated")]) == 0
    sessions = read(tmp_path / "rated" / "sessions", Session)
    by_id = {problem.problem_id: problem for problem in problems}
    n_right = 0
    for session in sessions:
        steps = _checked(by_id[session.problem_id], session)
        if session.finish_reason == "solution":
            n_right += 1
            assert check(by_id[session.problem_id], steps)[-1] == (1, "the right answer")
        else:
            assert session.finish_reason == "give_up"
    assert n_right  # nano knows something


def _checked(problem: Problem, session: Session) -> list[str]:
    """The steps that were followed; each option was rated as the checker does."""
    way: list[str] = []
    for texts, ratings, chosen in zip(
        session.alternatives, session.alternative_ratings, session.chosen, strict=True
    ):
        assert texts is not None
        assert ratings is not None
        # One text; others only where it is not +1.
        assert 1 <= len(texts) <= 7
        assert len(set(texts)) == len(texts)
        assert len(texts) == 1 or ratings[0] != 1
        assert list(ratings) == [check(problem, [*way, text])[-1].rating for text in texts]
        if chosen is None:
            assert set(ratings) == {-1}
        else:
            assert ratings[chosen] == max(r for r in ratings if r is not None)
            way.append(texts[chosen])
    return way


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--generator", "./none"], "--generator: ./none: no such model folder"),
        (["--generator", "nano", "--server", "http://x"], "--generator, --server: give one"),
        (["--server", "localhost:8000"], "--server: must begin with http"),
        (["--served-model", "m"], "--served-model: goes with --server"),
        (["--temperature", "0", "--generator", "nano"], "--temperature: must be above 0"),
        (["--problems", "PROBLEMS"], "--problems: name the solutions to be rated"),
        (["--problems", "PROBLEMS", "--protocol", "phase1"], "give --generator or --server"),
    ],
)
def test_a_mistake_is_one_line(
    words: list[str], why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "problems", list(generate(1, split="train", seed=0)))
    words = [str(tmp_path / "problems") if word == "PROBLEMS" else word for word in words]
    asked = ["label", "serve", "--db", str(tmp_path / "labels.db"), "--port", "0", *words]
    assert main(asked) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert why in line
