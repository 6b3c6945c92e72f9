"""LoRA: what is trained, and that the merged model is the one that was trained."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from surefoot.errors import UserError
from surefoot.generation.folder import load_model
from surefoot.training.batches import Batches
from surefoot.training.examples import Examples
from surefoot.training.finetune import Schedule, finetune
from surefoot.training.loop import Plan, checkpoint_layers, fit
from surefoot.training.lora import ADAPTER, Adapter, Lora
from surefoot.training.objectives import restricted_loss, token_loss
from surefoot.training.targets import NO_TARGET, Example, collate
from surefoot.training.tree_batches import TreeBatches
from surefoot.training.weights import each_target_once
from surefoot.verifiers.packed import reading_trees
from tiny_families import FAMILIES, make

RATINGS = (7, 8, 9)


def examples(n_problems: int = 6) -> list[Example]:
    """Steps with alternatives, the first of which goes on."""
    draw = np.random.default_rng(4)
    found = []
    for problem in range(n_problems):
        ids = [3, 10 + problem]
        for _ in range(3):
            options = draw.integers(30, 60, size=(3, 3)).tolist()
            for option in options:
                text = ids + option
                targets = [NO_TARGET] * (len(text) - 1) + [RATINGS[option[-1] % 3]]
                found.append(Example(text, targets, name=f"p{problem}"))
            ids = ids + options[0]
    return found


def perturb(model: Any) -> None:
    """As after training: LoRA's second matrices start at 0, which would hide mistakes."""
    draw = torch.Generator().manual_seed(1)
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data += 0.1 * torch.randn(parameter.shape, generator=draw)


def untied() -> Any:
    model = make("llama")
    assert model.get_output_embeddings().weight is not model.get_input_embeddings().weight
    return model


def tied(folder: Path) -> Any:
    model, _ = load_model(folder)
    assert model.get_output_embeddings().weight is model.get_input_embeddings().weight
    return model


@pytest.mark.parametrize("is_tied", [True, False])
def test_only_the_matrices_and_the_rows_get_gradients(tiny_folder: Path, is_tied: bool) -> None:
    model = tied(tiny_folder) if is_tied else untied()
    n_linear = 7 * model.config.num_hidden_layers
    width = model.config.hidden_size
    Adapter(model, Lora(rank=2), RATINGS)
    torch.autograd.backward(token_loss(model, collate(examples(), 0)))
    learned = {n: p for n, p in model.named_parameters() if p.grad is not None}
    assert learned.keys() == {n for n, p in model.named_parameters() if p.requires_grad}
    rows = [p for n, p in learned.items() if "lora_" not in n]
    assert [tuple(p.shape) for p in rows] == [(3, width)]
    assert len(learned) == 2 * n_linear + 1


def test_targets_choose_the_layers() -> None:
    model = untied()
    Adapter(model, Lora(rank=2, targets=("q_proj", "v_proj")))
    learned = [n for n, p in model.named_parameters() if p.requires_grad]
    assert len(learned) == 2 * 2 * model.config.num_hidden_layers
    assert all("q_proj" in name or "v_proj" in name for name in learned)
    with pytest.raises(UserError, match=r"no linear layer 'c_attn'; it has down_proj, .*q_proj"):
        Adapter(untied(), Lora(rank=2, targets=("c_attn",)))


def test_without_peft_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(UserError, match=r"pip install 'surefoot\[lora\]'"):
        Adapter(untied(), Lora(rank=2))


@pytest.mark.parametrize("family", FAMILIES)
def test_trees_and_padded_rows_give_the_matrices_the_same_gradients(family: str) -> None:
    weighed = each_target_once(examples())
    found = []
    for way in ("padded", "ancestry"):
        model = make(family)
        Adapter(model, Lora(rank=2), RATINGS)
        perturb(model)
        batch: Any = (Batches if way == "padded" else TreeBatches)(weighed, 10**5)(0)
        with reading_trees(model, "ancestry" if way == "ancestry" else "padded"):
            torch.autograd.backward(token_loss(model, batch))
        found.append({n: p.grad for n, p in model.named_parameters() if p.requires_grad})
    padded, trees = found
    for name, gradient in padded.items():
        assert gradient is not None
        scale = max(1.0, float(gradient.abs().max()))
        assert float((trees[name] - gradient).abs().max()) < 1e-4 * scale, name


@pytest.mark.parametrize("is_tied", [True, False])
def test_the_merged_model_computes_the_same(
    tiny_folder: Path, tmp_path: Path, is_tied: bool
) -> None:
    model = tied(tiny_folder) if is_tied else untied()
    adapter = Adapter(model, Lora(rank=2), RATINGS)
    perturb(model)
    model.eval()
    ids = torch.arange(4, 40)[None] % model.config.vocab_size
    with torch.no_grad():
        before = model(input_ids=ids).logits
        adapter.merge()
        after = model(input_ids=ids).logits
    assert float((after - before).abs().max()) < 1e-5 * max(1.0, float(before.abs().max()))
    model.save_pretrained(tmp_path)
    again = type(model).from_pretrained(tmp_path)
    assert {n for n, _ in again.named_parameters()} == {n for n, _ in model.named_parameters()}
    assert not any("lora" in name for name in load_file(tmp_path / "model.safetensors"))
    with torch.no_grad():
        torch.testing.assert_close(again(input_ids=ids).logits, after)


