"""`surefoot evaluate processbench`: does a verifier find the first wrong step?"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from surefoot.commands.options import Options, check_at_least, check_input
from surefoot.commands.verifier_options import ReadsVerifier
from surefoot.errors import BadRow, UserError
from surefoot.evaluation.first_error import (
    NO_ERROR,
    THRESHOLD,
    FirstErrors,
    Judged,
    best_threshold,
    first_errors,
)
from surefoot.labeling import processbench
from surefoot.problems.rows import file_rows
from surefoot.progress import Progress
from surefoot.records import Problem, Solution
from surefoot.verifiers.folder import Verifier
from surefoot.verifiers.formats.anyone import AnyVerifier, format_of, kind_of, score_any
from surefoot.verifiers.scoring import BATCH_TOKENS

ENDINGS = (".json", ".jsonl", ".jsonl.gz", ".parquet")
AT_ONCE = 128
"""Solutions scored together, between two looks at the progress bar."""


@dataclass(frozen=True, kw_only=True)
class Config(ReadsVerifier, Options):
    r"""Finds the first wrong step of solutions in the layout of ProcessBench.

    The first step scored below the threshold counts as the first wrong one. Per
    subset (one file each): accuracy on solutions with a wrong step, on those
    without, and F1, their harmonic mean.

    Example:
        surefoot evaluate processbench --data processbench --verifier prm --json
        surefoot evaluate processbench --data processbench --verifier EurusPRM-Stage2 \
            --reference Qwen2.5-Math-7B-Instruct --threshold-from gsm8k
    """

    data: Path
    """Folder with a file for each subset (gsm8k.json, math.json), or one such file;
    rows have problem, steps and label (the first wrong step from 0, -1: none)."""
    threshold: float | None = None
    """A step scored below this is wrong; 0.5 if left out."""
    threshold_from: str | None = None
    """Take the threshold with the highest F1 on this subset."""
    limit: int | None = None
    """Only so many rows of each subset, evenly spaced: the published files are
    sorted, those with an error first."""
    batch_tokens: int = BATCH_TOKENS
    """Tokens of a batch, a beginning that solutions share counted once."""
    skip_long: bool = False
    """Give steps beyond what the verifier reads the score 0, instead of stopping."""

    def __post_init__(self) -> None:
        check_at_least("--batch-tokens", self.batch_tokens, 1)
        if self.limit is not None:
            check_at_least("--limit", self.limit, 1)
        if self.threshold is not None and self.threshold_from is not None:
            raise UserError("--threshold-from: goes without --threshold")
        if self.threshold is not None and not 0 <= self.threshold <= 1:
            raise UserError(f"--threshold: must be in [0, 1], got {self.threshold}")


@dataclass(frozen=True, kw_only=True)
class _Subset:
    """The rows of one file."""

    problems: dict[str, Problem]
    solutions: list[Solution]
    first_errors: list[int]


def run(config: Config) -> dict[str, Any]:
    """Scores all subsets; returns each one's numbers and the mean F1."""
    started = time.monotonic()
    files = _files(check_input(config.data, "subsets"))
    if config.threshold_from is not None and config.threshold_from not in files:
        raise UserError(
            f"--threshold-from: no subset {config.threshold_from!r}; there are: {', '.join(files)}"
        )
    subsets = {name: _spaced(_read(path), config.limit) for name, path in files.items()}
    if config.threshold_from is not None:
        _check_both_sorts(config.threshold_from, subsets[config.threshold_from])
    verifier = config.load()
    judged: dict[str, list[Judged]] = {}
    total = sum(len(subset.solutions) for subset in subsets.values())
    with Progress("Scoring", total) as progress:
        for name, subset in subsets.items():
            judged[name] = _judge(config, verifier, subset, progress)
    threshold = _threshold(config, judged)
    found = {name: first_errors(rows, threshold) for name, rows in judged.items()}
    scores = [row.f1 for row in found.values() if row.f1 is not None]
    mean = sum(scores) / len(scores) if scores else None
    return {
        "verifier": config.verifier,
        "format": format_of(verifier),
        "kind": kind_of(verifier),
        "threshold": threshold,
        "threshold_from": config.threshold_from,
        "subsets": {name: _numbers(row) for name, row in found.items()},
        "mean_f1": mean,
        "seconds": round(time.monotonic() - started, 3),
        "text": _table(found, threshold, mean),
    }


