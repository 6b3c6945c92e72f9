"""What a target weighs that several examples share.

Solutions to one problem begin alike, and a step that stands in several of them
behind the same text is one step, however often it is written down. Alternatives
of a step, as in PRM800K phase 1, repeat all that comes before them. Weighed
`step` by step, each distinct target counts once, and if the examples disagree
it is spread over their targets in proportion. Weighed by `solution` it counts
in each of them, as when every solution is trained on by itself.
"""

from collections.abc import Sequence
from typing import Literal, TypeAlias

import numpy as np

from surefoot.training.targets import NO_TARGET, Example, Spread
from surefoot.verifiers.trie import build

WeightBy: TypeAlias = Literal["step", "solution"]


def each_target_once(examples: Sequence[Example]) -> list[Example]:
    """The examples, with what several of them share left to the first.

    Args:
        examples: Any number. Targets of two examples are the same if all tokens
            up to them are.

    Returns:
        The examples that are left something to predict, in order. The weights
        at each distinct position sum to 1.
    """
    trie, nodes = build([example.ids for example in examples])
    targets = [example.all_targets() for example in examples]
    owners = np.repeat(np.arange(len(examples)), [len(t.positions) for t in targets])
    if not len(owners):
        return []
    at = np.concatenate([own[t.positions] for own, t in zip(nodes, targets, strict=True)])
    tokens = np.concatenate([t.tokens for t in targets])
    weights = np.concatenate([t.weights for t in targets])
    total = np.bincount(at, weights, minlength=len(trie))
    owner = np.full(len(trie), len(examples))
    np.minimum.at(owner, at, owners)
    pairs, index = np.unique(np.stack([at, tokens]), axis=1, return_inverse=True)
    shares = np.bincount(index.reshape(-1), weights) / total[pairs[0]]
    order = np.argsort(owner[pairs[0]], kind="stable")
    bounds = np.searchsorted(owner[pairs[0]][order], np.arange(len(examples) + 1))
    found = []
    for i, example in enumerate(examples):
        mine = order[bounds[i] : bounds[i + 1]]
        if len(mine):
            spread = Spread(trie.depth[pairs[0][mine]], pairs[1][mine], shares[mine])
            none = np.full(len(example.ids), NO_TARGET, dtype=np.int32)
            found.append(example._replace(targets=none, spread=spread))
    return found
