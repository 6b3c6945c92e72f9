"""The forest of token sequences against sets of prefixes, made one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.verifiers.trie import Trie, build, cut, join

# Few tokens and short sequences, so that equal ones and beginnings of others are common.
sequences_of = st.lists(st.lists(st.integers(0, 2), max_size=7), max_size=12)


def prefixes(sequences: list[list[int]]) -> list[tuple[int, ...]]:
    """All distinct non-empty beginnings; sorted, a beginning comes before what it begins."""
    return sorted({tuple(s[: n + 1]) for s in sequences for n in range(len(s))})


def spelled(trie: Trie) -> list[tuple[int, ...]]:
    """The sequence that each node ends, put together from the nodes' ancestors."""
    found = []
    for node in range(len(trie)):
        ancestors = [j for j in range(node + 1) if j <= node < trie.end[j]]
        found.append(tuple(int(trie.tokens[j]) for j in ancestors))
    return found


@given(sequences_of)
def test_each_distinct_prefix_is_one_node(sequences: list[list[int]]) -> None:
    trie, nodes = build(sequences)
    assert spelled(trie) == prefixes(sequences)
    assert trie.depth.tolist() == [len(prefix) - 1 for prefix in spelled(trie)]
    for sequence, own in zip(sequences, nodes, strict=True):
        assert [spelled(trie)[node] for node in own] == [
            tuple(sequence[: n + 1]) for n in range(len(sequence))
        ]
    for node in range(len(trie)):
        assert trie.path(node).tolist() == [j for j in range(node) if trie.end[j] > node]


@given(sequences_of, st.integers(1, 30), st.sampled_from([None, 0.0, 0.3, 2.0]))
def test_pieces_hold_each_node_once_and_are_forests(
    sequences: list[list[int]], budget: int, share: float | None
) -> None:
    trie, _ = build(sequences)
    whole = spelled(trie)
    longest = max(map(len, sequences), default=0)
    new: list[int] = []
    for piece in cut(trie, budget, repeat_share=share):
        assert spelled(piece.trie) == [whole[node] for node in piece.nodes]
        assert piece.trie.depth.tolist() == trie.depth[piece.nodes].tolist()
        assert len(piece.trie) <= max(budget, longest)
        assert set(piece.nodes[: piece.n_repeated]) <= set(new)
        new += piece.nodes[piece.n_repeated :].tolist()
    assert new == list(range(len(trie)))


def test_a_cut_falls_between_problems_where_it_can() -> None:
    one = [[1, 2, 3, 4 + n] for n in range(4)]
    other = [[9, 8, 7, 4 + n] for n in range(4)]
    trie, _ = build([*one, *other])
    assert [(len(p.trie), p.n_repeated) for p in cut(trie, 13)] == [(7, 0), (7, 0)]
    # Half of the second tree does not fit: its path of three is repeated.
    assert [(len(p.trie), p.n_repeated) for p in cut(trie, 5)] == [
        (5, 0), (5, 3), (5, 0), (5, 3)
    ]  # fmt: skip


def test_a_sequence_longer_than_the_budget_is_a_piece_of_its_own() -> None:
    trie, _ = build([list(range(50)), [0, 7], [60]])
    assert [(len(p.trie), p.n_repeated) for p in cut(trie, 10)] == [(50, 0), (3, 1)]
    with pytest.raises(ValueError, match="budget"):
        cut(trie, 0)


def test_nothing_and_empty_sequences() -> None:
    cases: list[list[list[int]]] = [[], [[]], [[], []]]
    for sequences in cases:
        trie, nodes = build(sequences)
        assert (len(trie), cut(trie, 5), [n.tolist() for n in nodes]) == (0, [], sequences)
    assert len(join([])) == 0


@given(sequences_of, sequences_of)
def test_joined_forests_stay_apart(one: list[list[int]], other: list[list[int]]) -> None:
    tries = [build(one)[0], build(other)[0]]
    joined = join(tries)
    assert spelled(joined) == spelled(tries[0]) + spelled(tries[1])


def test_large_token_numbers_sort_as_numbers() -> None:
    trie, _ = build([[300], [2], [70_000], [255]])
    assert trie.tokens.tolist() == [2, 255, 300, 70_000]
    np.testing.assert_array_equal(trie.end, np.arange(1, 5))
