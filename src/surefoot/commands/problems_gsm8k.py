"""`surefoot problems gsm8k`: the GSM8K problems, their solutions as steps."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from tyro.conf import Positional, arg

from surefoot.commands.options import Writes
from surefoot.commands.problem_output import write_problems
from surefoot.problems.gsm8k import load_gsm8k
from surefoot.problems.rows import keep_split


@dataclass(frozen=True, kw_only=True)
class Config(Writes):
    """Read the GSM8K problems (7,473 train, 1,319 test), without their <<...>> notes.

    SOURCE is a folder with train.jsonl and test.jsonl, one such file, or a hub
    name such as openai/gsm8k.

    Example:
        surefoot problems gsm8k grade_school_math/data --out gsm8k.jsonl
        surefoot problems gsm8k openai/gsm8k --split test --out gsm8k-test
    """

    source: Annotated[Positional[str], arg(metavar="SOURCE")]
    """Folder, file or hub name."""
    split: Literal["train", "test", "all"] = "all"
    """Keep only this split."""
    skip_bad: bool = False
    """Leave bad rows out, listed and counted, instead of stopping at the first."""


def run(config: Config) -> dict[str, Any]:
    """Read and write."""
    loaded = load_gsm8k(config.source, skip_bad=config.skip_bad)
    return write_problems(config.out, keep_split(loaded, config.split), overwrite=config.overwrite)
