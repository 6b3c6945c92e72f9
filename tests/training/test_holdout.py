"""Held-out figures against enumeration of pairs."""

from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.generation.folder import load_model
from surefoot.training.holdout import (
    PositionPredictor,
    auc,
    is_held_out,
    prm_holdout,
    within_problem_auc,
)
from surefoot.verifiers.folder import Verifier, VerifierSettings
from surefoot.verifiers.rating_tokens import RATING_TOKENS, rating_token_ids
from toy_sums import toy_sums

scored = st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.5, 0.9]), st.booleans()), max_size=12)


def pairs_auc(rows: list[tuple[float, bool]]) -> float | None:
    positive = [score for score, is_positive in rows if is_positive]
    negative = [score for score, is_positive in rows if not is_positive]
    won = [1.0 if p > n else 0.5 if p == n else 0.0 for p, n in product(positive, negative)]
    return sum(won) / len(won) if won else None


@given(rows=scored)
def test_auc_is_the_share_of_pairs_in_order(rows: list[tuple[float, bool]]) -> None:
    assert auc([s for s, _ in rows], [p for _, p in rows]) == pytest.approx(pairs_auc(rows))


@given(groups=st.lists(scored, max_size=4))
def test_within_problem_auc_is_the_mean_over_problems(
    groups: list[list[tuple[float, bool]]],
) -> None:
    rows = [(str(i), score, right) for i, group in enumerate(groups) for score, right in group]
    found = within_problem_auc([r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows])
    values = [value for group in groups if (value := pairs_auc(group)) is not None]
    assert found == (pytest.approx(sum(values) / len(values)) if values else None)


def test_a_score_of_the_problem_alone_has_pooled_auc_but_none_within() -> None:
    problem_ids = ["easy"] * 10 + ["hard"] * 10
    is_right = [True] * 9 + [False] + [True] + [False] * 9
    scores = [0.9] * 10 + [0.1] * 10
    pooled = auc(scores, is_right)
    assert pooled is not None
    assert pooled > 0.85
    assert within_problem_auc(problem_ids, scores, is_right) == 0.5


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
