"""The one training loop: base, generator, ORM and PRM differ only in batches and targets.

Reads batches by number, writes a Hugging Face model folder and `metrics.jsonl`.
It runs on Accelerate, so that `accelerate launch` spreads it over devices. The
batch of an update is a pure function of the update's number, and nothing else
is random but dropout, which is seeded by that number too; so a run that was
killed goes on from its last checkpoint exactly as if it had not been.
"""

import contextlib
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, Self, TypeVar

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from transformers import PreTrainedModel

from surefoot.errors import SurefootError, UserError
from surefoot.progress import Progress
from surefoot.training import checkpoint
from surefoot.training.optimizers import OptimizerName, build_optimizers


class Batch(Protocol):
    """What the loop asks of a batch; the loss knows the rest."""

    @property
    def n_targets(self) -> float:
        """Predictions that count in the loss; the sum of their weights."""

    @property
    def n_tokens(self) -> int:
        """Tokens without padding, for the speed shown."""

    @property
    def names(self) -> tuple[str, ...]:
        """What it was made of, for messages; may be empty."""

    def to(self, device: torch.device) -> Self:
        """The same batch on a device."""


B = TypeVar("B", bound=Batch)


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
    seed: int = 0
    """Of dropout. The batches have their own."""

    def __post_init__(self) -> None:
        for name in ("updates", "checkpoint_every", "gradient_accumulation"):
            if getattr(self, name) < 1:
                raise UserError(f"{_flag(name)}: must be >= 1, got {getattr(self, name)}")
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


class _Objective(nn.Module):
    """Model and loss as one module, so that Accelerate's wrappers see one forward."""

    def __init__(self, model: PreTrainedModel, loss: Callable[[Any, Any], Tensor]) -> None:
        super().__init__()
        self.model, self.loss = model, loss

    def forward(self, batch: Any) -> Tensor:
        return self.loss(self.model, batch)


def fit(
    model: PreTrainedModel,
    batch_at: Callable[[int], B],
    loss: Callable[[PreTrainedModel, B], Tensor],
    plan: Plan,
    out: Path,
    *,
    title: str,
    save: Callable[[Path], None],
    spec: dict[str, Any] | None = None,
    overwrite: bool = False,
) -> list[dict[str, Any]]:
    """Train a model and write it to `out`; go on if `out` holds this run unfinished.

    Args:
        model: Changed in place. Its weights at the call must be the same when
            an interrupted call is repeated.
        batch_at: The batch with this number, a pure function. Update u of a
            run with gradient accumulation k reads the numbers u*k to u*k+k-1
            (times the number of processes, where there are several).
        loss: Sum (not mean) over the batch's targets, in nats. The loop divides
            by the targets of the whole update, so that accumulation over
            batches of unequal size equals one larger batch.
        plan: How to train.
        out: Folder to be; see `surefoot.training.checkpoint`.
        title: Shown beside the progress.
        save: Writes the trained model's folder (weights, tokenizer, ...).
        spec: What else decides the result (base, data, batch size), JSON-able;
            a repeated call must agree on it.
        overwrite: Replace a finished `out`.

    Returns:
        The rows of `metrics.jsonl`, one an update: `update` (1-based), `loss`
        (mean over targets before the update, nats), `learning_rate`, `tokens`
        and `seconds` (both since the start, waiting between runs left out).

    Raises:
        OutputExists: `out` is finished or something else, without `overwrite`.
        UserError: `out` holds an unfinished run with other settings.
        SurefootError: The loss is not finite.
    """
    accelerator = Accelerator()
    if accelerator.is_main_process:
        checkpoint.open_run(out, {**asdict(plan), **(spec or {})}, overwrite=overwrite)
    accelerator.wait_for_everyone()
    optimizers = build_optimizers(
        model,
        plan.optimizer,
        learning_rate=plan.learning_rate,
        muon_learning_rate=plan.muon_learning_rate,
        weight_decay=plan.weight_decay,
    )
    objective, *optimizers = accelerator.prepare(_Objective(model, loss), *optimizers)
    resumed = checkpoint.newest(out)
    done = 0
    if resumed is not None:
        done, folder = resumed
        accelerator.load_state(str(folder))
    rows = checkpoint.cut_metrics(out, done) if accelerator.is_main_process else []
    objective.train()
    with (
        checkpoint.writing(out),
        Progress(title, plan.updates, len(rows), shown=accelerator.is_main_process) as progress,
    ):
        count = _Count(progress, rows)
        for update in range(done, plan.updates):
            mean_loss, n_tokens = _update(
                accelerator, objective, optimizers, batch_at, plan, update
            )
            rows.append(count.row(update, mean_loss, n_tokens, plan))
            if accelerator.is_main_process:
                checkpoint.append_metrics(out, rows[-1])
            if (update + 1) % plan.checkpoint_every == 0 and update + 1 < plan.updates:
                _save_state(accelerator, out, update + 1)
    objective.eval()
    accelerator.wait_for_everyone()
    if accelerator.is_main_process:
        checkpoint.finish(out, save)
    accelerator.wait_for_everyone()
    return rows


