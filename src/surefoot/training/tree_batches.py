"""Examples that begin alike, packed into numbered batches of forests.

As in `surefoot.training.batches`, the batch with a number is a pure function of
(examples, tokens, seed, number). All examples form one forest, which is cut into
pieces once; an epoch deals the pieces out to batches anew.
"""

from collections.abc import Sequence

import numpy as np

from surefoot.errors import UserError
from surefoot.training.targets import Example, Spread, Targets, TreeBatch
from surefoot.verifiers.trie import Ints, Piece, build, cut, join

REPEAT_SHARE = 0.1
"""Solutions to one problem teach much the same, so a batch should hold several
problems: the forest is cut wherever that repeats no more than this share. The
alternatives of PRM800K hang so deep that their trees mostly stay whole."""


class TreeBatches:
    """Shuffled epochs of batches of pieces; `batches(number)` is one.

    Args:
        examples: At least one.
        batch_tokens: Nodes of a batch, those repeated at cuts included, stay
            within this, except for one example that is longer by itself.
        seed: Of the shuffles, one an epoch.

    Attributes:
        pieces: Of the forest of all examples.
        n_nodes: Tokens of an epoch, those repeated at cuts included.

    Raises:
        UserError: There are no examples.
    """

    def __init__(self, examples: Sequence[Example], batch_tokens: int, *, seed: int = 0) -> None:
        if not examples:
            raise UserError("there is nothing to train on: no example is left")
        self.batch_tokens, self.seed = batch_tokens, seed
        trie, nodes = build([example.ids for example in examples])
        self.pieces = cut(trie, batch_tokens, repeat_share=REPEAT_SHARE)
        self.n_nodes = sum(len(piece.trie) for piece in self.pieces)
        self._names = [example.name for example in examples]
        # By node, so that those of a piece are one stretch.
        targets = [example.all_targets() for example in examples]
        at = np.concatenate([own[t.positions] for own, t in zip(nodes, targets, strict=True)])
        order = np.argsort(at, kind="stable")
        self._at = at[order]
        self._tokens = np.concatenate([t.tokens for t in targets])[order]
        self._weights = np.concatenate([t.weights for t in targets])[order]
        last = np.array([own[-1] for own in nodes])
        self._by_last = np.argsort(last, kind="stable")
        self._last = last[self._by_last]
        self._epochs: list[list[list[int]]] = []

    def __call__(self, number: int) -> TreeBatch:
        """The batch with this number, counted from 0 on through all epochs."""
        pieces = [self.pieces[i] for i in self.indices(number)]
        starts = np.cumsum([0, *(len(piece.trie) for piece in pieces)])
        rows, spreads, names = [], [], []
        for start, piece in zip(starts, pieces, strict=False):
            spread = self._targets(piece)
            rows.append(start + np.searchsorted(piece.nodes, spread.positions))
            spreads.append(spread)
            names += [self._names[i] for i in self._ended(piece)]
        joined = Spread(*(np.concatenate(parts) for parts in zip(*spreads, strict=True)))
        return TreeBatch(
            trie=join([piece.trie for piece in pieces]),
            targets=Targets.of(np.concatenate(rows), joined),
            n_tokens=sum(len(piece.trie) - piece.n_repeated for piece in pieces),
            n_targets=float(joined.weights.sum()),
            names=tuple(names),
        )

    def indices(self, number: int) -> list[int]:
        """The pieces in the batch with this number."""
        epoch = 0
        while number >= len(self._epoch(epoch)):
            number -= len(self._epoch(epoch))
            epoch += 1
        return self._epoch(epoch)[number]

    def n_batches(self, epochs: int) -> int:
        """Batches in the first `epochs` epochs."""
        return sum(len(self._epoch(epoch)) for epoch in range(epochs))

    def _epoch(self, epoch: int) -> list[list[int]]:
        while len(self._epochs) <= epoch:
            self._epochs.append(self._deal(len(self._epochs)))
        return self._epochs[epoch]

    def _deal(self, epoch: int) -> list[list[int]]:
        """One epoch: the pieces in any order, as many to a batch as go in."""
        generator = np.random.default_rng([self.seed, epoch])
        batches: list[list[int]] = [[]]
        room = self.batch_tokens
        for index in generator.permutation(len(self.pieces)).tolist():
            size = len(self.pieces[index].trie)
            if batches[-1] and size > room:
                batches.append([])
                room = self.batch_tokens
            batches[-1].append(index)
            room -= size
        return batches

    def _targets(self, piece: Piece) -> Spread:
        """The targets at the nodes that are new in this piece; positions are nodes."""
        low, high = self._new(piece, self._at)
        return Spread(self._at[low:high], self._tokens[low:high], self._weights[low:high])

    def _ended(self, piece: Piece) -> list[int]:
        """The examples whose last token is new in this piece."""
        low, high = self._new(piece, self._last)
        ended: list[int] = self._by_last[low:high].tolist()
        return ended

    @staticmethod
    def _new(piece: Piece, ascending: Ints) -> tuple[int, int]:
        new = piece.nodes[piece.n_repeated :]
        low, high = np.searchsorted(ascending, [new[0], new[-1] + 1])
        return int(low), int(high)
