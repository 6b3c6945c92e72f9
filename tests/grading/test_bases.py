"""Numbers with their base against Python's `int`."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.grading.judge import judge
from surefoot.grading.policy import DEFAULT

DIGITS = "0123456789ABCDEF"
KEPT = replace(DEFAULT, base=False)


@given(st.integers(2, 16), st.data())
def test_the_value_of_digits(base: int, data: st.DataObject) -> None:
    digits = data.draw(
        st.text(DIGITS[:base], min_size=1, max_size=8).filter(lambda d: d[0] in DIGITS[1:10])
    )
    value = int(digits, base)
    assert judge(f"{digits}_{{{base}}}", str(value)).verdict == "correct"
    assert judge(f"({digits})_{base}", str(value), KEPT).verdict == "incorrect"
    other = value + 1
    verdict = "correct" if str(other) == digits else "incorrect"
    assert judge(f"{digits}_{{{base}}}", str(other)).verdict == verdict
    assert judge(f"{digits}_{{{base}}}", f"{digits}_{{{base + 1}}}").verdict == "incorrect"


@pytest.mark.parametrize("answer", ["102_2", "9_8", "1A_{10}"])
def test_a_digit_that_the_base_does_not_have(answer: str) -> None:
    assert judge(answer, "8").verdict == "incorrect"


def test_places_after_the_point() -> None:
    assert judge("12.4_5", "7.8").verdict == "correct"
    assert judge("-101.1_2", "-5.5").verdict == "correct"
