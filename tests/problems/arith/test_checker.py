"""The checker against sympy, which decides by itself whether a line is true."""

import random
import re
from collections.abc import Callable
from typing import Any

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy.parsing.sympy_parser import (
    convert_xor,
    implicit_multiplication_application,
    parse_expr,
    standard_transformations,
)

from surefoot.problems.arith.checker import Judgement, check
from surefoot.problems.arith.expressions import Unreadable
from surefoot.problems.arith.generate import FAMILIES, LEVELS, generate, person, pose, write
from surefoot.problems.arith.hand import CAREFUL
from surefoot.records import Problem
from surefoot.steps import ANSWER_MARK

CASES = [(name, level) for name in FAMILIES for level in LEVELS]


def _posed(name: str, level: int, seed: int) -> tuple[Problem, Any]:
    family = FAMILIES[name]
    parameters, statement = pose(random.Random(seed), family, level, "train")
    return Problem(problem_id="p", statement=statement, answer="", subject=name), parameters


@pytest.mark.parametrize(("name", "level"), CASES)
def test_every_reference_step_is_true_and_moves_on(name: str, level: int) -> None:
    for seed in range(30):
        problem, parameters = _posed(name, level, seed)
        steps = write(FAMILIES[name], parameters, CAREFUL)
        judged = check(problem, steps)
        assert [j.rating for j in judged] == [1] * len(steps), (problem.statement, steps, judged)


@pytest.mark.parametrize(("name", "level"), CASES)
def test_a_repeated_step_is_no_progress(name: str, level: int) -> None:
    problem, parameters = _posed(name, level, 3)
    steps = write(FAMILIES[name], parameters, CAREFUL)
    for index, step in enumerate(steps):
        judged = check(problem, [*steps[: index + 1], step])
        assert judged[-1].rating == 0, (step, judged)


# --- truth decided by sympy ------------------------------------------------

_TRANSFORMS = (*standard_transformations, convert_xor, implicit_multiplication_application)


def _sympy(text: str, names: dict[str, Any]) -> Any:
    """One side as sympy reads it; `a mod m` and calls by hand."""
    if " mod " in text:
        left, modulus = text.split(" mod ")
        return sympy.Mod(_sympy(left, names), _sympy(modulus, names))
    return parse_expr(text, local_dict=names, transformations=_TRANSFORMS)


def _known(problem: Problem, parameters: Any, answer: str) -> tuple[dict[str, Any], Any]:
    """Names and target, from the writer's parameters (the checker reads the statement)."""
    x, y = sympy.symbols("x y")
    names: dict[str, Any] = {"x": x, "y": y}
    target = None
    match problem.subject:
        case "nested" | "fractions":
            target = _sympy(problem.statement.removeprefix("Compute ").rstrip("."), {})
        case "polynomials":
            target = (parameters.a * x + parameters.b) * (parameters.c * x + parameters.d)
        case "functions":
            a, b, c, at = parameters
            target = a * at**2 + b * at + c
            names["f"] = lambda value: a * value**2 + b * value + c
        case "gcd":
            target = sympy.gcd(*parameters)
            names["gcd"] = sympy.gcd
        case "linear":
            p = parameters
            names["x"] = sympy.solve(p.factor * (p.a * x + p.b) - p.c * x - p.d, x)[0]
        case "systems":
            p = parameters
            names |= {
                str(k): v
                for k, v in sympy.solve(
                    [y - p.a * x - p.b, p.c * x + p.e * y - p.f], [x, y]
                ).items()
            }
        case "percent":
            names |= _percent_names(parameters)
        case "ratio":
            names |= _ratio_names(parameters)
        case "sequences":
            p = parameters
            term = p.first + (p.place - 1) * p.change
            names |= {
                "difference": sympy.Integer(p.change),
                "jumps": sympy.Integer(p.place - 1),
                "rise": sympy.Integer((p.place - 1) * p.change),
                "term": sympy.Integer(term),
                "pair": sympy.Integer(p.first + term),
                "sum": sympy.Rational((p.first + term) * p.place, 2),
            }
    return names, target


def _percent_names(p: Any) -> dict[str, Any]:
    first = sympy.Rational(p.price * abs(p.first), 100)
    middle = p.price + (first if p.first > 0 else -first)
    if p.second is None:
        return {"first": first, "cost": middle}
    second = middle * abs(p.second) / 100
    cost = middle + (second if p.second > 0 else -second)
    return {"first": first, "price": middle, "second": second, "cost": cost}


