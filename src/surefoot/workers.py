"""Work spread over processes, any of which may die.

`concurrent.futures` gives up a whole pool when one of its processes is killed
(out of memory, by an operator). Here the pool is made anew and the unfinished
pieces are handed out again, so that every piece is done once, in order.
"""

import logging
import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from surefoot.errors import UserError

log = logging.getLogger("surefoot")
P = TypeVar("P")
R = TypeVar("R")

AHEAD = 3
"""Pieces handed out a process, so that none waits while results are written."""
MOST_DEATHS = 5
"""Deaths in a row at which the oldest piece, done by a process alone, is given up."""


def ordered_map(work: Callable[[P], R], pieces: Iterable[P], workers: int) -> Iterator[R]:
    """`work` of each piece, in the order of the pieces; `pieces` is read as needed.

    Args:
        work: A function at the top of a module (it is sent to other processes),
            which may be called more than once for a piece.
        pieces: What it is called with.
        workers: Processes; 1 or fewer does the work in this one.

    Raises:
        UserError: The processes die again and again on the same piece.
        Exception: What `work` raises.
    """
    if workers <= 1:
        yield from map(work, pieces)
        return
    waiting = iter(pieces)
    started: deque[tuple[P, Future[R]]] = deque()
    pool = _pool(workers)
    deaths = 0
    try:
        while True:
            try:
                # After a death only the oldest piece goes out: it may be the one that kills.
                limit = workers * AHEAD if deaths == 0 else 1
                while len(started) < limit and (piece := next(waiting, _END)) is not _END:
                    started.append((piece, pool.submit(work, piece)))  # type: ignore[arg-type]
                if not started:
                    return
                result = started[0][1].result()
            except BrokenProcessPool:
                deaths += 1
                if deaths > MOST_DEATHS:
                    raise UserError(
                        f"a worker process died {deaths} times in a row on the same piece of work; "
                        "is the memory full?"
                    ) from None
                log.warning("a worker process died; its work is handed out again")
                pool.shutdown(wait=False, cancel_futures=True)
                pool = _pool(workers)
                _hand_out_again(started, pool, work)
                continue
            started.popleft()
            deaths = 0
            yield result
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


_END = object()


def _hand_out_again(
    started: deque[tuple[P, "Future[R]"]], pool: ProcessPoolExecutor, work: Callable[[P], R]
) -> None:
    """New futures for what has no result yet."""
    for k, (piece, future) in enumerate(started):
        if not future.done() or future.cancelled() or future.exception() is not None:
            started[k] = piece, pool.submit(work, piece)


def _pool(workers: int) -> ProcessPoolExecutor:
    # Spawned, not forked: a fork of a process with threads may hang.
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
