r"""Products and powers: factors side by side, mixed numbers, what is attached to a number."""

from fractions import Fraction
from typing import Any

from surefoot.grading import names, tree
from surefoot.grading.cursor import END
from surefoot.grading.functions import Functions
from surefoot.grading.tokens import Token, Unread
from surefoot.grading.tree import Tree

PERCENT = ("%", "\\%")


_FUNCTION_NAMES = frozenset("fghFGH")
_CONSTANTS = frozenset({"pi", "e", "i", "oo"})


class Terms(Functions):
    """What is added up."""

    def product(self) -> Any:
        """Factors multiplied or divided, with or without a sign between them."""
        sign = self.sign()
        start = self.at
        left = self.factor()
        bare = self.at == start + 1 and _is_literal(self.stream[start])
        while True:
            token = self.peek
            operator = names.PRODUCTS.get(token.text) if token.kind in ("sign", "command") else None
            if operator:
                self.at += 1
                inner = self.sign()
                right = self.factor()
                right = right if inner is None else self._scaled(inner, right)
                left = self._combine(operator, left, right)
            elif self.begins_unit_fraction():
                break
            elif bare and (mixed := self._mixed(left)) is not None:
                left = mixed
            elif self.begins_factor(after_literal=bare) and not self.joins_sets(left):
                is_bracket = self.peek.text == "("
                left = self._juxtaposed(left, self.factor(), is_bracket=is_bracket)
            else:
                break
            bare = False
        return left if sign is None else self._scaled(sign, left)

    def joins_sets(self, left: Any) -> bool:
        """Whether a letter U stands for the union sign here."""
        is_region = isinstance(left, tuple) and left[0] in ("seq", "set", "cup", "cap")
        return is_region and self.peek.text == "U"

    def _combine(self, operator: str, left: Any, right: Any) -> Any:
        if operator == "*" and isinstance(right, tuple) and right[0] == "matrix":
            return self._scaled(self.algebra(left), right)
        left, right = self.algebra(left), self.algebra(right)
        if operator == "*":
            self.note(left, right)
            return tree.multiply(left, right)
        return self.quotient(left, right)

    def _scaled(self, factor: Tree, node: Any) -> Any:
        """A factor times an expression, a measure, a matrix or a number with its base."""
        head = node[0] if isinstance(node, tuple) else None
        if head == "unit":
            return ("unit", tree.multiply(factor, node[1]), node[2])
        if head == "matrix":
            self.unevaluated = self.unevaluated or factor != tree.MINUS_ONE
            rows = (tuple(self._scaled(factor, entry) for entry in row) for row in node[1])
            return ("matrix", tuple(rows))
        if head == "based" and factor == tree.MINUS_ONE:
            return ("based", "-" + node[1], node[2])
        return tree.multiply(factor, self.algebra(node))

    def _mixed(self, whole: Any) -> Tree | None:
        r"""A fraction right after a whole number: `1\frac12` and `1 1/2` are 3/2."""
        if not isinstance(whole, Fraction) or whole.denominator != 1:
            return None
        token = self.peek
        start = self.at
        if token.kind == "number":
            slash, bottom = self.ahead(1), self.ahead(2)
            if not (token.spaced and slash.text == "/" and bottom.kind == "number"):
                return None
            if not (token.text.isdigit() and bottom.text.isdigit()):
                return None
            self.at += 3
            part: Any = self.quotient(Fraction(token.text), Fraction(bottom.text))
        else:
            grouped = token.text == "{" and token.kind == "sign"
            self.at += grouped
            fraction = self.peek
            if fraction.kind != "command" or fraction.text not in names.FRACTIONS:
                self.at = start
                return None
            self.at += 1
            part = self.quotient(self.algebra(self.argument()), self.algebra(self.argument()))
            closed = not grouped or self.skip("}")
            if not closed or not isinstance(part, Fraction) or not 0 < part < 1:
                self.at = start
                return None
        return self._marked(tree.add(whole, part))

    def _marked(self, value: Tree) -> Tree:
        """A mixed number with the percent or degree sign that may follow it."""
        if self.peek.text in PERCENT:
            return self._percentage(value)
        if self.peek.text == "^" and "circ" in (self.ahead(1).text, self.ahead(2).text):
            self.at += 1
            return self._raised(value)
        return value

    def _juxtaposed(self, left: Any, right: Any, *, is_bracket: bool) -> Any:
        head = right[0] if isinstance(right, tuple) else None
        # `f(x)` and `a(3)` are values of functions, `x(x+1)` is a product.
        applied = is_bracket and isinstance(left, str) and left not in _CONSTANTS
        if applied and (left in _FUNCTION_NAMES or isinstance(right, Fraction)):
            return ("call", left, self.algebra(right))
        if isinstance(left, str) and head == "seq":
            return ("call", left, *(self.algebra(item) for item in right[3]))
        if isinstance(left, str) and head in ("cup", "cap", "setminus", "relation", "text"):
            # `P(A \cap B)`, `P(X = 3)`: a function of an event, good for a name.
            return ("call", left, repr(right))
        if head == "matrix":
            return self._scaled(self.algebra(left), right)
        left, right = self.algebra(left), self.algebra(right)
        self.note(left, right)
        return tree.multiply(left, right)

    def factor(self) -> Any:
        """An atom with its powers, subscripts, factorials, percent and degree signs."""
        base = self.atom()
        while True:
            token = self.peek
            if token.kind == "command" and token.text == "circ":
                self.at += 1
                base = tree.multiply(self.algebra(base), "°")
            elif token.kind not in ("sign", "command"):
                return base
            elif token.text in ("^", "**"):
                self.at += 1
                base = self._raised(self.algebra(base))
            elif token.text == "_" and (node := self._subscripted(base)) is not None:
                base = node
            elif token.text == "!":
                base = self._factorial(base)
            elif token.text == "'" and isinstance(base, str):
                self.at += 1
                base += "'"
            elif token.text in PERCENT:
                base = self._percentage(self.algebra(base))
            elif token.text in ("$", "\\$") and self.ahead(1) is END:
                self.at += 1
                base = tree.multiply(self.algebra(base), "$")
            else:
                return base

    def _subscripted(self, base: Any) -> Any:
        """A variable with its subscript, or digits with their base; None for anything else."""
        digits = self.stream[self.at - 1]
        if isinstance(base, str):
            self.at += 1
            return f"{base}_{self.subscript()}"
        if not isinstance(base, Fraction) or digits.kind != "number":
            return None
        self.at += 1
        return self.based(digits.text, self.subscript().strip("()").removeprefix("base"))

    def _percentage(self, base: Tree) -> Tree:
        self.at += 1
        if self.peek.text in PERCENT:
            raise Unread("a percentage of a percentage")
        return tree.multiply(base, "%")

    def _factorial(self, base: Any) -> Tree:
        self.at += 1
        if self.peek.text == "!":
            raise Unread("a double factorial")
        if isinstance(base, Fraction):
            self.unevaluated = True
        return tree.factorial(self.algebra(base))

    def _raised(self, base: Tree) -> Tree:
        if self.skip("circ"):
            return tree.multiply(base, "°")
        letter_o = self.peek.text == "o" and self.peek.kind == "letter"
        if letter_o and isinstance(base, Fraction) and self.ahead(1).text != "^":
            self.at += 1  # `30^o`: the letter in the place of the degree sign
            return tree.multiply(base, "°")
        exponent = self.exponent()
        if exponent == "°":
            return tree.multiply(base, "°")
        if self.peek.text == "_" and isinstance(base, str):
            self.at += 1
            base = f"{base}_{self.subscript()}"
        if isinstance(base, Fraction) and isinstance(exponent, Fraction) and base != 10:
            self.unevaluated = True
        return tree.power(base, exponent)


def _is_literal(token: Token) -> bool:
    return token.kind in ("number", "repeating")
