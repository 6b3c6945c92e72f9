"""Models and heads out of a folder, without running anyone's code.

A published head is a few tensors beside the backbone's, under names that
`transformers` does not know and leaves alone. They are read by name.
"""

import json
from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils import logging as hf_logging

from surefoot.errors import ModelFolderError, UserError
from surefoot.generation.names import find_model

ADAPTER_FILE = "adapter_config.json"
_LORA_WEIGHTS = ("adapter_model.safetensors", "adapter_model.bin")


def load_backbone(
    folder: Path, *, is_causal: bool
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """A model ready to run, with its tokenizer; remote code in the folder is not looked at.

    Args:
        folder: Model folder, or one with a LoRA adapter that names its base.
        is_causal: With the language-model head; else the decoder alone.

    Raises:
        ModelFolderError: Something is missing or does not load.
    """
    base = lora_base(folder) if (folder / ADAPTER_FILE).is_file() else folder
    source = str(find_model(base))
    on_gpu = torch.cuda.is_available()
    before = hf_logging.get_verbosity()
    # Heads of other people are "unexpected" to it; bars would stand between ours.
    hf_logging.set_verbosity_error()
    had_bars = hf_logging.is_progress_bar_enabled()
    hf_logging.disable_progress_bar()
    try:
        config = AutoConfig.from_pretrained(source)
        rows = _rows_of_embedding(Path(source))
        if rows is not None:
            config.vocab_size = rows
        auto = AutoModelForCausalLM if is_causal else AutoModel
        dtype = "auto" if on_gpu else torch.float32
        model = auto.from_pretrained(source, config=config, dtype=dtype)
        tokenizer = AutoTokenizer.from_pretrained(source)
    except UserError:
        raise
    except Exception as error:  # transformers raises a dozen kinds for a bad file
        why = " ".join(str(error).split())[:200]
        raise ModelFolderError(f"{source}: cannot be loaded: {why}") from error
    finally:
        hf_logging.set_verbosity(before)
        if had_bars:
            hf_logging.enable_progress_bar()
    if base != folder:
        merge_lora(folder, model)
    if len(tokenizer) > model.get_input_embeddings().weight.shape[0]:
        raise ModelFolderError(
            f"{source}: the tokenizer knows {len(tokenizer)} tokens, the model only"
            f" {model.get_input_embeddings().weight.shape[0]}; the tokenizer is of another model"
        )
    return model.eval().to("cuda" if on_gpu else "cpu"), tokenizer


def tensor_names(folder: Path) -> set[str]:
    """Names of all tensors of a model folder; empty where it has no weights."""
    return set(_where(folder))


def tensor(folder: Path, name: str) -> Tensor | None:
    """A tensor by the end of its name (wrappers put prefixes before it); None: there is none.

    Args:
        folder: Model folder.
        name: Such as `score.0.weight`; matches `v.score.0.weight`, not `rescore.0.weight`.
    """
    where = _where(folder)
    key = next((key for key in where if key == name or key.endswith("." + name)), None)
    if key is None:
        return None
    path = where[key]
    if path.suffix == ".safetensors":
        with safe_open(path, framework="pt") as file:
            found: Tensor = file.get_tensor(key)
            return found
    loaded: Tensor = _load_bin(path)[key]
    return loaded


def head_tensors(folder: Path, *names: str) -> list[Tensor]:
    """The tensors of a head.

    Raises:
        ModelFolderError: One is missing.
    """
    found = []
    for name in names:
        value = tensor(folder, name)
        if value is None:
            raise ModelFolderError(f"{folder}: the weights hold no {name}, the verifier's head")
        found.append(value)
    return found


def _where(folder: Path) -> dict[str, Path]:
    """Name of each tensor -> file that holds it.

    Raises:
        ModelFolderError: A file of weights is damaged.
    """
    try:
        return _listed(folder)
    except Exception as error:  # both libraries raise kinds of their own for a bad file
        why = " ".join(str(error).split())[:200]
        raise ModelFolderError(f"{folder}: weights cannot be read: {why}") from error


def _listed(folder: Path) -> dict[str, Path]:
    for index in (*folder.glob("*.safetensors.index.json"), *folder.glob("*.bin.index.json")):
        listed = json.loads(index.read_text(encoding="utf-8"))["weight_map"]
        return {name: folder / file for name, file in listed.items()}
    found: dict[str, Path] = {}
    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(path, framework="pt") as file:
            found |= dict.fromkeys(file.keys(), path)
    if found:
        return found
    for path in sorted(folder.glob("*.bin")):
        found |= dict.fromkeys(_load_bin(path), path)
    return found


def _load_bin(path: Path) -> dict[str, Tensor]:
    loaded: dict[str, Tensor] = torch.load(path, map_location="cpu", mmap=True, weights_only=True)
    return loaded


def _rows_of_embedding(folder: Path) -> int | None:
    """Rows of the embedding as stored: more than in the config where tokens were added."""
    if not folder.is_dir():
        return None
    where = _where(folder)
    key = next((k for k in where if k.endswith(("embed_tokens.weight", "wte.weight"))), None)
    if key is None or where[key].suffix != ".safetensors":
        return None
    with safe_open(where[key], framework="pt") as file:
        return int(file.get_slice(key).get_shape()[0])


def lora_base(folder: Path) -> Path:
    """The base model that a LoRA adapter names: a folder, beside it or anywhere, or on the hub.

    Raises:
        ModelFolderError: It names none.
    """
    settings = json.loads((folder / ADAPTER_FILE).read_text(encoding="utf-8"))
    name = settings.get("base_model_name_or_path")
    if not name:
        raise ModelFolderError(f"{folder / ADAPTER_FILE}: base_model_name_or_path: is missing")
    beside = folder.parent / Path(name).name
    return beside if not Path(name).exists() and beside.is_dir() else Path(name)


@torch.no_grad()
def merge_lora(folder: Path, model: PreTrainedModel) -> None:
    """Adds a LoRA adapter's products to the weights that they belong to.

    Raises:
        ModelFolderError: It is another kind of adapter, or fits no weight.
    """
    settings = json.loads((folder / ADAPTER_FILE).read_text(encoding="utf-8"))
    odd = ("use_dora", "fan_in_fan_out", "rank_pattern", "alpha_pattern")
    if settings.get("peft_type", "LORA") != "LORA" or any(settings.get(name) for name in odd):
        raise ModelFolderError(f"{folder / ADAPTER_FILE}: only plain LoRA adapters are merged")
    path = next((folder / name for name in _LORA_WEIGHTS if (folder / name).is_file()), None)
    if path is None:
        raise ModelFolderError(f"{folder}: no adapter weights ({_LORA_WEIGHTS[0]})")
    rank = settings["r"]
    scale = settings["lora_alpha"] / (rank**0.5 if settings.get("use_rslora") else rank)
    names = [name for name in tensor_names(folder) if name.endswith("lora_A.weight")]
    for name in names:
        module = name.removeprefix("base_model.model.").removesuffix(".lora_A.weight")
        down, up = head_tensors(folder, name, name.replace("lora_A", "lora_B"))
        try:
            weight = model.get_submodule(module).weight
        except AttributeError:
            raise ModelFolderError(f"{folder}: the base model has no {module}") from None
        weight += (scale * (up.float() @ down.float())).to(weight)
    if not names:
        raise ModelFolderError(f"{path}: holds no LoRA weights")
