"""A text's tokens with the places where a verifier is read.

Places are known by construction: a text is put together here, so the character
at which each tag stands is known, and the tokenizer says which token covers it.
Nothing is found by looking for a tag in the text, which a solution may contain
as well, and nothing by looking for values that are not zero.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from transformers import PreTrainedTokenizerBase

from surefoot.errors import ModelFolderError
from surefoot.generation.folder import encode


class Reading(NamedTuple):
    """One sequence that a model reads."""

    ids: list[int]
    """(T,) tokens."""
    step_ends: list[int]
    """(S,) positions in `ids` at which numbers are read, one a step."""


class Tagged(NamedTuple):
    """A text and where its tags are."""

    text: str
    spans: list[tuple[int, int]]
    """First character of each tag and the one behind its last."""


def tagged(head: str, pieces: Iterable[str], tag: str, between: str = "") -> Tagged:
    """`head`, then each piece with its tag, `between` between them.

    Example:
        >>> tagged("q ", ["a ", "b "], "#", " ")
        Tagged(text='q a # b #', spans=[(4, 5), (8, 9)])
    """
    parts, spans, length = [head], [], len(head)
    for index, piece in enumerate(pieces):
        before = (between if index else "") + piece
        start = length + len(before)
        spans.append((start, start + len(tag)))
        parts += [before, tag]
        length = start + len(tag)
    return Tagged("".join(parts), spans)


def read_tags(
    tokenizer: PreTrainedTokenizerBase,
    text: Tagged,
    token: int,
    *,
    shift: int = 0,
    opens: bool = False,
) -> Reading:
    """Tokenises a text whole and reads it at its tags.

    Args:
        tokenizer: A fast one (it knows which characters a token covers).
        text: Text with the places of its tags.
        token: What each tag must be: one token, this one.
        shift: Added to each tag's position; -1 reads where the tag is predicted.
        opens: Whether the tokenizer's own opening tokens are added.

    Raises:
        ModelFolderError: A tag is not one token of its own, or another one.
    """
    found = tokenizer(text.text, add_special_tokens=opens, return_offsets_mapping=True)
    ids, offsets = list(found["input_ids"]), found["offset_mapping"]
    ends, place = [], 0
    for start, stop in text.spans:
        while place < len(ids) and offsets[place][1] < stop:
            place += 1
        is_there = place < len(ids) and ids[place] == token
        if not is_there or offsets[place][0] > start or offsets[place][1] != stop:
            raise ModelFolderError(
                f"{tokenizer.name_or_path}: the tokenizer makes no token of its own of the tag"
                f" {text.text[start:stop]!r}; it is not the tokenizer of this verifier format"
            )
        ends.append(place + shift)
    return Reading(ids, ends)


def one_token(tokenizer: PreTrainedTokenizerBase, text: str) -> int:
    """The last token of a text that stands alone, known to the vocabulary.

    The last: some tokenizers put a token for the space before it.

    Raises:
        ModelFolderError: The text is unknown to the tokenizer.
    """
    ids = encode(tokenizer, text)
    if not ids or ids[-1] == tokenizer.unk_token_id:
        raise ModelFolderError(
            f"{tokenizer.name_or_path}: the tokenizer does not know {text!r},"
            " which this verifier format needs"
        )
    return ids[-1]


def special_token(tokenizer: PreTrainedTokenizerBase, text: str) -> int:
    """The id of a token that the vocabulary must hold as it stands.

    Raises:
        ModelFolderError: It does not.
    """
    found = tokenizer.convert_tokens_to_ids(text)
    if found is None or found == tokenizer.unk_token_id:
        raise ModelFolderError(
            f"{tokenizer.name_or_path}: the vocabulary lacks the token {text!r},"
            " which this verifier format needs"
        )
    return int(found)


def numbered(steps: Sequence[str]) -> list[str]:
    """Steps with `Step 1: ` and so on in front, in place of such a number of their own.

    Example:
        >>> numbered(["Add.", "Step 7: Stop. "])
        ['Step 1: Add.', 'Step 2: Stop.']
    """
    bare = [re.sub(r"^\s*Step \d+:", "", step).strip() for step in steps]
    return [f"Step {number}: {step}" for number, step in enumerate(bare, 1)]
