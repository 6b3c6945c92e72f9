"""`surefoot paper table1`: out of distribution."""

from dataclasses import dataclass
from typing import Any

from surefoot.commands.paper_options import OfPaper, run_experiment
from surefoot.paper import table1


@dataclass(frozen=True, kw_only=True)
class Config(OfPaper):
    """Table 1 of the paper: kinds of problems that the verifiers were not trained on.

    Some families of procedural problems are kept from the verifiers, not from the base
    and the generator; best-of-100 on them, against majority voting.

    Example:
        surefoot paper table1 --scale laptop
    """


def run(config: Config) -> dict[str, Any]:
    """The results; the report is in `--out`."""
    sources = config.sources()
    return run_experiment(
        config, "table1", table1.SCALES, lambda lab, scale: table1.run(lab, sources, scale)
    )
