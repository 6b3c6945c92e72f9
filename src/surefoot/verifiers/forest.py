"""The shape of a forest as attention needs it: who sees whom, on a device.

A node sees its ancestors and itself. On a CPU that is told stretch by stretch of
the depth-first order: all ancestors of a stretch's nodes are on the path to its
first node or in the stretch itself (`surefoot.verifiers.trie`), so a small mask
for each stretch says it all. On CUDA it is told as the block mask of
FlexAttention. Neither needs a square of all nodes.

Axes: N nodes, C carried ones, K key/value heads, D width of a head, L nodes of
a stretch, P nodes of the path before it, R blocks of nodes.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from surefoot.verifiers.trie import Ints, Trie

STRETCH = 128
"""Nodes that attend together on a CPU. More waste work on the keys of other
branches, fewer waste it on small matrices; measured, 128 and 256 are best."""
BLOCK = 128
"""Nodes and keys of a block of FlexAttention."""


class Stretch(NamedTuple):
    """Nodes of the order that attend together."""

    start: int
    stop: int
    """Counted from the first node that is not carried."""
    path_P: Tensor
    """Ancestors of the first node, carried ones included."""
    sees_LS: Tensor
    """(L, P + L) whether a node sees a key: path first, then the stretch."""


class Carried:
    """Keys and values that later pieces still need, layer by layer."""

    def __init__(self) -> None:
        self._layers: dict[int, tuple[Tensor, Tensor]] = {}

    def extend(self, layer: int, new: Sequence[Tensor], keep: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of the carried nodes and of the new ones behind them.

        Args:
            layer: Index of the layer.
            new: Keys and values (1, K, N, D).
            keep: Which of them, all together, the next piece hangs from.
        """
        if layer in self._layers:
            new = [torch.cat(pair, 2) for pair in zip(self._layers[layer], new, strict=True)]
        key, value = new
        self._layers[layer] = key.index_select(2, keep), value.index_select(2, keep)
        return key, value


class Forest:
    """The shape of a forest on a device, the same for every layer of a pass.

    Args:
        trie: The forest.
        device: Where.
        carried: Keys and values of the first nodes, computed in earlier passes.
        n_carried: How many these are; the pass computes the others.
        keep: Of all nodes, those that the next pass hangs from.

    Attributes:
        windows: The attention windows that layers have asked for so far, None
            among them for a layer that sees everything.
    """

    def __init__(
        self,
        trie: Trie,
        device: torch.device,
        carried: Carried | None = None,
        n_carried: int = 0,
        keep: Ints | None = None,
    ) -> None:
        self.windows: set[int | None] = set()
        self._trie = trie
        self.carried, self.n_carried = carried, n_carried
        self.keep = None if keep is None else torch.from_numpy(keep).to(device)
        self._end, self._depth = torch.from_numpy(trie.end), torch.from_numpy(trie.depth)
        self._longest = int(trie.depth.max(initial=-1)) + 1
        self._device = device
        self._stretches: list[Stretch] = []
        self._narrow: dict[int, list[Stretch]] = {}
        self._block_masks: dict[int | None, Any] = {}
        if device.type == "cuda":
            self._end, self._depth = self._end.to(device), self._depth.to(device)
        else:
            starts = range(n_carried, len(trie), STRETCH)
            self._stretches = [self._stretch(trie, start) for start in starts]

    def stretches(self, window: int | None) -> list[Stretch]:
        """All nodes, stretch by stretch; `window` ends what a node sees, itself included."""
        self.windows.add(window)
        if window is None or window >= self._longest:
            return self._stretches
        if window not in self._narrow:
            self._narrow[window] = [self._narrowed(s, window) for s in self._stretches]
        return self._narrow[window]

    def block_mask(self, window: int | None) -> Any:
        """The same as FlexAttention's block mask; no square of the nodes is made."""
        self.windows.add(window)
        if window not in self._block_masks:
            self._block_masks[window] = self._make_block_mask(window)
        return self._block_masks[window]

    def _make_block_mask(self, window: int | None) -> Any:
        from torch.nn.attention.flex_attention import BlockMask

        end, depth, n_carried = self._end, self._depth, self.n_carried
        reach = self._longest if window is None else window

        def sees(_b: Tensor, _h: Tensor, query: Tensor, key: Tensor) -> Tensor:
            query = query + n_carried
            is_above = (key <= query) & (query < end[key])
            return is_above & (depth[query] - depth[key] < reach)

        partly, full = zip(*key_blocks(self._trie, n_carried, reach), strict=True)
        counts, blocks = _padded_rows(partly, len(self._trie), self._device)
        # Of these all keys are seen, so no rule is asked.
        full_counts, full_blocks = _padded_rows(full, len(self._trie), self._device)
        return BlockMask.from_kv_blocks(
            counts,
            blocks,
            full_counts,
            full_blocks,
            BLOCK_SIZE=BLOCK,
            mask_mod=sees,
            seq_lengths=(len(self._trie) - n_carried, len(self._trie)),
        )

    def dense_mask(self, window: int | None) -> Tensor:
        """(N, N) whether a node sees another: for small rows and for checks."""
        node = torch.arange(len(self._end), device=self._end.device)
        sees = (node <= node[:, None]) & (node[:, None] < self._end)
        if window is not None:
            sees &= self._depth[:, None] - self._depth < window
        return sees.to(self._device)

    def _stretch(self, trie: Trie, start: int) -> Stretch:
        stop = min(start + STRETCH, len(trie))
        path, own = trie.path(start), np.arange(start, stop)
        keys = np.concatenate([path, own])
        sees = (keys <= own[:, None]) & (own[:, None] < trie.end[keys])
        return Stretch(
            start - self.n_carried,
            stop - self.n_carried,
            torch.from_numpy(path).to(self._device),
            torch.from_numpy(sees).to(self._device),
        )

    def _narrowed(self, stretch: Stretch, window: int) -> Stretch:
        own = self._depth[self.n_carried + stretch.start : self.n_carried + stretch.stop]
        keys = torch.cat([self._depth[stretch.path_P.cpu()], own])
        is_near = (own[:, None] - keys < window).to(self._device)
        return stretch._replace(sees_LS=stretch.sees_LS & is_near)


