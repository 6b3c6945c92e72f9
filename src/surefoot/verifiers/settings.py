r"""`verifier.json`: what a model was trained to predict, and how it is read.

    {"kind": "prm", "step_separator": "\n", "rating_tokens": {"-1": "-", "0": "0", "1": "+"},
     "aggregation": "product", "neutral": "positive", "prompt": "review", "temperature": 1.0}

It makes a Hugging Face model folder a verifier. Loads no torch.
"""

import json
import math
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args

from surefoot.errors import ModelFolderError
from surefoot.records import RATINGS, Rating, VerifierKind
from surefoot.steps import STEP_SEPARATOR
from surefoot.verifiers.aggregate import Aggregation, Neutral

VERIFIER_FILE = "verifier.json"
RATING_TOKENS: dict[Rating, str] = {-1: "-", 0: "0", 1: "+"}
"""Of a verifier that is trained here."""


@dataclass(frozen=True, kw_only=True)
class VerifierSettings:
    """What `verifier.json` holds."""

    kind: VerifierKind
    """`prm` rates steps, `orm` predicts a right final answer at every token."""
    step_separator: str = STEP_SEPARATOR
    """Ends each step; a step's rating is read at its last token."""
    rating_tokens: dict[str, str] = field(
        default_factory=lambda: {str(rating): text for rating, text in RATING_TOKENS.items()}
    )
    """Rating -> text of its token. An ORM uses those of -1 and 1."""
    aggregation: Aggregation = "product"
    """How step scores make the solution score, unless asked otherwise (PRM)."""
    neutral: Neutral = "positive"
    """Whether a neutral step counts as right, unless asked otherwise (PRM)."""
    prompt: Literal["review"] = "review"
    """Form of the text before the steps: `surefoot.steps.review_prompt`."""
    temperature: float = 1.0
    """What the rating tokens' logits are divided by: `surefoot.verifiers.calibration`."""


def read_settings(folder: Path) -> VerifierSettings:
    """The checked content of a folder's `verifier.json`.

    Raises:
        ModelFolderError: It is missing, not JSON, or a value is not allowed.
    """
    path = folder / VERIFIER_FILE
    if not folder.is_dir():
        raise ModelFolderError(f"{folder}: no such verifier folder")
    if not path.is_file():
        raise ModelFolderError(
            f"{folder}: has no {VERIFIER_FILE}, so it is no verifier;"
            " `surefoot train prm` and `surefoot train orm` make one"
        )
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelFolderError(f"{path}: is not JSON ({error})") from None
    if not isinstance(found, dict) or "kind" not in found:
        raise ModelFolderError(f"{path}: kind: is missing")
    for name, value in found.items():
        _check_setting(path, name, value)
    return VerifierSettings(**found)


def _check_setting(path: Path, name: str, value: Any) -> None:
    allowed: dict[str, tuple[Any, ...]] = {
        "kind": get_args(VerifierKind),
        "aggregation": get_args(Aggregation),
        "neutral": get_args(Neutral),
        "step_separator": (STEP_SEPARATOR,),
        "prompt": ("review",),
    }
    if name not in {f.name for f in fields(VerifierSettings)}:
        raise ModelFolderError(f"{path}: {name}: unknown setting")
    if name == "rating_tokens":
        wanted = {str(rating) for rating in RATINGS}
        if not isinstance(value, dict) or set(value) != wanted:
            raise ModelFolderError(f'{path}: rating_tokens: needs a text for "-1", "0" and "1"')
    elif name == "temperature":
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not math.isfinite(value) or value <= 0:
            raise ModelFolderError(f"{path}: temperature: must be a number above 0, got {value!r}")
    elif value not in allowed[name]:
        choices = ", ".join(map(repr, allowed[name]))
        raise ModelFolderError(f"{path}: {name}: must be one of {choices}, got {value!r}")
