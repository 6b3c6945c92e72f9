"""Screening, gold questions, pauses: numbers found by counting, by scipy and by playing."""

import itertools
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, binom  # type: ignore[import-untyped]

from surefoot.labeling.quality import (
    AT_LEAST,
    LOOKED_AT,
    acceptable_of,
    chance_below,
    has_majority,
    is_disputed,
    is_gold_due,
    is_right,
    opinion_of,
    pass_chances,
    should_pause,
    usual_pass_mark,
    verdict,
)
from surefoot.records import Labels, Session

counts = st.integers(0, 20)


@pytest.mark.parametrize(
    ("acceptable", "finish", "said", "right"),
    [
        ([3], "found_error", 3, True),
        ([3], "found_error", 2, False),
        ([2, 3], "found_error", 2, True),
        ([3], "solution", None, False),
        ([None], "solution", None, True),
        ([None], "found_error", 0, False),
        ([0, None], "found_error", 0, True),
        ([0, None], "solution", None, True),
        ([None], "give_up", None, False),
        ([None], "bad_problem", None, False),
        ([0], "give_up", 0, False),
    ],
)
def test_an_answer_is_right_if_it_is_in_the_set(
    acceptable: list[int | None], finish: str, said: int | None, right: bool
) -> None:
    assert is_right(acceptable, finish, said) is right


def test_gold_comes_one_in_so_many_and_differs_between_people() -> None:
    due = [is_gold_due("secret", "ada", n, 12) for n in range(1, 24_001)]
    assert 1880 < sum(due) < 2120  # 2000, of standard deviation 43
    assert due == [is_gold_due("secret", "ada", n, 12) for n in range(1, 24_001)]
    for secret, name in (("secret", "emmy"), ("other", "ada")):
        other = [is_gold_due(secret, name, n, 12) for n in range(1, 24_001)]
        both = sum(a and b for a, b in zip(due, other, strict=True))
        assert 110 < both < 225  # 167 where one says nothing of the other
    # The wait until the next one says nothing of the wait after it: geometric, mean 12.
    places = [n for n, is_due in enumerate(due) if is_due]
    waits = [b - a for a, b in itertools.pairwise(places)]
    assert 0.06 < waits.count(1) / len(waits) < 0.11
    assert max(waits) > 40
    assert not any(is_gold_due("s", "a", n, 0) for n in range(100))
    assert all(is_gold_due("s", "a", n, 1) for n in range(100))


@given(counts, counts, st.floats(0, 1))
def test_the_sum_is_the_integral_of_the_beta_density(
    n_right: int, n_wrong: int, share: float
) -> None:
    expected = beta(n_right + 1, n_wrong + 1).cdf(share)
    assert chance_below(share, n_right, n_wrong) == pytest.approx(expected, abs=1e-12)


def test_a_pause_needs_eight_answers_and_looks_at_twenty() -> None:
    def paused(results: list[bool]) -> bool:
        return should_pause(results, below=0.75, certainty=0.95)

    wrong, right = [False], [True]
    assert not paused([])
    assert not paused(wrong * (AT_LEAST - 1))
    assert paused(wrong * AT_LEAST)
    assert not paused(wrong * 30 + right * LOOKED_AT)
    assert paused(right * 100 + wrong * LOOKED_AT)
    for n in range(AT_LEAST, LOOKED_AT + 1):
        for k in range(n + 1):
            expected = beta(k + 1, n - k + 1).cdf(0.75) > 0.95
            assert paused(right * k + wrong * (n - k)) == expected
    assert not should_pause(wrong * 20, below=0.75, certainty=1.0)
    assert not should_pause(wrong * 20, below=0.0, certainty=0.5)


def paused_within(accuracy: float, n: int) -> float:
    """The exact chance to be paused within n gold questions: a walk over all windows.

    The state is the last answers, as many as are looked at; 2^12 of them at most,
    so the window is cut to twelve and compared with the program cut alike.
    """
    states: dict[tuple[bool, ...], float] = {(): 1.0}
    gone = 0.0
    for _ in range(n):
        after: dict[tuple[bool, ...], float] = {}
        for state, chance in states.items():
            for said, share in ((True, accuracy), (False, 1 - accuracy)):
                now = (*state, said)[-12:]
                k = sum(now)
                if len(now) >= AT_LEAST and beta_below(k, len(now) - k) > 0.95:
                    gone += chance * share
                else:
                    after[now] = after.get(now, 0.0) + chance * share
        states = after
    return gone


def beta_below(k: int, m: int) -> float:
    """The integral of x^k (1-x)^m to 0.75, by Simpson's rule."""
    xs = [0.75 * i / 400 for i in range(401)]
    ys = [x**k * (1 - x) ** m for x in xs]
    area = 0.75 / 1200 * (ys[0] + ys[-1] + 4 * sum(ys[1:-1:2]) + 2 * sum(ys[2:-1:2]))
    return area * math.factorial(k + m + 1) / math.factorial(k) / math.factorial(m)


