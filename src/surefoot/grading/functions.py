r"""Commands and functions with their arguments, and matrices."""

import math
from fractions import Fraction
from typing import Any

from surefoot.grading import names, tree
from surefoot.grading.atoms import MATRICES, Atoms
from surefoot.grading.tokens import Token, Unread
from surefoot.grading.tree import Tree
from surefoot.grading.units import is_unit

_BARS = {"lvert": "rvert", "lfloor": "rfloor", "lceil": "rceil"}
_INVERTIBLE = frozenset("sin cos tan cot sec csc sinh cosh tanh".split())


class Functions(Atoms):
    """What has arguments."""

    def command(self, name: str) -> Any:
        """A command that has been taken, with its arguments."""
        if name in names.FRACTIONS:
            top = self.algebra(self.argument())
            return self.quotient(top, self.algebra(self.argument()))
        if name == "sqrt":
            return self._rooted()
        if name in names.FUNCTIONS:
            return self.function(names.FUNCTIONS[name])
        if name in names.CONSTANTS:
            return names.CONSTANTS[name]
        if name in names.GREEK:
            return "\\" + name
        if name in ("binom", "dbinom", "tbinom"):
            n = self.algebra(self.argument())
            self.unevaluated = True
            return tree.binomial(n, self.algebra(self.argument()))
        if name in _BARS:
            return self.between(_BARS[name], {"lvert": "abs"}.get(name, name[1:]))
        if name == "vert":
            return self.between("vert", "abs")
        if name == "langle":
            return self.vector()
        if name in ("emptyset", "varnothing"):
            return ("text", names.EMPTY)
        if name == "mathbb":
            return self._numbers()
        if name in names.ELLIPSES:
            return "\\ldots"
        if name in ("angle", "triangle", "measuredangle"):
            return self.algebra(self.product())
        if name in names.ACCENTS:
            under = self.algebra(self.argument())
            if isinstance(under, Fraction):
                raise Unread(f"\\{name} over a number")
            conjugate = "i" in tree.symbols(under) <= {"i", "pi", "e"}
            return ("call", "conj" if conjugate else name, under)
        raise Unread(f"unknown command \\{name}")

    def _numbers(self) -> Any:
        node = self.argument()
        if node == "R":
            return ("seq", "(", ")", (tree.negate("oo"), "oo"))
        if isinstance(node, str):
            return "\\mathbb" + node
        raise Unread("unknown set of numbers")

    def _rooted(self) -> Tree:
        degree: Tree = Fraction(2)
        if self.peek.text == "[":
            self.at += 1
            degree = self.algebra(self.items(("]",)))
            self.expect("]")
        inside = self.algebra(self.atom())
        if isinstance(inside, Fraction) and isinstance(degree, Fraction):
            root = tree.power(inside, tree.divide(tree.ONE, degree))
            self.unevaluated |= isinstance(root, Fraction)
            return root
        return tree.power(inside, tree.divide(tree.ONE, degree))

    def function(self, name: str) -> Any:
        r"""A function applied: `\sin^2 3x`, `\log_2 3`, `sqrt(5)`, `\gcd(a,b)`."""
        if name in ("sqrt", "cbrt"):
            inside = self.algebra(self.atom())
            return tree.power(inside, Fraction(1, 2 if name == "sqrt" else 3))
        base: Tree | None = None
        exponent: Tree | None = None
        for _ in range(2):
            if self.skip("_"):
                base = self.algebra(self.argument())
            if self.skip("^", "**"):
                exponent = self.exponent()
        arguments = self._applied()
        if exponent == tree.MINUS_ONE and name in _INVERTIBLE:
            name, exponent = "arc" + name, None
        if name == "log" and base is not None:
            top: Tree = ("call", "ln", arguments[0])
            value = tree.divide(top, ("call", "ln", base))
        elif base is not None:
            raise Unread(f"a subscript of {name}")
        else:
            value = self._called(name, arguments)
        return value if exponent is None else tree.power(value, exponent)

    def _called(self, name: str, arguments: tuple[Tree, ...]) -> Tree:
        """The value of a function, worked out where whole numbers give a whole number."""
        if name == "cis":
            turned = tree.multiply("i", ("call", "sin", *arguments))
            return tree.add(("call", "cos", *arguments), turned)
        if name in ("gcd", "lcm", "max", "min") and all(isinstance(a, Fraction) for a in arguments):
            self.unevaluated = True
            numbers = [a for a in arguments if isinstance(a, Fraction)]
            if name in ("max", "min"):
                return max(numbers) if name == "max" else min(numbers)
            if all(number.denominator == 1 for number in numbers):
                whole = [int(number) for number in numbers]
                return Fraction(math.gcd(*whole) if name == "gcd" else math.lcm(*whole))
        return ("call", name, *arguments)

    def _applied(self) -> tuple[Tree, ...]:
        """The arguments of a function, in brackets or as the product that follows."""
        if self.peek.text in ("(", "[", "{", "\\{"):
            node = self.atom()
            if isinstance(node, tuple) and node[0] in ("seq", "set"):
                return tuple(self.algebra(item) for item in node[-1])
            left = self.algebra(node)
            if self.peek.text in ("^", "**") and self.stream[self.at - 1].text == "}":
                self.at += 1
                left = tree.power(left, self.exponent())
            return (left,)
        sign = self.sign()
        left = self.algebra(self.factor())
        while self.begins_factor(after_literal=True) and not self._begins_function():
            if self.peek.text in ("(", "[", "{"):
                break
            left = tree.multiply(left, self.algebra(self.factor()))
        return (left if sign is None else tree.multiply(sign, left),)

    def begins_factor(self, *, after_literal: bool) -> bool:
        """Whether the next token can be multiplied without a sign."""
        token = self.peek
        if token.kind == "letter":
            return True
        if token.kind == "command":
            return token.text in _ATOMS and not self.begins_unit_fraction()
        if token.kind in ("number", "repeating"):
            # `2^6 3^5` is a product; `1 2` is nothing.
            after = self.stream[self.at - 1].text
            powers = token.spaced and not after_literal and self.ahead(1).text in ("^", "**")
            return powers or after == "!"
        if token.kind == "word":
            is_function = token.text in names.FUNCTIONS
            # `40 min` is a time, `2 min(3, 4)` is a function.
            if is_function and is_unit(token.text) and self.ahead(1).text != "(":
                return False
            return is_function or token.text in names.CONSTANTS
        if token.kind == "begin":
            return token.text in MATRICES
        if token.text == "|" and self.bars[-1:] not in (["|"], ["\\{"]):
            return any(later.text == "|" for later in self.stream[self.at + 1 :])
        if token.kind == "sign":
            return token.text in ("(", "[", "{", "\\$") and not self._is_aside(token)
        return False

    def _is_aside(self, token: Token) -> bool:
        """Whether a bracket holds a modulus or a unit, which is no factor."""
        inside = self.ahead(1)
        if token.text != "(":
            return False
        is_unit = inside.kind == "word" and self.ahead(2).text == ")"
        return inside.text in ("mod", "bmod") or (is_unit and len(inside.text) > 1)

    def _begins_function(self) -> bool:
        return self.peek.kind in ("command", "word") and self.peek.text in names.FUNCTIONS

    def matrix(self, name: str) -> Any:
        r"""Rows of an environment up to its `\end`."""
        if name == "array" and self.skip("{"):
            while self.take().text != "}":
                pass
        rows: list[tuple[Any, ...]] = []
        row: list[Any] = []
        while self.peek.kind != "end":
            row.append(self.sum())
            if self.skip("&"):
                continue
            if not self.skip("\\", "cr") and self.peek.kind != "end":
                raise Unread(f"unexpected {self.peek.text!r} in a matrix")
            rows.append(tuple(row))
            row = []
        self.take()
        if row or not rows or len({len(r) for r in rows}) != 1:
            raise Unread("rows of unequal length")
        if name != "vmatrix":
            return ("matrix", tuple(rows))
        if len(rows) != len(rows[0]) or len(rows) > 4:
            raise Unread("a determinant of this size")
        self.unevaluated = True
        return _determinant([[self.algebra(entry) for entry in r] for r in rows])


def _determinant(rows: list[list[Tree]]) -> Tree:
    """By the first row; for small matrices."""
    if len(rows) == 1:
        return rows[0][0]
    terms: list[Tree] = []
    for k, entry in enumerate(rows[0]):
        minor = _determinant([[*row[:k], *row[k + 1 :]] for row in rows[1:]])
        terms.append(tree.multiply(Fraction((-1) ** k), entry, minor))
    return tree.add(*terms)


_ATOMS = (
    names.FRACTIONS
    | frozenset("sqrt binom dbinom tbinom vert langle angle triangle measuredangle".split())
    | frozenset(_BARS)
    | frozenset(names.FUNCTIONS)
    | frozenset(names.CONSTANTS)
    | names.GREEK
    | names.ACCENTS
)
