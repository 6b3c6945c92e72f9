"""From a model's state at a step's end to the chances that the step is wrong, neutral, right.

Each function loads one kind of head and returns how it is read: (K, D) states
to (K, 3) chances of the ratings -1, 0, +1. A head that knows only right and
wrong gives (1 - p, 0, p).
"""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import torch
from torch import Tensor
from torch.nn import functional
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from surefoot.errors import ModelFolderError
from surefoot.generation.folder import encode
from surefoot.verifiers.formats.readings import one_token
from surefoot.verifiers.formats.weights import head_tensors, tensor
from surefoot.verifiers.readout import check_readout, head_logits
from surefoot.verifiers.scoring import Read

LoadHead: TypeAlias = Callable[[Path, PreTrainedModel, PreTrainedTokenizerBase], Read]


def pair_together(text: str) -> LoadHead:
    """The logits of two tokens, right then wrong, which `text` holds and nothing else.

    Args:
        text: Such as `+ -`, tokenised whole, as the published code does.
    """

    def load(folder: Path, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> Read:
        ids = encode(tokenizer, text)
        if len(ids) != 2 or ids[0] == ids[1]:
            raise ModelFolderError(
                f"{folder}: the tokenizer makes {len(ids)} tokens of {text!r}, but this verifier"
                " format needs two; it is not the tokenizer of this format"
            )
        return _read_pair(folder, model, right=ids[0], wrong=ids[1])

    return load


def pair_apart(right: str, wrong: str) -> LoadHead:
    """The logits of two tokens, each tokenised alone."""

    def load(folder: Path, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> Read:
        ids = one_token(tokenizer, right), one_token(tokenizer, wrong)
        return _read_pair(folder, model, right=ids[0], wrong=ids[1])

    return load


def _read_pair(folder: Path, model: PreTrainedModel, *, right: int, wrong: int) -> Read:
    check_readout(model, str(folder))
    tokens = torch.tensor([wrong, right], device=model.device)

    def read(states_KD: Tensor) -> Tensor:
        return _two_way(head_logits(model, states_KD, tokens).double().softmax(dim=1)[:, 1])

    return read


def qwen(folder: Path, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> Read:
    """Linear, ReLU, Linear to (wrong, right)."""
    names = ("score.0.weight", "score.0.bias", "score.2.weight", "score.2.bias")
    up, up_bias, down, down_bias = _on(model, head_tensors(folder, *names))
    if len(down) != 2:
        raise ModelFolderError(
            f"{folder}: score.2.weight has {len(down)} rows; a PRM of this format has 2"
        )

    def read(states_KD: Tensor) -> Tensor:
        hidden = functional.linear(states_KD.float(), up, up_bias).relu()
        return _two_way(functional.linear(hidden, down, down_bias).double().softmax(dim=1)[:, 1])

    return read


def classifier(folder: Path, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> Read:
    """Linear to (wrong, right): the head of token classification."""
    linear = _linear(folder, model, "score", 2)

    def read(states_KD: Tensor) -> Tensor:
        return _two_way(linear(states_KD).double().softmax(dim=1)[:, 1])

    return read


def three_ratings(folder: Path, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> Read:
    """Linear to (negative, neutral, positive)."""
    linear = _linear(folder, model, "score_head", 3)
    return lambda states_KD: linear(states_KD).double().softmax(dim=1)


def value(folder: Path, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> Read:
    """Linear to one value, the sigmoid of which is the chance; the head of TRL's value models."""
    linear = _linear(folder, model, "v_head.summary", 1)
    return lambda states_KD: _two_way(linear(states_KD)[:, 0].double().sigmoid())


def mean_of_logits(
    folder: Path, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase
) -> Read:
    """Sigmoid of the mean of all logits: two rows repeated stand in for the vocabulary."""
    head = model.get_output_embeddings()
    if head is None:
        raise ModelFolderError(f"{folder}: has no language-model head")
    check_readout(model, str(folder))
    # The mean of the logits is the logit of the mean row.
    row = head.weight.double().mean(dim=0)

    def read(states_KD: Tensor) -> Tensor:
        return _two_way((states_KD.double() @ row).sigmoid())

    return read


def _linear(
    folder: Path, model: PreTrainedModel, name: str, n_rows: int
) -> Callable[[Tensor], Tensor]:
    (weight,) = _on(model, head_tensors(folder, f"{name}.weight"))
    if len(weight) != n_rows:
        raise ModelFolderError(
            f"{folder}: {name}.weight has {len(weight)} rows; this verifier format has {n_rows}"
        )
    found = tensor(folder, f"{name}.bias")
    bias = None if found is None else _on(model, [found])[0]
    return lambda states_KD: functional.linear(states_KD.float(), weight, bias)


def _on(model: PreTrainedModel, tensors: list[Tensor]) -> list[Tensor]:
    return [t.to(device=model.device, dtype=torch.float32) for t in tensors]


def _two_way(right_K: Tensor) -> Tensor:
    return torch.stack([1 - right_K, torch.zeros_like(right_K), right_K], dim=1)
