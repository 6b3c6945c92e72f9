"""`surefoot paper figure4`: process against outcome supervision, small scale."""

from dataclasses import dataclass
from typing import Any

from surefoot.commands.paper_options import OfSmallScale, model, run_experiment
from surefoot.paper import figure4


@dataclass(frozen=True, kw_only=True)
class Config(OfSmallScale):
    """Figure 4 of the paper: process against outcome supervision, with a large PRM for people.

    A large PRM labels the solutions of a generator in two ways, the check of the
    answer in a third; small verifiers learn from 1, 2, 5, ... labelled solutions a
    problem. 4a: best-of-N against that number; 4b: against N, the best of each.

    Example:
        surefoot paper figure4 --scale laptop
    """


def run(config: Config) -> dict[str, Any]:
    """The results; the report is in `--out`."""
    sources, small = config.sources(), model(config.small)
    return run_experiment(
        config,
        "figure4",
        figure4.SCALES,
        lambda lab, scale: figure4.run(lab, sources, scale, small),
    )
