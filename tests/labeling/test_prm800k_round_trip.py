"""PRM800K in, PRM800K out: the same JSON objects."""

import json
from pathlib import Path
from typing import Any

import pytest
from exact import exported, imported, is_same
from hypothesis import given
from hypothesis import strategies as st

from surefoot.cli import main
from surefoot.errors import BadRow
from surefoot.records import MARKS, Labels, Session
from surefoot.tables import read

FILES = ["phase1_test", "phase1_train", "phase1_raw_3", "phase2_raw_9", "labelled_paths"]

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
filled = text.filter(str.strip)
ratings = st.sampled_from([-1, 0, 1])
extra = st.dictionaries(
    st.sampled_from(["error_reason", "source_row", "odd"]), st.none() | text | st.integers()
)


@st.composite
def completions(draw: st.DrawFn) -> Any:
    """One alternative; fields that the data always have may be missing, unknown ones be there."""
    rating = draw(st.none() | ratings)
    row = {"text": draw(filled), "rating": rating, "flagged": draw(st.none() | st.booleans())}
    if draw(st.booleans()):
        row.update(draw(extra))
    if draw(st.integers(0, 9)) == 0:
        del row["flagged"]
    return row


@st.composite
def steps(draw: st.DrawFn, *, is_last: bool) -> Any:
    offered = draw(st.lists(completions(), min_size=0, max_size=4))
    human = draw(
        st.none()
        | st.fixed_dictionaries(
            {"text": filled, "rating": st.none() | ratings},
            optional={
                "source": st.just("human"),
                "flagged": st.none() | st.booleans(),
                "corrected_rating": ratings,
            },
        )
    )
    chosen = draw(st.none() | st.integers(0, len(offered) - 1)) if offered else None
    without = is_last and draw(st.integers(0, 4)) == 0
    return {
        "completions": None if without else offered,
        "human_completion": human,
        "chosen_completion": None if without else chosen,
    }


@st.composite
def rows(draw: st.DrawFn) -> dict[str, Any]:
    """A row of either phase, sane or strange."""
    n_steps = draw(st.integers(0, 4))
    made = [draw(steps(is_last=i == n_steps - 1)) for i in range(n_steps)]
    question: dict[str, Any] = {
        "problem": draw(filled),
        "ground_truth_answer": draw(st.none() | text),
    }
    is_phase_2 = draw(st.booleans())
    if is_phase_2:
        shown = [
            (s["completions"] or [{"text": "cut"}])[s["chosen_completion"] or 0]["text"]
            for s in made
        ] + draw(st.lists(filled, max_size=2))
        question |= {
            "ground_truth_solution": draw(st.none() | text),
            "pre_generated_steps": shown or None,
            "pre_generated_answer": draw(st.none() | text),
            "pre_generated_verifier_score": draw(st.none() | st.floats(0, 1)),
        }
    if draw(st.integers(0, 3)) == 0:
        question["unique_id"] = draw(filled)
    ends = st.sampled_from([None, "found_error", "solution", "give_up", "bad_problem"])
    label: dict[str, Any] = {"steps": made, "finish_reason": draw(ends)}
    if draw(st.booleans()):
        label["total_time"] = draw(st.none() | st.integers(0, 10**7))
    return {
        **draw(extra),
        "labeler": draw(st.none() | text),
        "timestamp": draw(st.none() | text),
        "generation": draw(st.integers(-1, 9)) if is_phase_2 else None,
        "is_quality_control_question": draw(st.booleans()),
        "is_initial_screening_question": draw(st.booleans()),
        "question": question,
        "label": label,
    }


@given(st.lists(rows(), min_size=1, max_size=4))
def test_generated_rows_come_back(made: list[dict[str, Any]]) -> None:
    made.append(made[0])  # a repeated row is a row, too
    assert is_same(exported(imported(made), "prm800k"), made)


