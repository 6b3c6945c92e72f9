"""Training examples, checked token by token against the records."""

import dataclasses
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from tokenizers.processors import TemplateProcessing

from surefoot.errors import UserError
from surefoot.generation.engine import Engine
from surefoot.generation.folder import encode, load_model
from surefoot.generation.request import Request
from surefoot.generation.sampling import sample
from surefoot.labeling.formats import collect
from surefoot.problems.rows import file_rows
from surefoot.records import Grade, Labels, Problem, Rating, Solution
from surefoot.steps import join_steps, review_prompt, solve_prompt
from surefoot.training.examples import generator_examples, orm_examples, prm_examples
from surefoot.training.targets import NO_TARGET, Example
from surefoot.verifiers.encode import Encoder
from surefoot.verifiers.rating_tokens import rating_token_ids
from surefoot.verifiers.settings import RATING_TOKENS
from toy_sums import ToySums, toy_sums

PROBLEM = Problem(problem_id="p", statement="What is 2 + 3 * 4?", answer="14")
STEPS = ("3*4=12 so 2+12", "2+12=15", "so it is 15", "# Answer 15")


@pytest.fixture(scope="module")
def tokenizer(tiny_folder: Path) -> Any:
    return load_model(tiny_folder)[1]


@pytest.fixture(scope="module")
def rating_ids(tokenizer: Any) -> dict[Rating, int]:
    return rating_token_ids(tokenizer, RATING_TOKENS, "tiny")


def solution(solution_id: str = "s", **changes: Any) -> Solution:
    return Solution(**{"solution_id": solution_id, "problem_id": "p", "steps": STEPS, **changes})


def labels(ratings: tuple[Rating | None, ...], solution_id: str = "s") -> Labels:
    return Labels(solution_id=solution_id, problem_id="p", ratings=ratings)


def prm(tokenizer: Any, rating_ids: Any, *rows: Labels, **options: Any) -> Any:
    solutions = {name: solution(name) for name in ("s", "t")}
    encoder = Encoder(tokenizer)
    return prm_examples(encoder, {"p": PROBLEM}, solutions, rows, rating_ids, **options)


def shown(tokenizer: Any, example: Example) -> list[tuple[str, str]]:
    """(text up to and including a position, target there) for each target."""
    ids, targets = [list(map(int, part)) for part in (example.ids, example.targets)]
    assert len(ids) == len(targets)
    return [
        (tokenizer.decode(ids[: i + 1]), tokenizer.decode([target]))
        for i, target in enumerate(targets)
        if target != NO_TARGET
    ]


def grade(verdict: Any, solution_id: str = "s") -> Grade:
    return Grade(solution_id=solution_id, problem_id="p", verdict=verdict)


def test_prm_predicts_each_rating_after_its_step_up_to_the_first_error(
    tokenizer: Any, rating_ids: Any
) -> None:
    # A rating after the first error, as some raters give it, does not count.
    found = prm(tokenizer, rating_ids, labels((1, -1, 0, 1)))
    (example,) = found.examples
    prompt = review_prompt(PROBLEM.statement)
    assert shown(tokenizer, example) == [
        (prompt + join_steps(STEPS[:1]), "+"),
        (prompt + join_steps(STEPS[:2]), "-"),
    ]
    # Nothing after the last target is read.
    assert example.targets[-1] != NO_TARGET


def test_prm_never_fills_in_an_unrated_step(tokenizer: Any, rating_ids: Any) -> None:
    found = prm(tokenizer, rating_ids, labels((None, 0, None, 1)))
    prompt = review_prompt(PROBLEM.statement)
    assert shown(tokenizer, found.examples[0]) == [
        (prompt + join_steps(STEPS[:2]), "0"),
        (prompt + join_steps(STEPS), "+"),
    ]


def test_prm_counts_what_it_leaves_out(tokenizer: Any, rating_ids: Any) -> None:
    rows = [
        labels((1, -1, None, None)),
        labels((1, -1, None, None), "t"),  # the same steps with the same ratings
        labels((1, 1, 1, 1), "t"),  # the raters disagree: both are kept
        labels((None, None, None, None)),
    ]
    found = prm(tokenizer, rating_ids, *rows)
    assert len(found.examples) == 2
    assert found.left_out == {"duplicate": 1, "unrated": 1}
    assert prm(tokenizer, rating_ids, *rows, max_tokens=3).left_out["too long"] == 2
    assert len(prm(tokenizer, rating_ids, *rows, limit=1).examples) == 1


