"""Texts of next steps, written in the background, one request at a time.

A generator is slow beside a person who waits and fast beside one who reads. So
while somebody reads a step, the texts that will be asked for next are written;
who asks before they are there goes before all that is only expected. Texts are
kept by the steps before them, for everybody who comes to the same place.
"""

import heapq
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

log = logging.getLogger("surefoot")

Propose: TypeAlias = Callable[[str, Sequence[str], int], Sequence[str]]
"""(statement, steps before, how many) -> texts of a next step; there may be fewer."""

Place: TypeAlias = tuple[str, tuple[str, ...]]
"""Statement and the steps so far."""

AWAITED, SOON, PERHAPS = 0, 1, 2
"""How urgent a request is: somebody waits; somebody will ask; somebody may."""
MAX_WAITING = 20
"""People who wait at once: each holds a thread of the server, which has 40."""
MAX_QUEUED = 200
"""Requests in the queue; what is merely expected is left out beyond."""
MAX_KEPT = 5000
"""Places of which texts are kept."""

CLOSING = 30.0
"""Seconds in which a text has to be finished when the server ends."""


class TooSlow(Exception):
    """The texts are not there in time."""


class Failed(Exception):
    """The generator could not write."""


@dataclass
class _Sheet:
    """What was written after some steps."""

    texts: list[str] = field(default_factory=list)
    asked: int = 0
    """Texts that were asked for in all; there may be fewer, however often one asks."""
    error: Exception | None = None


class Desk:
    """Writes with a generator, in a thread of its own.

    Args:
        write: The generator. It may be slow at first, while it is loaded.
    """

    def __init__(self, write: Propose) -> None:
        self._write = write
        self._sheets: OrderedDict[Place, _Sheet] = OrderedDict()
        self._queue: list[tuple[int, int, Place, int]] = []
        self._n_asked = self._n_waiting = 0
        self._change = threading.Condition()
        self._worker: threading.Thread | None = None
        self._is_closed = False

    def __call__(self, statement: str, before: Sequence[str], n: int) -> Sequence[str]:
        """The texts, however long that takes."""
        return self.texts(statement, before, n, threading.TIMEOUT_MAX)

    def texts(self, statement: str, before: Sequence[str], n: int, seconds: float) -> list[str]:
        """At least `n` different texts if there are as many, in the order written.

        Raises:
            TooSlow: They are not there in time, or too many people wait already.
            Failed: The generator failed.
        """
        place, end = (statement, tuple(before)), time.monotonic() + seconds
        with self._change:
            if (old := self._sheets.get(place)) and old.error is not None:
                del self._sheets[place]  # it may go well this time
            if self._ready(place, n) is None:
                if self._n_waiting >= MAX_WAITING:
                    raise TooSlow
                self._ask(AWAITED, place, n)
            self._n_waiting += 1
            try:
                while (sheet := self._ready(place, n)) is None:
                    if not self._change.wait(max(0.0, end - time.monotonic())):
                        raise TooSlow
            finally:
                self._n_waiting -= 1
            if sheet.error is not None:
                raise Failed(str(sheet.error)) from sheet.error
            return list(sheet.texts)

    def expect(self, statement: str, before: Sequence[str], n: int, urgency: int = SOON) -> None:
        """Have the texts written, as somebody will ask for them; never waits."""
        place = (statement, tuple(before))
        with self._change:
            if self._ready(place, n) is None and len(self._queue) < MAX_QUEUED:
                self._ask(urgency, place, n)

    def close(self) -> None:
        """End the thread, after what it is writing: torch aborts where one is cut off."""
        with self._change:
            self._is_closed = True
            self._change.notify_all()
        if self._worker is not None:
            self._worker.join(CLOSING)

    def _ready(self, place: Place, n: int) -> _Sheet | None:
        sheet = self._sheets.get(place)
        if sheet is None or (sheet.asked < n and sheet.error is None):
            return None
        self._sheets.move_to_end(place)
        return sheet

    def _ask(self, urgency: int, place: Place, n: int) -> None:
        self._n_asked += 1
        # Of equals the one asked for last comes first where nobody waits: who asked
        # before has gone on since.
        turn = self._n_asked if urgency == AWAITED else -self._n_asked
        heapq.heappush(self._queue, (urgency, turn, place, n))
        if self._worker is None:
            self._worker = threading.Thread(target=self._work, daemon=True, name="generator")
            self._worker.start()
        self._change.notify_all()

    def _work(self) -> None:
        while True:
            with self._change:
                while not self._queue and not self._is_closed:
                    self._change.wait()
                if self._is_closed:
                    return
                _, _, place, n = heapq.heappop(self._queue)
                if self._ready(place, n) is not None:
                    continue
                there = self._sheets.get(place, _Sheet()).texts
            sheet = self._written(place, n, there)
            with self._change:
                self._sheets[place] = sheet
                while len(self._sheets) > MAX_KEPT:
                    self._sheets.popitem(last=False)
                self._change.notify_all()

    def _written(self, place: Place, n: int, there: list[str]) -> _Sheet:
        try:
            # As many as are wanted in all: some of them are there already.
            new = self._write(*place, n)
        except Exception as error:  # noqa: BLE001 - any; the server goes on without
            log.error("the generator failed: %s", " ".join(str(error).split())[:300])
            return _Sheet(there, n, error)
        kept = (text for text in (*there, *new) if text.strip())
        return _Sheet(list(dict.fromkeys(kept)), n)
