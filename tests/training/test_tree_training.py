"""Training on forests against training on each text by itself."""

import math
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot.errors import SurefootError
from surefoot.generation.folder import load_model
from surefoot.training.batches import Batches
from surefoot.training.examples import Examples
from surefoot.training.finetune import Schedule, finetune
from surefoot.training.loop import Plan, fit
from surefoot.training.objectives import restricted_loss, token_loss
from surefoot.training.targets import NO_TARGET, Example, Spread, TreeBatch, collate
from surefoot.training.tree_batches import TreeBatches
from surefoot.training.weights import each_target_once
from surefoot.verifiers.packed import reading_trees, tree_way
from surefoot.verifiers.trie import build
from tiny_families import FAMILIES, make

RATINGS = (7, 8, 9)
MODELS = {family: make(family) for family in FAMILIES}


@st.composite
def example_lists(draw: st.DrawFn) -> list[Example]:
    """Texts that begin alike, with hard and soft targets at some positions, maybe none."""
    examples = []
    for index in range(draw(st.integers(1, 8))):
        ids = draw(st.lists(st.integers(1, 2), min_size=1, max_size=9))
        kinds = draw(st.lists(st.integers(0, 4), min_size=len(ids), max_size=len(ids)))
        targets = [RATINGS[kind] if kind < 3 else NO_TARGET for kind in kinds]
        soft = [p for p, kind in enumerate(kinds) if kind == 4]
        spread = None
        if soft:
            shares = draw(st.lists(st.sampled_from([0.1, 0.5, 0.7]), min_size=1, max_size=1)) * len(
                soft
            )
            spread = Spread(
                np.repeat(soft, 2),
                np.tile([7, 9], len(soft)),
                np.array([w for share in shares for w in (share, 1 - share)]),
            )
        examples.append(Example(ids, targets, spread, f"s{index}"))
    return examples


def labels_of(examples: list[Example]) -> dict[tuple[int, ...], list[dict[int, float]]]:
    """Text up to a position -> for each example with a target there, token -> weight."""
    found: dict[tuple[int, ...], list[dict[int, float]]] = defaultdict(list)
    for example in examples:
        for position, target in enumerate(example.targets):
            if target != NO_TARGET:
                found[tuple(map(int, example.ids[: position + 1]))].append({int(target): 1.0})
        if example.spread is not None:
            at: dict[int, dict[int, float]] = defaultdict(dict)
            for position, token, weight in zip(*example.spread, strict=True):
                at[int(position)][int(token)] = float(weight)
            for position, weights in at.items():
                found[tuple(map(int, example.ids[: position + 1]))].append(weights)
    return found


def naive_loss(model: Any, examples: list[Example], by: str, tokens: Any = None) -> torch.Tensor:
    """Each labelled prefix by itself, all logits."""
    total = torch.zeros((), dtype=model.dtype)
    for prefix, labels in labels_of(examples).items():
        logits = model(input_ids=torch.tensor([prefix])).logits[0, -1]
        if tokens is not None:
            others = torch.ones(len(logits), dtype=torch.bool)
            others[list(tokens)] = False
            logits = logits.masked_fill(others, -torch.inf)
        log_p = logits.log_softmax(0)
        share = 1 / len(labels) if by == "step" else 1.0
        for weights in labels:
            for token, weight in weights.items():
                total = total - share * weight * log_p[token]
    return total


