"""Is a model computed rightly here?

`transformers` holds hundreds of architectures, and new ones may do anything with
their cache, positions or masks. Before an engine samples from a model it compares
a few steps of its own with the model's plain, uncached pass.
"""

from weakref import WeakSet

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedModel

from surefoot.errors import UserError
from surefoot.generation.attention import decode_step, using_shared_prompts
from surefoot.generation.cache import SharedPromptCache
from surefoot.generation.prefill import prefill

_STEPS = 3
_TOLERANCE = {torch.float32: 1e-3, torch.float64: 1e-3}
"""Largest difference allowed, as a share of the spread of the logits."""
_COARSE_TOLERANCE = 0.1
"""For half precision."""
_checked: WeakSet[PreTrainedModel] = WeakSet()


def check_model(model: PreTrainedModel) -> None:
    """Compares shared-prompt decoding with the model's own pass, once a model.

    Raises:
        UserError: They differ, or the model cannot be run in this way.
    """
    if model in _checked:
        return
    kind = getattr(model.config, "model_type", type(model).__name__)
    advice = f"{kind}: this kind of model cannot be sampled in process"
    try:
        error = largest_difference(model)
    except UserError:
        raise
    except Exception as failure:  # whatever an architecture makes of our cache
        why = " ".join(str(failure).split())[:200]
        raise UserError(f"{advice} ({type(failure).__name__}: {why})") from failure
    if not error <= _TOLERANCE.get(model.dtype, _COARSE_TOLERANCE):
        raise UserError(f"{advice}: its logits come out wrong by {error:.2g} of their spread")
    _checked.add(model)


def largest_difference(model: PreTrainedModel) -> float:
    """Largest error of a logit over a few steps, as a share of the logits' spread."""
    n_tokens = model.get_output_embeddings().weight.shape[0]
    texts = [_tokens(length, n_tokens, start) for start, length in enumerate((9, 9, 6))]
    texts[1][: 9 - _STEPS] = texts[0][: 9 - _STEPS]  # two rows with one prompt
    prompts = [texts[0][:-_STEPS], texts[2][:-_STEPS]]
    groups = [0, 0, 1]
    own = torch.tensor([text[-_STEPS:] for text in texts], device=model.device)
    worst = 0.0
    with torch.inference_mode():
        cache = SharedPromptCache(
            len(texts), shares_prompts=bool(model._supports_attention_backend)
        )
        steps: list[Tensor] = []
        with using_shared_prompts(model):
            prefilled = prefill(model, prompts)
            for prompt in prefilled:
                cache.add_group(prompt.layers)
            for row, group in enumerate(groups):
                cache.start_row(row, group)
            steps.append(torch.stack([prefilled[group].logits for group in groups]))
            for step in range(_STEPS):
                steps.append(decode_step(model, cache, own[:, step], len(texts)))
        for row, text in enumerate(texts):
            ids = torch.tensor([text], device=model.device)
            plain = model(ids, use_cache=False).logits[0, -_STEPS - 1 :].float()
            ours = torch.stack([logits[row] for logits in steps]).float()
            spread = float((plain.amax(-1) - plain.amin(-1)).max())
            worst = max(worst, float((ours - plain).abs().max()) / max(spread, 1e-9))
    return worst if np.isfinite(worst) else float("inf")


def _tokens(length: int, n_tokens: int, start: int) -> list[int]:
    """Any tokens, different for each `start`."""
    return [(7 * start + 31 * index + 3) % n_tokens for index in range(length)]
