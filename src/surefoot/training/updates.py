"""The updates of a run, one after the other: losses, gradients, evaluations, checkpoints."""

import contextlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from transformers import PreTrainedModel

from surefoot.errors import SurefootError
from surefoot.progress import Progress
from surefoot.training import checkpoint, devices, stopping
from surefoot.training.plan import Plan


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


class Objective(nn.Module):
    """Model and loss as one module, so that Accelerate's wrappers see one forward."""

    def __init__(self, model: PreTrainedModel, loss: Callable[[Any, Any], Tensor]) -> None:
        super().__init__()
        self.model, self.loss = model, loss
        # What FSDP shares out one by one.
        self._no_split_modules = list(model._no_split_modules or [])

    def forward(self, batch: Any) -> Tensor:
        """The loss of a batch: a sum, in nats."""
        return self.loss(self.model, batch)


@dataclass(frozen=True)
class Run:
    """A run on its way: what stays the same from update to update, and the updates."""

    accelerator: Accelerator
    objective: nn.Module
    optimizers: list[torch.optim.Optimizer]
    plan: Plan
    bf16: bool
    out: Path

    def resume(self) -> list[dict[str, Any]]:
        """Load the newest checkpoint; the rows of the updates it holds."""
        resumed = checkpoint.newest(self.out)
        done = 0
        if resumed is not None:
            done, folder = resumed
            devices.load_state(self.accelerator, self.objective, str(folder))
        if self.accelerator.is_main_process:
            checkpoint.cut_metrics(self.out, done)
        self.accelerator.wait_for_everyone()
        return checkpoint.read_metrics(self.out, done)

    def train(
        self,
        batch_at: Callable[[int], B],
        held_out: Sequence[B],
        rows: list[dict[str, Any]],
        count: "Count",
    ) -> None:
        """All updates that are left, or as many as it takes; adds to `rows`."""
        plan = self.plan
        self.objective.train()
        while len(rows) < plan.updates and not stopping.is_over(rows, plan.patience):
            row = count.row(len(rows), *self._update(batch_at, len(rows)), plan)
            done = row["update"]
            is_last = done == plan.updates
            every = plan.evaluate_every
            if every is not None and held_out and (done % every == 0 or is_last):
                row[stopping.HELD_OUT] = self._evaluate(held_out)
            rows.append(row)
            if self.accelerator.is_main_process:
                checkpoint.append_metrics(self.out, row)
            best = None if plan.patience is None else stopping.best_update(rows)
            if (done % plan.checkpoint_every == 0 or done == best) and not is_last:
                self._save_state(done, best)
        best = None if plan.patience is None else stopping.best_update(rows)
        if best is not None and best != len(rows):
            folder = checkpoint.folder_of(self.out, best)
            devices.load_state(self.accelerator, self.objective, str(folder))

    def _loss(self, batch: Any) -> Tensor:
        with torch.autocast(self.accelerator.device.type, torch.bfloat16, enabled=self.bf16):
            loss: Tensor = self.objective(batch)
        return loss

    def _evaluate(self, held_out: Sequence[B]) -> float:
        self.objective.eval()
        loss = stopping.mean_loss(self.accelerator, self._loss, held_out)
        self.objective.train()
        return loss

    def _update(self, batch_at: Callable[[int], B], update: int) -> tuple[float, int]:
        """One update; the mean loss over its targets (nats) and its tokens, in all processes."""
        accelerator, plan, optimizers = self.accelerator, self.plan, self.optimizers
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
            with contextlib.nullcontext() if is_last else accelerator.no_sync(self.objective):
                loss = self._loss(batch.to(device))
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
            accelerator.clip_grad_norm_(self.objective.parameters(), plan.clip)
        for optimizer in optimizers:
            optimizer.step()
        return mean_loss, n_tokens

    def _save_state(self, updates_done: int, best: int | None) -> None:
        if self.accelerator.is_main_process:
            checkpoint.begin(self.out, updates_done)
        self.accelerator.wait_for_everyone()
        partial = checkpoint.partial(self.out, updates_done)
        # Not safetensors: it refuses tied weights.
        self.accelerator.save_state(str(partial), safe_serialization=False)
        self.accelerator.wait_for_everyone()
        if self.accelerator.is_main_process:
            checkpoint.commit(partial, keep=best)
        self.accelerator.wait_for_everyone()


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


class Count:
    """Counts tokens and seconds on from the rows so far, and shows them.

    Args:
        progress: Of the run.
        rows: Of the updates that were done before.
    """

    def __init__(self, progress: Progress, rows: list[dict[str, Any]]) -> None:
        last = rows[-1] if rows else {"tokens": 0, "seconds": 0.0}
        self.tokens = self.first_tokens = int(last["tokens"])
        self.first_seconds = float(last["seconds"])
        self.progress = progress

    def row(self, update: int, mean_loss: float, n_tokens: int, plan: Plan) -> dict[str, Any]:
        """The row of an update (0-based) for `metrics.jsonl`."""
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
