"""States of a forest against one plain pass a text."""

import copy
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch.nn import functional
from torch.nn.attention.flex_attention import flex_attention

from surefoot.verifiers.forest import BLOCK, STRETCH, Forest, key_blocks
from surefoot.verifiers.packed import Way, reading_trees, states_by_piece, tree_states, tree_way
from surefoot.verifiers.trie import build, cut
from tiny_families import FAMILIES, VOCABULARY, make

MODELS = {family: make(family) for family in FAMILIES}
sequences_of = st.lists(
    st.lists(st.integers(0, 2), min_size=1, max_size=14), min_size=1, max_size=10
)


@torch.no_grad()
def plain(model: Any, sequence: list[int]) -> torch.Tensor:
    states: torch.Tensor = model.model(
        input_ids=torch.tensor([sequence]), use_cache=False
    ).last_hidden_state[0]
    return states


def deviation(model: Any, way: Way, sequences: list[list[int]], budget: int) -> float:
    """Largest error of a state, with what pieces hang from repeated, and by `states_by_piece`."""
    trie, nodes = build(sequences)
    repeated = torch.full((len(trie), model.config.hidden_size), torch.nan)
    carried = repeated.clone()
    with torch.no_grad(), reading_trees(model, way):
        for piece in cut(trie, budget):
            found = tree_states(model, piece.trie, way)
            repeated[piece.nodes[piece.n_repeated :]] = found[piece.n_repeated :]
        for new, found in states_by_piece(model, trie, way, budget):
            assert carried[new].isnan().all()
            carried[new] = found
    return max(
        float((states[own] - plain(model, sequence)).abs().max())
        for sequence, own in zip(sequences, nodes, strict=True)
        for states in (repeated, carried)
    )


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("way", ["ancestry", "mask"])
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sequences=sequences_of, budget=st.integers(1, 60))
def test_states_equal_those_of_separate_texts(
    family: str, way: Way, sequences: list[list[int]], budget: int
) -> None:
    if (family, way) == ("qwen2 with a window", "mask"):
        pytest.skip("one mask cannot serve layers with and without a window")
    assert deviation(MODELS[family], way, sequences, budget) < 1e-5


@pytest.mark.parametrize("family", FAMILIES)
def test_long_rows_of_many_stretches(family: str) -> None:
    draw = np.random.default_rng(1)
    stem = draw.integers(0, VOCABULARY, size=90).tolist()
    sequences = [
        stem[: int(draw.integers(20, 90))] + draw.integers(0, VOCABULARY, size=150).tolist()
        for _ in range(6)
    ]
    assert len(build(sequences)[0]) > 5 * STRETCH
    for budget in (200, 500, 10_000):
        assert deviation(MODELS[family], "ancestry", sequences, budget) < 1e-5


@pytest.mark.parametrize("family", FAMILIES)
def test_all_families_share_prefixes_without_a_square_mask(family: str) -> None:
    assert tree_way(MODELS[family]) == "ancestry"
    assert MODELS[family].config._attn_implementation == "sdpa"


def test_a_family_that_keeps_its_shape_to_itself_is_padded(
    caplog: pytest.LogCaptureFixture,
) -> None:
    from transformers import MambaConfig, MambaForCausalLM

    config = MambaConfig(
        vocab_size=VOCABULARY, hidden_size=16, num_hidden_layers=1, state_size=4, pad_token_id=0
    )
    model = MambaForCausalLM(config).eval()
    assert [tree_way(model), tree_way(model)] == ["padded", "padded"]
    assert caplog.text.count("mamba: this kind of model cannot share prefixes") == 1


def test_a_model_of_old_positions_takes_the_square_mask_or_the_tree() -> None:
    from transformers import GPT2Config, GPT2LMHeadModel

    model = GPT2LMHeadModel(
        GPT2Config(vocab_size=VOCABULARY, n_embd=16, n_layer=2, n_head=2, n_positions=64)
    ).eval()
    assert tree_way(model) in ("ancestry", "mask")


def test_attention_dropout_leaves_the_models_own_attention() -> None:
    model = copy.deepcopy(MODELS["llama"])
    model.config.attention_dropout = 0.1
    assert tree_way(model) == "ancestry"
    assert tree_way(model.train()) == "mask"


