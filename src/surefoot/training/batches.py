"""Examples to numbered batches.

The batch with a number is a pure function of (examples, tokens, seed, number),
so that a resumed run sees the batches an unbroken one would have seen.
"""

from collections.abc import Sequence

import numpy as np

from surefoot.errors import UserError
from surefoot.training.targets import Example, TokenBatch, collate

POOL = 2048
"""Examples sorted by length together. Larger pools waste less on padding but
make the order of the examples less random."""


class Batches:
    """Shuffled epochs of length-bucketed batches; `batches(number)` is one.

    Args:
        examples: At least one.
        batch_tokens: Rows times the longest row's tokens stay within this,
            except for one row that is longer by itself.
        pad_id: Token to pad with; which one makes no difference.
        seed: Of the shuffles, one an epoch.

    Raises:
        UserError: There are no examples.
    """

    def __init__(
        self, examples: Sequence[Example], batch_tokens: int, *, pad_id: int = 0, seed: int = 0
    ) -> None:
        if not examples:
            raise UserError("there is nothing to train on: no example is left")
        self.examples, self.batch_tokens = examples, batch_tokens
        self.pad_id, self.seed = pad_id, seed
        self._lengths = np.array([len(example.ids) for example in examples])
        self._epochs: list[list[list[int]]] = []

    def __call__(self, number: int) -> TokenBatch:
        """The batch with this number, counted from 0 on through all epochs."""
        return collate([self.examples[i] for i in self.indices(number)], self.pad_id)

    def indices(self, number: int) -> list[int]:
        """The examples in the batch with this number."""
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
            self._epochs.append(self._make(len(self._epochs)))
        return self._epochs[epoch]

    def _make(self, epoch: int) -> list[list[int]]:
        """One epoch: shuffled, sorted by length in pools, cut into batches, shuffled."""
        generator = np.random.default_rng([self.seed, epoch])
        order = generator.permutation(len(self.examples))
        batches: list[list[int]] = []
        for start in range(0, len(order), POOL):
            pool = order[start : start + POOL]
            pool = pool[np.argsort(self._lengths[pool], kind="stable")]
            batches += self._cut(pool.tolist())
        return [batches[i] for i in generator.permutation(len(batches))]

    def _cut(self, pool: list[int]) -> list[list[int]]:
        batches: list[list[int]] = [[]]
        for index in pool:
            # Sorted by length: this one would be the longest of the batch.
            if batches[-1] and (len(batches[-1]) + 1) * self._lengths[index] > self.batch_tokens:
                batches.append([])
            batches[-1].append(index)
        return batches
