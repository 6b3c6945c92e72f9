"""What the engine is asked for and what it gives back: token ids, no text."""

from collections.abc import Sequence
from dataclasses import dataclass

from surefoot.records import Finish


@dataclass(frozen=True, kw_only=True)
class Request:
    """A prompt and the continuations wanted of it."""

    prompt: Sequence[int]
    """Token ids, at least one."""
    keys: Sequence[str]
    """One a continuation; names its noise."""
    max_tokens: int
    """Continuations are cut here; >= 1."""


@dataclass(frozen=True, kw_only=True)
class Draw:
    """One sampled continuation."""

    tokens: tuple[int, ...]
    """With the end-of-text token, if it was reached."""
    log_probability: float
    """Sum over the tokens (nats) at temperature 1 and without top-p."""
    finish: Finish


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How to sample."""

    rows: int = 512
    """Continuations under way at once; >= 1."""
    temperature: float = 1.0
    """See `surefoot.generation.choice.choose_tokens`."""
    top_p: float = 1.0
    """Likewise."""
    seed: int = 0
    """Part of every continuation's noise."""
