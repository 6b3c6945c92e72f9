"""The sampling engine: many solutions at once, on any decoder `transformers` loads.

Reads token ids of prompts, writes token ids of continuations. The prompt of N
continuations is computed once; rows that finish leave the batch at once and new
ones enter (continuous batching); the noise of a row is its own, so the size and
the company of the batch change nothing but rounding.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from surefoot.generation.attention import decoding, using_shared_prompts
from surefoot.generation.cache import SharedPromptCache
from surefoot.generation.choice import check_choice, choose_tokens
from surefoot.generation.noise import uniform_noise
from surefoot.generation.prefill import Prefilled, prefill_next
from surefoot.generation.stopping import end_of_solution, end_tokens, newline_tokens
from surefoot.records import Finish


@dataclass(frozen=True, kw_only=True)
class Request:
    """A prompt and the continuations wanted of it."""

    prompt: Sequence[int]
    """Token ids, at least one."""
    keys: Sequence[str]
    """One a continuation; names its noise."""
    max_tokens: int
    """Continuations are cut here; >= 1."""


@dataclass(frozen=True, kw_only=True)
class Draw:
    """One sampled continuation."""

    tokens: tuple[int, ...]
    """With the end-of-text token, if it was reached."""
    log_probability: float
    """Sum over the tokens (nats) at temperature 1 and without top-p."""
    finish: Finish


@dataclass(kw_only=True)
class Engine:
    """A model made ready for sampling.

    Args:
        rows: Continuations computed at once.
        temperature: See `surefoot.generation.choice.choose_tokens`.
        top_p: Likewise.
        seed: Part of every row's noise.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    rows: int = 256
    temperature: float = 1.0
    top_p: float = 1.0
    seed: int = 0
    _ends: frozenset[int] = field(init=False)
    _may_stop: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        check_choice(self.temperature, self.top_p)
        n_tokens = self.model.get_output_embeddings().weight.shape[0]
        self._ends = end_tokens(self.model, self.tokenizer)
        self._may_stop = newline_tokens(self.tokenizer, n_tokens)
        self._may_stop[[token for token in self._ends if token < n_tokens]] = True

    def draw(
        self, requests: Sequence[Request], on_draw: Callable[[Draw], None] | None = None
    ) -> list[list[Draw]]:
        """Samples every continuation of every request.

        Args:
            requests: Prompts in the order in which they enter the batch.
            on_draw: Called with each continuation as it finishes, in no fixed order.

        Returns:
            For each request its continuations, in the order of its keys.
        """
        with torch.inference_mode(), using_shared_prompts(self.model):
            return _Run(self, requests, on_draw).finish()

    def choose(self, logits_BV: Tensor, noise_B: NDArray[np.float64]) -> tuple[Tensor, Tensor]:
        """Token and log-probability of each row."""
        return choose_tokens(
            logits_BV,
            torch.from_numpy(noise_B).to(logits_BV.device),
            temperature=self.temperature,
            top_p=self.top_p,
        )

    def finish_of(self, tokens: NDArray[np.int64], max_tokens: int) -> Finish | None:
        """Why these sampled tokens are complete; None if they go on."""
        last = int(tokens[-1])
        if last in self._ends:
            return "stop"
        if self._may_stop[last]:
            text = self.tokenizer.decode(tokens.tolist(), clean_up_tokenization_spaces=False)
            if end_of_solution(text) is not None:
                return "stop"
        return "length" if len(tokens) >= max_tokens else None

    def may_finish(self, token_B: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which tokens could end a continuation."""
        return self._may_stop[token_B]


class _Run:
    """The state of one `Engine.draw`.

    Rows are numbered as in the cache. Row r is continuation `which[r]` of
    request `request[r]`, with `length[r]` tokens sampled.
    """

    def __init__(
        self,
        engine: Engine,
        requests: Sequence[Request],
        on_draw: Callable[[Draw], None] | None,
    ) -> None:
        self.engine, self.requests, self.on_draw = engine, requests, on_draw
        self.cache = SharedPromptCache(shares_prompts=engine.model._supports_attention_backend)
        self.waiting = deque(
            (r, which) for r, request in enumerate(requests) for which in range(len(request.keys))
        )
        self.ready: dict[int, Prefilled] = {}
        self.rows_left = [len(request.keys) for request in requests]
        self.group_of: dict[int, int] = {}
        self.request_of_group: list[int] = []
        self.draws: list[dict[int, Draw]] = [{} for _ in requests]
        longest = max((request.max_tokens for request in requests), default=0)
        self.request = np.zeros(engine.rows, dtype=np.int64)
        self.which = np.zeros(engine.rows, dtype=np.int64)
        self.length = np.zeros(engine.rows, dtype=np.int64)
        self.limit = np.zeros(engine.rows, dtype=np.int64)
        self.log_p = np.zeros(engine.rows)
        self.tokens = np.zeros((engine.rows, longest), dtype=np.int64)
        self.noise = np.zeros((engine.rows, longest))
        self.n_rows = 0

    def finish(self) -> list[list[Draw]]:
        """Runs until nothing is left; the draws of each request."""
        finished: list[int] = []
        while True:
            while self.waiting and (finished or self.n_rows < self.engine.rows):
                finished = self._enter(finished)
            for row in sorted(finished, reverse=True):
                self._drop(row)
            self._drop_groups()
            if not self.n_rows:
                return [[draws[k] for k in range(len(draws))] for draws in self.draws]
            finished = self._step()

    def _enter(self, vacant: list[int]) -> list[int]:
        """Starts waiting continuations in vacant and in new rows; those done at once."""
        space = len(vacant) + self.engine.rows - self.n_rows
        entering = [self.waiting.popleft() for _ in range(min(space, len(self.waiting)))]
        rows = vacant[: len(entering)]
        rows += range(self.n_rows, self.n_rows + len(entering) - len(rows))
        logits = []
        for row, (request, which) in zip(rows, entering, strict=True):
            group, first_logits = self._group(request)
            logits.append(first_logits)
            if row < self.n_rows:
                self.cache.restart_row(row, group)
            else:
                self.n_rows = self.cache.add_row(group) + 1
            asked = self.requests[request]
            self.request[row], self.which[row] = request, which
            self.length[row], self.limit[row], self.log_p[row] = 0, asked.max_tokens, 0.0
            self.noise[row, : asked.max_tokens] = uniform_noise(
                self.engine.seed, asked.keys[which], asked.max_tokens
            )
        done = self._take(np.asarray(rows), torch.stack(logits))
        return done + vacant[len(entering) :]

    def _group(self, request: int) -> tuple[int, Tensor]:
        """Group of a request and the logits after its prompt; computes it if need be."""
        if request not in self.ready:
            covered = max(_PREFILL_AHEAD, self.engine.rows - self.n_rows)
            self.ready |= prefill_next(self.engine.model, self.requests, request, covered)
        prefilled = self.ready[request]
        if request not in self.group_of:
            self.group_of[request] = self.cache.add_group(prefilled.layers)
            self.request_of_group.append(request)
            prefilled.layers = []
        return self.group_of[request], prefilled.logits

    def _step(self) -> list[int]:
        """One more token for every row; the rows that it finished."""
        n, cache = self.n_rows, self.cache
        device = self.engine.model.device
        rows = np.arange(n)
        last = torch.from_numpy(self.tokens[rows, self.length[:n] - 1]).to(device)
        positions = cache.begin_step(device)
        mask = None if cache.shares_prompts else cache.step.mask_B.to(self.engine.model.dtype)
        with decoding(cache):
            logits = self.engine.model(
                input_ids=last[:, None],
                position_ids=positions,
                attention_mask=mask,
                past_key_values=cache,
                use_cache=True,
            ).logits
        cache.end_step()
        return self._take(rows, logits[:, -1])

    def _take(self, rows: NDArray[np.int64], logits_BV: Tensor) -> list[int]:
        """Samples the rows' next token; records and returns those that are finished."""
        at = self.length[rows]
        tokens, log_p = self.engine.choose(logits_BV, self.noise[rows, at])
        token_B = tokens.cpu().numpy()
        self.tokens[rows, at] = token_B
        self.log_p[rows] += log_p.double().cpu().numpy()
        self.length[rows] += 1
        candidates = self.engine.may_finish(token_B) | (self.length[rows] >= self.limit[rows])
        return [row for row in rows[candidates].tolist() if self._leave(row)]

    def _leave(self, row: int) -> bool:
        """Records the row if it is finished."""
        tokens = self.tokens[row, : self.length[row]]
        finish = self.engine.finish_of(tokens, int(self.limit[row]))
        if finish is None:
            return False
        draw = Draw(
            tokens=tuple(tokens.tolist()), log_probability=float(self.log_p[row]), finish=finish
        )
        request = int(self.request[row])
        self.draws[request][int(self.which[row])] = draw
        if self.on_draw:
            self.on_draw(draw)
        self.rows_left[request] -= 1
        return True

    def _drop(self, row: int) -> None:
        """Closes the gap that a finished row leaves."""
        self.n_rows -= 1
        self.cache.drop_row(row)
        for column in (self.request, self.which, self.length, self.limit, self.log_p):
            column[row] = column[self.n_rows]
        for table in (self.tokens, self.noise):
            table[row] = table[self.n_rows]

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


_PREFILL_AHEAD = 64
"""Continuations whose prompts are computed together, so that they enter later
without a pass of their own."""
