"""The states of a forest's tokens, for any decoder that can compute them.

A decoder computes a forest in one of two ways, and the first that gives the
numbers of separate texts is taken: through our attention function
(`surefoot.verifiers.tree_attention`), or with a square mask, which costs memory.
A decoder that can do neither (it has a recurrent state, say, or counts
positions itself) reads padded texts; that is said once in the log.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, TypeAlias
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedModel

from surefoot.verifiers import tree_attention
from surefoot.verifiers.forest import Carried, Forest
from surefoot.verifiers.trie import Ints, Trie, build, cut

log = logging.getLogger("surefoot")
Way: TypeAlias = Literal["ancestry", "mask", "padded"]
"""By our attention function, by a square mask, or not at all."""
_TOLERANCE = {torch.float32: 1e-4, torch.float64: 1e-4}
"""Largest difference allowed, as a share of the largest state."""
_COARSE_TOLERANCE = 0.05
"""For half precision."""
_known: WeakKeyDictionary[PreTrainedModel, Way] = WeakKeyDictionary()


@contextmanager
def reading_trees(model: PreTrainedModel, way: Way) -> Iterator[None]:
    """Lets the model compute with our attention where that is the way.

    Backward passes belong inside: gradient checkpointing computes again.
    """
    if way != "ancestry":
        yield
        return
    before = model.config._attn_implementation
    model.set_attn_implementation(tree_attention.NAME)
    try:
        yield
    finally:
        model.set_attn_implementation(before)


def tree_states(model: PreTrainedModel, trie: Trie, way: Way) -> Tensor:
    """(N, D) states that the head reads, one a node.

    Args:
        model: Within `reading_trees`.
        trie: At least one node.
        way: `ancestry` or `mask`.
    """
    return _states(model, trie, Forest(trie, model.device), way)


def states_by_piece(
    model: PreTrainedModel, trie: Trie, way: Way, n_tokens: int
) -> Iterator[tuple[Ints, Tensor]]:
    """The states of a whole forest, in passes of limited size, without gradients.

    Args:
        model: Within `reading_trees`.
        trie: Any forest.
        way: With `ancestry` no token is computed twice; else the pieces repeat
            what they hang from.
        n_tokens: Tokens of a pass, as in `cut`.

    Yields:
        (N,) nodes and their (N, D) states; each node once.
    """
    if way != "ancestry":
        for part in cut(trie, n_tokens):
            states = tree_states(model, part.trie, way)
            yield part.nodes[part.n_repeated :], states[part.n_repeated :]
        return
    carried = Carried()
    parts = cut(trie, n_tokens, repeats_count=False)
    for index, part in enumerate(parts):
        following = parts[min(index + 1, len(parts) - 1)]
        keep = np.searchsorted(part.nodes, following.nodes[: following.n_repeated])
        forest = Forest(part.trie, model.device, carried, part.n_repeated, keep)
        yield part.nodes[part.n_repeated :], _states(model, part.trie, forest, way)


def _states(model: PreTrainedModel, trie: Trie, forest: Forest, way: Way) -> Tensor:
    device = model.device
    n_carried = forest.n_carried
    ids_1N = torch.from_numpy(trie.tokens[n_carried:]).to(device)[None]
    positions_1N = torch.from_numpy(trie.depth[n_carried:]).to(device)[None]
    if way == "ancestry":
        # A four-dimensional mask is handed down as it is; without one the
        # library would make its own, of N x N.
        mask = torch.zeros((1, 1, 1, 1), dtype=model.dtype, device=device)
        extra = {tree_attention.ARGUMENT: forest}
    else:
        sees_NN = forest.dense_mask(_declared_window(model))
        lowest = torch.finfo(model.dtype).min
        mask = torch.zeros(sees_NN.shape, dtype=model.dtype, device=device)
        mask = mask.masked_fill_(~sees_NN, lowest)[None, None]
        extra = {}
    output = model.base_model(
        input_ids=ids_1N,
        position_ids=positions_1N,
        attention_mask=mask,
        use_cache=False,
        **extra,
    )
    states: Tensor = output.last_hidden_state[0]
    return states


def tree_way(model: PreTrainedModel) -> Way:
    """How this model computes a forest; tried out at the first call for a model."""
    if model not in _known:
        was_training = model.training
        model.eval()
        try:
            _known[model] = _try_out(model)
        finally:
            model.train(was_training)
        if _known[model] == "padded":
            kind = getattr(model.config, "model_type", type(model).__name__)
            log.warning(
                "%s: this kind of model cannot share prefixes; texts are padded instead", kind
            )
    way = _known[model]
    has_dropout = bool(getattr(model.config, "attention_dropout", 0))
    # Our function has no dropout; a square mask leaves the model's own attention.
    return "mask" if way == "ancestry" and model.training and has_dropout else way


@torch.no_grad()
def _try_out(model: PreTrainedModel) -> Way:
    kinds = set(getattr(model.config, "layer_types", None) or ["full_attention"])
    if not kinds <= {"full_attention", "sliding_attention"}:
        return "padded"
    tolerance = _TOLERANCE.get(model.dtype, _COARSE_TOLERANCE)
    ways: list[Way] = ["ancestry"] if model._supports_attention_backend else []
    if len(kinds) == 1:
        ways.append("mask")
    for way in ways:
        try:
            error = _largest_difference(model, way)
        except Exception as failure:  # noqa: BLE001  # whatever an architecture makes of it
            log.debug("prefix sharing by %s failed: %s", way, failure)
            continue
        if error <= tolerance:
            return way
    return "padded"


def _largest_difference(model: PreTrainedModel, way: Way) -> float:
    """Largest error of a state on a small forest, as a share of the largest state."""
    n_tokens = model.get_input_embeddings().weight.shape[0]
    draw = np.random.default_rng(0)
    stem, branch = (draw.integers(0, n_tokens, size=n) for n in (7, 5))
    texts = [
        np.concatenate([stem, branch, draw.integers(0, n_tokens, size=3)]),
        np.concatenate([stem, branch, draw.integers(0, n_tokens, size=6)]),
        np.concatenate([stem, draw.integers(0, n_tokens, size=4)]),
        stem,
        draw.integers(0, n_tokens, size=9),
    ]
    trie, nodes = build(texts)
    forest = Forest(trie, model.device)
    with reading_trees(model, way):
        ours_ND = _states(model, trie, forest, way).float()
        by_piece_ND = torch.empty_like(ours_ND)
        for piece, states in states_by_piece(model, trie, way, 8):
            by_piece_ND[torch.from_numpy(piece).to(model.device)] = states.float()
    if way == "ancestry" and not forest.windows >= {_declared_window(model)}:
        return float("inf")  # the model keeps its window from us
    worst = 0.0
    for text, own in zip(texts, nodes, strict=True):
        ids_1T = torch.from_numpy(np.asarray(text)).to(model.device)[None]
        plain_TD = model.base_model(input_ids=ids_1T, use_cache=False).last_hidden_state[0].float()
        largest = max(float(plain_TD.abs().max()), 1e-9)
        for found_ND in (ours_ND, by_piece_ND):
            worst = max(worst, float((found_ND[own] - plain_TD).abs().max()) / largest)
    return worst if np.isfinite(worst) else float("inf")


def _declared_window(model: PreTrainedModel) -> int | None:
    """The window of the model's sliding layers, None where it has none."""
    config = model.config
    window: int | None = getattr(config, "sliding_window", None)
    kinds = getattr(config, "layer_types", None)
    is_used = "sliding_attention" in kinds if kinds else getattr(config, "use_sliding_window", True)
    return window if is_used else None
