"""Base models from nothing: their shape, their text, their batches.

A base model is an ordinary Qwen3 or Qwen2 model folder with a small tokenizer.
The text is either the procedural corpus, drawn without end, or the worked
solutions of a table of problems.
"""

import functools
import itertools
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from transformers import (
    PreTrainedModel,
    PreTrainedTokenizerBase,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from surefoot.problems.arith.corpus import documents
from surefoot.records import Problem
from surefoot.steps import REVIEW_HEADER, solve_prompt
from surefoot.training.examples import Examples
from surefoot.training.objectives import Example
from surefoot.training.tokenizer import train_tokenizer
from surefoot.verifiers.readout import head_logits, hidden_states

MAX_POSITIONS = 1024
"""Longest text, in tokens, that a base of ours reads."""
POOL_BATCHES = 8
"""Batches that are cut from one pool of documents, sorted by length."""
_MEAN_TOKENS = 80
"""About the length of a document, to draw as many as fill a batch."""
_TOKENIZER_DOCUMENTS = 20_000


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The architecture of a small decoder."""

    architecture: str
    """`qwen3` (normalised queries and keys) or `qwen2`."""
    width: int
    layers: int
    heads: int
    kv_heads: int
    head_width: int
    feed_forward: int

    def build(self, tokenizer: PreTrainedTokenizerBase, seed: int) -> PreTrainedModel:
        """A model with random weights, tied embeddings, for this tokenizer."""
        torch.manual_seed(seed)
        common = {
            "vocab_size": len(tokenizer),
            "hidden_size": self.width,
            "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.kv_heads,
            "intermediate_size": self.feed_forward,
            "max_position_embeddings": MAX_POSITIONS,
            "tie_word_embeddings": True,
            "eos_token_id": tokenizer.eos_token_id,
            "pad_token_id": tokenizer.pad_token_id,
        }
        if self.architecture == "qwen2":
            return Qwen2ForCausalLM(Qwen2Config(**common))
        return Qwen3ForCausalLM(Qwen3Config(head_dim=self.head_width, **common))


NANO = Shape(
    architecture="qwen3",
    width=128,
    layers=8,
    heads=4,
    kv_heads=1,
    head_width=32,
    feed_forward=384,
)
SMALL = Shape(
    architecture="qwen2",
    width=128,
    layers=4,
    heads=4,
    kv_heads=2,
    head_width=32,
    feed_forward=384,
)


def corpus_tokenizer(seed: int) -> PreTrainedTokenizerBase:
    """The tokenizer learnt from the first documents of the procedural corpus."""
    texts = itertools.islice(documents(f"tokenizer/{seed}"), _TOKENIZER_DOCUMENTS)
    return train_tokenizer(texts, vocabulary=512)


def text_example(ids: Sequence[int], end_id: int) -> Example:
    """A whole text to be predicted, its end-of-text token included."""
    return Example(np.array(ids, dtype=np.int32), np.array([*ids[1:], end_id], dtype=np.int32))


@dataclass(frozen=True)
class WeightedBatch:
    """Texts padded to the longest, every token weighed as a target."""

    input_ids_BT: Tensor
    weights_BT: Tensor
    """Weight of predicting what comes *after* this token; 0 at the end and in padding."""
    n_tokens: int
    n_targets: int
    """Sum of the weights."""

    def to(self, device: torch.device) -> "WeightedBatch":
        """The same batch on a device."""
        return WeightedBatch(
            self.input_ids_BT.to(device), self.weights_BT.to(device), self.n_tokens, self.n_targets
        )


def weighted_loss(model: PreTrainedModel, batch: WeightedBatch) -> Tensor:
    """Sum over tokens of weight times cross-entropy of the next token, in nats."""
    hidden_BTD = hidden_states(model, batch.input_ids_BT)[:, :-1]
    logits_KV = head_logits(model, hidden_BTD.flatten(0, 1)).float()
    losses_K = functional.cross_entropy(
        logits_KV, batch.input_ids_BT[:, 1:].flatten(), reduction="none"
    )
    return (losses_K * batch.weights_BT[:, :-1].flatten()).sum()


@dataclass(frozen=True, eq=False)
class CorpusBatches:
    """Batches of the procedural corpus without end; `batches(number)` is one.

    A pool of documents is drawn from (seed, number of the pool), sorted by
    length and cut into batches, so a batch is a pure function of its number and
    little is spent on padding.

    Args:
        tokenizer: Of the model to be trained.
        batch_tokens: About the tokens of a batch.
        seed: Another seed, other text.
        verdict_weight: Weight of what follows each line of a reviewed solution
            (the verdict, or the next line if there is none yet). Those are few
            among all tokens, and they are what a verifier starts from.
    """

    tokenizer: PreTrainedTokenizerBase
    batch_tokens: int
    seed: int
    verdict_weight: int = 1

    def __call__(self, number: int) -> WeightedBatch:
        """The batch with this number."""
        pool, place = divmod(number, POOL_BATCHES)
        return self._collate(self._pool(pool)[place])

    @functools.lru_cache(maxsize=1)  # noqa: B019 - one pool, and there is one such object a run
    def _pool(self, pool: int) -> list[list["_Text"]]:
        """Batches of about equal tokens, in a random order."""
        n = POOL_BATCHES * max(1, self.batch_tokens // _MEAN_TOKENS)
        source = itertools.islice(documents(f"{self.seed}/{pool}"), n)
        texts = sorted((self._text(text) for text in source), key=lambda text: len(text.ids))
        ends = np.cumsum([len(text.ids) for text in texts])
        place = np.minimum(ends * POOL_BATCHES // (ends[-1] + 1), POOL_BATCHES - 1)
        batches: list[list[_Text]] = [[] for _ in range(POOL_BATCHES)]
        order = random.Random(f"{self.seed}/{pool}").sample(range(POOL_BATCHES), POOL_BATCHES)
        for text, index in zip(texts, place, strict=True):
            batches[order[int(index)]].append(text)
        return batches

    def _text(self, text: str) -> "_Text":
        end = int(self.tokenizer.eos_token_id)
        head, mark, rest = text.partition(REVIEW_HEADER)
        ids: list[int] = self.tokenizer.encode(head + mark, add_special_tokens=False)
        weights = [1] * len(ids)
        tail = self.tokenizer.encode(rest, add_special_tokens=False) if rest else []
        newline = int(self.tokenizer.convert_tokens_to_ids("\u010a"))
        ends = [self.verdict_weight if token == newline else 1 for token in tail]
        return _Text([*ids, *tail, end], [*weights, *ends, 0])

    def _collate(self, texts: Sequence["_Text"]) -> WeightedBatch:
        width = max(len(text.ids) for text in texts)
        pad = int(self.tokenizer.pad_token_id)
        ids = [text.ids + [pad] * (width - len(text.ids)) for text in texts]
        weights = [text.weights + [0] * (width - len(text.ids)) for text in texts]
        return WeightedBatch(
            torch.tensor(ids),
            torch.tensor(weights, dtype=torch.float32),
            n_tokens=sum(len(text.ids) for text in texts),
            n_targets=sum(sum(text.weights) for text in texts),
        )


class _Text(NamedTuple):
    ids: list[int]
    weights: list[int]


def problem_texts(problems: Iterable[Problem]) -> list[str]:
    """The worked solution of each problem as a generator would write it."""
    return [
        solve_prompt(problem.statement) + problem.reference_solution + "\n"
        for problem in problems
        if problem.reference_solution
    ]


def text_examples(
    texts: Sequence[str], encode: Callable[[str], list[int]], end_id: int, max_tokens: int
) -> Examples:
    """Whole texts as examples; longer ones are left out and counted."""
    found = Examples()
    for text in texts:
        ids = encode(text)
        if len(ids) >= max_tokens:
            found.left_out["too long"] += 1
        else:
            found.examples.append(text_example(ids, end_id))
    return found


def shuffled(texts: Sequence[str], seed: int) -> list[str]:
    """The texts in a seeded order."""
    order = list(texts)
    random.Random(seed).shuffle(order)
    return order
