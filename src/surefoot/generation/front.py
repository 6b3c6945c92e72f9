"""The rows of one call of the engine: who enters, who goes on together, who leaves.

Continuations of one prompt that have the same tokens so far have the same keys,
values and next distribution. They share one row, and part where their own noise
picks different tokens: a row is a node on the front of the tree of all
continuations. The result is what it would be if each had a row to itself.
"""

from collections import deque
from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import PreTrainedModel

from surefoot.generation.attention import decode_step
from surefoot.generation.cache import SharedPromptCache
from surefoot.generation.choice import choose_tokens
from surefoot.generation.noise import uniform_noise
from surefoot.generation.prefill import Prefilled, prefill_next
from surefoot.generation.request import Draw, Request, Settings
from surefoot.generation.stopping import StopRule

Slots = NDArray[np.int64]
"""Numbers of the continuations under way; each has its noise at its slot."""


class Front:
    """Samples all continuations of some requests.

    Row r, numbered as in the cache, belongs to request `request[r]`, has
    `length[r]` tokens sampled and stands for the continuations `members[r]`.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        stop_rule: StopRule,
        settings: Settings,
        requests: Sequence[Request],
        on_draw: Callable[[Draw], None] | None = None,
    ) -> None:
        self.model, self.stop_rule, self.settings = model, stop_rule, settings
        self.requests, self.on_draw = requests, on_draw
        self.draws: list[list[Draw | None]] = [[None] * len(asked.keys) for asked in requests]
        self.waiting = deque(_chunks(requests, max(1, settings.rows // 4)))
        self.rows_left = [len(asked.keys) for asked in requests]
        self.ready: dict[int, Prefilled] = {}
        self.group_of: dict[int, int] = {}
        self.request_of_group: list[int] = []

        rows = settings.rows
        longest = max((asked.max_tokens for asked in requests), default=0)
        self.cache = SharedPromptCache(rows, shares_prompts=model._supports_attention_backend)
        self.n_rows = 0
        self.request = np.zeros(rows, dtype=np.int64)
        self.length = np.zeros(rows, dtype=np.int64)
        self.limit = np.zeros(rows, dtype=np.int64)
        self.log_p = np.zeros(rows)
        self.tokens = np.zeros((rows, longest), dtype=np.int64)
        self.members: list[Slots] = [np.empty(0, dtype=np.int64)] * rows
        self.noise = np.zeros((rows, longest))
        self.which = np.zeros(rows, dtype=np.int64)
        self.free_slots = list(range(rows))

    def finish(self) -> list[list[Draw]]:
        """Runs until nothing is left; the draws of each request."""
        while self.waiting or self.n_rows:
            while self.waiting and len(self.waiting[0][1]) <= len(self.free_slots):
                self._admit()
            if self.n_rows:
                self._grow(np.arange(self.n_rows), self._forward())
            self._drop_groups()
        return [[draw for draw in draws if draw is not None] for draws in self.draws]

    def _admit(self) -> None:
        """Starts as many waiting chunks as there is room for, each with one row."""
        first_logits, rows = [], []
        while self.waiting and len(self.waiting[0][1]) <= len(self.free_slots):
            request, numbers = self.waiting.popleft()
            group, logits = self._group(request)
            first_logits.append(logits)
            row, asked = self.n_rows, self.requests[request]
            self.n_rows += 1
            rows.append(row)
            self.cache.start_row(row, group)
            self.request[row], self.limit[row] = request, asked.max_tokens
            self.length[row], self.log_p[row] = 0, 0.0
            slots = np.array([self.free_slots.pop() for _ in numbers])
            self.members[row], self.which[slots] = slots, numbers
            for slot, number in zip(slots, numbers, strict=True):
                self.noise[slot, : asked.max_tokens] = uniform_noise(
                    self.settings.seed, asked.keys[number], asked.max_tokens
                )
        self._grow(np.array(rows), torch.stack(first_logits))

    def _group(self, request: int) -> tuple[int, Tensor]:
        """Group of a request and the logits after its prompt; computes it if need be."""
        if request not in self.ready:
            wanted = max(_PREFILL_AHEAD, len(self.free_slots))
            self.ready |= prefill_next(self.model, self.requests, request, wanted)
        prefilled = self.ready[request]
        if request not in self.group_of:
            self.group_of[request] = self.cache.add_group(prefilled.layers)
            self.request_of_group.append(request)
            prefilled.layers = []
        return self.group_of[request], prefilled.logits

    def _forward(self) -> Tensor:
        """(B, V) The logits after each row's last token."""
        last = self.tokens[np.arange(self.n_rows), self.length[: self.n_rows] - 1]
        last_B = torch.from_numpy(last).to(self.model.device)
        return decode_step(self.model, self.cache, last_B, self.n_rows)

    def _grow(self, rows: NDArray[np.int64], logits_BV: Tensor) -> None:
        """Gives every continuation of some rows its next token; rows part and leave."""
        counts = np.array([len(self.members[row]) for row in rows])
        slots = np.concatenate([self.members[row] for row in rows])
        starts = np.cumsum(counts) - counts
        at_B = np.repeat(np.arange(len(rows)), counts)
        at_M = np.arange(len(slots)) - starts[at_B]
        noise_BM = np.zeros((len(rows), counts.max()))
        noise_BM[at_B, at_M] = self.noise[slots, self.length[rows][at_B]]
        tokens_BM, log_p_BM = choose_tokens(
            logits_BV,
            torch.from_numpy(noise_BM).to(logits_BV.device),
            temperature=self.settings.temperature,
            top_p=self.settings.top_p,
        )
        tokens = tokens_BM.cpu().numpy()[at_B, at_M]
        log_p = log_p_BM.double().cpu().numpy()[at_B, at_M]

        agree = np.minimum.reduceat(tokens, starts) == np.maximum.reduceat(tokens, starts)
        first = tokens[starts]
        may_end = self.stop_rule.may_finish(first) | (self.length[rows] + 1 >= self.limit[rows])
        simple = agree & ~may_end
        self._append(rows[simple], first[simple], log_p[starts][simple])
        forks = _Forks()
        for b in np.flatnonzero(~simple).tolist():
            span = slice(starts[b], starts[b] + counts[b])
            self._part(int(rows[b]), slots[span], tokens[span], log_p[span], forks)
        self._settle(forks)

    def _append(
        self, rows: NDArray[np.int64], tokens: NDArray[np.int64], log_p: NDArray[np.float64]
    ) -> None:
        self.tokens[rows, self.length[rows]] = tokens
        self.log_p[rows] += log_p
        self.length[rows] += 1

    def _part(
        self,
        row: int,
        slots: Slots,
        tokens: NDArray[np.int64],
        log_p: NDArray[np.float64],
        forks: "_Forks",
    ) -> None:
        """Parts a row by its continuations' tokens; those that are finished leave."""
        length = int(self.length[row])
        stays: tuple[int, float, Slots] | None = None
        for token in dict.fromkeys(tokens.tolist()):
            takes = tokens == token
            chance = float(log_p[takes][0])
            if self._leave(row, token, chance, slots[takes]):
                continue
            if stays is None:
                stays = (token, chance, slots[takes])
            else:
                forks.add(row, token, chance, slots[takes])
        if stays is None:
            forks.vacant.append(row)
            return
        token, chance, self.members[row] = stays
        self.tokens[row, length] = token
        forks.stays.append((row, chance))

    def _leave(self, row: int, token: int, log_p: float, slots: Slots) -> bool:
        """Records the continuations that this token finishes, if it does."""
        length = int(self.length[row])
        self.tokens[row, length] = token
        tokens = self.tokens[row, : length + 1]
        finish = self.stop_rule.finish_of(tokens, int(self.limit[row]))
        if finish is None:
            return False
        draw = Draw(
            tokens=tuple(tokens.tolist()),
            log_probability=float(self.log_p[row]) + log_p,
            finish=finish,
        )
        request = int(self.request[row])
        for slot in slots.tolist():
            self.draws[request][self.which[slot]] = draw
            if self.on_draw:
                self.on_draw(draw)
        self.free_slots += slots.tolist()
        self.rows_left[request] -= len(slots)
        return True

    def _settle(self, forks: "_Forks") -> None:
        """Gives the parted rows places, and closes the gaps of those that left."""
        vacant = forks.vacant
        targets = [vacant.pop() if vacant else self._new_row() for _ in forks.sources]
        self._copy(forks.sources, targets)
        for target, (token, log_p, slots) in zip(targets, forks.takes, strict=True):
            self.members[target] = slots
            self.tokens[target, self.length[target]] = token
            forks.stays.append((target, log_p))
        for row, log_p in forks.stays:
            self.log_p[row] += log_p
            self.length[row] += 1
        left = self.n_rows - len(vacant)
        holes = [row for row in vacant if row < left]
        movers = sorted(set(range(left, self.n_rows)) - set(vacant))
        self._copy(movers, holes)
        for mover, hole in zip(movers, holes, strict=True):
            self.members[hole] = self.members[mover]
        self.n_rows = left

    def _new_row(self) -> int:
        self.n_rows += 1
        return self.n_rows - 1

    def _copy(self, sources: list[int], targets: list[int]) -> None:
        if not sources:
            return
        self.cache.copy_rows(sources, targets)
        for column in (self.request, self.length, self.limit, self.log_p):
            column[targets] = column[sources]
        self.tokens[targets] = self.tokens[sources]

    def _drop_groups(self) -> None:
        """Forgets the prompts whose continuations are all there."""
        for request in [r for r in self.group_of if not self.rows_left[r]]:
            group = self.group_of.pop(request)
            self.cache.drop_group(group)
            last = self.request_of_group.pop()
            if last != request:
                self.request_of_group[group] = last
                self.group_of[last] = group
            del self.ready[request]


class _Forks:
    """What one step changes about the rows."""

    def __init__(self) -> None:
        self.sources: list[int] = []
        self.takes: list[tuple[int, float, Slots]] = []
        self.stays: list[tuple[int, float]] = []
        self.vacant: list[int] = []

    def add(self, source: int, token: int, log_p: float, slots: Slots) -> None:
        """A part of a row that needs a row of its own."""
        self.sources.append(source)
        self.takes.append((token, log_p, slots))


def _chunks(requests: Sequence[Request], size: int) -> list[tuple[int, range]]:
    """The continuations of each request, cut where there are more than `size`."""
    return [
        (index, range(start, min(start + size, len(request.keys))))
        for index, request in enumerate(requests)
        for start in range(0, len(request.keys), size)
    ]


_PREFILL_AHEAD = 64
"""Continuations whose prompts are computed together, so that they enter later
without a pass of their own."""
