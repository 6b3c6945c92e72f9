"""How far packed scores and gradients are from one text at a time: the largest deviation.

    python benchmarks/packed_equality.py [--quick] [--json]

For each family of decoders a random float32 model, wide weights, so that attention
matters. Random forests: solutions that share beginnings of any length, some that are
the beginning of another, steps of one token, solutions without a step.

- scores: `read_ends` against a full forward of each text by itself, all logits, a
  softmax over three rating tokens (probabilities, absolute);
- gradients: of the summed loss of all `TreeBatches` of an epoch against the sum over
  each distinct labelled prefix by itself (share of its largest entry, at least of 1).

Ends with status 1 if a deviation is above 1e-5. `--json` prints one object; a
comparison's `ratio` is 1e-5 over its largest deviation.
"""

import argparse
import json
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from surefoot.training.objectives import restricted_loss
from surefoot.training.targets import NO_TARGET, Example
from surefoot.training.tree_batches import TreeBatches
from surefoot.training.weights import each_target_once
from surefoot.verifiers.packed import reading_trees, tree_way
from surefoot.verifiers.scoring import read_ends

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from tiny_families import FAMILIES, VOCABULARY, make  # the models of the tests

LIMIT = 1e-5
RATINGS = (7, 8, 9)


@dataclass(frozen=True)
class Text:
    """Tokens and the last one of each step."""

    ids: list[int]
    step_ends: list[int]


def forest(draw: np.random.Generator) -> list[Text]:
    """Solutions to one or two problems."""
    texts: list[Text] = []
    for _ in range(int(draw.integers(1, 3))):
        prompt = draw.integers(0, VOCABULARY, size=int(draw.integers(1, 30))).tolist()
        made = [Text(prompt, [])]
        for _ in range(int(draw.integers(1, 14))):
            stem = made[int(draw.integers(len(made)))]
            n_kept = int(draw.integers(len(stem.step_ends) + 1))
            ends = stem.step_ends[:n_kept]
            ids = stem.ids[: ends[-1] + 1] if ends else list(prompt)
            for _ in range(int(draw.integers(0, 6))):
                n_tokens = int(draw.choice([1, 1, 4, 25]))
                ids = ids + draw.integers(0, VOCABULARY, size=n_tokens).tolist()
                ends = [*ends, len(ids) - 1]
            made.append(Text(ids, ends))
        texts += made
    return texts


def chances(model: Any, states_KD: torch.Tensor) -> torch.Tensor:
    """(K, 3) of the rating tokens."""
    weight: torch.Tensor = model.lm_head.weight[list(RATINGS)]
    return (states_KD @ weight.T).double().softmax(1)


@torch.no_grad()
def score_deviation(model: Any, texts: list[Text], batch_tokens: int) -> float:
    """Largest difference of a probability."""
    found = read_ends(model, texts, lambda states: chances(model, states), 3, batch_tokens)
    worst = 0.0
    for text, ours in zip(texts, found, strict=True):
        logits = model(input_ids=torch.tensor([text.ids])).logits[0, :, list(RATINGS)]
        expected = logits.double().softmax(1)[text.step_ends].numpy()
        if len(expected):
            worst = max(worst, float(np.abs(ours - expected).max()))
    return worst


def gradient_deviation(model: Any, texts: list[Text], batch_tokens: int) -> float:
    """Largest difference of a gradient's entry, as a share of its largest entry."""
    draw = np.random.default_rng(len(texts))
    chosen: dict[tuple[int, ...], int] = {}
    examples = []
    for text in texts:
        targets = [NO_TARGET] * len(text.ids)
        for end in text.step_ends:
            prefix = tuple(text.ids[: end + 1])
            targets[end] = chosen.setdefault(prefix, int(draw.choice(RATINGS)))
        examples.append(Example(text.ids, targets))
    if not chosen:
        return 0.0
    loss = restricted_loss(RATINGS)
    batches = TreeBatches(each_target_once(examples), batch_tokens)
    with reading_trees(model, tree_way(model)):
        for number in range(batches.n_batches(1)):
            torch.autograd.backward(loss(model, batches(number)))
    ours = gradients(model)
    for prefix, token in chosen.items():
        logits = model(input_ids=torch.tensor([prefix])).logits[0, -1, list(RATINGS)]
        torch.autograd.backward(-logits.log_softmax(0)[RATINGS.index(token)])
    expected = gradients(model)
    return max(
        float((ours[name] - gradient).abs().max() / gradient.abs().max().clamp(min=1.0))
        for name, gradient in expected.items()
    )


def gradients(model: Any) -> dict[str, torch.Tensor]:
    """By parameter; forgotten by the model."""
    found = {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
    model.zero_grad(set_to_none=True)
    return found


def main() -> None:
    """Measures every family."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a few forests a family")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    n_forests = 20 if options.quick else 60
    comparisons = []
    for family in FAMILIES:
        model, draw = make(family), np.random.default_rng(options.seed)
        worst = {"scores": 0.0, "gradients": 0.0}
        n_texts = 0
        for _ in range(n_forests):
            texts, budget = forest(draw), int(draw.choice([8, 64, 512, 16_384]))
            n_texts += len(texts)
            worst["scores"] = max(worst["scores"], score_deviation(model, texts, budget))
            worst["gradients"] = max(
                worst["gradients"], gradient_deviation(model, texts, max(budget, 64))
            )
        comparisons += [
            {
                "family": family,
                "way": tree_way(model),
                "what": what,
                "forests": n_forests,
                "texts": n_texts,
                "largest_deviation": value,
                "ratio": LIMIT / max(value, 1e-300),
            }
            for what, value in worst.items()
        ]
    if options.json:
        print(json.dumps({"benchmark": "packed_equality", "comparisons": comparisons}))
    else:
        for row in comparisons:
            print(f"{row['family']:22} {row['what']:10} {row['largest_deviation']:.1e}")
    sys.exit(any(row["largest_deviation"] > LIMIT for row in comparisons))


if __name__ == "__main__":
    main()
