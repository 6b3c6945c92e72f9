"""What is said of figures that are made up."""

import numpy as np
import pytest

from surefoot.evaluation.curves import MAJORITY
from surefoot.paper import figure3, figure4, scoring
from surefoot.paper.experiment import Findings, as_json, paragraph
from surefoot.paper.trials import Claim, Trials

N = (1, 4, 16, 64, 256)


def made_up(**means: tuple[float, ...]) -> Trials:
    """Two trainings and sixty problems, a little apart."""
    noise = np.random.default_rng(0).normal(0, 0.02, (2, 60, 1))
    chances = {
        name.replace("_", " "): np.array(values) + noise * (1 + i)
        for i, (name, values) in enumerate(means.items())
    }
    return Trials(N, chances, tuple(f"p{i}" for i in range(60)))


@pytest.mark.parametrize(
    ("last", "holds"), [(0.9, True), (0.6, False), (0.7, None)], ids=["wider", "closer", "as wide"]
)
def test_whether_the_lead_widens(last: float, holds: bool | None) -> None:
    found = made_up(prm=(0.3, 0.5, 0.6, 0.7, last), orm=(0.3, 0.3, 0.4, 0.5, 0.7))
    # From N = 1, where there is no lead, if there are five points.
    claim = figure3._widens(found)
    assert claim.holds is holds
    assert "N = 1," in claim.here


def figure_4(process: float, by_prm: float, by_answer: float) -> Trials:
    flat = {
        "process": (process,) * 5,
        "outcome_by_the_PRM": (by_prm,) * 5,
        "outcome_by_the_answer": (by_answer,) * 5,
        MAJORITY: (0.3,) * 5,
    }
    return made_up(**flat)


def test_the_order_at_every_number_needs_every_interval() -> None:
    found = {1: figure_4(0.5, 0.4, 0.3), 5: figure_4(0.6, 0.5, 0.5)}
    best = dict.fromkeys(figure4.SERIES, 5)
    claims = {claim.here.partition(":")[0]: claim for claim in figure4._claims(found, best, 256)}
    overall = claims["process - outcome by the PRM, mean over 1, 5 labelled, best of 256"]
    assert overall.holds is True
    assert overall.estimate is not None
    assert overall.estimate.mean == pytest.approx(0.1, abs=0.02)
    assert claims["process - outcome by the PRM at 1"].holds is True
    # Ahead at one number, level at the other: nothing can be told of both.
    assert claims["outcome by the PRM - outcome by the answer at 1"].holds is None
    worse = {1: figure_4(0.4, 0.5, 0.3), 5: figure_4(0.7, 0.5, 0.4)}
    by_name = {claim.here.partition(":")[0]: claim for claim in figure4._claims(worse, best, 256)}
    assert by_name["process - outcome by the PRM at 1"].holds is False


@pytest.mark.parametrize(("other", "holds"), [(0.51, True), (0.6, False), (0.55, None)])
def test_close_is_within_five_points(other: float, holds: bool | None) -> None:
    values = dict.fromkeys(scoring.WAYS, 0.5) | {"minimum, neutral right": other}
    noise = np.random.default_rng(1).normal(0, 0.05, (1, 60, 1))
    chances = {name: np.full((2, 60, 1), mean) for name, mean in values.items()}
    chances["minimum, neutral right"] = chances["minimum, neutral right"] + noise
    found = Trials((256,), chances, tuple(f"p{i}" for i in range(60)))
    assert scoring._close(found, 256).holds is holds


def test_what_is_asked_here_is_not_laid_to_the_paper() -> None:
    claims = [
        Claim(paper="it is so.", here="3 points", holds=True),
        Claim(paper="it is not.", here="4 points", holds=None, is_papers=False),
    ]
    found = Findings(title="t", setting="s", claims=claims, numbers={})
    text = paragraph(as_json("figure3", "smoke", {}, "surefoot paper figure3", found, {}))
    assert "- **Held.** *The paper:* it is so. *Here:* 3 points." in text
    assert "- **Cannot be told.** *Asked:* it is not. *Here:* 4 points." in text
