"""Sampling written down plainly: one row, no cache, NumPy; and small models of several kinds."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import transformers
from numpy.typing import NDArray
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from surefoot.generation.noise import uniform_noise
from surefoot.generation.stopping import end_of_solution

VOCABULARY = ("<|end|>", "\n", "# Answer", "1", "2", "3", "+", "=", " ", "a", "b", "\n\n")


def word_tokenizer() -> Any:
    """Twelve tokens, one a word; a word is what stands between bars."""
    words = Tokenizer(models.WordLevel({word: i for i, word in enumerate(VOCABULARY)}))
    words.pre_tokenizer = pre_tokenizers.Split("|", "removed")
    words.decoder = decoders.Fuse()
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=words, eos_token=VOCABULARY[0], pad_token=VOCABULARY[0]
    )


_ENDS = {"eos_token_id": 0, "bos_token_id": None, "pad_token_id": 0}
_SHAPE = {
    "vocab_size": len(VOCABULARY),
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 96,
    "initializer_range": 0.4,
}
_GPT2 = {"vocab_size": len(VOCABULARY), "n_embd": 16, "n_layer": 2, "n_head": 4, "n_positions": 96}
KINDS: dict[str, dict[str, Any]] = {
    "Qwen3": {**_SHAPE, "num_key_value_heads": 1, "head_dim": 8},
    "Qwen2": {**_SHAPE, "num_key_value_heads": 2},
    "Llama": {**_SHAPE, "num_key_value_heads": 4},
    "GPTNeoX": _SHAPE,
    "GPT2": {**_GPT2, "initializer_range": 0.4},
    # Does its own attention, outside the registry of `transformers`.
    "GPTJ": {**_GPT2, "rotary_dim": 4, "initializer_range": 0.4},
}


def random_model(kind: str = "Qwen3", **changes: Any) -> Any:
    """A model with random weights, the same ones every time."""
    config = getattr(transformers, f"{kind}Config")(**{**KINDS[kind], **_ENDS, **changes})
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return transformers.AutoModelForCausalLM.from_config(config).eval()


def sample_plainly(
    model: Any,
    tokenizer: Any,
    prompt: Sequence[int],
    key: str,
    *,
    max_tokens: int,
    seed: int = 0,
    temperature: float = 1.0,
    top_p: float = 1.0,
) -> tuple[list[int], float, str]:
    """Tokens, log-probability and finish of one continuation."""
    noise = uniform_noise(seed, key, max_tokens)
    tokens: list[int] = []
    log_probability = 0.0
    for number in noise:
        with torch.inference_mode():
            logits = model(torch.tensor([[*prompt, *tokens]]), use_cache=False).logits[0, -1]
        chances = softmax(logits.double().numpy())
        token = pick(tempered(logits.double().numpy(), temperature, top_p), float(number))
        tokens.append(token)
        log_probability += float(np.log(chances[token]))
        text = tokenizer.decode(tokens)
        if token == tokenizer.eos_token_id or end_of_solution(text) is not None:
            return tokens, log_probability, "stop"
    return tokens, log_probability, "length"


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    weights = np.exp(logits - logits.max())
    return np.asarray(weights / weights.sum())


def tempered(logits: NDArray[np.float64], temperature: float, top_p: float) -> NDArray[np.float64]:
    """The distribution that is sampled from, by the textbook."""
    if temperature == 0.0:
        return np.asarray(np.eye(len(logits))[int(logits.argmax())])
    chances = softmax(logits / temperature)
    kept: list[int] = []
    for token in sorted(range(len(chances)), key=lambda t: -chances[t]):
        if sum(chances[kept]) >= top_p:
            break
        kept.append(token)
    nucleus = np.zeros_like(chances)
    nucleus[kept] = chances[kept]
    return np.asarray(nucleus / nucleus.sum())


def pick(chances: NDArray[np.float64], number: float) -> int:
    """The first token up to which more than `number` of the distribution lies."""
    total = 0.0
    for token, chance in enumerate(chances):
        total += chance
        if total > number:
            return token
    return int(np.flatnonzero(chances)[-1])
