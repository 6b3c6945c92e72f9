"""TRL, Math-Shepherd, OpenRLHF and ProcessBench: in, out, and what they cannot say."""

import json
from pathlib import Path
from typing import Any

import pytest
from exact import exported, imported, is_same
from hypothesis import given
from hypothesis import strategies as st

from surefoot.errors import BadRow
from surefoot.labeling.choices import CannotExpress, Choices
from surefoot.labeling.formats import FormatName
from surefoot.problems.rows import file_rows

TRL = {"prompt": "2+3?", "completions": ["add", "it is 6"], "labels": [True, False]}
SHEPHERD = {
    "input": "How much is it? Step 1: Two. ки\nStep 2: Two\nand two. ки\nStep 3: It is 4 ки",
    "label": "How much is it? Step 1: Two. +\nStep 2: Two\nand two. -\nStep 3: It is 4 +",
    "task": "GSM8K",
}
OPENRLHF = {"input": SHEPHERD["input"], "value": ["+", "-", "+"]}
BENCH = {
    "id": "gsm8k-0",
    "generator": "someone",
    "problem": "2+3?",
    "steps": ["add", "it is\n6", "so 6"],
    "final_answer_correct": False,
    "label": 1,
}
ROWS: dict[FormatName, dict[str, Any]] = {
    "trl": TRL,
    "math-shepherd": SHEPHERD,
    "openrlhf": OPENRLHF,
    "processbench": BENCH,
}

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
filled = text.filter(str.strip)
chance = st.floats(0, 1)


@st.composite
def steps_and(draw: st.DrawFn, value: st.SearchStrategy[Any]) -> tuple[list[str], list[Any]]:
    steps = draw(st.lists(filled, min_size=1, max_size=4))
    return steps, [draw(value) for _ in steps]


trl_rows = st.builds(
    lambda prompt, pair, extra: (
        {"prompt": prompt, "completions": pair[0], "labels": pair[1]} | extra
    ),
    filled,
    steps_and(st.booleans())
    | steps_and(chance)
    | steps_and(st.integers(0, 1))
    | steps_and(chance | st.booleans()),
    st.dictionaries(st.sampled_from(["id", "task"]), text),
)
plain = st.text("abc \n=1", max_size=8).filter(str.strip)


@st.composite
def tagged_texts(draw: st.DrawFn) -> tuple[list[str], str]:
    """Pieces before each tag, with white space as it comes, and the end."""
    space = st.sampled_from([" ", "", "\n", "  "])
    n_steps = draw(st.integers(1, 4))
    pieces = [draw(plain) + draw(space) + "Step 1: " + draw(plain) + draw(space)]
    pieces += [
        draw(space) + f"Step {i}: " + draw(plain) + draw(space) for i in range(2, n_steps + 1)
    ]
    return pieces, draw(st.sampled_from(["", "\n"]))


@st.composite
def shepherd_rows(draw: st.DrawFn) -> dict[str, Any]:
    pieces, end = draw(tagged_texts())
    signs = [draw(st.sampled_from("+-")) for _ in pieces]
    return {
        "input": "".join(piece + "ки" for piece in pieces) + end,
        "label": "".join(p + s for p, s in zip(pieces, signs, strict=True)) + end,
        **draw(st.dictionaries(st.just("task"), text)),
    }


@st.composite
def openrlhf_rows(draw: st.DrawFn) -> dict[str, Any]:
    pieces, end = draw(tagged_texts())
    value = draw(st.sampled_from([st.sampled_from("+-"), chance, st.integers(0, 1)]))
    name = draw(st.sampled_from(["input", "text"]))
    row = {name: "".join(piece + "ки" for piece in pieces) + end}
    return row | {"value": [draw(value) for _ in pieces]}


@st.composite
def bench_rows(draw: st.DrawFn) -> dict[str, Any]:
    steps = draw(st.lists(filled, min_size=1, max_size=4))
    row = {"problem": draw(filled), "steps": steps, "label": draw(st.integers(-1, len(steps) - 1))}
    return row | draw(st.dictionaries(st.just("generator"), text))


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("trl", trl_rows),
        ("math-shepherd", shepherd_rows()),
        ("openrlhf", openrlhf_rows()),
        ("processbench", bench_rows()),
    ],
)
def test_generated_rows_come_back(name: FormatName, rows: st.SearchStrategy[Any]) -> None:
    @given(st.lists(rows, min_size=1, max_size=4))
    def come_back(made: list[dict[str, Any]]) -> None:
        made.append(made[0])
        assert is_same(exported(imported(made, name), name), made)

    come_back()


@pytest.mark.parametrize("name", ROWS)
def test_a_usual_row_comes_back_and_has_its_ratings(name: FormatName) -> None:
    records = imported([ROWS[name]], name)
    assert exported(records, name) == [ROWS[name]]
    (labels,), (solution,) = records.labels, records.solutions
    expected = {"trl": (1, -1), "processbench": (1, -1, None)}.get(name, (1, -1, 1))
    assert labels.ratings == expected
    assert not any("\n" in step for step in solution.steps)
    # Only what the layout does not ask for has to be noted beside the fields.
    other = json.loads(records.sessions[0].other or "[]")
    names = {"math-shepherd": "task", "processbench": "final_answer_correct"}
    assert [change[0][0] for change in other] == ([names[name]] if name in names else [])