def key_blocks(trie: Trie, n_carried: int, reach: int) -> list[tuple[list[int], list[int]]]:
    """Which blocks of keys each block of nodes attends to.

    The ancestors of a block's nodes are the path to its first node and nodes
    of the block itself, so a block's row takes time of its path's length.

    Args:
        trie: The forest.
        n_carried: Nodes at the start that do not attend; blocks of those that
            do are counted from behind them, blocks of keys from the first node.
        reach: A node sees ancestors less than this much above it, itself included.

    Returns:
        For each block of nodes the key blocks of which it sees a part, and those
        of which each of its nodes sees all; ascending.
    """
    found = []
    for start in range(n_carried, len(trie), BLOCK):
        stop = min(start + BLOCK, len(trie))
        depths = trie.depth[start:stop]
        path = trie.path(start)
        near = path[trie.depth[path] > depths.min() - reach]
        by_all = near[(trie.end[near] >= stop) & (trie.depth[near] > depths.max() - reach)]
        blocks, counts = np.unique(by_all // BLOCK, return_counts=True)
        full = blocks[counts == BLOCK]
        own = np.arange(start // BLOCK, (stop - 1) // BLOCK + 1)
        partly = np.setdiff1d(np.union1d(near // BLOCK, own), full)
        found.append((partly.tolist(), full.tolist()))
    return found


def _padded_rows(
    rows: Sequence[list[int]], n_keys: int, device: torch.device
) -> tuple[Tensor, Tensor]:
    """(1, 1, R) lengths and (1, 1, R, blocks of keys) entries, as FlexAttention wants them."""
    lengths = torch.tensor([len(row) for row in rows], dtype=torch.int32)
    entries = torch.zeros((len(rows), -(-n_keys // BLOCK)), dtype=torch.int32)
    for index, row in enumerate(rows):
        entries[index, : len(row)] = torch.tensor(row, dtype=torch.int32)
    return lengths[None, None].to(device), entries[None, None].to(device)
