"""`surefoot train prm`: train a process verifier on step ratings."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from surefoot.commands.mark_options import KeepsMarked, report_left_out
from surefoot.commands.options import check_input
from surefoot.commands.train_verifier_options import TrainsVerifier, rows_named
from surefoot.errors import UserError
from surefoot.labeling.marks import without_marked
from surefoot.labeling.sessions import alternative_records
from surefoot.records import Labels, Problem, Session, Solution
from surefoot.tables import stream
from surefoot.training.checks import usable_labels
from surefoot.training.examples import Examples, prm_examples
from surefoot.training.finetune import finetune
from surefoot.training.holdout import prm_holdout
from surefoot.training.temperature import calibrated, rated_steps
from surefoot.verifiers.encode import Encoder
from surefoot.verifiers.folder import Verifier, save_verifier

log = logging.getLogger("surefoot")


@dataclass(frozen=True, kw_only=True)
class Config(KeepsMarked, TrainsVerifier):
    r"""Train a process-supervised verifier (PRM) on step ratings.

    After each rated step's last token it predicts the rating as one token, up
    to and including the first error. Identical solutions with identical
    ratings count once. Labels that are marked (see `surefoot label import`) are
    left out and counted, unless a --keep flag keeps them.

    Example:
        surefoot train prm --base nano --problems train.parquet \
            --solutions sampled --labels labels --holdout 0.05 --out prm
    """

    labels: Path
    """Ratings of the solutions' steps."""
    sessions: Path | None = None
    """Sessions that `surefoot label import` made, to learn from the rated alternatives
    of each step too, not only from those that were followed."""
    soft_labels: bool = False
    """Learn the chance that a step is right, where its labels hold one (rollouts
    give such), in place of its rating."""


def _tables(config: Config) -> dict[str, Path]:
    """The inputs that only this command has, by name."""
    tables = {"labels": config.labels}
    return tables if config.sessions is None else {**tables, "sessions": config.sessions}


def _alternatives(
    path: Path, problems: Mapping[str, Problem], solutions: dict[str, Solution]
) -> list[Labels]:
    """The labels of all alternatives; their solutions are added to `solutions`."""
    found: list[Labels] = []
    for session in stream(check_input(path, "sessions"), Session):
        if session.problem_id not in problems:
            raise UserError(
                f"{path}: session {session.session_id!r} belongs to problem"
                f" {session.problem_id!r}, which is not among the problems"
            )
        for solution, labels in alternative_records(session):
            solutions[solution.solution_id] = solution
            found.append(labels)
    log.info("%s: %d rated alternatives", path, len(found))
    return found


def run(config: Config) -> dict[str, Any]:
    """Train the PRM; the reports of `surefoot.training.finetune` and `.holdout`."""
    problems, solution_rows, labels = config.inputs(config.labels, Labels, "labels")
    solutions = {solution.solution_id: solution for solution in solution_rows}
    if config.sessions is not None:
        labels += _alternatives(config.sessions, problems, solutions)
    labels, left_out = without_marked(labels, config.keep())
    report_left_out(left_out)
    model, tokenizer, rating_ids = config.load_base()
    encoder = Encoder(tokenizer)
    with rows_named({Labels: config.labels}):
        labels, left_out["too long"] = usable_labels(
            encoder,
            problems,
            solutions,
            labels,
            max_tokens=getattr(model.config, "max_position_embeddings", None),
            skip_long=config.skip_long,
            soft=config.soft_labels,
        )
    kept, held_out = config.split(labels)
    config.check_calibration(held_out)

    def examples_of(rows: list[Labels], limit: int | None = None) -> Examples:
        return prm_examples(
            encoder, problems, solutions, rows, rating_ids, limit=limit, soft=config.soft_labels
        )

    examples = examples_of(kept, config.limit)
    examples.left_out += left_out

    def save(folder: Path) -> dict[str, Any]:
        report: dict[str, Any] = {}
        verifier = Verifier(
            model=model,
            tokenizer=tokenizer,
            settings=config.settings("prm"),
            rating_ids=rating_ids,
            name=str(config.out),
        )
        if config.holdout:
            report = prm_holdout(verifier, problems, solutions, held_out, kept)
        if config.calibrate:
            predicted = rated_steps(verifier, problems, solutions, held_out)
            verifier, report["calibration"] = calibrated(verifier, predicted)
        save_verifier(folder, model, tokenizer, verifier.settings)
        return report

    return finetune(
        model,
        examples,
        config.schedule(),
        config.out,
        title="Training the PRM",
        save=save,
        spec={
            **config.spec("train prm", **_tables(config)),
            "keep": config.keep(),
            "soft_labels": config.soft_labels,
        },
        overwrite=config.overwrite,
        loss=config.prepare(model, examples, rating_ids),
        weight_by=config.weight_by,
        held_out=config.evaluated(lambda: examples_of(held_out)),
        lora=config.lora(),
        lora_rows=list(rating_ids.values()),
    )
