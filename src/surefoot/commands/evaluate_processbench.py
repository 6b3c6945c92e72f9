"""`surefoot evaluate processbench`: does a verifier find the first wrong step?"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from surefoot.commands.benchmark_options import ScoresBenchmark
from surefoot.evaluation.first_error import FirstErrors, Judged, first_errors
from surefoot.evaluation.step_table import first_wrong
from surefoot.verifiers.formats.anyone import format_of, kind_of


@dataclass(frozen=True, kw_only=True)
class Config(ScoresBenchmark):
    r"""Finds the first wrong step of solutions, as ProcessBench asks for.

    The first step scored below the threshold counts as the first wrong one. Per
    subset (one file each): accuracy on solutions with a wrong step, on those
    without, and F1, their harmonic mean. Layouts: ProcessBench, MR-GSM8K,
    PRMBench, BIG-Bench Mistake. `evaluate steps` says more of the same rows.

    Example:
        surefoot evaluate processbench --data processbench --verifier prm --json
        surefoot evaluate processbench --data processbench --verifier EurusPRM-Stage2 \
            --reference Qwen2.5-Math-7B-Instruct --threshold-from gsm8k
    """

    data: Path
    """Folder with a file for each subset (gsm8k.json, math.json), or one such file."""


def run(config: Config) -> dict[str, Any]:
    """Scores all subsets; returns each one's numbers and the mean F1."""
    started = time.monotonic()
    subsets = config.subsets(config.data)
    verifier = config.load()
    scores = config.scored(config.data, subsets, verifier)
    judged = {
        name: [
            Judged(said.step_scores, first)
            for entry, said in zip(entries, scores[name], strict=True)
            if (first := first_wrong(entry.ratings, "positive")) is not None
        ]
        for name, entries in subsets.items()
    }
    threshold = config.chosen_threshold(judged)
    found = {name: first_errors(rows, threshold) for name, rows in judged.items()}
    known = [row.f1 for row in found.values() if row.f1 is not None]
    mean = sum(known) / len(known) if known else None
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
