"""Whole solutions come with exactly the chances that the model gives them."""

from collections import Counter
from typing import Any

import pytest
import torch
from one_by_one import random_model, softmax, tempered, word_tokenizer

from surefoot.generation.engine import Engine
from surefoot.generation.request import Request, Settings
from surefoot.generation.stopping import end_of_solution

TOKENIZER = word_tokenizer()
PROMPT = [3, 6, 4, 7]
LENGTH = 3
DRAWS = 12000


def exact(model: Any, temperature: float, top_p: float) -> dict[tuple[int, ...], float]:
    """Chance of every solution of at most LENGTH tokens, by passes without a cache."""
    found: dict[tuple[int, ...], float] = {}
    heads: dict[tuple[int, ...], float] = {(): 1.0}
    while heads:
        longer: dict[tuple[int, ...], float] = {}
        with torch.inference_mode():
            logits = model(torch.tensor([[*PROMPT, *head] for head in heads])).logits[:, -1]
        for (head, chance), row in zip(heads.items(), logits.double().numpy(), strict=True):
            for token, share in enumerate(tempered(row, temperature, top_p)):
                tokens = (*head, token)
                text = TOKENIZER.decode(list(tokens))
                ends = token == 0 or end_of_solution(text) is not None or len(tokens) == LENGTH
                if share > 0:
                    (found if ends else longer)[tokens] = chance * float(share)
        heads = longer
    return found


def chi_square_p(expected: list[float], observed: list[float]) -> float:
    """Cells that expect fewer than five are taken together."""
    rare = [i for i, e in enumerate(expected) if e < 5]
    pairs = [(e, o) for e, o in zip(expected, observed, strict=True) if e >= 5]
    pairs.append((sum(expected[i] for i in rare), sum(observed[i] for i in rare)))
    statistic = sum((o - e) ** 2 / e for e, o in pairs if e > 0)
    half = torch.tensor([(len(pairs) - 1) / 2, statistic / 2], dtype=torch.float64)
    return float(torch.special.gammaincc(half[0], half[1]))


@pytest.mark.parametrize(("temperature", "top_p"), [(1.0, 1.0), (0.6, 1.0), (1.3, 0.7)])
def test_solutions_have_their_exact_chances(temperature: float, top_p: float) -> None:
    model = random_model()
    chances = exact(model, temperature, top_p)
    assert sum(chances.values()) == pytest.approx(1.0)
    engine = Engine(model, TOKENIZER, Settings(temperature=temperature, top_p=top_p, seed=11))
    keys = [f"draw/{i}" for i in range(DRAWS)]
    drawn = engine.draw([Request(prompt=PROMPT, keys=keys, max_tokens=LENGTH)])[0]
    counts = Counter(d.tokens for d in drawn)
    assert not counts.keys() - chances.keys()
    expected = [DRAWS * chance for chance in chances.values()]
    assert chi_square_p(expected, [counts[tokens] for tokens in chances]) > 0.001
    for d in drawn[:50]:
        log_chance = 0.0
        for i, token in enumerate(d.tokens):
            with torch.inference_mode():
                row = model(torch.tensor([[*PROMPT, *d.tokens[:i]]])).logits[0, -1]
            log_chance += float(torch.tensor(softmax(row.double().numpy())[token]).log())
        assert d.log_probability == pytest.approx(log_chance, abs=1e-4)


def test_the_test_would_notice_a_wrong_temperature() -> None:
    chances = exact(random_model(), 1.0, 1.0)
    engine = Engine(random_model(), TOKENIZER, Settings(temperature=0.9))
    keys = [f"draw/{i}" for i in range(DRAWS)]
    drawn = engine.draw([Request(prompt=PROMPT, keys=keys, max_tokens=LENGTH)])[0]
    counts = Counter(d.tokens for d in drawn)
    expected = [DRAWS * chance for chance in chances.values()]
    assert chi_square_p(expected, [counts[tokens] for tokens in chances]) < 1e-6
