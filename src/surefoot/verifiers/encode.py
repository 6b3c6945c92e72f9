"""Records to tokens, with the position of each step's last token.

The prompt and each step with its newline are tokenised apart and put together,
so that step boundaries are exact whatever the tokenizer merges. Training and
scoring both go through here and see the same tokens.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from transformers import PreTrainedTokenizerBase

from surefoot.generation.folder import encode, encode_prompt
from surefoot.steps import step_units

CACHED_TEXTS = 200_000
"""Samples of a problem share its prompt and many steps."""


class EncodedSolution(NamedTuple):
    """The tokens of a prompt and the steps after it."""

    ids: list[int]
    """(T,) tokens."""
    n_prompt: int
    """Tokens of the prompt; the first step starts here."""
    step_ends: list[int]
    """(S,) position in `ids` of each step's last token."""


class Encoder:
    """Tokenises prompts and steps, each text once."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self.tokenizer = tokenizer

        @lru_cache(maxsize=CACHED_TEXTS)
        def prompt_ids(text: str) -> tuple[int, ...]:
            return tuple(encode_prompt(tokenizer, text))

        @lru_cache(maxsize=CACHED_TEXTS)
        def unit_ids(text: str) -> tuple[int, ...]:
            return tuple(encode(tokenizer, text))

        self._prompt_ids, self._unit_ids = prompt_ids, unit_ids

    def __call__(self, prompt: str, steps: Iterable[str]) -> EncodedSolution:
        """The tokens of `prompt` and of each step with its newline."""
        ids = list(self._prompt_ids(prompt))
        n_prompt, step_ends = len(ids), []
        for unit in step_units(steps):
            ids += self._unit_ids(unit)
            step_ends.append(len(ids) - 1)
        return EncodedSolution(ids, n_prompt, step_ends)