@pytest.mark.parametrize("family", FAMILIES)
def test_without_a_forest_our_attention_is_the_plain_one(family: str) -> None:
    model = MODELS[family]
    ids = torch.arange(24).reshape(2, 12)
    padding = torch.ones(2, 12, dtype=torch.long)
    padding[1, :4] = 0
    with torch.no_grad():
        expected = model(input_ids=ids, attention_mask=padding).logits
        with reading_trees(model, "ancestry"):
            found = model(input_ids=ids, attention_mask=padding).logits
    torch.testing.assert_close(found[0], expected[0])
    torch.testing.assert_close(found[1, 4:], expected[1, 4:])


@pytest.mark.parametrize("window", [None, 3])
def test_block_mask_of_flex_attention_is_the_rule_of_ancestry(window: int | None) -> None:
    trie, _ = build([[1, 2, 3, 4, 5], [1, 2, 6], [7, 8], [1, 2, 3, 9]])
    forest = Forest(trie, torch.device("cpu"))
    mask_mod = forest.block_mask(window).mask_mod
    n = len(trie)
    zero = torch.tensor(0)
    found = [
        [bool(mask_mod(zero, zero, torch.tensor(q), torch.tensor(k))) for k in range(n)]
        for q in range(n)
    ]
    assert found == forest.dense_mask(window).tolist()


@settings(max_examples=40)
@given(
    lengths=st.lists(st.tuples(st.integers(0, 300), st.integers(1, 300)), min_size=1, max_size=6),
    carried=st.sampled_from([0, 1, 100, 128, 200]),
    window=st.sampled_from([None, 1, 40, 200, 400]),
)
def test_key_blocks_are_those_of_the_dense_mask(
    lengths: list[tuple[int, int]], carried: int, window: int | None
) -> None:
    stem = [1] * 300
    # Different first tokens behind the stem, so that each is a branch of its own.
    texts = [stem[:shared] + [2 + i] * own for i, (shared, own) in enumerate(lengths)]
    trie, _ = build(texts)
    carried = min(carried, len(trie) - 1)
    dense = Forest(trie, torch.device("cpu")).dense_mask(window)[carried:]
    found = key_blocks(trie, carried, len(trie) + 1 if window is None else window)
    n_key_blocks = -(-len(trie) // BLOCK)
    assert len(found) == -(-len(dense) // BLOCK)
    for row, (partly, full) in enumerate(found):
        rows = dense[row * BLOCK : (row + 1) * BLOCK]
        blocks = [rows[:, b * BLOCK : (b + 1) * BLOCK] for b in range(n_key_blocks)]
        # A block that is listed without need costs time only; one left out would cost truth.
        assert {b for b, seen in enumerate(blocks) if seen.any()} <= {*partly, *full}
        assert all(blocks[b].all() and blocks[b].shape[1] == BLOCK for b in full)
        assert not {*partly} & {*full}
        if window is None:
            assert {b for b, seen in enumerate(blocks) if seen.any()} == {*partly, *full}


def test_flex_attention_reads_the_block_mask() -> None:
    trie, _ = build([[1] * 200 + [2 + i] * 90 for i in range(4)])
    forest = Forest(trie, torch.device("cpu"), n_carried=150)
    mask = forest.block_mask(None)
    query, key, value = (torch.randn(1, 2, n, 16) for n in (len(trie) - 150, len(trie), len(trie)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is slow where it is not compiled
        found = flex_attention(query, key, value, block_mask=mask)
    seen = forest.dense_mask(None)[150:]
    expected = functional.scaled_dot_product_attention(query, key, value, attn_mask=seen)
    torch.testing.assert_close(found, expected)
    dense_blocks = mask.to_dense()[0, 0].bool()
    assert dense_blocks.shape == (-(-(len(trie) - 150) // BLOCK), -(-len(trie) // BLOCK))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="FlexAttention is compiled on CUDA only")
@pytest.mark.parametrize("family", FAMILIES)
def test_states_on_cuda_equal_those_on_the_cpu(family: str) -> None:
    draw = np.random.default_rng(1)
    stem = draw.integers(0, VOCABULARY, size=90).tolist()
    sequences = [stem + draw.integers(0, VOCABULARY, size=150).tolist() for _ in range(6)]
    trie, nodes = build(sequences)
    model = copy.deepcopy(MODELS[family]).cuda()
    with torch.no_grad(), reading_trees(model, "ancestry"):
        states = tree_states(model, trie, "ancestry").cpu()
    for sequence, own in zip(sequences, nodes, strict=True):
        torch.testing.assert_close(
            states[own], plain(MODELS[family], sequence), atol=1e-4, rtol=1e-4
        )
