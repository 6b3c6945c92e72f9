"""Keys and values of the rows being sampled.

A prompt's keys and values are kept once for all the solutions written to it
(a *group*); each row adds those of its own tokens. Groups and rows lie at the
front of preallocated buffers without holes: one that leaves is replaced by the
last one, so a step reads plain slices.

Axes: G groups, B rows, K key/value heads, P prompt tokens, T own tokens, D width.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers.cache_utils import Cache

from surefoot.generation.layout import Step

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
        self.data[target] = self.data[source]

    def copy(self, sources: Sequence[int], targets: Sequence[int], length: int) -> None:
        """Overwrites sequences with the first tokens of others."""
        self.reserve(max(targets) + 1, length, self.data)
        self.data[list(targets), :, :length] = self.data[list(sources), :, :length]


class LayerStore:
    """One layer's buffers."""

    def __init__(self) -> None:
        self.prompt_keys, self.prompt_values = Buffer(), Buffer()
        self.own_keys, self.own_values = Buffer(), Buffer()


class SharedPromptCache(Cache):  # type: ignore[misc]
    """What `transformers` updates with each step's keys and values.

    Args:
        rows: Most rows there can be.
        shares_prompts: True: `update` hands back the rows' own keys and values,
            and `surefoot.generation.attention` reads the prompts by itself.
            False, for models that do their own attention: it hands back prompt
            and own together, copied for every row.
    """

    def __init__(self, rows: int, *, shares_prompts: bool = True) -> None:
        super().__init__(layers=[])
        self.stores: list[LayerStore] = []
        self.shares_prompts = shares_prompts
        self.prompt_length_G: list[int] = []
        self.group_B = np.zeros(rows, dtype=np.int64)
        self.length_B = np.zeros(rows, dtype=np.int64)
        self.last_layer = 0
        self.step: Step

    def add_group(self, prompt: Sequence[LayerPrompt]) -> int:
        """Takes in a prompt's keys and values, one pair a layer; returns its index."""
        group = len(self.prompt_length_G)
        for layer, (keys, values) in enumerate(prompt):
            store = self._store(layer)
            store.prompt_keys.put(group, keys)
            store.prompt_values.put(group, values)
        self.prompt_length_G.append(prompt[0][0].shape[-2])
        return group

    def start_row(self, row: int, group: int) -> None:
        """Makes a row continue a group's prompt, without tokens of its own yet."""
        self.group_B[row] = group
        self.length_B[row] = 0

    def copy_rows(self, sources: Sequence[int], targets: Sequence[int]) -> None:
        """Copies rows over others; no row may be both source and target."""
        if not sources:
            return
        self.group_B[targets] = self.group_B[sources]
        self.length_B[targets] = self.length_B[sources]
        length = int(self.length_B[sources].max())
        if not length:
            return
        for store in self.stores:
            store.own_keys.copy(sources, targets, length)
            store.own_values.copy(sources, targets, length)

    def drop_group(self, group: int) -> None:
        """Removes a group without rows; the last one takes its place and its index."""
        last = len(self.prompt_length_G) - 1
        if group != last:
            for store in self.stores:
                store.prompt_keys.move(last, group)
                store.prompt_values.move(last, group)
            self.prompt_length_G[group] = self.prompt_length_G[last]
            self.group_B[self.group_B == last] = group
        self.prompt_length_G.pop()

    def begin_step(self, n_rows: int, device: torch.device) -> Tensor:
        """Fixes the step's shapes; each of the first rows is about to get one more token.

        Returns:
            (B, 1) The position of that token.
        """
        prompt_length_G = np.asarray(self.prompt_length_G)
        self.step = Step(prompt_length_G, self.group_B[:n_rows], self.length_B[:n_rows], device)
        return self.step.position_B[:, None]

    def end_step(self, n_rows: int) -> None:
        """Counts the token that each of the first rows got."""
        self.length_B[:n_rows] += 1

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
