"""Exact expressions: what a step writes, read and evaluated without rounding.

The reader accepts numbers, names, `+ - * / ^`, `mod`, brackets, function calls
and products without a sign (`5x`, `2(x+1)`). Values are polynomials in x with
fractional coefficients, so that a number, a known quantity and an identity in
x are all compared in the same way. The reader is our own because sympy's
evaluates model text as Python and takes milliseconds; this one is a bounded
recursive descent that can only raise `Unreadable`.
"""

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import TypeAlias

MAX_LENGTH = 200
"""Characters of one expression; longer text is unreadable."""
MAX_EXPONENT = 12
MAX_DEGREE = 12
MAX_DIGITS = 40
"""Digits of any number on the way, so that `9^9^9` cannot eat the machine."""

Polynomial: TypeAlias = tuple[Fraction, ...]
"""Coefficients, constant first, no trailing zeros; () is zero."""
Functions: TypeAlias = Mapping[str, Callable[..., Polynomial]]
Node: TypeAlias = tuple[object, ...]
"""("number", "12") | ("name", "x") | ("call", "gcd", nodes) | ("neg", node)
| ("+" | "*" | "/" | "^" | "mod", node, node); a - b is a + neg b."""

_TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d+)?)|([A-Za-z]+)|([-+*/^(),]))")


class Unreadable(Exception):
    """Text that is not an expression, or has no exact value."""


def parse(text: str) -> Node:
    """The tree of one expression.

    Raises:
        Unreadable: The text is not an expression.
    """
    return _Reader(text).whole()


def parse_tuple(text: str) -> tuple[Node, ...]:
    """The parts of `(a, b, ...)`; a single expression is a tuple of one."""
    stripped = text.strip()
    if stripped.startswith("(") and stripped.endswith(")") and "," in stripped:
        return tuple(parse(part) for part in stripped[1:-1].split(","))
    return (parse(text),)


class _Reader:
    """Recursive descent over the tokens of one expression."""

    def __init__(self, text: str) -> None:
        if len(text) > MAX_LENGTH:
            raise Unreadable("too long")
        self.tokens: list[str] = []
        at, text = 0, text.strip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if not match:
                raise Unreadable(f"cannot read {text[at : at + 10]!r}")
            self.tokens.append(match[0].strip())
            at = match.end()
        self.at = 0

    def whole(self) -> Node:
        node = self.modulo()
        if self.at != len(self.tokens):
            raise Unreadable(f"cannot read {self.tokens[self.at]!r} here")
        return node

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, *wanted: str) -> str:
        token = self.peek()
        if wanted and token not in wanted:
            raise Unreadable(f"expected {' or '.join(wanted)}, found {token or 'the end'!r}")
        self.at += 1
        return token

    def modulo(self) -> Node:
        node = self.sum()
        while self.peek() == "mod":
            self.take()
            node = ("mod", node, self.sum())
        return node

    def sum(self) -> Node:
        node = self.product()
        while self.peek() in ("+", "-"):
            sign = self.take()
            right = self.product()
            node = ("+", node, right if sign == "+" else ("neg", right))
        return node

    def product(self) -> Node:
        node = self.signed()
        while True:
            token = self.peek()
            if token in ("*", "/"):
                self.take()
                node = (token, node, self.signed())
            elif token == "(" or (token.isalpha() and token != "mod"):
                node = ("*", node, self.power())
            else:
                return node

    def signed(self) -> Node:
        if self.peek() in ("-", "+"):
            sign = self.take()
            node = self.signed()
            return ("neg", node) if sign == "-" else node
        return self.power()

    def power(self) -> Node:
        node = self.atom()
        if self.peek() == "^":
            self.take()
            return ("^", node, self.signed())
        return node

    def atom(self) -> Node:
        token = self.take()
        if token == "(":
            node = self.modulo()
            self.take(")")
            return node
        if token[:1].isdigit():
            return ("number", token)
        if token.isalpha() and token != "mod":
            # A single letter before a bracket is a factor, but for f.
            if self.peek() == "(" and (len(token) > 1 or token == "f"):
                return ("call", token, *self.arguments())
            return ("name", token)
        raise Unreadable(f"expected a number, found {token or 'the end'!r}")

    def arguments(self) -> list[Node]:
        self.take("(")
        nodes = [self.modulo()]
        while self.take(",", ")") == ",":
            nodes.append(self.modulo())
        return nodes


def constant(value: Fraction | int) -> Polynomial:
    """A number as a polynomial."""
    return _trim((Fraction(value),))


X: Polynomial = (Fraction(0), Fraction(1))
"""The unknown itself, where a problem leaves it free."""


