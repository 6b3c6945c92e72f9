"""`surefoot train generator`: teach a base model to write newline-delimited steps."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from surefoot.commands.train_options import Trains
from surefoot.errors import ModelFolderError
from surefoot.generation.folder import save_model
from surefoot.records import Grade, Solution
from surefoot.training.examples import Examples, generator_examples
from surefoot.training.finetune import finetune
from surefoot.verifiers.encode import Encoder


@dataclass(frozen=True, kw_only=True)
class Config(Trains):
    r"""Finetune a base model on its own solutions that reach the right answer.

    As the paper does: sample few-shot solutions to training problems from the
    base, grade them, and train on the correct ones for one epoch. Identical
    solutions count once. The result is an ordinary model folder.

    Example:
        surefoot train generator --base nano --problems train.parquet \
            --solutions sampled --grades grades --out generator
    """

    grades: Path
    """Grades of the solutions; those graded correct are learned."""


def run(config: Config) -> dict[str, Any]:
    """Train the generator; the report of `surefoot.training.finetune`."""
    problems, solutions, grades = config.inputs(config.grades, Grade, "grades")
    model, tokenizer = config.load()
    if tokenizer.eos_token_id is None:
        raise ModelFolderError(
            f"{config.base}: the tokenizer has no end-of-text token, so a generator"
            " trained with it would never stop"
        )
    kept, held_out = config.split(solutions)
    encoder = Encoder(tokenizer)
    reads = getattr(model.config, "max_position_embeddings", None)

    def examples_of(rows: list[Solution], limit: int | None = None) -> Examples:
        return generator_examples(encoder, problems, rows, grades, max_tokens=reads, limit=limit)

    def save(folder: Path) -> dict[str, Any]:
        save_model(folder, model, tokenizer)
        return {}

    return finetune(
        model,
        examples_of(kept, config.limit),
        config.schedule(),
        config.out,
        title="Training the generator",
        save=save,
        spec=config.spec("train generator", grades=config.grades),
        overwrite=config.overwrite,
        held_out=config.evaluated(lambda: examples_of(held_out)),
        lora=config.lora(),
    )
