"""PRM800K's rows as records."""

import json
from pathlib import Path
from typing import Any

import pytest

from surefoot.errors import BadRow, UserError
from surefoot.labeling.formats import Imported, collect
from surefoot.labeling.lines import as_lines
from surefoot.problems.rows import Row, file_rows

PATH: dict[str, Any] = {
    "problem": "What is 2+3?",
    "unique_id": "train/algebra/1.json",
    "ground_truth_answer": "5",
    "steps": ["I add.", "2+3\nis 5.\n\n# Answer\n\n5"],
    "ratings": [0, 1],
}


def imported(*rows: dict[str, Any], skip_bad: bool = False) -> Imported:
    path = Path("ratings.jsonl")
    return collect(
        (Row(path, i, row, None) for i, row in enumerate(rows, start=1)), skip_bad=skip_bad
    )


def test_a_path_becomes_three_records() -> None:
    result = imported(PATH)
    (problem,), (solution,), (labels,) = result.problems, result.solutions, result.labels
    assert (problem.problem_id, problem.answer) == ("train/algebra/1.json", "5")
    assert solution.steps == ("I add.", "2+3 is 5.", "# Answer 5")
    assert solution.answer == "5"
    assert solution.problem_id == labels.problem_id == problem.problem_id
    assert labels.solution_id == solution.solution_id
    assert labels.ratings == (0, 1, 1)
    assert (labels.rater, labels.source) == ("prm800k", "prm800k, phase 2")


@pytest.mark.parametrize(
    ("steps", "ratings", "lines", "line_ratings"),
    [
        (["a", "b"], [1, -1], ("a", "b"), (1, -1)),
        (["so 5.\n\n# Answer\n\n5"], [-1], ("so 5.", "# Answer 5"), (-1, None)),
        (["# Answer\n\n5"], [-1], ("# Answer 5",), (-1,)),
        (["a\n\\[\n  x\n\\]"], [1], ("a \\[ x \\]",), (1,)),
        (["# Answer\n\n5\n\nand on"], [1], ("# Answer 5",), (1,)),
        (["# Answer\n\n5", "b"], [1, 1], ("# Answer 5", "b"), (1, 1)),
        (["# Answer"], [0], ("# Answer",), (0,)),
    ],
)
def test_steps_become_lines(
    steps: list[str], ratings: list[Any], lines: tuple[str, ...], line_ratings: tuple[Any, ...]
) -> None:
    assert as_lines(steps, ratings) == (lines, line_ratings)


def test_repetitions_are_counted_and_other_opinions_kept() -> None:
    other = {**PATH, "ratings": [1, 1]}
    result = imported(PATH, PATH, other, PATH, other)
    assert (len(result.problems), len(result.solutions), result.repeated) == (1, 1, 3)
    assert [(one.rater, one.ratings) for one in result.labels] == [
        ("prm800k", (0, 1, 1)),
        ("prm800k-2", (1, 1, 1)),
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"problem": ""}, "ratings.jsonl:2: problem: must not be empty"),
        ({"problem": 3}, "ratings.jsonl:2: problem: must be text, got int"),
        ({"ratings": [0]}, "ratings.jsonl:2: ratings: there are 1 for 2 steps"),
        ({"ratings": [0, 2]}, "ratings.jsonl:2: ratings[1]: must be -1, 0 or 1, got 2"),
        ({"ratings": [0, True]}, "ratings.jsonl:2: ratings[1]: must be -1, 0 or 1, got True"),
        ({"ratings": [0, None]}, "ratings.jsonl:2: ratings[1]: must be -1, 0 or 1, got None"),
        ({"ratings": [-1, 1]}, "ratings.jsonl:2: ratings[1]: a rating after the first -1"),
        ({"steps": "a"}, "ratings.jsonl:2: steps: must be a list of at least one step"),
        (
            {"steps": ["a", " "]},
            "ratings.jsonl:2: steps[1]: must be text that is not empty, got ' '",
        ),
    ],
)
def test_a_bad_row_is_named_exactly(change: dict[str, Any], message: str) -> None:
    with pytest.raises(BadRow) as caught:
        imported(PATH, {**PATH, **change})
    assert str(caught.value) == message
    assert imported({**PATH, **change}, PATH, skip_bad=True).skipped == 1


def test_a_missing_field_is_named_with_those_there_are() -> None:
    row = {key: value for key, value in PATH.items() if key != "ground_truth_answer"}
    with pytest.raises(BadRow, match=r"ratings.jsonl:1: ground_truth_answer: missing \(fields"):
        imported(row)


