"""A lab makes each stage once, whatever asks for it."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from surefoot.errors import UserError
from surefoot.paper.lab import Lab, opened


class Commands:
    """Writes its words into `--out`, and remembers them."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def __call__(self, verb: str, words: list[str]) -> dict[str, Any]:
        self.asked.append([verb, *words])
        out = Path(words[words.index("--out") + 1])
        out.write_text(" ".join(words), encoding="utf-8")
        return {"rows": 3}


def test_a_stage_is_made_once_and_by_others_too(tmp_path: Path) -> None:
    call = Commands()
    lab = Lab(tmp_path, call)
    first = lab.make("problems", "problems arith", "-n", 3)
    assert lab.make("problems", "problems arith", "-n", 3) == first
    assert lab.make("problems", "problems arith", "-n", 4) != first
    again = Lab(tmp_path, call)
    assert again.make("problems", "problems arith", "-n", 3) == first
    assert len(call.asked) == 2
    assert list(again.seconds) == [first.name]


def test_the_name_follows_from_what_it_was_made_of(tmp_path: Path) -> None:
    """Two labs in different places give the same names; another input gives another."""
    made = []
    for place in ("a", "b"):
        (tmp_path / place).mkdir()
        lab = Lab(tmp_path / place, Commands())
        one = lab.make("problems", "problems arith", "-n", 3)
        two = lab.make("problems", "problems arith", "-n", 4)
        made.append([lab.make("solutions", "sample", of).name for of in (one, two)])
    assert made[0] == made[1]
    assert made[0][0] != made[0][1]


def test_a_stage_that_failed_is_made_again(tmp_path: Path) -> None:
    call = Commands()

    def fails(verb: str, words: list[str]) -> dict[str, Any]:
        call(verb, words)
        raise UserError("no")

    with pytest.raises(UserError):
        Lab(tmp_path, fails).make("grades", "grade", "p")
    out = Lab(tmp_path, call).make("grades", "grade", "p")
    assert len(call.asked) == 2
    assert out.exists()
    out.unlink()  # somebody has made room
    Lab(tmp_path, call).make("grades", "grade", "p")
    assert len(call.asked) == 3


def test_what_a_function_makes_is_kept_too(tmp_path: Path) -> None:
    lab = Lab(tmp_path, Commands())
    made: list[Path] = []

    def write(out: Path) -> None:
        made.append(out)
        out.write_text("x", encoding="utf-8")

    assert lab.keep("cut", "key", write) == lab.keep("cut", "key", write)
    assert len(made) == 1


def test_two_experiments_do_not_share_a_lab_at_the_same_time(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from surefoot.paper.lab import opened\n"
        "with opened(Path(sys.argv[1]), lambda v, w: {}): pass"
    )
    words = [sys.executable, "-c", code, str(tmp_path)]
    with opened(tmp_path, Commands()):
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert "another experiment works in it" in done.stderr
    assert subprocess.run(words, check=False).returncode == 0
