r"""The algebra behind OpenAI's verdicts, on plain text such as `2sqrt(3)/3`.

Its grader hands such text to sympy's Python parser, which evaluates it, and asks whether the
difference simplifies to zero. Here the text is read by a small parser that knows numbers, letters,
brackets, `+ - * / ^ !` and `sqrt`, `ln`, `pi`, with the same reading of adjacent factors (letters
are single letters, `1/2x` is x/2, `e` and `i` are letters like any other), and the difference is
evaluated to 50 digits at random complex points. Nothing is executed; every size is bounded.
"""

import random
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import mpmath  # type: ignore[import-untyped]

LONGEST = 300
"""Characters of one expression."""
DEEPEST = 40
"""Nested brackets."""
LARGEST_EXPONENT = 10_000
LARGEST_FACTORIAL = 500
LONGEST_NUMBER = 60
"""Characters of one number."""
DIGITS = 50
POINTS = 3
"""Random points at which two expressions with letters must agree."""

_TOKEN = re.compile(
    r"(?:(?P<number>(?:\d+(?:_\d+)*\.?\d*|\.\d+)(?:e[+-]?\d+)?)|(?P<word>[^\W\d]\w*)"
    r"|(?P<sign>\*\*|[-+*/^()!]))"
)
_SECOND = re.compile(r"\d+|.", re.DOTALL)


class NotRead(ValueError):
    """Text that is no expression, or one beyond the bounds."""


def same_expression(a: str, b: str) -> bool:
    """Whether two plain expressions are equal for all values of their letters.

    Unreadable text and expressions beyond the bounds are equal to nothing.

    Example:
        >>> same_expression("2/sqrt(3)", "2sqrt(3)/3")
        True
        >>> same_expression("(x+1)(x-1)", "x^2-1"), same_expression("x+1", "x-1")
        (True, False)
    """
    try:
        trees = [_Reader(text).whole() for text in (a, b)]
        with mpmath.workdps(DIGITS):
            # One and the same seed for all: a verdict does not depend on the pairs before.
            source = random.Random(0)
            letters = sorted(set().union(*(_letters(tree) for tree in trees)))
            for _ in range(POINTS if letters else 1):
                point = {x: _point(source) for x in letters}
                left, right = (_value(tree, point) for tree in trees)
                if not mpmath.almosteq(left, right, rel_eps=mpmath.mpf(10) ** (10 - DIGITS)):
                    return False
    except (NotRead, ArithmeticError, ValueError, TypeError):
        return False
    return True


def _point(source: random.Random) -> Any:
    parts = [mpmath.mpf(source.randrange(10**12, 2 * 10**12)) / 10**12 for _ in range(2)]
    return mpmath.mpc(*parts)


Tree = tuple[Any, ...]


