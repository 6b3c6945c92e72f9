"""Noise that belongs to a solution."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from surefoot.generation.noise import uniform_noise


@given(st.integers(), st.text(), st.integers(0, 40), st.integers(0, 40))
def test_a_longer_stream_begins_with_the_shorter(seed: int, key: str, n: int, more: int) -> None:
    longer = uniform_noise(seed, key, n + more)
    assert np.array_equal(longer[:n], uniform_noise(seed, key, n))
    assert ((longer >= 0) & (longer < 1)).all()


FIXED = [0.6299057014921611, 0.5978784323587589, 0.9970582032244563]


def test_the_numbers_are_fixed() -> None:
    """A table sampled today can be sampled again on another machine and next year."""
    assert uniform_noise(0, "algebra-17/3", 3).tolist() == FIXED


def test_streams_are_uniform_and_unrelated() -> None:
    streams = np.stack([uniform_noise(s, f"p/{i}", 50) for s in range(10) for i in range(100)])
    assert abs(streams.mean() - 0.5) < 0.005
    assert abs(streams.var() - 1 / 12) < 0.002
    neighbours = np.corrcoef(streams[:-1].ravel(), streams[1:].ravel())[0, 1]
    within = np.corrcoef(streams[:, :-1].ravel(), streams[:, 1:].ravel())[0, 1]
    assert abs(neighbours) < 0.02
    assert abs(within) < 0.02


def test_seed_and_key_do_not_run_together() -> None:
    assert uniform_noise(1, "1/0", 1) != uniform_noise(11, "/0", 1)