def gradients(model: Any) -> dict[str, torch.Tensor]:
    found = {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
    model.zero_grad(set_to_none=True)
    return found


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("by", ["step", "solution"])
@settings(max_examples=12)
@given(examples=example_lists(), batch_tokens=st.integers(4, 120))
def test_loss_and_gradient_equal_the_sum_over_separate_texts(
    family: str, by: str, examples: list[Example], batch_tokens: int
) -> None:
    model = MODELS[family]
    if not labels_of(examples):
        return
    expected = naive_loss(model, examples, by, RATINGS)
    torch.autograd.backward(expected)
    wanted = gradients(model)
    weighed = each_target_once(examples) if by == "step" else examples
    loss = restricted_loss(RATINGS)
    way = tree_way(model)
    batches = TreeBatches(weighed, batch_tokens)
    losses = []
    with reading_trees(model, way):
        for number in range(batches.n_batches(1)):
            value = loss(model, batches(number))
            torch.autograd.backward(value)
            losses.append(value.item())
    scale = max(1.0, expected.item())
    assert sum(losses) == pytest.approx(expected.item(), abs=1e-5 * scale)
    found = gradients(model)
    largest = max(1.0, *(float(gradient.abs().max()) for gradient in wanted.values()))
    for name, gradient in wanted.items():
        assert float((found[name] - gradient).abs().max()) < 1e-5 * largest, name


@pytest.mark.parametrize("family", FAMILIES)
def test_gradients_of_long_rows_of_many_stretches(family: str) -> None:
    model = make(family).double()
    draw = np.random.default_rng(0)
    stem = draw.integers(0, 60, size=60).tolist()
    examples = []
    for _ in range(5):
        ids = stem[: int(draw.integers(10, 60))] + draw.integers(0, 60, size=120).tolist()
        targets = [NO_TARGET] * len(ids)
        for position in range(9, len(ids), 10):
            targets[position] = int(draw.choice(RATINGS))
        examples.append(Example(ids, targets))
    torch.autograd.backward(naive_loss(model, examples, "solution"))
    wanted = gradients(model)
    batch = TreeBatches(examples, 4000)(0)
    assert len(batch.trie) > 400
    with reading_trees(model, "ancestry"):
        torch.autograd.backward(token_loss(model, batch))
    found = gradients(model)
    for name, gradient in wanted.items():
        # Norms and rotary angles are float32 in these models, whatever the weights are.
        largest = max(1.0, float(gradient.abs().max()))
        assert float((found[name] - gradient).abs().max()) < 1e-5 * largest, name


@given(example_lists())
def test_each_target_is_left_to_one_example_with_weight_one(examples: list[Example]) -> None:
    expected = {
        prefix: {
            token: sum(weights.get(token, 0.0) for weights in labels) / len(labels)
            for token in {token for weights in labels for token in weights}
        }
        for prefix, labels in labels_of(examples).items()
    }
    weighed = each_target_once(examples)
    found = labels_of(weighed)
    assert found.keys() == expected.keys()
    for prefix, labels in found.items():
        assert len(labels) == 1
        assert labels[0] == pytest.approx(expected[prefix])
    assert [e.name for e in weighed] == sorted(e.name for e in weighed)


@given(example_lists(), st.integers(1, 60), st.integers(0, 3))
def test_an_epoch_holds_each_target_once(
    examples: list[Example], batch_tokens: int, seed: int
) -> None:
    if not labels_of(examples):
        return
    made = TreeBatches(examples, batch_tokens, seed=seed)
    longest = max(len(example.ids) for example in examples)
    number = 0
    for epoch in range(1, 4):
        names: list[str] = []
        weight = 0.0
        while number < made.n_batches(epoch):
            batch = made(number)
            assert len(batch.trie) <= max(batch_tokens, longest)
            names += batch.names
            weight += batch.n_targets
            again = TreeBatches(examples, batch_tokens, seed=seed)(number)
            assert again.trie.tokens.tolist() == batch.trie.tokens.tolist()
            number += 1
        assert sorted(names) == [example.name for example in examples]
        assert weight == pytest.approx(sum(e.all_targets().weights.sum() for e in examples))


def test_a_batch_holds_several_problems() -> None:
    # All problems begin with the same words, as prompts do.
    problems = [[[0, 0, p, 9, a, b] for a in range(8) for b in range(8)] for p in range(1, 40)]
    examples = [Example(ids, [-100] * 4 + [7, 8]) for texts in problems for ids in texts]
    made = TreeBatches(each_target_once(examples), 300)
    n_nodes = [len(piece.trie) for piece in made.pieces]
    assert sum(n_nodes) < 1.15 * (2 + 39 * (2 + 8 + 64))
    assert max(n_nodes) < 80
    for number in range(made.n_batches(1) - 1):
        trie = made(number).trie
        assert len(set(trie.tokens[trie.depth == 2])) >= 4


@settings(max_examples=20)
@given(example_lists())
def test_padded_batches_give_spread_targets_the_same_loss(examples: list[Example]) -> None:
    model = MODELS["llama"]
    expected = naive_loss(model, examples, "solution").item()
    found = token_loss(model, collate(examples, 0)).item()
    assert found == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_logits_of_many_positions_are_made_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    model = MODELS["qwen3"]
    draw = np.random.default_rng(0)
    examples = [
        Example(ids.tolist(), draw.integers(0, 60, size=30).tolist())
        for ids in draw.integers(0, 60, size=(6, 30))
    ]
    batch = collate(examples, 0)
    whole = token_loss(model, batch)
    torch.autograd.backward(whole)
    wanted = gradients(model)
    sizes = []
    head = model.get_output_embeddings()
    handle = head.register_forward_hook(lambda _m, _i, out: sizes.append(out.numel()))
    monkeypatch.setattr("surefoot.training.objectives.MAX_LOGITS", 61 * 25)
    pieces = token_loss(model, batch)
    torch.autograd.backward(pieces)
    handle.remove()
    assert pieces.item() == pytest.approx(whole.item(), rel=1e-5)
    assert max(sizes) <= 61 * 25
    for name, gradient in gradients(model).items():
        assert float((gradient - wanted[name]).abs().max()) < 1e-4, name


def test_gradient_checkpointing_changes_nothing() -> None:
    model = make("qwen2")
    examples = [Example([1, 2, 3, n, 5], [-100, 7, -100, 8, 9]) for n in range(5)]
    batch = TreeBatches(each_target_once(examples), 100)(0)
    model.train()
    with reading_trees(model, "ancestry"):
        torch.autograd.backward(token_loss(model, batch))
        wanted = gradients(model)
        model.activation_checkpointing_enable({"use_reentrant": False})
        torch.autograd.backward(token_loss(model, batch))
    for name, gradient in gradients(model).items():
        torch.testing.assert_close(gradient, wanted[name], msg=name)


def alternatives(n_problems: int = 6) -> list[Example]:
    """Steps with several alternatives each, the first of which goes on."""
    draw = np.random.default_rng(4)
    examples = []
    for problem in range(n_problems):
        ids = [3, 10 + problem]
        for _ in range(4):
            options = draw.integers(30, 60, size=(3, 3)).tolist()
            for option in options:
                text = ids + option
                targets = [NO_TARGET] * (len(text) - 1) + [RATINGS[option[-1] % 3]]
                examples.append(Example(text, targets, name=f"p{problem}"))
            ids = ids + options[0]
    return examples


def train(folder: Path, out: Path, batches: Any, loss: Any = token_loss, **plan: Any) -> Any:
    model, _ = load_model(folder)
    settings_ = {"updates": 12, "learning_rate": 1e-2, "checkpoint_every": 3, **plan}
    with reading_trees(model, tree_way(model)):
        return fit(
            model, batches, loss, Plan(**settings_), out, title="t",
            save=lambda place: model.save_pretrained(place),
        )  # fmt: skip


def test_an_interrupted_run_on_forests_goes_on_as_if_it_had_not_been(
    tiny_folder: Path, tmp_path: Path
) -> None:
    examples = each_target_once(alternatives())
    batches = TreeBatches(examples, 200)
    whole = train(tiny_folder, tmp_path / "a", batches)

    def dying(number: int) -> TreeBatch:
        if number == 8:
            raise KeyboardInterrupt
        return batches(number)

    with pytest.raises(KeyboardInterrupt):
        train(tiny_folder, tmp_path / "b", dying)
    again = train(tiny_folder, tmp_path / "b", TreeBatches(examples, 200))
    assert [row["loss"] for row in again] == [row["loss"] for row in whole]
    files = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("a", "b")]
    assert files[0] == files[1]


