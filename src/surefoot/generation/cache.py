"""Keys and values of the rows being sampled.

A prompt's keys and values are kept once for all the solutions written to it
(a *group*); each row adds those of its own tokens. Groups and rows lie at the
front of preallocated buffers without holes: one that leaves is replaced by the
last one, so a step reads plain slices.

Axes: G groups, B rows, K key/value heads, P prompt tokens, T own tokens, D width.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from transformers.cache_utils import Cache

_CHUNK = 32
"""Buffers grow by multiples of this many tokens."""

LayerPrompt = tuple[Tensor, Tensor]
"""Keys (K, P, D) and values (K, P, D) of one prompt in one layer."""


class Buffer:
    """Keys or values of many sequences: (N, K, L, D), grown as needed.

    What lies behind a sequence's end is not cleared: the attention masks it.
    It starts as zeros, so it is always a finite number.
    """

    def __init__(self) -> None:
        self.data = torch.empty(0, 0, 0, 0)

    def reserve(self, n: int, length: int, like: Tensor) -> None:
        """Makes room for `n` sequences of `length` tokens; `like` is (..., K, L, D)."""
        have_n, _, have_length, _ = self.data.shape
        if n <= have_n and length <= have_length:
            return
        grown_n = max(n, have_n) if n <= have_n else max(n, have_n + have_n // 2)
        grown_length = max(have_length, -(-length // _CHUNK) * _CHUNK)
        grown = like.new_zeros(grown_n, like.shape[-3], grown_length, like.shape[-1])
        if self.data.numel():
            grown[:have_n, :, :have_length] = self.data
        self.data = grown

    def put(self, index: int, sequence: Tensor) -> None:
        """Stores one sequence (K, L, D)."""
        self.reserve(index + 1, sequence.shape[-2], sequence)
        self.data[index, :, : sequence.shape[-2]] = sequence

    def move(self, source: int, target: int) -> None:
        """Overwrites one sequence with another."""
        if self.data.numel():
            self.data[target] = self.data[source]


class LayerStore:
    """One layer's buffers."""

    def __init__(self) -> None:
        self.prompt_keys, self.prompt_values = Buffer(), Buffer()
        self.own_keys, self.own_values = Buffer(), Buffer()


class SharedPromptCache(Cache):  # type: ignore[misc]
    """What `transformers` updates with each step's keys and values.

    Args:
        shares_prompts: True: `update` hands back the rows' own keys and values,
            and `surefoot.generation.attention` reads the prompts by itself.
            False, for models that do their own attention: it hands back prompt
            and own together, copied for every row.
    """

    def __init__(self, *, shares_prompts: bool = True) -> None:
        super().__init__(layers=[])
        self.stores: list[LayerStore] = []
        self.shares_prompts = shares_prompts
        self.prompt_length_G: list[int] = []
        self.group_B: list[int] = []
        self.length_B: list[int] = []
        self.last_layer = 0
        self.step: Step = Step.of([], [], [])

    def add_group(self, prompt: Sequence[LayerPrompt]) -> int:
        """Takes in a prompt's keys and values, one pair a layer; returns its index."""
        group = len(self.prompt_length_G)
        for layer, (keys, values) in enumerate(prompt):
            store = self._store(layer)
            store.prompt_keys.put(group, keys)
            store.prompt_values.put(group, values)
        self.prompt_length_G.append(prompt[0][0].shape[-2])
        return group

    def add_row(self, group: int) -> int:
        """Starts a row that continues a group's prompt; returns its index."""
        self.group_B.append(group)
        self.length_B.append(0)
        return len(self.group_B) - 1

    def restart_row(self, row: int, group: int) -> None:
        """Gives a finished row's place to a new one."""
        self.group_B[row] = group
        self.length_B[row] = 0

    def drop_row(self, row: int) -> None:
        """Removes a row; the last one takes its place and its index."""
        last = len(self.group_B) - 1
        if row != last:
            for store in self.stores:
                store.own_keys.move(last, row)
                store.own_values.move(last, row)
            self.group_B[row], self.length_B[row] = self.group_B[last], self.length_B[last]
        self.group_B.pop()
        self.length_B.pop()

    def drop_group(self, group: int) -> None:
        """Removes a group without rows; the last one takes its place and its index."""
        last = len(self.prompt_length_G) - 1
        if group != last:
            for store in self.stores:
                store.prompt_keys.move(last, group)
                store.prompt_values.move(last, group)
            self.prompt_length_G[group] = self.prompt_length_G[last]
            self.group_B = [group if g == last else g for g in self.group_B]
        self.prompt_length_G.pop()

    def begin_step(self, device: torch.device) -> Tensor:
        """Fixes the step's shapes; each row is about to get one more token.

        Returns:
            (B, 1) The position of that token.
        """
        self.step = Step.of(self.prompt_length_G, self.group_B, self.length_B, device)
        return self.step.position_B[:, None]

    def end_step(self) -> None:
        """Counts the token that every row got."""
        self.length_B = [length + 1 for length in self.length_B]

    def update(
        self, key_states: Tensor, value_states: Tensor, layer_idx: int, *_: Any, **__: Any
    ) -> tuple[Tensor, Tensor]:
        """Stores the new token's keys and values, (B, K, 1, D) each."""
        store, step = self._store(layer_idx), self.step
        self.last_layer = layer_idx
        n_rows = key_states.shape[0]
        for buffer, new in ((store.own_keys, key_states), (store.own_values, value_states)):
            buffer.reserve(n_rows, step.n_own, new)
            buffer.data[step.row_B, :, step.length_B] = new[:, :, 0]
        keys = store.own_keys.data[:n_rows, :, : step.n_own]
        values = store.own_values.data[:n_rows, :, : step.n_own]
        if self.shares_prompts:
            return keys, values
        prompt_keys = store.prompt_keys.data[step.group_B, :, : step.n_prompt]
        prompt_values = store.prompt_values.data[step.group_B, :, : step.n_prompt]
        return torch.cat([prompt_keys, keys], -2), torch.cat([prompt_values, values], -2)

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """Tokens seen before this step, in the longest row."""
        return max(self.step.n_prompt + self.step.n_own - 1, 0)

    def get_mask_sizes(self, query_length: int, layer_idx: int) -> tuple[int, int]:
        """Length of what `update` hands back when it copies prompts, and no offset."""
        return self.step.n_prompt + self.step.n_own, 0

    def _store(self, layer: int) -> LayerStore:
        while len(self.stores) <= layer:
            self.stores.append(LayerStore())
        return self.stores[layer]


