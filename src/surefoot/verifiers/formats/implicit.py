"""Implicit PRMs: a model and its reference; a step is worth what it gained over the reference.

The value at the end of step t is `coef` times the sum, over the answer's tokens
so far, of log p(token) of the model minus that of the reference. Its sigmoid is
the step's chance, as the published evaluation takes it.

Source: PRIME-RL/ImplicitPRM, `eval/processbench.py`, with its boundaries kept as
they are: the tokens of the chat that ends with step t and an empty line, less two.
In a chat format that closes a turn with a token of its own (Qwen's) that is one
or two tokens into step t + 1; the published numbers are made so.

Axes: S steps, T tokens, N nodes, V vocabulary.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from surefoot.errors import ModelFolderError, UserError
from surefoot.generation.folder import encode
from surefoot.verifiers.formats.catalogue import IMPLICIT
from surefoot.verifiers.formats.foreign import (
    Floats,
    ForeignVerifier,
    Text,
    fitting,
    unread_are_wrong,
)
from surefoot.verifiers.formats.readings import Reading, numbered
from surefoot.verifiers.formats.texts import render_chat
from surefoot.verifiers.formats.weights import load_backbone
from surefoot.verifiers.packed import reading_trees, tree_states, tree_way
from surefoot.verifiers.readout import check_readout, head_logits, hidden_states
from surefoot.verifiers.trie import build, cut

COEFFICIENT = 0.001
ROWS = 256
"""Rows of logits over the whole vocabulary that are made at a time."""


def load_implicit(folder: Path, reference: Path | None) -> ForeignVerifier:
    """An implicit PRM with its reference model.

    Raises:
        UserError: No reference is given.
        ModelFolderError: One does not load, or their vocabularies differ.
    """
    if reference is None:
        raise UserError(
            f"{folder}: an implicit PRM needs the model it was trained from: --reference FOLDER"
        )
    model, tokenizer = load_backbone(folder, is_causal=True)
    base, base_tokenizer = load_backbone(reference, is_causal=True)
    for part, name in ((model, folder), (base, reference)):
        check_readout(part, str(name))
    check_same_vocabulary(folder, tokenizer, reference, base_tokenizer)
    write(tokenizer, "1+1?", ["1+1=2"])  # without a chat template there is nothing to read

    def judge(texts: Sequence[Text], batch_tokens: int, skip_long: bool) -> list[Floats]:
        written = [write(tokenizer, text.statement, text.steps) for text in texts]
        kept = fitting(
            texts, [[reading] for _, reading in written], model, str(folder), skip_long=skip_long
        )
        readings = [group[0] for group in kept]
        firsts = [first for first, _ in written]
        ours = log_probabilities(model, readings, firsts, batch_tokens)
        theirs = log_probabilities(base, readings, firsts, batch_tokens)
        found = []
        for text, reading, first, a, b in zip(texts, readings, firsts, ours, theirs, strict=True):
            sums = COEFFICIENT * np.cumsum(a - b)
            ends = np.asarray(reading.step_ends, dtype=np.int64) - first
            right = 1 / (1 + np.exp(-sums[ends]))
            chances = np.stack([1 - right, np.zeros_like(right), right], axis=1)
            found.append(unread_are_wrong(chances, len(text.steps)))
        return found

    return ForeignVerifier(
        name=str(folder), format=IMPLICIT, kind="prm", aggregation="min", judge=judge
    )


def write(
    tokenizer: PreTrainedTokenizerBase, statement: str, steps: Sequence[str]
) -> tuple[int, Reading]:
    """The chat, and where its sums are taken.

    Returns:
        First token whose log-probability counts, and the chat with the last one
        that counts for each step.
    """
    named = numbered(steps)
    lengths = []
    for n_steps in range(len(named) + 1):
        text = _chat(tokenizer, statement, named[:n_steps]).strip()
        if 0 < n_steps < len(named):
            text += "\n\n"
        lengths.append(len(encode(tokenizer, text)))
    ids = encode(tokenizer, _chat(tokenizer, statement, named))
    # The published sums run over predictions: the one at position i is of token i + 1.
    first, *ends = [min(length - 2 + 1, len(ids) - 1) for length in lengths]
    return first, Reading(ids, ends)


def _chat(tokenizer: PreTrainedTokenizerBase, statement: str, steps: Sequence[str]) -> str:
    answer = {"role": "assistant", "content": "\n\n".join(steps)}
    return render_chat(tokenizer, [{"role": "user", "content": statement}, answer])


@torch.no_grad()
def log_probabilities(
    model: PreTrainedModel, readings: Sequence[Reading], firsts: Sequence[int], batch_tokens: int
) -> list[Floats]:
    """Log-probability of each token from `first` on, given those before it.

    Returns:
        For each text (T - first,), in nats.
    """
    way = tree_way(model)
    if way == "padded":
        return [_of_one(model, r.ids, f) for r, f in zip(readings, firsts, strict=True)]
    trie, nodes = build([reading.ids for reading in readings])
    is_wanted = np.zeros(len(trie), dtype=bool)
    for own, first in zip(nodes, firsts, strict=True):
        is_wanted[own[first:]] = True
    found = np.zeros(len(trie))
    with reading_trees(model, way):
        for piece in cut(trie, batch_tokens):
            wanted = np.flatnonzero(is_wanted[piece.nodes])
            wanted = wanted[wanted >= piece.n_repeated]
            if len(wanted):
                states_ND = tree_states(model, piece.trie, way)
                parents = _parents(piece.trie.depth)[wanted]
                tokens = piece.trie.tokens[wanted]
                found[piece.nodes[wanted]] = _of_tokens(model, states_ND, parents, tokens)
    return [found[own[first:]] for own, first in zip(nodes, firsts, strict=True)]


def _of_one(model: PreTrainedModel, ids: list[int], first: int) -> Floats:
    states_TD = hidden_states(model, torch.tensor([ids], device=model.device))[0]
    return _of_tokens(model, states_TD, np.arange(first, len(ids)) - 1, np.asarray(ids[first:]))


def _of_tokens(
    model: PreTrainedModel,
    states_ND: Tensor,
    rows: np.ndarray[tuple[int], np.dtype[np.int64]],
    tokens: np.ndarray[tuple[int], np.dtype[np.int64]],
) -> Floats:
    """Log-probability of each token after the state in its row."""
    found = []
    for start in range(0, len(rows), ROWS):
        part = torch.from_numpy(rows[start : start + ROWS]).to(states_ND.device)
        chosen = torch.from_numpy(tokens[start : start + ROWS]).to(states_ND.device)
        logits_KV = head_logits(model, states_ND[part]).float()
        picked = logits_KV.gather(1, chosen[:, None])[:, 0].double()
        found.append((picked - logits_KV.logsumexp(dim=1).double()).cpu().numpy())
    return np.concatenate(found) if found else np.zeros(0)


def _parents(
    depth: np.ndarray[tuple[int], np.dtype[np.int64]],
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """(N,) the node above each; a root has itself."""
    parents = np.arange(len(depth))
    last_at = np.zeros(int(depth.max(initial=0)) + 1, dtype=np.int64)
    for node, level in enumerate(depth.tolist()):
        if level:
            parents[node] = last_at[level - 1]
        last_at[level] = node
    return parents


def check_same_vocabulary(
    folder: Path,
    tokenizer: PreTrainedTokenizerBase,
    reference: Path,
    other: PreTrainedTokenizerBase,
) -> None:
    """Refuse two models whose tokens mean different things.

    Raises:
        ModelFolderError: A token has another id, or none.
    """
    ours, theirs = tokenizer.get_vocab(), other.get_vocab()
    odd = next((token for token, index in ours.items() if theirs.get(token) != index), None)
    if odd is not None:
        raise ModelFolderError(
            f"{reference}: its vocabulary is not that of {folder}: the token {odd!r} is"
            f" {theirs.get(odd)} here and {ours[odd]} there"
        )