def _ratio_names(p: Any) -> dict[str, Any]:
    parts = p.shares[1] - p.shares[0] if p.by_difference else sum(p.shares)
    coins = {q: sympy.Integer(s * p.part) for q, s in zip(p.people, p.shares, strict=True)}
    return {"parts": sympy.Integer(parts), "part": sympy.Integer(p.part), **coins}


def _is_true(step: str, names: dict[str, Any], target: Any, answer: str) -> bool:
    """Whether sympy finds every clause of a well-formed step true."""
    if step.startswith(ANSWER_MARK):
        said = step.removeprefix(ANSWER_MARK).strip()
        pairs = zip(said.strip("()").split(","), answer.strip("()").split(","), strict=True)
        if "(" not in answer or "," not in answer:
            pairs = zip([said], [answer], strict=True)
        return all(
            _equal(_sympy(a, names_free(names)), _sympy(b, names_free(names))) for a, b in pairs
        )
    for clause in re.split(r"\bso\b", step):
        if not clause.strip():
            continue
        sides = [_sympy(side.strip(), names) for side in clause.split("=")]
        if len(sides) == 1:
            sides.append(target)
        if not all(_equal(sides[0], side) for side in sides[1:]):
            return False
    return True


def names_free(names: dict[str, Any]) -> dict[str, Any]:
    """x and y left free: an answer such as 2x+1 is an identity."""
    return {**names, "x": sympy.Symbol("x"), "y": sympy.Symbol("y")}


def _equal(left: Any, right: Any) -> bool:
    left, right = sympy.sympify(left), sympy.sympify(right)
    if left.has(sympy.zoo, sympy.nan) or right.has(sympy.zoo, sympy.nan):
        return False
    return bool(sympy.expand(left - right) == 0)


def _change_digit(rng: random.Random, step: str) -> str:
    place = rng.choice([i for i, c in enumerate(step) if c.isdigit()])
    return step[:place] + rng.choice("123456789".replace(step[place], "")) + step[place + 1 :]


def _change_sign(rng: random.Random, step: str) -> str:
    places = [i for i, c in enumerate(step) if c in "+-*" and i and step[i - 1] not in "=( "]
    if not places:
        return _change_digit(rng, step)
    place = rng.choice(places)
    others = "+-" if step[place] in "+-" else "+"
    return step[:place] + rng.choice(others.replace(step[place], "") or "-") + step[place + 1 :]


@pytest.mark.parametrize("change", [_change_digit, _change_sign])
@pytest.mark.parametrize("name", list(FAMILIES))
def test_a_changed_step_is_negative_unless_sympy_finds_it_true(
    name: str, change: Callable[[random.Random, str], str]
) -> None:
    rng = random.Random(f"{name}/{change.__name__}")
    n_false = 0
    for seed in range(40):
        problem, parameters = _posed(name, rng.choice(LEVELS), seed)
        steps = write(FAMILIES[name], parameters, CAREFUL)
        answer = steps[-1].removeprefix(ANSWER_MARK).strip()
        names, target = _known(problem, parameters, answer)
        index = rng.randrange(len(steps))
        if not any(c.isdigit() for c in steps[index]):
            continue
        changed = change(rng, steps[index])
        try:
            is_true = _is_true(changed, names, target, answer)
        except (SyntaxError, TypeError, ZeroDivisionError, ValueError):
            is_true = False
        judged = check(problem, [*steps[:index], changed])[-1]
        n_false += not is_true
        assert (judged.rating >= 0) == is_true, (problem.statement, steps, changed, judged)
    assert n_false >= 10


@pytest.mark.parametrize("name", list(FAMILIES))
def test_a_persons_solution_is_judged_as_sympy_does(name: str) -> None:
    """Slips, misconceptions and typing errors in the corpus, line by line."""
    rng = random.Random(name)
    for seed in range(25):
        level = rng.choice(LEVELS)
        problem, parameters = _posed(name, level, seed)
        answer = FAMILIES[name].solve(parameters, CAREFUL)[1]
        names, target = _known(problem, parameters, answer)
        hand = person(rng, level, slip=0.15, typo=0.1, repeat=0.05)
        steps = write(FAMILIES[name], parameters, hand)
        for step, judged in zip(steps, check(problem, steps), strict=True):
            if judged.reason.startswith("unreadable"):
                continue
            assert (judged.rating >= 0) == _is_true(step, names, target, answer), (
                problem.statement,
                step,
                judged,
            )


