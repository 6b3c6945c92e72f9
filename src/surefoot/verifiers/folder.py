"""A verifier on disk: a Hugging Face model folder with one more small file."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from surefoot.generation.folder import load_model, save_model
from surefoot.records import RATINGS, Rating
from surefoot.verifiers.rating_tokens import rating_token_ids
from surefoot.verifiers.readout import check_readout
from surefoot.verifiers.settings import VERIFIER_FILE, VerifierSettings, read_settings


@dataclass(frozen=True, kw_only=True)
class Verifier:
    """A verifier in memory."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    settings: VerifierSettings
    rating_ids: dict[Rating, int]
    """Rating -> token id, in the order -1, 0, +1."""
    name: str


def load_verifier(name: str | Path) -> Verifier:
    """A verifier from its folder, ready to score.

    Raises:
        ModelFolderError: The folder is no model folder, `verifier.json` is
            missing or holds something else than it should, or the tokenizer
            splits a rating token.
    """
    settings = read_settings(Path(name))
    model, tokenizer = load_model(name)
    texts: dict[Rating, str] = {r: settings.rating_tokens[str(r)] for r in RATINGS}
    rating_ids = rating_token_ids(tokenizer, texts, str(name))
    check_readout(model, str(name))
    return Verifier(
        model=model,
        tokenizer=tokenizer,
        settings=settings,
        rating_ids=rating_ids,
        name=str(name),
    )


def save_verifier(
    folder: Path,
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    settings: VerifierSettings,
) -> None:
    """Write weights, tokenizer and `verifier.json` into an existing folder."""
    save_model(folder, model, tokenizer)
    text = json.dumps(asdict(settings), indent=2, ensure_ascii=False) + "\n"
    (folder / VERIFIER_FILE).write_text(text, encoding="utf-8")
