"""Every choice of the policy, both ways."""

from dataclasses import fields, replace

import pytest

from surefoot.grading.judge import judge
from surefoot.grading.policy import DEFAULT, PRESETS, STRICT, Policy, preset

# flag, value, given, gold, verdict with that value, verdict by default
CHOICES = [
    ("unreduced", False, "6/8", "3/4", "incorrect", "correct"),
    ("unreduced", False, "6/8", "6/8 ", "correct", "correct"),
    ("unreduced", False, "6:4", "3:2", "incorrect", "correct"),
    ("unevaluated", False, "2+3", "5", "incorrect", "correct"),
    ("unevaluated", False, r"\sqrt{25}", "5", "incorrect", "correct"),
    ("unevaluated", False, "3/2", "3:2", "incorrect", "correct"),
    ("rounded", True, "0.33", "1/3", "correct", "incorrect"),
    ("rounded", True, "0.34", "1/3", "incorrect", "incorrect"),
    ("rounded", True, "3.14", r"\pi", "correct", "incorrect"),
    ("rounded", True, "3", r"\pi", "incorrect", "incorrect"),
    ("rounded", True, "0.5", "1/2", "correct", "correct"),
    ("units", "required", "5", r"5\text{ cm}", "incorrect", "correct"),
    ("units", "required", "5 cm", r"5\text{ cm}", "correct", "correct"),
    ("units", "required", "50 mm", r"5\text{ cm}", "correct", "correct"),
    ("units", "ignored", "5 cm", "5 inches", "correct", "incorrect"),
    ("units", "ignored", "6 cm", "5 inches", "incorrect", "incorrect"),
    ("percent", "value", r"25\%", "25", "incorrect", "correct"),
    ("percent", "value", r"25\%", "1/4", "correct", "correct"),
    ("percent", "written", r"25\%", "1/4", "incorrect", "correct"),
    ("percent", "written", r"25\%", "25 percent", "correct", "correct"),
    ("list_for_tuple", False, "1, 2", "(1,2)", "incorrect", "correct"),
    ("list_for_tuple", False, r"\begin{pmatrix}1\\2\end{pmatrix}", "(1,2)", "incorrect", "correct"),
    ("list_for_tuple", False, "[1,2,3]", "(1,2,3)", "incorrect", "correct"),
    ("list_for_tuple", False, "(1,2)", "(1, 2)", "correct", "correct"),
    ("region_for_interval", False, "x > 3", r"(3,\infty)", "incorrect", "correct"),
    ("region_for_interval", False, "x > 3", "3 < x", "correct", "correct"),
    ("base", False, "52", "52_8", "incorrect", "correct"),
    ("base", False, "42", "52_8", "incorrect", "correct"),
    ("base", False, "052_8", "52_{8}", "correct", "correct"),
    ("name", False, "x = 5", "5", "incorrect", "correct"),
    ("name", False, "x = 5", "x = 5.0", "correct", "correct"),
]


@pytest.mark.parametrize(("flag", "value", "given", "gold", "with_it", "without"), CHOICES)
def test_each_choice(
    flag: str, value: object, given: str, gold: str, with_it: str, without: str
) -> None:
    policy = replace(DEFAULT, **{flag: value})  # type: ignore[arg-type]
    for a, b in ((given, gold), (gold, given)):
        assert judge(a, b, policy).verdict == with_it
        assert judge(a, b).verdict == without


def test_no_choice_is_left_out() -> None:
    assert {choice[0] for choice in CHOICES} == {field.name for field in fields(Policy)} - {
        "preset"
    }


def test_presets() -> None:
    assert [preset(name).preset for name in PRESETS] == list(PRESETS)
    assert preset("strict") == STRICT
    assert preset("default") == DEFAULT
    # OpenAI's grader: no list in another order, a tuple is no list.
    openai = preset("prm800k")
    assert judge("1,2", "2,1").verdict == "correct"
    assert judge("1,2", "2,1", openai).verdict == "incorrect"
    assert judge("6/8", "3/4", openai).verdict == "incorrect"
