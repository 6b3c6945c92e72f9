"""`surefoot train base`: pre-train a small base model from nothing."""

import itertools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from surefoot.commands.options import Writes, check_at_least, check_input
from surefoot.errors import UserError
from surefoot.generation.folder import save_model
from surefoot.records import Problem
from surefoot.stages import fingerprint
from surefoot.tables import read
from surefoot.training import checkpoint
from surefoot.training.finetune import Schedule, finetune
from surefoot.training.loop import Plan, fit
from surefoot.training.objectives import token_loss
from surefoot.training.pretraining import (
    ROW_TOKENS,
    SMALL_POSITIONS,
    CorpusBatches,
    Shape,
    corpus_tokenizer,
    nano_shape,
    problem_texts,
    small_shape,
    text_examples,
)
from surefoot.training.tokenizer import train_tokenizer


@dataclass(frozen=True, kw_only=True)
class Config(Writes):
    r"""Pre-train a small base model.

    The recipe `nano` reads endless procedural mathematics and gives the model
    that ships with Surefoot. The recipe `small` reads the worked solutions of
    tables of problems (MATH, GSM8K) and gives a Qwen2 model folder.

    Example:
        surefoot train base --recipe nano --out nano
        surefoot train base --recipe small --problems math gsm8k --width 256 \
            --layers 8 --vocabulary 4096 --out math-base
    """

    recipe: Literal["nano", "small"] = "nano"
    """What to build and from which text."""
    problems: tuple[Path, ...] = ()
    """Tables of problems with reference solutions (recipe `small`)."""
    width: int = 128
    """Width of the states: a multiple of 64, of the recipe `nano` of 32."""
    layers: int | None = None
    """Layers; if left out 8 of the recipe `nano`, 4 of `small`."""
    updates: int = 4400
    """Updates of the recipe `nano`."""
    rows: int = 8
    """Rows of 512 tokens in a batch of the recipe `nano`."""
    epochs: int = 1
    """Passes over the text of the recipe `small`."""
    batch_tokens: int = 8192
    """Tokens of a batch of the recipe `small`, padding included."""
    vocabulary: int = 2048
    """Size of the tokenizer of the recipe `small`."""
    learning_rate: float = 3e-3
    """Peak rate of AdamW, which trains embeddings and norms; of the recipe `small`
    also that of Muon."""
    muon_learning_rate: float = 6e-3
    """Peak rate of Muon, which trains the matrices (recipe `nano`)."""
    bf16: bool = True
    """Compute in float32 instead of bfloat16."""
    checkpoint_every: int = 200
    """Updates between checkpoints, from which a killed run goes on."""
    seed: int = 0
    """Of the weights and the text."""

    def __post_init__(self) -> None:
        for flag in ("updates", "rows", "epochs", "vocabulary"):
            check_at_least(f"--{flag}", getattr(self, flag), 1)
        if self.layers is not None:
            check_at_least("--layers", self.layers, 1)
        self.shape()
        if self.recipe == "small" and not self.problems:
            raise UserError("--problems: the recipe small needs a table of problems to read")

    def shape(self) -> Shape:
        """The architecture.

        Raises:
            UserError: There is none of this width.
        """
        if self.recipe == "nano":
            return nano_shape(self.width, self.layers or 8)
        return small_shape(self.width, self.layers or 4)


def run(config: Config) -> dict[str, Any]:
    """Train and write the model folder; reports tokens, seconds and losses."""
    checkpoint.check_output(config.out, overwrite=config.overwrite)
    return _train_nano(config) if config.recipe == "nano" else _train_small(config)


def _train_nano(config: Config) -> dict[str, Any]:
    tokenizer = corpus_tokenizer(config.seed)
    model = config.shape().build(tokenizer, config.seed)

    def save(folder: Path) -> None:
        # Stored in half the space; loading gives float32 again.
        save_model(folder, model.bfloat16(), tokenizer)

    plan = Plan(
        updates=config.updates,
        learning_rate=config.learning_rate,
        muon_learning_rate=config.muon_learning_rate,
        optimizer="muon",
        warmup=0.02,
        checkpoint_every=config.checkpoint_every,
        bf16=config.bf16,
        seed=config.seed,
    )
    rows = fit(
        model,
        CorpusBatches(tokenizer, rows=config.rows, row_tokens=ROW_TOKENS, seed=config.seed),
        token_loss,
        plan,
        config.out,
        title="Pre-training nano",
        save=save,
        spec={
            "command": "train base",
            "recipe": "nano",
            "rows": config.rows,
            "shape": [config.shape().width, config.shape().layers],
        },
        overwrite=config.overwrite,
    )
    report = {
        "parameters": model.num_parameters(),
        "updates": len(rows),
        "tokens": rows[-1]["tokens"],
        "seconds": rows[-1]["seconds"],
        "first_loss": rows[0]["loss"],
        "last_loss": sum(row["loss"] for row in rows[-50:]) / len(rows[-50:]),
    }
    text = json.dumps(report, indent=2) + "\n"
    (config.out / "training.json").write_text(text, encoding="utf-8")
    return report


def _train_small(config: Config) -> dict[str, Any]:
    tables = [read(check_input(path, "problems"), Problem) for path in config.problems]
    texts = problem_texts(itertools.chain.from_iterable(tables))
    tokenizer = train_tokenizer(texts, vocabulary=config.vocabulary)
    model = config.shape().build(tokenizer, config.seed)

    def encode(text: str) -> list[int]:
        ids: list[int] = tokenizer.encode(text, add_special_tokens=False)
        return ids

    def save(folder: Path) -> dict[str, Any]:
        save_model(folder, model, tokenizer)
        return {"parameters": model.num_parameters()}

    return finetune(
        model,
        text_examples(texts, encode, int(tokenizer.eos_token_id), SMALL_POSITIONS),
        Schedule(
            epochs=config.epochs,
            learning_rate=config.learning_rate,
            batch_tokens=config.batch_tokens,
            optimizer="muon",
            bf16=config.bf16,
            checkpoint_every=config.checkpoint_every,
            seed=config.seed,
        ),
        config.out,
        title="Pre-training",
        save=save,
        spec={
            "command": "train base",
            "recipe": config.recipe,
            "problems": [fingerprint(path) for path in config.problems],
            "vocabulary": config.vocabulary,
            "shape": [config.shape().width, config.shape().layers],
        },
        overwrite=config.overwrite,
    )
