"""Scoring N solutions a problem: our forest against the ways of others, same weights.

    python benchmarks/score_packed.py [--quick] [--json] [--backbone a b] [--threads 1]

Three sides score the same tokens with the same random weights, each in a process
of its own; tokenising is not timed. The score is a softmax over two rating
tokens at each step's last token.

- `ours`: `rating_probabilities`.
- `padded`: full logits of padded batches of solutions sorted by length, the best
  of several batch sizes; each size is tried on the same few solutions first.
- `pipeline`: TRL's documented way, the `token-classification` pipeline of
  `transformers`, one call a step on the text so far.

Of the pipeline, and with `--quick` of the padded way, a few solutions are timed
and the rest reckoned from their tokens. On a machine that others use, processor
seconds say more than seconds; both are given.

Needs the public data beside the checkout. Prints a table, or with `--json` one
object with a `ratio` for each comparison.
"""

import argparse
import json
import random
import tempfile
import warnings
from pathlib import Path
from typing import Any

import torch
from packed_setup import (
    BACKBONES,
    Measured,
    config,
    flops,
    load,
    matmul_rate,
    phase1,
    run_side,
    train_tokenizer,
    walks,
)
from transformers import (
    AutoTokenizer,
    Qwen2ForCausalLM,
    Qwen2ForTokenClassification,
    pipeline,
)
from transformers.utils import logging as hf_logging

from surefoot.steps import join_steps, review_prompt
from surefoot.verifiers.encode import EncodedSolution, Encoder
from surefoot.verifiers.folder import Verifier
from surefoot.verifiers.scoring import rating_probabilities
from surefoot.verifiers.settings import VerifierSettings
from surefoot.verifiers.trie import build

N = 64
SIZES = (1, 2, 4, 8, 16)
"""Rows of a padded batch that are tried."""
MINUS, PLUS = 14, 12
"""Any two rows of the head stand for the ratings."""
MOST_DISTINCT, MOST_SHARED = 0.9, 2.5
"""Problems are taken where so many of the 64 solutions are distinct, and where they hold at
most so many times the tokens of their forest."""
QUICK_TOKENS = (12_000, 20_000)
"""Fewest and most tokens of a problem's 64 solutions, with `--quick`."""


def causal_model(backbone: str) -> Any:
    """The verifier's model, the same weights every time."""
    torch.manual_seed(0)
    return Qwen2ForCausalLM(config(backbone)).eval()


def ours(backbone: str, work: dict[str, Any]) -> dict[str, Any]:
    """Every score by our engine."""
    verifier = Verifier(
        model=causal_model(backbone),
        tokenizer=AutoTokenizer.from_pretrained(work["tokenizer"]),
        settings=VerifierSettings(kind="orm"),
        rating_ids={-1: MINUS, 1: PLUS},
        name="random",
    )
    texts = [EncodedSolution(*text) for text in work["encoded"]]
    rating_probabilities(verifier, texts[:1])
    with Measured() as measured:
        rows = rating_probabilities(verifier, texts)
    return result(measured, [row[:, 1].tolist() for row in rows])


def trial(backbone: str, work: dict[str, Any]) -> dict[str, float]:
    """Seconds of each batch size on a few solutions."""
    model = causal_model(backbone)
    return {str(size): padded(model, work, size)["seconds"] for size in work["sizes"]}


@torch.no_grad()
def padded(model: Any, work: dict[str, Any], size: int) -> dict[str, Any]:
    """Every score from full logits of padded batches."""
    texts = [EncodedSolution(*text) for text in work["encoded"]]
    scores: list[list[float]] = [[]] * len(texts)
    model(input_ids=torch.tensor([texts[0].ids[:8]]))
    order = sorted(range(len(texts)), key=lambda i: len(texts[i].ids))
    with Measured() as measured:
        for first in range(0, len(order), size):
            batch = order[first : first + size]
            lengths = [len(texts[i].ids) for i in batch]
            width = max(lengths)
            ids = torch.tensor([texts[i].ids + [0] * (width - len(texts[i].ids)) for i in batch])
            mask = (torch.arange(width) < torch.tensor(lengths)[:, None]).long()
            logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits
            chances = logits[..., [MINUS, PLUS]].softmax(-1)[..., 1]
            for row, i in enumerate(batch):
                scores[i] = chances[row, texts[i].step_ends].tolist()
            # Not kept while the next batch is computed.
            del logits, chances
    return result(measured, scores)


