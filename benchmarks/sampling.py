"""The sampling engine against `transformers` `generate()`: speed, memory, distribution.

    python benchmarks/sampling.py [--model nano] [--problems 32] [-n 64] [--threads 2]

Speed: both write N solutions to the same problems with the same weights, the same
threads and the same stop rule, each in a process of its own, turn by turn. The
batch of each is the best of the sizes given (`--rows`; `generate()` takes whole
problems, `--generate-problems` of them at once). Loading and a warm-up are not
counted; peak memory is the process's.

Distribution: a random model with eight tokens, whose every solution can be
listed. Samples of both are compared with the exact probabilities and with each
other (chi-square); then the first tokens on the benchmark's own model.

Prints one JSON object; exit status 1 if a distribution differs (p < 0.001).
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    PreTrainedTokenizerFast,
    Qwen3Config,
    Qwen3ForCausalLM,
    StoppingCriteria,
    StoppingCriteriaList,
)

from surefoot.generation.engine import Engine
from surefoot.generation.folder import encode, load_model
from surefoot.generation.request import Request, Settings
from surefoot.generation.sampling import sample
from surefoot.generation.stopping import end_of_solution, newline_tokens
from surefoot.problems.arith.generate import generate as make_problems
from surefoot.steps import solve_prompt

SEED = 0
TINY_VOCABULARY = ["<|end|>", "\n", "# Answer", "1", "2", "3", "+", "="]
TINY_LENGTH = 4


class StopRule(StoppingCriteria):
    """The engine's stop rule for `generate()`; looks at a row only after a newline."""

    def __init__(self, tokenizer: Any, n_tokens: int, n_prompt: int) -> None:
        self.tokenizer, self.n_prompt = tokenizer, n_prompt
        self.newline = torch.from_numpy(newline_tokens(tokenizer, n_tokens))

    def __call__(self, input_ids: torch.Tensor, scores: Any, **_: Any) -> torch.Tensor:
        """Which rows are finished."""
        done = torch.zeros(len(input_ids), dtype=torch.bool)
        for row in self.newline[input_ids[:, -1]].nonzero()[:, 0].tolist():
            text = self.tokenizer.decode(input_ids[row, self.n_prompt :].tolist())
            done[row] = end_of_solution(text) is not None
        return done


def generate_all(
    model: Any, tokenizer: Any, prompts: Sequence[list[int]], n: int, max_tokens: int, at_once: int
) -> list[list[int]]:
    """N continuations of each prompt by `generate()`, at temperature 1; cut after the end."""
    pad = tokenizer.pad_token_id
    n_tokens = model.get_output_embeddings().weight.shape[0]
    draws = []
    for first in range(0, len(prompts), at_once):
        batch = prompts[first : first + at_once]
        width = max(map(len, batch))
        ids = torch.tensor([[pad] * (width - len(p)) + p for p in batch])
        mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in batch])
        with torch.inference_mode():
            out = model.generate(
                input_ids=ids,
                attention_mask=mask,
                do_sample=True,
                temperature=1.0,
                top_k=0,
                top_p=1.0,
                num_return_sequences=n,
                max_new_tokens=max_tokens,
                pad_token_id=pad,
                use_cache=True,
                stopping_criteria=StoppingCriteriaList([StopRule(tokenizer, n_tokens, width)]),
            )
        draws += [cut(tokenizer, row[width:].tolist()) for row in out]
    return draws


def cut(tokenizer: Any, tokens: list[int]) -> list[int]:
    """The tokens up to the one that ended the solution (`generate` pads after it)."""
    for index, token in enumerate(tokens):
        is_end = token == tokenizer.eos_token_id
        if is_end or (
            "\n" in tokenizer.decode([token]) and is_finished(tokenizer, tokens[: index + 1])
        ):
            return tokens[: index + 1]
    return tokens