def played(accuracy: float, window: int, n: int, times: int, seed: int) -> float:
    """The share of raters of this accuracy who are paused within n gold questions."""
    rng = random.Random(seed)
    n_paused = 0
    for _ in range(times):
        results: list[bool] = []
        for _ in range(n):
            results.append(rng.random() < accuracy)
            if should_pause(results[-window:], below=0.75, certainty=0.95):
                n_paused += 1
                break
    return n_paused / times


def test_bad_raters_are_paused_and_good_ones_are_not() -> None:
    shares = {a: played(a, LOOKED_AT, 60, 400, seed=1) for a in (0.6, 0.85, 0.95)}
    assert shares[0.6] > 0.88
    assert shares[0.85] < 0.12
    assert shares[0.95] < 0.01


@pytest.mark.parametrize("accuracy", [0.6, 0.95])
def test_playing_agrees_with_the_sum_over_all_windows(accuracy: float) -> None:
    exact = paused_within(accuracy, 14)
    found = played(accuracy, 12, 14, 3000, seed=2)
    assert abs(found - exact) < 4 * math.sqrt(exact * (1 - exact) / 3000) + 1e-3


def test_who_passes_the_screening() -> None:
    assert usual_pass_mark(30) == 23
    assert [usual_pass_mark(n) for n in (0, 1, 4, 5)] == [0, 1, 3, 4]
    rounded = {a: round(p, 2) for a, p in pass_chances(30, 23).items()}
    assert rounded == {0.95: 1.0, 0.85: 0.93, 0.75: 0.51, 0.65: 0.12}
    for n, mark in ((45, 34), (7, 7), (10, 0)):
        for accuracy, chance in pass_chances(n, mark).items():
            assert chance == pytest.approx(binom(n, accuracy).sf(mark - 1), abs=1e-12)
    assert verdict([True] * 23 + [False] * 7, 23) == "active"
    assert verdict([True] * 22 + [False] * 8, 23) == "failed"


@given(st.lists(st.sampled_from([None, 0, 1, 2]), max_size=6))
def test_a_majority_is_more_than_half(said: list[int | None]) -> None:
    assert is_disputed(said) == any(a != b for a in said for b in said)
    assert has_majority(said) == any(
        sum(b == a for b in said) > sum(b != a for b in said) for a in said
    )


def labels(*ratings: int | None, marks: tuple[str, ...] = (), name: str = "s") -> Labels:
    return Labels(solution_id=name, problem_id="p", ratings=ratings, marks=marks)  # type: ignore[arg-type]


def test_what_raters_found_is_acceptable() -> None:
    found = acceptable_of(
        [
            labels(1, -1, None),
            labels(1, 1, 0),
            labels(-1, None, None),
            labels(1, 1, -1, marks=("give_up",)),
            labels(1, None, -1),
            labels(1, None, None),
            labels(1, 1, marks=("quality_control",), name="t"),
            labels(None, 1, name="u"),
        ]
    )
    assert found == {"s": [0, 1, None], "t": [None]}


def session(
    *ratings: int | None,
    finish: str | None = None,
    shown: int | None = 3,
    human: int | None = None,
    ending: str = "so",
) -> Session:
    n = len(ratings)
    texts = [f"{i}+1={i + 1}" for i in range(n)]
    if texts and n == (shown or n):
        texts[-1] = ending
    return Session(
        session_id="x",
        problem_id="p",
        format="prm800k",
        alternatives=tuple((t,) for t in texts),
        alternative_ratings=tuple((r,) for r in ratings),  # type: ignore[misc]
        chosen=tuple(None if r == -1 or i == human else 0 for i, r in enumerate(ratings)),
        human_steps=None if human is None else tuple("h" if i == human else None for i in range(n)),
        shown_steps=None if shown is None else (*texts, *["more"] * (shown - n)),
        finish_reason=finish,
    )


@pytest.mark.parametrize(
    ("one", "is_whole", "first_error"),
    [
        (session(1, 0, 1), True, None),
        (session(1, 0, -1), True, 2),
        (session(-1), True, 0),
        (session(1, 1), False, None),
        (session(1, None, -1), False, None),
        (session(1, 0, 1, finish="give_up"), False, None),
        (session(-1, finish="bad_problem"), False, None),
        (session(), False, None),
        (session(1, 1, shown=None, finish="solution"), True, None),
        (session(1, 1, shown=None), False, None),
        (session(1, 1, shown=None, ending="so.\n\n# Answer\n\n2"), True, None),
        (session(1, 0, shown=None, finish="solution", human=1), True, None),
        (session(1, -1, shown=None, ending="so.\n\n# Answer\n\n2"), True, 1),
    ],
)
def test_a_session_is_whole_to_the_first_error_or_to_the_end(
    one: Session, is_whole: bool, first_error: int | None
) -> None:
    assert opinion_of(one) == (is_whole, first_error)
