"""Which format a folder is of, from what lies in it.

Heads tell most families apart: their tensors have names of their own. Families
that are plain language models differ in nothing but what they were trained on,
so there the name of the model has to say it.
"""

import json
from pathlib import Path
from typing import Any

import torch

from surefoot.errors import ModelFolderError
from surefoot.verifiers.formats.catalogue import IMPLICIT, OWN, format_names
from surefoot.verifiers.formats.texts import PQM_TAG
from surefoot.verifiers.formats.weights import ADAPTER_FILE, tensor, tensor_names
from surefoot.verifiers.settings import VERIFIER_FILE

_BY_NAME = {
    "math-shepherd": "math-shepherd",
    "prm-mistral-data": "rlhflow-prm",
    "prm-deepseek-data": "rlhflow-prm",
    "orm-mistral-data": "rlhflow-orm-mistral",
    "orm-deepseek-data": "rlhflow-orm-deepseek",
    "eurusprm": IMPLICIT,
    "implicitprm": IMPLICIT,
    "implicit-prm": IMPLICIT,
    "math-psa": "math-psa",
    "math_psa": "math-psa",
    "llama3.1-math-prm": "er-prm",
    "er-prm": "er-prm",
}
"""Part of a published model's name, in small letters -> format."""
_BLANK_LINE = ("pure", "jinachris", "prm-0.2")
"""Parts of the names of token classifiers that were trained with empty lines between steps."""


def recognise(folder: Path) -> str:
    """The format of a verifier folder.

    Raises:
        ModelFolderError: There is no such folder, or nothing in it tells; lists the formats.
    """
    if not folder.is_dir():
        raise ModelFolderError(f"{folder}: no such verifier folder")
    if (folder / VERIFIER_FILE).is_file():
        return OWN
    adapter, config = _json(folder / ADAPTER_FILE), _json(folder / "config.json")
    if not adapter and not config:
        raise ModelFolderError(
            f"{folder}: has neither {VERIFIER_FILE} nor config.json, so it is no verifier;"
            " `surefoot train prm` and `surefoot train orm` make one"
        )
    name = f"{folder.resolve().name} {config.get('_name_or_path', '')}".lower()
    found = _by_head(folder, config, name) or next(
        (known for part, known in _BY_NAME.items() if part in name), None
    )
    if found is None:
        raise ModelFolderError(
            f"{folder}: is not a verifier that can be told by its config, weights or name;"
            f" say with --verifier-format which it is: {', '.join(format_names())}"
        )
    return found


def _by_head(folder: Path, config: dict[str, Any], name: str) -> str | None:
    tensors = tensor_names(folder)

    def has(ending: str) -> bool:
        return any(key == ending or key.endswith("." + ending) for key in tensors)

    if has("score.0.weight") and has("score.2.weight"):
        return "qwen"
    if has("score_head.weight"):
        return "reasoneval-34b" if "score_dim" in config else "reasoneval-7b"
    if has("v_head.summary.weight"):
        return _by_value_head(folder, config, name)
    is_classifier = any(a.endswith("TokenClassification") for a in config.get("architectures", ()))
    if is_classifier and has("score.weight"):
        return "trl-blank-line" if any(part in name for part in _BLANK_LINE) else "trl"
    return "llemma" if _has_repeated_head(folder) else None


def _by_value_head(folder: Path, config: dict[str, Any], name: str) -> str | None:
    files = ("tokenizer.json", "added_tokens.json", "tokenizer_config.json")
    texts = [(folder / f).read_text(encoding="utf-8") for f in files if (folder / f).is_file()]
    if "pqm" in name or any(f'"{PQM_TAG}"' in text for text in texts):
        return "pqm"
    architectures = config.get("architectures") or ()
    is_qwen = config.get("model_type") == "qwen2" or "Qwen2ForPrmModel" in architectures
    return "skywork" if is_qwen else None


def _has_repeated_head(folder: Path) -> bool:
    """Whether the output head is two rows over and over, which no language model's is."""
    head = tensor(folder, "lm_head.weight")
    return head is not None and len(head) >= 6 and torch.equal(head[:2].repeat(2, 1), head[2:6])


def _json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelFolderError(f"{path}: is not JSON ({error})") from None
    if not isinstance(found, dict):
        raise ModelFolderError(f"{path}: is not a JSON object")
    return found