@given(st.lists(rows(), min_size=1, max_size=3))
def test_and_through_files(
    tmp_path_factory: pytest.TempPathFactory, made: list[dict[str, Any]]
) -> None:
    folder = tmp_path_factory.mktemp("rows")
    (folder / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in made))
    assert main(["label", "import", f"{folder}/in.jsonl", "--out", f"{folder}/L"]) == 0
    assert main(["label", "export", f"{folder}/L", "--out", f"{folder}/out.jsonl"]) == 0
    written = (folder / "out.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
    assert is_same([json.loads(line) for line in written], made)


def completion(words: str, rating: int | None, flagged: bool | None = False) -> dict[str, Any]:
    return {"text": words, "rating": rating, "flagged": flagged}


def step(*offered: dict[str, Any], chosen: int | None = None, human: Any = None) -> dict[str, Any]:
    return {
        "completions": list(offered) or None,
        "human_completion": human,
        "chosen_completion": chosen,
    }


def row(*made: dict[str, Any], phase: int = 1, **changes: Any) -> dict[str, Any]:
    """A row as published."""
    question: dict[str, Any] = {"problem": "What is $2+3$?", "ground_truth_answer": "5"}
    if phase == 2:
        question = {
            "problem": "What is $2+3$?",
            "ground_truth_solution": "It is \\boxed{5}.",
            "ground_truth_answer": "5",
            "pre_generated_steps": ["I add.", "It is 6.", "So 6.\n\n# Answer\n\n6"],
            "pre_generated_answer": "6",
            "pre_generated_verifier_score": 1.5e-9,
        }
    label = {"steps": list(made), "total_time": 92000, "finish_reason": "solution"}
    return {
        "labeler": "e90a38f3",
        "timestamp": "2022-07-30T23:23:32.118856",
        "generation": 6 if phase == 2 else None,
        "is_quality_control_question": False,
        "is_initial_screening_question": False,
        "question": question | changes.pop("question", {}),
        "label": label | changes.pop("label", {}),
        **changes,
    }


HUMAN = {"text": "Add them.", "rating": None, "source": "human", "flagged": False}
GOOD = step(completion("I add.", 1), chosen=0)
STRANGE: dict[str, tuple[dict[str, Any], tuple[Any, ...], tuple[str, ...]]] = {
    "null completions": (
        row(GOOD, step(), label={"finish_reason": "give_up"}),
        (1,),
        ("give_up",),
    ),
    "given up with seven nulls": (
        row(
            GOOD,
            step(*[completion(f"way {i}", None) for i in range(7)]),
            label={"finish_reason": "give_up"},
        ),
        (1,),
        ("give_up",),
    ),
    "bad problem": (
        row(phase=2, label={"finish_reason": "bad_problem"}),
        (None, None, None, None),
        ("bad_problem",),
    ),
    "screening": (
        row(
            GOOD,
            step(completion("It is 6.", -1, None), completion("It is 5.", 1)),
            phase=2,
            generation=-1,
            is_initial_screening_question=True,
            question={"ground_truth_answer": None, "ground_truth_solution": None},
        ),
        (1, -1, None, None),
        ("screening",),
    ),
    "quality control": (
        row(GOOD, phase=2, is_quality_control_question=True),
        (1, None, None, None),
        ("quality_control",),
    ),
    "human step": (
        row(step(completion("Hm.", -1), completion("Er.", 0), human=HUMAN), GOOD),
        (None, 1),
        (),
    ),
    "corrected human step": (
        row(step(completion("Hm.", -1), human={**HUMAN, "corrected_rating": 1}), GOOD),
        (None, 1),
        (),
    ),
    "flagged": (
        row(step(completion("I add.", 1, True), chosen=0), GOOD),
        (1, 1),
        ("flagged",),
    ),
    "flagged and not rated": (
        row(step(completion("I add.", None, True), chosen=0), GOOD),
        (None, 1),
        ("flagged",),
    ),
    "an alternative is flagged": (
        row(step(completion("I add.", 1), completion("Hm.", 0, True), chosen=0)),
        (1,),
        (),
    ),
    "all marks": (
        row(
            step(completion("I add.", 0, True), chosen=0),
            is_quality_control_question=True,
            is_initial_screening_question=True,
            label={"finish_reason": "give_up"},
        ),
        (0,),
        ("flagged", "quality_control", "screening", "give_up"),
    ),
    "a blank step that nobody reached": (
        row(GOOD, phase=2, question={"pre_generated_steps": ["I add.", "", "It is 6."]}),
        (1, None),
        (),
    ),
    "nothing shown": (row(GOOD, phase=2, question={"pre_generated_steps": []}), (1,), ()),
    "fields of its own": (
        row(GOOD, source_row="phase1_test:0", question={"unique_id": "test/algebra/1.json"}),
        (1,),
        (),
    ),
}


@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_row_comes_back_and_is_marked(name: str) -> None:
    made, ratings, marks = STRANGE[name]
    records = imported([made])
    (labels,) = records.labels
    assert (labels.ratings, labels.marks) == (ratings, marks)
    assert is_same(exported(records, "prm800k"), [made])


def test_published_rows_need_no_difference() -> None:
    """All that the published rows hold has a field; only what is unheard of is in `other`."""
    for name in set(STRANGE) - {"corrected human step", "fields of its own"}:
        (session,) = imported([STRANGE[name][0]]).sessions
        assert session.other is None, name
    (session,) = imported([STRANGE["corrected human step"][0]]).sessions
    path = ["label", "steps", 0, "human_completion", "corrected_rating"]
    assert json.loads(session.other or "") == [[path, 1]]


def test_a_row_with_no_step_followed_has_a_session_and_no_labels() -> None:
    made = row(step(completion("Hm.", None)), label={"finish_reason": "give_up"})
    records = imported([made])
    assert (records.labels, records.solutions) == ([], [])
    assert records.sessions[0].solution_id is None
    assert is_same(exported(records, "prm800k"), [made])


def test_the_same_solution_by_three_raters() -> None:
    """One other opinion, one served again as quality control, one repeated."""
    first = row(GOOD)
    other = row(step(completion("I add.", 0), chosen=0))
    again = row(GOOD, is_quality_control_question=True)
    records = imported([first, other, again, first])
    assert [one.rater for one in records.labels] == ["e90a38f3", "e90a38f3-2", "e90a38f3-3"]
    assert [s.rater for s in records.sessions] == [one.rater for one in records.labels] + [
        "e90a38f3"
    ]
    assert (len(records.solutions), records.repeated) == (1, 1)
    assert is_same(exported(records, "prm800k"), [first, other, again, first])


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (row(step(completion("a", 2))), "label.steps[0].completions[0].rating: must be -1, 0, 1"),
        (row(step({"text": "a", "rating": True})), "completions[0].rating: must be -1, 0, 1 or nu"),
        (row(step({"text": "a", "rating": 1.0})), "completions[0].rating: must be -1, 0, 1 or nu"),
        (row(step({"text": "a"})), "label.steps[0].completions[0].rating: missing"),
        (row(step({"rating": 1})), "label.steps[0].completions[0].text: must be text, got None"),
        (row(step(completion("a", 1, 3))), "label.steps[0].completions[0].flagged: must be true"),  # type: ignore[arg-type]
        (row(step(completion(" ", 1), chosen=0)), "completions[0].text: was chosen, but is empty"),
        (row(step(completion(" ", -1))), "completions[0].text: is rated, but empty"),
        (row(step(completion("a", 1), chosen=-1)), "chosen_completion: there is no completion -1"),
        (row(step(human={"text": ""})), "label.steps[0].human_completion.text[0]: must be text"),
        (row(step(human="x")), "label.steps[0].human_completion: must be an object or null"),
        (row(label={"steps": [3]}), "label.steps[0]: must be an object, got 3"),
        (row(label={"total_time": "92"}), "label.total_time: must be a whole number or null"),
        (row(GOOD, generation="6"), "generation: must be a whole number or null, got '6'"),
        (row(GOOD, is_quality_control_question=1), "is_quality_control_question: must be true"),
        (row(GOOD, question={"problem": "a\ud800"}), "holds half of a surrogate pair"),
        (row(GOOD, odd=float("nan")), "holds NaN or Infinity, which is not JSON"),
        (row(GOOD, phase=2, question={"pre_generated_steps": [3]}), "pre_generated_steps[0]: must"),
    ],
)
def test_a_bad_row_is_named_down_to_its_place(made: dict[str, Any], message: str) -> None:
    with pytest.raises(BadRow) as caught:
        imported([row(GOOD), made])
    assert str(caught.value).startswith("rows.jsonl:2: ")
    assert message in str(caught.value)
    kept = imported([made, row(GOOD)], skip_bad=True)
    assert (kept.skipped, len(kept.problems), len(kept.sessions)) == (1, 1, 1)


