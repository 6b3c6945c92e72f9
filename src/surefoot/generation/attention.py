"""Attention of one new token a row over a shared prompt and the row's own tokens.

`transformers` models ask a registry for their attention function; ours is
registered under `NAME`. While an engine decodes (`decoding`), it computes the
scores against a prompt once for all rows of the group as one matrix product,
and the scores against each row's own tokens; grouped query heads share their
key/value head without copies. Outside, it is plain causal attention.

Axes: B rows, H query heads, K key/value heads, Q = H/K, G groups, R rows a group,
P prompt tokens, T own tokens, D width.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from surefoot.errors import UserError
from surefoot.generation.cache import SharedPromptCache
from surefoot.generation.layout import Step

NAME = "surefoot_shared_prompt"
_decoding: ContextVar[SharedPromptCache | None] = ContextVar("decoding", default=None)
_UNSUPPORTED = {"softcap": "capped scores", "s_aux": "attention sinks", "position_bias": "biases"}


@contextmanager
def using_shared_prompts(model: PreTrainedModel) -> Iterator[None]:
    """Lets the model compute with our attention; its own comes back at the end.

    A model that does not ask the registry keeps its own throughout.
    """
    if not model._supports_attention_backend:
        yield
        return
    before = model.config._attn_implementation
    model.set_attn_implementation(NAME)
    try:
        yield
    finally:
        model.set_attn_implementation(before)


@contextmanager
def decoding(cache: SharedPromptCache) -> Iterator[None]:
    """Within it a forward pass is one step of the rows in `cache`."""
    token = _decoding.set(cache)
    try:
        yield
    finally:
        _decoding.reset(token)


def decode_step(
    model: PreTrainedModel, cache: SharedPromptCache, last_B: Tensor, n_rows: int
) -> Tensor:
    """One token more for the first rows of a cache.

    Args:
        model: Set to our attention (`using_shared_prompts`).
        cache: Takes in the keys and values of the tokens.
        last_B: (B,) Each row's last token.
        n_rows: B.

    Returns:
        (B, V) logits of the next token.
    """
    positions = cache.begin_step(n_rows, last_B.device)
    mask = None if cache.shares_prompts else cache.step.mask_B.to(model.dtype)
    with decoding(cache):
        logits: Tensor = model(
            input_ids=last_B[:, None],
            position_ids=positions,
            attention_mask=mask,
            past_key_values=cache,
            use_cache=True,
        ).logits
    cache.end_step(n_rows)
    return logits[:, -1]


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
        query: (B, H, 1, D) while decoding, else (B, H, L, D).
        key: (B, K, T, D) what the cache's `update` returned: the rows' own.
        value: (B, K, T, D) likewise.
        attention_mask: None; the masks are in the cache.
        scaling: Factor on the scores; 1/sqrt(D) by default.
        kwargs: What else the model passes on.

    Returns:
        (B, 1, H, D), and None in place of the weights.

    Raises:
        UserError: The model wants something of its attention that is not done here.
    """
    for name, what in _UNSUPPORTED.items():
        if kwargs.get(name) is not None:
            raise UserError(
                f"{type(module).__name__}: attention with {what} is not sampled in process"
            )
    cache = _decoding.get()
    if cache is None:
        out: tuple[Tensor, None] = sdpa_attention_forward(
            module, query, key, value, attention_mask, scaling=scaling, **kwargs
        )
        return out
    store = cache.stores[cache.last_layer]
    n_prompt = cache.step.n_prompt
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    return shared_prompt_attention(
        query * scale,
        store.prompt_keys.data[:, :, :n_prompt],
        store.prompt_values.data[:, :, :n_prompt],
        key,
        value,
        cache.step,
    ), None


def shared_prompt_attention(
    query: Tensor,
    prompt_keys: Tensor,
    prompt_values: Tensor,
    own_keys: Tensor,
    own_values: Tensor,
    step: Step,
) -> Tensor:
    """Softmax over prompt and own tokens together, as if each row held both.

    All rows are computed with the own tokens that a short row has; the few long
    rows are then computed again with all of theirs (`Step.n_short`).

    Args:
        query: (B, H, 1, D), scaled.
        prompt_keys: (>= G, K, P, D).
        prompt_values: (>= G, K, P, D).
        own_keys: (B, K, T, D).
        own_values: (B, K, T, D).
        step: Which row belongs to which group, and the lengths.

    Returns:
        (B, 1, H, D).
    """
    n_rows, n_heads, _, width = query.shape
    n_shared = own_keys.shape[1]
    n_prompt, n_short = prompt_keys.shape[-2], step.n_short
    prompt_keys, prompt_values = prompt_keys[: step.n_groups], prompt_values[: step.n_groups]
    q_BKQD = query.reshape(n_rows, n_shared, n_heads // n_shared, width)
    on_prompt = _to_groups(q_BKQD, prompt_keys.mT, step)
    on_own = q_BKQD @ own_keys[:, :, :n_short].mT
    weights = _softmax(on_prompt, on_own, step.mask_B[..., : n_prompt + n_short])
    out = weights[..., n_prompt:] @ own_values[:, :, :n_short]
    if step.long is not None:
        long_on_own = q_BKQD[step.long] @ own_keys[step.long].mT
        long_weights = _softmax(on_prompt[step.long], long_on_own, step.mask_B[step.long])
        out[step.long] = long_weights[..., n_prompt:] @ own_values[step.long]
        weights[step.long, ..., :n_prompt] = long_weights[..., :n_prompt]
    out += _to_groups(weights[..., :n_prompt], prompt_values, step)
    return out.reshape(n_rows, 1, n_heads, -1)


def _softmax(on_prompt: Tensor, on_own: Tensor, mask: Tensor) -> Tensor:
    """Weights over prompt and own tokens from their scores; float32 inside."""
    scores = torch.cat([on_prompt, on_own], -1).float()
    return scores.add_(mask).softmax(-1).to(on_own.dtype)


def _to_groups(rows: Tensor, prompts: Tensor, step: Step) -> Tensor:
    """Multiplies each row (K, Q, X) by its group's matrices (K, X, Y), group by group.

    Returns:
        (B, K, Q, Y).
    """
    n_groups, n_shared, _, y = prompts.shape
    q, x = rows.shape[-2:]
    grid = rows.index_select(0, step.row_of_cell).view(n_groups, -1, n_shared, q, x)
    width = grid.shape[1]
    product = grid.transpose(1, 2).reshape(n_groups, n_shared, width * q, x) @ prompts
    cells = product.view(n_groups, n_shared, width, q, y).transpose(1, 2)
    return cells.reshape(n_groups * width, n_shared, q, y).index_select(0, step.cell_B)


AttentionInterface.register(NAME, attention)
