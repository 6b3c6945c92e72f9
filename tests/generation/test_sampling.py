"""Solutions to problems: records out of the engine's tokens."""

from typing import Any

import pytest
from one_by_one import random_model, sample_plainly, word_tokenizer

from surefoot.errors import UserError
from surefoot.generation.folder import encode
from surefoot.generation.sampling import context_length, sample, solution_id
from surefoot.generation.stopping import cut_solution
from surefoot.grading.extract import final_answer
from surefoot.records import Problem, Solution
from surefoot.steps import split_steps

TOKENIZER = word_tokenizer()
PROBLEMS = [Problem(problem_id=f"p{i}", statement="x", answer="1") for i in range(5)]


def prompt(problem: Problem) -> str:
    """The twelve words know no prose; bars part them."""
    return "|".join(["1", "+", "2", "="][: 1 + int(problem.problem_id[1:]) % 4])


def draw(model: Any, n: int = 9, **how: Any) -> list[Solution]:
    return sample(model, TOKENIZER, PROBLEMS, n, prompt=prompt, **how)


def test_records_say_what_was_sampled() -> None:
    model = random_model()
    solutions = draw(model, n=40, max_tokens=20, generator="the-model", seed=4)
    assert [(s.problem_id, s.solution_id) for s in solutions] == [
        (p.problem_id, f"{p.problem_id}/s4/{i}") for p in PROBLEMS for i in range(40)
    ]
    for s, p in zip(solutions[::7], [p for p in PROBLEMS for _ in range(40)][::7], strict=True):
        tokens, log_probability, finish = sample_plainly(
            model,
            TOKENIZER,
            encode(TOKENIZER, prompt(p)),
            f"{p.problem_id}/{s.solution_id.split('/')[-1]}",
            max_tokens=20,
            seed=4,
        )
        text = cut_solution(TOKENIZER.decode([t for t in tokens if t]))
        assert s.steps == split_steps(text)
        assert s.answer == final_answer(text)
        assert (s.finish, s.n_tokens, s.generator) == (finish, len(tokens), "the-model")
        assert s.log_probability == pytest.approx(log_probability, abs=1e-3)
    assert {s.finish for s in solutions} == {"stop", "length"}
    assert any(s.answer for s in solutions)
    assert any(s.answer is None for s in solutions)


def test_ids_name_the_seed_unless_it_is_the_first() -> None:
    assert (solution_id("a", 3, 0), solution_id("a", 3, 5)) == ("a/3", "a/s5/3")


def test_more_solutions_begin_with_the_fewer() -> None:
    model = random_model()
    few, many = draw(model, n=3), draw(model, n=8)
    assert [s.steps for s in many if int(s.solution_id.split("/")[1]) < 3] == [s.steps for s in few]


def test_a_longer_limit_only_lengthens() -> None:
    model = random_model()
    for short, long in zip(draw(model, max_tokens=5), draw(model, max_tokens=30), strict=True):
        assert (short.n_tokens or 0) == min(5, long.n_tokens or 0)
        if short.finish == "stop":
            assert short.steps == long.steps


def test_other_problems_change_nothing() -> None:
    model = random_model()
    alone = sample(model, TOKENIZER, PROBLEMS[2:3], 9, prompt=prompt)
    assert [s.steps for s in alone] == [s.steps for s in draw(model) if s.problem_id == "p2"]


def test_the_context_bounds_the_solution() -> None:
    model = random_model(max_position_embeddings=12)
    solutions = draw(model, n=60, max_tokens=500)
    assert max(s.n_tokens or 0 for s in solutions if s.problem_id == "p3") == 8


def test_a_prompt_that_fills_the_context_is_refused_or_gets_empty_solutions() -> None:
    model = random_model(max_position_embeddings=4)
    with pytest.raises(UserError, match=r"p3: the prompt has 4 tokens, .* holds 4 \(1 of 5"):
        draw(model)
    solutions = draw(model, skip_long=True)
    assert [s.problem_id for s in solutions] == [p.problem_id for p in PROBLEMS for _ in range(9)]
    empty = [s for s in solutions if s.problem_id == "p3"]
    assert {(s.steps, s.answer, s.finish, s.n_tokens) for s in empty} == {((), None, "length", 0)}
    assert all(s.n_tokens for s in solutions if s.problem_id != "p3")


def test_a_sliding_window_is_the_context() -> None:
    assert context_length(random_model("Qwen2")) == 96
    sliding = random_model("Qwen2", use_sliding_window=True, sliding_window=24, max_window_layers=0)
    assert context_length(sliding) == 24


@pytest.mark.parametrize(
    ("flag", "how"),
    [
        ("-n", {"n": 0}),
        ("--rows", {"rows": 0}),
        ("--max-tokens", {"max_tokens": 0}),
        ("--temperature", {"temperature": -1.0}),
        ("--top-p", {"top_p": 0.0}),
    ],
)
def test_numbers_out_of_range_name_their_flag(flag: str, how: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=flag):
        draw(random_model(), **how)
