"""Text to batches: whole documents, pure functions of the number, nothing lost unsaid."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.commands import train_base
from surefoot.errors import UserError
from surefoot.generation.folder import load_model
from surefoot.records import Problem
from surefoot.tables import write
from surefoot.training.pretraining import CorpusBatches, corpus_tokenizer, pack
from surefoot.training.targets import NO_TARGET


@given(st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=14), max_size=40))
def test_packing_keeps_texts_whole_and_in_bounds(texts: list[list[int]]) -> None:
    packed = pack(iter(texts), rows=3, row_tokens=12)
    placed = [text for row in packed for text in row]
    assert all(sum(map(len, row)) <= 12 for row in packed)
    fitting = [text for text in texts if len(text) <= 12]
    assert sorted(placed) == sorted(fitting[: len(placed)])


def test_a_batch_depends_on_seed_and_number_only() -> None:
    tokenizer = corpus_tokenizer(0)
    one, two = (CorpusBatches(tokenizer, rows=2, row_tokens=256, seed=0) for _ in range(2))
    first = one(3)
    two(1)
    again = two(3)
    assert np.array_equal(first.input_ids_BT, again.input_ids_BT)
    assert not np.array_equal(first.input_ids_BT, one(4).input_ids_BT)


def test_each_token_predicts_the_next() -> None:
    tokenizer = corpus_tokenizer(0)
    batch = CorpusBatches(tokenizer, rows=2, row_tokens=256, seed=0)(0)
    for ids, targets in zip(batch.input_ids_BT, batch.targets_BT, strict=True):
        kept = targets != NO_TARGET
        n = int(kept.sum())
        assert bool((targets[:n] == ids[1 : n + 1]).all())
        assert bool((targets[n:] == NO_TARGET).all())
        assert "Problem: " in tokenizer.decode(ids)


def test_digits_newlines_and_rating_tokens_stand_alone() -> None:
    tokenizer = corpus_tokenizer(0)
    for text in ("0", "+", "-", "\n", "7"):
        assert len(tokenizer.encode(text)) == 1
    assert len(tokenizer.encode("1234")) == 4
    text = "ünï∑ode \t and\n\nlines"
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_the_small_recipe_reads_tables_of_problems(tmp_path: Path) -> None:
    problems = [
        Problem(
            problem_id=str(i),
            statement=f"What is {i}+{i}?",
            answer=str(2 * i),
            reference_solution=f"{i}+{i}={2 * i}\n# Answer {2 * i}",
        )
        for i in range(40)
    ]
    tables = (tmp_path / "some", tmp_path / "others")
    write(tables[0], problems[:30])
    write(tables[1], problems[30:])
    report = train_base.run(
        train_base.Config(
            recipe="small",
            problems=tables,
            width=64,
            layers=3,
            out=tmp_path / "base",
            batch_tokens=512,
            vocabulary=300,
        )
    )
    assert report["examples"] == 40
    model, tokenizer = load_model(tmp_path / "base")
    assert model.config.model_type == "qwen2"
    assert (model.config.hidden_size, model.config.num_hidden_layers) == (64, 3)
    assert tokenizer.eos_token_id is not None


def test_the_small_recipe_needs_problems(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--problems"):
        train_base.Config(recipe="small", out=tmp_path / "base")
    with pytest.raises(UserError, match=r"--width: must be a multiple of 64, got 100"):
        train_base.Config(recipe="small", problems=(tmp_path,), width=100, out=tmp_path / "base")


def test_the_nano_recipe_writes_a_model_in_bfloat16(tmp_path: Path) -> None:
    report = train_base.run(train_base.Config(updates=2, rows=1, out=tmp_path / "nano"))
    assert report["updates"] == 2
    weights = (tmp_path / "nano" / "model.safetensors").stat().st_size
    assert weights < 2.2 * report["parameters"]
    assert weights < 10_000_000
    load_model(tmp_path / "nano")
