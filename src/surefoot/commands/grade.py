"""`surefoot grade`: compare final answers with the reference."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import tyro
from tyro.conf import arg

from surefoot.atomic import replacing
from surefoot.commands.join import SHARD_SIZE, JoinedShards
from surefoot.commands.options import Writes, check_input
from surefoot.commands.policy_options import PolicyFlags
from surefoot.errors import BadRow, OutputExists, UserError
from surefoot.grading.by_labels import grade_by_labels
from surefoot.grading.grade import grade_all
from surefoot.grading.judge import judge
from surefoot.grading.policy import Policy
from surefoot.progress import Progress
from surefoot.records import Grade, Labels, Problem, Solution
from surefoot.stages import fingerprint, run_stage
from surefoot.tables import count_rows, json_lines, stream
from surefoot.workers import ordered_map

FAILURES_FIRST = ("undecided", "no_answer", "incorrect", "correct")


@dataclass(frozen=True, kw_only=True)
class Config(PolicyFlags, Writes):
    """Compares each solution's final answer with its problem's reference answer.

    Verdicts: correct, incorrect, no_answer (the solution states none) and
    undecided (nobody could tell; never counted as incorrect), each with a reason.

    Examples:
      surefoot grade problems solutions --out grades
      surefoot grade problems solutions --labels labels --out grades-by-steps
      surefoot grade --pairs answers.jsonl --out verdicts.jsonl --json
    """

    problems: Annotated[Path | None, tyro.conf.Positional, arg(metavar="PROBLEMS")] = None
    """Table of problems."""
    solutions: Annotated[Path | None, tyro.conf.Positional, arg(metavar="SOLUTIONS")] = None
    """Table of solutions to them."""
    pairs: Path | None = None
    """Instead of tables: a JSONL file of rows with `given` (null: no answer) and `gold`.
    Each row comes out with `grade` (the verdict) and `reason` added."""
    labels: Path | None = None
    """Step ratings of all these solutions: a solution is correct where no step is
    wrong, whatever its answer (the paper's outcome supervision by a large PRM)."""
    workers: int = 1
    """Processes that grade. One that dies is replaced, its work done again."""
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
        if self.pairs is not None and self.labels is not None:
            raise UserError("--labels: goes with PROBLEMS and SOLUTIONS")
        if self.workers < 1:
            raise UserError(f"--workers: must be at least 1, got {self.workers}")


def run(config: Config) -> dict[str, Any]:
    """Counts by verdict, failures first; the grades are in `--out`."""
    policy = config.chosen()
    if config.pairs is not None:
        return _grade_pairs(config.pairs, config, policy)
    assert config.problems is not None
    assert config.solutions is not None
    work = JoinedShards(config.problems, config.solutions, skip_bad=config.skip_bad)
    spec = {
        "command": "grade",
        "problems": fingerprint(config.problems),
        "solutions": fingerprint(config.solutions),
        "skip_bad": config.skip_bad,
        "policy": asdict(policy),
    }
    grader: Callable[[list[tuple[Problem, Solution]]], list[Grade]]
    grader = partial(grade_all, policy=policy)
    if config.labels is not None:
        spec["labels"] = fingerprint(check_input(config.labels, "labels"))
        grader = partial(_by_labels, labels=_labels_of(config.labels, work))
    stage = run_stage(
        config.out,
        Grade,
        work,
        grader,
        spec=spec,
        overwrite=config.overwrite,
        progress="Grading",
        workers=config.workers,
    )
    result = counts((g.verdict, g.reason) for g in stream(config.out, Grade))
    return {**result, "solutions": stage.rows, "out": str(config.out)}


def _labels_of(path: Path, work: JoinedShards) -> dict[str, Labels]:
    """Labels by solution.

    Raises:
        UserError: A solution has none, or they have another number of steps.
    """
    labels = {row.solution_id: row for row in stream(path, Labels)}
    for shard in work:
        for _, solution in shard:
            row = labels.get(solution.solution_id)
            if row is None or len(row.ratings) != len(solution.steps):
                what = "no labels" if row is None else "labels of another number of steps"
                raise UserError(f"{path}: has {what} for solution {solution.solution_id!r}")
    return labels


def _by_labels(pairs: list[tuple[Problem, Solution]], labels: dict[str, Labels]) -> list[Grade]:
    return [grade_by_labels(solution, labels[solution.solution_id]) for _, solution in pairs]


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
        result["undecided_because"] = dict(reasons.most_common(20))
    return result


def _grade_pairs(path: Path, config: Config, policy: Policy) -> dict[str, Any]:
    check_input(path, "pairs")
    if config.out.suffix != ".jsonl":
        raise UserError(f"--out: must end in .jsonl with --pairs, got {config.out}")
    if config.out.exists() and not config.overwrite:
        raise OutputExists(config.out)
    tally: Counter[tuple[str, str]] = Counter()
    rows = _pairs(path)
    pieces = iter(lambda: list(islice(rows, SHARD_SIZE)), [])
    total = count_rows(path)
    with (
        replacing(config.out, overwrite=config.overwrite) as temporary,
        temporary.open("w", encoding="utf-8") as out,
        Progress("Grading", total) as shown,
    ):
        for graded in ordered_map(partial(_judge_all, policy=policy), pieces, config.workers):
            for row in graded:
                tally[row["grade"], row["reason"]] += 1
                out.write(_line(row))
            shown.advance(count=len(graded))
    verdicts = [pair for pair, count in tally.items() for _ in range(count)]
    return {**counts(verdicts), "pairs": len(verdicts), "out": str(config.out)}


def _line(row: dict[str, Any]) -> str:
    line = json.dumps(row, ensure_ascii=False)
    # Half a surrogate pair cannot be written as UTF-8, only as an escape.
    return (line if line.isprintable() else json.dumps(row)) + "\n"


def _judge_all(rows: list[dict[str, Any]], policy: Policy) -> list[dict[str, Any]]:
    graded = []
    for row in rows:
        judgement = judge(row["given"], row["gold"], policy)
        graded.append({**row, "grade": judgement.verdict, "reason": judgement.reason})
    return graded


def _pairs(path: Path) -> Iterator[dict[str, Any]]:
    for number, row in json_lines(path):
        if isinstance(row, BadRow):
            raise row
        for name in ("given", "gold"):
            if name not in row:
                raise BadRow(path, number, name, "missing")
            if not isinstance(row[name], str) and row[name] is not None:
                raise BadRow(path, number, name, f"must be text, got {type(row[name]).__name__}")
        yield row
