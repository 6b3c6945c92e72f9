"""Text to batches: whole documents, pure functions of the number, nothing lost unsaid."""

import itertools
from pathlib import Path

import pytest
import torch

from surefoot.commands import train_base
from surefoot.errors import UserError
from surefoot.generation.folder import load_model
from surefoot.problems.arith.corpus import documents
from surefoot.records import Problem
from surefoot.steps import REVIEW_HEADER
from surefoot.tables import write
from surefoot.training.pretraining import (
    POOL_BATCHES,
    CorpusBatches,
    WeightedBatch,
    corpus_tokenizer,
    weighted_loss,
)

TOKENIZER = corpus_tokenizer(0)


def test_a_batch_depends_on_seed_and_number_only() -> None:
    one, two = (CorpusBatches(TOKENIZER, batch_tokens=512, seed=0) for _ in range(2))
    first = one(11)
    two(1)
    assert torch.equal(first.input_ids_BT, two(11).input_ids_BT)
    assert not torch.equal(first.input_ids_BT[:1, :9], one(12).input_ids_BT[:1, :9])
    other = CorpusBatches(TOKENIZER, batch_tokens=512, seed=1)(11)
    assert not torch.equal(first.input_ids_BT[:1, :9], other.input_ids_BT[:1, :9])


def test_the_batches_of_a_pool_hold_every_document_once() -> None:
    batches = CorpusBatches(TOKENIZER, batch_tokens=512, seed=3)
    texts = []
    for number in range(POOL_BATCHES):
        batch = batches(number)
        assert batch.n_tokens <= 3 * 512
        for ids, weights in zip(batch.input_ids_BT, batch.weights_BT, strict=True):
            n = int((weights > 0).sum())
            assert int(ids[n]) == TOKENIZER.eos_token_id
            texts.append(TOKENIZER.decode(ids[:n]))
    drawn = list(itertools.islice(documents("3/0"), len(texts)))
    assert sorted(texts) == sorted(drawn)


def test_only_line_ends_of_reviews_weigh_more() -> None:
    batches = CorpusBatches(TOKENIZER, batch_tokens=512, seed=0, verdict_weight=7)
    batch = batches(2)
    n_heavy = 0
    for ids, weights in zip(batch.input_ids_BT, batch.weights_BT, strict=True):
        text = TOKENIZER.decode(ids[: int((weights > 0).sum())])
        heavy = [TOKENIZER.decode(i) for i, w in zip(ids, weights, strict=True) if w == 7]
        assert set(heavy) <= {"\n"}
        assert len(heavy) == text.partition(REVIEW_HEADER)[2].count("\n")
        n_heavy += len(heavy)
    assert n_heavy > 0
    assert batch.n_targets == int(batch.weights_BT.sum())


def test_the_weighted_loss_is_a_weighted_sum(tiny_folder: Path) -> None:
    model, _ = load_model(tiny_folder)
    ids = torch.randint(1, 50, (3, 8), generator=torch.Generator().manual_seed(0))
    weights = torch.tensor([[1.0, 4, 1, 1, 0, 0, 0, 0], [2.0] * 7 + [0], [0.0] * 8])
    batch = WeightedBatch(ids, weights, n_tokens=24, n_targets=21)
    logits = model(input_ids=ids).logits.log_softmax(-1)
    expected = sum(
        -float(weights[b, t] * logits[b, t, ids[b, t + 1]]) for b in range(3) for t in range(7)
    )
    assert float(weighted_loss(model, batch)) == pytest.approx(expected, rel=1e-5)


def test_digits_newlines_and_rating_tokens_stand_alone() -> None:
    tokenizer = TOKENIZER
    for text in ("0", "+", "-", "\n", "7"):
        assert len(tokenizer.encode(text)) == 1
    assert len(tokenizer.encode("1234")) == 4
    text = "ünï∑ode \t and\n\nlines"
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_the_small_recipe_reads_a_table_of_problems(tmp_path: Path) -> None:
    problems = [
        Problem(
            problem_id=str(i),
            statement=f"What is {i}+{i}?",
            answer=str(2 * i),
            reference_solution=f"{i}+{i}={2 * i}\n# Answer {2 * i}",
        )
        for i in range(40)
    ]
    write(tmp_path / "problems", problems)
    report = train_base.run(
        train_base.Config(
            recipe="small",
            problems=tmp_path / "problems",
            out=tmp_path / "base",
            batch_tokens=512,
            vocabulary=300,
        )
    )
    assert report["examples"] == 40
    model, tokenizer = load_model(tmp_path / "base")
    assert model.config.model_type == "qwen2"
    assert tokenizer.eos_token_id is not None


def test_the_small_recipe_needs_problems(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--problems"):
        train_base.Config(recipe="small", out=tmp_path / "base")


def test_the_nano_recipe_writes_a_model_in_bfloat16(tmp_path: Path) -> None:
    report = train_base.run(train_base.Config(updates=2, batch_tokens=256, out=tmp_path / "nano"))
    assert report["updates"] == 2
    weights = (tmp_path / "nano" / "model.safetensors").stat().st_size
    assert weights < 2.2 * report["parameters"]
    assert weights < 10_000_000
    again = train_base.Config(
        updates=2, batch_tokens=256, start=tmp_path / "nano", out=tmp_path / "more"
    )
    assert train_base.run(again)["first_loss"] < report["first_loss"]
