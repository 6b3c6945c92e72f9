"""Generators on disk: ordinary Hugging Face model folders.

Reads: a folder with `config.json`, weights and a tokenizer, as `transformers`
saves it. Nothing here is particular to one architecture.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils import logging as hf_logging

from surefoot.errors import ModelFolderError
from surefoot.generation.names import find_model


def load_model(
    name: str | Path, *, device: str | None = None
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Loads a causal language model and its tokenizer, ready to run.

    Args:
        name: `nano` or `pico` (shipped in the package), a model folder, or the name of a
            model on the hub (`Qwen/Qwen2.5-0.5B`; needs a network or a filled
            cache). An existing folder wins over a hub name.
        device: `cpu` or `cuda`; None takes a GPU if there is one.

    Returns:
        The model in eval mode, in float32 on a CPU and in the folder's own
        precision on a GPU, and the tokenizer.

    Raises:
        ModelFolderError: There is no such folder, or it lacks `config.json`,
            weights or a tokenizer, or holds ones that do not load.
    """
    path = find_model(name)
    source = str(path)
    on_gpu = torch.cuda.is_available() if device is None else device != "cpu"
    config = _load(source, "config.json", lambda: AutoConfig.from_pretrained(source))
    tokenizer = _load(source, "tokenizer", lambda: AutoTokenizer.from_pretrained(source))
    model = _load(
        source,
        "weights",
        lambda: AutoModelForCausalLM.from_pretrained(
            source, config=config, dtype="auto" if on_gpu else torch.float32
        ),
    )
    _check_vocabulary(source, model, tokenizer)
    return model.eval().to("cuda" if on_gpu else "cpu"), tokenizer


def save_model(folder: Path, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
    """Writes the model and its tokenizer into an existing folder."""
    with _without_bars():
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)


def _load(source: str, part: str, load: Callable[[], Any]) -> Any:
    """Runs a loader; whatever it raises becomes one line that names the folder."""
    try:
        with _without_bars():
            return load()
    except Exception as error:  # transformers raises a dozen kinds for a bad file
        why = " ".join(str(error).split())[:200]
        raise ModelFolderError(f"{source}: {part} cannot be loaded: {why}") from error


@contextmanager
def _without_bars() -> Iterator[None]:
    """Without the bars that `transformers` draws for its files: they would stand between ours."""
    had_bars = hf_logging.is_progress_bar_enabled()
    hf_logging.disable_progress_bar()
    try:
        yield
    finally:
        if had_bars:
            hf_logging.enable_progress_bar()


def _check_vocabulary(source: str, model: Any, tokenizer: Any) -> None:
    n_rows = model.get_input_embeddings().weight.shape[0]
    if len(tokenizer) > n_rows:
        raise ModelFolderError(
            f"{source}: the tokenizer knows {len(tokenizer)} tokens, the model only {n_rows}; "
            "the tokenizer is of another model"
        )


def encode(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """Token ids of a text; no special token is added."""
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def decode(tokenizer: PreTrainedTokenizerBase, tokens: list[int]) -> str:
    """The text of tokens, special ones and spaces as they stand."""
    if tokenizer.is_fast:  # the same text, without a look at the type of every token
        return str(tokenizer.backend_tokenizer.decode(tokens, skip_special_tokens=False))
    return str(tokenizer.decode(tokens, clean_up_tokenization_spaces=False))


def encode_prompt(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """Token ids of a text that begins a document.

    A tokenizer that opens every text with a beginning-of-text token (Llama's
    does, Qwen's does not) opens this one with it too: such models are at a loss
    without. Nothing is added at the end.
    """
    bos = tokenizer.bos_token_id
    opens = bos is not None and list(tokenizer("")["input_ids"])[:1] == [bos]
    return [bos, *encode(tokenizer, text)] if opens else encode(tokenizer, text)
