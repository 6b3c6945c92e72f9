"""One call of the engine: who enters, who goes on together, who leaves.

Continuations of one prompt that have the same tokens so far have the same keys,
values and next distribution. They share one row, and part where their own noise
picks different tokens: the rows are the front of the tree of all continuations.
The result is what it would be if each had a row to itself.
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
from surefoot.generation.rows import Forks, Part, Rows, Slots
from surefoot.generation.stopping import StopRule

_PREFILL_AHEAD = 64
"""Continuations whose prompts are computed together, so that they enter later
without a pass of their own."""


class Front:
    """Samples all continuations of some requests.

    Args:
        model: Set to our attention.
        stop_rule: When a continuation is finished.
        settings: How to sample.
        requests: What to sample, in the order in which they enter.
        on_draw: Called with each continuation as it finishes.
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
        self.n_left = [len(asked.keys) for asked in requests]
        self.waiting = deque(_chunks(requests, max(1, settings.rows // 4)))
        self.ready: dict[int, Prefilled] = {}
        self.group_of: dict[int, int] = {}
        self.request_of_group: list[int] = []

        most = settings.rows
        longest = max((asked.max_tokens for asked in requests), default=0)
        self.cache = SharedPromptCache(most, shares_prompts=bool(model._supports_attention_backend))
        self.rows = Rows(self.cache, most, longest)
        self.free_slots = list(range(most))
        self.noise = np.zeros((most, longest))
        # Which of its request's continuations has the slot.
        self.number = np.zeros(most, dtype=np.int64)

    def finish(self) -> list[list[Draw]]:
        """Runs until nothing is left; the draws of each request."""
        while self.waiting or self.rows.n:
            while self._has_room():
                self._admit()
            if self.rows.n:
                last_B = torch.from_numpy(self.rows.last_token).to(self.model.device)
                logits_BV = decode_step(self.model, self.cache, last_B, self.rows.n)
                self._grow(np.arange(self.rows.n), logits_BV)
            self._drop_groups()
        return [[draw for draw in draws if draw is not None] for draws in self.draws]

    def _has_room(self) -> bool:
        return bool(self.waiting) and len(self.waiting[0][1]) <= len(self.free_slots)

    def _admit(self) -> None:
        """Starts as many waiting chunks as there is room for, each with one row."""
        first_logits, rows = [], []
        while self._has_room():
            request, numbers = self.waiting.popleft()
            asked = self.requests[request]
            group, logits = self._group(request)
            slots = np.array([self.free_slots.pop() for _ in numbers])
            self.number[slots] = numbers
            for slot, number in zip(slots, numbers, strict=True):
                self.noise[slot, : asked.max_tokens] = uniform_noise(
                    self.settings.seed, asked.keys[number], asked.max_tokens
                )
            rows.append(self.rows.start(request, group, asked.max_tokens, slots))
            first_logits.append(logits)
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

    def _grow(self, rows: NDArray[np.int64], logits_BV: Tensor) -> None:
        """Gives every continuation of some rows its next token; rows part and leave."""
        table = self.rows
        counts = np.array([len(table.members[row]) for row in rows])
        starts = np.cumsum(counts) - counts
        slots = np.concatenate([table.members[row] for row in rows])
        tokens, log_p = self._choose(slots, np.repeat(rows, counts), counts, logits_BV)

        agree = np.minimum.reduceat(tokens, starts) == np.maximum.reduceat(tokens, starts)
        first = tokens[starts]
        at_limit = table.length[rows] + 1 >= table.limit[rows]
        goes_on = agree & ~at_limit & ~self.stop_rule.may_finish(first)
        table.append(rows[goes_on], first[goes_on], log_p[starts][goes_on])
        forks = Forks()
        for b in np.flatnonzero(~goes_on).tolist():
            span = slice(starts[b], starts[b] + counts[b])
            self._part(int(rows[b]), slots[span], tokens[span], log_p[span], forks)
        table.settle(forks)

    def _choose(
        self, slots: Slots, rows: NDArray[np.int64], counts: NDArray[np.int64], logits_BV: Tensor
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Token and log-probability for each slot; those of a row stand together."""
        at_B = np.repeat(np.arange(len(counts)), counts)
        at_M = np.arange(len(slots)) - np.repeat(np.cumsum(counts) - counts, counts)
        noise_BM = np.zeros((len(counts), counts.max()))
        noise_BM[at_B, at_M] = self.noise[slots, self.rows.length[rows]]
        tokens_BM, log_p_BM = choose_tokens(
            logits_BV,
            torch.from_numpy(noise_BM).to(logits_BV.device),
            temperature=self.settings.temperature,
            top_p=self.settings.top_p,
        )
        return tokens_BM.cpu().numpy()[at_B, at_M], log_p_BM.double().cpu().numpy()[at_B, at_M]

    def _part(
        self,
        row: int,
        slots: Slots,
        tokens: NDArray[np.int64],
        log_p: NDArray[np.float64],
        forks: Forks,
    ) -> None:
        """Parts a row by its continuations' tokens; those that are finished leave."""
        going_on = []
        for token in dict.fromkeys(tokens.tolist()):
            takes = tokens == token
            part = Part(source=row, token=token, log_p=float(log_p[takes][0]), members=slots[takes])
            if not self._leave(part):
                going_on.append(part)
        if going_on:
            forks.stays.append(going_on[0])
            forks.parts += going_on[1:]
        else:
            forks.vacant.append(row)

    def _leave(self, part: Part) -> bool:
        """Records the continuations that their token finishes, if it does."""
        row, table = part.source, self.rows
        table.tokens[row, table.length[row]] = part.token
        tokens = table.tokens[row, : table.length[row] + 1]
        finish = self.stop_rule.finish_of(tokens, int(table.limit[row]))
        if finish is None:
            return False
        draw = Draw(
            tokens=tuple(tokens.tolist()),
            log_probability=float(table.log_p[row]) + part.log_p,
            finish=finish,
        )
        request = int(table.request[row])
        for slot in part.members.tolist():
            self.draws[request][self.number[slot]] = draw
            if self.on_draw:
                self.on_draw(draw)
        self.free_slots += part.members.tolist()
        self.n_left[request] -= len(part.members)
        return True

    def _drop_groups(self) -> None:
        """Forgets the prompts whose continuations are all there."""
        for request in [r for r in self.group_of if not self.n_left[r]]:
            group = self.group_of.pop(request)
            self.cache.drop_group(group)
            last = self.request_of_group.pop()
            if last != request:
                self.request_of_group[group] = last
                self.group_of[last] = group
            del self.ready[request]


def _chunks(requests: Sequence[Request], size: int) -> list[tuple[int, range]]:
    """The continuations of each request, cut where there are more than `size`.

    Those of a chunk enter together, so that they can share rows; a quarter of the
    room is the most that one takes, so that there is always work for the rest.
    """
    return [
        (index, range(start, min(start + size, len(request.keys))))
        for index, request in enumerate(requests)
        for start in range(0, len(request.keys), size)
    ]
