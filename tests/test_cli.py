"""The command line as a user meets it: exit codes, messages, help, pipes."""

import json
import math
import os
import resource
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from surefoot import cli, help_texts
from surefoot.cli import VERBS, Verb, find_verb, main, overview, render
from surefoot.errors import UserError


def surefoot(*words: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "surefoot", *words], capture_output=True, text=True, **options
    )


def test_overview_lists_every_verb_with_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    for name, verb in VERBS.items():
        assert any(name in line and verb.summary in line for line in shown.splitlines())
    assert max(map(len, shown.splitlines())) <= 80


def test_overview_is_quick() -> None:
    def seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert surefoot("--help").returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    # Processor time and the best of several, as other processes share the machine.
    assert min(seconds() for _ in range(5)) < 0.15


def test_every_verb_has_its_module() -> None:
    folder = Path(cli.__file__).parent / "commands"
    assert [v.module for v in VERBS.values() if not (folder / f"{v.module}.py").is_file()] == []


@pytest.mark.parametrize(
    ("words", "verb"),
    [
        (["grade", "p", "s"], "grade"),
        (["label", "auto", "--by", "checker"], "label auto"),
        (["evaluate", "best-of-n", "f"], "evaluate best-of-n"),
        (["label"], None),
        (["problems", "--help"], None),
    ],
)
def test_words_lead_to_a_verb(words: list[str], verb: str | None) -> None:
    assert find_verb(words) == verb


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["grad"], "did you mean `surefoot grade`?"),
        (["label", "atuo"], "did you mean `surefoot label auto`?"),
        (["labl", "auto"], "did you mean `surefoot label auto`?"),
        (["best-of-n"], "did you mean `surefoot evaluate best-of-n`?"),
        (["xyzzy"], "`surefoot --help` lists them"),
    ],
)
def test_a_wrong_verb_is_asked_wrongly_and_names_the_nearest(
    words: list[str], hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    error = capsys.readouterr().err
    assert hint in error
    assert error.count("\n") == 1


def test_a_group_shows_its_verbs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["label", "--help"]) == 0
    shown = capsys.readouterr().out
    assert "label import" in shown
    assert "train prm" not in shown
    assert shown.strip() == overview("label")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("grade a b --out c --nope", "Unrecognized options: --nope"),
        ("grade a b --out", "-out"),
        ("label auto", "--out"),
        ("sample p --generatr m --out s", "Perhaps you meant: --generator"),
        ("sample p -n two --out s", "'two'"),
        ("label auto p s --by me --out l", "invalid choice 'me' for argument '--by'"),
    ],
)
@pytest.mark.parametrize("columns", ["50", "200"])
def test_a_wrong_flag_is_asked_wrongly_and_said_in_one_line(
    words: str,
    why: str,
    columns: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert main(words.split()) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("surefoot: error: ")
    assert why in shown.err
    assert shown.err.endswith(" --help`\n")
    assert shown.err.count("\n") == 1
    assert "---" not in shown.err


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("verb", ["label serve", "train prm", "grade"])
def test_help_is_wrapped_for_the_terminal(
    verb: str, width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    # What tyro says, before it is wrapped anew.
    monkeypatch.setattr(help_texts, "_reflowed", lambda lines: lines)
    assert main([*verb.split(), "--help"]) == 0
    before = capsys.readouterr().out
    monkeypatch.undo()
    monkeypatch.setenv("COLUMNS", str(width))
    assert main([*verb.split(), "--help"]) == 0
    after = capsys.readouterr().out
    assert after.split() == before.split()
    lines = after.splitlines()
    options = lines[lines.index(" options") + 2 :]
    assert max(map(len, options)) <= width
    # No line of a text ends early: the next one's first word had no room on it.
    (column,) = {line.index("show this help") for line in options if "show this help" in line}
    for line, following in pairwise(options):
        is_text = line[column - 1 : column] == " " and len(line) > column
        if following[:column].strip() or not following or not is_text:
            continue
        word = following.split()[0]
        assert len(line) + 1 + len(word) > width - 1, (line, following)


def test_help_of_a_verb_shows_its_example_as_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["grade", "--help"]) == 0
    assert "    surefoot grade problems solutions --out grades\n" in capsys.readouterr().out


def test_a_users_mistake_is_one_line_and_debug_shows_where(tmp_path: Path) -> None:
    words = ["grade", str(tmp_path / "none"), str(tmp_path / "none"), "--out", str(tmp_path / "o")]
    wrong = surefoot(*words)
    assert wrong.returncode == 2
    assert wrong.stdout == ""
    assert wrong.stderr == (
        f"surefoot: error: {tmp_path}/none: no such file or folder (it should hold problems)\n"
    )
    assert "Traceback" in surefoot(*words, "--debug").stderr


def test_a_closed_pipe_is_quiet() -> None:
    code = f"{sys.executable} -m surefoot --help | true; echo ${{PIPESTATUS[0]}}"
    shown = subprocess.run(["bash", "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "0"
    assert shown.stderr == ""


SLEEPER = """
import signal, sys, time, types
from dataclasses import dataclass
from surefoot import cli, help_texts
from surefoot.commands.options import Options

# A shell that starts the tests in the background has them ignore interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)

@dataclass(frozen=True, kw_only=True)
class Config(Options):
    "Sleeps."

def run(config):
    print("sleeping", flush=True)
    time.sleep(60)

sys.modules["surefoot.commands.sleep"] = types.ModuleType("surefoot.commands.sleep")
sys.modules["surefoot.commands.sleep"].__dict__.update(Config=Config, run=run)
cli.VERBS["sleep"] = cli.Verb("sleep", "sleeps")
sys.exit(cli.main(["sleep"]))
"""


def test_an_interrupted_command_ends_with_130() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SLEEPER], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "sleeping\n"
    os.kill(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=20)
    assert process.returncode == 130
    assert (
        error
        == "surefoot: error: interrupted; what was finished is kept, and the same command goes on\n"
    )


def fails_with(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(words: list[str]) -> int:
        raise error

    monkeypatch.setattr(cli, "_dispatch", fail)


def test_a_missing_file_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fails_with(FileNotFoundError(2, "No such file", "there/is/none"), monkeypatch)
    assert main(["grade"]) == 2
    assert capsys.readouterr().err == "surefoot: error: there/is/none: No such file or directory\n"


def test_what_nobody_foresaw_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    fails_with(OSError("a library's own"), monkeypatch)
    with pytest.raises(OSError, match="a library's own"):
        main(["grade"])


def test_a_message_of_several_lines_becomes_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fails_with(UserError("this\n  and that"), monkeypatch)
    assert main(["grade"]) == 2
    assert capsys.readouterr().err == "surefoot: error: this and that\n"


def test_a_result_as_json_is_one_object_that_any_reader_takes() -> None:
    result = {
        "n": [1, 2],
        "share": math.nan,
        "path": Path("a/b"),
        "text": "for people",
        "ü": {3: 0.5},
    }
    shown = render(result, as_json=True)
    assert "\n" not in shown
    assert json.loads(shown) == {"n": [1, 2], "share": None, "path": "a/b", "ü": {"3": 0.5}}


def test_a_result_for_people_is_lines() -> None:
    result = {"correct": 3, "by_kind": {"a": 1 / 3}, "n": [1, 10]}
    assert render(result, as_json=False) == "correct: 3\nby_kind:\n  a: 0.333333\nn: 1 10"
    assert render({"text": "all in words", "n": 1}, as_json=False) == "all in words"


def test_verbs_are_named_after_their_modules() -> None:
    for name, verb in VERBS.items():
        assert verb.module == name.replace(" ", "_").replace("-", "_")
        assert isinstance(verb, Verb)