class _Reader:
    """A recursive-descent parser; trees are `(operation, operands...)`."""

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST:
            raise NotRead("too long")
        self._tokens = list(_tokens(text))
        self._at, self._depth = 0, 0

    def whole(self) -> Tree:
        tree = self._sum()
        if self._peek() != "":
            raise NotRead("something is left over")
        return tree

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self, *signs: str) -> str:
        """The next token if it is one of these, else ""."""
        found = self._peek()
        if found not in signs:
            return ""
        self._at += 1
        return found

    def _sum(self) -> Tree:
        self._depth += 1
        if self._depth > DEEPEST:
            raise NotRead("nested too deeply")
        tree = self._product()
        while sign := self._take("+", "-"):
            tree = (sign, tree, self._product())
        self._depth -= 1
        return tree

    def _product(self) -> Tree:
        tree = self._signed()
        while True:
            if sign := self._take("*", "/"):
                tree = (sign, tree, self._signed())
            elif self._peek() not in ("", "+", "-", ")", "^", "!"):
                tree = ("*", tree, self._power())
            else:
                return tree

    def _signed(self) -> Tree:
        n_minus = 0
        while sign := self._take("+", "-"):
            n_minus += sign == "-"
        tree = self._power()
        return ("-", ("number", "0"), tree) if n_minus % 2 else tree

    def _power(self) -> Tree:
        base = self._atom()
        while self._take("!"):
            base = ("!", base)
        if not self._take("^"):
            return base
        self._depth += 1
        if self._depth > DEEPEST:
            raise NotRead("nested too deeply")
        exponent = self._signed()
        self._depth -= 1
        return ("^", base, exponent)

    def _atom(self) -> Tree:
        token = self._peek()
        self._at += 1
        if token == "(":
            tree = self._sum()
            if not self._take(")"):
                raise NotRead("a bracket is not closed")
            return tree
        if token in ("sqrt", "ln"):
            if self._peek() != "(":
                raise NotRead("a function without its argument")
            return (token, self._atom())
        if token[:1].isdigit() or token[:1] == ".":
            return ("number", token)
        if token and (token[0].isalpha() or token[0] == "_"):
            return ("letter", token)
        raise NotRead("an operand is missing")


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise NotRead("a character that is no part of an expression")
        at = match.end()
        if match["number"]:
            found.append(match["number"].replace("_", ""))  # as in Python
        elif word := match["word"]:
            # A word with an underscore is one name, any other but these is a product of letters.
            is_name = word in ("sqrt", "ln", "pi") or "_" in word
            found += [word] if is_name else _SECOND.findall(word)
        else:
            found.append("^" if match["sign"] == "**" else match["sign"])
    return found


def _letters(tree: Tree) -> set[str]:
    if tree[0] == "number":
        return set()
    if tree[0] == "letter":
        return set() if tree[1] == "pi" else {tree[1]}
    return set().union(*(_letters(part) for part in tree[1:]))


def _value(tree: Tree, point: Mapping[str, Any]) -> Any:
    kind = tree[0]
    if kind == "number":
        if len(tree[1]) > LONGEST_NUMBER:
            raise NotRead("a number of too many digits")
        # A leading zero ends a number in Python: 05 is 0 times 5.
        exact = Decimal("0" if re.fullmatch(r"0\d+", tree[1]) else tree[1])
        if abs(exact.adjusted()) > LARGEST_EXPONENT:
            raise NotRead("too large or too small")
        return mpmath.mpf(str(exact))
    if kind == "letter":
        return mpmath.pi if tree[1] == "pi" else point[tree[1]]
    parts = [_value(part, point) for part in tree[1:]]
    if kind == "+":
        return parts[0] + parts[1]
    if kind == "-":
        return parts[0] - parts[1]
    if kind == "*":
        return parts[0] * parts[1]
    if kind == "/":
        return parts[0] / parts[1]
    if kind in ("^", "sqrt", "ln") and not _is_exact(tree):
        # Computed in doubles there, and then equal to nothing exact.
        raise NotRead("a root of a decimal")
    if kind == "^":
        return _raised(*parts)
    if kind == "!":
        if abs(parts[0]) > LARGEST_FACTORIAL:
            raise NotRead("too large a factorial")
        return mpmath.gamma(parts[0] + 1)
    return mpmath.sqrt(parts[0]) if kind == "sqrt" else mpmath.log(parts[0])


def _is_exact(tree: Tree) -> bool:
    """Whether a power, root or logarithm is of whole numbers and letters, or rational."""
    is_whole_power = tree[0] == "^" and _is_whole(tree[2])
    return is_whole_power or not _has_decimal(tree)


def _is_whole(tree: Tree) -> bool:
    """Whether an exponent is a whole number, with or without a sign."""
    if tree[0] == "-" and tree[1] == ("number", "0"):
        tree = tree[2]
    return tree[0] == "number" and str(tree[1]).isdigit()


def _has_decimal(tree: Tree) -> bool:
    if tree[0] == "number":
        return "." in tree[1] or "e" in tree[1]
    return tree[0] != "letter" and any(_has_decimal(part) for part in tree[1:])


def _raised(base: Any, exponent: Any) -> Any:
    if abs(exponent) > LARGEST_EXPONENT or abs(mpmath.log(abs(base) + 2)) > LARGEST_EXPONENT:
        raise NotRead("too large a power")
    return mpmath.power(base, exponent)
