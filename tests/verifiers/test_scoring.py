"""Scores against one plain forward pass a step prefix, with all logits."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot.errors import UserError
from surefoot.generation.folder import encode, load_model
from surefoot.records import Problem, Solution, VerifierKind
from surefoot.steps import review_prompt, step_units
from surefoot.verifiers.encode import Encoder
from surefoot.verifiers.folder import Verifier
from surefoot.verifiers.rating_tokens import rating_token_ids
from surefoot.verifiers.scoring import length_batches, score_solutions
from surefoot.verifiers.settings import RATING_TOKENS, VerifierSettings
from toy_sums import toy_sums

DATA = toy_sums(n_problems=12)
PROBLEMS = {p.problem_id: p for p in DATA.problems}


def make_verifier(folder: Path, kind: VerifierKind) -> Verifier:
    model, tokenizer = load_model(folder)
    return Verifier(
        model=model,
        tokenizer=tokenizer,
        settings=VerifierSettings(kind=kind),
        rating_ids=rating_token_ids(tokenizer, RATING_TOKENS, "tiny"),
        name="tiny",
    )


@pytest.fixture(scope="module", params=["prm", "orm"])
def verifier(request: pytest.FixtureRequest, tiny_folder: Path) -> Verifier:
    return make_verifier(tiny_folder, request.param)


def naive(verifier: Verifier, solution: Solution) -> list[list[float]]:
    """Chances of the ratings after each step: each prefix is run alone."""
    statement = PROBLEMS[solution.problem_id].statement
    ids = encode(verifier.tokenizer, review_prompt(statement))
    signs = ["-", "0", "+"] if verifier.settings.kind == "prm" else ["-", "+"]
    tokens = [encode(verifier.tokenizer, sign)[0] for sign in signs]
    found = []
    for unit in step_units(solution.steps):
        ids = ids + encode(verifier.tokenizer, unit)
        logits: Any = verifier.model(input_ids=torch.tensor([ids])).logits[0, -1]
        found.append(logits.detach()[tokens].double().softmax(0).tolist())
    return found


def test_steps_beyond_what_the_verifier_reads_are_refused_or_wrong(
    verifier: Verifier, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    solution = DATA.solutions[0]
    text = Encoder(verifier.tokenizer)(
        review_prompt(PROBLEMS[solution.problem_id].statement), solution.steps
    )
    whole = score_solutions(verifier, PROBLEMS, [solution])[0]
    for n_read in range(3):
        limit = [text.n_prompt - 1, text.step_ends[0] + 1, text.step_ends[2]][n_read]
        monkeypatch.setattr(verifier.model.config, "max_position_embeddings", limit)
        with pytest.raises(UserError, match=f"reads at most {limit}; --skip-long"):
            score_solutions(verifier, PROBLEMS, [solution])
        scores = score_solutions(verifier, PROBLEMS, [solution], skip_long=True)[0]
        assert scores.step_scores[:n_read] == pytest.approx(whole.step_scores[:n_read])
        assert set(scores.step_scores[n_read:]) == {0.0}
        assert len(scores.step_scores) == len(solution.steps)
        assert scores.solution_score == 0
    assert "1 solutions are longer than tiny reads" in caplog.text


def test_one_pass_in_a_batch_equals_a_pass_a_step(verifier: Verifier) -> None:
    scored = score_solutions(verifier, PROBLEMS, DATA.solutions, batch_tokens=700)
    for solution, scores in zip(DATA.solutions, scored, strict=True):
        expected = np.array(naive(verifier, solution))
        if verifier.settings.kind == "prm":
            assert scores.step_probabilities is not None
            np.testing.assert_allclose(scores.step_probabilities, expected, atol=1e-6)
            right = expected[:, 1] + expected[:, 2]
            assert scores.solution_score == pytest.approx(right.prod(), abs=1e-6)
        else:
            right = expected[:, 1]
            assert (scores.step_probabilities, scores.aggregation) == (None, None)
            assert scores.solution_score == pytest.approx(right[-1], abs=1e-6)
        np.testing.assert_allclose(scores.step_scores, right, atol=1e-6)
        assert (scores.kind, scores.verifier) == (verifier.settings.kind, "tiny")


@pytest.mark.parametrize("batch_tokens", [1, 150, 10**6])
def test_batch_size_changes_rounding_only(verifier: Verifier, batch_tokens: int) -> None:
    one = score_solutions(verifier, PROBLEMS, DATA.solutions)
    other = score_solutions(verifier, PROBLEMS, DATA.solutions, batch_tokens=batch_tokens)
    assert [s.solution_id for s in one] == [s.solution_id for s in DATA.solutions]
    for a, b in zip(one, other, strict=True):
        assert (a.solution_id, a.problem_id) == (b.solution_id, b.problem_id)
        np.testing.assert_allclose(a.step_scores, b.step_scores, atol=1e-6)


def test_order_of_solutions_is_kept(verifier: Verifier) -> None:
    forward = score_solutions(verifier, PROBLEMS, DATA.solutions)
    backward = score_solutions(verifier, PROBLEMS, DATA.solutions[::-1])
    assert [s.solution_id for s in forward] == [s.solution_id for s in backward[::-1]]
    for a, b in zip(forward, backward[::-1], strict=True):
        assert a.solution_score == pytest.approx(b.solution_score, abs=1e-6)


def test_all_aggregations_of_the_same_probabilities(tiny_folder: Path) -> None:
    prm = make_verifier(tiny_folder, "prm")
    solution = DATA.solutions[0]
    p = np.array(naive(prm, solution))
    for neutral, right in (("positive", p[:, 1] + p[:, 2]), ("negative", p[:, 2])):
        for how, expected in (
            ("product", right.prod()),
            ("min", right.min()),
            ("mean", right.mean()),
            ("last", right[-1]),
        ):
            (scores,) = score_solutions(
                prm,
                PROBLEMS,
                [solution],
                aggregation=how,  # type: ignore[arg-type]
                neutral=neutral,  # type: ignore[arg-type]
            )
            assert scores.solution_score == pytest.approx(expected, abs=1e-6)
            assert scores.aggregation == how


def test_no_solutions_and_no_steps(verifier: Verifier) -> None:
    assert score_solutions(verifier, PROBLEMS, []) == []
    empty = Solution(solution_id="e", problem_id="p0", steps=())
    for rows in ([empty], [DATA.solutions[0], empty]):
        scores = score_solutions(verifier, PROBLEMS, rows)[-1]
        assert (scores.solution_id, scores.solution_score, scores.step_scores) == ("e", 0.0, ())


def test_identical_solutions_get_identical_scores(verifier: Verifier) -> None:
    twin = Solution(solution_id="twin", problem_id="p0", steps=DATA.solutions[0].steps)
    scored = score_solutions(verifier, PROBLEMS, [*DATA.solutions, twin])
    assert scored[-1].step_scores == scored[0].step_scores
    assert scored[-1].solution_id == "twin"


def test_what_cannot_be_scored_is_named(verifier: Verifier) -> None:
    stray = Solution(solution_id="s", problem_id="elsewhere", steps=("1",))
    with pytest.raises(UserError, match="'elsewhere'"):
        score_solutions(verifier, PROBLEMS, [stray])
    endless = Solution(solution_id="long", problem_id="p0", steps=("7" * 1100,))
    with pytest.raises(UserError, match=r"'long' has 11.. tokens.*at most 1024"):
        score_solutions(verifier, PROBLEMS, [endless])


def test_a_model_with_bfloat16_weights_scores_nearly_the_same(tiny_folder: Path) -> None:
    full, half = (make_verifier(tiny_folder, "prm") for _ in range(2))
    half.model.to(torch.bfloat16)
    a = score_solutions(full, PROBLEMS, DATA.solutions)
    b = score_solutions(half, PROBLEMS, DATA.solutions)
    for x, y in zip(a, b, strict=True):
        np.testing.assert_allclose(x.step_scores, y.step_scores, atol=2e-2)


@settings(max_examples=50)
@given(
    lengths=st.lists(st.integers(0, 90), max_size=40),
    batch_tokens=st.integers(1, 400),
)
def test_length_batches_hold_each_index_once(lengths: list[int], batch_tokens: int) -> None:
    found = list(length_batches(lengths, batch_tokens))
    assert sorted(i for batch in found for i in batch) == list(range(len(lengths)))
    for batch in found:
        assert len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= batch_tokens
    longest = [max(lengths[i] for i in batch) for batch in found]
    assert longest == sorted(longest, reverse=True)


def test_problem_statement_matters(tiny_folder: Path) -> None:
    prm = make_verifier(tiny_folder, "prm")
    steps = ("1+1=2",)
    problems = {
        name: Problem(problem_id=name, statement=name, answer="2") for name in ("one", "two")
    }
    rows = [Solution(solution_id=name, problem_id=name, steps=steps) for name in problems]
    one, two = score_solutions(prm, problems, rows)
    assert one.solution_score != two.solution_score
