"""When a solution is finished."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from one_by_one import VOCABULARY, random_model, word_tokenizer

from surefoot.generation.stopping import StopRule, cut_solution, end_of_solution, newline_tokens
from surefoot.steps import ANSWER_MARK, is_answer_step, join_steps, split_steps

LINES = st.sampled_from(["", " ", "1+1=2", ANSWER_MARK, "# Answer 2", " # Answer 3", "# answer 4"])
TEXTS = st.lists(LINES, max_size=6).map("\n".join)


@pytest.mark.parametrize(
    ("text", "solution"),
    [
        ("1+1=2\n# Answer 2\n", "1+1=2\n# Answer 2\n"),
        ("1+1=2\n# Answer 2\nProblem: more", "1+1=2\n# Answer 2\n"),
        ("1+1=2\n\nProblem: more", "1+1=2\n"),
        ("1+1=2\n  \nProblem: more", "1+1=2\n"),
        ("\n1+1=2", ""),
        ("# Answer\n\n  70\nmore", "# Answer\n\n  70\n"),
        ("# Answer\n# Answer 7\n", "# Answer\n# Answer 7\n"),
    ],
)
def test_ends(text: str, solution: str) -> None:
    assert end_of_solution(text) == len(solution)
    assert cut_solution(text) == solution


@pytest.mark.parametrize(
    "text", ["", "1+1=2", "1+1=2\n", "# Answer 2", "# Answer\n", "# Answer\n\n"]
)
def test_goes_on(text: str) -> None:
    assert end_of_solution(text) is None
    assert cut_solution(text) == text


@given(TEXTS, TEXTS)
def test_what_follows_changes_nothing(text: str, more: str) -> None:
    if (end := end_of_solution(text)) is not None:
        assert end_of_solution(text + more) == end


@given(TEXTS)
def test_a_finished_solution_ends_in_an_answer_or_before_an_empty_line(text: str) -> None:
    end = end_of_solution(text)
    if end is None:
        return
    steps = split_steps(cut_solution(text))
    if not (steps and is_answer_step(steps[-1])):
        assert text[end:].split("\n")[0].strip() == ""


@given(st.lists(st.text("ab1 =", min_size=1).map(str.strip).filter(bool), max_size=4))
def test_a_reference_solution_is_read_back_whole(lines: list[str]) -> None:
    steps = (*lines, "# Answer 5")
    assert split_steps(cut_solution(join_steps(steps) + "\nProblem: next")) == steps


def test_newline_tokens_are_those_whose_text_has_one() -> None:
    holds = newline_tokens(word_tokenizer(), 20)
    assert [i for i, held in enumerate(holds) if held] == [1, VOCABULARY.index("\n\n")]


def test_all_the_ends_that_a_model_names_count() -> None:
    tokenizer, model = word_tokenizer(), random_model()
    model.generation_config.eos_token_id = [4, 5]
    rule = StopRule(model, tokenizer)
    assert rule.ends == {0, 4, 5}

    def finish(*tokens: int) -> Any:
        import numpy as np

        return rule.finish_of(np.array(tokens), max_tokens=4)

    assert [finish(3, 4), finish(3, 3), finish(3, 3, 3, 3), finish(3, 3, 3, 0)] == [
        "stop",
        None,
        "length",
        "stop",
    ]