def is_finished(tokenizer: Any, tokens: Sequence[int]) -> bool:
    """Whether these tokens are a whole solution."""
    text = tokenizer.decode(list(tokens))
    return tokens[-1] == tokenizer.eos_token_id or end_of_solution(text) is not None


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """One side's solutions a second, in this process."""
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.turn)
    model, tokenizer = load_model(arguments.model)
    problems = list(make_problems(arguments.problems, split="test", seed=arguments.turn))
    prompts = [encode(tokenizer, solve_prompt(problem.statement)) for problem in problems]
    n, max_tokens, size = arguments.n, arguments.max_tokens, arguments.size

    def engine(count: int) -> list[int]:
        solutions = sample(
            model,
            tokenizer,
            problems[:count],
            n,
            seed=arguments.turn,
            max_tokens=max_tokens,
            rows=size,
        )
        return [solution.n_tokens or 0 for solution in solutions]

    def by_generate(count: int) -> list[int]:
        return list(
            map(len, generate_all(model, tokenizer, prompts[:count], n, max_tokens, at_once=size))
        )

    draw = engine if arguments.side == "engine" else by_generate
    draw(1)
    started = time.perf_counter()
    lengths = draw(len(problems))
    seconds = time.perf_counter() - started
    return {
        "side": arguments.side,
        "size": size,
        "solutions_per_second": len(lengths) / seconds,
        "tokens_per_second": sum(lengths) / seconds,
        "mean_tokens": sum(lengths) / len(lengths),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def compare_speed(arguments: argparse.Namespace) -> dict[str, Any]:
    """Both sides turn by turn, each measurement in a fresh process."""
    sides = [("engine", size) for size in arguments.rows]
    sides += [("generate", size) for size in arguments.generate_problems]
    runs: dict[tuple[str, int], list[dict[str, Any]]] = {side: [] for side in sides}
    for turn in range(arguments.turns):
        for side, size in sides:
            command = [sys.executable, __file__, "--side", side, "--size", str(size)]
            for name in ("model", "problems", "n", "threads", "max_tokens"):
                flag = "-n" if name == "n" else "--" + name.replace("_", "-")
                command += [flag, str(getattr(arguments, name))]
            command += ["--turn", str(turn)]
            threads = {"OMP_NUM_THREADS": str(arguments.threads)}
            out = subprocess.run(
                command, check=True, capture_output=True, text=True, env=os.environ | threads
            )
            run = json.loads(out.stdout)
            runs[side, size].append(run)
            print(json.dumps(run), file=sys.stderr, flush=True)
    rate = {
        side: sum(run["solutions_per_second"] for run in list_) / len(list_)
        for side, list_ in runs.items()
    }
    best = {
        name: max((s for s in sides if s[0] == name), key=lambda side: rate[side])
        for name in ("engine", "generate")
    }
    return {
        name: {
            "batch": best[name][1],
            "solutions_per_second": round(rate[best[name]], 1),
            "mean_tokens": round(runs[best[name]][0]["mean_tokens"], 1),
            "peak_memory_mb": max(run["peak_memory_mb"] for run in runs[best[name]]),
        }
        for name in best
    } | {"ratio": round(rate[best["engine"]] / rate[best["generate"]], 2)}


def tiny_generator() -> tuple[Any, Any]:
    """A random model with eight tokens, sharp enough that its solutions differ in chance."""
    words = Tokenizer(models.WordLevel({word: i for i, word in enumerate(TINY_VOCABULARY)}))
    words.pre_tokenizer = pre_tokenizers.Split("|", "removed")
    words.decoder = decoders.Fuse()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=words, eos_token=TINY_VOCABULARY[0], pad_token=TINY_VOCABULARY[0]
    )
    torch.manual_seed(SEED)
    model = Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=len(TINY_VOCABULARY),
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
            head_dim=8,
            bos_token_id=None,
            eos_token_id=0,
            pad_token_id=0,
            initializer_range=0.3,
        )
    )
    return model.eval(), tokenizer


def exact_distribution(
    model: Any, tokenizer: Any, prompt: list[int]
) -> dict[tuple[int, ...], float]:
    """Probability of every solution of at most TINY_LENGTH tokens, by uncached passes."""
    exact: dict[tuple[int, ...], float] = {}
    open_ones: dict[tuple[int, ...], float] = {(): 1.0}
    for length in range(1, TINY_LENGTH + 1):
        heads = list(open_ones)
        with torch.inference_mode():
            logits = model(torch.tensor([[*prompt, *head] for head in heads])).logits[:, -1]
        probabilities = logits.double().softmax(-1).tolist()
        longer: dict[tuple[int, ...], float] = {}
        for head, row in zip(heads, probabilities, strict=True):
            for token, probability in enumerate(row):
                tokens = (*head, token)
                done = length == TINY_LENGTH or is_finished(tokenizer, tokens)
                (exact if done else longer)[tokens] = open_ones[head] * probability
        open_ones = longer
    return exact


def chi_square(observed: Sequence[float], expected: Sequence[float]) -> float:
    """p-value of counts against expected counts; rare cells are taken together."""
    cells = sorted(zip(expected, observed, strict=True), reverse=True)
    common = [cell for cell in cells if cell[0] >= 5.0]
    rare = [cell for cell in cells if cell[0] < 5.0]
    if rare:
        common.append((sum(e for e, _ in rare), float(sum(o for _, o in rare))))
    statistic = sum((o - e) ** 2 / e for e, o in common)
    return chi_square_tail(statistic, len(common) - 1)


