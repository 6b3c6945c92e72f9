"""From examples to a trained model folder: what generator, ORM and PRM share.

Counts the updates of the epochs asked for, runs the loop and sums it up. The
sum is kept beside the model as `training.json`.
"""

import json
import logging
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from torch import Tensor
from transformers import PreTrainedModel

from surefoot.errors import UserError
from surefoot.training import checkpoint, devices, stopping
from surefoot.training.batches import Batches
from surefoot.training.examples import Examples
from surefoot.training.loop import Plan, fit
from surefoot.training.lora import Adapter, Lora
from surefoot.training.objectives import token_loss
from surefoot.training.optimizers import OptimizerName
from surefoot.training.targets import Example
from surefoot.training.tree_batches import TreeBatches
from surefoot.training.weights import WeightBy, each_target_once
from surefoot.verifiers.packed import Way, reading_trees, tree_way

log = logging.getLogger("surefoot")
REPORT_FILE = "training.json"
SHARING_PAYS = 2.0
"""Times the tokens of a forest that its texts must hold for the forest to be trained on.
A token costs more in a forest than in padded rows; measured, up to twice as much in a
narrow model (nano, width 128, two cores), less in a wide one."""


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How a model is finetuned: a `Plan` counted in epochs and tokens."""

    epochs: int
    """Times each example is seen, >= 1."""
    learning_rate: float
    """Peak learning rate."""
    batch_tokens: int
    """Tokens of a batch, padding included; a beginning that its texts share counts once."""
    gradient_accumulation: int = 1
    """Batches of one update."""
    optimizer: OptimizerName = "adamw"
    """`muon`: Muon on the hidden matrices, AdamW on the rest."""
    weight_decay: float = 0.0
    """Decoupled decay of matrices."""
    warmup: float = 0.05
    """Share of the updates over which the rate rises."""
    decay: Literal["linear", "cosine"] = "linear"
    """How the rate falls afterwards."""
    bf16: bool = False
    """Compute in bfloat16."""
    checkpoint_every: int = 50
    """Updates between checkpoints."""
    gradient_checkpointing: bool = False
    """Compute layers again for the gradient."""
    evaluate_every: int | None = None
    """Updates between two losses on held-out examples."""
    patience: int | None = None
    """Evaluations without a better one after which training stops."""
    seed: int = 0
    """Of the order of the examples."""

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_tokens"):
            if getattr(self, name) < 1:
                flag = name.replace("_", "-")
                raise UserError(f"--{flag}: must be >= 1, got {getattr(self, name)}")
        self.plan(1)

    def plan(self, updates: int) -> Plan:
        """The loop's plan for so many updates; checks the rest of the values."""
        return Plan(
            updates=updates,
            learning_rate=self.learning_rate,
            warmup=self.warmup,
            decay=self.decay,
            optimizer=self.optimizer,
            weight_decay=self.weight_decay,
            checkpoint_every=self.checkpoint_every,
            bf16=self.bf16,
            gradient_accumulation=self.gradient_accumulation,
            gradient_checkpointing=self.gradient_checkpointing,
            evaluate_every=self.evaluate_every,
            patience=self.patience,
            seed=self.seed,
        )


