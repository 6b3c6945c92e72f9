"""Differences between JSON values, and their way back."""

import json
from typing import Any

import pytest
from exact import is_same
from hypothesis import given
from hypothesis import strategies as st

from surefoot.labeling.difference import applied, difference, dumped, is_finite

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=3)
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(values, values)
def test_the_difference_makes_one_of_the_other(ours: Any, theirs: Any) -> None:
    before = json.dumps(ours)
    changes = difference(ours, theirs)
    text = dumped(changes)
    assert is_same(applied(ours, json.loads(text) if text else []), theirs)
    assert json.dumps(ours) == before
    assert (text is None) == is_same(ours, theirs)


def test_only_what_differs_is_noted() -> None:
    ours = {"a": 1, "b": [{"c": None}, {"c": None}], "d": [1]}
    theirs = {"b": [{"c": None}, {"c": 0, "e": {}}], "d": [1, 2], "f": True}
    assert difference(ours, theirs) == [
        [["a"]],
        [["b", 1, "c"], 0],
        [["b", 1, "e"], {}],
        [["d"], [1, 2]],
        [["f"], True],
    ]


@pytest.mark.parametrize(("one", "other"), [(1, 1.0), (1, True), (0.0, -0.0), (None, False)])
def test_values_of_different_types_differ(one: Any, other: Any) -> None:
    assert difference({"x": one}, {"x": other}) == [[["x"], other]]
    assert difference([one], [one]) == []


def test_changes_for_another_value_are_an_error() -> None:
    with pytest.raises(LookupError):
        applied({"a": []}, [[["a", 0], 1]])


def test_what_json_does_not_have() -> None:
    assert is_finite({"a": [1.5, None, "x", 10**400]})
    assert not is_finite({"a": [{"b": float("nan")}]})
    assert not is_finite([float("inf")])