def _update(
    accelerator: Accelerator,
    objective: nn.Module,
    optimizers: list[torch.optim.Optimizer],
    batch_at: Callable[[int], B],
    plan: Plan,
    update: int,
) -> tuple[float, int]:
    """One update; the mean loss over its targets (nats) and its tokens, all processes together."""
    device, n_processes = accelerator.device, accelerator.num_processes
    first = (update * n_processes + accelerator.process_index) * plan.gradient_accumulation
    batches = [batch_at(first + i) for i in range(plan.gradient_accumulation)]
    counts = torch.tensor(
        [sum(b.n_targets for b in batches), sum(b.n_tokens for b in batches)],
        dtype=torch.float64,
        device=device,
    )
    counts = accelerator.reduce(counts, reduction="sum")
    # Weights may add up to less than one; without any the loss is 0.
    n_targets, n_tokens = float(counts[0]) or 1.0, int(counts[1])
    for optimizer in optimizers:
        optimizer.zero_grad(set_to_none=True)
        for group in optimizer.param_groups:
            group["lr"] = group["peak_lr"] * plan.rate(update)
    # Dropout, where a model has it, repeats when the update is repeated.
    torch.manual_seed(plan.seed * 1_000_003 + first)
    total = torch.zeros((), device=device)
    for i, batch in enumerate(batches):
        is_last = i + 1 == len(batches)
        # Gradients are exchanged between processes at the last batch only.
        with contextlib.nullcontext() if is_last else accelerator.no_sync(objective):
            with torch.autocast(device.type, torch.bfloat16, enabled=plan.bf16):
                loss = objective(batch.to(device))
            # Processes' gradients are averaged, so each counts its share n-fold.
            accelerator.backward(loss * (n_processes / n_targets))
        loss = loss.detach().float()
        if not math.isfinite(float(loss)):
            raise SurefootError(_not_finite(float(loss), update, first + i, batch.names))
        total += loss
    mean_loss = float(accelerator.reduce(total, reduction="sum")) / n_targets
    if not math.isfinite(mean_loss):  # in another process
        raise SurefootError(_not_finite(mean_loss, update))
    if plan.clip is not None:
        accelerator.clip_grad_norm_(objective.parameters(), plan.clip)
    for optimizer in optimizers:
        optimizer.step()
    return mean_loss, n_tokens


def _not_finite(
    loss: float, update: int, number: int | None = None, names: tuple[str, ...] = ()
) -> str:
    """The message of a loss that is NaN or infinite; names the batch where it is known."""
    where = f"at update {update + 1}"
    if number is not None:
        where += f", batch {number}"
    distinct = [name for name in dict.fromkeys(names) if name]
    shown = distinct[:3]
    if shown:
        rest = len(distinct) - len(shown)
        where += f" ({', '.join(shown)}" + (f" and {rest} more)" if rest else ")")
    return f"the loss is {loss} {where}: try a lower --learning-rate"


def _save_state(accelerator: Accelerator, out: Path, updates_done: int) -> None:
    if accelerator.is_main_process:
        checkpoint.begin(out, updates_done)
    accelerator.wait_for_everyone()
    partial = checkpoint.partial(out, updates_done)
    # Not safetensors: it refuses tied weights.
    accelerator.save_state(str(partial), safe_serialization=False)
    accelerator.wait_for_everyone()
    if accelerator.is_main_process:
        checkpoint.commit(partial)
    accelerator.wait_for_everyone()


class _Count:
    """Counts tokens and seconds on from the rows so far, and shows them."""

    def __init__(self, progress: Progress, rows: list[dict[str, Any]]) -> None:
        last = rows[-1] if rows else {"tokens": 0, "seconds": 0.0}
        self.tokens = self.first_tokens = int(last["tokens"])
        self.first_seconds = float(last["seconds"])
        self.progress = progress

    def row(self, update: int, mean_loss: float, n_tokens: int, plan: Plan) -> dict[str, Any]:
        self.tokens += n_tokens
        seconds = self.progress.seconds
        speed = (self.tokens - self.first_tokens) / max(seconds, 1e-9)
        self.progress.advance(f"loss {mean_loss:.4f}, {speed:,.0f} tokens/s")
        return {
            "update": update + 1,
            "loss": mean_loss,
            "learning_rate": plan.learning_rate * plan.rate(update),
            "tokens": self.tokens,
            "seconds": round(self.first_seconds + seconds, 3),
        }


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")
