"""LoRA: small matrices are trained beside frozen weights, and added to them at the end.

Hu et al. 2021, arXiv:2106.09685. A verifier learns the output rows of its rating
tokens besides: a base may give these tokens next to no probability, and
matrices inside the layers cannot change how alike the rows of two tokens are. With
tied embeddings a token's input row is its output row, in training as in the
result. `peft` does the work; it is imported here only, when it is used.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel

from surefoot.errors import UserError

ADAPTER = "adapter"
"""Folder in the model's folder where the matrices are kept, if asked for."""


@dataclass(frozen=True, kw_only=True)
class Lora:
    """What is trained instead of all weights."""

    rank: int
    """Rank of the matrices, >= 1."""
    alpha: float | None = None
    """Their product weighs alpha / rank; None takes 2 * rank."""
    targets: tuple[str, ...] = ()
    """Names of the modules, such as `q_proj`; empty: every linear layer but the head."""
    keep_adapter: bool = False
    """Write the matrices too, beside the weights they have been added to."""

    def __post_init__(self) -> None:
        if self.rank < 1:
            raise UserError(f"--lora-rank: must be >= 1, got {self.rank}")
        if self.alpha is not None and not self.alpha > 0:
            raise UserError(f"--lora-alpha: must be > 0, got {self.alpha}")


class Adapter:
    """LoRA matrices in a model.

    Args:
        model: Changed in place: its weights are frozen, and it computes with the
            matrices, which change nothing yet. It stays the same object.
        lora: Their shape.
        rows: Tokens whose output rows are trained.
        seed: Of the matrices.
        bf16: Hold the frozen weights in bfloat16, in half the space of float32.

    Raises:
        UserError: `peft` is not installed, or no module has the name of a target.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        lora: Lora,
        rows: Sequence[int] = (),
        *,
        seed: int = 0,
        bf16: bool = False,
    ) -> None:
        try:
            from peft import LoraConfig, get_peft_model
        except ImportError as error:
            raise UserError(
                "--lora-rank: needs the package peft; pip install 'surefoot[lora]'"
            ) from error
        self.model, self.lora = model, lora
        _check_targets(model, lora.targets)
        for parameter in model.parameters():  # no buffers: rotary frequencies are float32
            parameter.data = parameter.data.to(torch.bfloat16 if bf16 else torch.float32)
        config = LoraConfig(
            r=lora.rank,
            lora_alpha=2 * lora.rank if lora.alpha is None else lora.alpha,
            target_modules=list(lora.targets) or "all-linear",
            trainable_token_indices={_rows_of(model): list(rows)} if rows else None,
            task_type="CAUSAL_LM",
        )
        with torch.random.fork_rng(), warnings.catch_warnings():
            torch.manual_seed(seed)
            # Of names that peft and transformers change between themselves.
            warnings.simplefilter("ignore", FutureWarning)
            self._peft: Any = get_peft_model(model, config)
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.data = parameter.data.float()

    def save(self, folder: Path) -> None:
        """Write the matrices as `peft` does, where that was asked for. Before `merge`."""
        if self.lora.keep_adapter:
            self._peft.save_pretrained(folder / ADAPTER, save_embedding_layers=False)

    def merge(self) -> None:
        """Add the matrices to the weights, in float32. The model is then an ordinary one.

        Weights held in bfloat16 may fill a GPU, and take twice the room now. So
        this is done in RAM, and the model stays there if it no longer fits.
        """
        device = self.model.device
        self.model.to("cpu")
        self.model.float()
        self._peft.merge_and_unload()
        if device.type == "cuda":
            free, _ = torch.cuda.mem_get_info(device)
            if free > 1.25 * 4 * self.model.num_parameters():
                self.model.to(device)
        vars(self.model).pop("peft_config", None)
        self.model.requires_grad_(True)


def _rows_of(model: PreTrainedModel) -> str:
    """Name of the module whose rows are the output rows of tokens."""
    tied = bool(getattr(model.config, "tie_word_embeddings", False))
    module: nn.Module = model.get_input_embeddings() if tied else model.get_output_embeddings()
    names: dict[int, str] = {id(one): name for name, one in model.named_modules()}
    return names[id(module)]


def _check_targets(model: PreTrainedModel, targets: Sequence[str]) -> None:
    linear = {name for name, module in model.named_modules() if isinstance(module, nn.Linear)}
    names = sorted({name.rpartition(".")[2] for name in linear})
    for target in targets:
        if not any(name == target or name.endswith(f".{target}") for name in linear):
            raise UserError(
                f"--lora-targets: the base has no linear layer {target!r}; it has"
                f" {', '.join(names)}"
            )
