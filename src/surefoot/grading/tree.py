r"""Expression trees, and the arithmetic that is done while they are built.

A tree is a `Fraction`, a `str` (a variable or a constant: `x`, `pi`, `e`, `i`,
`oo`, the sign choices `±` and `∓`), or a tuple of an operator and its
arguments: `("+", ...)`, `("*", ...)`, `("^", base, exponent)`, `("call", name,
...)`. Rational arithmetic is done at once where the result stays short;
`9^{9^{9}}` stays as it is written.
"""

import math
from fractions import Fraction
from typing import Any, TypeAlias

from surefoot.grading.tokens import Unread

Tree: TypeAlias = Fraction | str | tuple[Any, ...]

MOST_BITS = 20_000
"""Size of the numbers that are written out; a longer power or factorial is kept as such."""

ZERO, ONE, MINUS_ONE, HALF = Fraction(0), Fraction(1), Fraction(-1), Fraction(1, 2)


def add(*terms: Tree) -> Tree:
    """The sum; rational terms are added up."""
    number = ZERO
    rest: list[Tree] = []
    for term in terms:
        if isinstance(term, Fraction):
            number = _bounded(number + term)
        elif isinstance(term, tuple) and term[0] == "+":
            for inner in term[1:]:
                if isinstance(inner, Fraction):
                    number = _bounded(number + inner)
                else:
                    rest.append(inner)
        else:
            rest.append(term)
    if not rest:
        return number
    if number:
        rest.append(number)
    return rest[0] if len(rest) == 1 else ("+", *rest)


def multiply(*factors: Tree) -> Tree:
    """The product; rational factors are multiplied out."""
    number = ONE
    rest: list[Tree] = []
    for factor in factors:
        if isinstance(factor, Fraction):
            number = _bounded(number * factor)
        elif isinstance(factor, tuple) and factor[0] == "*":
            for inner in factor[1:]:
                if isinstance(inner, Fraction):
                    number = _bounded(number * inner)
                else:
                    rest.append(inner)
        else:
            rest.append(factor)
    if number == 0 and "oo" not in rest:
        return ZERO
    if not rest:
        return number
    if number != 1:
        rest.insert(0, number)
    return rest[0] if len(rest) == 1 else ("*", *rest)


def negate(tree: Tree) -> Tree:
    """Minus the tree."""
    return multiply(MINUS_ONE, tree)


def divide(top: Tree, bottom: Tree) -> Tree:
    """The quotient.

    Raises:
        Unread: The divisor is zero.
    """
    return multiply(top, power(bottom, MINUS_ONE))


def power(base: Tree, exponent: Tree) -> Tree:
    """The power, as a number where that is rational and short.

    Raises:
        Unread: Zero has no negative power.
    """
    if exponent == ONE:
        return base
    if not isinstance(base, Fraction) or not isinstance(exponent, Fraction):
        return ("^", base, exponent)
    if base == 0 and exponent < 0:
        raise Unread("division by zero")
    if base in (0, 1) and exponent > 0:
        return base
    if exponent.denominator != 1:
        rooted = _root(base, exponent.denominator)
        if rooted is None:
            return ("^", base, exponent)
        base, exponent = rooted, Fraction(exponent.numerator)
    bits = max(base.numerator.bit_length(), base.denominator.bit_length())
    if base != -1 and bits * abs(exponent) > MOST_BITS:
        return ("^", base, exponent)
    if base == -1:
        return ONE if exponent % 2 == 0 else MINUS_ONE
    return Fraction(base ** int(exponent))


def factorial(tree: Tree) -> Tree:
    """The factorial, as a number where it is short."""
    if isinstance(tree, Fraction) and tree.denominator == 1 and 0 <= tree <= 1000:
        return Fraction(math.factorial(int(tree)))
    return ("call", "factorial", tree)


def binomial(n: Tree, k: Tree) -> Tree:
    """The binomial coefficient, as a number where it is short."""
    if isinstance(n, Fraction) and isinstance(k, Fraction):
        whole = n.denominator == k.denominator == 1
        if whole and k >= 0 and 0 <= n <= MOST_BITS:
            return Fraction(math.comb(int(n), int(k)))
    return ("call", "binomial", n, k)


def symbols(tree: Tree) -> frozenset[str]:
    """All variables and constants in the tree."""
    if isinstance(tree, str):
        return frozenset((tree,))
    if isinstance(tree, Fraction):
        return frozenset()
    start = 2 if tree[0] == "call" else 1
    return frozenset().union(*(symbols(part) for part in tree[start:]))


def replace(tree: Tree, name: str, value: Tree) -> Tree:
    """The tree with a value in the place of a symbol, its arithmetic done."""
    if isinstance(tree, str):
        return value if tree == name else tree
    if isinstance(tree, Fraction):
        return tree
    return rebuild(tree, lambda part: replace(part, name, value))


def rebuild(tree: tuple[Any, ...], change: Any) -> Tree:
    """The same operator over changed arguments."""
    head = tree[0]
    if head == "call":
        return ("call", tree[1], *(change(part) for part in tree[2:]))
    parts = [change(part) for part in tree[1:]]
    if head == "+":
        return add(*parts)
    if head == "*":
        return multiply(*parts)
    if head == "^":
        return power(parts[0], parts[1])
    raise AssertionError(head)


def _bounded(number: Fraction) -> Fraction:
    if max(number.numerator.bit_length(), number.denominator.bit_length()) > 8 * MOST_BITS:
        raise Unread("its numbers are too long")
    return number


def _root(base: Fraction, degree: int) -> Fraction | None:
    """The exact root of a non-negative number, or None."""
    if base < 0 or degree > 64:
        return None
    top, bottom = _integer_root(base.numerator, degree), _integer_root(base.denominator, degree)
    return None if top is None or bottom is None else Fraction(top, bottom)


def _integer_root(number: int, degree: int) -> int | None:
    if degree == 2:
        root = math.isqrt(number)
    elif number.bit_length() > 1000:
        return None
    else:
        root = round(number ** (1 / degree))
    return root if root**degree == number else None