def _files(data: Path) -> dict[str, Path]:
    """Subset -> its file, in the order of their names."""
    paths = [data] if data.is_file() else [p for p in data.iterdir() if p.name.endswith(ENDINGS)]
    if not paths:
        raise UserError(f"{data}: holds no {', '.join(ENDINGS)}")
    return {path.name.partition(".")[0]: path for path in sorted(paths)}


def _read(path: Path) -> _Subset:
    """The rows, checked.

    Raises:
        BadRow: A row is not of this layout.
    """
    subset = _Subset(problems={}, solutions=[], first_errors=[])
    for row in file_rows(path):
        if isinstance(row, BadRow):
            raise row
        (entry,) = processbench.read(row)
        steps = entry.session.shown_steps
        assert steps is not None
        subset.problems[entry.problem.problem_id] = entry.problem
        subset.solutions.append(
            Solution(
                solution_id=f"{path.name}:{row.number}",
                problem_id=entry.problem.problem_id,
                steps=steps,
            )
        )
        subset.first_errors.append(row.fields["label"])
    if not subset.solutions:
        raise UserError(f"{path}: no rows")
    return subset


def _spaced(subset: _Subset, limit: int | None) -> _Subset:
    """At most `limit` rows, evenly spaced."""
    n_rows = len(subset.solutions)
    if limit is None or n_rows <= limit:
        return subset
    kept = [i * n_rows // limit for i in range(limit)]
    return _Subset(
        problems=subset.problems,
        solutions=[subset.solutions[i] for i in kept],
        first_errors=[subset.first_errors[i] for i in kept],
    )


def _judge(
    config: Config, verifier: AnyVerifier, subset: _Subset, progress: Progress
) -> list[Judged]:
    solutions = subset.solutions
    if isinstance(verifier, Verifier):
        # Ours know a step as a line; other people's read it as it is written.
        solutions = [_in_lines(solution) for solution in solutions]
    found: list[Judged] = []
    for start in range(0, len(solutions), AT_ONCE):
        part = solutions[start : start + AT_ONCE]
        scores = score_any(
            verifier,
            subset.problems,
            part,
            batch_tokens=config.batch_tokens,
            skip_long=config.skip_long,
        )
        labels = subset.first_errors[start : start + AT_ONCE]
        found += [Judged(s.step_scores, label) for s, label in zip(scores, labels, strict=True)]
        progress.advance(count=len(part))
    return found


def _in_lines(solution: Solution) -> Solution:
    steps = (_one_line(step) for step in solution.steps)
    return Solution(
        solution_id=solution.solution_id, problem_id=solution.problem_id, steps=tuple(steps)
    )


def _one_line(step: str) -> str:
    return " ".join(part.strip() for part in step.split("\n") if part.strip())


def _threshold(config: Config, judged: dict[str, list[Judged]]) -> float:
    if config.threshold_from is None:
        return THRESHOLD if config.threshold is None else config.threshold
    found = best_threshold(judged[config.threshold_from])
    assert found is not None  # both sorts are there
    return found


def _check_both_sorts(name: str, subset: _Subset) -> None:
    """A threshold is a balance of both; said before anything is scored."""
    if len({label == NO_ERROR for label in subset.first_errors}) < 2:
        raise UserError(f"--threshold-from: {name}: needs solutions with and without an error")


def _numbers(found: FirstErrors) -> dict[str, Any]:
    return {**found._asdict(), "n": found.n_erroneous + found.n_correct}


def _table(found: dict[str, FirstErrors], threshold: float, mean: float | None) -> str:
    width = max(map(len, (*found, "subset")))
    lines = [f"{'subset':{width}}  erroneous  correct     F1      n"]
    for name, row in found.items():
        shown = [_percent(v) for v in (row.erroneous_accuracy, row.correct_accuracy, row.f1)]
        lines.append(
            f"{name:{width}}  {shown[0]:>9}  {shown[1]:>7}  {shown[2]:>5}"
            f"  {row.n_erroneous + row.n_correct:5}"
        )
    return "\n".join([*lines, f"mean F1 {_percent(mean)}, threshold {threshold:.6g}"])


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f}"
