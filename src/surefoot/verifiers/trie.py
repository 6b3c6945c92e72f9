"""Token sequences as a forest in which each distinct prefix stands once (no torch).

The nodes lie in depth-first order, children sorted by token, so that the nodes
below a node are the ones right behind it. `end` says where they stop, and that
is the whole shape: node j is an ancestor of node r, or r itself, exactly if
`j <= r < end[j]`. Sequences that share nothing, such as those of two problems,
simply are two trees of the forest.

Any stretch of the order together with the ancestors of its first node is a
forest again: an ancestor of a later node of the stretch that lies before it is
also an ancestor of the first one. So a forest is cut into pieces under a token
budget by cutting the order and repeating one path.

Axes: N nodes, T tokens of a sequence.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True)
class Trie:
    """A forest of N tokens."""

    tokens: Ints
    """(N,) in depth-first order."""
    depth: Ints
    """(N,) ancestors of each node; its position in every sequence through it."""
    end: Ints
    """(N,) index behind the last node below each node; `end[j] > j`."""

    def __len__(self) -> int:
        return len(self.tokens)

    def path(self, node: int) -> Ints:
        """The ancestors of a node, from the root down, without the node itself."""
        return np.flatnonzero(self.end[:node] > node)


@dataclass(frozen=True)
class Piece:
    """A part of a forest, itself a forest, with the path it hangs from repeated."""

    trie: Trie
    nodes: Ints
    """(N,) index in the whole forest of each node here, ascending."""
    n_repeated: int
    """The first so many nodes belong to an earlier piece: context only."""


def build(sequences: Sequence[Sequence[int] | NDArray[np.int32]]) -> tuple[Trie, list[Ints]]:
    """The forest of these sequences.

    Args:
        sequences: Any number, each of any length; tokens in [0, 2^31). Equal
            ones, and ones that begin another, add no node.

    Returns:
        The forest, and for each sequence the (T,) node of each of its tokens.
    """
    arrays = [np.asarray(sequence, dtype=np.int64) for sequence in sequences]
    # Big-endian bytes sort as the numbers do, and a beginning sorts first.
    keys = [array.astype(">u4").tobytes() for array in arrays]
    parts: list[Ints] = []
    nodes: list[Ints] = [np.zeros(0, dtype=np.int64)] * len(arrays)
    before = path = np.zeros(0, dtype=np.int64)
    size = 0
    for index in sorted(range(len(arrays)), key=keys.__getitem__):
        array = arrays[index]
        shared = _common(before, array)
        new = np.arange(size, size + len(array) - shared)
        path = np.concatenate([path[:shared], new])
        parts.append(array[shared:])
        nodes[index], before = path, array
        size += len(new)
    tokens = np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)
    depth = np.zeros(size, dtype=np.int64)
    for own in nodes:
        depth[own] = np.arange(len(own))
    return Trie(tokens, depth, _ends(depth)), nodes


def cut(
    trie: Trie, budget: int, *, repeats_count: bool = True, repeat_share: float | None = None
) -> list[Piece]:
    """The forest in pieces of at most `budget` nodes.

    Cuts lie between branches only: a sequence from its last fork to its end is
    never divided, so a piece holds at least one whole sequence and is over the
    budget only where that sequence by itself is. Among the cuts that leave a
    piece at least half full, the one with the shortest path to repeat is taken:
    between two problems it is all but empty.

    Args:
        trie: Any forest.
        budget: Nodes, >= 1.
        repeats_count: Whether repeated nodes count in the budget.
        repeat_share: Cut as early as the next piece repeats at most this share
            of what this one adds; by default pieces are filled.

    Returns:
        Pieces that hold each node once, not counting the repeated ones.
    """
    if budget < 1:
        raise ValueError(f"the budget must be >= 1, got {budget}")
    # A branch begins where the depth does not grow by one.
    starts = np.flatnonzero(np.diff(trie.depth, prepend=trie.depth[:1]) <= 0)
    cuts = np.append(starts, len(trie)) if len(trie) else starts
    depth_at = np.append(trie.depth, 0)
    pieces: list[Piece] = []
    start = 0
    while start < len(trie):
        n_path = int(trie.depth[start]) if repeats_count else 0
        low = int(np.searchsorted(cuts, start, side="right"))
        high = int(np.searchsorted(cuts, start + budget - n_path, side="right"))
        allowed = cuts[low : max(high, low + 1)]
        stop = _best_cut(allowed, depth_at[allowed], start, repeat_share)
        pieces.append(piece(trie, start, stop))
        start = stop
    return pieces


def _best_cut(cuts: Ints, depths: Ints, start: int, repeat_share: float | None) -> int:
    """The cut to take, of those that the budget allows."""
    if repeat_share is not None:
        cheap = cuts[depths <= repeat_share * (cuts - start)]
        if len(cheap):
            return int(cheap[0])
    is_roomy = cuts - start >= (cuts[-1] - start) / 2
    roomy, depths = cuts[is_roomy], depths[is_roomy]
    # The last of the shallowest.
    return int(roomy[len(roomy) - 1 - int(np.argmin(depths[::-1]))])


def piece(trie: Trie, start: int, stop: int) -> Piece:
    """The nodes from `start` to `stop` with the path to the first of them."""
    path = trie.path(start)
    nodes = np.concatenate([path, np.arange(start, stop)])
    return Piece(select(trie, nodes), nodes, len(path))


def select(trie: Trie, nodes: Ints) -> Trie:
    """The forest of some of the nodes.

    Args:
        trie: Any forest.
        nodes: Ascending; with a node, all its ancestors.
    """
    end = np.searchsorted(nodes, trie.end[nodes])
    return Trie(trie.tokens[nodes], trie.depth[nodes], end)


def join(tries: Sequence[Trie]) -> Trie:
    """One forest of several, side by side."""
    starts = np.cumsum([0, *(len(trie) for trie in tries)])
    empty = np.zeros(0, dtype=np.int64)
    return Trie(
        np.concatenate([empty, *(trie.tokens for trie in tries)]),
        np.concatenate([empty, *(trie.depth for trie in tries)]),
        np.concatenate(
            [empty, *(t.end + start for t, start in zip(tries, starts[:-1], strict=True))]
        ),
    )


def _common(one: Ints, other: Ints) -> int:
    """Length of the common beginning."""
    n = min(len(one), len(other))
    differs = one[:n] != other[:n]
    return int(differs.argmax()) if differs.any() else n


def _ends(depth: Ints) -> Ints:
    """For each node the first later one that is not deeper; the number of nodes without one."""
    ends = np.full(len(depth), len(depth))
    open_nodes: list[int] = []
    starts = np.flatnonzero(np.diff(depth, prepend=depth[:1]) <= 0)
    for start in starts.tolist():
        # `open_nodes` is the path down to the last node seen: one node a depth.
        closed = open_nodes[depth[start] :]
        ends[closed] = start
        del open_nodes[depth[start] :]
        stop_index = int(np.searchsorted(starts, start, side="right"))
        stop = int(starts[stop_index]) if stop_index < len(starts) else len(depth)
        open_nodes.extend(range(start, stop))
    return ends
