"""`surefoot paper scoring`: product or minimum, neutral as right or wrong."""

from dataclasses import dataclass
from typing import Any

from surefoot.commands.paper_options import OfPaper, run_experiment
from surefoot.paper import figure3, scoring


@dataclass(frozen=True, kw_only=True)
class Config(OfPaper):
    """The paper's appendix on scoring: product or minimum, neutral as right or wrong.

    Also the mean and the last step, and whether a product favours short solutions.
    Stands on the verifiers of `surefoot paper figure3`, made if they are not there.

    Example:
        surefoot paper scoring --scale laptop
    """


def run(config: Config) -> dict[str, Any]:
    """The results; the report is in `--out`."""
    sources = config.sources()
    return run_experiment(
        config, "scoring", figure3.SCALES, lambda lab, scale: scoring.run(lab, sources, scale)
    )
