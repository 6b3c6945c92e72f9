"""What lies beside an export, whom it takes, and what it keeps apart."""

import hashlib
import json
import math
from collections import Counter
from itertools import permutations
from typing import Any

import pytest
from exact import imported, opinions
from hypothesis import given
from hypothesis import strategies as st

from surefoot.labeling.export import Exporter
from surefoot.labeling.holdout import is_held_out
from surefoot.labeling.manifest import Origin, Tally, described
from surefoot.labeling.opinion import Standing, chosen
from surefoot.records import Mark

ids = st.text(max_size=12)
standings = st.builds(
    Standing,
    first_error=st.none() | st.integers(0, 2),
    is_whole=st.booleans(),
    is_trusted=st.booleans(),
    holds=st.just(False),
)


def raw(*ratings: int | None, others: tuple[int | None, ...] = (), **changes: Any) -> Any:
    """A row of PRM800K; `others` are ratings of more texts for the last step."""
    steps: list[Any] = [
        {"completions": [{"text": f"s{i}", "rating": rating, "flagged": None}]}
        for i, rating in enumerate(ratings)
    ]
    for i, step in enumerate(steps):
        step["human_completion"] = None
        step["chosen_completion"] = None if i == len(steps) - 1 and -1 in ratings else 0
    steps[-1]["completions"] += [
        {"text": f"other {i}", "rating": rating, "flagged": False}
        for i, rating in enumerate(others)
    ]
    return {
        "labeler": changes.pop("labeler", "someone"),
        "timestamp": None,
        "generation": changes.pop("generation", 0),
        "is_quality_control_question": changes.pop("is_gold", False),
        "is_initial_screening_question": False,
        "question": {
            "problem": changes.pop("problem", "2+3?"),
            "ground_truth_solution": None,
            "ground_truth_answer": "5",
            "pre_generated_steps": [f"s{i}" for i in range(5)],
            "pre_generated_answer": None,
            "pre_generated_verifier_score": None,
        },
        "label": {"steps": steps, "total_time": 10, "finish_reason": None, **changes},
    }


ROWS = [
    raw(1, 0, 1, finish_reason="solution"),
    raw(1, -1, others=(1, -1, None), finish_reason="found_error", labeler="another"),
    raw(-1, finish_reason="found_error", problem="4+4?", generation=1),
    raw(1, None, finish_reason="give_up", problem="4+4?", labeler="another"),
    raw(0, is_gold=True, problem="1+1?"),
]


def manifest_of(name: Any, **options: Any) -> tuple[dict[str, Any], str, int]:
    """Manifest and card of an export of `ROWS`, and its number of rows."""
    exporter, tally, n_rows = Exporter(name=name, **options), Tally(), 0
    for rated, rows in exporter.all_rows(opinions(imported(ROWS))):
        rated.generation = rated.session.generation
        tally.add(rated, len(rows))
        n_rows += len(rows)
    origin = Origin(
        kind="labelling room",
        name="sums",
        protocol="phase2",
        generations={1: {"verifier": "prm-7", "policy": {"top": 3}}},
        guidelines={0: "hash"},
    )
    text, card = described(exporter, tally, origin, chosen={"x": 1}, files=[], version="9")
    return json.loads(text), card, n_rows


def test_the_counts_are_those_of_the_rows() -> None:
    manifest, card, n_rows = manifest_of("prm800k")
    said: Counter[Any] = Counter()
    for row in ROWS:
        said.update(step["completions"][0]["rating"] for step in row["label"]["steps"])
    counts = manifest["counts"]
    assert counts["rows"] == counts["opinions"] == n_rows == len(ROWS)
    assert (counts["problems"], counts["raters"]) == (3, 2)
    assert {name: n for name, n in counts["ratings"].items() if name != "none"} == {
        str(rating): said[rating] for rating in (-1, 0, 1)
    }
    assert counts["ratings"]["none"] == 1  # of the one who gave up at the second step
    assert counts["alternatives"] == {"-1": 1, "0": 0, "1": 1}
    assert counts["with_first_error"] == sum(-1 in ratings_of(row) for row in ROWS) == 2
    assert counts["marked"] == {"give_up": 1, "quality_control": 1}
    assert manifest["left_out"] == {}
    assert manifest["generations"] == [
        {"generation": 0, "opinions": 4},
        {"generation": 1, "opinions": 1, "verifier": "prm-7", "policy": {"top": 3}},
    ]
    assert f"| rows | {len(ROWS)} |" in card
    assert "prm-7" in card


def ratings_of(row: Any) -> list[Any]:
    return [step["completions"][0]["rating"] for step in row["label"]["steps"]]


def test_what_is_left_out_is_counted_with_the_reason() -> None:
    manifest, card, n_rows = manifest_of("trl", skip_bad=True)
    # The first has a neutral step, of which nothing was said.
    assert manifest["left_out"] == {"cannot be expressed": 1, "give_up": 1, "quality_control": 1}
    assert manifest["counts"]["rows"] == n_rows == 2
    assert "1 give_up" in card


def test_flat_steps_are_the_rated_steps_and_no_others() -> None:
    found = list(map(with_votes, opinions(imported(ROWS))))
    rows = [row for rated in found for row in Exporter(name="steps").rows(rated)]
    assert [(row.step, row.rating) for row in rows] == [
        (i, rating)
        for row in ROWS
        for i, rating in enumerate(ratings_of(row))
        if rating is not None
    ]
    assert all(row.n_steps == 5 and not row.is_last for row in rows)
    assert [row.step for row in rows if row.is_first_error] == [1, 0]
    exporter = Exporter(name="steps", with_alternatives=True)
    more = [row for rated in found for row in exporter.rows(rated)]
    others = [row for row in more if row.alternative is not None]
    assert [(row.step, row.text, row.rating) for row in others] == [
        (1, "other 0", 1),
        (1, "other 1", -1),
    ]
    assert len(more) == len(rows) + 2


