"""`surefoot score`: score solutions, step by step, with a verifier."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from surefoot.commands.options import SolutionsPath, Writes, check_at_least, check_input
from surefoot.commands.verifier_options import ReadsVerifier
from surefoot.records import Problem, Scores, Solution
from surefoot.stages import fingerprint, run_stage
from surefoot.tables import read
from surefoot.verifiers.aggregate import Aggregation, Neutral
from surefoot.verifiers.encode import Encoder
from surefoot.verifiers.folder import Verifier
from surefoot.verifiers.formats.anyone import format_of, kind_of, score_any
from surefoot.verifiers.scoring import BATCH_TOKENS

SHARD_SOLUTIONS = 1024
"""Solutions of one shard of the output, the piece that a killed run repeats."""


@dataclass(frozen=True, kw_only=True)
class Config(ReadsVerifier, Writes):
    """Score solutions with a PRM or an ORM, of ours or another published format.

    Writes one row a solution, in the order given: the score of each step and
    of the solution. A killed run goes on where it stopped. docs/verifiers.md
    lists the formats.

    Example:
        surefoot score sampled --problems test.parquet --verifier prm --out scores
        surefoot score sampled --problems test.parquet --verifier Qwen2.5-Math-PRM-7B --out scores
    """

    solutions: SolutionsPath
    """The solutions to score."""
    problems: Path
    """The problems that the solutions belong to."""
    aggregation: Aggregation | None = None
    """How a PRM's step scores make the solution score; by default as `verifier.json`
    or the family of the verifier says."""
    neutral: Neutral | None = None
    """Whether a neutral step counts as right; by default as `verifier.json` says."""
    batch_tokens: int = BATCH_TOKENS
    """Tokens of a batch, a beginning that solutions share counted once. Smaller needs
    less memory; scores change by rounding."""
    limit: int | None = None
    """Score only the first so many solutions."""
    skip_long: bool = False
    """Give steps that lie beyond what the verifier can read the score 0, counted on
    stderr, instead of stopping."""
    skip_bad: bool = False
    """Leave bad rows of the inputs out, counted and listed, instead of stopping."""

    def __post_init__(self) -> None:
        check_at_least("--batch-tokens", self.batch_tokens, 1)
        if self.limit is not None:
            check_at_least("--limit", self.limit, 1)


def run(config: Config) -> dict[str, Any]:
    """Score; returns rows, shards, resumed, seconds and how the scores were made."""
    started = time.monotonic()
    check_input(config.solutions, "solutions")
    check_input(config.problems, "problems")
    verifier = config.load()
    problem_rows = read(config.problems, Problem, skip_bad=config.skip_bad)
    problems = {problem.problem_id: problem for problem in problem_rows}
    solutions = read(config.solutions, Solution, skip_bad=config.skip_bad)[: config.limit]
    encoder = Encoder(verifier.tokenizer) if isinstance(verifier, Verifier) else None
    own = verifier.settings if isinstance(verifier, Verifier) else verifier
    aggregation = config.aggregation or own.aggregation
    neutral = config.neutral or own.neutral

    def work(shard: Sequence[Solution]) -> list[Scores]:
        return score_any(
            verifier,
            problems,
            shard,
            aggregation=aggregation,
            neutral=neutral,
            batch_tokens=config.batch_tokens,
            encoder=encoder,
            skip_long=config.skip_long,
        )

    starts = range(0, len(solutions), SHARD_SOLUTIONS)
    result = run_stage(
        config.out,
        Scores,
        [solutions[start : start + SHARD_SOLUTIONS] for start in starts],
        work,
        # Not the batch size: it changes rounding only, and a run that ran out
        # of memory may go on with a smaller one.
        spec={
            "command": "score",
            "solutions": fingerprint(config.solutions),
            "problems": fingerprint(config.problems),
            **config.verifier_spec(),
            "aggregation": aggregation,
            "neutral": neutral,
            "limit": config.limit,
        },
        overwrite=config.overwrite,
        progress="Scoring",
    )
    return {
        "rows": result.rows,
        "shards": result.shards,
        "resumed": result.resumed,
        "format": format_of(verifier),
        "kind": kind_of(verifier),
        "aggregation": aggregation if kind_of(verifier) == "prm" else None,
        "seconds": round(time.monotonic() - started, 3),
    }
