"""`surefoot paper active-learning`: how many ratings does choosing what is rated save?"""

from dataclasses import dataclass
from typing import Any

from surefoot.commands.paper_options import OfSmallScale, model, run_experiment
from surefoot.paper import active_learning


@dataclass(frozen=True, kw_only=True)
class Config(OfSmallScale):
    """Section 4.2 of the paper: active learning against uniform labelling, at equal numbers.

    A small selector scores a pool of solutions; 80 % convincing wrong answers and 20 % of
    the most convincing others are labelled by the large PRM. Log-linear fits give the
    data efficiency. Also: other shares, choice over all problems, a retrained selector.

    Example:
        surefoot paper active-learning --scale laptop
    """

    labels: active_learning.Labeller = "large"
    """Who labels what is chosen: the large PRM, or the exact checker, to tell what the errors
    of the large PRM cost."""


def run(config: Config) -> dict[str, Any]:
    """The results; the report is in `--out`."""
    sources, small = config.sources(), model(config.small)
    return run_experiment(
        config,
        "active-learning",
        active_learning.SCALES,
        lambda lab, scale: active_learning.run(lab, sources, scale, small, config.labels),
    )