def test_prm_learns_chances_in_place_of_ratings_if_asked_to(
    tokenizer: Any, rating_ids: Any
) -> None:
    chances = (1.0, 0.25, None, 0.0)
    row = dataclasses.replace(labels((None, None, 1, None)), chances=chances)
    assert prm(tokenizer, rating_ids, row).examples[0].spread is None
    (example,) = prm(tokenizer, rating_ids, row, soft=True).examples
    ends = [i for i, token in enumerate(example.ids) if tokenizer.decode([token]) == "\n"][-4:]
    minus, plus = rating_ids[-1], rating_ids[1]
    positions, tokens, weights = example.all_targets()
    assert list(zip(positions, tokens, weights, strict=True)) == [
        (ends[0], plus, 1.0),
        (ends[1], minus, 0.75),
        (ends[1], plus, 0.25),
        (ends[2], plus, 1.0),
        (ends[3], minus, 1.0),
    ]
    assert (len(example.ids), example.name) == (ends[3] + 1, "s")


def test_prm_refuses_labels_that_do_not_fit(tokenizer: Any, rating_ids: Any) -> None:
    with pytest.raises(UserError, match="'s': ratings: 2 ratings for 4 steps"):
        prm(tokenizer, rating_ids, labels((1, 1)))
    with pytest.raises(UserError, match="solution 'x' is not among the 2"):
        prm(tokenizer, rating_ids, labels((1, 1), "x"))


@pytest.mark.parametrize(
    ("verdict", "sign"), [("correct", "+"), ("incorrect", "-"), ("no_answer", "-")]
)
def test_orm_predicts_the_verdict_at_every_token_of_the_solution(
    tokenizer: Any, rating_ids: Any, verdict: str, sign: str
) -> None:
    found = orm_examples(
        Encoder(tokenizer), {"p": PROBLEM}, [solution()], [grade(verdict)], rating_ids
    )
    (example,) = found.examples
    prompt = review_prompt(PROBLEM.statement)
    targets = shown(tokenizer, example)
    assert {target for _, target in targets} == {sign}
    assert len(targets) == len(example.ids) - len(encode(tokenizer, prompt))
    assert all(text.startswith(prompt) and text != prompt for text, _ in targets)
    assert targets[-1][0] == prompt + join_steps(STEPS)


def test_orm_leaves_undecided_out_and_counts_it(tokenizer: Any, rating_ids: Any) -> None:
    solutions = [solution(), solution("t"), solution("u", steps=()), solution("v")]
    grades = [grade("undecided"), grade("correct", "t"), grade("no_answer", "u")]
    grades.append(grade("correct", "v"))
    found = orm_examples(Encoder(tokenizer), {"p": PROBLEM}, solutions, grades, rating_ids)
    assert len(found.examples) == 1
    assert found.left_out == {"undecided": 1, "without steps": 1, "duplicate": 1}
    with pytest.raises(UserError, match="grade 'w' is not among"):
        orm_examples(Encoder(tokenizer), {}, [solution("w")], grades, rating_ids)


def test_generator_learns_the_solution_and_its_end(tokenizer: Any) -> None:
    found = generator_examples(Encoder(tokenizer), {"p": PROBLEM}, [solution()], [grade("correct")])
    (example,) = found.examples
    ids, targets = [list(map(int, part)) for part in (example.ids, example.targets)]
    prompt, text = solve_prompt(PROBLEM.statement), join_steps(STEPS)
    assert tokenizer.decode(ids) == prompt + text
    learned = [target for target in targets if target != NO_TARGET]
    assert tokenizer.decode(learned) == text + tokenizer.eos_token
    # Each target is the token after its position, and none lies in the prompt.
    first = targets.index(learned[0])
    assert tokenizer.decode(ids[: first + 1]) == prompt
    assert targets[first:] == [*ids[first + 1 :], tokenizer.eos_token_id]