def train(folder: Path, out: Path, batch_at: Any, **plan: Any) -> list[dict[str, Any]]:
    model, _ = load_model(folder)
    adapter = Adapter(model, Lora(rank=4), RATINGS)

    def save(place: Path) -> None:
        adapter.merge()
        model.save_pretrained(place)

    settings = {"updates": 12, "learning_rate": 2e-2, "checkpoint_every": 4, **plan}
    loss = restricted_loss(RATINGS)
    return fit(model, batch_at, loss, Plan(**settings), out, title="t", save=save)


def test_an_interrupted_run_goes_on_as_if_it_had_not_been(
    tiny_folder: Path, tmp_path: Path
) -> None:
    batches = Batches(examples(), 100)
    whole = train(tiny_folder, tmp_path / "a", batches)
    assert whole[-1]["loss"] < whole[0]["loss"]

    def dying(number: int) -> Any:
        if number == 10:
            raise KeyboardInterrupt
        return batches(number)

    with pytest.raises(KeyboardInterrupt):
        train(tiny_folder, tmp_path / "b", dying)
    (state,) = (tmp_path / "b/.checkpoint").glob("update-*/pytorch_model.bin")
    kept = torch.load(state, weights_only=True)
    assert kept
    assert all("lora_" in name or "trainable_tokens" in name for name in kept)
    again = train(tiny_folder, tmp_path / "b", batches)
    assert [row["loss"] for row in again] == [row["loss"] for row in whole]
    files = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("a", "b")]
    assert files[0] == files[1]


@pytest.mark.filterwarnings("ignore:.*gradient_checkpointing:FutureWarning")  # peft's
@pytest.mark.parametrize("bf16", [False, True])
def test_finetuning_with_lora_writes_a_model_and_the_matrices(
    tiny_folder: Path, tmp_path: Path, bf16: bool
) -> None:
    from peft import PeftModel

    model, tokenizer = load_model(tiny_folder)

    def save(folder: Path) -> dict[str, Any]:
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        return {"dtype": str(model.dtype)}

    report = finetune(
        model,
        Examples(examples()),
        Schedule(epochs=20, learning_rate=2e-2, batch_tokens=10**4, bf16=bf16),
        tmp_path / "out",
        title="t",
        save=save,
        spec={},
        weight_by="step",
        lora=Lora(rank=4, alpha=4.0, keep_adapter=True),
        lora_rows=RATINGS,
    )
    assert report["dtype"] == "torch.float32"
    assert report["last_loss"] < report["first_loss"] / 2
    merged, _ = load_model(tmp_path / "out")
    base, _ = load_model(tiny_folder)
    if bf16:
        for parameter in base.parameters():  # what was trained beside
            parameter.data = parameter.data.bfloat16().float()
    applied = PeftModel.from_pretrained(base, tmp_path / "out" / ADAPTER).eval()
    ids = torch.arange(4, 40)[None]
    with torch.no_grad():
        ours, theirs = merged(input_ids=ids).logits, applied(input_ids=ids).logits
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("way", ["padded", "ancestry"])
@pytest.mark.parametrize("with_lora", [False, True])
def test_computing_layers_again_gives_the_same_gradients(way: Any, with_lora: bool) -> None:
    model = make("qwen3")
    if with_lora:
        Adapter(model, Lora(rank=2), RATINGS)
        perturb(model)
    weighed = each_target_once(examples())
    batch: Any = (Batches if way == "padded" else TreeBatches)(weighed, 10**5)(0)
    model.train()

    def gradients() -> dict[str, torch.Tensor]:
        model.zero_grad()
        with reading_trees(model, way):
            torch.autograd.backward(token_loss(model, batch))
        return {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}

    wanted = gradients()
    passes = []
    norm = model.base_model.layers[0].input_layernorm
    handle = norm.register_forward_hook(lambda *_: passes.append(1))
    checkpoint_layers(model)
    found = gradients()
    assert len(passes) == 2
    checkpoint_layers(model, enable=False)
    gradients()
    assert len(passes) == 3
    handle.remove()
    assert found.keys() == wanted.keys()
    for name, gradient in found.items():
        torch.testing.assert_close(gradient, wanted[name], msg=name)


def test_bad_values() -> None:
    for bad, flag in (({"rank": 0}, "--lora-rank"), ({"rank": 1, "alpha": 0.0}, "--lora-alpha")):
        with pytest.raises(UserError, match=flag):
            Lora(**bad)
