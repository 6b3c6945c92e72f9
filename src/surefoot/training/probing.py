"""The rating tokens' rows, fitted before the rest of a verifier is trained.

A base model gives the rating tokens next to no probability after a step. The
large gradients of the first updates would then distort what the base knows of
the steps before the rating can be read at all (Kumar et al. 2022, "Fine-tuning
can distort pretrained features", arXiv:2202.10054: linear probing first). So
the output rows of the rating tokens, and nothing else, are fitted first: a
multinomial regression on the frozen states at the rated positions.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedModel

from surefoot.training.objectives import cross_entropy, read
from surefoot.training.targets import Example, Targets, collate

MAX_EXAMPLES = 2000
"""Examples that are read for the fit: three rows need no more."""
DECAY = 1e-3
"""Weight of the squared distance from the rows as they were."""
_STEPS = 60
_BATCH = 32


def fit_rating_rows(
    model: PreTrainedModel, examples: Sequence[Example], rating_ids: Sequence[int]
) -> tuple[float, float]:
    """Fit the output rows of the rating tokens in place.

    With tied embeddings the tokens' input rows change with them, so tokens that
    hardly occur in solutions suit best.

    Args:
        model: In float32; only the rows `rating_ids` of its head change.
        examples: Their targets are all among `rating_ids`.
        rating_ids: C tokens.

    Returns:
        Loss over the rating tokens only (nats a target) before and after.
    """
    ids = torch.tensor(list(rating_ids), device=model.device)
    # Spread over the whole data, whatever their order.
    chosen = examples[:: max(1, len(examples) // MAX_EXAMPLES)]
    states_RD, targets = _states(model, chosen)
    classes_K = (targets.tokens_K[:, None] == ids).int().argmax(dim=1)
    targets = replace(targets, tokens_K=classes_K)
    total_weight = targets.weights_K.sum()
    head = model.get_output_embeddings()
    first_CD: Tensor = head.weight[ids].detach().clone()
    rows_CD: Tensor = first_CD.clone().requires_grad_(True)

    def loss() -> Tensor:
        return cross_entropy(states_RD @ rows_CD.T, targets) / total_weight

    optimizer = torch.optim.LBFGS([rows_CD], max_iter=_STEPS, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        total: Tensor = loss() + DECAY * (rows_CD - first_CD).square().sum()
        torch.autograd.backward(total)
        return total

    before = loss().detach().item()
    optimizer.step(closure)  # type: ignore[no-untyped-call]  # torch leaves it untyped
    with torch.no_grad():
        head.weight[ids] = rows_CD
    return before, loss().detach().item()


@torch.no_grad()
def _states(model: PreTrainedModel, examples: Sequence[Example]) -> tuple[Tensor, Targets]:
    """(R, D) states at the targets, and the targets."""
    ordered = sorted(examples, key=lambda example: len(example.ids))
    states, parts = [], []
    for start in range(0, len(ordered), _BATCH):
        batch = collate(ordered[start : start + _BATCH], 0).to(model.device)
        states_RD, targets = read(model, batch)
        states.append(states_RD.float())
        parts.append(targets)
    starts = np.cumsum([0, *(len(rows) for rows in states)])[:-1].tolist()
    return torch.cat(states), Targets(
        torch.cat([t.rows_R for t in parts]),
        torch.cat([t.index_K + n for t, n in zip(parts, starts, strict=True)]),
        torch.cat([t.tokens_K for t in parts]),
        torch.cat([t.weights_K for t in parts]),
    )
