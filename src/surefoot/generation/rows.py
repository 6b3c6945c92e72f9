"""The table of rows being sampled, in step with the cache of their keys and values."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from surefoot.generation.cache import SharedPromptCache

Slots = NDArray[np.int64]
"""Numbers of continuations under way."""


class Rows:
    """Rows 0 to `n` - 1, numbered as in the cache; those behind are unused.

    Args:
        cache: Rows are started and copied there too.
        most: Most rows there can be.
        longest: Most tokens that a row can have.

    Attributes:
        request: Index of the request that a row continues.
        length: Tokens sampled so far.
        limit: Most tokens it may have.
        log_p: Sum of the tokens' log-probabilities (nats).
        tokens: (most, longest) The tokens.
        members: The continuations that a row stands for.
    """

    def __init__(self, cache: SharedPromptCache, most: int, longest: int) -> None:
        self.cache, self.n = cache, 0
        self.request = np.zeros(most, dtype=np.int64)
        self.length = np.zeros(most, dtype=np.int64)
        self.limit = np.zeros(most, dtype=np.int64)
        self.log_p = np.zeros(most)
        self.tokens = np.zeros((most, longest), dtype=np.int64)
        self.members: list[Slots] = [np.empty(0, dtype=np.int64)] * most

    @property
    def last_token(self) -> NDArray[np.int64]:
        """(B,) The last token of each row."""
        last: NDArray[np.int64] = self.tokens[np.arange(self.n), self.length[: self.n] - 1]
        return last

    def start(self, request: int, group: int, limit: int, members: Slots) -> int:
        """Adds a row without tokens; returns its number."""
        row = self.n
        self.n += 1
        self.cache.start_row(row, group)
        self.request[row], self.limit[row] = request, limit
        self.length[row], self.log_p[row] = 0, 0.0
        self.members[row] = members
        return row

    def append(
        self, rows: NDArray[np.int64], tokens: NDArray[np.int64], log_p: NDArray[np.float64]
    ) -> None:
        """Gives some rows their next token."""
        self.tokens[rows, self.length[rows]] = tokens
        self.log_p[rows] += log_p
        self.length[rows] += 1

    def settle(self, forks: "Forks") -> None:
        """Gives parts of rows a place of their own, and closes the gaps of rows that left."""
        vacant = forks.vacant
        n_reused = min(len(vacant), len(forks.parts))
        targets = vacant[:n_reused]
        targets += range(self.n, self.n + len(forks.parts) - n_reused)
        self.n += len(forks.parts) - n_reused
        # Copied before any of them gets its token: source and copies part with it.
        self._copy([part.source for part in forks.parts], targets)
        for row, part in zip(targets, forks.parts, strict=True):
            self._take(row, part)
        for part in forks.stays:
            self._take(part.source, part)
        self._close(vacant[n_reused:])

    def _take(self, row: int, part: "Part") -> None:
        self.tokens[row, self.length[row]] = part.token
        self.log_p[row] += part.log_p
        self.length[row] += 1
        self.members[row] = part.members

    def _close(self, vacant: list[int]) -> None:
        """Moves the last rows into the vacant ones before them."""
        left = self.n - len(vacant)
        holes = [row for row in vacant if row < left]
        movers = sorted(set(range(left, self.n)).difference(vacant))
        self._copy(movers, holes)
        for mover, hole in zip(movers, holes, strict=True):
            self.members[hole] = self.members[mover]
        self.n = left

    def _copy(self, sources: list[int], targets: list[int]) -> None:
        if not sources:
            return
        self.cache.copy_rows(sources, targets)
        for column in (self.request, self.length, self.limit, self.log_p):
            column[targets] = column[sources]
        self.tokens[targets] = self.tokens[sources]


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """Continuations of one row that go on with the same token."""

    source: int
    token: int
    log_p: float
    members: Slots


@dataclass(kw_only=True)
class Forks:
    """How rows part in one step."""

    stays: list[Part] = field(default_factory=list)
    """One part of a row goes on in its place."""
    parts: list[Part] = field(default_factory=list)
    """The others need places of their own."""
    vacant: list[int] = field(default_factory=list)
    """Rows of which no part goes on."""
