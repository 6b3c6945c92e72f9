"""Events folded into drafts: what holds, what may be submitted, the row it makes."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from exact import imported, is_same
from hypothesis import given
from hypothesis import strategies as st

from surefoot.labeling import prm800k
from surefoot.labeling.choices import Choices
from surefoot.labeling.drafts import (
    FINISH_REASONS,
    Draft,
    FinishReason,
    Option,
    Shown,
    check_fits,
    digest_of,
    fold,
)
from surefoot.labeling.events import BadEvent, Event, read_event, written
from surefoot.labeling.finishing import Facts, objection, session_of_draft
from surefoot.records import Session

SHOWN = Shown(
    protocol="phase2",
    steps=("a", "b", "c"),
    options=(
        Option(step=1, candidate=1, text="B"),
        Option(step=1, candidate=2, text="because", origin="critique"),
        Option(step=2, candidate=3, text="C"),
    ),
)


def made(seq: int, kind: str, /, **payload: Any) -> Event:
    return read_event(
        {"event_id": f"00000000-0000-0000-0000-{seq:012d}", "seq": seq, "type": kind}
        | {"payload": payload, "mono_ms": 1.5 * seq, "wall": "2026-01-01T00:00:00Z"}
    )


def events_of(*said: tuple[str, dict[str, Any]]) -> list[Event]:
    return [made(seq, kind, **payload) for seq, (kind, payload) in enumerate(said, start=1)]


def rated(*ratings: int | None) -> list[Event]:
    return events_of(
        *(
            ("rate", {"step": i, "candidate": None, "rating": rating})
            for i, rating in enumerate(ratings)
        )
    )


said = st.one_of(
    st.fixed_dictionaries(
        {
            "type": st.just("rate"),
            "step": st.integers(0, 2),
            "candidate": st.none() | st.integers(1, 3),
            "rating": st.sampled_from([-1, 0, 1, None]),
        }
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("flag"),
            "step": st.integers(0, 2),
            "candidate": st.none() | st.integers(1, 3),
            "flagged": st.booleans(),
        }
    ),
    st.fixed_dictionaries({"type": st.just("progress"), "value": st.none() | st.integers(0, 4)}),
    st.fixed_dictionaries({"type": st.just("note"), "text": st.none() | st.text(max_size=3)}),
    st.fixed_dictionaries({"type": st.just("active"), "ms": st.integers(0, 1000)}),
)


@given(st.lists(said), st.randoms(use_true_random=False))
def test_the_order_of_delivery_does_not_matter(
    things: list[dict[str, Any]], shuffled: random.Random
) -> None:
    events = [
        Event(event_id=str(seq), seq=seq, type=thing["type"], payload=thing)
        for seq, thing in enumerate(things, start=1)
    ]
    late = events.copy()
    shuffled.shuffle(late)
    assert fold(late, SHOWN) == fold(events, SHOWN)


@given(st.lists(said))
def test_the_last_event_about_a_thing_holds(things: list[dict[str, Any]]) -> None:
    events = [
        Event(event_id=str(seq), seq=seq, type=thing["type"], payload=thing)
        for seq, thing in enumerate(things, start=1)
    ]
    draft = fold(events, SHOWN)
    for step in range(3):
        for candidate in (None, 1, 2, 3):
            about = [t for t in things if (t.get("step"), t.get("candidate")) == (step, candidate)]
            ratings = [t["rating"] for t in about if t["type"] == "rate"]
            flags = [t["flagged"] for t in about if t["type"] == "flag"]
            assert draft.ratings.get((step, candidate)) == (ratings or [None])[-1]
            assert ((step, candidate) in draft.flags) == (flags or [False])[-1]
    assert draft.active_ms == sum(t["ms"] for t in things if t["type"] == "active")
    assert draft.progress == ([t["value"] for t in things if t["type"] == "progress"] or [None])[-1]


@given(st.lists(said, max_size=8))
def test_a_session_holds_no_rating_that_was_not_given(things: list[dict[str, Any]]) -> None:
    events = [
        Event(event_id=str(seq), seq=seq, type=thing["type"], payload=thing)
        for seq, thing in enumerate(things, start=1)
    ]
    draft = fold(events, SHOWN)
    session = session_of_draft(draft, Facts(session_id="s", problem_id="p"), "give_up")
    ratings = [r[0] for r in session.alternative_ratings if r is not None]
    assert ratings == [draft.ratings[i, None] for i in range(len(ratings))]
    assert -1 not in ratings[:-1]
    legal = objection(draft, "solution", None) is None
    assert legal == (
        len(ratings) == 3
        and -1 not in ratings
        and objection(draft, "found_error", None) is not None
    )


@pytest.mark.parametrize(
    ("ratings", "finish", "why"),
    [
        ([1, 0, 1], "solution", None),
        ([1, -1], "found_error", None),
        ([-1], "found_error", None),
        ([], "solution", "step 1 is not rated yet"),
        ([1, 1], "solution", "step 3 is not rated yet"),
        ([1, 1, 1], "found_error", "no step is rated -1"),
        ([1, 1, -1], "solution", "step 3 is rated -1, so the solution has an error"),
        ([1, -1, 1], "found_error", "step 3 is rated though step 2 is wrong"),
        ([1, None, 1], "solution", "step 3 is rated though step 2 is unrated"),
        ([None, -1], "found_error", "step 2 is rated though step 1 is unrated"),
        ([1, None, 1], "give_up", "give_up needs a reason"),
        ([1], "bad_problem", "bad_problem needs a reason"),
    ],
)
def test_what_may_be_submitted(
    ratings: list[int | None], finish: FinishReason, why: str | None
) -> None:
    assert objection(fold(rated(*ratings), SHOWN), finish, None) == why
    if finish in ("give_up", "bad_problem"):
        assert objection(fold(rated(*ratings), SHOWN), finish, "too hard") is None
        assert objection(fold(rated(*ratings), SHOWN), finish, " ") == why


def test_what_prm800k_has_no_field_for_is_kept() -> None:
    events = events_of(
        ("rate", {"step": 0, "candidate": None, "rating": 1}),
        ("rate", {"step": 1, "candidate": None, "rating": -1}),
        ("rate", {"step": 1, "candidate": 1, "rating": 1, "fast": True}),
        ("flag", {"step": 1, "candidate": 1, "flagged": True}),
        ("flag", {"step": 0, "candidate": None, "flagged": True}),
        ("critique", {"candidate": 2, "rating": 0}),
        ("critique_text", {"text": "b is not B"}),
        ("progress", {"value": 2}),
        ("report_step", {"step": 2, "kind": "split"}),
        ("note", {"text": "odd"}),
        ("active", {"ms": 400}),
        ("active", {"ms": 600}),
        ("confirm", {"what": "answer_differs"}),
    )
    draft = fold(events, SHOWN)
    assert objection(draft, "found_error", None) is None
    session = session_of_draft(draft, Facts(session_id="s", problem_id="p"), "found_error")
    assert session.alternatives == (("a",), ("b", "B"))
    assert session.alternative_ratings == ((1,), (-1, 1))
    assert session.alternative_flags == ((True,), (None, True))
    assert session.chosen == (0, None)
    assert session.milliseconds == 1000
    assert json.loads(session.other or "") == [
        [
            ["label", "room"],
            {
                "progress": 2,
                "critiques": [{"text": "because", "rating": 0}],
                "critique": "b is not B",
                "reports": {"2": "split"},
                "note": "odd",
                "confirmed": ["answer_differs"],
            },
        ]
    ]


def test_correcting_an_earlier_step_leaves_no_alternatives_of_the_later_one() -> None:
    events = events_of(
        ("rate", {"step": 0, "candidate": None, "rating": 1}),
        ("rate", {"step": 1, "candidate": None, "rating": -1}),
        ("rate", {"step": 1, "candidate": 1, "rating": 1}),
        ("rate", {"step": 1, "candidate": None, "rating": None}),
        ("rate", {"step": 0, "candidate": None, "rating": -1}),
    )
    session = session_of_draft(
        fold(events, SHOWN), Facts(session_id="s", problem_id="p"), "found_error"
    )
    assert session.alternatives == (("a",),)
    assert session.alternative_ratings == ((-1,),)


GOOD = {"event_id": "00000000-0000-0000-0000-00000000000A", "seq": 1, "type": "rate"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"event_id": "7"}, "event_id"),
        ({"seq": 0}, "seq"),
        ({"seq": True}, "seq"),
        ({"seq": 1.0}, "seq"),
        ({"type": "rated"}, "type"),
        ({"type": ["rate"]}, "type"),
        ({"payload": []}, "payload"),
        ({"payload": {}}, "payload.step"),
        ({"payload": {"step": 0, "candidate": None, "rating": 2}}, "payload.rating"),
        ({"payload": {"step": 0, "candidate": None, "rating": True}}, "payload.rating"),
        ({"payload": {"step": -1, "candidate": None, "rating": 1}}, "payload.step"),
        ({"payload": {"step": 500, "candidate": None, "rating": 1}}, "payload.step"),
        ({"payload": {"step": 0, "candidate": None, "rating": 1, "x": 1}}, "payload.x"),
        ({"type": "note", "payload": {"text": "a\0b"}}, "payload.text"),
        ({"type": "note", "payload": {"text": "\ud83d"}}, "payload.text"),
        ({"type": "note", "payload": {"text": "x" * 20_001}}, "payload.text"),
        ({"type": "active", "payload": {"ms": 86_400_001}}, "payload.ms"),
        ({"type": "report_step", "payload": {"step": 1, "kind": "odd"}}, "payload.kind"),
        ({"mono_ms": float("nan")}, "mono_ms"),
        ({"wall": 5}, "wall"),
        ({"who": "me"}, "who"),
    ],
)
def test_a_bad_event_is_named_by_its_field(change: dict[str, Any], field: str) -> None:
    row = GOOD | {"payload": {"step": 0, "candidate": None, "rating": 1}}
    assert read_event(row).event_id.endswith("a")
    with pytest.raises(BadEvent) as caught:
        read_event(row | change)
    assert caught.value.field == field


@given(said)
def test_events_are_written_as_they_were_read(thing: dict[str, Any]) -> None:
    event = made(3, thing.pop("type"), **thing)
    assert read_event(json.loads(json.dumps(written(event)))) == event


@pytest.mark.parametrize(
    ("kind", "payload", "field"),
    [
        ("rate", {"step": 3, "candidate": None, "rating": 1}, "payload.step"),
        ("rate", {"step": 1, "candidate": 3, "rating": 1}, "payload.candidate"),
        ("rate", {"step": 1, "candidate": 2, "rating": 1}, "payload.candidate"),
        ("critique", {"candidate": 1, "rating": 1}, "payload.candidate"),
        ("choose", {"step": 1, "candidate": 1}, "type"),
        ("human_step", {"step": 1, "text": "b"}, "type"),
    ],
)
def test_events_about_what_was_not_shown_are_refused(
    kind: str, payload: dict[str, Any], field: str
) -> None:
    with pytest.raises(BadEvent) as caught:
        check_fits(made(1, kind, **payload), SHOWN)
    assert caught.value.field == field
    check_fits(made(1, "critique", candidate=2, rating=1), SHOWN)
    check_fits(made(1, "rate", step=1, candidate=1, rating=1), SHOWN)


def scripted(session: Session) -> tuple[Shown, list[Event]]:
    """What a rater was shown and pressed, so that this session came about."""
    is_phase_2 = session.shown_steps is not None
    options: list[Option] = []
    said: list[tuple[str, dict[str, Any]]] = [("active", {"ms": session.milliseconds or 0})]
    way: list[str] = []
    for step, texts in enumerate(session.alternatives):
        for j, text in enumerate(texts or ()):
            candidate = None if is_phase_2 and j == 0 else len(options) + 1
            if candidate is not None:
                options.append(
                    Option(step=step, candidate=candidate, text=text, follows=digest_of(way))
                )
            rating = (session.alternative_ratings[step] or ())[j]
            said += [  # a slip, corrected
                ("rate", {"step": step, "candidate": candidate, "rating": value})
                for value in (0, rating)
            ]
        chosen = session.chosen[step]
        human = session.human_steps[step] if session.human_steps else None
        if not is_phase_2 and chosen is not None:
            first = len(options) - len(texts or ()) + 1
            said.append(("choose", {"step": step, "candidate": first + chosen}))
        if human is not None:
            said.append(("human_step", {"step": step, "text": human}))
        way.append(human or (texts or ("",))[chosen or 0])
    shown = Shown(
        protocol="phase2" if is_phase_2 else "phase1",
        steps=session.shown_steps or (),
        options=tuple(options),
    )
    return shown, events_of(*said)


def published(folder: Path) -> Iterator[dict[str, Any]]:
    for name in ("phase2_raw_9.jsonl", "phase1_raw_3.jsonl"):
        for line in (folder / "prm800k" / name).read_text(encoding="utf-8").splitlines():
            yield json.loads(line)


def draft_of(row: dict[str, Any]) -> tuple[Draft, Session]:
    (session,) = imported([row]).sessions
    shown, events = scripted(session)
    for event in events:
        check_fits(event, shown)
    random.Random(0).shuffle(events)
    return fold(events, shown), session


def test_published_rows_come_out_of_the_keys_that_made_them(shared_data: Path) -> None:
    rows = list(published(shared_data))
    assert len(rows) == 12
    for row in rows:
        draft, theirs = draft_of(row)
        (finish,) = (f for f in FINISH_REASONS if f == theirs.finish_reason)
        facts = Facts(
            session_id=theirs.session_id,
            problem_id=theirs.problem_id,
            rater=theirs.rater,
            generation=theirs.generation,
            shown_answer=theirs.shown_answer,
            shown_score=theirs.shown_score,
        )
        assert objection(draft, finish, "too hard") is None
        ours = session_of_draft(
            draft,
            facts,
            finish,
            timestamp=theirs.timestamp,
        )
        (problem,) = imported([row]).problems
        assert is_same(prm800k.write(problem, None, ours, Choices()), row)


def test_phase_1_asks_for_all_ratings_and_follows_the_best(shared_data: Path) -> None:
    row = next(r for r in published(shared_data) if r["generation"] is None)
    draft, _ = draft_of(row)
    assert objection(draft, "solution", None) is None
    assert objection(draft, "found_error", None) is not None
    last = len(row["label"]["steps"]) - 1
    offered = [o for o in draft.shown.options if o.step == last]
    assert [draft.ratings[last, o.candidate] for o in offered] == [0, 1, 1, 1, 1]

    draft.chosen[last] = offered[0].candidate
    assert objection(draft, "solution", None) == "step 6: an option rated +1 has to continue"
    draft.ratings[last, offered[0].candidate] = -1
    assert objection(draft, "solution", None) == "step 6: an option rated -1 cannot continue"
    del draft.ratings[last, offered[2].candidate]
    assert objection(draft, "solution", None) == "step 6: rate all options"
    del draft.chosen[last]
    assert objection(draft, "solution", None) == "step 6: nothing was chosen yet"
    draft.human_steps[last] = "My own way. # Answer 7"
    draft.ratings[last, offered[2].candidate] = 1
    assert objection(draft, "solution", None) == (
        "step 6: a step of your own is for where no option is +1"
    )
    draft.chosen[1] = next(o.candidate for o in draft.shown.options if o.step == 1)
    assert objection(draft, "solution", None) == "step 2: an option rated -1 cannot continue"
    session = session_of_draft(draft, Facts(session_id="s", problem_id="p"), "give_up")
    assert len(session.alternatives) == 2  # what followed the other way is not offered here
