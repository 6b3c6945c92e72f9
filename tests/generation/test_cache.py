"""Shared prompts and rows of different lengths, against attention written out row by row."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot.generation.attention import shared_prompt_attention
from surefoot.generation.cache import SharedPromptCache
from surefoot.generation.layout import lay_grid, split_lengths


@given(st.lists(st.integers(0, 4), min_size=1, max_size=30))
def test_every_row_has_a_cell_in_its_groups_line(groups: list[int]) -> None:
    group_B = np.array(groups)
    cell_B, row_of_cell = lay_grid(group_B, 5)
    width = np.bincount(group_B).max()
    assert len(row_of_cell) == 5 * width
    assert len(set(cell_B.tolist())) == len(groups)
    assert (cell_B // width == group_B).all()
    assert (row_of_cell[cell_B] == np.arange(len(groups))).all()


@given(st.lists(st.integers(1, 300), min_size=1, max_size=400))
def test_long_rows_are_those_beyond_the_cut(lengths: list[int]) -> None:
    length_B = np.array(lengths)
    n_short, long = split_lengths(length_B)
    assert sorted(long) == np.flatnonzero(length_B > n_short).tolist()
    assert 1 <= n_short <= max(lengths)


def test_one_straggler_among_many_is_taken_out() -> None:
    assert split_lengths(np.array([20] * 300 + [250]))[0] == 20
    assert split_lengths(np.array([20] * 3 + [25]))[0] == 25


@settings(max_examples=25)
@given(st.data())
def test_attention_equals_row_by_row(data: st.DataObject) -> None:
    """Rows start, grow and are copied over others, groups leave; plain lists say what is right."""
    heads, shared, width = data.draw(st.sampled_from([(4, 1, 8), (4, 2, 6), (2, 2, 5)]))
    torch.manual_seed(data.draw(st.integers(0, 99)))
    n_rows = data.draw(st.integers(1, 40))
    cache = SharedPromptCache(n_rows)
    prompts = [
        (torch.randn(shared, n, width), torch.randn(shared, n, width))
        for n in data.draw(st.lists(st.integers(1, 70), min_size=2, max_size=4))
    ]
    for prompt in prompts:
        cache.add_group([prompt])
    cache.drop_group(0)
    kept = [prompts[-1], *prompts[1:-1]]
    group_of = [data.draw(st.integers(0, len(kept) - 1)) for _ in range(n_rows)]
    own: list[list[tuple[torch.Tensor, torch.Tensor]]] = [[] for _ in range(n_rows)]
    for row, group in enumerate(group_of):
        cache.start_row(row, group)
    for step in range(data.draw(st.integers(1, 40))):
        if step % 7 == 3 and n_rows > 1:  # a fork takes a finished row's place
            cache.copy_rows([0], [n_rows - 1])
            group_of[-1], own[-1] = group_of[0], list(own[0])
        if step % 5 == 4:  # a new continuation starts
            cache.start_row(n_rows // 2, 0)
            group_of[n_rows // 2], own[n_rows // 2] = 0, []
        keys, values = torch.randn(2, n_rows, shared, 1, width)
        for row in range(n_rows):
            own[row].append((keys[row, :, 0], values[row, :, 0]))
        positions = cache.begin_step(n_rows, torch.device("cpu"))
        assert positions[:, 0].tolist() == [
            kept[group_of[row]][0].shape[1] + len(own[row]) - 1 for row in range(n_rows)
        ]
        all_keys, all_values = cache.update(keys, values, 0)
        cache.end_step(n_rows)
    query = torch.randn(n_rows, heads, 1, width)
    store, n_prompt = cache.stores[0], cache.step.n_prompt
    out = shared_prompt_attention(
        query,
        store.prompt_keys.data[:, :, :n_prompt],
        store.prompt_values.data[:, :, :n_prompt],
        all_keys,
        all_values,
        cache.step,
    )
    for row in range(n_rows):
        prompt_keys, prompt_values = kept[group_of[row]]
        row_keys = torch.cat([prompt_keys, torch.stack([k for k, _ in own[row]], 1)], 1)
        row_values = torch.cat([prompt_values, torch.stack([v for _, v in own[row]], 1)], 1)
        for head in range(heads):
            of = head * shared // heads
            weights = (row_keys[of] @ query[row, head, 0]).softmax(0)
            torch.testing.assert_close(
                out[row, 0, head], weights @ row_values[of], atol=1e-4, rtol=1e-3
            )