def test_a_file_without_ratings_is_refused() -> None:
    with pytest.raises(UserError, match="no readable ratings"):
        imported()


def completion(text: str, rating: int | None) -> dict[str, Any]:
    return {"text": text, "rating": rating}


def raw(steps: list[Any], written: list[str] | None = None) -> dict[str, Any]:
    return {
        "labeler": "someone",
        "generation": 6,
        "question": {
            "problem": "What is 2+3?",
            "ground_truth_answer": "5",
            "ground_truth_solution": "It is 5.",
            "pre_generated_steps": written,
        },
        "label": {"steps": steps, "finish_reason": "found_error"},
    }


def test_a_raw_row_follows_the_chosen_steps_and_ends_at_the_error() -> None:
    steps = [
        {"completions": [completion("a", 1), completion("b", 0)], "chosen_completion": 1},
        {"completions": [completion("c", -1), completion("d", 1)], "chosen_completion": None},
    ]
    (solution,) = imported(raw(steps)).solutions
    (labels,) = imported(raw(steps)).labels
    assert solution.steps == ("b", "c")
    assert labels.ratings == (0, -1)
    assert (labels.rater, labels.source) == ("someone", "prm800k, phase 2, generation 6")


def test_the_steps_after_the_error_are_there_and_unrated() -> None:
    steps = [{"completions": [completion("a", -1)], "chosen_completion": None}]
    result = imported(raw(steps, ["a", "b", "# Answer\n\n6"]))
    assert result.solutions[0].steps == ("a", "b", "# Answer 6")
    assert result.solutions[0].answer == "6"
    assert result.labels[0].ratings == (-1, None, None)


def test_a_step_a_person_wrote_has_no_rating() -> None:
    steps = [
        {
            "completions": [completion("a", -1)],
            "chosen_completion": None,
            "human_completion": {"text": "mine"},
        },
        {"completions": [completion("b", 1)], "chosen_completion": 0},
    ]
    result = imported(raw(steps))
    assert result.solutions[0].steps == ("mine", "b")
    assert result.labels[0].ratings == (None, 1)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"question": 1}, "question: must be an object"),
        (raw([]) | {"label": {}}, "label.steps: must be a list"),
        (raw([{}]), r"label.steps\[0\].completions: missing; null or a list"),
        (
            raw([{"completions": [completion("a", 1)], "chosen_completion": 7}]),
            r"label.steps\[0\].chosen_completion: there is no completion 7",
        ),
    ],
)
def test_a_bad_raw_row_is_named_exactly(row: dict[str, Any], message: str) -> None:
    with pytest.raises(BadRow, match=f"ratings.jsonl:1: {message}"):
        imported(row)


def test_the_real_paths(shared_data: Path) -> None:
    """Every rating of the file is in the labels, at the place of its step."""
    path = shared_data / "prm800k" / "labelled_paths.jsonl"
    result = collect(file_rows(path))
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    opinions = {(r["unique_id"], tuple(r["steps"]), tuple(r["ratings"])) for r in rows}
    assert len(result.labels) == len(opinions) == 722
    assert result.repeated == len(rows) - 722
    assert len(result.solutions) == len({(i, steps) for i, steps, _ in opinions})
    assert sum(x.first_error is not None for x in result.labels) == sum(
        -1 in ratings for _, _, ratings in opinions
    )
    steps_of = {s.solution_id: s.steps for s in result.solutions}
    for labels in result.labels:
        assert len(labels.ratings) == len(steps_of[labels.solution_id])
        assert not any("\n" in step for step in steps_of[labels.solution_id])


def test_the_real_raw_rows(shared_data: Path) -> None:
    path = shared_data / "prm800k" / "phase2_raw_9.jsonl"
    result = collect(file_rows(path))
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert {row["label"]["finish_reason"] for row in rows} == {"found_error"}
    last = [len(row["label"]["steps"]) - 1 for row in rows]
    assert [labels.first_error for labels in result.labels] == last
    for labels, solution in zip(result.labels, result.solutions, strict=True):
        assert solution.answer is not None
        error = labels.first_error
        assert error is not None
        assert None not in labels.ratings[: error + 1]
        assert set(labels.ratings[error + 1 :]) <= {None}


def test_the_real_rows_of_phase_1(shared_data: Path) -> None:
    result = collect(file_rows(shared_data / "prm800k" / "phase1_test.jsonl"))
    # Three were given up at the first step, before anything was rated.
    assert len(result.sessions) == len(result.labels) + result.repeated + 3 == 106
