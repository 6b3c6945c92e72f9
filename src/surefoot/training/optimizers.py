"""The optimizers of a run: AdamW, or Muon on the hidden matrices with AdamW beside it.

Muon orthogonalises the update of a matrix that maps hidden states to hidden
states. Embeddings, the output head, norms and biases are no such maps and go
to AdamW. In our trials on small models Muon reached AdamW's loss with about a
third of the tokens.
"""

from typing import Literal, NamedTuple, TypeAlias

import torch
from torch import nn

OptimizerName: TypeAlias = Literal["adamw", "muon"]

ADAM_BETAS = (0.9, 0.95)


class ParameterGroups(NamedTuple):
    """Every trainable parameter of a model, each in exactly one group."""

    hidden: list[nn.Parameter]
    """Matrices between hidden states: attention and feed-forward projections."""
    embeddings: list[nn.Parameter]
    """Other tensors of two and more axes: embeddings, the output head (a tied
    one appears once), convolutions."""
    vectors: list[nn.Parameter]
    """Norm weights and biases; they get no weight decay."""


def split_parameters(model: nn.Module) -> ParameterGroups:
    """Sort a model's trainable parameters by the optimizer they suit.

    Args:
        model: A Hugging Face causal language model, or any module. The head is
            what `get_output_embeddings()` gives; embeddings are found by class.

    Returns:
        Three disjoint lists, in the order of `model.parameters()`, which lists
        a tied weight once.
    """
    outer = {id(m.weight) for m in model.modules() if isinstance(m, nn.Embedding)}
    find_head = getattr(model, "get_output_embeddings", None)
    head = find_head() if find_head is not None else None
    if head is not None:
        outer |= {id(parameter) for parameter in head.parameters()}
    groups = ParameterGroups([], [], [])
    for parameter in model.parameters():
        if not parameter.requires_grad:
            continue
        if parameter.ndim < 2:
            groups.vectors.append(parameter)
        elif parameter.ndim == 2 and id(parameter) not in outer:
            groups.hidden.append(parameter)
        else:
            groups.embeddings.append(parameter)
    return groups


def build_optimizers(
    model: nn.Module,
    name: OptimizerName,
    *,
    learning_rate: float,
    muon_learning_rate: float | None = None,
    weight_decay: float = 0.0,
) -> list[torch.optim.Optimizer]:
    """The optimizers that are stepped together, AdamW last.

    Args:
        model: Its trainable parameters are split by `split_parameters`.
        name: `adamw` gives one optimizer, `muon` two.
        learning_rate: Peak rate of AdamW.
        muon_learning_rate: Peak rate of Muon; None takes `learning_rate`,
            which suits as Muon's update is scaled to the size of an AdamW step
            (Liu et al. 2025, "Muon is scalable for LLM training").
        weight_decay: Decoupled decay of matrices; vectors get none.

    Returns:
        Optimizers whose groups remember their peak rate as `peak_lr`.
    """
    groups = split_parameters(model)
    decayed = groups.embeddings if name == "muon" else groups.hidden + groups.embeddings
    adamw_groups = [
        {"params": parameters, "weight_decay": decay}
        for parameters, decay in ((decayed, weight_decay), (groups.vectors, 0.0))
        if parameters
    ]
    optimizers: list[torch.optim.Optimizer] = []
    if name == "muon" and groups.hidden:
        optimizers.append(
            torch.optim.Muon(
                groups.hidden,
                lr=learning_rate if muon_learning_rate is None else muon_learning_rate,
                weight_decay=weight_decay,
                adjust_lr_fn="match_rms_adamw",
            )
        )
    if adamw_groups:
        optimizers.append(torch.optim.AdamW(adamw_groups, lr=learning_rate, betas=ADAM_BETAS))
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["peak_lr"] = group["lr"]
    return optimizers
