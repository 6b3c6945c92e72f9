"""One token out of a distribution."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from one_by_one import pick, softmax, tempered

from surefoot.errors import SurefootError, UserError
from surefoot.generation.choice import check_choice, choose_tokens, nucleus_floor

HALVES = st.integers(-6, 6).map(lambda i: i * 0.5)
SHAPES = st.tuples(st.integers(1, 4), st.integers(1, 9))
LOGITS = arrays(np.float32, SHAPES, elements=HALVES)


@given(
    logits=LOGITS,
    temperature=st.sampled_from([0.0, 0.3, 1.0, 2.5]),
    number=st.floats(0, 1, exclude_max=True),
)
def test_choice_equals_the_textbook(logits: np.ndarray, temperature: float, number: float) -> None:
    rows = torch.from_numpy(logits)
    noise = torch.full((len(logits), 1), number, dtype=torch.float64)
    tokens, log_p = choose_tokens(rows, noise, temperature=temperature, top_p=1.0)
    for b, row in enumerate(logits.astype(np.float64)):
        token = int(tokens[b, 0])
        chances = tempered(row, temperature, 1.0)
        below, upto = chances[:token].sum(), chances[: token + 1].sum()
        assert below - 1e-6 <= number <= upto + 1e-6 or temperature == 0.0
        assert chances[token] > 0
        if abs(number - below) > 1e-6 and abs(number - upto) > 1e-6:
            assert token == pick(chances, number)
        assert float(log_p[b, 0]) == pytest.approx(np.log(softmax(row)[token]), abs=1e-5)


@given(
    weights=arrays(np.float64, st.integers(1, 300), elements=st.floats(0.001, 1)),
    top_p=st.floats(0.05, 0.999),
)
def test_nucleus_equals_the_textbook(weights: np.ndarray, top_p: float) -> None:
    chances = weights / weights.sum()
    order = np.argsort(-chances)
    mass = np.cumsum(chances[order])
    kept = order[: int(np.searchsorted(mass, top_p)) + 1]
    if np.abs(mass - top_p).min() < 1e-9:
        return  # a rounding error decides
    floor = float(nucleus_floor(torch.from_numpy(chances)[None], top_p)[0, 0])
    assert floor == chances[kept].min()


def test_ties_at_the_edge_belong_to_the_nucleus() -> None:
    weights = torch.tensor([[0.4, 0.2, 0.2, 0.2]])
    assert float(nucleus_floor(weights, 0.5)[0, 0]) == pytest.approx(0.2)


def test_several_draws_from_one_row() -> None:
    logits = torch.tensor([[0.0, 0.0], [0.0, -50.0]])
    noise = torch.tensor([[0.1, 0.6, 0.4], [0.99, 0.0, 0.5]], dtype=torch.float64)
    tokens, _ = choose_tokens(logits, noise, temperature=1.0, top_p=1.0)
    assert tokens.tolist() == [[0, 1, 0], [0, 0, 0]]


def test_a_token_without_chance_is_never_taken() -> None:
    logits = torch.tensor([[float("-inf"), 0.0, float("-inf"), 0.0, float("-inf")]])
    noise = torch.linspace(0, 1 - 2**-53, 1001, dtype=torch.float64)[None]
    tokens, _ = choose_tokens(logits, noise, temperature=1.0, top_p=1.0)
    assert set(tokens[0].tolist()) == {1, 3}


@pytest.mark.parametrize("temperature", [1e-300, 1e-7])
def test_the_lowest_temperatures_are_greedy(temperature: float) -> None:
    noise = torch.tensor([[0.0, 0.5, 1 - 2**-53]], dtype=torch.float64)
    tokens, _ = choose_tokens(
        torch.tensor([[1.0, 3.0, 2.0]]), noise, temperature=temperature, top_p=1.0
    )
    assert tokens.tolist() == [[1, 1, 1]]


def test_not_a_number() -> None:
    noise = torch.zeros(1, 1, dtype=torch.float64)
    for temperature in (0.0, 1.0):
        with pytest.raises(SurefootError, match="not a number"):
            choose_tokens(
                torch.tensor([[0.0, float("nan")]]), noise, temperature=temperature, top_p=1.0
            )


@pytest.mark.parametrize(
    ("temperature", "top_p", "flag"),
    [
        (-0.1, 1.0, "--temperature"),
        (float("nan"), 1.0, "--temperature"),
        (1.0, 0.0, "--top-p"),
        (1.0, 1.1, "--top-p"),
        (1.0, float("nan"), "--top-p"),
    ],
)
def test_settings_that_name_no_distribution(temperature: float, top_p: float, flag: str) -> None:
    with pytest.raises(UserError, match=flag):
        check_choice(temperature, top_p)
