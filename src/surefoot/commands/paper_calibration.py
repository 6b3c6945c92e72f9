"""`surefoot paper calibration`: is a step scored 0.9 right nine times in ten?"""

from dataclasses import dataclass
from typing import Any

from surefoot.commands.paper_options import OfPaper, run_experiment
from surefoot.paper import calibration, figure3


@dataclass(frozen=True, kw_only=True)
class Config(OfPaper):
    """Is a step scored 0.9 right nine times in ten? By the exact checker.

    Before and after temperature scaling on half of the held-out problems. Stands on the
    verifiers of `surefoot paper figure3`, made if they are not there.

    Example:
        surefoot paper calibration --scale laptop
    """


def run(config: Config) -> dict[str, Any]:
    """The results; the report is in `--out`."""
    sources = config.sources()
    return run_experiment(
        config,
        "calibration",
        figure3.SCALES,
        lambda lab, scale: calibration.run(lab, sources, scale),
    )