def _trim(coefficients: tuple[Fraction, ...]) -> Polynomial:
    end = len(coefficients)
    while end and coefficients[end - 1] == 0:
        end -= 1
    if end > MAX_DEGREE + 1:
        raise Unreadable("the degree is too high")
    for c in coefficients[:end]:
        if max(c.numerator.bit_length(), c.denominator.bit_length()) > MAX_DIGITS * 10 // 3:
            raise Unreadable("the number is too large")
    return coefficients[:end]


def add(a: Polynomial, b: Polynomial) -> Polynomial:
    """A + b."""
    size = max(len(a), len(b))
    zero = Fraction(0)
    padded = ((*p, *(zero,) * (size - len(p))) for p in (a, b))
    return _trim(tuple(x + y for x, y in zip(*padded, strict=True)))


def negate(a: Polynomial) -> Polynomial:
    """-a."""
    return tuple(-c for c in a)


def multiply(a: Polynomial, b: Polynomial) -> Polynomial:
    """A * b."""
    out = [Fraction(0)] * max(len(a) + len(b) - 1, 0)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            out[i + j] += x * y
    return _trim(tuple(out))


def number(a: Polynomial) -> Fraction:
    """The value of a polynomial without x.

    Raises:
        Unreadable: It has x in it.
    """
    if len(a) > 1:
        raise Unreadable("a number is wanted here, not an expression in x")
    return a[0] if a else Fraction(0)


def integer(a: Polynomial) -> int:
    """The value of a whole number.

    Raises:
        Unreadable: It is not one.
    """
    value = number(a)
    if value.denominator != 1:
        raise Unreadable("a whole number is wanted here")
    return value.numerator


def evaluate(
    node: Node, names: Mapping[str, Polynomial], functions: Functions | None = None
) -> Polynomial:
    """The exact value of a tree.

    Args:
        node: From `parse`.
        names: Values of the names; a free unknown x maps to `X`.
        functions: Values of calls such as `gcd(48, 18)`.

    Raises:
        Unreadable: A name is unknown, a division by zero, a number too large.
    """
    kind, *rest = node

    def value(child: object) -> Polynomial:
        assert isinstance(child, tuple)
        return evaluate(child, names, functions)

    if kind == "number":
        return constant(Fraction(str(rest[0])))
    if kind == "name":
        if str(rest[0]) not in names:
            raise UnknownName(str(rest[0]))
        return names[str(rest[0])]
    if kind == "call":
        name, *arguments = rest
        if not functions or str(name) not in functions:
            raise Unreadable(f"unknown function {name}")
        try:
            return functions[str(name)](*(value(a) for a in arguments))
        except TypeError as error:
            raise Unreadable(f"wrong number of arguments of {name}") from error
    values = [value(child) for child in rest]
    return _apply(str(kind), values)


class UnknownName(Unreadable):
    """A name without a value."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"{name!r} is not defined")


def _apply(kind: str, values: list[Polynomial]) -> Polynomial:
    if kind == "neg":
        return negate(values[0])
    left, right = values
    if kind == "+":
        return add(left, right)
    if kind == "*":
        return multiply(left, right)
    if kind == "/":
        divisor = number(right)
        if divisor == 0:
            raise Unreadable("division by zero")
        return multiply(left, constant(1 / divisor))
    if kind == "mod":
        modulus = integer(right)
        if modulus < 1:
            raise Unreadable("a modulus must be positive")
        return constant(integer(left) % modulus)
    return _power(left, integer(right))


def _power(base: Polynomial, exponent: int) -> Polynomial:
    if not 0 <= exponent <= MAX_EXPONENT:
        raise Unreadable("the exponent is out of range")
    value = constant(1)
    for _ in range(exponent):
        value = multiply(value, base)
    return value


def canonical(node: Node) -> str:
    """A spelling that is the same for sums and products in any order."""
    kind, *rest = node
    if kind in ("number", "name"):
        return str(rest[0])
    if kind in ("+", "*"):
        return f"({f' {kind} '.join(sorted(_flatten(str(kind), node)))})"
    if kind == "call":
        name, *arguments = rest
        return f"{name}({', '.join(canonical(a) for a in arguments)})"  # type: ignore[arg-type]
    return f"({kind} {' '.join(canonical(child) for child in rest)})"  # type: ignore[arg-type]


def _flatten(kind: str, node: Node) -> list[str]:
    if node[0] != kind:
        return [canonical(node)]
    return [part for child in node[1:] for part in _flatten(kind, child)]  # type: ignore[arg-type]


def leaves(node: Node, kind: str) -> set[str]:
    """The numbers (`kind="number"`) or names (`"name"`, `"call"`) of a tree."""
    found = {str(node[1])} if node[0] == kind else set()
    for child in node[1:]:
        if isinstance(child, tuple):
            found |= leaves(child, kind)
    return found
