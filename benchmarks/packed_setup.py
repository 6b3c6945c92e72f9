"""What `score_packed.py` and `train_packed.py` share: data, backbones, and how to measure.

Data: PRM800K phase 1 as published. Its raters were shown several alternatives of a
step; a walk that takes any alternative at each step is a solution, and 64 walks
share beginnings as samples of one generator do. No tokenizer of a real model is
here, so one with 30,000 tokens is trained on the texts themselves.
"""

import json
import random
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from torch.nn import functional
from transformers import PreTrainedTokenizerFast, Qwen2Config

VOCABULARY = 151_936
BACKBONES: dict[str, dict[str, int]] = {
    # Head width, head counts and the MLP's share are those of Qwen2.5-0.5B.
    "a": {
        "hidden_size": 256,
        "intermediate_size": 1408,
        "num_hidden_layers": 8,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
    },
    "b": {
        "hidden_size": 896,
        "intermediate_size": 4864,
        "num_hidden_layers": 6,
        "num_attention_heads": 14,
        "num_key_value_heads": 2,
    },
}


def config(backbone: str, **more: Any) -> Qwen2Config:
    """The Qwen2 configuration of a backbone."""
    return Qwen2Config(
        vocab_size=VOCABULARY,
        max_position_embeddings=8192,
        tie_word_embeddings=True,
        bos_token_id=None,
        pad_token_id=0,
        **BACKBONES[backbone],
        **more,
    )


def phase1(data: Path, part: str = "test") -> list[dict[str, Any]]:
    """Published rows of PRM800K phase 1."""
    lines = (data / "prm800k" / f"phase1_{part}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def step_text(text: str) -> str:
    """A step on one line, as our step format has it."""
    return " ".join(part.strip() for part in text.split("\n") if part.strip())


def walks(row: dict[str, Any], n: int) -> list[list[str]]:
    """Solutions made of alternatives taken at random, step after step."""
    draw = random.Random(row["question"]["problem"])
    found = []
    for _ in range(n):
        steps: list[str] = []
        for step in row["label"]["steps"]:
            offered = step["completions"] or [step["human_completion"]]
            chosen = draw.choice(offered)
            if chosen is None:
                break
            steps.append(step_text(chosen["text"]))
            if "# Answer" in chosen["text"]:
                break
        found.append(steps)
    return found


def train_tokenizer(rows: list[dict[str, Any]], folder: Path) -> None:
    """Byte-level BPE on the rows' texts; newlines and digits are tokens of their own."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"\d|\n"), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=30_000,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    texts = [row["question"]["problem"] for row in rows]
    for row in rows:
        for step in row["label"]["steps"]:
            texts += [c["text"] for c in step["completions"] or []]
    tokenizer.train_from_iterator(texts, trainer)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|endoftext|>", pad_token="<|endoftext|>"
    ).save_pretrained(folder)


def matmul_rate(backbone: str, tokens: int = 2048) -> float:
    """Floating point operations a second of this machine on the backbone's largest product."""
    shape = BACKBONES[backbone]
    x = torch.randn(tokens, shape["hidden_size"])
    weight = torch.randn(shape["intermediate_size"], shape["hidden_size"])
    best = float("inf")
    for _ in range(20):
        started = time.perf_counter()
        functional.linear(x, weight)
        best = min(best, time.perf_counter() - started)
    return 2 * tokens * weight.numel() / best


def flops(backbone: str, n_tokens: int, n_seen: int) -> int:
    """Of one forward pass through the layers, without a head.

    Args:
        backbone: Its name.
        n_tokens: Tokens that are computed.
        n_seen: Sum over these tokens of the tokens each one sees.
    """
    s = BACKBONES[backbone]
    width = s["hidden_size"] // s["num_attention_heads"]
    attention = 2 * s["hidden_size"] ** 2 + 2 * s["hidden_size"] * width * s["num_key_value_heads"]
    layer = attention + 3 * s["hidden_size"] * s["intermediate_size"]
    return s["num_hidden_layers"] * (2 * layer * n_tokens + 4 * s["hidden_size"] * n_seen)


def resident(field: str = "VmRSS") -> int:
    """Memory of this process in bytes; `VmHWM` is its peak."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


class Measured:
    """Seconds, and the peak memory above what was there at the start.

    Attributes:
        seconds: Within the `with` block.
        processor_seconds: Of all threads of the process.
        working: Bytes above the start; the loaded model is not in it.
        peak: Bytes of the whole process.
    """

    def __enter__(self) -> "Measured":
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # forget the peak so far
        self._before = resident()
        self._started = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self._started[0]
        self.processor_seconds = time.process_time() - self._started[1]
        self.peak = resident("VmHWM")
        self.working = self.peak - self._before


def run_side(script: str, *words: object) -> Any:
    """One side of a comparison in a process of its own; what it prints as JSON."""
    command = [sys.executable, script, *map(str, words)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def load() -> float:
    """Load average of the machine over the last minute."""
    return float(Path("/proc/loadavg").read_text(encoding="ascii").split()[0])
