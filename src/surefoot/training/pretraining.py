"""Base models from nothing: their shape, their text, their batches.

A base model is an ordinary Qwen3 or Qwen2 model folder with a small tokenizer.
The text is either the procedural corpus, drawn without end, or the worked
solutions of a table of problems.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from transformers import (
    PreTrainedModel,
    PreTrainedTokenizerBase,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from surefoot.errors import UserError
from surefoot.problems.arith.corpus import documents
from surefoot.records import Problem
from surefoot.steps import solve_prompt
from surefoot.training.examples import Examples
from surefoot.training.targets import NO_TARGET, Example, TokenBatch, collate
from surefoot.training.tokenizer import train_tokenizer

NANO_POSITIONS = 1024
"""Longest text, in tokens, that nano reads."""
SMALL_POSITIONS = 4096
"""The same of the recipe `small`: with a small tokenizer sessions of PRM800K reach 3,000."""
ROW_TOKENS = 512
"""Tokens of a row of the procedural corpus."""
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
    positions: int
    """Longest text, in tokens."""

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
            "max_position_embeddings": self.positions,
            "tie_word_embeddings": True,
            "eos_token_id": tokenizer.eos_token_id,
            "pad_token_id": tokenizer.pad_token_id,
        }
        if self.architecture == "qwen2":
            return Qwen2ForCausalLM(Qwen2Config(**common))
        return Qwen3ForCausalLM(Qwen3Config(head_dim=self.head_width, **common))


def nano_shape(width: int = 128, layers: int = 8) -> Shape:
    """A Qwen3 decoder that reads the procedural corpus; by default the one that ships.

    Args:
        width: Of the states; a multiple of 32, >= 64.
        layers: >= 1.

    Raises:
        UserError: The width is no such multiple.
    """
    if width < 64 or width % 32:
        raise UserError(f"--width: must be a multiple of 32, at least 64, got {width}")
    return Shape(
        architecture="qwen3",
        width=width,
        layers=layers,
        heads=width // 32,
        kv_heads=1,
        head_width=32,
        feed_forward=3 * width,
        positions=NANO_POSITIONS,
    )


def small_shape(width: int, layers: int) -> Shape:
    """A Qwen2 decoder of this width and depth, in the usual proportions.

    Args:
        width: Of the states; a multiple of 64, >= 64.
        layers: >= 1.

    Raises:
        UserError: The width is no such multiple.
    """
    if width < 64 or width % 64:
        raise UserError(f"--width: must be a multiple of 64, got {width}")
    heads = max(4, width // 64)
    return Shape(
        architecture="qwen2",
        width=width,
        layers=layers,
        heads=heads,
        kv_heads=heads // 2,
        head_width=width // heads,
        feed_forward=3 * width,
        positions=SMALL_POSITIONS,
    )


def corpus_tokenizer(seed: int) -> PreTrainedTokenizerBase:
    """The tokenizer learnt from the first documents of the procedural corpus."""
    texts = itertools.islice(documents(f"tokenizer/{seed}"), _TOKENIZER_DOCUMENTS)
    return train_tokenizer(texts, vocabulary=512)


def text_example(ids: Sequence[int], last_target: int) -> Example:
    """A whole text to be predicted; behind its last token the given target."""
    return Example(np.array(ids, dtype=np.int32), np.array([*ids[1:], last_target], dtype=np.int32))


@dataclass(frozen=True)
class CorpusBatches:
    """Batches of the procedural corpus without end; `batches(number)` is one.

    Each batch draws its own documents from (seed, number), so it is a pure
    function of them, and packs whole documents into rows of `row_tokens`.

    Args:
        tokenizer: Of the model to be trained.
        rows: Rows of a batch.
        row_tokens: Tokens of a row.
        seed: Another seed, other text.
    """

    tokenizer: PreTrainedTokenizerBase
    rows: int
    row_tokens: int
    seed: int

    def __call__(self, number: int) -> TokenBatch:
        """The batch with this number."""
        source = documents(f"{self.seed}/{number}")
        packed = pack(self._token_ids(source), self.rows, self.row_tokens)
        examples = [_row_example(row) for row in packed]
        return collate(examples, int(self.tokenizer.pad_token_id))

    def _token_ids(self, source: Iterable[str]) -> Iterator[list[int]]:
        end = int(self.tokenizer.eos_token_id)
        for text in source:
            yield [*self.tokenizer.encode(text, add_special_tokens=False), end]


def pack(texts: Iterator[list[int]], rows: int, row_tokens: int) -> list[list[list[int]]]:
    """Whole texts into rows: each goes into the first row that has room.

    Stops at the first text that fits nowhere; a text longer than a row is
    passed over.
    """
    packed: list[list[list[int]]] = [[] for _ in range(rows)]
    room = [row_tokens] * rows
    for ids in texts:
        if len(ids) > row_tokens:
            continue
        row = next((i for i in range(rows) if room[i] >= len(ids)), None)
        if row is None:
            break
        packed[row].append(ids)
        room[row] -= len(ids)
    return packed


def _row_example(texts: list[list[int]]) -> Example:
    return text_example([token for text in texts for token in text], NO_TARGET)


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