def by_pipeline(backbone: str, work: dict[str, Any]) -> dict[str, Any]:
    """The scores of a few solutions, one call a step."""
    causal = causal_model(backbone)
    model = Qwen2ForTokenClassification(config(backbone, num_labels=2)).eval()
    model.model.load_state_dict(causal.model.state_dict())
    with torch.no_grad():
        model.score.weight.copy_(causal.lm_head.weight[[MINUS, PLUS]])
        model.score.bias.zero_()
    del causal
    tokenizer = AutoTokenizer.from_pretrained(work["tokenizer"])
    pipe = pipeline("token-classification", model=model, tokenizer=tokenizer, device="cpu")
    scores: list[list[float]] = []
    with Measured() as measured:
        for prompt, steps in work["texts"]:
            scores.append([])
            for n in range(1, len(steps) + 1):
                last = pipe(prompt + join_steps(steps[:n]))[-1]
                is_plus = last["entity"] == "LABEL_1"
                scores[-1].append(float(last["score"] if is_plus else 1 - last["score"]))
    return result(measured, scores)


def result(measured: Measured, scores: list[list[float]]) -> dict[str, Any]:
    """What a side prints; the scores text by text."""
    return {
        "seconds": measured.seconds,
        "processor_seconds": measured.processor_seconds,
        "working": measured.working,
        "peak": measured.peak,
        "scores": scores,
    }


def choose(rows: list[dict[str, Any]], encoder: Encoder, options: Any) -> Any:
    """(prompt, solutions, encoded solutions) of each of the problems to score."""
    draw = random.Random(options.seed)
    low, high = QUICK_TOKENS if options.quick else (0, 10**9)
    found = []
    for row in draw.sample(rows, len(rows)):
        prompt = review_prompt(row["question"]["problem"])
        solutions = walks(row, N)
        encoded = [encoder(prompt, steps) for steps in solutions]
        total = sum(len(e.ids) for e in encoded)
        trie, _ = build([e.ids for e in encoded])
        # A sampler seldom writes the same twice; where raters saw few alternatives, walks do.
        n_distinct = len({tuple(e.ids) for e in encoded})
        is_like_sampled = n_distinct >= MOST_DISTINCT * N and total <= MOST_SHARED * len(trie)
        if low <= total <= high and is_like_sampled:
            found.append((prompt, solutions, encoded))
        if len(found) == options.problems:
            break
    return found