def with_votes(rated: Any) -> Any:
    rated.votes = (rated.labels.ratings,) if rated.labels else ()
    return rated


@given(st.lists(ids, unique=True), st.floats(0, 1), st.floats(0, 1), st.integers(0, 3))
def test_what_is_held_out_grows_with_the_share_and_depends_on_nothing_else(
    names: list[str], share: float, other: float, seed: int
) -> None:
    less, more = sorted((share, other))
    apart = {name for name in names if is_held_out(name, less, seed)}
    assert apart <= {name for name in reversed(names) if is_held_out(name, more, seed)}
    assert not any(is_held_out(name, 0, seed) for name in names)
    assert all(is_held_out(name, 1, seed) for name in names)


def test_about_the_share_is_held_out_and_other_seeds_hold_out_others() -> None:
    names = [f"problem {i}" for i in range(4000)]
    sets = [{n for n in names if is_held_out(n, 0.1, seed)} for seed in (0, 1)]
    for apart in sets:  # within four standard deviations
        assert abs(len(apart) - 400) < 4 * math.sqrt(4000 * 0.1 * 0.9)
    assert len(sets[0] & sets[1]) < 100
    # Fixed, so that the same export in a year holds out the same problems.
    digest = hashlib.sha256(b"holdout 0 problem 0").digest()
    assert is_held_out("problem 0", 0.5) == (digest[0] < 128)


@given(st.lists(standings, min_size=1, max_size=6))
def test_one_opinion_stands_for_all(said: list[Standing]) -> None:
    """By enumeration: no other one is better, and none as good is earlier."""

    def worth(i: int) -> tuple[Any, ...]:
        one = said[i]
        same = [o for o in said if (o.is_whole, o.is_trusted) == (one.is_whole, one.is_trusted)]
        n = sum(o.first_error == one.first_error for o in same)
        return (one.is_whole, one.is_trusted, n, -i)

    assert chosen(said) == max(range(len(said)), key=worth)
    held = [*said, Standing(first_error=9, is_whole=False, is_trusted=False, holds=True)]
    assert chosen(held) == len(said)


def test_a_tie_goes_to_what_was_said_first() -> None:
    two, none = Standing(2, True), Standing(None, True)
    assert [chosen(order) for order in set(permutations([two, two, none, none]))] == [0] * 6
    assert chosen([none, two, two]) == 1
    assert chosen([Standing(0, True, is_trusted=False)] * 2 + [two]) == 2
    assert chosen([Standing(0, False), Standing(0, True, is_trusted=False)]) == 1


GIVEN_UP: tuple[Mark, ...] = ("give_up",)


@pytest.mark.parametrize("name", ["trl", "math-shepherd", "openrlhf"])
def test_an_unrated_step_never_becomes_a_wrong_one(name: Any) -> None:
    records = imported([raw(1, None, None, finish_reason="give_up"), raw(None)])
    exporter = Exporter(name=name, keep=GIVEN_UP)
    rows = [row for rated in opinions(records) for row in exporter.rows(rated)]
    (row,) = rows  # a rating of one step, and nothing of the one without ratings
    assert exporter.left_out == {"unrated": 1}
    signs = row.get("labels", row.get("value", row.get("label")))
    assert signs in ([True], ["+"], "2+3? Step 1: s0 +")


@pytest.mark.parametrize("name", ["prm800k", "trl", "math-shepherd", "openrlhf", "steps"])
def test_nothing_after_the_first_error_is_filled_in(name: Any) -> None:
    (rated,) = opinions(imported([raw(1, -1, finish_reason="found_error")]))
    rows = Exporter(name=name).rows(with_votes(rated))
    if name == "steps":
        assert [row.rating for row in rows] == [1, -1]
    else:
        text = json.dumps(rows[0].get("label", rows[0]))
        assert "s1" in text
        assert "s2" not in text


@given(st.lists(st.lists(st.sampled_from([-1, 0, 1, None]), max_size=3), min_size=1, max_size=4))
def test_alternatives_begin_as_the_rater_went_and_are_as_many_as_ratings(
    others: list[list[int | None]],
) -> None:
    """No row continues a text that was not followed: no products of alternatives."""
    row = raw(*[1] * len(others))
    for i, (step, ratings) in enumerate(zip(row["label"]["steps"], others, strict=True)):
        step["completions"] += [
            {"text": f"{i} or {j}", "rating": rating, "flagged": False}
            for j, rating in enumerate(ratings)
        ]
    (rated,) = opinions(imported([row]))
    exporter = Exporter(name="trl", with_alternatives=True, skip_bad=True)
    exporter.choices = type(exporter.choices)(neutral="positive")
    written = exporter.rows(rated)
    assert len(written) == 1 + sum(r is not None for ratings in others for r in ratings)
    way = [f"s{i}" for i in range(len(others))]
    for one in written[1:]:
        *beginning, last = one["completions"]
        assert beginning == way[: len(beginning)]
        assert last.startswith(f"{len(beginning)} or")


def test_the_card_has_no_value_that_is_not_said() -> None:
    _, card, _ = manifest_of("steps")
    assert "None" not in card
    assert "## Licence" in card
