"""How far a long piece of work is, on stderr.

A bar on a terminal. Elsewhere (a log, CI, `2> file`) a bar would be drawn once,
at the end; there a plain line comes every ten seconds, and one at the end.
"""

import time
from types import TracebackType
from typing import Self

from rich import progress
from rich.console import Console

LINE_SECONDS = 10.0
"""Between two lines where there is no terminal."""
SAID_AFTER = 0.05
"""Share of this run's work after which the time left is told."""


class Progress:
    """Counts up to a total while the work inside its `with` goes on.

    Args:
        title: What is being done ("Sampling").
        total: When it is done.
        done: How much an earlier run has done.
        note: What to show besides the count before any of it is done.
        shown: False shows nothing.
    """

    def __init__(
        self, title: str, total: int, done: int = 0, *, note: str = "", shown: bool = True
    ) -> None:
        console = Console(stderr=True)
        self.title, self.total, self.done, self.note = title, total, done, note
        self.made = 0
        self._line_to = console if shown and not console.is_terminal else None
        self._bar = progress.Progress(
            progress.TextColumn("{task.description}"),
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TextColumn("{task.fields[note]}"),
            progress.TimeRemainingColumn(),
            console=console,
            disable=not (shown and console.is_terminal),
        )
        self._task = self._bar.add_task(title, total=total, completed=done, note=note)
        self._started = self._last_line = time.monotonic()

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        self._bar.stop()
        if kind is None:
            self._line(f"{_clock(self.seconds)} in all")

    @property
    def seconds(self) -> float:
        """Since this was made, earlier runs left out."""
        return time.monotonic() - self._started

    @property
    def rate(self) -> float:
        """What this run has done a second."""
        return self.made / max(self.seconds, 1e-9)

    def stand_at(self, done: int) -> None:
        """So much is there, earlier runs included."""
        self.done = done
        self._bar.update(self._task, completed=done)

    def advance(self, note: str = "", count: int = 1) -> None:
        """This run has done so many more."""
        self.made += count
        self.done += count
        self.note = note
        self._bar.update(self._task, completed=self.done, note=note)
        if time.monotonic() - self._last_line >= LINE_SECONDS and self.done < self.total:
            self._line(self._time())

    def _time(self) -> str:
        # Work done side by side ends side by side: the first pieces say nothing of the pace.
        left = self.total - self.done
        if self.made < SAID_AFTER * (self.made + left):
            return f"{_clock(self.seconds)} so far"
        return f"{_clock(left / self.rate)} left"

    def _line(self, end: str) -> None:
        self._last_line = time.monotonic()
        if self._line_to is not None:
            parts = (f"{self.title}: {self.done}/{self.total}", self.note, end)
            line = ", ".join(part for part in parts if part)
            self._line_to.print(line, highlight=False, markup=False, soft_wrap=True)


def _clock(seconds: float) -> str:
    """`1:02:03`, or `2:03` below an hour."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
