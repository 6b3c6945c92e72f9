r"""The smallest parts of an answer: numbers, variables, brackets, words, units."""

from fractions import Fraction
from typing import Any

from surefoot.grading import names, tree
from surefoot.grading.cursor import Cursor
from surefoot.grading.tokens import Token, Unread
from surefoot.grading.tree import Tree
from surefoot.grading.units import (
    ABBREVIATIONS,
    CURRENCIES,
    REFUSALS,
    Unit,
    is_unit,
    make_unit,
)

_CLOSERS = {"(": (")", "]"), "[": ("]", ")"), "\\{": ("\\}",), "{": ("}",)}
MATRICES = frozenset("matrix pmatrix bmatrix Bmatrix vmatrix array smallmatrix".split())


class Atoms(Cursor):
    """What stands alone."""

    def atom(self) -> Any:
        """A number, a variable, a bracket, a command with its arguments, a text."""
        token = self.take()
        if token.kind == "number":
            return _number(token.text)
        if token.kind == "letter":
            return token.text
        if token.kind == "sign" and token.text in _CLOSERS:
            return self.set() if token.text == "\\{" else self.group(token.text)
        if token.kind == "sign":
            return self._signed(token)
        if token.kind == "command":
            return self.command(token.text)
        if token.kind == "word":
            return self.word(token)
        if token.kind == "repeating":
            return _repeating(token.text)
        if token.kind == "begin" and token.text in MATRICES:
            return self.matrix(token.text)
        raise Unread(f"unexpected {token.text!r}")

    def _signed(self, token: Token) -> Any:
        if token.text == "|":
            return self.between("|", "abs")
        if token.text in ("\\$", "$"):
            sign = self.sign()
            amount = tree.multiply(self.algebra(self.factor()), "$")
            return amount if sign is None else tree.multiply(sign, amount)
        raise Unread(f"unexpected {token.text!r}")

    def group(self, opened: str) -> Any:
        """What a bracket holds; the bracket is taken already."""
        closers = _CLOSERS[opened]
        self.bars.append(opened)
        node = self.items(closers)
        self.bars.pop()
        closed = self.expect(*closers)
        if opened == "{":
            return node
        if isinstance(node, tuple) and node[0] == "list":
            return ("seq", opened, closed, node[1])
        if (opened, closed) not in (("(", ")"), ("[", "]")):
            raise Unread(f"{opened!r} is closed by {closed!r}")
        return node

    def set(self) -> Any:
        """A set, or the property of one; the opening brace is taken already."""
        if self.skip("\\}"):
            return ("text", names.EMPTY)
        self.bars.append("\\{")
        node = self.items(("\\}", ":", "|", "mid"))
        if self.skip(":", "|", "mid"):  # the set of all x with a property
            node = self.items(("\\}",))
            self.bars.pop()
            self.expect("\\}")
            return node
        self.bars.pop()
        self.expect("\\}")
        return ("set", node[1] if isinstance(node, tuple) and node[0] == "list" else (node,))

    def vector(self) -> Any:
        r"""The entries between `\langle` (taken already) and `\rangle`, as a tuple."""
        self.bars.append("langle")
        node = self.items(("rangle",))
        self.bars.pop()
        self.expect("rangle")
        if not (isinstance(node, tuple) and node[0] == "list"):
            raise Unread("a vector of one entry")
        return ("seq", "(", ")", node[1])

    def between(self, closer: str, name: str) -> Tree:
        """What two bars enclose, as a call of `name`; the first is taken already."""
        self.bars.append(closer)
        node = self.algebra(self.items((closer,)))
        self.bars.pop()
        self.expect(closer)
        return ("call", name, node)

    def argument(self) -> Any:
        """The argument of a command: a group, one digit, or one atom."""
        token = self.peek
        if token.kind == "number" and len(token.text) > 1 and token.text[0].isdigit():
            rest = token.text[1:]
            if not rest.replace(".", "", 1).isdigit() or not rest[0].isdigit():
                raise Unread(f"{token.text!r} after a command")
            self.stream[self.at] = Token("number", rest, spaced=False)
            return Fraction(token.text[0])
        return self.atom()

    def sign(self) -> Tree | None:
        """The signs before a term: None, or a factor."""
        factor: Tree | None = None
        while True:
            token = self.peek
            if token.text == "-" and token.kind == "sign":
                factor = tree.negate(tree.ONE if factor is None else factor)
            elif token.text in ("pm", "mp") and token.kind == "command":
                factor = tree.multiply("±" if token.text == "pm" else "∓", factor or tree.ONE)
            elif not (token.text == "+" and token.kind == "sign"):
                return factor
            self.at += 1

    def exponent(self) -> Tree:
        """What stands after `^`: a group, or one signed atom; powers of it bind first."""
        if self.peek.text == "{" and self.ahead(1).text == "circ" and self.ahead(2).text == "}":
            self.at += 3
            return "°"
        sign = self.sign()
        node = self.algebra(self.atom())
        if self.peek.text in ("^", "**"):
            self.at += 1
            node = tree.power(node, self.exponent())
        return node if sign is None else tree.multiply(sign, node)

    def subscript(self) -> str:
        """The text of a subscript, braces left out."""
        token = self.take()
        if token.text != "{":
            return token.text
        parts: list[str] = []
        depth = 1
        while depth:
            token = self.take()
            depth += (token.text == "{") - (token.text == "}")
            if token.text not in "{}":
                parts.append(token.text)
        return "".join(parts)

    def based(self, digits: str, base: str) -> Any:
        """Digits with the base that was named after them.

        Raises:
            Unread: No number from 2 to 999 names the base.
        """
        number = int(base) if base.isdigit() else names.number_in_words(base)
        if number is None or not 2 <= number <= 999 or not digits.replace(".", "").isalnum():
            raise Unread(f"a base called {base!r}")
        return ("based", digits, number)

    def word(self, token: Token) -> Any:
        """A function or a constant by name, or a text of several words."""
        if token.text in names.FUNCTIONS:
            return self.function(names.FUNCTIONS[token.text])
        if token.text in names.CONSTANTS:
            return names.CONSTANTS[token.text]
        if token.text.lower() in CURRENCIES and self._is_amount():
            self.skip(".")
            amount = self.algebra(self.factor())
            return ("unit", amount, make_unit([(token.text, 1)]))
        words = [token.text]
        while True:
            following = self.peek
            is_word = following.kind in ("word", "letter") and not self.is_connector()
            if is_word or (following.kind == "number" and following.spaced):
                words.append(self.take().text)
            elif following.text == "-" and self.ahead(1).kind in ("word", "letter"):
                self.at += 1
                words[-1] += "-" + self.take().text
            elif following.text == "'" and self.ahead(1).kind in ("word", "letter"):
                self.at += 1
                words[-1] += "'" + self.take().text
            elif following.text == "." and following.kind == "sign":
                self.at += 1
            else:
                break
        if len(words) == 1 and len(token.text) == 1:
            return token.text
        return ("text", " ".join(words))

    def _is_amount(self) -> bool:
        """Whether a number comes next, perhaps after the stop of an abbreviation (`Rs. 100`)."""
        return (self.ahead(1) if self.peek.text == "." else self.peek).kind == "number"

    def begins_unit_fraction(self) -> bool:
        r"""Whether a fraction of units comes next: `\frac{\text{m}}{\text{s}}`."""
        first = self.ahead(2)
        is_fraction = self.peek.kind == "command" and self.peek.text in names.FRACTIONS
        return is_fraction and first.kind == "word" and is_unit(first.text)

    def unit(self) -> Unit:
        r"""A unit, or the words in its place (`8 \text{ meals}`)."""
        if not self.begins_unit_fraction():
            return make_unit(self._unit_words())
        self.at += 1
        halves: list[list[tuple[str, int]]] = []
        for _ in range(2):
            self.expect("{")
            halves.append(self._unit_words())
            self.expect("}")
        return make_unit([*halves[0], *((word, -power) for word, power in halves[1])])

    def _begins_unit_word(self, *, after: bool) -> bool:
        """Whether a word comes next, or a letter that abbreviates a unit after one (`sq m`)."""
        token = self.peek
        return token.kind == "word" or (
            after and token.kind == "letter" and token.text in ABBREVIATIONS
        )

    def _unit_words(self) -> list[tuple[str, int]]:
        """Words with the powers that they are raised to."""
        parts: list[tuple[str, int]] = []
        while self._begins_unit_word(after=bool(parts)) and not self.is_connector():
            word = self.take().text
            if word.lower() in REFUSALS:
                raise Unread(f"it says {word!r} of itself")
            if len(word) == 1 and word not in ABBREVIATIONS:
                raise Unread(f"unknown unit {word!r}")
            while self.skip("."):
                pass
            power = 1
            if self.skip("^", "**"):
                exponent = self.exponent()
                if not isinstance(exponent, Fraction) or exponent.denominator != 1:
                    raise Unread("the power of a unit")
                power = int(exponent)
            parts.append((word, power))
            per = self.ahead(1)
            if self.peek.text == "/" and (per.kind == "word" or per.text in ABBREVIATIONS):
                self.at += 1
                parts.append(("per", 1))
        if len(parts) > 6:
            raise Unread("a sentence follows the number")
        return parts


def _number(text: str) -> Tree:
    mantissa, _, exponent = text.lower().partition("e")
    if not exponent:
        return Fraction(mantissa)
    scale = tree.power(Fraction(10), Fraction(int(exponent)))
    return tree.multiply(Fraction(mantissa), scale)


def _repeating(text: str) -> Fraction:
    r"""The value of `whole.digits\overline{period}`."""
    head, _, period = text.partition("\\")
    whole, _, digits = head.partition(".")
    period = period.lstrip("abdeilnortv").strip(" {}")
    start = Fraction(f"{whole or 0}.{digits or 0}")
    return start + Fraction(int(period), (10 ** len(period) - 1) * 10 ** len(digits))
