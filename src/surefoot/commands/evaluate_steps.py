"""`surefoot evaluate steps`: how well a verifier tells right steps from wrong ones."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from surefoot.commands.benchmark_options import ScoresBenchmark, spaced
from surefoot.commands.mark_options import KeepsMarked, report_left_out
from surefoot.commands.options import check_input
from surefoot.commands.step_baselines import Baselines, check_count, fit_baselines, steps_of
from surefoot.errors import OutputExists, UserError
from surefoot.evaluation.figures import FORMATS, reproducible, save
from surefoot.evaluation.step_figure import VERIFIER, step_figure
from surefoot.evaluation.step_report import report_as_text, step_report, tables_of
from surefoot.evaluation.step_table import Predicted, RatedSolution, StepTable, rated_solutions
from surefoot.labeling.marks import without_marked
from surefoot.records import Labels, Scores
from surefoot.tables import read
from surefoot.verifiers.aggregate import Neutral
from surefoot.verifiers.formats.anyone import format_of, kind_of

log = logging.getLogger("surefoot")


@dataclass(frozen=True, kw_only=True)
class Config(KeepsMarked, ScoresBenchmark):
    r"""Tells how well step scores tell right steps from wrong ones.

    Of tables of scores and labels, or of a verifier and a public benchmark
    (ProcessBench, MR-GSM8K, PRMBench, BIG-Bench Mistake): first errors found,
    precision and recall, AUROC, calibration, with 95 % intervals over problems,
    beside predictors that see no words. Steps after the first error and unrated
    steps do not count.

    Example:
        surefoot evaluate steps --scores scores --labels labels --solutions solutions \
            --baselines-from train-labels --baseline-solutions train-solutions
        surefoot evaluate steps --data processbench --verifier prm --figure steps.svg
    """

    verifier: str = ""
    """With --data: folder of the verifier, or address of a server
    (http://127.0.0.1:8000/v1)."""
    data: Path | None = None
    """Benchmark: folder with a file for each subset, or one such file. Without it the
    two tables --scores and --labels are compared."""
    scores: Path | None = None
    """Table of scores of labelled solutions."""
    labels: Path | None = None
    """Table of their step ratings."""
    solutions: Path | None = None
    """Table of the solutions, for the predictor that sees lengths."""
    neutral: Neutral = "positive"
    """Whether a neutral step counts as right."""
    baselines_from: Path | None = None
    """Table of other labels, to fit the predictors that see only a step's place or
    length. Those of evaluated problems are left out."""
    baseline_solutions: Path | None = None
    """Table of the solutions which those labels rate, for lengths."""
    figure: Path | None = None
    """Draw calibration, scores and ROC to this file: .svg, .png or .pdf."""
    seed: int = 0
    """Of the intervals."""

    def __post_init__(self) -> None:
        super().__post_init__()
        tables = {"--scores": self.scores, "--labels": self.labels}
        given = [flag for flag, value in tables.items() if value is not None]
        if self.data is not None:
            extra = [*given, *(["--solutions"] if self.solutions else [])]
            if extra:
                raise UserError(f"{extra[0]}: goes without --data")
            if not self.verifier:
                raise UserError("--verifier: is missing; --data is scored with it")
        else:
            alone = {
                "--verifier": self.verifier or None,
                "--threshold-from": self.threshold_from,
                "--layout": self.layout,
                "--out": self.out,
            }
            extra = [flag for flag, value in alone.items() if value is not None]
            if extra:
                raise UserError(f"{extra[0]}: goes with --data, not with tables")
            if len(given) < len(tables):
                missing = ", ".join(flag for flag in tables if flag not in given)
                raise UserError(f"give --data and --verifier, or tables; missing {missing}")
        if self.baseline_solutions is not None and self.baselines_from is None:
            raise UserError("--baseline-solutions: goes with --baselines-from")
        if self.figure is not None and self.figure.suffix not in FORMATS:
            raise UserError(f"--figure: {self.figure}: name must end in {', '.join(FORMATS)}")
        if self.figure is not None and self.figure.exists() and not self.overwrite:
            raise OutputExists(self.figure, "exists; --figure may not replace it")


class _Subset(NamedTuple):
    """Rated solutions and what the verifier says of them."""

    rated: list[RatedSolution]
    predicted: list[Predicted]
    steps: list[tuple[str, ...]] | None
    """Their text, if at hand."""


def run(config: Config) -> dict[str, Any]:
    """Reads or scores, computes, draws; returns the figures of each subset."""
    started = time.monotonic()
    about, subsets = _of_tables(config) if config.data is None else _of_data(config, config.data)
    baselines = _baselines(config, subsets)
    series = {
        name: {VERIFIER: subset.predicted, **baselines.predicted(subset.rated, subset.steps)}
        for name, subset in subsets.items()
    }
    tables = {
        name: tables_of(subset.rated, series[name], config.neutral)
        for name, subset in subsets.items()
    }
    thresholds = _thresholds(config, tables)
    reports = {
        name: step_report(
            subset.rated, series[name], tables[name], thresholds, config.neutral, seed=config.seed
        )
        for name, subset in subsets.items()
    }
    if config.figure is not None:
        with reproducible():
            save(step_figure(tables), config.figure)
    return {
        **about,
        "neutral": config.neutral,
        "threshold_from": config.threshold_from,
        "subsets": reports,
        "not_shown": baselines.not_shown,
        "seconds": round(time.monotonic() - started, 3),
        "text": _text(reports, baselines),
    }


def _of_tables(config: Config) -> tuple[dict[str, Any], dict[str, _Subset]]:
    assert config.scores is not None
    assert config.labels is not None
    rows = {s.solution_id: s for s in read(check_input(config.scores, "scores"), Scores)}
    labels, left_out = without_marked(
        read(check_input(config.labels, "labels"), Labels), config.keep()
    )
    report_left_out(left_out)
    scored = [row for row in labels if row.solution_id in rows]
    if not scored:
        raise UserError(f"{config.labels}: no labels of solutions that {config.scores} scores")
    if len(scored) < len(labels):
        log.warning(
            "%s: %d of %d rows have no scores and are left out",
            config.labels,
            len(labels) - len(scored),
            len(labels),
        )
    n_unscored = len(labels) - len(scored)
    scored = spaced(scored, config.limit)
    found = [rows[row.solution_id] for row in scored]
    for row, said in zip(scored, found, strict=True):
        check_count(config.labels, row, len(said.step_scores), "step scores")
    steps = None
    if config.solutions is not None:
        steps = steps_of(config.labels, scored, config.solutions)
    names = {said.verifier for said in found}
    about = {
        "verifier": names.pop() if len(names) == 1 else str(config.scores),
        "kind": found[0].kind,
        "labels_without_scores": n_unscored,
    }
    predicted = [Predicted(s.step_scores, s.step_probabilities) for s in found]
    name = config.labels.name.partition(".")[0]
    return about, {name: _Subset(rated_solutions(scored), predicted, steps)}


def _of_data(config: Config, data: Path) -> tuple[dict[str, Any], dict[str, _Subset]]:
    entries = config.subsets(data)
    verifier = config.load()
    scores = config.scored(data, entries, verifier)
    subsets = {}
    for name, rows in entries.items():
        rated = [
            RatedSolution(
                row.group or row.problem.problem_id, row.ratings, row.is_whole, row.category
            )
            for row in rows
        ]
        predicted = [Predicted(s.step_scores, s.step_probabilities) for s in scores[name]]
        subsets[name] = _Subset(rated, predicted, [row.solution.steps for row in rows])
    about = {
        "verifier": config.verifier,
        "format": format_of(verifier),
        "kind": kind_of(verifier),
    }
    return about, subsets


def _baselines(config: Config, subsets: Mapping[str, _Subset]) -> Baselines:
    return fit_baselines(
        config.baselines_from,
        config.baseline_solutions,
        config.keep(),
        {row.group for subset in subsets.values() for row in subset.rated},
        has_text=all(subset.steps is not None for subset in subsets.values()),
    )


def _thresholds(config: Config, tables: Mapping[str, Mapping[str, StepTable]]) -> dict[str, float]:
    """Of each series; the best one on a subset is each one's own."""
    names = next(iter(tables.values()))
    return {
        name: config.chosen_threshold(
            {subset: found[name].judged for subset, found in tables.items()}
        )
        for name in names
    }


def _text(reports: Mapping[str, Mapping[str, Any]], baselines: Baselines) -> str:
    parts = [report_as_text(name, report) for name, report in reports.items()]
    reasons: dict[str, list[str]] = {}
    for name, why in baselines.not_shown.items():
        reasons.setdefault(why, []).append(name)
    notes = [f"not shown: {', '.join(names)}: {why}" for why, names in reasons.items()]
    return "\n\n".join([*parts, *(["\n".join(notes)] if notes else [])])