@pytest.mark.parametrize("name", FILES)
def test_every_real_file_comes_back(name: str, shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "prm800k" / f"{name}.jsonl"
    assert main(["label", "import", str(source), "--out", f"{tmp_path}/L"]) == 0
    assert main(["label", "export", f"{tmp_path}/L", "--out", f"{tmp_path}/out.jsonl"]) == 0
    theirs, ours = (
        [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]
        for path in (source, tmp_path / "out.jsonl")
    )
    assert len(ours) == len(theirs) > 0
    assert [i for i, pair in enumerate(zip(ours, theirs, strict=True)) if not is_same(*pair)] == []
    if "raw" in name:  # published rows: even the text of the file
        assert (tmp_path / "out.jsonl").read_bytes() == source.read_bytes()


def test_every_rating_of_the_real_rows_is_in_the_sessions(
    shared_data: Path, tmp_path: Path
) -> None:
    """53,754 rated alternatives, as the data's own description counts them."""
    n_rated = 0
    for name in ("phase1_test", "phase1_train"):
        source = shared_data / "prm800k" / f"{name}.jsonl"
        assert main(["label", "import", str(source), "--out", f"{tmp_path}/{name}"]) == 0
        for session in read(tmp_path / name / "sessions", Session):
            n_rated += sum(r is not None for rs in session.alternative_ratings for r in rs or ())
        marks = {mark for row in read(tmp_path / name / "labels", Labels) for mark in row.marks}
        assert marks <= set(MARKS)
    assert n_rated == 53_754
