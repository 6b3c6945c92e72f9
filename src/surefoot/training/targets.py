"""Texts and what is to be predicted in them, alone and as batches.

At some positions of a text a token is to be predicted. A generator's target is
the next token of the text, a verifier's the rating token. A target may also be
spread over several tokens: a soft label, or the ratings of people who disagree.

Axes: B rows, T tokens, R positions that are read, K pairs of such a position
and a token.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from surefoot.verifiers.trie import Trie

NO_TARGET = -100
"""Target at a position where nothing is to be predicted."""


class Spread(NamedTuple):
    """Targets with weights, K of them; a position may have several."""

    positions: NDArray[np.int64]
    """In the text, ascending."""
    tokens: NDArray[np.int64]
    weights: NDArray[np.float64]
    """> 0; those of a soft label sum to 1."""


class Example(NamedTuple):
    """One text and what is to be predicted in it."""

    ids: Sequence[int] | NDArray[np.int32]
    """(T,) tokens."""
    targets: Sequence[int] | NDArray[np.int32]
    """(T,) token that the state at this position is to predict, or -100. For a
    language model that is the *next* token, so the shift is done here."""
    spread: Spread | None = None
    """Further targets, at positions without one in `targets`."""
    name: str = ""
    """What messages call it, such as its solution's id."""

    def all_targets(self) -> Spread:
        """The targets of both kinds; those of `targets` weigh 1."""
        targets = np.asarray(self.targets, dtype=np.int64)
        positions = np.flatnonzero(targets != NO_TARGET)
        plain = Spread(positions, targets[positions], np.ones(len(positions)))
        if self.spread is None:
            return plain
        both = (np.concatenate(pair) for pair in zip(plain, self.spread, strict=True))
        positions, tokens, weights = both
        order = np.argsort(positions, kind="stable")
        return Spread(positions[order], tokens[order], weights[order])


@dataclass(frozen=True)
class Targets:
    """Where states are read, and what they are to predict."""

    rows_R: Tensor
    """Indices of the states, each once."""
    index_K: Tensor
    """For each target, which of the R states is to predict it."""
    tokens_K: Tensor
    weights_K: Tensor

    @classmethod
    def of(cls, rows: NDArray[np.int64], spread: Spread) -> "Targets":
        """Targets at the states `rows`, (K,) one for each target of the spread."""
        read, index = np.unique(rows, return_inverse=True)
        weights_K = torch.from_numpy(spread.weights.astype(np.float32))
        return cls(
            torch.from_numpy(read),
            torch.from_numpy(index),
            torch.from_numpy(spread.tokens),
            weights_K,
        )

    def to(self, device: torch.device) -> "Targets":
        """The same on a device."""
        return Targets(
            self.rows_R.to(device),
            self.index_K.to(device),
            self.tokens_K.to(device),
            self.weights_K.to(device),
        )


@dataclass(frozen=True)
class TokenBatch:
    """Examples padded to the longest one."""

    input_ids_BT: Tensor
    targets_BT: Tensor
    """-100 where nothing is to be predicted, padding included."""
    n_tokens: int
    """Tokens without padding."""
    n_targets: float
    """Sum of the targets' weights."""
    targets: Targets | None = None
    """All targets, rows counted row by row through the batch; None where no
    target is spread, so that `targets_BT` says it all."""
    names: tuple[str, ...] = ()
    """Of the examples."""

    def to(self, device: torch.device) -> "TokenBatch":
        """The same batch on a device."""
        return replace(
            self,
            input_ids_BT=self.input_ids_BT.to(device),
            targets_BT=self.targets_BT.to(device),
            targets=None if self.targets is None else self.targets.to(device),
        )


@dataclass(frozen=True)
class TreeBatch:
    """Examples as a forest: each distinct beginning is computed once."""

    trie: Trie
    targets: Targets
    """Rows are nodes."""
    n_tokens: int
    """Nodes, those repeated where a tree was cut left out."""
    n_targets: float
    """Sum of the targets' weights."""
    names: tuple[str, ...] = ()
    """Of the examples that end here."""

    def to(self, device: torch.device) -> "TreeBatch":
        """The same batch on a device; the forest goes there with the model's pass."""
        return replace(self, targets=self.targets.to(device))


def collate(examples: Sequence[Example], pad_id: int) -> TokenBatch:
    """Pad examples at the right into one batch.

    Args:
        examples: At least one, none of them empty.
        pad_id: Token to pad with; which one makes no difference.
    """
    width = max(len(example.ids) for example in examples)
    input_ids_BT = torch.full((len(examples), width), pad_id, dtype=torch.long)
    targets_BT = torch.full((len(examples), width), NO_TARGET, dtype=torch.long)
    for row, example in enumerate(examples):
        n = len(example.ids)
        input_ids_BT[row, :n] = torch.as_tensor(example.ids, dtype=torch.long)
        targets_BT[row, :n] = torch.as_tensor(example.targets, dtype=torch.long)
    n_targets = float((targets_BT != NO_TARGET).sum())
    targets = None
    if any(example.spread is not None for example in examples):
        spreads = [example.all_targets() for example in examples]
        joined = Spread(*(np.concatenate(parts) for parts in zip(*spreads, strict=True)))
        counts = [len(spread.positions) for spread in spreads]
        rows = np.repeat(np.arange(len(examples)) * width, counts) + joined.positions
        targets = Targets.of(rows, joined)
        n_targets = float(joined.weights.sum())
    return TokenBatch(
        input_ids_BT,
        targets_BT,
        sum(len(example.ids) for example in examples),
        n_targets,
        targets,
        tuple(example.name for example in examples),
    )
