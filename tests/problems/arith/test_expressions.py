"""Exact values against sympy, and the bounds that keep a hostile line harmless."""

import time
from fractions import Fraction

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from surefoot.problems.arith.expressions import (
    Unreadable,
    X,
    canonical,
    constant,
    evaluate,
    parse,
    parse_tuple,
)

_NUMBERS = st.integers(0, 30).map(str)
_TEXTS = st.recursive(
    st.one_of(_NUMBERS, st.just("x")),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda t: f"({t[0]}{t[1]}{t[2]})"),
        st.tuples(inner, st.integers(0, 3)).map(lambda t: f"({t[0]})^{t[1]}"),
        st.tuples(inner, st.integers(1, 9)).map(lambda t: f"({t[0]})/{t[1]}"),
    ),
    max_leaves=6,
)


@given(_TEXTS)
def test_values_are_sympys(text: str) -> None:
    try:
        ours = evaluate(parse(text), {"x": X})
    except Unreadable:
        return
    x = sympy.Symbol("x")
    theirs = sympy.Poly(sympy.sympify(text.replace("^", "**"), rational=True), x)
    coefficients = [Fraction(int(c.p), int(c.q)) for c in reversed(theirs.all_coeffs())]
    while coefficients and coefficients[-1] == 0:
        coefficients.pop()
    assert list(ours) == coefficients


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2+3*4", 14),
        ("(2+3)*4", 20),
        ("-4^2", -16),
        ("(-4)^2", 16),
        ("2(3+1)", 8),
        ("17 mod 5", 2),
        ("-3 mod 7", 4),
        ("3*4 mod 5", 2),
        ("7-2-1", 4),
        ("8/4/2", 1),
        ("1.5*2", 3),
    ],
)
def test_how_operators_bind(text: str, value: int) -> None:
    assert evaluate(parse(text), {}) == constant(value)


def test_products_without_a_sign() -> None:
    assert evaluate(parse("5x-2(x+1)"), {"x": constant(4)}) == constant(10)
    assert evaluate(parse("(x+1)(x-1)"), {"x": X}) == evaluate(parse("x^2-1"), {"x": X})


def test_sums_and_products_in_any_order_are_spelled_alike() -> None:
    assert canonical(parse("2+3*4")) == canonical(parse("4*3+2"))
    assert canonical(parse("1+(2+3)")) == canonical(parse("(3+1)+2"))
    assert canonical(parse("2-3")) != canonical(parse("3-2"))


def test_a_tuple_is_read_part_by_part() -> None:
    assert [evaluate(n, {}) for n in parse_tuple("(2,-5)")] == [constant(2), constant(-5)]
    assert len(parse_tuple("(2+5)")) == 1


@pytest.mark.parametrize(
    "text", ["9^9^9", "((9^9)^9)^9", "x^13", "1/0", "1/x", "2 mod 0", "5 6", ""]
)
def test_what_has_no_bounded_value_is_unreadable(text: str) -> None:
    started = time.monotonic()
    with pytest.raises(Unreadable):
        evaluate(parse(text), {"x": X})
    assert time.monotonic() - started < 1
