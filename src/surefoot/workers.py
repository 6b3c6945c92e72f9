"""Work spread over processes, any of which may die.

`concurrent.futures` gives up all its processes when one is killed (out of
memory, by an operator), so that work with many such deaths does not end;
Pebble's pool waits for ever when a process dies while it holds the common
pipe. Here each process has a pipe of its own: a death costs the one piece that
the process held, which is handed out again. Every piece is done, in order.
"""

import logging
import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, TypeAlias, TypeVar

from surefoot.errors import UserError

log = logging.getLogger("surefoot")
P = TypeVar("P")
R = TypeVar("R")

Answer: TypeAlias = tuple[Exception | None, R | None]
"""What the work raised, or what it gave."""

AHEAD = 4
"""Pieces a process that may be done before the oldest one is."""
MOST_DEATHS = 10
"""Processes that may die of one piece before it is given up."""


def ordered_map(work: Callable[[P], R], pieces: Iterable[P], workers: int) -> Iterator[R]:
    """`work` of each piece, in the order of the pieces; `pieces` is read as needed.

    Args:
        work: A function at the top of a module (it is sent to other processes),
            which may be called more than once for a piece.
        pieces: What it is called with.
        workers: Processes; 1 or fewer does the work in this one.

    Raises:
        UserError: Process after process dies of the same piece.
        Exception: What `work` raises.
    """
    if workers <= 1:
        yield from map(work, pieces)
        return
    team: _Team[P, R] = _Team(work, workers)
    try:
        yield from team.results(iter(pieces))
    finally:
        team.end()


class _Team(Generic[P, R]):
    """Processes, what each of them holds, and what is done."""

    def __init__(self, work: Callable[[P], R], workers: int) -> None:
        self._work = work
        self._held: dict[Connection[Any, Any], tuple[int, P] | None] = {}
        self._processes: dict[Connection[Any, Any], Any] = {}
        self._again: deque[tuple[int, P]] = deque()
        self._deaths: dict[int, int] = {}
        for _ in range(workers):
            self._hire()

    def results(self, pieces: Iterator[P]) -> Iterator[R]:
        done: dict[int, Answer[R]] = {}
        numbered = enumerate(pieces)
        given = oldest = 0
        while True:
            while None in self._held.values():
                if self._again:
                    self._hand_out(*self._again.popleft())
                elif given - oldest < AHEAD * len(self._held) and (piece := next(numbered, None)):
                    given += 1
                    self._hand_out(*piece)
                else:
                    break
            if oldest == given:
                return
            while oldest in done:
                error, result = done.pop(oldest)
                if error is not None:
                    raise error
                oldest += 1
                yield result  # type: ignore[misc]
            busy = [pipe for pipe, piece in self._held.items() if piece is not None]
            for pipe in wait(busy) if busy else ():
                self._take(pipe, done)  # type: ignore[arg-type]

    def end(self) -> None:
        for pipe, process in self._processes.items():
            process.kill()
            process.join()
            pipe.close()

    def _hire(self) -> None:
        # Spawned, not forked: a fork of a process with threads may hang.
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_labour, args=(self._work, theirs), daemon=True)
        process.start()
        theirs.close()
        self._held[ours], self._processes[ours] = None, process

    def _hand_out(self, number: int, piece: P) -> None:
        pipe = next(pipe for pipe, held in self._held.items() if held is None)
        self._held[pipe] = number, piece
        try:
            pipe.send(piece)
        except OSError:
            self._bury(pipe)

    def _take(
        self, pipe: "Connection[Any, Any]", done: dict[int, tuple[Exception | None, Any]]
    ) -> None:
        """What a process sends, or its death."""
        held = self._held[pipe]
        assert held is not None
        try:
            done[held[0]] = pipe.recv()
        except (EOFError, OSError):
            self._bury(pipe)
            return
        self._held[pipe] = None

    def _bury(self, pipe: "Connection[Any, Any]") -> None:
        """Hands a dead process's piece to the next one that is free."""
        log.warning("a worker process died; its work is handed out again")
        piece = self._held.pop(pipe)
        self._processes.pop(pipe).join()
        pipe.close()
        self._hire()
        assert piece is not None
        deaths = self._deaths[piece[0]] = self._deaths.get(piece[0], 0) + 1
        if deaths >= MOST_DEATHS:
            raise UserError(
                f"{deaths} worker processes died of the same piece of work; is the memory full?"
            )
        self._again.append(piece)


def _labour(work: Callable[[P], R], pipe: "Connection[Any, Any]") -> None:
    """The life of a process: ends when the pipe does."""
    while True:
        try:
            piece = pipe.recv()
        except (EOFError, KeyboardInterrupt):
            return
        answer: Answer[R]
        try:
            answer = None, work(piece)
        except Exception as error:  # noqa: BLE001 - raised again where it was asked for
            answer = error, None
        pipe.send(answer)
