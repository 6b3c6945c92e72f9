"""Calibrating a verifier on held-out problems."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from surefoot.generation.folder import load_model
from surefoot.training.orm_holdout import graded, orm_holdout
from surefoot.training.temperature import Predicted, calibrated, judged_solutions, rated_steps
from surefoot.verifiers.auc import auc
from surefoot.verifiers.folder import Verifier
from surefoot.verifiers.rating_tokens import rating_token_ids
from surefoot.verifiers.scoring import score_solutions
from surefoot.verifiers.settings import RATING_TOKENS, VerifierSettings
from toy_sums import toy_sums

DATA = toy_sums(n_problems=30)
PROBLEMS = {p.problem_id: p for p in DATA.problems}
SOLUTIONS = {s.solution_id: s for s in DATA.solutions}


def untrained(folder: Path, kind: str) -> Verifier:
    model, tokenizer = load_model(folder)
    return Verifier(
        model=model,
        tokenizer=tokenizer,
        settings=VerifierSettings(kind=kind),  # type: ignore[arg-type]
        rating_ids=rating_token_ids(tokenizer, RATING_TOKENS, "tiny"),
        name="tiny",
    )


@pytest.mark.parametrize("kind", ["prm", "orm"])
def test_scores_at_the_temperature_are_as_likely_as_was_reported(
    tiny_folder: Path, kind: str
) -> None:
    verifier = untrained(tiny_folder, kind)

    def predict(verifier: Verifier) -> Predicted:
        if kind == "prm":
            return rated_steps(verifier, PROBLEMS, SOLUTIONS, DATA.labels)
        return judged_solutions(verifier, PROBLEMS, graded(DATA.solutions, DATA.grades))

    before = predict(verifier)
    tuned, report = calibrated(verifier, before)
    assert report["temperature"] == tuned.settings.temperature != 1.0
    assert report["fitted_on"] + report["measured_on"] == len(before.classes_K)
    after = predict(tuned)

    def nll(predicted: Predicted) -> float:
        rows = zip(predicted.chances_KC, predicted.classes_K, strict=True)
        return -math.fsum(math.log(chances[column]) for chances, column in rows)

    # Both halves together, against the report on one and the fit on the other.
    assert nll(after) < nll(before)
    assert 0 < report["nll_after"] * report["measured_on"] < nll(after)


def test_halves_are_of_problems(tiny_folder: Path) -> None:
    verifier = untrained(tiny_folder, "orm")
    # The first half of the problems, whichever it is, is always right, the second always wrong.
    ids = [f"p{i}" for i in range(40) for _ in range(5)]
    chances = np.tile([0.4, 0.6], (200, 1))
    draw = np.random.default_rng(0)
    right = np.repeat(draw.integers(0, 2, 40), 5)
    _, report = calibrated(verifier, Predicted(ids, chances, right))
    assert (report["fitted_on"], report["measured_on"]) == (100, 100)


def test_too_little_leaves_the_temperature_alone(tiny_folder: Path) -> None:
    verifier = untrained(tiny_folder, "orm")
    for n in (0, 3):
        some = Predicted(["p"] * n, np.tile([0.4, 0.6], (n, 1)), np.zeros(n, dtype=np.int64))
        tuned, report = calibrated(verifier, some)
        assert tuned.settings.temperature == report["temperature"] == 1.0
        assert report["nll_after"] is None


def test_a_temperature_leaves_the_order_of_an_orm_alone(tiny_folder: Path) -> None:
    verifier = untrained(tiny_folder, "orm")
    hot = replace(verifier, settings=replace(verifier.settings, temperature=3.0))
    plain, tempered = (score_solutions(v, PROBLEMS, DATA.solutions) for v in (verifier, hot))
    for a, b in zip(plain, tempered, strict=True):
        odds = a.solution_score / (1 - a.solution_score)
        ours = b.solution_score / (1 - b.solution_score)
        assert ours == pytest.approx(odds ** (1 / 3), rel=1e-6)


def test_orm_holdout_by_hand(tiny_folder: Path) -> None:
    verifier = untrained(tiny_folder, "orm")
    grades = [replace(DATA.grades[0], verdict="undecided"), *DATA.grades[1:40]]
    judged = graded(DATA.solutions[:40], grades)
    assert len(judged) == 39
    report = orm_holdout(verifier, PROBLEMS, judged)
    scores = [s.solution_score for s in score_solutions(verifier, PROBLEMS, [s for s, _ in judged])]
    right = [is_right for _, is_right in judged]
    losses = [-math.log(x if r else 1 - x) for x, r in zip(scores, right, strict=True)]
    assert report["holdout_loss"] == pytest.approx(sum(losses) / 39)
    share = sum(right) / 39
    entropy = -share * math.log(share) - (1 - share) * math.log(1 - share)
    assert report["base_rate_loss"] == pytest.approx(entropy)
    assert report["solution_auc"] == auc(scores, right)
    assert (report["holdout_problems"], report["holdout_solutions"]) == (10, 39)
    nothing = orm_holdout(verifier, PROBLEMS, [])
    assert nothing["holdout_loss"] is nothing["base_rate_loss"] is nothing["solution_auc"] is None
