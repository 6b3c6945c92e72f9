"""Work in processes that are killed while they work."""

import multiprocessing
import os
import random
import signal
import threading
import time
from pathlib import Path

import pytest

from surefoot.errors import UserError
from surefoot.workers import ordered_map


def slow_square(number: int) -> int:
    time.sleep(0.01)
    return number * number


def die(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def fail(number: int) -> int:
    raise ValueError(f"no {number}")


def children() -> list[int]:
    return [child.pid for child in multiprocessing.active_children() if child.pid is not None]


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_results_come_in_order(workers: int) -> None:
    assert list(ordered_map(slow_square, range(20), workers)) == [n * n for n in range(20)]
    assert list(ordered_map(slow_square, [], workers)) == []


def test_pieces_are_read_as_needed() -> None:
    read = []

    def pieces() -> object:
        for number in range(1000):
            read.append(number)
            yield number

    results = ordered_map(slow_square, pieces(), 2)  # type: ignore[arg-type]
    assert next(results) == 0
    assert len(read) < 20
    results.close()  # type: ignore[attr-defined]


def test_killed_workers_are_replaced_and_nothing_is_lost_or_doubled() -> None:
    killed = 0
    stop = threading.Event()

    def kill() -> None:
        nonlocal killed
        choose = random.Random(0)
        while not stop.wait(0.15) and killed < 6:
            if pids := children():
                os.kill(choose.choice(pids), signal.SIGKILL)
                killed += 1

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        found = list(ordered_map(slow_square, range(600), 2))
    finally:
        stop.set()
        killer.join()
    assert killed >= 3
    assert found == [n * n for n in range(600)]


def test_a_piece_that_kills_every_worker_is_given_up() -> None:
    results = ordered_map(die, range(10), 2)
    with pytest.raises(UserError, match="10 worker processes died"):
        list(results)


def test_what_the_work_raises_comes_out() -> None:
    with pytest.raises(ValueError, match="no 0"):
        list(ordered_map(fail, range(3), 2))


def test_killed_workers_of_a_grading_run(tmp_path: Path) -> None:
    """Every row is graded once, as by one process."""
    from surefoot.commands.grade import Config, run

    rows = [f'{{"given": "{k}/7", "gold": "{k % 50}/7", "id": {k}}}\n' for k in range(20_000)]
    pairs = tmp_path / "pairs.jsonl"
    pairs.write_text("".join(rows))
    stop = threading.Event()
    killed = 0

    def kill() -> None:
        nonlocal killed
        while not stop.wait(0.4) and killed < 4:
            for pid in children()[:1]:
                os.kill(pid, signal.SIGKILL)
                killed += 1

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        run(Config(pairs=pairs, out=tmp_path / "many.jsonl", workers=2))
    finally:
        stop.set()
        killer.join()
    run(Config(pairs=pairs, out=tmp_path / "one.jsonl"))
    assert killed
    assert (tmp_path / "many.jsonl").read_bytes() == (tmp_path / "one.jsonl").read_bytes()
