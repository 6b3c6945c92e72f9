"""How long and how to train: learning rate, checkpoints, evaluations."""

import math
from dataclasses import dataclass
from typing import Literal

from surefoot.errors import UserError
from surefoot.training.optimizers import OptimizerName


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How long and how to train."""

    updates: int
    """Optimizer steps, >= 1."""
    learning_rate: float
    """Peak rate of AdamW, > 0."""
    warmup: float = 0.05
    """Share of the updates over which the rate rises linearly, in [0, 1]."""
    decay: Literal["linear", "cosine"] = "linear"
    """How the rate falls to 0 after the warm-up."""
    optimizer: OptimizerName = "adamw"
    """`muon`: Muon on the hidden matrices and AdamW on the rest."""
    muon_learning_rate: float | None = None
    """Peak rate of Muon; None takes `learning_rate`."""
    weight_decay: float = 0.0
    """Decoupled decay of matrices."""
    clip: float | None = 1.0
    """Largest norm of the gradient; None clips nothing."""
    checkpoint_every: int = 100
    """Updates between checkpoints."""
    bf16: bool = False
    """Compute in bfloat16 by autocast; weights and sums stay float32."""
    gradient_accumulation: int = 1
    """Batches summed up for one update."""
    gradient_checkpointing: bool = False
    """Compute layers again for the gradient instead of keeping what is inside them."""
    evaluate_every: int | None = None
    """Updates between two losses on held-out batches; the last update has one too."""
    patience: int | None = None
    """Stop after so many of them without a better one, and keep the best weights."""
    seed: int = 0
    """Of dropout. The batches have their own."""

    def __post_init__(self) -> None:
        counts = ("updates", "checkpoint_every", "gradient_accumulation")
        for name in (*counts, "evaluate_every", "patience"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UserError(f"{_flag(name)}: must be >= 1, got {value}")
        if self.patience is not None and self.evaluate_every is None:
            raise UserError("--patience: counts evaluations; give --evaluate-every too")
        for name in ("learning_rate", "muon_learning_rate", "clip"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise UserError(f"{_flag(name)}: must be > 0, got {value}")
        if not 0 <= self.warmup <= 1:
            raise UserError(f"--warmup: must be in [0, 1], got {self.warmup}")

    def rate(self, update: int) -> float:
        """Share of the peak learning rate at an update (0-based), in (0, 1].

        Example:
            >>> plan = Plan(updates=4, learning_rate=1.0, warmup=0.5)
            >>> [plan.rate(update) for update in range(4)]
            [0.5, 1.0, 1.0, 0.5]
        """
        n_warmup = round(self.updates * self.warmup)
        if update < n_warmup:
            return (update + 1) / n_warmup
        left = (self.updates - update) / max(1, self.updates - n_warmup)
        return left if self.decay == "linear" else 0.5 * (1 - math.cos(math.pi * left))


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")