class Step:
    """Shapes and indices of one step, the same for every layer.

    Attributes:
        n_prompt, n_own: Longest prompt of a group, and longest row with the
            token being added.
        mask_B: (B, 1, 1, n_prompt + n_own) added to the scores: 0 or -inf.
        cell_B: (B,) and row_of_cell: (G * R,) put the rows in a grid, one line a
            group, padded to the R rows of the largest group with row 0.
    """

    n_prompt: int
    n_own: int
    n_groups: int
    row_B: Tensor
    group_B: Tensor
    length_B: Tensor
    position_B: Tensor
    mask_B: Tensor
    cell_B: Tensor
    row_of_cell: Tensor

    @classmethod
    def of(
        cls,
        prompt_length_G: Sequence[int],
        group_B: Sequence[int],
        length_B: Sequence[int],
        device: torch.device | None = None,
    ) -> "Step":
        """Lays out the rows, each about to get its token number `length_B`."""
        step = cls()
        if not group_B:
            step.n_prompt = step.n_own = step.n_groups = 0
            return step
        step.n_prompt, step.n_own = max(prompt_length_G), max(length_B) + 1
        step.n_groups = len(prompt_length_G)
        step.row_B = torch.arange(len(group_B), device=device)
        step.group_B = torch.tensor(group_B, device=device)
        step.length_B = torch.tensor(length_B, device=device)
        prompt_B = torch.tensor(prompt_length_G, device=device)[step.group_B]
        step.position_B = prompt_B + step.length_B
        hidden_BP = torch.arange(step.n_prompt, device=device) >= prompt_B[:, None]
        hidden_BT = torch.arange(step.n_own, device=device) > step.length_B[:, None]
        hidden = torch.cat([hidden_BP, hidden_BT], 1)[:, None, None]
        step.mask_B = torch.zeros(hidden.shape, device=device).masked_fill_(hidden, -torch.inf)
        step._lay_grid()
        return step

    def _lay_grid(self) -> None:
        order_B = self.group_B.argsort(stable=True)
        count_G = self.group_B.bincount(minlength=self.n_groups)
        start_G = count_G.cumsum(0) - count_G
        width = int(count_G.max())
        sorted_group_B = self.group_B[order_B]
        cell_of_sorted = sorted_group_B * width + self.row_B - start_G[sorted_group_B]
        self.cell_B = torch.empty_like(cell_of_sorted).scatter_(0, order_B, cell_of_sorted)
        self.row_of_cell = torch.zeros(
            self.n_groups * width, dtype=torch.long, device=order_B.device
        ).scatter_(0, cell_of_sorted, order_B)
