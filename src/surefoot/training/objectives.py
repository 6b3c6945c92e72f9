"""The losses of all that is trained.

Generator, base model, ORM and PRM share one form: the negative log-likelihood
of the targets (Lightman et al. 2023, appendix: the PRM is trained "in a standard
language model pipeline"). Logits are made at the target positions only.

Axes: B rows, T tokens, N nodes of a forest, D width, V vocabulary, C rating
tokens, R positions that are read, K pairs of such a position and a token.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint
from transformers import PreTrainedModel

from surefoot.training.targets import NO_TARGET, Targets, TokenBatch, TreeBatch
from surefoot.verifiers.packed import tree_states, tree_way
from surefoot.verifiers.readout import head_logits, hidden_states

MAX_LOGITS = 2**26
"""Logits over the whole vocabulary that a loss holds at once: 256 MiB of them."""


def token_loss(model: PreTrainedModel, batch: TokenBatch | TreeBatch) -> Tensor:
    """Weighted sum over targets of the cross-entropy over the whole vocabulary, in nats.

    A batch without targets gives 0 with a gradient of 0.
    """
    states_RD, targets = read(model, batch)
    rows = max(1, MAX_LOGITS // model.get_output_embeddings().weight.shape[0])
    if len(states_RD) <= rows:
        return cross_entropy(head_logits(model, states_RD), targets)
    # The logits of all positions at once would dwarf the model: they are made
    # piece by piece, and again for the gradient.
    total = states_RD.new_zeros((), dtype=torch.float32)
    for start in range(0, len(states_RD), rows):
        part = _between(targets, start, start + rows)
        total = total + checkpoint(
            lambda states, part: cross_entropy(head_logits(model, states), part),
            states_RD[start : start + rows],
            part,
            use_reentrant=False,
        )
    return total


def restricted_loss(
    tokens: Sequence[int],
) -> Callable[[PreTrainedModel, TokenBatch | TreeBatch], Tensor]:
    """A loss like `token_loss` with the softmax over a few tokens only.

    Args:
        tokens: The rating tokens. Every target must be one of them. The
            probabilities are then those that scoring reads, and nothing is
            spent on making other tokens unlikely.

    Returns:
        The loss function.
    """

    def loss(model: PreTrainedModel, batch: TokenBatch | TreeBatch) -> Tensor:
        states_RD, targets = read(model, batch)
        choices = torch.tensor(list(tokens), device=states_RD.device)
        class_K = (targets.tokens_K[:, None] == choices).int().argmax(dim=1)
        logits_RC = head_logits(model, states_RD, choices)
        return cross_entropy(logits_RC, replace(targets, tokens_K=class_K))

    return loss


def cross_entropy(logits_RV: Tensor, targets: Targets) -> Tensor:
    """Weighted sum over targets of the negative log of a softmax over V columns, in nats.

    Args:
        logits_RV: At the positions that are read.
        targets: Their tokens are columns.
    """
    logits_RV = logits_RV.float()
    index_K, tokens_K = targets.index_K, targets.tokens_K
    loss_K = logits_RV.logsumexp(dim=1)[index_K] - logits_RV[index_K, tokens_K]
    return (loss_K * targets.weights_K).sum()


def _between(targets: Targets, start: int, stop: int) -> Targets:
    """The targets of some of the states."""
    is_here = (targets.index_K >= start) & (targets.index_K < stop)
    return Targets(
        targets.rows_R[start:stop],
        targets.index_K[is_here] - start,
        targets.tokens_K[is_here],
        targets.weights_K[is_here],
    )


def read(model: PreTrainedModel, batch: TokenBatch | TreeBatch) -> tuple[Tensor, Targets]:
    """(R, D) states that are read, and what they are to predict."""
    if isinstance(batch, TreeBatch):
        states_ND = tree_states(model, batch.trie, tree_way(model))
        return states_ND[batch.targets.rows_R], batch.targets
    states_BTD = hidden_states(model, batch.input_ids_BT)
    if batch.targets is not None:
        return states_BTD.flatten(0, 1)[batch.targets.rows_R], batch.targets
    is_target_BT = batch.targets_BT != NO_TARGET
    tokens_K = batch.targets_BT[is_target_BT]
    every = torch.arange(len(tokens_K), device=tokens_K.device)
    weights_K = torch.ones(len(tokens_K), device=tokens_K.device)
    return states_BTD[is_target_BT], Targets(every, every, tokens_K, weights_K)
