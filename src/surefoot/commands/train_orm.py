"""`surefoot train orm`: train an outcome verifier on grades."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from surefoot.commands.train_options import TrainsVerifier
from surefoot.generation.folder import load_model
from surefoot.records import Grade, Problem, Solution
from surefoot.training import checkpoint
from surefoot.training.examples import orm_examples
from surefoot.training.finetune import finetune
from surefoot.verifiers.encode import Encoder
from surefoot.verifiers.folder import save_verifier
from surefoot.verifiers.rating_tokens import rating_token_ids
from surefoot.verifiers.readout import check_readout


@dataclass(frozen=True, kw_only=True)
class Config(TrainsVerifier):
    r"""Train an outcome-supervised verifier (ORM) on automatic grades.

    At every token of a solution it predicts whether the final answer will be
    right; its score is the prediction at the last token. Solutions graded
    `incorrect` and `no_answer` are wrong ones; `undecided` are left out.

    Example:
        surefoot train orm --base nano --problems train.parquet \
            --solutions sampled --grades grades --out orm
    """

    grades: Path
    """Grades of the solutions."""


def run(config: Config) -> dict[str, Any]:
    """Train the ORM; the report of `surefoot.training.finetune`."""
    checkpoint.check_output(config.out, overwrite=config.overwrite)
    problems = {p.problem_id: p for p in config.read(config.problems, Problem, "problems")}
    solutions = config.read(config.solutions, Solution, "solutions")
    grades = config.read(config.grades, Grade, "grades")
    model, tokenizer = load_model(config.base)
    rating_ids = rating_token_ids(tokenizer, config.rating_texts(), config.base)
    check_readout(model, config.base)
    examples = orm_examples(
        Encoder(tokenizer),
        problems,
        solutions,
        grades,
        rating_ids,
        max_tokens=getattr(model.config, "max_position_embeddings", None),
        limit=config.limit,
    )

    config.prepare(model, examples, rating_ids)

    def save(folder: Path) -> dict[str, Any]:
        save_verifier(folder, model, tokenizer, config.settings("orm"))
        return {}

    return finetune(
        model,
        examples,
        config.schedule(),
        config.out,
        title="Training the ORM",
        save=save,
        spec={
            **config.spec("train orm", grades=config.grades),
            **config.verifier_spec(),
        },
        overwrite=config.overwrite,
        loss=config.loss(rating_ids),
    )
