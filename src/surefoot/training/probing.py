"""The rating tokens' rows, fitted before the rest of a verifier is trained.

A base model gives the rating tokens next to no probability after a step. The
large gradients of the first updates would then distort what the base knows of
the steps before the rating can be read at all (Kumar et al. 2022, "Fine-tuning
can distort pretrained features", arXiv:2202.10054: linear probing first). So
the output rows of the rating tokens, and nothing else, are fitted first: a
multinomial regression on the frozen states at the rated positions.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional
from transformers import PreTrainedModel

from surefoot.training.objectives import NO_TARGET, Example, collate
from surefoot.verifiers.readout import hidden_states

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
    states_KD, targets_K = _states(model, chosen)
    classes_K = (targets_K[:, None] == ids).int().argmax(dim=1)
    head = model.get_output_embeddings()
    first_CD: Tensor = head.weight[ids].detach().clone()
    rows_CD: Tensor = first_CD.clone().requires_grad_(True)

    def loss() -> Tensor:
        value: Tensor = functional.cross_entropy(states_KD @ rows_CD.T, classes_K)
        return value

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
def _states(model: PreTrainedModel, examples: Sequence[Example]) -> tuple[Tensor, Tensor]:
    """(K, D) states at the targets, and (K,) the targets."""
    ordered = sorted(examples, key=lambda example: len(example.ids))
    states, targets = [], []
    for start in range(0, len(ordered), _BATCH):
        batch = collate(ordered[start : start + _BATCH], 0).to(model.device)
        is_target_BT = batch.targets_BT != NO_TARGET
        states.append(hidden_states(model, batch.input_ids_BT)[is_target_BT].float())
        targets.append(batch.targets_BT[is_target_BT])
    return torch.cat(states), torch.cat(targets)
