"""Fitting the rating rows: only they change, and the loss falls to the regression's."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from surefoot.generation.folder import load_model
from surefoot.training.probing import fit_rating_rows
from surefoot.training.targets import NO_TARGET, Example

RATING_IDS = [20, 21, 22]


def _examples(n: int) -> list[Example]:
    """The last token (5, 6 or 7) decides the rating."""
    generator = np.random.default_rng(0)
    found = []
    for index in range(n):
        ids = generator.integers(30, 60, size=4 + index % 3).astype(np.int32)
        ids[-1] = 5 + index % 3
        targets = np.full(len(ids), NO_TARGET, dtype=np.int32)
        targets[-1] = RATING_IDS[index % 3]
        found.append(Example(ids, targets))
    return found


def test_only_the_rating_rows_change_and_the_loss_falls(tiny_folder: Path) -> None:
    model, _ = load_model(tiny_folder)
    kept = {name: value.clone() for name, value in model.state_dict().items()}
    examples = _examples(60)
    before, after = fit_rating_rows(model, examples, RATING_IDS)
    assert after < 0.5 * before
    head = model.get_output_embeddings().weight
    for name, value in model.state_dict().items():
        if value.data_ptr() == head.data_ptr():
            rows = [i for i in range(len(value)) if i not in RATING_IDS]
            assert torch.equal(value[rows], kept[name][rows])
            assert not torch.equal(value[RATING_IDS], kept[name][RATING_IDS])
        else:
            assert torch.equal(value, kept[name])


def test_the_losses_are_those_of_a_plain_forward_pass(tiny_folder: Path) -> None:
    model, _ = load_model(tiny_folder)
    examples = _examples(30)

    @torch.no_grad()
    def naive() -> float:
        losses = []
        for ids, targets, *_ in examples:
            logits = model(input_ids=torch.tensor(np.array(ids))[None]).logits[0, -1, RATING_IDS]
            target = torch.tensor(RATING_IDS.index(int(targets[-1])))
            losses.append(float(functional.cross_entropy(logits, target)))
        return float(np.mean(losses))

    expected_before = naive()
    before, after = fit_rating_rows(model, examples, RATING_IDS)
    assert before == pytest.approx(expected_before, rel=1e-4)
    if model.config.tie_word_embeddings:
        # The rating tokens stand in no example, so their input rows do not matter.
        assert after == pytest.approx(naive(), rel=1e-3)
