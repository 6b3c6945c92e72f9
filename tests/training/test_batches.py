"""Batches: complete, within their size, and a pure function of their number."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.errors import UserError
from surefoot.training.batches import Batches
from surefoot.training.targets import Example

lengths_of = st.lists(st.integers(1, 60), min_size=1, max_size=60)


def batches(lengths: list[int], batch_tokens: int, seed: int = 0) -> Batches:
    examples = [Example([1] * length, [2] * length) for length in lengths]
    return Batches(examples, batch_tokens, seed=seed)


@given(lengths=lengths_of, batch_tokens=st.integers(1, 300), seed=st.integers(0, 5))
def test_each_epoch_holds_each_example_once(
    lengths: list[int], batch_tokens: int, seed: int
) -> None:
    made = batches(lengths, batch_tokens, seed)
    number = 0
    for epoch in range(1, 4):
        seen: list[int] = []
        while number < made.n_batches(epoch):
            rows = made.indices(number)
            assert len(rows) == 1 or len(rows) * max(lengths[i] for i in rows) <= batch_tokens
            seen += rows
            number += 1
        assert sorted(seen) == list(range(len(lengths)))


@given(lengths=lengths_of, numbers=st.lists(st.integers(0, 200), max_size=8))
def test_a_batch_depends_on_its_number_only(lengths: list[int], numbers: list[int]) -> None:
    used = batches(lengths, 100)
    for number in numbers:
        assert used.indices(number) == batches(lengths, 100).indices(number)


def test_epochs_and_seeds_shuffle_differently() -> None:
    lengths = [5] * 200
    first, second = batches(lengths, 50), batches(lengths, 50, seed=1)
    n = first.n_batches(1)
    assert first.indices(0) != first.indices(n) != second.indices(0)


def test_rows_of_a_batch_are_of_similar_length() -> None:
    lengths = np.random.default_rng(0).integers(10, 200, size=1000).tolist()
    made = batches(lengths, 2000)
    batch_list = [made(number) for number in range(made.n_batches(1))]
    padded = sum(batch.input_ids_BT.numel() for batch in batch_list)
    assert sum(batch.n_tokens for batch in batch_list) == sum(lengths)
    assert sum(lengths) / padded > 0.95


def test_nothing_to_train_on_is_said() -> None:
    with pytest.raises(UserError, match="nothing to train on"):
        Batches([], 100)
