"""Which parameter goes to which optimizer."""

from pathlib import Path
from typing import Any

import pytest
import torch

from surefoot.generation.folder import load_model
from surefoot.training.optimizers import OptimizerName, build_optimizers, split_parameters


def untied_model() -> Any:
    from transformers import Qwen2Config, Qwen2ForCausalLM

    return Qwen2ForCausalLM(
        Qwen2Config(
            vocab_size=50,
            hidden_size=16,
            intermediate_size=24,
            num_hidden_layers=1,
            num_attention_heads=2,
            num_key_value_heads=1,
            tie_word_embeddings=False,
        )
    )


@pytest.fixture(params=["tied", "untied"])
def model(request: pytest.FixtureRequest, tiny_folder: Path) -> Any:
    return load_model(tiny_folder)[0] if request.param == "tied" else untied_model()


def test_each_parameter_is_in_exactly_one_group(model: Any) -> None:
    groups = split_parameters(model)
    found = [id(parameter) for group in groups for parameter in group]
    assert sorted(found) == sorted(id(parameter) for parameter in model.parameters())


def test_groups_hold_what_their_names_say(model: Any) -> None:
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    groups = split_parameters(model)
    assert all("_proj" in names[id(p)] and p.ndim == 2 for p in groups.hidden)
    assert all("embed" in names[id(p)] or "lm_head" in names[id(p)] for p in groups.embeddings)
    assert all(p.ndim == 1 for p in groups.vectors)
    tied = model.get_input_embeddings().weight is model.get_output_embeddings().weight
    assert len(groups.embeddings) == (1 if tied else 2)
    assert sum("_proj" in name for name in names.values()) == len(groups.hidden) + sum(
        "_proj" in names[id(p)] for p in groups.vectors
    )


def test_frozen_parameters_are_left_out(model: Any) -> None:
    model.get_input_embeddings().weight.requires_grad_(False)
    found = {id(p) for group in split_parameters(model) for p in group}
    assert id(model.get_input_embeddings().weight) not in found


@pytest.mark.parametrize(("name", "n"), [("adamw", 1), ("muon", 2)])
def test_every_parameter_is_stepped_once(model: Any, name: OptimizerName, n: int) -> None:
    optimizers = build_optimizers(model, name, learning_rate=1e-2, weight_decay=0.1)
    assert len(optimizers) == n
    held = [id(p) for o in optimizers for g in o.param_groups for p in g["params"]]
    assert sorted(held) == sorted(id(p) for p in model.parameters())
    before = [p.detach().clone() for p in model.parameters()]
    for parameter in model.parameters():
        parameter.grad = torch.randn_like(parameter)
    for optimizer in optimizers:
        optimizer.step()
    assert all((p != old).any() for p, old in zip(model.parameters(), before, strict=True))


def test_vectors_are_not_decayed_and_rates_are_remembered(model: Any) -> None:
    muon, adamw = build_optimizers(
        model, "muon", learning_rate=1e-3, muon_learning_rate=2e-2, weight_decay=0.1
    )
    assert [group["peak_lr"] for group in muon.param_groups] == [2e-2]
    for group in adamw.param_groups:
        assert group["peak_lr"] == 1e-3
        assert group["weight_decay"] == (0.0 if group["params"][0].ndim == 1 else 0.1)
