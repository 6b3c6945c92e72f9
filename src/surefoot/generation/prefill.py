"""Computes prompts: keys and values of each layer, and the logits that follow.

Several prompts go through the model at once, padded at the right, where causal
attention lets nothing see the padding.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from transformers import PreTrainedModel
from transformers.cache_utils import DynamicCache

from surefoot.generation.cache import LayerPrompt

_MAX_TOKENS = 8192
"""Of one pass, padding included; bounds its memory."""


class Prompted(Protocol):
    """What of a request is needed here."""

    @property
    def prompt(self) -> Sequence[int]:
        """Token ids, at least one."""

    @property
    def keys(self) -> Sequence[str]:
        """One a continuation wanted."""


@dataclass(kw_only=True)
class Prefilled:
    """A computed prompt of P tokens."""

    layers: list[LayerPrompt]
    """Keys and values, (K, P, D) each, one pair a layer."""
    logits: Tensor
    """(V,) after the last token."""


def prefill_next(
    model: PreTrainedModel, requests: Sequence[Prompted], first: int, n_covered: int
) -> dict[int, Prefilled]:
    """Computes the prompts of `requests[first]` and of those after it.

    Args:
        model: Any decoder.
        requests: In the order in which they will be needed.
        first: Index of the one needed now.
        n_covered: Further ones are taken until they want this many
            continuations together, or the pass is full.

    Returns:
        Index of the request -> its prompt.
    """
    taken: list[int] = []
    width = covered = 0
    for index in range(first, len(requests)):
        width = max(width, len(requests[index].prompt))
        if taken and (covered >= n_covered or width * (len(taken) + 1) > _MAX_TOKENS):
            break
        taken.append(index)
        covered += len(requests[index].keys)
    prompts = [requests[index].prompt for index in taken]
    return dict(zip(taken, prefill(model, prompts), strict=True))


def prefill(model: PreTrainedModel, prompts: Sequence[Sequence[int]]) -> list[Prefilled]:
    """Computes prompts in one pass."""
    lengths = [len(prompt) for prompt in prompts]
    width = max(lengths)
    device = model.device
    ids = torch.tensor([[*p, *[p[-1]] * (width - len(p))] for p in prompts], device=device)
    length_G = torch.tensor(lengths, device=device)
    # Models that build their own masks need to know the padding; for the
    # others it is None, as nothing looks to the right.
    own_masks = not model._supports_attention_backend
    mask = torch.arange(width, device=device) < length_G[:, None] if own_masks else None
    ends, end_G = torch.unique(length_G - 1, return_inverse=True)
    cache = DynamicCache()
    logits_GEV = model(
        input_ids=ids,
        position_ids=torch.arange(width, device=device).expand(len(prompts), -1),
        attention_mask=mask,
        past_key_values=cache,
        use_cache=True,
        logits_to_keep=ends,
    ).logits
    return [
        Prefilled(
            layers=[
                (layer.keys[g, :, :length].clone(), layer.values[g, :, :length].clone())
                for layer in cache.layers
            ],
            logits=logits_GEV[g, int(end_G[g])].clone(),
        )
        for g, length in enumerate(lengths)
    ]
