"""Equal answers put together, against a comparison of every pair."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.grading.clusters import VOTES, cluster
from surefoot.grading.judge import judge

SPELLINGS = [
    ["1/2", "0.5", r"\frac12", r"x=\dfrac{1}{2}", "0.50", r"$\frac{2}{4}$", r"50\%"],
    [r"\sqrt2", r"\frac{2}{\sqrt{2}}", "2^{1/2}"],
    ["2", r"\sqrt2\cdot\sqrt2", "2.0", r"2\text{ cm}", "two"],
    ["(1,2)", r"\left(1,\,2\right)"],
    ["[1,2]", r"1\le x\le 2"],
    ["1,3", r"\{3,1\}", "3 and 1", r"2 \pm 1"],
    ["no solution", r"\emptyset"],
    ["y=2x+3", "2x-y+3=0"],
    [r"45\text{ minutes}", r"\frac34\text{ hour}"],
    [r"\frac{\pi}{3}", r"60^\circ"],
    ["(x+1)^2", "x^2+2x+1"],
    ["50", "50."],
    [r"\unknown{5}", r"\unknown{5} "],
    ["3+4i", "4i+3"],
    ["AB", r"\text{AB}"],
]


def test_each_answer_finds_its_like() -> None:
    pairs = [(k, text) for k, group in enumerate(SPELLINGS) for text in group]
    random.Random(0).shuffle(pairs)
    numbers = cluster([text for _, text in pairs])
    together: dict[int, set[int | None]] = {}
    for (k, _), number in zip(pairs, numbers, strict=True):
        together.setdefault(k, set()).add(number)
    assert all(len(found) == 1 for found in together.values()), together
    assert len(set().union(*together.values())) == len(SPELLINGS)


@given(st.lists(st.sampled_from([text for group in SPELLINGS for text in group]), max_size=12))
def test_as_comparing_every_pair(answers: list[str]) -> None:
    firsts: list[str] = []
    expected = []
    for answer in answers:
        for number, first in enumerate(firsts):
            if judge(answer, first, VOTES).verdict == "correct":
                expected.append(number)
                break
        else:
            expected.append(len(firsts))
            firsts.append(answer)
    assert cluster(answers) == expected


@pytest.mark.parametrize("blank", [None, "", "  ", "$ $"])
def test_no_answer_votes_for_nothing(blank: str | None) -> None:
    assert cluster([blank, "5", blank, "5.0"]) == [None, 0, None, 0]


def test_a_thousand_different_answers_are_not_compared_in_pairs() -> None:
    start = time.process_time()
    numbers = cluster([f"{k}/7919" for k in range(1, 3001)] + ["x"] * 1000)
    # In pairs these would be some four million comparisons.
    assert time.process_time() - start < 5
    assert len(set(numbers)) == 3001