# --- whatever a model writes ------------------------------------------------


@settings(max_examples=150)
@given(
    text=st.one_of(
        st.text(max_size=80),
        st.text(alphabet="0123456789+-*/^()=xy so#Answermodgcd,.\n", max_size=60),
    ),
    name=st.sampled_from(list(FAMILIES)),
)
def test_any_text_gets_a_judgement(text: str, name: str) -> None:
    problem, _ = _posed(name, 3, 1)
    judged = check(problem, [text, text])
    assert all(isinstance(j, Judgement) and j.rating in (-1, 0, 1) for j in judged)
    assert judged[1].rating <= 0 or judged[0].rating == -1


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        "   ",
        "so",
        "= = =",
        "hello world",
        "9^9^9^9=1",
        "9" * 199 + "=1",
        "(" * 150 + "1" + ")" * 150 + "=1",
        "-" * 189 + "1=1",
        "1/0=1",
        "f(=3",
        "# Answer",
        "# Answer (1,2,3,)",
        "# Answer ∑",
        "x=y=z",
        "gcd()=1",
        "gcd(1,2,3)=1",
        "5 mod 0=1",
        "__import__('os').system('true')=0",
    ],
)
def test_garbage_is_negative(garbage: str) -> None:
    for name in FAMILIES:
        problem, _ = _posed(name, 2, 5)
        assert check(problem, [garbage])[0].rating == -1


def _one(statement: str, *steps: str) -> list[int]:
    problem = Problem(problem_id="p", statement=statement, answer="")
    return [judged.rating for judged in check(problem, steps)]


def test_what_is_true_but_leads_nowhere_is_neutral() -> None:
    solve = "Solve 5x-7=2x+8."
    assert _one(solve, "5x-7=2x+8") == [0]
    assert _one(solve, "2x+8=5x-7") == [0]
    assert _one(solve, "x=x") == [0]
    assert _one(solve, "41+1=42") == [0]
    assert _one(solve, "3x=15", "15=3x", "x=5", "x=5") == [1, 0, 1, 0]
    assert _one("Compute 2+3*4.", "2+4*3") == [0]


def test_another_way_to_the_answer_is_right_too() -> None:
    assert _one("Solve 5x-7=2x+8.", "5x=2x+15", "x=10/2", "# Answer 5") == [1, 1, 1]
    assert _one("Compute 2+3*4.", "4*3=12 so 12+2", "so 14", "# Answer 14") == [1, 1, 1]
    assert _one("Compute 1/2+1/4.", "so 3/4", "# Answer 6/8") == [1, 1]


def test_a_right_calculation_from_a_wrong_number_is_false() -> None:
    percent = (
        "A coat costs 100 dollars. The price rises by 50% and then falls by 10%. Find the cost."
    )
    assert _one(percent, "first=100*50/100=50", "price=100-50=50") == [1, -1]
    assert _one(percent, "second=100*10/100=10") == [-1]


def test_a_name_of_the_writers_own_may_not_change_its_value() -> None:
    steps = ("whole=3+2=5", "whole=3+2=5", "whole=6", "part=40/whole=8")
    assert _one(
        "Ann and Ben share 40 coins in the ratio 3:2. How many coins does Ben get?", *steps
    ) == [1, 0, -1, 1]


def test_a_statement_of_no_family_is_refused() -> None:
    with pytest.raises(Unreadable, match="no family"):
        _one("What is love?", "x=1")


def test_train_and_test_share_no_statement() -> None:
    train = {p.statement for seed in range(3) for p in generate(400, split="train", seed=seed)}
    test = {p.statement for seed in range(3) for p in generate(400, split="test", seed=seed)}
    assert len(test) > 500
    assert not train & test


def test_problems_repeat_under_a_seed_and_are_all_different() -> None:
    first, second = list(generate(300, seed=4)), list(generate(300, seed=4))
    assert first == second
    assert len({p.statement for p in first}) == 300
    assert {p.subject for p in first} == set(FAMILIES)
    assert {p.level for p in first} == set(LEVELS)
