"""Attention by ancestry: a forest of tokens computed as one row.

`transformers` models ask a registry for their attention function; ours is
registered under `NAME` and gets the shape of the forest through the arguments
of the forward pass. Without one it is the library's plain attention.

On a CPU, stretches of the depth-first order attend to the path they hang from
and to themselves (`surefoot.verifiers.forest`), so the cost grows with nodes
times depth, as it does for separate texts. On CUDA FlexAttention does the same
block by block.

Without gradients a forest may also be computed piece by piece: what a piece
hangs from is then not computed again, its keys and values are carried over.

Axes: N nodes, C carried ones, H query heads, K key/value heads, D width of a head.
"""

from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from surefoot.errors import UserError
from surefoot.verifiers.forest import Forest, Stretch

NAME = "surefoot_tree"
ARGUMENT = "surefoot_tree"
"""Name of the forward pass's argument that holds the `Forest`."""
_UNSUPPORTED = {"softcap": "capped scores", "s_aux": "attention sinks", "position_bias": "biases"}


class _TreeAttention(torch.autograd.Function):
    """Attention stretch by stretch, computed again in the backward pass.

    Left to autograd, each stretch would make a gradient as large as all keys.
    """

    @staticmethod
    def forward(
        ctx: Any, query: Tensor, key: Tensor, value: Tensor, stretches: list[Stretch], scale: float
    ) -> Tensor:
        ctx.save_for_backward(query, key, value)
        ctx.stretches, ctx.scale = stretches, scale
        return _attend(query, key, value, stretches, scale)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None]:
        query, key, value = ctx.saved_tensors
        sums = [torch.zeros_like(tensor) for tensor in (query, key, value)]
        for stretch in ctx.stretches:
            own = slice(stretch.start, stretch.stop)
            q, k, v = (x.detach().requires_grad_() for x in _inputs(query, key, value, stretch))
            with torch.enable_grad():
                out = _one(q, k, v, stretch, ctx.scale)
            parts = torch.autograd.grad(out, (q, k, v), grads[0][:, own].transpose(1, 2))
            sums[0][:, :, own] = parts[0]
            n_path = len(stretch.path_P)
            for total, part in zip(sums[1:], parts[1:], strict=True):
                total.index_add_(2, stretch.path_P, part[:, :, :n_path])
                total[:, :, own] += part[:, :, n_path:]
        return sums[0], sums[1], sums[2], None, None


def _attend(
    query: Tensor, key: Tensor, value: Tensor, stretches: list[Stretch], scale: float
) -> Tensor:
    """(1, N, H, D) from (1, H, N, D) and (1, K, C + N, D)."""
    _, n_heads, n_nodes, _ = query.shape
    out = query.new_empty(1, n_nodes, n_heads, value.shape[-1])
    for stretch in stretches:
        q, keys, values = _inputs(query, key, value, stretch)
        made = _one(q, keys, values, stretch, scale)
        out[:, stretch.start : stretch.stop] = made.transpose(1, 2)
    return out


def _inputs(
    query: Tensor, key: Tensor, value: Tensor, stretch: Stretch
) -> tuple[Tensor, Tensor, Tensor]:
    own = slice(stretch.start, stretch.stop)
    n_carried = key.shape[2] - query.shape[2]
    own_keys = slice(n_carried + stretch.start, n_carried + stretch.stop)
    keys, values = (
        torch.cat([x.index_select(2, stretch.path_P), x[:, :, own_keys]], 2) for x in (key, value)
    )
    return query[:, :, own], keys, values


def _one(query: Tensor, keys: Tensor, values: Tensor, stretch: Stretch, scale: float) -> Tensor:
    return functional.scaled_dot_product_attention(
        query, keys, values, attn_mask=stretch.sees_LS, scale=scale, enable_gqa=True
    )


@cache
def _compiled_flex_attention() -> Any:
    from torch.nn.attention.flex_attention import flex_attention

    return torch.compile(flex_attention, dynamic=True)


def attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """The function in the registry.

    Args:
        module: The layer's attention module.
        query: (1, H, N, D) with a forest, else (B, H, T, D).
        key: (1, K, N, D) likewise.
        value: (1, K, N, D) likewise.
        attention_mask: Read only without a forest.
        scaling: Factor on the scores; 1/sqrt(D) by default.
        kwargs: What else the model passes on; the `Forest` under `ARGUMENT`.

    Returns:
        (1, N, H, D), and None in place of the weights.

    Raises:
        UserError: The model wants something of its attention that is not done here.
    """
    forest: Forest | None = kwargs.pop(ARGUMENT, None)
    if forest is None:
        plain: tuple[Tensor, None] = sdpa_attention_forward(
            module, query, key, value, attention_mask, scaling=scaling, **kwargs
        )
        return plain
    for name, what in _UNSUPPORTED.items():
        if kwargs.get(name) is not None:
            raise UserError(f"{type(module).__name__}: attention with {what} takes no trees")
    if kwargs.get("dropout"):
        raise UserError(f"{type(module).__name__}: attention with dropout takes no trees")
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    window = kwargs.get("sliding_window")
    # Under autocast the rotary angles leave queries and keys in float32.
    query, key = query.to(value.dtype), key.to(value.dtype)
    if forest.carried is not None and forest.keep is not None:
        layer: Any = module.layer_idx
        key, value = forest.carried.extend(layer, (key, value), forest.keep)
    if query.is_cuda:
        flex = _compiled_flex_attention()
        out: Tensor = flex(
            query,
            key,
            value,
            block_mask=forest.block_mask(window),
            scale=scale,
            enable_gqa=True,
        )
        return out.transpose(1, 2).contiguous(), None
    stretches = forest.stretches(window)
    if torch.is_grad_enabled() and query.requires_grad:
        made: Tensor = _TreeAttention.apply(query, key, value, stretches, scale)  # type: ignore[no-untyped-call]
        return made, None
    return _attend(query, key, value, stretches, scale), None


AttentionInterface.register(NAME, attention)
# For passes without a forest. One with a forest brings a mask of its own, see
# `surefoot.verifiers.packed`, so that none is made.
AttentionMaskInterface.register(NAME, sdpa_mask)
