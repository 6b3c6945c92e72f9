"""Rating tokens must be single tokens of the tokenizer."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from surefoot.errors import ModelFolderError
from surefoot.generation.folder import load_model
from surefoot.records import Rating
from surefoot.verifiers.folder import load_verifier, save_verifier
from surefoot.verifiers.rating_tokens import rating_token_ids
from surefoot.verifiers.settings import RATING_TOKENS, VerifierSettings


@pytest.fixture(scope="module")
def tokenizer(tiny_folder: Path) -> Any:
    return load_model(tiny_folder)[1]


def test_ids_stand_for_the_texts_in_order(tokenizer: Any) -> None:
    ids = rating_token_ids(tokenizer, RATING_TOKENS, "tiny")
    assert list(ids) == [-1, 0, 1]
    assert [tokenizer.decode([i]) for i in ids.values()] == ["-", "0", "+"]


def test_a_split_token_is_named_with_its_tokenizer(tokenizer: Any) -> None:
    texts: dict[Rating, str] = {-1: "bad", 0: "0", 1: "+"}
    with pytest.raises(ModelFolderError, match=r"my/model: the tokenizer makes 3 tokens.*'bad'"):
        rating_token_ids(tokenizer, texts, "my/model")


def test_two_ratings_cannot_share_a_token(tokenizer: Any) -> None:
    with pytest.raises(ModelFolderError, match="no token of its own"):
        rating_token_ids(tokenizer, {-1: "-", 0: "+", 1: "+"}, "tiny")


def test_a_word_tokenizer_without_the_signs_is_refused() -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    inner = Tokenizer(models.WordLevel({"[UNK]": 0, "a": 1}, unk_token="[UNK]"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    words = PreTrainedTokenizerFast(tokenizer_object=inner, unk_token="[UNK]")
    with pytest.raises(ModelFolderError, match="no token of its own for the rating '-'"):
        rating_token_ids(words, RATING_TOKENS, "words")


@pytest.fixture
def verifier_folder(tiny_folder: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "verifier"
    folder.mkdir()
    save_verifier(folder, *load_model(tiny_folder), VerifierSettings(kind="prm"))
    return folder


def test_a_verifier_comes_back_as_it_was_saved(verifier_folder: Path) -> None:
    verifier = load_verifier(verifier_folder)
    assert verifier.settings == VerifierSettings(kind="prm")
    assert json.loads((verifier_folder / "verifier.json").read_text()) == {
        "kind": "prm",
        "step_separator": "\n",
        "rating_tokens": {"-1": "-", "0": "0", "1": "+"},
        "aggregation": "product",
        "neutral": "positive",
        "prompt": "review",
        "temperature": 1.0,
    }


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("kind", "rm", "kind: must be one of 'prm', 'orm', got 'rm'"),
        ("aggregation", "max", "aggregation: must be one of"),
        ("rating_tokens", {"-1": "-"}, "rating_tokens: needs a text"),
        ("rating_tokens", {"-1": "bad", "0": "0", "1": "+"}, "makes 3 tokens"),
        ("speed", 1, "speed: unknown setting"),
    ],
)
def test_a_wrong_setting_is_named(
    verifier_folder: Path, name: str, value: Any, message: str
) -> None:
    path = verifier_folder / "verifier.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), name: value}))
    with pytest.raises(ModelFolderError, match=message):
        load_verifier(verifier_folder)


def test_folders_that_are_no_verifiers(
    verifier_folder: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(ModelFolderError, match="no such verifier folder"):
        load_verifier(tmp_path / "nowhere")
    with pytest.raises(ModelFolderError, match=r"has no verifier\.json"):
        load_verifier(tiny_folder)
    without_weights = tmp_path / "light"
    shutil.copytree(verifier_folder, without_weights)
    (without_weights / "model.safetensors").unlink()
    with pytest.raises(ModelFolderError, match="no weights"):
        load_verifier(without_weights)
    (verifier_folder / "verifier.json").write_text("{")
    with pytest.raises(ModelFolderError, match="is not JSON"):
        load_verifier(verifier_folder)
