"""`surefoot problems arith`: procedural problems, as many as you like."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import tyro

from surefoot.commands.options import Writes, check_at_least
from surefoot.commands.problem_output import write_problems
from surefoot.errors import UserError
from surefoot.problems.arith.generate import FAMILIES, LEVELS, generate
from surefoot.problems.rows import Loaded


@dataclass(frozen=True, kw_only=True)
class Config(Writes):
    """Make school-mathematics problems with reference solutions and exact answers.

    Eleven families in five levels. Whether a problem is for training or for
    testing depends on its statement alone, so no seed mixes the two.

    Example:
        surefoot problems arith -n 200 --split test --levels 3 4 5 --out test
    """

    n: Annotated[int, tyro.conf.arg(aliases=("-n",))] = 1000
    """Number of problems, all different."""
    split: Literal["train", "test"] = "train"
    """Which side of the fixed division."""
    families: tuple[str, ...] = tuple(FAMILIES)
    """Families to take in turn."""
    levels: tuple[int, ...] = LEVELS
    """Levels to take in turn, 1 (easy) to 5."""
    seed: int = 0
    """Another seed, other problems."""

    def __post_init__(self) -> None:
        check_at_least("--n", self.n, 1)
        for name in self.families:
            if name not in FAMILIES:
                raise UserError(f"--families: no family {name!r}; there are {', '.join(FAMILIES)}")
        for level in self.levels:
            if level not in LEVELS:
                raise UserError(f"--levels: must be from 1 to 5, got {level}")
        if not self.families or not self.levels:
            raise UserError("--families and --levels: name at least one of each")


def run(config: Config) -> dict[str, Any]:
    """Make and write them."""
    problems = generate(
        config.n,
        split=config.split,
        seed=config.seed,
        families=config.families,
        levels=config.levels,
    )
    return write_problems(config.out, Loaded(problems=list(problems)), overwrite=config.overwrite)
