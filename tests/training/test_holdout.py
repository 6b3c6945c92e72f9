"""What is held out, and the figures on it."""

from pathlib import Path

import pytest

from surefoot.generation.folder import load_model
from surefoot.training.holdout import PositionPredictor, is_held_out, prm_holdout
from surefoot.verifiers.folder import Verifier, VerifierSettings
from surefoot.verifiers.rating_tokens import RATING_TOKENS, rating_token_ids
from toy_sums import toy_sums


def test_held_out_problems_are_a_fixed_share() -> None:
    ids = [f"p{i}" for i in range(4000)]
    held = {i for i in ids if is_held_out(i, 0.1)}
    assert 320 < len(held) < 480
    assert held <= {i for i in ids if is_held_out(i, 0.2)}
    assert held != {i for i in ids if is_held_out(i, 0.1, seed=1)}
    assert not any(is_held_out(i, 0.0) for i in ids)


def test_position_predictor_counts_by_place() -> None:
    data = toy_sums(n_problems=50)
    solutions = {s.solution_id: s for s in data.solutions}
    predictor = PositionPredictor.fitted((row, solutions[row.solution_id]) for row in data.labels)
    n = len(data.labels)
    n_right = sum(grade.verdict == "correct" for grade in data.grades)
    some = data.solutions[0]
    assert predictor.probability(0, some, 0) == (n + 1) / (n + 3)
    assert predictor.probability(1, some, 1) == (n_right + 1) / (n + 3)
    # The last step is rated only where no error came before it.
    assert predictor.probability(2, some, 1) == (n_right + 1) / (n_right + 3)
    assert predictor.probability(7, some, -1) == pytest.approx(1 / 3)


def test_prm_holdout_of_an_untrained_model(tiny_folder: Path) -> None:
    model, tokenizer = load_model(tiny_folder)
    data = toy_sums(n_problems=40)
    verifier = Verifier(
        model=model,
        tokenizer=tokenizer,
        settings=VerifierSettings(kind="prm"),
        rating_ids=rating_token_ids(tokenizer, RATING_TOKENS, "tiny"),
        name="tiny",
    )
    problems = {p.problem_id: p for p in data.problems}
    solutions = {s.solution_id: s for s in data.solutions}
    held, kept = data.labels[:80], data.labels[80:]
    report = prm_holdout(verifier, problems, solutions, held, kept)
    assert report["holdout_problems"] == 20
    assert report["holdout_steps"] == sum(3 if row.first_error is None else 2 for row in held)
    assert report["holdout_loss"] > report["position_loss"] > 0
    assert 0 <= report["within_problem_auc"] <= 1
    nothing = prm_holdout(verifier, problems, solutions, [], kept)
    assert nothing["step_auc"] is nothing["within_problem_auc"] is nothing["holdout_loss"] is None
