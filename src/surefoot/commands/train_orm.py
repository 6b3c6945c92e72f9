"""`surefoot train orm`: train an outcome verifier on grades."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from surefoot.commands.train_verifier_options import TrainsVerifier, rows_named
from surefoot.records import Grade, Solution
from surefoot.training.examples import Examples, orm_examples
from surefoot.training.finetune import finetune
from surefoot.training.orm_holdout import graded, orm_holdout
from surefoot.training.temperature import calibrated, judged_solutions
from surefoot.training.weights import WeightBy
from surefoot.verifiers.encode import Encoder
from surefoot.verifiers.folder import Verifier, save_verifier


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
    kept, held_out = config.split(solutions)
    judged = graded(held_out, grades)
    config.check_calibration([solution for solution, _ in judged])
    encoder = Encoder(tokenizer)
    reads = getattr(model.config, "max_position_embeddings", None)

    def examples_of(rows: list[Solution], limit: int | None = None) -> Examples:
        return orm_examples(
            encoder,
            problems,
            rows,
            grades,
            rating_ids,
            max_tokens=reads,
            limit=limit,
            skip_long=config.skip_long,
        )

    with rows_named({Solution: config.solutions}):
        examples = examples_of(kept, config.limit)
        evaluated = config.evaluated(lambda: examples_of(held_out))

    def save(folder: Path) -> dict[str, Any]:
        report: dict[str, Any] = {}
        verifier = Verifier(
            model=model,
            tokenizer=tokenizer,
            settings=config.settings("orm"),
            rating_ids=rating_ids,
            name=str(config.out),
        )
        if config.holdout:
            report = orm_holdout(verifier, problems, judged)
        if config.calibrate:
            predicted = judged_solutions(verifier, problems, judged)
            verifier, report["calibration"] = calibrated(verifier, predicted)
        save_verifier(folder, model, tokenizer, verifier.settings)
        return report

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
        held_out=evaluated,
        lora=config.lora(),
        lora_rows=list(rating_ids.values()),
    )
