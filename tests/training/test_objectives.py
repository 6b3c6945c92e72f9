"""The losses against a naive computation, one position at a time with full logits."""

from pathlib import Path
from typing import Any

import pytest
import torch

from surefoot.errors import ModelFolderError
from surefoot.generation.folder import load_model
from surefoot.training.objectives import restricted_loss, token_loss
from surefoot.training.targets import NO_TARGET, Example, TokenBatch, collate
from surefoot.verifiers.readout import check_readout, head_logits, hidden_states


@pytest.fixture(scope="module")
def model(tiny_folder: Path) -> Any:
    return load_model(tiny_folder)[0]


def example(generator: torch.Generator, length: int, n_targets: int, vocabulary: int) -> Example:
    ids = torch.randint(1, vocabulary, (length,), generator=generator).tolist()
    targets = [NO_TARGET] * length
    for position in torch.randperm(length, generator=generator)[:n_targets].tolist():
        targets[position] = int(torch.randint(1, vocabulary, (), generator=generator))
    return Example(ids, targets)


def examples(vocabulary: int = 290) -> list[Example]:
    generator = torch.Generator().manual_seed(3)
    shapes = [(12, 4), (5, 1), (17, 17), (1, 1), (9, 0)]
    return [example(generator, length, n, vocabulary) for length, n in shapes]


def naive_loss(model: Any, rows: list[Example], tokens: list[int] | None = None) -> float:
    """Each text alone, all logits, the chance of each target looked up."""
    total = 0.0
    for ids, targets, *_ in rows:
        logits = model(input_ids=torch.tensor([list(ids)])).logits[0].double()
        for position, target in enumerate(targets):
            if target != NO_TARGET:
                row = logits[position]
                shown = row if tokens is None else row[tokens]
                total += (shown.exp().sum().log() - row[int(target)]).item()
    return total


def test_token_loss_is_the_sum_of_one_by_one_losses(model: Any) -> None:
    rows = examples()
    loss = token_loss(model, collate(rows, pad_id=0)).item()
    assert loss == pytest.approx(naive_loss(model, rows), rel=1e-5)


def test_restricted_loss_reads_rating_tokens_only(model: Any) -> None:
    tokens = [20, 7, 255]
    rows = [
        Example(ids, [tokens[int(t) % 3] if t != NO_TARGET else t for t in targets])
        for ids, targets, *_ in examples()
    ]
    loss = restricted_loss(tokens)(model, collate(rows, pad_id=0)).item()
    assert loss == pytest.approx(naive_loss(model, rows, tokens), rel=1e-5)


def test_padding_and_its_token_change_nothing(model: Any) -> None:
    rows = examples()
    alone = sum(token_loss(model, collate([row], pad_id=0)).item() for row in rows)
    for pad_id in (0, 17):
        assert token_loss(model, collate(rows, pad_id)).item() == pytest.approx(alone, rel=1e-5)


def test_batch_without_targets_has_loss_and_gradient_zero(model: Any) -> None:
    batch = collate([Example([1, 2, 3], [NO_TARGET] * 3)], pad_id=0)
    loss = token_loss(model, batch)
    torch.autograd.backward(loss)
    assert (batch.n_targets, loss.item()) == (0, 0.0)
    assert all(p.grad is None or not p.grad.any() for p in model.parameters())
    model.zero_grad()


@pytest.mark.parametrize("restricted", [False, True])
def test_gradient_agrees_with_finite_differences(tiny_folder: Path, restricted: bool) -> None:
    model = load_model(tiny_folder)[0].double()
    loss = restricted_loss([5, 6, 7]) if restricted else token_loss
    ids = torch.randint(1, 290, (4, 8), generator=torch.Generator().manual_seed(1))
    rows = [Example(row.tolist(), [NO_TARGET] * 5 + [5, 6, 7]) for row in ids]
    batch = collate(rows, pad_id=0)
    torch.autograd.backward(loss(model, batch))
    generator = torch.Generator().manual_seed(0)
    for name, parameter in model.named_parameters():
        # Float32 islands in the model (norms, rotary) allow no finer step.
        direction = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
        direction *= 1e-3 / direction.norm()
        with torch.no_grad():
            parameter += direction
            above = loss(model, batch).item()
            parameter -= 2 * direction
            below = loss(model, batch).item()
            parameter += direction
        assert parameter.grad is not None
        expected = float((parameter.grad * direction).sum())
        assert (above - below) / 2 == pytest.approx(expected, rel=2e-2, abs=2e-5), name


def test_collate_pads_to_the_longest_and_counts() -> None:
    batch = collate([Example([1, 2, 3], [-100, 5, -100]), Example([4], [6])], pad_id=9)
    assert batch.input_ids_BT.tolist() == [[1, 2, 3], [4, 9, 9]]
    assert batch.targets_BT.tolist() == [[-100, 5, -100], [6, -100, -100]]
    assert (batch.n_tokens, batch.n_targets) == (4, 2)
    assert isinstance(batch.to(torch.device("cpu")), TokenBatch)


def test_head_logits_of_some_tokens_are_columns_of_all(model: Any) -> None:
    hidden_KD = hidden_states(model, torch.tensor([[3, 1, 4, 1, 5]]))[0]
    tokens = torch.tensor([7, 0, 99])
    some, every = head_logits(model, hidden_KD, tokens), head_logits(model, hidden_KD)
    torch.testing.assert_close(some, every[:, tokens])


def test_readout_refuses_a_model_that_scales_its_logits() -> None:
    from transformers import CohereConfig, CohereForCausalLM

    config = CohereConfig(
        vocab_size=64,
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        logit_scale=0.06,
    )
    with pytest.raises(ModelFolderError, match="CohereForCausalLM"):
        check_readout(CohereForCausalLM(config), "cohere")
