"""Stages: killed and started again, they end as if nothing had happened."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from surefoot.errors import OutputExists, UserError
from surefoot.records import Solution
from surefoot.stages import StageResult, fingerprint, run_stage
from surefoot.tables import read, write

SPEC: dict[str, Any] = {"command": "sample", "seed": 0, "settings": {"n": 2}}
NAMES = ["out", "out.jsonl", "out.jsonl.gz", "out.parquet"]

PROGRAM = """
import sys, time
from pathlib import Path
from surefoot.records import Solution
from surefoot.stages import run_stage

def work(shard):
    time.sleep(0.04)
    return [Solution(solution_id=f"{shard}/{i}", problem_id=f"{shard}", steps=(f"line {i}",))
            for i in range(shard % 4)]

run_stage(Path(sys.argv[1]), Solution, range(20), work, spec={"seed": 0}, progress="work")
"""


def solutions(shard: int) -> list[Solution]:
    return [Solution(solution_id=f"{shard}/{i}", problem_id=f"{shard}", steps=()) for i in range(2)]


def interrupted_after(n_shards: int, out: Path, spec: dict[str, Any] = SPEC, **more: Any) -> None:
    """Begin a stage of 5 shards that fails when it has made `n_shards`."""
    made = 0

    def work(shard: int) -> list[Solution]:
        nonlocal made
        if made == n_shards:
            raise InterruptedError
        made += 1
        return solutions(shard)

    with pytest.raises(InterruptedError):
        run_stage(out, Solution, range(5), work, spec=spec, **more)


@pytest.mark.parametrize("name", NAMES)
def test_a_stage_writes_all_shards_in_order(tmp_path: Path, name: str) -> None:
    out = tmp_path / name
    result = run_stage(out, Solution, range(5), solutions, spec=SPEC)
    assert result == StageResult(rows=10, shards=5, resumed=0)
    assert read(out, Solution) == [s for shard in range(5) for s in solutions(shard)]
    assert {p.name for p in tmp_path.iterdir()} == {name}


def test_a_complete_folder_may_be_reused_but_not_that_of_another_spec(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run_stage(out, Solution, range(5), solutions, spec=SPEC)
    for overwrite in (False, True):
        again = run_stage(
            out, Solution, range(5), _never, spec=SPEC, reuse=True, overwrite=overwrite
        )
        assert again == StageResult(rows=10, shards=5, resumed=5)
    assert len(read(out, Solution)) == 10
    with pytest.raises(OutputExists, match="seed is 0 there, 1 asked"):
        run_stage(out, Solution, range(5), _never, spec={**SPEC, "seed": 1}, reuse=True)
    with pytest.raises(OutputExists, match="is complete"):
        run_stage(out, Solution, range(5), _never, spec=SPEC)


def _never(shard: int) -> list[Solution]:
    raise AssertionError(shard)


def test_a_folder_says_how_it_was_made(tmp_path: Path) -> None:
    run_stage(tmp_path / "out", Solution, range(2), solutions, spec=SPEC)
    assert json.loads((tmp_path / "out" / "stage.json").read_text()) == {
        "status": "complete",
        "record": "Solution",
        "shards": 2,
        "spec": SPEC,
        "rows": 4,
    }
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "part-00000.parquet",
        "part-00001.parquet",
        "stage.json",
    ]


@pytest.mark.parametrize("name", NAMES)
def test_an_unfinished_stage_goes_on(tmp_path: Path, name: str) -> None:
    interrupted_after(3, tmp_path / name)
    done: list[int] = []

    def work(shard: int) -> list[Solution]:
        done.append(shard)
        return solutions(shard)

    result = run_stage(tmp_path / name, Solution, range(5), work, spec=SPEC)
    assert result == StageResult(rows=10, shards=5, resumed=3)
    assert done == [3, 4]
    assert read(tmp_path / name, Solution) == [s for i in range(5) for s in solutions(i)]


@pytest.mark.parametrize("name", ["out", "out.jsonl"])
def test_kill_9_in_the_middle_leaves_no_trace(tmp_path: Path, name: str) -> None:
    """Killed at several moments, also while a shard is written; then run to the end."""
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    whole.mkdir()
    broken.mkdir()
    start(whole / name).wait()
    kills = 0
    for pause in (0.1, 0.25):
        process = start(broken / name)
        shards = broken / name if name == "out" else broken / f".{name}.shards"
        before = len(list(shards.glob("part-*")))
        while process.poll() is None and len(list(shards.glob("part-*"))) == before:
            time.sleep(0.005)
        time.sleep(pause)
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            kills += 1
        process.wait()
    assert kills >= 1
    assert start(broken / name).wait() == 0
    assert {p.name for p in broken.iterdir()} == {name}
    if name == "out":
        files = [p.name for p in sorted((whole / name).iterdir())]
        assert [p.name for p in sorted((broken / name).iterdir())] == files
        assert all(
            (whole / name / f).read_bytes() == (broken / name / f).read_bytes() for f in files
        )
    else:
        assert (whole / name).read_bytes() == (broken / name).read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_what_failed_before_its_first_shard_does_not_stand_in_the_way(
    tmp_path: Path, name: str
) -> None:
    def fail(_: int) -> list[Solution]:
        raise UserError("m: weights cannot be loaded")

    with pytest.raises(UserError, match="weights"):
        run_stage(tmp_path / name, Solution, range(2), fail, spec={"model": "m"})
    assert list(tmp_path.iterdir()) == []
    assert run_stage(tmp_path / name, Solution, range(2), solutions, spec=SPEC).rows == 4


def test_a_half_written_file_of_a_killed_run_is_removed(tmp_path: Path) -> None:
    interrupted_after(3, tmp_path / "out")
    (tmp_path / "out" / ".part-00003.parquet.123.tmp").write_bytes(b"PAR1 half")
    (tmp_path / "out" / "part-00001.parquet").write_bytes(b"")  # a damaged disk
    result = run_stage(tmp_path / "out", Solution, range(5), solutions, spec=SPEC)
    assert (result.rows, result.resumed) == (10, 2)
    assert not list((tmp_path / "out").glob(".*"))


def test_an_unfinished_table_is_not_read(tmp_path: Path) -> None:
    interrupted_after(3, tmp_path / "out")
    with pytest.raises(UserError, match="unfinished; run the command that makes it again"):
        read(tmp_path / "out", Solution)


@pytest.mark.parametrize("name", NAMES)
def test_a_complete_output_is_not_made_again(tmp_path: Path, name: str) -> None:
    run_stage(tmp_path / name, Solution, range(5), solutions, spec=SPEC)
    with pytest.raises(OutputExists, match="exists"):
        run_stage(tmp_path / name, Solution, range(5), solutions, spec=SPEC)
    result = run_stage(tmp_path / name, Solution, range(5), solutions, spec=SPEC, overwrite=True)
    assert (result.rows, result.resumed) == (10, 0)


@pytest.mark.parametrize("name", NAMES)
def test_other_settings_are_named_and_nothing_is_mixed(tmp_path: Path, name: str) -> None:
    interrupted_after(3, tmp_path / name)
    other = SPEC | {"seed": 1, "settings": {"n": 2, "top_p": 0.9}}
    with pytest.raises(OutputExists) as error:
        run_stage(tmp_path / name, Solution, range(5), solutions, spec=other)
    assert str(error.value) == (
        f"{tmp_path / name}: was begun with other settings: seed is 0 there, 1 asked; "
        "settings.top_p is null there, 0.9 asked; "
        "give another --out, or --overwrite to replace it"
    )
    result = run_stage(tmp_path / name, Solution, range(5), solutions, spec=other, overwrite=True)
    assert result.resumed == 0


def test_another_number_of_shards_is_another_stage(tmp_path: Path) -> None:
    interrupted_after(3, tmp_path / "out")
    with pytest.raises(OutputExists, match="shards is 5 there, 6 asked"):
        run_stage(tmp_path / "out", Solution, range(6), solutions, spec=SPEC)


@pytest.mark.parametrize("name", NAMES)
def test_overwrite_goes_on_with_what_it_began_itself(tmp_path: Path, name: str) -> None:
    """Killed with --overwrite and started again by the same command: no work is lost."""
    run_stage(tmp_path / name, Solution, range(5), solutions, spec=SPEC | {"seed": 7})
    interrupted_after(3, tmp_path / name, overwrite=True)
    result = run_stage(tmp_path / name, Solution, range(5), solutions, spec=SPEC, overwrite=True)
    assert (result.rows, result.resumed) == (10, 3)


def test_a_table_of_another_kind_is_not_touched(tmp_path: Path) -> None:
    write(tmp_path / "out", solutions(0))
    with pytest.raises(OutputExists):
        run_stage(tmp_path / "out", Solution, range(5), solutions, spec=SPEC)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.tex").write_text("")
    with pytest.raises(UserError, match="not a table"):
        run_stage(tmp_path / "home", Solution, [0], solutions, spec=SPEC, overwrite=True)


def test_two_runs_at_once_are_refused(tmp_path: Path) -> None:
    def again(shard: int) -> list[Solution]:
        run_stage(tmp_path / "out", Solution, range(5), solutions, spec=SPEC)
        return []

    with pytest.raises(UserError, match="another run is writing to it at this moment"):
        run_stage(tmp_path / "out", Solution, range(5), again, spec=SPEC)


def test_a_stage_without_shards_or_rows(tmp_path: Path) -> None:
    assert run_stage(tmp_path / "a.jsonl", Solution, [], solutions, spec={}).rows == 0
    assert read(tmp_path / "a.jsonl", Solution) == []
    assert run_stage(tmp_path / "b", Solution, [0], lambda _: [], spec={}).rows == 0
    assert read(tmp_path / "b", Solution) == []


def test_the_progress_bar_goes_to_stderr(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_stage(tmp_path / "out", Solution, range(3), solutions, spec=SPEC, progress="Sampling")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Sampling" in captured.err
    assert "3/3" in captured.err
    assert "6 rows" in captured.err


def test_a_fingerprint_knows_bytes_and_names_but_not_how_they_were_made(tmp_path: Path) -> None:
    run_stage(tmp_path / "a", Solution, range(2), solutions, spec=SPEC)
    run_stage(tmp_path / "b", Solution, range(2), solutions, spec=SPEC | {"seed": 1})
    write(tmp_path / "c", solutions(0))
    assert fingerprint(tmp_path / "a") == fingerprint(tmp_path / "b") != fingerprint(tmp_path / "c")
    (tmp_path / "b" / "part-00001.parquet").rename(tmp_path / "b" / "part-00002.parquet")
    assert fingerprint(tmp_path / "a") != fingerprint(tmp_path / "b")
    (tmp_path / "f").write_bytes(b"abc")
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2
    assert fingerprint(tmp_path / "f") == expected
    with pytest.raises(UserError, match="no such file or folder"):
        fingerprint(tmp_path / "none")


def start(out: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", PROGRAM, str(out)]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL)
