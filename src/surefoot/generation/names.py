"""What a model is called: a folder, a model in the package, or one on the hub.

`nano` and `pico` name the small base models in the package. Loads no torch.
"""

import os
from pathlib import Path

from surefoot.errors import ModelFolderError

SHIPPED = ("nano", "pico")
SHIPPED_MODELS = Path(__file__).resolve().parent.parent / "models"
_WEIGHTS = ("*.safetensors", "*.safetensors.index.json", "pytorch_model*.bin")
_TOKENIZER = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt", "spiece.model")


def find_model(name: str | Path) -> Path | str:
    """The model folder that a name stands for, or the hub name itself.

    Raises:
        ModelFolderError: It is neither a model folder nor looks like a hub name.
    """
    if str(name) in SHIPPED and not Path(name).exists():
        return _check_folder(SHIPPED_MODELS / name)
    path = Path(name)
    if path.exists() or not _looks_like_hub_name(str(name)):
        return _check_folder(path)
    return str(name)


def _looks_like_hub_name(name: str) -> bool:
    """Whether it is `owner/model`, and not a path such as `./m` or `/a/b/c`."""
    parts = name.split("/")
    offline = os.environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on")
    is_path = name.startswith((".", "/", "~", "\\")) or Path(parts[0]).is_dir()
    return len(parts) == 2 and all(parts) and not is_path and not offline


def _check_folder(path: Path) -> Path:
    if not path.exists():
        raise ModelFolderError(f"{path}: no such model folder")
    if not path.is_dir():
        raise ModelFolderError(f"{path}: not a folder; a model is a folder with config.json")
    if not (path / "config.json").is_file():
        raise ModelFolderError(f"{path}: not a model folder: config.json is missing")
    if not any(any(path.glob(pattern)) for pattern in _WEIGHTS):
        raise ModelFolderError(f"{path}: no weights in this model folder (model.safetensors)")
    if not any((path / file).is_file() for file in _TOKENIZER):
        raise ModelFolderError(f"{path}: no tokenizer in this model folder (tokenizer.json)")
    return path
