"""First errors: by hand, and the threshold against trying all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.evaluation.first_error import Judged, best_threshold, first_errors

SCORES = st.lists(st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.50001, 0.7, 1.0]), min_size=1, max_size=5)


@st.composite
def judged(draw: st.DrawFn) -> Judged:
    scores = draw(SCORES)
    return Judged(scores, draw(st.integers(-1, len(scores) - 1)))


def test_naming_every_step_or_none_gets_nothing() -> None:
    rows = [Judged([0.0, 0.0], 0), Judged([0.0, 0.0], -1)]
    assert first_errors(rows) == (1.0, 0.0, 0.0, 1, 1)
    rows = [Judged([1.0, 1.0], 1), Judged([1.0], -1), Judged([1.0], -1)]
    assert first_errors(rows) == (0.0, 1.0, 0.0, 1, 2)


def test_an_error_named_too_early_or_too_late_is_missed() -> None:
    rows = [Judged([0.9, 0.1, 0.9], label) for label in (0, 1, 2)] + [Judged([0.5], -1)]
    found = first_errors(rows)
    assert found.erroneous_accuracy == pytest.approx(1 / 3)
    assert found.f1 == pytest.approx(0.5)


def test_one_sort_alone_has_no_f1() -> None:
    assert first_errors([Judged([0.9], -1)]) == (None, 1.0, None, 0, 1)
    assert first_errors([]) == (None, None, None, 0, 0)
    assert best_threshold([Judged([0.9], -1)]) is None


@given(rows=st.lists(judged(), min_size=1, max_size=12))
def test_no_threshold_is_better_than_the_best(rows: list[Judged]) -> None:
    best = best_threshold(rows)
    sorts = {row.first_error == -1 for row in rows}
    assert (best is None) is (len(sorts) < 2)
    if best is not None:
        assert 0 <= best <= 1
        found = first_errors(rows, best).f1
        tried = [first_errors(rows, t).f1 for t in np.linspace(0, 1, 201)]
        assert found is not None
        assert found >= max(f1 for f1 in tried if f1 is not None) - 1e-12
