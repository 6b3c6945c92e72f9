"""`surefoot sample`: N solutions to each problem, from a generator."""

import resource
import sys
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import tyro
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from surefoot.commands.options import ProblemsPath, Writes, check_at_least, check_input
from surefoot.errors import UserError
from surefoot.generation.choice import check_choice
from surefoot.generation.few_shot import FewShotPrompt
from surefoot.generation.folder import load_model
from surefoot.generation.names import find_model
from surefoot.generation.sampling import Prompt, check_prompts, plain_prompt, sample
from surefoot.progress import Progress
from surefoot.records import Problem, Solution
from surefoot.stages import fingerprint, run_stage
from surefoot.tables import read

SHARD_SOLUTIONS = 4096
"""Solutions a shard, about. What is lost when a run is killed; large, because the
batch runs empty at the end of each."""


@dataclass(frozen=True, kw_only=True)
class Config(Writes):
    """Sample N solutions to each problem.

    A solution depends on the generator, the problem, the settings, the seed and
    its number only; --rows changes the speed. A run that was killed goes on when
    the same command is given again, and writes what it would have written.

    Example:
        surefoot sample test --generator nano -n 64 --out solutions
        surefoot sample train --generator base -n 8 --few-shot 4 --examples train --out first
    """

    problems: ProblemsPath
    """The problems: a folder of Parquet shards, or a .parquet, .jsonl or .jsonl.gz file."""
    generator: str = "nano"
    """A model folder, the name of a model on the hub, or `nano` or `pico`, which are shipped."""
    n: Annotated[int, tyro.conf.arg(aliases=("-n",))] = 64
    """N, solutions a problem."""
    temperature: float = 1.0
    """Divides the logits; 0 always takes the likeliest token."""
    top_p: float = 1.0
    """Sample from the likeliest tokens that hold this share, in (0, 1]."""
    max_tokens: int = 256
    """A longer solution is cut here."""
    seed: int = 0
    """Another seed, other solutions (their ids say which)."""
    rows: int = 512
    """Solutions under way at once: more are faster and take more memory."""
    few_shot: int = 0
    """Worked examples before each problem; 0 for a generator that knows the format."""
    examples: Path | None = None
    """Problems with reference solutions, to take the worked examples from."""
    limit: int | None = None
    """Take only this many problems, from the start."""
    skip_long: bool = False
    """Give a problem whose prompt fills the generator's context solutions without a
    step, counted as `without_steps`, instead of stopping."""

    def __post_init__(self) -> None:
        check_at_least("-n", self.n, 1)
        check_at_least("--max-tokens", self.max_tokens, 1)
        check_at_least("--rows", self.rows, 1)
        check_at_least("--few-shot", self.few_shot, 0)
        if self.limit is not None:
            check_at_least("--limit", self.limit, 1)
        check_choice(self.temperature, self.top_p)
        if (self.few_shot > 0) != (self.examples is not None):
            raise UserError("--few-shot K and --examples PROBLEMS belong together; give both")


def run(config: Config) -> dict[str, Any]:
    """Sample the problems shard by shard."""
    problems = read(check_input(config.problems, "problems"), Problem)[: config.limit]
    if not problems:
        raise UserError(f"{config.problems}: holds no problems")
    prompt = _prompt(config)
    spec = _spec(config)

    @cache  # not before the output is admitted, and not twice
    def load() -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
        model, tokenizer = load_model(config.generator)
        if not config.skip_long:
            check_prompts(model, tokenizer, problems, prompt)  # all, before hours of sampling
        return model, tokenizer

    size = max(1, SHARD_SOLUTIONS // config.n)
    starts = range(0, len(problems), size)

    with Progress("Sampling", len(problems) * config.n) as progress:

        def work(start: int) -> list[Solution]:
            model, tokenizer = load()
            progress.stand_at(start * config.n)
            return sample(
                model,
                tokenizer,
                problems[start : start + size],
                config.n,
                seed=config.seed,
                temperature=config.temperature,
                top_p=config.top_p,
                max_tokens=config.max_tokens,
                rows=config.rows,
                prompt=prompt,
                generator=config.generator,
                skip_long=config.skip_long,
                on_draw=lambda _: progress.advance(f"{progress.rate:.1f} solutions/s"),
            )

        stage = run_stage(config.out, Solution, starts, work, spec=spec, overwrite=config.overwrite)
        progress.stand_at(progress.total)
    return {
        "solutions": stage.rows,
        "problems": len(problems),
        **_counts(config.out),
        "seconds": round(progress.seconds, 1),
        "solutions_per_second": round(progress.rate, 1),
        "resumed_shards": stage.resumed,
        "peak_memory_mb": peak_memory_mb(),
        "out": str(config.out),
    }


def peak_memory_mb() -> int:
    """Most memory this process has had in use, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak / (1024 * 1024 if sys.platform == "darwin" else 1024))


def _prompt(config: Config) -> Prompt:
    if config.examples is None:
        return plain_prompt
    examples = read(check_input(config.examples, "worked examples"), Problem)
    return FewShotPrompt(examples, config.few_shot, config.seed)


def _spec(config: Config) -> dict[str, Any]:
    """All that the solutions depend on."""
    generator = find_model(config.generator)
    return {
        "command": "sample",
        "problems": fingerprint(config.problems),
        "generator": config.generator,
        "weights": fingerprint(generator) if isinstance(generator, Path) else None,
        "examples": fingerprint(config.examples) if config.examples else None,
        **{name: getattr(config, name) for name in _SETTINGS},
    }


_SETTINGS = ("n", "temperature", "top_p", "max_tokens", "seed", "few_shot", "limit")
"""Not `rows`, so that a run that ran out of memory can go on with fewer; not
`skip_long`, as it decides only whether there are solutions at all."""


def _counts(out: Path) -> dict[str, Any]:
    """How the solutions ended, how many state an answer, and their tokens."""
    solutions = read(out, Solution)
    return {
        "finish": dict(sorted(Counter(solution.finish for solution in solutions).items())),
        "without_steps": sum(not solution.steps for solution in solutions),
        "with_answer": sum(solution.answer is not None for solution in solutions),
        "tokens": sum(solution.n_tokens or 0 for solution in solutions),
    }
