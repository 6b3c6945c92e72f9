"""The loss on held-out batches during training, and when it says to stop.

All that is decided follows from the rows of `metrics.jsonl`, so a run that was
killed decides as an unbroken one would have.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import torch
from accelerate import Accelerator
from torch import Tensor

HELD_OUT = "holdout_loss"
"""Key of the rows that have such a loss."""

B = TypeVar("B")


@torch.no_grad()
def mean_loss(
    accelerator: Accelerator, loss_of: Callable[[B], Tensor], batches: Sequence[B]
) -> float:
    """Mean over the targets of the batches, in nats; all processes share the work.

    Args:
        accelerator: Of the run.
        loss_of: Sum over a batch's targets, in nats.
        batches: At least one; the same in every process.

    Returns:
        The same number in every process. 0 if the batches have no targets.
    """
    sums = torch.zeros(2, dtype=torch.float64, device=accelerator.device)
    n = accelerator.num_processes
    # Models in shares need all processes in every pass: the last ones may be for nothing.
    for first in range(0, len(batches), n):
        index = first + accelerator.process_index
        batch: Any = batches[index % len(batches)]
        loss = loss_of(batch.to(accelerator.device)).double()
        if index < len(batches):
            sums += torch.stack([loss, loss.new_tensor(batch.n_targets)])
    total, n_targets = accelerator.reduce(sums, reduction="sum").tolist()
    return float(total) / (n_targets or 1.0)


def best_update(rows: Sequence[dict[str, Any]]) -> int | None:
    """The update (1-based) after which the held-out loss was lowest, the first of equals.

    None if it was never measured. A loss that is not finite is never the best.
    """
    found = [(float(r[HELD_OUT]), int(r["update"])) for r in rows if HELD_OUT in r]
    return min(((x, update) for x, update in found if math.isfinite(x)), default=(0.0, None))[1]


def is_over(rows: Sequence[dict[str, Any]], patience: int | None) -> bool:
    """Whether so many evaluations have gone by since the best one.

    Args:
        rows: Of the updates so far.
        patience: At least 1; None never stops.
    """
    if patience is None:
        return False
    best = best_update(rows) or 0
    return sum(HELD_OUT in row and int(row["update"]) > best for row in rows) >= patience
