"""The one training loop: base, generator, ORM and PRM differ only in batches and targets.

Reads batches by number, writes a Hugging Face model folder and `metrics.jsonl`.
It runs on Accelerate, so that `accelerate launch` spreads it over devices. The
batch of an update is a pure function of the update's number, and nothing else
is random but dropout, which is seeded by that number too; so a run that was
killed goes on from its last checkpoint exactly as if it had not been.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from torch import Tensor
from transformers import PreTrainedModel

from surefoot.errors import UserError
from surefoot.progress import Progress
from surefoot.training import checkpoint, devices
from surefoot.training.optimizers import build_optimizers
from surefoot.training.plan import Plan
from surefoot.training.updates import Batch, Count, Objective, Run

__all__ = ["Plan", "fit"]

B = TypeVar("B", bound=Batch)


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
    held_out: Sequence[B] = (),
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
        held_out: Batches for `plan.evaluate_every`; without any it does nothing.

    Returns:
        The rows of `metrics.jsonl`, one an update: `update` (1-based), `loss`
        (mean over targets before the update, nats), `learning_rate`, `tokens`
        and `seconds` (both since the start, waiting between runs left out), and
        `holdout_loss` (the same loss after the update) where it was evaluated.

    Raises:
        OutputExists: `out` is finished or something else, without `overwrite`.
        UserError: `out` holds an unfinished run with other settings.
        SurefootError: The loss is not finite.
    """
    accelerator, bf16 = devices.start(bf16=plan.bf16)
    settings = {**asdict(plan), "bf16": bf16, **(spec or {})}
    if accelerator.is_main_process:
        checkpoint.open_run(out, settings, overwrite=overwrite)
    accelerator.wait_for_everyone()
    if plan.gradient_checkpointing:
        checkpoint_layers(model)
    optimizers = build_optimizers(
        model,
        plan.optimizer,
        learning_rate=plan.learning_rate,
        muon_learning_rate=plan.muon_learning_rate,
        weight_decay=plan.weight_decay,
    )
    unshard = devices.unsharder(accelerator, model)
    objective, optimizers = devices.prepare(accelerator, Objective(model, loss), optimizers)
    run = Run(accelerator, objective, optimizers, plan, bf16, out)
    rows = run.resume()
    with (
        checkpoint.writing(out),
        Progress(title, plan.updates, len(rows), shown=accelerator.is_main_process) as progress,
    ):
        run.train(batch_at, held_out, rows, Count(progress, rows))
    unshard(objective)
    model.eval()
    if plan.gradient_checkpointing and accelerator.is_main_process:
        checkpoint_layers(model, enable=False)
    accelerator.wait_for_everyone()
    if accelerator.is_main_process:
        checkpoint.finish(out, save)
    accelerator.wait_for_everyone()
    return rows


def checkpoint_layers(model: PreTrainedModel, *, enable: bool = True) -> None:
    """Compute a model's layers again for the gradient, or no longer.

    Raises:
        UserError: This kind of model cannot.
    """
    if not model.supports_gradient_checkpointing:
        raise UserError(f"--gradient-checkpointing: {type(model).__name__} does not support it")
    new = hasattr(model, "activation_checkpointing_enable")  # transformers 5.20 renamed them
    word = "activation" if new else "gradient"
    if enable:
        getattr(model, f"{word}_checkpointing_enable")({"use_reentrant": False})
    else:
        getattr(model, f"{word}_checkpointing_disable")()
