"""The flags that `train generator`, `train orm` and `train prm` share."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from surefoot.commands.options import Writes, check_at_least, check_input
from surefoot.errors import UserError
from surefoot.generation.folder import load_model
from surefoot.generation.names import find_model
from surefoot.records import Grade, Labels, Problem, Solution
from surefoot.stages import fingerprint
from surefoot.tables import read
from surefoot.training import devices
from surefoot.training.checkpoint import check_output
from surefoot.training.examples import Examples
from surefoot.training.finetune import Schedule
from surefoot.training.holdout import is_held_out
from surefoot.training.lora import Lora

T = TypeVar("T", Problem, Solution, Grade, Labels)
R = TypeVar("R", Grade, Labels)
Kept = TypeVar("Kept", Solution, Labels)


@dataclass(frozen=True, kw_only=True)
class Trains(Writes):
    """What every finetuning command takes."""

    problems: Path
    """The problems that the solutions belong to."""
    solutions: Path
    """The solutions to learn from."""
    base: str = "nano"
    """Model to start from: `nano`, `pico`, a model folder, or a name on the hub."""
    epochs: int = 1
    """Times each solution is seen."""
    learning_rate: float = 1e-3
    """Peak learning rate. The default suits nano; billions of parameters need about 1e-5."""
    batch_tokens: int = 8192
    """Tokens of a batch, padding included. Smaller needs less memory."""
    gradient_accumulation: int = 1
    """Batches summed up for one update, in place of a larger batch."""
    optimizer: Literal["adamw", "muon"] = "adamw"
    """`muon`: Muon on the hidden matrices, AdamW on the rest."""
    weight_decay: float = 0.0
    """Decoupled weight decay of the matrices."""
    warmup: float = 0.05
    """Share of the updates over which the learning rate rises."""
    decay: Literal["linear", "cosine"] = "linear"
    """How the learning rate falls to 0 afterwards."""
    bf16: bool = False
    """Compute in bfloat16."""
    gradient_checkpointing: bool = False
    """Compute each layer again for the gradient instead of keeping what is inside it:
    less memory, about a third more time."""
    checkpoint_every: int = 50
    """Updates between checkpoints, from which a killed run goes on."""
    holdout: float = 0.0
    """Share of the problems kept from training, in [0, 1), to report how good the
    result is on them."""
    evaluate_every: int | None = None
    """Updates between two losses on the held-out problems, written to metrics.jsonl."""
    patience: int | None = None
    """Stop after so many of these losses without a better one, and keep the weights that
    had the best one instead of the last."""
    lora_rank: int | None = None
    """Train LoRA matrices of this rank instead of all weights (needs `surefoot[lora]`).
    They are added to the weights at the end, so the result is an ordinary model folder.
    A learning rate ten times that of full finetuning suits."""
    lora_alpha: float | None = None
    """The matrices' product weighs alpha / rank; twice the rank, unless given."""
    lora_targets: tuple[str, ...] | None = None
    """Layers that get matrices, such as q_proj v_proj; all linear ones, unless given."""
    keep_adapter: bool = False
    """Write the LoRA matrices too, as `peft` reads them, into the folder `adapter`."""
    seed: int = 0
    """Of the order of the examples."""
    limit: int | None = None
    """Train on at most so many solutions, the first ones that qualify."""
    skip_bad: bool = False
    """Leave bad rows of the inputs out, counted and listed, instead of stopping."""

    def __post_init__(self) -> None:
        if self.limit is not None:
            check_at_least("--limit", self.limit, 1)
        if not 0 <= self.holdout < 1:
            raise UserError(f"--holdout: must be in [0, 1), got {self.holdout}")
        if self.evaluate_every is not None and not self.holdout:
            raise UserError("--evaluate-every: nothing is held out; give --holdout too")
        for flag in ("lora_alpha", "lora_targets", "keep_adapter"):
            if getattr(self, flag) and self.lora_rank is None:
                raise UserError(f"--{flag.replace('_', '-')}: only with --lora-rank")
        if self.lora_rank is not None and self.optimizer == "muon":
            raise UserError("--optimizer muon: not for LoRA, whose matrices are no maps; use adamw")
        self.lora()
        self.schedule()

    def schedule(self) -> Schedule:
        """The training schedule these flags ask for.

        Raises:
            UserError: A value is out of its range; names the flag.
        """
        return Schedule(
            epochs=self.epochs,
            learning_rate=self.learning_rate,
            batch_tokens=self.batch_tokens,
            gradient_accumulation=self.gradient_accumulation,
            optimizer=self.optimizer,
            weight_decay=self.weight_decay,
            warmup=self.warmup,
            decay=self.decay,
            bf16=self.bf16,
            gradient_checkpointing=self.gradient_checkpointing,
            checkpoint_every=self.checkpoint_every,
            evaluate_every=self.evaluate_every,
            patience=self.patience,
            seed=self.seed,
        )

    def lora(self) -> Lora | None:
        """The LoRA matrices these flags ask for, if any."""
        if self.lora_rank is None:
            return None
        return Lora(
            rank=self.lora_rank,
            alpha=self.lora_alpha,
            targets=self.lora_targets or (),
            keep_adapter=self.keep_adapter,
        )

    def spec(self, command: str, **inputs: Path) -> dict[str, Any]:
        """What decides the result beside the schedule: base, limit and the inputs' content.

        The base's weights are in the checkpoint, so its name is enough; not so
        with LoRA, where only the matrices are.
        """
        prints = {
            name: fingerprint(path)
            for name, path in {
                "problems": self.problems,
                "solutions": self.solutions,
                **inputs,
            }.items()
        }
        names = ("base", "limit", "holdout", "lora_rank", "lora_alpha", "lora_targets")
        base = None if self.lora_rank is None else find_model(self.base)
        if isinstance(base, Path):
            prints["base_weights"] = fingerprint(base)
        return {"command": command, **{name: getattr(self, name) for name in names}, **prints}

    def inputs(
        self, path: Path, record: type[R], what: str
    ) -> tuple[dict[str, Problem], list[Solution], list[R]]:
        """Problems by id, solutions, and the grades or labels at `path`.

        Raises:
            OutputExists: `--out` is there; known before anything is read.
            UserError: A table is missing or holds a bad row.
        """
        check_output(self.out, overwrite=self.overwrite)
        devices.n_processes()  # before anything is put on a device
        problems = self._read(self.problems, Problem, "problems")
        solutions = self._read(self.solutions, Solution, "solutions")
        return {p.problem_id: p for p in problems}, solutions, self._read(path, record, what)

    def load(self) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
        """The base and its tokenizer.

        Raises:
            ModelFolderError: The folder does not load.
        """
        return load_model(self.base, device=devices.loads_on())

    def split(self, rows: Iterable[Kept]) -> tuple[list[Kept], list[Kept]]:
        """Those of the problems that are trained on, and those of the ones held out."""
        parts: tuple[list[Kept], list[Kept]] = ([], [])
        for row in rows:
            parts[is_held_out(row.problem_id, self.holdout, self.seed)].append(row)
        return parts

    def evaluated(self, held_out: Callable[[], Examples]) -> Examples | None:
        """The examples that evaluations during training read; None without evaluations.

        Raises:
            UserError: There are none.
        """
        if self.evaluate_every is None:
            return None
        examples = held_out()
        if not examples.examples:
            raise UserError(
                f"--holdout: no example is among the {self.holdout:g} of the problems that it"
                " keeps from training; give a larger share"
            )
        return examples

    def _read(self, path: Path, record: type[T], what: str) -> list[T]:
        return read(check_input(path, what), record, skip_bad=self.skip_bad)
