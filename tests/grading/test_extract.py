"""The final answer, out of a solution."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.grading.extract import extract, final_answer, last_box
from surefoot.steps import answer_step, join_steps


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("2+3=5\n# Answer 5\n", "5"),
        ("2+3=5\n# Answer 5", "5"),
        ("# Answer: -3/4\n", "-3/4"),
        ("  # Answer  (7, 3)  \n", "(7, 3)"),
        ("Right.\n\n# Answer\n\n42", "42"),  # PRM800K
        ("# Answer\n\n\\boxed{42}", "42"),
        ("# Answer $\\boxed{\\frac{1}{2}}$", "\\frac{1}{2}"),
        # A generator that runs on has finished with its first answer.
        ("# Answer 5\nProblem: another\n# Answer 6\n", "5"),
        ("so $x = \\boxed{\\frac{a}{b}}$ and no more", "\\frac{a}{b}"),
        ("first \\boxed{1}, then \\boxed{2}.", "2"),
        ("\\boxed{\\boxed{5}}", "5"),
        ("\\boxed {7}", "7"),
        ("\\boxed{\\left\\{ 1, 2 \\right.}", "\\left\\{ 1, 2 \\right."),
        ("done \\boxed{3} but \\boxed{4", "3"),
        ("x} \\boxed{3}", "3"),
    ],
)
def test_answers_are_found(text: str, answer: str) -> None:
    assert final_answer(text) == answer


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "just text",
        "# Answer",
        "# Answer   \n\n",
        "\\boxed{}",
        "\\boxed{ }",
        "\\boxed{4",
        "{5}",
    ],
)
def test_there_is_no_answer(text: str) -> None:
    assert final_answer(text) is None


@pytest.mark.parametrize(
    ("text", "answer", "found_by"),
    [
        ("8*6=48\n#### 48", "48", "marks"),
        ("#### 1\n#### 2\nbye", "2", "marks"),
        ("A: red B: blue\n12*2=24\nA: 24\n", "24", "marks"),
        ("So the answer is 42.", "42", "phrase"),
        ("The final answer is $3.5$. I hope it is correct.", "3.5", "phrase"),
        ("Answer: (3, 4)", "(3, 4)", "phrase"),
        ("the answer is \\(x+1\\), clearly", "x+1", "phrase"),
        ("The answer is 3.14 exactly. Yes.", "3.14 exactly", "phrase"),
        ("the answer is 1. No, the answer is 2.", "2", "phrase"),
        ("The answer is $2$ or $3$.", "$2$ or $3$", "phrase"),
        ("**Answer:** 5\nThe answer is **7**", "7", "phrase"),
        ("$\\boxed{2}$ and $\\boxed{3}$", "2, 3", "box"),
        ("\\boxed{1}, \\boxed{2} \\text{ or } \\boxed{3}", "1, 2, 3", "box"),
        ("\\boxed{1} is wrong, \\boxed{2}", "2", "box"),
        ("\\fbox{4}. The answer is 5", "4", "box"),
        ("# Answer \\boxed{6}", "6", "box"),
    ],
)
def test_answers_are_found_by_their_marks(text: str, answer: str, found_by: str) -> None:
    found = extract(text)
    assert found is not None
    assert (found.answer, found.found_by) == (answer, found_by)
    if found.found_by != "box" or ", " not in answer:
        assert text[found.start : found.end].strip() == answer


def test_model_solutions_of_gsm8k_end_with_their_marks(shared_data: Path) -> None:
    for line in (shared_data / "gsm8k" / "test.jsonl").read_text("utf-8").splitlines():
        answer = json.loads(line)["answer"]
        assert final_answer(answer) == answer.rsplit("#### ", 1)[1].strip()


def test_an_empty_answer_line_leaves_the_box() -> None:
    assert final_answer("it is \\boxed{9}\n# Answer\n") == "9"


@given(
    st.lists(st.text(alphabet="abc 1+=", min_size=1), max_size=5),
    st.text(alphabet="0123456789-/(),x^ ", min_size=1).filter(lambda a: a.strip(" ")),
)
def test_the_answer_step_is_read_back(steps: list[str], answer: str) -> None:
    assert final_answer(join_steps([*steps, answer_step(answer.strip())])) == answer.strip()


@given(st.text(alphabet="\\{}boxedfrac12 \n#Answer"))
def test_any_text_has_an_answer_or_none(text: str) -> None:
    answer = final_answer(text)
    assert answer is None or answer == answer.strip() != ""


def test_a_hundred_thousand_open_boxes_take_no_time() -> None:
    assert last_box("\\boxed{" * 100_000) is None
    assert last_box("\\boxed{" * 50_000 + "1" + "}" * 50_000) == "1"


def test_boxes_of_real_solutions_hold_the_answer_field(shared_data: Path) -> None:
    """Of 12,500 MATH solutions all but two, whose box is empty."""
    differs = []
    several = 0
    for split in ("train", "test"):
        with (shared_data / "math" / f"prm800k_split_{split}.jsonl").open() as file:
            for line in file:
                row = json.loads(line)
                found = extract(row["solution"])
                if found is None or found.found_by != "box":
                    differs.append(row["unique_id"])
                elif found.answer.split() != row["answer"].split():
                    # Two boxes joined by "and": the field has the second only.
                    assert found.answer.endswith(", " + row["answer"].strip())
                    several += 1
    assert differs == ["train/number_theory/7115.json", "train/number_theory/7117.json"]
    assert several < 25