def test_a_question_ends_before_its_first_step() -> None:
    records = imported([SHEPHERD], "math-shepherd")
    assert records.problems[0].statement == "How much is it?"
    assert records.solutions[0].steps == (
        "Step 1: Two.",
        "Step 2: Two and two.",
        "Step 3: It is 4",
    )
    (unnumbered,) = imported([{"input": "Why? As. ки", "value": ["+"]}], "openrlhf").solutions
    assert unnumbered.steps == ("As.",)


def test_chances_stay_chances() -> None:
    soft = {**TRL, "labels": [0.75, 0.5]}
    records = imported([soft], "trl")
    assert records.labels[0].chances == (0.75, 0.5)
    assert records.labels[0].ratings == (None, None)
    assert exported(records, "openrlhf") == [
        {"input": "2+3? Step 1: add ки\nStep 2: it is 6 ки", "value": [0.75, 0.5]}
    ]
    for name in ("math-shepherd", "prm800k"):
        with pytest.raises(CannotExpress, match=f"chances: soft labels have no place in {name}"):
            exported(records, name)


@pytest.mark.parametrize("name", ["trl", "math-shepherd", "openrlhf"])
def test_one_format_through_all_others(name: FormatName) -> None:
    """The ratings survive; the texts are the same but for their numbers."""
    first = imported([TRL], "trl")
    (row,) = exported(first, name)
    second = imported([row], name)
    assert second.labels[0].ratings == first.labels[0].ratings
    (back,) = exported(second, "trl")
    assert back["labels"] == TRL["labels"]
    assert [s.rpartition(": ")[2] for s in back["completions"]] == TRL["completions"]
    assert back["prompt"] == TRL["prompt"]


def test_to_prm800k_the_first_error_is_the_end() -> None:
    (row,) = exported(imported([SHEPHERD], "math-shepherd"), "prm800k")
    steps = row["label"]["steps"]
    assert [s["completions"][0]["rating"] for s in steps] == [1, -1]
    assert [s["chosen_completion"] for s in steps] == [0, None]
    assert (row["label"]["finish_reason"], row["labeler"]) == ("found_error", "math-shepherd")
    again = imported([row])
    assert again.labels[0].first_error == 1
    (bench,) = exported(imported([BENCH], "processbench"), "prm800k")
    assert bench["question"]["pre_generated_steps"] == BENCH["steps"]


def rated(*ratings: int | None, **step: Any) -> dict[str, Any]:
    return {
        "question": {"problem": "2+3?", "ground_truth_answer": "5"},
        "label": {
            "steps": [
                {
                    "completions": [{"text": f"s{i}", "rating": rating}],
                    "chosen_completion": 0,
                    **step,
                }
                for i, rating in enumerate(ratings)
            ]
        },
    }


def test_neutral_and_unrated_are_errors_until_the_user_chooses() -> None:
    neutral, unrated = imported([rated(1, 0, -1)]), imported([rated(None, 1, None)])
    with pytest.raises(CannotExpress, match=r"alternative_ratings\[1\]: this step is neutral; gi"):
        exported(neutral, "trl")
    with pytest.raises(CannotExpress, match=r"alternative_ratings\[0\]: this step is unrated, but"):
        exported(unrated, "trl")
    for choice, value in (("positive", True), ("negative", False)):
        choices = Choices(neutral=choice, unrated=choice)  # type: ignore[arg-type]
        assert exported(neutral, "trl", choices)[0]["labels"] == [True, value, False]
        assert exported(unrated, "trl", choices)[0]["labels"] == [value, True]


