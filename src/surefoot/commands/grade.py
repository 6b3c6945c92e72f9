"""`surefoot grade`: compare final answers with the reference."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro
from tyro.conf import arg

from surefoot.atomic import replacing
from surefoot.commands.join import read_solutions, shards_of
from surefoot.commands.options import Writes, check_input
from surefoot.errors import BadRow, OutputExists, UserError
from surefoot.grading.grade import grade
from surefoot.grading.judge import judge
from surefoot.records import Grade
from surefoot.stages import fingerprint, run_stage
from surefoot.tables import json_lines, read

FAILURES_FIRST = ("undecided", "no_answer", "incorrect", "correct")


@dataclass(frozen=True, kw_only=True)
class Config(Writes):
    """Compares each solution's final answer with its problem's reference answer.

    Verdicts: correct, incorrect, no_answer (the solution states none) and
    undecided (nobody could tell, with a reason; never counted as incorrect).

    Examples:
      surefoot grade problems solutions --out grades
      surefoot grade --pairs answers.jsonl --out verdicts.jsonl --json
    """

    problems: Annotated[Path | None, tyro.conf.Positional, arg(metavar="PROBLEMS")] = None
    """Table of problems."""
    solutions: Annotated[Path | None, tyro.conf.Positional, arg(metavar="SOLUTIONS")] = None
    """Table of solutions to them."""
    pairs: Path | None = None
    """Instead of tables: a JSONL file of rows with `given` (null: no answer) and `gold`.
    Each row comes out with `grade` (the verdict) and `reason` added."""
    skip_bad: bool = False
    """Leave bad rows out, listed and counted on stderr, instead of stopping at the first."""

    def __post_init__(self) -> None:
        """Either two tables or a file of pairs."""
        if self.pairs is not None and self.problems is not None:
            raise UserError(
                "--pairs: takes the place of PROBLEMS and SOLUTIONS; give one of the two"
            )
        if self.pairs is None and (self.problems is None or self.solutions is None):
            raise UserError("grade needs PROBLEMS and SOLUTIONS, or --pairs FILE.jsonl")


def run(config: Config) -> dict[str, Any]:
    """Counts by verdict, failures first; the grades are in `--out`."""
    if config.pairs is not None:
        return _grade_pairs(config.pairs, config)
    assert config.problems is not None
    assert config.solutions is not None
    work = read_solutions(config.problems, config.solutions, skip_bad=config.skip_bad)
    stage = run_stage(
        config.out,
        Grade,
        shards_of(work),
        lambda shard: [grade(problem, solution) for problem, solution in shard],
        spec={
            "command": "grade",
            "problems": fingerprint(config.problems),
            "solutions": fingerprint(config.solutions),
            "skip_bad": config.skip_bad,
        },
        overwrite=config.overwrite,
        progress="grading",
    )
    grades = read(config.out, Grade)
    result = counts((g.verdict, g.reason) for g in grades)
    return {**result, "solutions": stage.rows, "out": str(config.out)}


def counts(verdicts: Iterable[tuple[str, str | None]]) -> dict[str, Any]:
    """Number of each verdict, failures first, and the reasons of the undecided."""
    reasons: Counter[str] = Counter()
    by_verdict: Counter[str] = Counter()
    for verdict, reason in verdicts:
        by_verdict[verdict] += 1
        if verdict == "undecided":
            reasons[reason or "no reason given"] += 1
    result: dict[str, Any] = {verdict: by_verdict[verdict] for verdict in FAILURES_FIRST}
    if reasons:
        result["undecided_because"] = dict(reasons.most_common())
    return result


def _grade_pairs(path: Path, config: Config) -> dict[str, Any]:
    check_input(path, "pairs")
    if config.out.suffix != ".jsonl":
        raise UserError(f"--out: must end in .jsonl with --pairs, got {config.out}")
    if config.out.exists() and not config.overwrite:
        raise OutputExists(config.out)
    verdicts: list[tuple[str, str | None]] = []
    with (
        replacing(config.out, overwrite=config.overwrite) as temporary,
        temporary.open("w", encoding="utf-8") as out,
    ):
        for number, row in json_lines(path):
            if isinstance(row, BadRow):
                raise row
            judgement = judge(*_pair(path, number, row))
            verdict, reason = judgement.verdict, judgement.reason
            verdicts.append((verdict, reason))
            graded = {**row, "grade": verdict, "reason": reason}
            out.write(json.dumps(graded, ensure_ascii=False) + "\n")
    return {**counts(verdicts), "pairs": len(verdicts), "out": str(config.out)}


def _pair(path: Path, number: int, row: dict[str, Any]) -> tuple[str | None, str]:
    for name in ("given", "gold"):
        if name not in row:
            raise BadRow(path, number, name, "missing")
        if not isinstance(row[name], str) and not (name == "given" and row[name] is None):
            raise BadRow(path, number, name, f"must be text, got {type(row[name]).__name__}")
    return row["given"], row["gold"]
