"""Tiny random models and tokenizers in the shape of each published family, saved as folders.

The tokenizers have the special tokens and the kind of splitting of the real
ones (byte-level with runs of newlines kept together; word pieces that carry the
space before them, an opening token and single newlines); the weights are random.
"""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from torch import nn
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen2ForTokenClassification,
)

TEXT = """\
Please reason step by step, and put your final answer within \\boxed{}.
Question: What is 2 + 3 - 1? Answer: Let's think step by step.
Step 1: add 2 and 3. ки
Step 2: 2 + 3 = 5 + ки
Step 3: 5 - 1 = 4 - ки

# Solution

# Answer 4 \n\n\n\n\n Below is an instruction that describes a task.
"""
SHAPE: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 1024,
    # The usual 0.02 would make the layers whisper: a wrong position would hardly show.
    "initializer_range": 0.3,
}
QWEN_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CHATML = (
    "{% if messages[0]['role'] != 'system' %}<|im_start|>system\nBe kind.<|im_end|>\n{% endif %}"
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
)
LLAMA_CHAT = (
    "{{ bos_token }}{% for m in messages %}<|start_header_id|>{{ m['role'] }}<|end_header_id|>\n\n"
    "{{ m['content'] | trim }}<|eot_id|>{% endfor %}"
)


def byte_level(special: list[str], chat: str, **tokens: str) -> PreTrainedTokenizerFast:
    """As Qwen's and Llama 3's: bytes, words with the space before them, runs of newlines."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(QWEN_SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=420,
        special_tokens=special,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator([TEXT] * 20, trainer)
    found = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, clean_up_tokenization_spaces=False, **tokens
    )
    found.chat_template = chat
    return found


def qwen_tokenizer() -> PreTrainedTokenizerFast:
    return byte_level(
        ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<extra_0>"],
        CHATML,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
    )


def llama3_tokenizer() -> PreTrainedTokenizerFast:
    tokenizer = byte_level(
        ["<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"],
        LLAMA_CHAT,
        bos_token="<|begin_of_text|>",
        eos_token="<|eot_id|>",
    )
    opening = processors.TemplateProcessing(
        single="<|begin_of_text|> $A", special_tokens=[("<|begin_of_text|>", 0)]
    )
    # The real one trims the spaces of what it reports as a token's characters.
    both = processors.Sequence([processors.ByteLevel(trim_offsets=True), opening])
    tokenizer.backend_tokenizer.post_processor = both
    return tokenizer


def sentence_piece(pad: str | None = None) -> PreTrainedTokenizerFast:
    """As Llama 1's and Mistral's: a space is part of the word after it, an opening token."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Metaspace(prepend_scheme="first"),
            pre_tokenizers.Split("\n", "isolated"),
        ]
    )
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<unk>", "<s>", "</s>"],
        initial_alphabet=[chr(code) for code in range(32, 127)],
        show_progress=False,
    )
    tokenizer.train_from_iterator([TEXT] * 20, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 1)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="<unk>",
        bos_token="<s>",
        eos_token="</s>",
        pad_token=pad,
        clean_up_tokenization_spaces=False,
    )


def seeded(kind: Any, config: Any, seed: int = 0) -> Any:
    """A random model in eval mode."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return kind(config).eval()


def seeded_linear(n_in: int, n_out: int, seed: int = 1) -> nn.Linear:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        linear = nn.Linear(n_in, n_out)
        nn.init.normal_(linear.weight, std=0.5)
        return linear


def save(folder: Path, model: Any, tokenizer: Any, **config: Any) -> Path:
    """Saves both and changes `config.json`."""
    folder.mkdir(parents=True)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return change_config(folder, **config)


def change_config(folder: Path, **config: Any) -> Path:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **config}))
    return folder


def add_tensors(folder: Path, tensors: dict[str, torch.Tensor]) -> None:
    """Puts tensors beside those of the model, in a sharded layout as large models have."""
    inside = load_file(folder / "model.safetensors")
    shards = {"model-00001-of-00002.safetensors": inside, "model-00002-of-00002.safetensors": {}}
    shards["model-00002-of-00002.safetensors"] = {k: v.detach() for k, v in tensors.items()}
    for name, part in shards.items():
        save_file(part, folder / name, metadata={"format": "pt"})
    (folder / "model.safetensors").unlink()
    where = {key: name for name, part in shards.items() for key in part}
    index = {"metadata": {}, "weight_map": where}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def qwen2(tokenizer: Any, **more: Any) -> Any:
    config = Qwen2Config(
        vocab_size=len(tokenizer), bos_token_id=None, eos_token_id=2, pad_token_id=0, **SHAPE
    )
    return seeded(Qwen2ForCausalLM, config, **more)


def qwen2_classifier(tokenizer: Any, n_labels: int = 2) -> Any:
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        bos_token_id=None,
        eos_token_id=2,
        pad_token_id=0,
        num_labels=n_labels,
        **SHAPE,
    )
    return seeded(Qwen2ForTokenClassification, config)


def llama(tokenizer: Any, **more: Any) -> Any:
    config = LlamaConfig(
        vocab_size=len(tokenizer), bos_token_id=1, eos_token_id=2, pad_token_id=0, **SHAPE
    )
    return seeded(LlamaForCausalLM, config, **more)


def mistral(tokenizer: Any, **more: Any) -> Any:
    config = MistralConfig(
        vocab_size=len(tokenizer),
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=0,
        sliding_window=None,
        **SHAPE,
    )
    return seeded(MistralForCausalLM, config, **more)
