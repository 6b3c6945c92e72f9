"""What is held out, and the figures on it."""

from pathlib import Path

from surefoot.generation.folder import load_model
from surefoot.training.holdout import is_held_out, prm_holdout
from surefoot.verifiers.folder import Verifier
from surefoot.verifiers.rating_tokens import rating_token_ids
from surefoot.verifiers.settings import RATING_TOKENS, VerifierSettings
from toy_sums import toy_sums


def test_held_out_problems_are_a_fixed_share() -> None:
    ids = [f"p{i}" for i in range(4000)]
    held = {i for i in ids if is_held_out(i, 0.1)}
    assert 320 < len(held) < 480
    assert held <= {i for i in ids if is_held_out(i, 0.2)}
    assert held != {i for i in ids if is_held_out(i, 0.1, seed=1)}
    assert not any(is_held_out(i, 0.0) for i in ids)


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
