"""`surefoot train orm`: train an outcome verifier on grades."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from surefoot.commands.train_options import TrainsVerifier, rows_named
from surefoot.records import Grade, Solution
from surefoot.training.examples import orm_examples
from surefoot.training.finetune import finetune
from surefoot.training.weights import WeightBy
from surefoot.verifiers.encode import Encoder
from surefoot.verifiers.folder import save_verifier


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
    weight_by: WeightBy = "solution"
    """Weight of a token that several solutions share with all that comes before it.
    `solution`: it counts once for each, as a verdict is one on a solution. `step`:
    it counts once, its verdicts in proportion."""


def run(config: Config) -> dict[str, Any]:
    """Train the ORM; the report of `surefoot.training.finetune`."""
    problems, solutions, grades = config.inputs(config.grades, Grade, "grades")
    model, tokenizer, rating_ids = config.load_base()
    with rows_named({Solution: config.solutions}):
        examples = orm_examples(
            Encoder(tokenizer),
            problems,
            solutions,
            grades,
            rating_ids,
            max_tokens=getattr(model.config, "max_position_embeddings", None),
            limit=config.limit,
            skip_long=config.skip_long,
        )

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
        spec=config.spec("train orm", grades=config.grades),
        overwrite=config.overwrite,
        loss=config.prepare(model, examples, rating_ids),
        weight_by=config.weight_by,
    )