@pytest.mark.parametrize("share", [True, False])
def test_forests_are_trained_on_where_enough_is_shared(
    tiny_folder: Path, tmp_path: Path, share: bool, caplog: pytest.LogCaptureFixture
) -> None:
    model, _ = load_model(tiny_folder)
    examples = alternatives()
    if not share:
        # Another first token each: nothing in common.
        examples = [e._replace(ids=[i, *e.ids[1:]]) for i, e in enumerate(examples)]
    with caplog.at_level("INFO", logger="surefoot"):
        report = finetune(
            model,
            Examples(examples),
            Schedule(epochs=2, learning_rate=1e-3, batch_tokens=400),
            tmp_path / "out",
            title="t",
            save=lambda folder: {},
            spec={},
            weight_by="solution",
        )
    n_tokens, n_distinct = (
        sum(len(e.ids) for e in examples),
        len(build([e.ids for e in examples])[0]),
    )
    assert (n_tokens >= 2 * n_distinct) is share
    assert ("computed once" if share else "padded rows") in caplog.text
    assert report["tokens"] == 2 * (n_distinct if share else n_tokens)


def test_one_large_update_is_the_same_padded_and_packed(tiny_folder: Path, tmp_path: Path) -> None:
    examples = each_target_once(alternatives())
    packed = train(tiny_folder, tmp_path / "a", TreeBatches(examples, 10**5), updates=6)
    padded = train(tiny_folder, tmp_path / "b", Batches(examples, 10**5), updates=6)
    assert [r["loss"] for r in packed] == pytest.approx([r["loss"] for r in padded], rel=1e-4)
    assert packed[-1]["tokens"] < padded[-1]["tokens"] / 2


@pytest.mark.parametrize("bf16", [False, True])
def test_training_on_forests_learns(tiny_folder: Path, tmp_path: Path, bf16: bool) -> None:
    batches = TreeBatches(each_target_once(alternatives()), 10**5)
    rows = train(tiny_folder, tmp_path / "out", batches, updates=40, bf16=bf16)
    assert rows[-1]["loss"] < rows[0]["loss"] / 3


def test_a_loss_that_is_not_finite_names_the_batch(tiny_folder: Path, tmp_path: Path) -> None:
    def diverging(model: Any, batch: TreeBatch) -> torch.Tensor:
        return token_loss(model, batch) * (math.nan if "p3" in batch.names else 1.0)

    batches = TreeBatches(each_target_once(alternatives()), 80)
    with pytest.raises(SurefootError, match=r"nan at update \d+, batch \d+ \(.*p\d.*\): try"):
        train(tiny_folder, tmp_path / "out", batches, diverging, updates=40)
