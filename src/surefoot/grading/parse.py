r"""One grammar for answers in LaTeX and in plain text (a Pratt parser).

From loose to tight: lists (`,` `;` and, or), relations, set operations, ratios,
sums, products (written or not), signs, powers. Whatever is not in the grammar,
a token left over at the end too, makes the answer `Unread`; nothing is skipped.

Beside the trees of `tree.py` the parser gives these nodes, which no arithmetic
enters: `("list", items, separators)`, `("seq", open, close, items)`, `("set",
items)`, `("relation", operators, sides)`, `("cup" | "cap" | "setminus", left,
right)`, `("matrix", rows)`, `("text", words)`, `("unit", tree, Unit)`, `("mod",
tree, modulus)`, `("ratio", items)`, `("based", digits, base)`. A degree, a percent
and a money sign are the symbols `°`, `%` and `$`, which multiply what they stand at.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from surefoot.grading import names, tree
from surefoot.grading.cursor import END
from surefoot.grading.naming import is_node
from surefoot.grading.terms import Terms
from surefoot.grading.tokens import Unread, tokens
from surefoot.grading.units import is_unit

DEEPEST = 40
"""Brackets within brackets; deeper answers are not read."""

_ORDERS = frozenset({"<", ">", "<=", ">=", "!="})
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


class _Parser(Terms):
    """Lists, relations and sums."""

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
        if not self.skip("=", "=="):  # `= 5` goes on from what the reader has written
            self.skip("approx")  # a value said to be rounded is still that value
        is_open = self.peek.kind != "word" and names.RELATIONS.get(self.peek.text) in _ORDERS
        # `> 5` is about the number that is asked for.
        sides = [names.ASKED] if is_open else [self.collection()]
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
        if self.joins_sets(left):
            self.at += 1
            left = ("cup", left, self.collection())
        return left

    def ratio(self) -> Any:
        parts = [self.sum()]
        while self._is_colon():
            self.at += 1
            parts.append(self.sum())
        if len(parts) == 1:
            return parts[0]
        return ("ratio", tuple(self.algebra(part) for part in parts))

    def _is_colon(self) -> bool:
        """Whether `:` or `to` goes on with a ratio."""
        if self.peek.kind == "word":
            return self.peek.text == "to" and self.ahead(1).kind in ("number", "command")
        return self.peek.text in (":", "colon") and self.bars[-1:] != ["\\{"]

    def sum(self) -> Any:
        left = self.product()
        while True:
            token = self.peek
            if token.text in ("+", "-") and token.kind == "sign":
                self.at += 1
                following = self.product()
                if token.text == "-" and is_node(left) and is_node(following):
                    return ("setminus", left, following)
                right = self.algebra(following)
                self.note(left, right)
                right = right if token.text == "+" else tree.negate(right)
            elif token.text in ("pm", "mp") and token.kind == "command":
                self.at += 1
                sign = "±" if token.text == "pm" else "∓"
                right = tree.multiply(sign, self.algebra(self.product()))
            else:
                break
            left = tree.add(self.algebra(left), right)
        if self.skip("over"):
            return self.quotient(self.algebra(left), self.algebra(self.sum()))
        if self.skip("choose"):
            self.unevaluated = True
            return tree.binomial(self.algebra(left), self.algebra(self.sum()))
        return self._modulus(left) or self._measure(left)

    def _modulus(self, left: Any) -> Any:
        """`mod 7` after a sum, in brackets or not; None if there is none."""
        if self.peek.text in ("pmod", "bmod", "mod") and self.peek.kind in ("command", "word"):
            self.at += 1
            return ("mod", self.algebra(left), self.algebra(self.factor()))
        if self.peek.text == "(" and self.ahead(1).text == "mod":
            self.at += 2
            modulus = self.algebra(self.sum())
            self.expect(")")
            return ("mod", self.algebra(left), modulus)
        return None

    def _measure(self, left: Any) -> Any:
        """A sum with its unit, the word for its size or its base, where there is one."""
        if self.peek.text == "(" and self.ahead(1).kind == "word" and self.ahead(2).text == ")":
            self.at += 1
            unit = self.unit()
            self.expect(")")
            return ("unit", self.algebra(left), unit)
        word = self.peek.text.lower() if self.peek.kind == "word" else ""
        if word in names.SCALE_WORDS and not is_node(left):
            self.at += 1
            left = tree.multiply(left, Fraction(names.SCALE_WORDS[word]))
            word = self.peek.text.lower() if self.peek.kind == "word" else ""
        if word == "base" and self.ahead(1).kind in ("number", "word"):
            digits = self.stream[self.at - 1].text
            self.at += 1
            return self.based(digits, self.take().text)
        if left in ("a", "A") and word and not is_unit(word) and not self.is_connector():
            return self.atom()  # an article
        if self.begins_unit_fraction() or (word and word != "to" and not self.is_connector()):
            return self._compound(("unit", self.algebra(left), self.unit()))
        return left

    def _compound(self, measure: Any) -> Any:
        """`2 hours 30 minutes`: the smaller units that go on with a measure, added to it."""
        _, value, unit = measure
        while True:
            start = self.at
            if self.peek.kind == "word" and self.peek.text == "and":
                self.at += 1
            amount, following = self.peek, self.ahead(1)
            if amount.kind != "number" or following.kind != "word" or not is_unit(following.text):
                self.at = start
                return ("unit", value, unit)
            number = self.factor()
            smaller = self.unit()
            share = smaller.size / unit.size
            if smaller.powers != unit.powers or not 0 <= number * share < 1:
                self.at = start
                return ("unit", value, unit)
            value = tree.add(value, tree.multiply(share, number))
