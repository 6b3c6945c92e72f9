r"""One grammar for answers in LaTeX and in plain text (a Pratt parser).

From loose to tight: lists (`,` `;` and, or), relations, set operations, ratios,
sums, products (written or not), signs, powers. Whatever is not in the grammar,
a token left over at the end too, makes the answer `Unread`; nothing is skipped.

Beside the trees of `tree.py` the parser gives these nodes, which no arithmetic
enters: `("list", items, separators)`, `("seq", open, close, items)`, `("set",
items)`, `("relation", operators, sides)`, `("cup" | "cap" | "setminus", left,
right)`, `("matrix", rows)`, `("text", words)`, `("unit", tree, Unit)`, `("mod",
tree, modulus)`, `("ratio", items)`. A degree, a percent and a money sign are
the symbols `°`, `%` and `$`, which multiply what they stand at.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from surefoot.grading import names, tree
from surefoot.grading.cursor import END
from surefoot.grading.functions import FRACTIONS, Functions
from surefoot.grading.tokens import Token, Unread, tokens
from surefoot.grading.tree import Tree

DEEPEST = 40
"""Brackets within brackets; deeper answers are not read."""

_SET_SIGNS = {"cup": "cup", "cap": "cap", "setminus": "setminus", "backslash": "setminus"}


@dataclass
class Parsed:
    """What an answer says, and how it was written.

    Attributes:
        node: A tree, or one of the nodes above.
        unreduced: A fraction of whole numbers has a common factor.
        unevaluated: Arithmetic between numbers is left to the reader (`2+3`).
    """

    node: Any
    unreduced: bool = False
    unevaluated: bool = False


def parse(text: str) -> Parsed:
    r"""Reads an answer.

    Raises:
        Unread: It is not in the grammar; the message says where.

    Example:
        >>> parse(r"\frac{6}{8}")
        Parsed(node=Fraction(3, 4), unreduced=True, unevaluated=False)
        >>> parse("2x+x y").node
        ('+', ('*', Fraction(2, 1), 'x'), ('*', 'x', 'y'))
    """
    parser = _Parser(tokens(text))
    node = parser.items(())
    if parser.peek is not END:
        raise Unread(f"unexpected {parser.peek.text!r}")
    return Parsed(node, parser.unreduced, parser.unevaluated)


class _Parser(Functions):
    """Lists, relations, sums and products."""

    def items(self, closers: tuple[str, ...]) -> Any:
        """A list up to one of the closers (not taken), or its only member."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise Unread(f"nested deeper than {DEEPEST}")
        found: list[Any] = []
        separators: list[str] = []
        while self.peek is not END and self.peek.text not in closers:
            separator = ""
            while self.peek.text in (",", ";") or self.is_connector():
                word = self.take().text.lower()
                separator = word if word in names.CONNECTORS or not separator else separator
            if self.peek is END or self.peek.text in closers:
                break
            if found and not separator:
                break
            if found:
                separators.append(separator)
            elif separator:
                raise Unread(f"it begins with {separator!r}")
            found.append(self.statement())
        self.depth -= 1
        if not found:
            raise Unread("nothing is written")
        return found[0] if len(found) == 1 else ("list", tuple(found), tuple(separators))

    def statement(self) -> Any:
        """A relation, a chain of relations, or what stands in one."""
        self.skip("approx")  # a value said to be rounded is still that value
        sides = [self.collection()]
        operators: list[str] = []
        while True:
            token = self.peek
            known = token.kind in ("sign", "command") and token.text in names.RELATIONS
            if not known:
                break
            self.at += 1
            operators.append(names.RELATIONS[token.text])
            sides.append(self.collection())
        return sides[0] if not operators else ("relation", tuple(operators), tuple(sides))

    def collection(self) -> Any:
        """Unions, intersections and differences, from left to right."""
        left = self.ratio()
        while self.peek.kind == "command" and self.peek.text in _SET_SIGNS:
            sign = _SET_SIGNS[self.take().text]
            left = (sign, left, self.ratio())
        if self.peek.kind == "word" and self.peek.text == "U" and isinstance(left, tuple):
            self.at += 1
            left = ("cup", left, self.collection())
        return left

    def ratio(self) -> Any:
        parts = [self.sum()]
        while self.peek.text in (":", "colon") and self.bars[-1:] != ["\\{"]:
            self.at += 1
            parts.append(self.sum())
        if len(parts) == 1:
            return parts[0]
        return ("ratio", tuple(self.algebra(part) for part in parts))

    def sum(self) -> Any:
        left = self.product()
        while True:
            token = self.peek
            if token.text in ("+", "-") and token.kind == "sign":
                self.at += 1
                right = self.algebra(self.product())
                self.note(left, right)
                right = right if token.text == "+" else tree.negate(right)
            elif token.text in ("pm", "mp") and token.kind == "command":
                self.at += 1
                sign = "±" if token.text == "pm" else "∓"
                right = tree.multiply(sign, self.algebra(self.product()))
            else:
                break
            left = tree.add(self.algebra(left), right)
        return self._tail(left)

    def _tail(self, left: Any) -> Any:
        """A modulus or a unit after a sum."""
        if self.peek.text in ("pmod", "bmod", "mod") and self.peek.kind in ("command", "word"):
            self.at += 1
            return ("mod", self.algebra(left), self.algebra(self.factor()))
        if self.peek.text == "(" and self.ahead(1).text == "mod":
            self.at += 2
            modulus = self.algebra(self.sum())
            self.expect(")")
            return ("mod", self.algebra(left), modulus)
        if self.peek.text == "(" and self.ahead(1).kind == "word" and self.ahead(2).text == ")":
            self.at += 1
            unit = self.unit()
            self.expect(")")
            return ("unit", self.algebra(left), unit)
        if self.peek.kind == "word" and self.peek.text.lower() in names.SCALE_WORDS:
            scale = names.SCALE_WORDS[self.take().text.lower()]
            left = tree.multiply(self.algebra(left), Fraction(scale))
        if self.peek.kind == "word" and not self.is_connector() and self.peek.text != "U":
            return ("unit", self.algebra(left), self.unit())
        return left

    def product(self) -> Any:
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
                right = self.algebra(self.factor())
                right = right if inner is None else tree.multiply(inner, right)
                left = self._combine(operator, self.algebra(left), right)
            elif bare and (mixed := self._mixed(left)) is not None:
                left = mixed
            elif self.begins_factor(after_literal=bare):
                following = self.factor()
                left = self._juxtaposed(left, following)
            else:
                break
            bare = False
        return left if sign is None else tree.multiply(sign, self.algebra(left))

    def _combine(self, operator: str, left: Tree, right: Tree) -> Tree:
        if operator == "*":
            self.note(left, right)
            return tree.multiply(left, right)
        return self.quotient(left, right)

    def _mixed(self, whole: Any) -> Tree | None:
        r"""A fraction right after a whole number: `1\frac12` and `1 1/2` are 3/2."""
        if not isinstance(whole, Fraction) or whole.denominator != 1:
            return None
        token = self.peek
        if token.kind == "number":
            slash, bottom = self.ahead(1), self.ahead(2)
            if not (token.spaced and slash.text == "/" and bottom.kind == "number"):
                return None
            if not (token.text.isdigit() and bottom.text.isdigit()):
                return None
            self.at += 3
            part: Any = self.quotient(Fraction(token.text), Fraction(bottom.text))
        elif token.kind == "command" and token.text in FRACTIONS:
            start = self.at
            self.at += 1
            part = self.quotient(self.algebra(self.argument()), self.algebra(self.argument()))
            if not isinstance(part, Fraction) or not 0 < part < 1:
                self.at = start
                return None
        else:
            return None
        return tree.add(whole, part)

    def _juxtaposed(self, left: Any, right: Any) -> Any:
        if isinstance(right, tuple) and right[0] in ("seq",) and isinstance(left, str):
            return ("call", left, *(self.algebra(item) for item in right[3]))
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
            elif token.text == "_" and isinstance(base, str):
                self.at += 1
                base = f"{base}_{self.subscript()}"
            elif token.text == "!":
                base = self._factorial(base)
            elif token.text == "'" and isinstance(base, str):
                self.at += 1
                base += "'"
            elif token.text in ("%", "\\%"):
                self.at += 1
                base = tree.multiply(self.algebra(base), "%")
                if self.peek.text in ("%", "\\%"):
                    raise Unread("a percentage of a percentage")
            elif token.text in ("$", "\\$") and self.ahead(1) is END:
                self.at += 1
                base = tree.multiply(self.algebra(base), "$")
            else:
                return base

    def _factorial(self, base: Any) -> Tree:
        self.at += 1
        if self.peek.text == "!":
            raise Unread("a double factorial")
        if isinstance(base, Fraction):
            self.unevaluated = True
        return tree.factorial(self.algebra(base))

    def _raised(self, base: Tree) -> Tree:
        if self.skip("circ") or self.skip("prime"):
            if self.stream[self.at - 1].text == "prime":
                return f"{base}'" if isinstance(base, str) else base
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
