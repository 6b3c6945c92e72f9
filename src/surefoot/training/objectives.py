"""The losses, and the batch they read.

Generator, base model, ORM and PRM share one form: at some positions of a text
a token is to be predicted. A generator's target is the next token of the
text, a verifier's the rating token. The loss is the negative log-likelihood of
the targets (Lightman et al. 2023, appendix: the PRM is trained "in a standard
language model pipeline"). Logits are made at the target positions only.

Axes: B rows, T tokens, D width, V vocabulary, K targets of the batch.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from transformers import PreTrainedModel

from surefoot.verifiers.readout import head_logits, hidden_states

NO_TARGET = -100
"""Target at a position where nothing is to be predicted."""


class Example(NamedTuple):
    """One text and what is to be predicted in it."""

    ids: Sequence[int] | NDArray[np.int32]
    """(T,) tokens."""
    targets: Sequence[int] | NDArray[np.int32]
    """(T,) token that the state at this position is to predict, or -100. For a
    language model that is the *next* token, so the shift is done here."""


@dataclass(frozen=True)
class TokenBatch:
    """Examples padded to the longest one."""

    input_ids_BT: Tensor
    targets_BT: Tensor
    """-100 where nothing is to be predicted, padding included."""
    n_tokens: int
    """Tokens without padding."""
    n_targets: int

    def to(self, device: torch.device) -> "TokenBatch":
        """The same batch on a device."""
        return TokenBatch(
            self.input_ids_BT.to(device), self.targets_BT.to(device), self.n_tokens, self.n_targets
        )


def collate(examples: Sequence[Example], pad_id: int) -> TokenBatch:
    """Pad examples at the right into one batch.

    Args:
        examples: At least one, none of them empty.
        pad_id: Token to pad with; which one makes no difference.
    """
    width = max(len(example.ids) for example in examples)
    input_ids_BT = torch.full((len(examples), width), pad_id, dtype=torch.long)
    targets_BT = torch.full((len(examples), width), NO_TARGET, dtype=torch.long)
    for row, (ids, targets) in enumerate(examples):
        input_ids_BT[row, : len(ids)] = torch.as_tensor(ids, dtype=torch.long)
        targets_BT[row, : len(ids)] = torch.as_tensor(targets, dtype=torch.long)
    n_targets = int((targets_BT != NO_TARGET).sum())
    n_tokens = sum(len(example.ids) for example in examples)
    return TokenBatch(input_ids_BT, targets_BT, n_tokens, n_targets)


def token_loss(model: PreTrainedModel, batch: TokenBatch) -> Tensor:
    """Sum over targets of the cross-entropy over the whole vocabulary, in nats.

    A batch without targets gives 0 with a gradient of 0.
    """
    hidden_KD, targets_K = _at_targets(model, batch)
    logits_KV = head_logits(model, hidden_KD).float()
    return functional.cross_entropy(logits_KV, targets_K, reduction="sum")


def restricted_loss(tokens: Sequence[int]) -> Callable[[PreTrainedModel, TokenBatch], Tensor]:
    """A loss like `token_loss` with the softmax over a few tokens only.

    Args:
        tokens: The rating tokens. Every target must be one of them. The
            probabilities are then those that scoring reads, and nothing is
            spent on making other tokens unlikely.

    Returns:
        The loss function.
    """

    def loss(model: PreTrainedModel, batch: TokenBatch) -> Tensor:
        hidden_KD, targets_K = _at_targets(model, batch)
        choices = torch.tensor(list(tokens), device=targets_K.device)
        index_K = (targets_K[:, None] == choices).int().argmax(dim=1)
        logits_KC = head_logits(model, hidden_KD, choices).float()
        return functional.cross_entropy(logits_KC, index_K, reduction="sum")

    return loss


def _at_targets(model: PreTrainedModel, batch: TokenBatch) -> tuple[Tensor, Tensor]:
    is_target_BT = batch.targets_BT != NO_TARGET
    hidden_BTD = hidden_states(model, batch.input_ids_BT)
    return hidden_BTD[is_target_BT], batch.targets_BT[is_target_BT]