def finetune(
    model: PreTrainedModel,
    examples: Examples,
    schedule: Schedule,
    out: Path,
    *,
    title: str,
    save: Callable[[Path], dict[str, Any]],
    spec: dict[str, Any],
    overwrite: bool = False,
    loss: Callable[[PreTrainedModel, Any], Tensor] = token_loss,
    weight_by: WeightBy | None = None,
    held_out: Examples | None = None,
    lora: Lora | None = None,
    lora_rows: Sequence[int] = (),
) -> dict[str, Any]:
    """Train on the examples and write the model's folder.

    Args:
        model: Changed in place; float32 in the end.
        examples: What to train on; at least one.
        schedule: How.
        out: The folder to be.
        title: Of the progress bar.
        save: Writes the model's files into a folder and returns what to add to
            the report. It runs before the run counts as finished, so that a
            killed one repeats it.
        spec: What decides the result beside the schedule; see `fit`.
        overwrite: Replace what is at `out`.
        loss: Sum over the targets of a `TokenBatch` or `TreeBatch`.
        weight_by: What examples that begin alike share weighs so, and it is
            computed once where the model can and enough is shared for that to
            pay (`SHARING_PAYS`). None: they are not looked at together.
        held_out: Examples that the schedule's evaluations read; weighed likewise.
        lora: Train small matrices, which are added to the weights before `save`.
        lora_rows: Tokens whose output rows are trained with them.

    Returns:
        The report, as docs/formats.md describes it under training.json.

    Raises:
        UserError: No example is left; and what `fit` raises.
    """
    adapter = None
    if lora is None:
        model = model.float()
    else:
        adapter = Adapter(model, lora, lora_rows, seed=schedule.seed, bf16=schedule.bf16)
    weighed = _weighed(examples, weight_by)
    batches, way = _batches(model, weighed, schedule, may_share=weight_by is not None)
    evaluated: list[Any] = []
    if held_out is not None:
        apart = type(batches)(_weighed(held_out, weight_by), schedule.batch_tokens)
        evaluated = [apart(number) for number in range(apart.n_batches(1))]
    a_step = schedule.gradient_accumulation * devices.n_processes()
    updates = max(1, batches.n_batches(schedule.epochs) // a_step)
    report: dict[str, Any] = {}

    def save_all(folder: Path) -> None:
        if adapter is not None:
            adapter.save(folder)
            adapter.merge()
        report.update(_summary(examples, checkpoint.read_metrics(out), schedule.patience))
        report.update(save(folder))
        _write_report(folder, report)

    with reading_trees(model, way):
        fit(
            model,
            batches,
            loss,
            schedule.plan(updates),
            out,
            title=title,
            save=save_all,
            spec=spec | {"epochs": schedule.epochs, "batch_tokens": schedule.batch_tokens},
            overwrite=overwrite,
            held_out=evaluated,
        )
    return report


def _write_report(folder: Path, report: dict[str, Any]) -> None:
    text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
    (folder / REPORT_FILE).write_text(text, encoding="utf-8")


def _weighed(found: Examples, weight_by: WeightBy | None) -> list[Example]:
    examples = list(found.examples)
    return each_target_once(examples) if weight_by == "step" else examples


def _batches(
    model: PreTrainedModel, examples: Sequence[Example], schedule: Schedule, *, may_share: bool
) -> tuple[Batches | TreeBatches, Way]:
    """The batches, and how the model computes them: as forests where that pays."""
    way: Way = tree_way(model) if may_share else "padded"
    if way != "padded":
        trees = TreeBatches(examples, schedule.batch_tokens, seed=schedule.seed)
        n_tokens = sum(len(example.ids) for example in examples)
        pays = n_tokens >= SHARING_PAYS * trees.n_nodes
        log.info(
            "%d tokens of text, %d with common beginnings counted once: %s",
            n_tokens,
            trees.n_nodes,
            "these are computed once" if pays else "too little to gain, padded rows are used",
        )
        if pays:
            return trees, way
    return Batches(examples, schedule.batch_tokens, seed=schedule.seed), "padded"


def _summary(
    examples: Examples, rows: list[dict[str, Any]], patience: int | None
) -> dict[str, Any]:
    losses = [float(row["loss"]) for row in rows]
    few = max(1, len(losses) // 20)
    best = stopping.best_update(rows)
    evaluations = (
        {}
        if best is None
        else {
            "best_update": best,
            "best_holdout_loss": rows[best - 1][stopping.HELD_OUT],
            "kept_update": len(rows) if patience is None else best,
        }
    )
    return {
        "examples": len(examples.examples),
        "left_out": dict(examples.left_out),
        "updates": len(rows),
        "tokens": rows[-1]["tokens"],
        "seconds": rows[-1]["seconds"],
        "first_loss": math.fsum(losses[:few]) / few,
        "last_loss": math.fsum(losses[-few:]) / few,
        **evaluations,
    }
