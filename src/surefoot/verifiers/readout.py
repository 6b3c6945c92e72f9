"""Logits at chosen positions and for chosen tokens only.

A causal language model's own forward makes (B, T, V) logits; a verifier reads
a few positions and three tokens. So the hidden states are taken from the
backbone and the head is applied to the rows that matter.

Axes: B rows of the batch, T tokens, D width, V vocabulary, K chosen positions.
"""

import torch
from torch import Tensor
from torch.nn import functional
from transformers import PreTrainedModel

from surefoot.errors import ModelFolderError


def hidden_states(model: PreTrainedModel, input_ids_BT: Tensor) -> Tensor:
    """(B, T, D) states that the head reads.

    The rows are padded at the right. No attention mask is needed: a causal
    model's state at a token does not depend on what follows it.
    """
    output = model.base_model(input_ids=input_ids_BT, use_cache=False)
    states: Tensor = output.last_hidden_state
    return states


def head_logits(model: PreTrainedModel, hidden_KD: Tensor, tokens: Tensor | None = None) -> Tensor:
    """(K, V) logits of these states, or (K, len(tokens)) of these tokens only."""
    head = model.get_output_embeddings()
    if tokens is None:
        logits: Tensor = head(hidden_KD)
        return logits
    bias = getattr(head, "bias", None)
    return functional.linear(
        hidden_KD, head.weight[tokens], bias[tokens] if bias is not None else None
    )


@torch.no_grad()
def check_readout(model: PreTrainedModel, name: str) -> None:
    """Refuse a model whose logits are more than its head applied to its last states.

    Raises:
        ModelFolderError: Some families scale or cap their logits, or have no
            output head; reading them here would give other numbers.
    """
    if model.get_output_embeddings() is None:
        raise ModelFolderError(f"{name}: has no language-model head; give a causal language model")
    ids_BT = torch.arange(1, 4, device=model.device)[None] % model.config.vocab_size
    whole = model(input_ids=ids_BT, use_cache=False).logits[0].float()
    ours = head_logits(model, hidden_states(model, ids_BT)[0]).float()
    if not torch.allclose(whole, ours, rtol=1e-2, atol=1e-2 * float(whole.abs().max())):
        raise ModelFolderError(
            f"{name}: this model family changes its logits after the head ({type(model).__name__}),"
            " which is not supported; use one that does not, such as Qwen or Llama"
        )