def two_samples(first: Counter[Any], second: Counter[Any]) -> float:
    """p-value that two samples of outcomes come from one distribution (chi-square)."""
    n, m = first.total(), second.total()
    outcomes = sorted(first | second, key=lambda o: -(first[o] + second[o]))
    pairs = [(first[o], second[o]) for o in outcomes if first[o] + second[o] >= 10]
    rest = (n - sum(a for a, _ in pairs), m - sum(b for _, b in pairs))
    pairs += [rest] if sum(rest) >= 10 else []
    statistic = sum((a * (m / n) ** 0.5 - b * (n / m) ** 0.5) ** 2 / (a + b) for a, b in pairs)
    return chi_square_tail(statistic, len(pairs) - 1)


def chi_square_tail(statistic: float, freedom: int) -> float:
    """P(chi-square with `freedom` degrees >= statistic)."""
    half = torch.tensor([freedom / 2, statistic / 2], dtype=torch.float64)
    return float(torch.special.gammaincc(half[0], half[1]))


def engine_draws(
    model: Any, tokenizer: Any, prompt: list[int], n: int, max_tokens: int
) -> list[tuple[int, ...]]:
    """N continuations by the engine."""
    request = Request(prompt=prompt, keys=[f"draw/{i}" for i in range(n)], max_tokens=max_tokens)
    engine = Engine(model, tokenizer, Settings(seed=SEED))
    return [draw.tokens for draw in engine.draw([request])[0]]


def compare_distributions(arguments: argparse.Namespace) -> dict[str, Any]:
    """p-values: the tiny model against its exact distribution, both models side against side."""
    model, tokenizer = tiny_generator()
    prompt, n = [3, 6, 3, 7], arguments.draws
    exact = exact_distribution(model, tokenizer, prompt)
    by_engine = Counter(engine_draws(model, tokenizer, prompt, n, TINY_LENGTH))
    by_generate = Counter(
        map(tuple, generate_all(model, tokenizer, [prompt], n, TINY_LENGTH, at_once=1))
    )
    expected = [n * p for p in exact.values()]
    result: dict[str, Any] = {
        "solutions_possible": len(exact),
        "exact_mass": round(sum(exact.values()), 9),
        "draws": n,
        "p_engine_exact": chi_square([by_engine[o] for o in exact], expected),
        "p_generate_exact": chi_square([by_generate[o] for o in exact], expected),
        "p_engine_generate": two_samples(by_engine, by_generate),
        "impossible": sum(by_engine[o] for o in by_engine if o not in exact),
    }
    model, tokenizer = load_model(arguments.model)
    problem = next(iter(make_problems(1, split="test", seed=SEED)))
    start = encode(tokenizer, solve_prompt(problem.statement))
    tails = [
        Counter(engine_draws(model, tokenizer, start, n // 10, 6)),
        Counter(map(tuple, generate_all(model, tokenizer, [start], n // 10, 6, at_once=1))),
    ]
    result["p_model_first_tokens"] = two_samples(*tails)
    return result


def parse() -> argparse.Namespace:
    """The flags; `--side` marks the processes that this script starts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="nano", help="model folder, or nano")
    parser.add_argument("--problems", type=int, default=32)
    parser.add_argument("-n", type=int, default=64, help="solutions a problem")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--max-tokens", type=int, default=256)
    parser.add_argument("--rows", type=int, nargs="+", default=[512, 1024])
    parser.add_argument("--generate-problems", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--draws", type=int, default=20000)
    parser.add_argument("--only", choices=["speed", "distribution"])
    parser.add_argument("--side", choices=["engine", "generate"], help=argparse.SUPPRESS)
    parser.add_argument("--size", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--turn", type=int, default=0, help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> int:
    """Runs what was asked and prints one JSON object."""
    arguments = parse()
    if arguments.side:
        print(json.dumps(measure(arguments)))
        return 0
    torch.set_num_threads(arguments.threads)
    result: dict[str, Any] = {"model": Path(arguments.model).name, "threads": arguments.threads}
    if arguments.only != "distribution":
        result |= compare_speed(arguments)
    if arguments.only == "speed":
        print(json.dumps(result, indent=2))
        return 0
    result["distribution"] = compare_distributions(arguments)
    print(json.dumps(result, indent=2))
    p_values = [p for name, p in result["distribution"].items() if name.startswith("p_")]
    return 0 if min(p_values) >= 0.001 else 1


if __name__ == "__main__":
    sys.exit(main())
