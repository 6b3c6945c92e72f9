"""AUC against counting pairs, and the trap of pooling."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.records import Labels, Scores
from surefoot.verifiers.auc import auc, grouped_auc, step_auc

scored = st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=12)


def pairs_auc(rows: list[tuple[int, bool]]) -> float | None:
    right = [s for s, good in rows if good]
    wrong = [s for s, good in rows if not good]
    pairs = [(a > b) + 0.5 * (a == b) for a, b in product(right, wrong)]
    return float(np.mean(pairs)) if pairs else None


@given(rows=scored)
def test_equals_counting_pairs(rows: list[tuple[int, bool]]) -> None:
    assert auc([s for s, _ in rows], [good for _, good in rows]) == pytest.approx(pairs_auc(rows))


@given(groups=st.lists(scored, max_size=4))
def test_within_is_the_mean_over_problems_that_have_both(
    groups: list[list[tuple[int, bool]]],
) -> None:
    rows = [(i, score, right) for i, group in enumerate(groups) for score, right in group]
    found = grouped_auc([r[1] for r in rows], [r[2] for r in rows], [r[0] for r in rows])
    values = [value for group in groups if (value := pairs_auc(group)) is not None]
    assert found.problems == len(values)
    assert found.within == (pytest.approx(np.mean(values)) if values else None)


def test_pooling_rewards_knowing_hard_problems() -> None:
    # Scores tell the easy problem from the hard one and nothing within either.
    scores = [0.9] * 10 + [0.1] * 10
    right = [True] * 9 + [False] + [False] * 9 + [True]
    found = grouped_auc(scores, right, ["easy"] * 10 + ["hard"] * 10)
    assert found.pooled == pytest.approx(0.9)
    assert found.within == 0.5
    assert found.problems == 2


def test_problems_without_both_kinds_do_not_count_within() -> None:
    found = grouped_auc([0.1, 0.9, 0.5], [False, True, True], ["a", "a", "b"])
    assert (found.within, found.problems) == (1.0, 1)
    assert grouped_auc([0.5], [True], ["a"]) == (None, None, 0)


def test_nan_and_lengths() -> None:
    with pytest.raises(ValueError, match="NaN"):
        auc([float("nan")], [True])
    with pytest.raises(ValueError, match="lengths differ"):
        auc([0.5], [])
    with pytest.raises(ValueError, match="groups"):
        grouped_auc([0.5], [True], [])


def test_step_auc_takes_rated_steps_only() -> None:
    scores = [
        Scores(solution_id="s", problem_id="p", solution_score=0.1, step_scores=(0.9, 0.2, 0.95)),
        Scores(solution_id="t", problem_id="p", solution_score=0.1, step_scores=(0.0,)),
    ]
    labels = {"s": Labels(solution_id="s", problem_id="p", ratings=(1, -1, None))}
    assert step_auc(scores, labels) == (1.0, 1.0, 1)
