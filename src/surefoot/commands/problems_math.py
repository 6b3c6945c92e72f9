"""`surefoot problems math`: the MATH problems, in the paper's split."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from tyro.conf import Positional, arg

from surefoot.commands.options import Writes, check_input
from surefoot.commands.problem_output import write_problems
from surefoot.problems.math import load_math
from surefoot.problems.rows import keep_split


@dataclass(frozen=True, kw_only=True)
class Config(Writes):
    """Read the MATH problems, in the paper's split of 12,000 / 500.

    SOURCE is a folder with the train and test files that came with PRM800K, one
    such file, the original MATH folder (train/algebra/1.json), or a hub name.

    Example:
        surefoot problems math prm800k/math_splits --out math
        surefoot problems math MATH --test-ids prm800k/math_splits/test.jsonl --out math
    """

    source: Annotated[Positional[str], arg(metavar="SOURCE")]
    """Folder, file or hub name."""
    split: Literal["train", "test", "all"] = "all"
    """Keep only this split."""
    test_ids: Path | None = None
    """JSONL file whose rows (by unique_id or problem) are the test problems; all others train."""
    skip_bad: bool = False
    """Leave bad rows out, listed and counted, instead of stopping at the first."""


def run(config: Config) -> dict[str, Any]:
    """Read, split and write."""
    if config.test_ids is not None:
        check_input(config.test_ids, "test problems")
    loaded = load_math(config.source, test_ids=config.test_ids, skip_bad=config.skip_bad)
    return write_problems(config.out, keep_split(loaded, config.split), overwrite=config.overwrite)
