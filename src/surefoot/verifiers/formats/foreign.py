"""A verifier of another format, loaded, and what it gives.

Axes: S steps of a text, C = 3 chances (wrong, neutral, right).
"""

import logging
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from transformers import PreTrainedModel

from surefoot.errors import UserError
from surefoot.records import VerifierKind
from surefoot.verifiers.aggregate import Aggregation, Neutral
from surefoot.verifiers.formats.catalogue import FORMATS
from surefoot.verifiers.formats.readings import Reading
from surefoot.verifiers.formats.weights import load_backbone
from surefoot.verifiers.scoring import read_ends

log = logging.getLogger("surefoot")
Floats: TypeAlias = NDArray[np.float64]


class Text(NamedTuple):
    """What a verifier is asked about."""

    solution_id: str
    """For messages."""
    statement: str
    steps: tuple[str, ...]
    """At least one."""


Judge: TypeAlias = Callable[[Sequence[Text], int, bool], list[Floats]]
"""Texts, tokens of a batch, whether to skip what is too long -> (S, 3) chances of each."""


@dataclass(frozen=True, kw_only=True)
class ForeignVerifier:
    """A verifier that was not trained here."""

    name: str
    """Folder or address."""
    format: str
    kind: VerifierKind
    aggregation: Aggregation
    judge: Judge
    neutral: Neutral = "positive"


def load_foreign(folder: Path, name: str) -> ForeignVerifier:
    """A verifier that is read in one pass.

    Args:
        folder: Its model folder.
        name: A key of `FORMATS`.

    Raises:
        ModelFolderError: It cannot be loaded, or its tokenizer or weights are
            not those of the format.
    """
    row = FORMATS[name]
    model, tokenizer = load_backbone(folder, is_causal=row.is_causal)
    read = row.head(folder, model, tokenizer)
    # A tokenizer of another format shows before hours of work.
    row.write(tokenizer, "1+1?", ["1+1=2", "# Answer 2"])

    def judge(texts: Sequence[Text], batch_tokens: int, skip_long: bool) -> list[Floats]:
        readings = [row.write(tokenizer, text.statement, text.steps) for text in texts]
        kept = fitting(texts, readings, model, str(folder), skip_long=skip_long)
        flat = [reading for group in kept for reading in group]
        numbers = iter(read_ends(model, flat, read, 3, batch_tokens))
        found = [np.concatenate([next(numbers) for _ in group]) for group in kept]
        return [unread_are_wrong(n, len(t.steps)) for n, t in zip(found, texts, strict=True)]

    return ForeignVerifier(
        name=str(folder), format=name, kind=row.kind, aggregation=row.aggregation, judge=judge
    )


def fitting(
    texts: Sequence[Text],
    readings: Sequence[list[Reading]],
    model: PreTrainedModel,
    name: str,
    *,
    skip_long: bool,
) -> list[list[Reading]]:
    """The readings, cut to what the model can read.

    Args:
        texts: What they were made of.
        readings: Of each text.
        model: Says how many positions it has.
        name: The verifier, for the message.
        skip_long: Leave out step ends that lie beyond, instead of raising; logs how many texts.

    Raises:
        UserError: A text is too long; names its solution.
    """
    limit = getattr(model.config, "max_position_embeddings", None) or sys.maxsize
    kept, n_cut = [], 0
    for text, group in zip(texts, readings, strict=True):
        longest = max(len(reading.ids) for reading in group)
        if longest > limit and not skip_long:
            raise UserError(
                f"solution {text.solution_id!r} has {longest} tokens with its problem, but {name}"
                f" reads at most {limit}; --skip-long scores steps beyond that 0"
            )
        n_cut += longest > limit
        kept.append([_cut(reading, limit) for reading in group])
    if n_cut:
        log.warning("%d solutions are longer than %s reads", n_cut, name)
    return kept


def _cut(reading: Reading, limit: int) -> Reading:
    return Reading(reading.ids[:limit], [end for end in reading.step_ends if end < limit])


def unread_are_wrong(found: Floats, n_steps: int) -> Floats:
    """(n_steps, 3): steps that were not read are wrong for certain."""
    unread = np.tile([1.0, 0.0, 0.0], (n_steps - len(found), 1))
    return np.concatenate([found, unread])
