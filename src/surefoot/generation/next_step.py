"""Texts of a next step, by a model in this process or behind a server.

Phase 1 of PRM800K offers these to people. The text before them is a problem and
the steps so far in the format of `surefoot.steps`, as a generator that
`surefoot train generator` made knows it.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from surefoot.generation.engine import Engine
from surefoot.generation.folder import decode, encode_prompt, load_model
from surefoot.generation.request import Request, Settings
from surefoot.generation.sampling import context_length
from surefoot.generation.step_texts import MAX_TOKENS, distinct, end_of_step, step_prompt
from surefoot.generation.stopping import StopRule
from surefoot.records import Finish


class StepRule(StopRule):
    """Ends a continuation after its first step."""

    def finish_of(self, tokens: NDArray[np.int64], max_tokens: int) -> Finish | None:
        """Why these sampled tokens are a whole step; None if it goes on."""
        last = int(tokens[-1])
        if last in self.ends:
            return "stop"
        if self.telling[last] and end_of_step(decode(self.tokenizer, tokens.tolist())) is not None:
            return "stop"
        return "length" if len(tokens) >= max_tokens else None


class StepWriter:
    """Samples next steps in this process.

    What is sampled hangs on the model, the seed, the problem, the steps so far and
    how many are wanted. A step that reaches `MAX_TOKENS` is cut there.

    Args:
        model: A decoder in eval mode.
        tokenizer: Its tokenizer.
        temperature: Divides the logits; at 0 there is one text only.
        seed: Another seed, other texts.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        *,
        temperature: float = 1.0,
        seed: int = 0,
    ) -> None:
        self._tokenizer, self._context = tokenizer, context_length(model)
        settings = Settings(rows=64, temperature=temperature, seed=seed)
        self._engine = Engine(model, tokenizer, settings, StepRule(model, tokenizer))
        self._special = frozenset(tokenizer.all_special_ids)

    def __call__(self, statement: str, before: Sequence[str], n: int) -> list[str]:
        """Up to `n` different texts; none where the prompt fills the context."""
        prompt = step_prompt(statement, before)
        tokens = encode_prompt(self._tokenizer, prompt)
        room = self._context - len(tokens)
        if room < 1:
            return []

        def draw(count: int, first: int) -> list[str]:
            keys = [f"{prompt}{number}" for number in range(first, first + count)]
            asked = Request(prompt=tokens, keys=keys, max_tokens=min(MAX_TOKENS, room))
            (drawn,) = self._engine.draw([asked])
            return [
                decode(self._tokenizer, [t for t in one.tokens if t not in self._special])
                for one in drawn
            ]

        return distinct(draw, n)


def load_step_writer(name: str, temperature: float = 1.0) -> Callable[..., list[str]]:
    """A writer from a model folder, a model on the hub, or `nano`.

    Raises:
        ModelFolderError: It cannot be loaded.
    """
    model, tokenizer = load_model(name)
    return StepWriter(model, tokenizer, temperature=temperature)