@pytest.mark.parametrize("opens", [False, True], ids=["plain", "opens every text"])
def test_generator_learns_after_exactly_the_tokens_that_sampling_starts_with(
    tiny_folder: Path, monkeypatch: pytest.MonkeyPatch, opens: bool
) -> None:
    model, tokenizer = load_model(tiny_folder)
    if opens:
        tokenizer.bos_token = tokenizer.eos_token
        tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
            single="<|endoftext|> $A", special_tokens=[("<|endoftext|>", tokenizer.bos_token_id)]
        )
    seen: list[Request] = []
    draw = Engine.draw

    def watched(self: Engine, requests: Sequence[Request], *rest: Any) -> Any:
        seen.extend(requests)
        return draw(self, requests, *rest)

    monkeypatch.setattr(Engine, "draw", watched)
    sample(model, tokenizer, [PROBLEM], 1, max_tokens=1)
    found = generator_examples(Encoder(tokenizer), {"p": PROBLEM}, [solution()], [grade("correct")])
    (example,) = found.examples
    n_prompt = [target != NO_TARGET for target in example.targets].index(True) + 1
    assert list(example.ids[:n_prompt]) == list(seen[0].prompt)
    assert (example.ids[0] == tokenizer.eos_token_id) == opens


def test_generator_learns_correct_finished_distinct_solutions_only(tokenizer: Any) -> None:
    solutions = [
        solution("a"),
        solution("b"),
        solution("c", finish="length", steps=STEPS[:2]),
        solution("d", steps=STEPS[1:]),
        solution("e", steps=STEPS[2:]),
    ]
    verdicts = {"a": "correct", "b": "correct", "c": "correct", "d": "incorrect", "e": "undecided"}
    grades = [grade(verdict, name) for name, verdict in verdicts.items()]
    found = generator_examples(Encoder(tokenizer), {"p": PROBLEM}, solutions, grades)
    assert len(found.examples) == 1
    assert found.left_out == {
        "duplicate": 1,
        "cut at the token limit": 1,
        "incorrect": 1,
        "undecided": 1,
    }


def test_step_boundaries_are_exact_on_all_toy_solutions(tokenizer: Any, rating_ids: Any) -> None:
    data: ToySums = toy_sums()
    problems = {p.problem_id: p for p in data.problems}
    solutions = {s.solution_id: s for s in data.solutions}
    for row in data.labels:
        found = prm_examples(Encoder(tokenizer), problems, solutions, [row], rating_ids)
        texts = [text for text, _ in shown(tokenizer, found.examples[0])]
        steps = solutions[row.solution_id].steps
        prompt = review_prompt(problems[row.problem_id].statement)
        assert texts == [prompt + join_steps(steps[: i + 1]) for i in range(len(texts))]
        n_rated = next((i + 1 for i, r in enumerate(row.ratings) if r == -1), len(steps))
        assert len(texts) == n_rated


def test_order_of_records_does_not_matter_to_an_example(tokenizer: Any, rating_ids: Any) -> None:
    data = toy_sums()
    problems = {p.problem_id: p for p in data.problems}
    solutions = {s.solution_id: s for s in data.solutions}
    as_sets = []
    for rows in (data.labels, [dataclasses.replace(r, rater="x") for r in data.labels[::-1]]):
        found = prm_examples(Encoder(tokenizer), problems, solutions, rows, rating_ids)
        as_sets.append({(*map(int, e.ids), -1, *map(int, e.targets)) for e in found.examples})
    assert as_sets[0] == as_sets[1]


def test_real_ratings_of_prm800k(tokenizer: Any, rating_ids: Any, shared_data: Path) -> None:
    rows = file_rows(shared_data / "prm800k" / "labelled_paths.jsonl")
    data = collect(islice(rows, 150))
    problems = {p.problem_id: p for p in data.problems}
    solutions = {s.solution_id: s for s in data.solutions}
    encoder = Encoder(tokenizer)
    signs = {-1: "-", 0: "0", 1: "+"}
    for labels in data.labels:
        found = prm_examples(encoder, problems, solutions, [labels], rating_ids)
        expected = []
        for rating in labels.ratings:
            expected += [] if rating is None else [signs[rating]]
            if rating == -1:
                break
        texts = shown(tokenizer, found.examples[0]) if found.examples else []
        assert [sign for _, sign in texts] == expected
        assert all(text.endswith("\n") for text, _ in texts)
        prompt = review_prompt(problems[labels.problem_id].statement)
        assert all(text.startswith(prompt) for text, _ in texts)