def compare(backbone: str, options: Any, folder: Path) -> dict[str, Any]:
    """All sides on one backbone."""
    rows = phase1(options.data)
    tokenizer_folder = folder / "tokenizer"
    if not tokenizer_folder.exists():
        train_tokenizer(rows, tokenizer_folder)
    chosen = choose(rows, Encoder(AutoTokenizer.from_pretrained(tokenizer_folder)), options)
    texts = [e for _, _, encoded in chosen for e in encoded]
    trie, _ = build([e.ids for e in texts])
    draw = random.Random(1)
    called, padded_ones, tried = (
        sorted(draw.sample(range(len(texts)), min(n, len(texts))))
        for n in ((2, 12, 6) if options.quick else (4, len(texts), 16))
    )
    common = {"tokenizer": str(tokenizer_folder)}
    work = {
        "work": {"encoded": texts},
        "padded": {"encoded": [texts[i] for i in padded_ones]},
        "trial": {
            "encoded": [texts[i] for i in tried],
            "sizes": (1, 4) if options.quick else SIZES,
        },
        "pipeline": {"texts": [(chosen[i // N][0], chosen[i // N][1][i % N]) for i in called]},
    }
    for name, content in work.items():
        (folder / f"{name}.json").write_text(json.dumps(common | content), encoding="utf-8")

    def side(name: str, file: str, size: int = 0) -> Any:
        words = ["--side", name, "--work", folder / f"{file}.json", "--size", size]
        return run_side(__file__, *words, "--backbone", backbone, "--threads", options.threads)

    busy = load()
    sizes = side("trial", "trial")
    best = int(min(sizes, key=sizes.__getitem__))
    ours_found = side("ours", "work")
    padded_found = side("padded", "padded", best)
    pipeline_found = side("pipeline", "pipeline")
    # The cost of a padded solution is about its tokens, that of calls the tokens of all of them.
    lengths = [len(e.ids) for e in texts]
    prefixes = [sum(end + 1 for end in e.step_ends) for e in texts]
    padded_seconds = padded_found["seconds"] * sum(lengths) / sum(lengths[i] for i in padded_ones)
    called_seconds = pipeline_found["seconds"] * sum(prefixes) / sum(prefixes[i] for i in called)
    by_text = ours_found["scores"]
    seconds = ours_found["seconds"]
    rate = matmul_rate(backbone)
    done = flops(backbone, len(trie), int((trie.depth + 1).sum()))
    return {
        "backbone": backbone,
        "problems": len(chosen),
        "solutions": len(texts),
        "distinct_solutions": len({tuple(e.ids) for e in texts}),
        "steps": sum(len(e.step_ends) for e in texts),
        "tokens": sum(lengths),
        "distinct_tokens": len(trie),
        "threads": options.threads,
        "load_before": busy,
        "load_after": load(),
        "ours_seconds": seconds,
        "ours_processor_seconds": ours_found["processor_seconds"],
        "matmul_gflops": rate / 1e9,
        "share_of_matmul_rate": done / ours_found["processor_seconds"] / rate,
        "padded_batch_trial_seconds": sizes,
        "comparisons": [
            {
                "against": f"padded full logits, batches of {best}",
                "ratio": padded_seconds / seconds,
                "processor_ratio": padded_found["processor_seconds"]
                * (padded_seconds / padded_found["seconds"])
                / ours_found["processor_seconds"],
                "seconds": padded_seconds,
                "timed_solutions": len(padded_ones),
                "largest_difference_of_a_score": difference(padded_found, by_text, padded_ones),
            },
            {
                "against": "pipeline, one call a step",
                "ratio": called_seconds / seconds,
                "processor_ratio": pipeline_found["processor_seconds"]
                * (called_seconds / pipeline_found["seconds"])
                / ours_found["processor_seconds"],
                "seconds": called_seconds,
                "timed_solutions": len(called),
                "largest_difference_of_a_score": difference(pipeline_found, by_text, called),
            },
            memory("memory above the loaded model", "working", ours_found, padded_found),
            memory("peak memory of the process", "peak", ours_found, padded_found),
        ],
    }


def memory(what: str, key: str, ours_found: Any, padded_found: Any) -> dict[str, Any]:
    """The comparison of two sides' memory."""
    return {
        "against": f"padded full logits: {what}",
        "ratio": padded_found[key] / ours_found[key],
        "ours_mib": ours_found[key] >> 20,
        "theirs_mib": padded_found[key] >> 20,
    }


def difference(found: dict[str, Any], by_text: list[list[float]], texts: list[int]) -> float:
    """Largest difference of a side's scores of some texts from ours."""
    pairs = zip(found["scores"], texts, strict=True)
    return max(abs(a - b) for scores, i in pairs for a, b in zip(scores, by_text[i], strict=True))


def main() -> None:
    """Runs one side, or all of them and prints the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--quick", action="store_true", help="small problems, under three minutes")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--backbone", nargs="+", choices=list(BACKBONES), default=list(BACKBONES))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--problems", type=int, help="taken at random: 2, or 1 with --quick")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--side", choices=["ours", "padded", "trial", "pipeline"], help=argparse.SUPPRESS
    )
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--size", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.problems = options.problems or (1 if options.quick else 2)
    torch.set_num_threads(options.threads)
    warnings.simplefilter("ignore")
    hf_logging.set_verbosity_error()
    if options.side:
        work = json.loads(options.work.read_text(encoding="utf-8"))
        backbone = options.backbone[0]
        if options.side == "padded":
            print(json.dumps(padded(causal_model(backbone), work, options.size)))
        else:
            sides = {"ours": ours, "trial": trial, "pipeline": by_pipeline}
            print(json.dumps(sides[options.side](backbone, work)))
        return
    with tempfile.TemporaryDirectory() as folder:
        results = [compare(backbone, options, Path(folder)) for backbone in options.backbone]
    if options.json:
        print(json.dumps({"benchmark": "score_packed", "results": results}))
        return
    for found in results:
        print(f"backbone {found['backbone']}: {found['solutions']} solutions,", end=" ")
        print(f"{found['tokens']} tokens, {found['distinct_tokens']} distinct;", end=" ")
        print(f"ours {found['ours_seconds']:.1f} s,", end=" ")
        print(f"{found['share_of_matmul_rate']:.0%} of the matrix rate")
        for row in found["comparisons"]:
            print(f"  {row['ratio']:6.1f} x  {row['against']}")


if __name__ == "__main__":
    main()
