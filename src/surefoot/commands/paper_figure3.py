"""`surefoot paper figure3`: best-of-N by PRM, ORM and majority voting."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from surefoot.commands.options import check_input
from surefoot.commands.paper_options import OfPaper, keep, run_experiment
from surefoot.errors import OutputExists
from surefoot.evaluation.scored import read_scored
from surefoot.paper import figure3
from surefoot.paper.experiment import RESULTS_FILE, as_json


@dataclass(frozen=True, kw_only=True)
class Config(OfPaper):
    """Figure 3 of the paper: a PRM and an ORM choose among N, against majority voting.

    The PRM learns from ratings that active learning collected, the ORM from
    uniform samples. Bands are over problems and trainings; the paper's own points
    are drawn beside them.

    Example:
        surefoot paper figure3 --scale laptop
        surefoot paper figure3 --scores scored-test-samples.jsonl --out published
    """

    scores: Path | None = None
    """Draw the figure from scored samples in OpenAI's layout instead."""


def run(config: Config) -> dict[str, Any]:
    """The results; the figure is in `--out`."""
    if config.scores is None:
        sources = config.sources()
        return run_experiment(
            config, "figure3", figure3.SCALES, lambda lab, scale: figure3.run(lab, sources, scale)
        )
    out = config.out or Path("paper/figure3-samples")
    if (out / RESULTS_FILE).exists() and not config.overwrite:
        raise OutputExists(out / RESULTS_FILE)
    found = figure3.from_samples(read_scored(check_input(config.scores, "scored samples")))
    command = f"surefoot paper figure3 --scores {config.scores}"
    return keep(out, as_json("figure3", "given samples", {}, command, found, {}), found)
