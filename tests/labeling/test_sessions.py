"""What follows from a session: the spine, the alternatives, the records."""

from pathlib import Path
from typing import Any

from exact import imported

from surefoot.labeling.formats import collect
from surefoot.labeling.sessions import (
    Entry,
    alternative_records,
    alternatives,
    records_of,
    session_of,
    spine,
)
from surefoot.problems.rows import file_rows
from surefoot.records import Labels, Problem, Session, Solution


def session(*steps: tuple[dict[str, int | None], int | None, str | None], **more: Any) -> Session:
    """Steps as (text -> rating, chosen, human step)."""
    return Session(
        session_id="f/1",
        problem_id="p",
        format="prm800k",
        alternatives=tuple(tuple(texts) for texts, _, _ in steps),
        alternative_ratings=tuple(tuple(texts.values()) for texts, _, _ in steps),  # type: ignore[arg-type]
        chosen=tuple(chosen for _, chosen, _ in steps),
        human_steps=tuple(human for _, _, human in steps),
        **more,
    )


TREE = session(
    ({"a": 0, "b": 1}, 1, None),
    ({"c": -1, "d": None}, None, "mine"),
    ({"e": -1, "f": 1}, None, None),
)
"""b, then a person's step, then an error with an alternative."""


def paths(found: Any) -> list[str]:
    return [" ".join(step.text for step in path) for path in found]


def test_the_spine_follows_what_was_chosen_and_ends_at_the_error() -> None:
    assert [(s.text, s.rating) for s in spine(TREE)] == [("b", 1), ("mine", None), ("e", -1)]
    assert spine(session()) == []
    assert paths([spine(session(({"a": None}, None, None)))]) == [""]
    # What comes after nothing was chosen continues nobody knows what.
    assert paths([spine(session(({"a": -1}, None, None), ({"b": 1}, 0, None)))]) == ["a"]
    assert paths([spine(session(({"a": 1}, 0, "mine"), ({"b": 1}, 0, None)))]) == ["a b"]


def test_alternatives_are_what_was_rated_and_not_followed() -> None:
    assert paths(alternatives(TREE)) == ["a", "b c", "b mine f"]
    given_up = session(({"a": 1}, 0, None), ({"b": -1, "c": None, "d": 0}, None, None))
    assert paths([spine(given_up)]) == ["a b"]
    assert paths(alternatives(given_up)) == ["a d"]
    first_unrated = session(({"a": None, "b": 1}, None, None))
    assert paths(alternatives(first_unrated)) == ["b"]


def test_an_alternative_is_trained_on_at_its_own_step_only() -> None:
    row = {
        "labeler": "x",
        "question": {"problem": "2+3?", "ground_truth_answer": "5"},
        "label": {
            "steps": [
                {"completions": [{"text": "add", "rating": 1}], "chosen_completion": 0},
                {
                    "completions": [
                        {"text": "6\n\n# Answer\n\n6", "rating": -1},
                        {"text": "5\n\n# Answer\n\n5", "rating": 1, "flagged": True},
                    ]
                },
            ]
        },
    }
    records = imported([row])
    ((solution, labels),) = alternative_records(records.sessions[0])
    assert solution.steps == ("add", "5", "# Answer 5")
    assert labels.ratings == (None, 1, 1)
    assert labels.marks == ("flagged",)
    assert records.labels[0].marks == ()
    assert labels.solution_id == solution.solution_id == "rows/1/alternative-0"


def test_labels_make_a_session_from_which_they_follow_again() -> None:
    solution = Solution(solution_id="s", problem_id="p", steps=("a", "b", "c"))
    for ratings in [(1, -1, None), (1, 1, 1), (0, -1, 1), (None, 1, None), (None,) * 3]:
        labels = Labels(
            solution_id="s",
            problem_id="p",
            ratings=ratings,  # type: ignore[arg-type]
            rater="r",
            marks=("screening", "give_up"),
        )
        made = session_of(solution, labels)
        assert paths([spine(made)]) == [" ".join("abc"[: len(made.chosen)])]
        assert made.shown_steps == ("a", "b", "c")
        rated = [step.rating for step in spine(made)]
        assert (*rated, *[None] * (3 - len(rated))) == ratings
        assert (made.is_screening, made.finish_reason) == (True, "give_up")


def test_the_real_tree_has_every_rating_once(shared_data: Path) -> None:
    """Spine and alternatives together are all rated steps, none twice."""
    records = collect(file_rows(shared_data / "prm800k/phase1_test.jsonl"))
    n_alternatives = 0
    for one in records.sessions:
        rated = [r for rs in one.alternative_ratings for r in rs or () if r is not None]
        followed = [step for step in spine(one) if step.rating is not None]
        others = list(alternatives(one))
        assert len(rated) == len(followed) + len(others)
        assert len({tuple(s.text for s in path) for path in others}) == len(others)
        n_alternatives += len(others)
    assert n_alternatives > 3000


def test_nothing_to_follow_gives_no_records() -> None:
    problem = Problem(problem_id="p", statement="q", answer="")
    assert records_of(Entry(problem=problem, session=session())) is None
