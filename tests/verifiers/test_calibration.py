"""Temperatures against a search by hand, and calibration errors against hand-made bins."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.errors import ModelFolderError
from surefoot.verifiers.calibration import (
    HIGHEST,
    LOWEST,
    fit_temperature,
    measure,
    tempered,
)
from surefoot.verifiers.settings import read_settings


def softmax(rows: np.ndarray) -> np.ndarray:
    made: np.ndarray = np.exp(rows) / np.exp(rows).sum(axis=1, keepdims=True)
    return made


def drawn(temperature: float, n: int = 400, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Chances, and classes drawn from them at this temperature."""
    draw = np.random.default_rng(seed)
    logits = draw.normal(size=(n, 3)) * 2
    truth = softmax(logits / temperature)
    classes = np.array([draw.choice(3, p=row) for row in truth])
    return softmax(logits), classes


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_classes_were_drawn_at_is_found(temperature: float) -> None:
    chances, classes = drawn(temperature, n=20_000)
    assert fit_temperature(chances, classes) == pytest.approx(temperature, rel=0.05)


@given(st.integers(0, 10**6), st.sampled_from([0.4, 1.0, 4.0]))
def test_no_other_temperature_is_likelier(seed: int, temperature: float) -> None:
    chances, classes = drawn(temperature, n=30, seed=seed)
    found = fit_temperature(chances, classes)

    def nll(t: float) -> float:
        logits = np.log(chances) / t
        return float(
            sum(math.log(np.exp(x).sum()) - x[c] for x, c in zip(logits, classes, strict=True))
        )

    for other in np.geomspace(LOWEST, HIGHEST, 41):
        assert nll(found) <= nll(float(other)) + 1e-9


def test_where_the_data_decide_nothing_the_bound_is_taken() -> None:
    sure = np.array([[0.1, 0.1, 0.8], [0.7, 0.2, 0.1]])
    assert fit_temperature(sure, np.array([2, 0])) == LOWEST
    assert fit_temperature(sure, np.array([0, 2])) == HIGHEST
    assert fit_temperature(np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([0, 1])) == HIGHEST


def test_a_temperature_of_one_changes_nothing() -> None:
    chances, _ = drawn(1.0)
    np.testing.assert_allclose(tempered(chances, 1.0), chances, rtol=1e-12)


def test_measured_by_hand() -> None:
    chances = np.array([[0.1, 0.2, 0.7], [0.08, 0.02, 0.9], [0.9, 0.05, 0.05], [0.5, 0.5, 0.0]])
    classes = np.array([2, 0, 0, 1])
    found = measure(chances, classes)
    assert found.nll == pytest.approx(-np.log([0.7, 0.08, 0.9, 0.5]).mean())
    # Chances of being right 0.9 and 0.92 share the bin from 13/15 to 14/15: 0.91 against 1/2.
    assert found.ece == pytest.approx((abs(0.9 + 0.92 - 1) + 0.1 + 0.5) / 4)


def test_a_chance_of_one_is_in_the_last_bin() -> None:
    assert measure(np.array([[0.0, 1.0]]), np.array([1])) == (0.0, 0.0)


@pytest.mark.parametrize("bad", [0, -1.0, "1", True, math.inf, math.nan, None])
def test_a_temperature_that_is_none_is_refused(tmp_path: Path, bad: object) -> None:
    path = tmp_path / "verifier.json"
    path.write_text(json.dumps({"kind": "prm", "temperature": bad}))
    with pytest.raises(ModelFolderError, match=r"verifier\.json: temperature: must be a number"):
        read_settings(tmp_path)
    path.write_text(json.dumps({"kind": "prm", "temperature": 2}))
    assert read_settings(tmp_path).temperature == 2
    path.write_text(json.dumps({"kind": "prm"}))
    assert read_settings(tmp_path).temperature == 1.0