def test_alternatives_share_the_beginning() -> None:
    row = rated(1, 1)
    row["label"]["steps"][1]["completions"] += [
        {"text": "worse", "rating": -1},
        {"text": "unseen", "rating": None},
        {"text": "unsure", "rating": 1, "flagged": True},
    ]
    found = exported(imported([row]), "trl", with_alternatives=True)
    assert [(r["completions"], r["labels"]) for r in found] == [
        (["s0", "s1"], [True, True]),
        (["s0", "worse"], [True, False]),
    ]
    kept = exported(imported([row]), "trl", with_alternatives=True, keep=("flagged",))
    assert [r["completions"] for r in kept[2:]] == [["s0", "unsure"]]


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("trl", {"labels": [True]}, "labels: there are 1 for 2 steps"),
        ("trl", {"labels": [True, None]}, "labels[1]: must be true, false or a chance, got None"),
        ("trl", {"labels": [True, 2]}, "labels[1]: must lie between 0 and 1, got 2"),
        ("trl", {"labels": [0.5, float("nan")]}, "labels[1]: must lie between 0 and 1, got nan"),
        ("trl", {"completions": ["a", ""]}, "completions[1]: must be text that is not empty"),
        ("trl", {"prompt": [{"role": "user"}]}, "prompt: must be text, got list"),
        ("math-shepherd", {"label": "x"}, "label: its text before the sign of step 1 is not that"),
        ("math-shepherd", {"input": "no tag"}, "input: no step ends in 'ки'; --step-tag names"),
        ("math-shepherd", {"input": "a? b ки c"}, "input: text after the last 'ки'"),
        ("math-shepherd", {"input": "a ки Step 1: b ки"}, "input: where does the question end?"),
        ("math-shepherd", {"input": "Step 1: b ки"}, "input: no question before the first step"),
        ("math-shepherd", {"input": "a? ки"}, "steps of input[0]: must be text that is not empty"),
        (
            "math-shepherd",
            {"input": "a? b ки", "label": "a? b *"},
            "step 1 must end in + or -, got",
        ),
        ("math-shepherd", {"input": "a? b ки", "label": "a? b + c"}, "label: text after the sign"),
        ("openrlhf", {"value": ["+", "-"]}, "value: there are 2 for 3 steps"),
        ("openrlhf", {"value": ["+", "-", "0"]}, "value[2]: must be + or -, got '0'"),
        ("openrlhf", {"value": "+-+"}, "value: must be a list with one label a step"),
        ("processbench", {"label": 3}, "label: must be -1 or a step's index, got 3"),
        ("processbench", {"label": True}, "label: must be -1 or a step's index, got True"),
        ("processbench", {"id": 7}, "id: must be text or null, got 7"),
        (
            "math-aps",
            {"reasoning_steps": [{"solution_prefix": "q"}]},
            "[0].mc_value: must lie betwe",
        ),
        (
            "math-aps",
            {"reasoning_steps": [{"solution_prefix": "x"}]},
            "[0].solution_prefix: must be",
        ),
    ],
)
def test_a_bad_row_is_named(name: FormatName, changes: dict[str, Any], message: str) -> None:
    usual = ROWS.get(name, {"question": "q", "final_answer": "1"})
    with pytest.raises(BadRow) as caught:
        imported([{**usual, **changes}], name)
    assert str(caught.value).startswith("rows.jsonl:1: ")
    assert message in str(caught.value)


def test_two_solutions_under_one_id() -> None:
    with pytest.raises(BadRow, match=r"rows.jsonl:2: id: 'gsm8k-0' is of another solution, too"):
        imported([BENCH, {**BENCH, "steps": ["other"], "label": -1}], "processbench")


def test_what_would_not_be_read_again_is_not_written() -> None:
    tagged = imported([{**TRL, "completions": ["a ки b", "c"]}], "trl")
    with pytest.raises(CannotExpress, match=r"alternatives\[0\]: holds the step tag 'ки'"):
        exported(tagged, "math-shepherd")
    assert exported(tagged, "math-shepherd", Choices(step_tag="<extra_0>"))
    with pytest.raises(CannotExpress, match="the problem's statement holds the step tag"):
        exported(imported([{**TRL, "prompt": "ки?"}], "trl"), "openrlhf")
    with pytest.raises(CannotExpress, match="--unrated positive counts it as right"):
        exported(imported([rated(1, None, 1)]), "processbench")


def test_rollouts_give_each_beginning_its_chance() -> None:
    row = {
        "question": "2+3?",
        "final_answer": "5",
        "reasoning_steps": [
            {"solution_prefix": "2+3?", "mc_value": 0.5},
            {"solution_prefix": "2+3?\n\n\nI add.\n\nIt is 5.", "mc_value": 1},
            {"solution_prefix": "2+3?\n\nI add.", "mc_value": 0.25},
        ],
    }
    records = imported([row], "math-aps")
    assert [s.steps for s in records.solutions] == [("I add.", "It is 5."), ("I add.",)]
    assert [x.chances for x in records.labels] == [(None, 1.0), (0.25,)]
    assert records.problems[0].answer == "5"


def test_the_real_files(shared_data: Path) -> None:
    for name, n_rows in (("gsm8k", 400), ("math", 1000)):
        path = shared_data / "processbench" / f"{name}.json"
        rows = json.loads(path.read_text(encoding="utf-8"))
        read = [row.fields for row in file_rows(path) if not isinstance(row, BadRow)]
        records = imported(read, "processbench")
        assert len(records.solutions) == len(rows) == n_rows
        errors = [labels.first_error for labels in records.labels]
        assert [-1 if e is None else e for e in errors] == [row["label"] for row in rows]
        assert [len(s.steps) for s in records.solutions] == [len(row["steps"]) for row in rows]
        assert is_same(exported(records, "processbench"), rows)
    path = shared_data / "prm800k" / "math_aps_sample.jsonl"
    records = imported([r.fields for r in file_rows(path) if not isinstance(r, BadRow)], "math-aps")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    chances = [
        s["mc_value"]
        for r in rows
        for s in r["reasoning_steps"]
        if s["solution_prefix"] != r["question"]
    ]
    assert [s.chances[-1] for s in records.sessions if s.chances] == chances
