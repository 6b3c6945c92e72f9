"""The tokens that stand for ratings: `-`, `0` and `+`.

A verifier is an ordinary language model that continues a step with its rating,
so each rating has to be a single token of the model's own vocabulary.
"""

from transformers import PreTrainedTokenizerBase

from surefoot.errors import ModelFolderError
from surefoot.generation.folder import encode
from surefoot.records import RATINGS, Rating


def rating_token_ids(
    tokenizer: PreTrainedTokenizerBase, texts: dict[Rating, str], name: str
) -> dict[Rating, int]:
    """The id of each rating's token, in the order -1, 0, +1.

    Args:
        tokenizer: The model's.
        texts: Text of each rating's token, such as `settings.RATING_TOKENS`.
        name: The model folder, for the message.

    Raises:
        ModelFolderError: A text is not one token, or two ratings share one.
    """
    ids: dict[Rating, int] = {}
    for rating in RATINGS:
        pieces = encode(tokenizer, texts[rating])
        if len(pieces) != 1:
            raise ModelFolderError(
                f"{name}: the tokenizer makes {len(pieces)} tokens of the rating {texts[rating]!r}"
                f" ({tokenizer.convert_ids_to_tokens(pieces)}); a verifier needs a tokenizer in"
                f" which each of {', '.join(map(repr, texts.values()))} is one token"
            )
        if pieces[0] in ids.values() or pieces[0] == tokenizer.unk_token_id:
            raise ModelFolderError(
                f"{name}: the tokenizer has no token of its own for the rating {texts[rating]!r}"
                f" (it gives {tokenizer.convert_ids_to_tokens(pieces)[0]!r}); a verifier needs one"
            )
        ids[rating] = pieces[0]
    return ids
