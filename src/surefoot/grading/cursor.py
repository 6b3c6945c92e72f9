r"""The parser's place in the tokens of an answer, and what it notes about the writing."""

import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from surefoot.grading import names, tree
from surefoot.grading.tokens import Token, Unread
from surefoot.grading.tree import Tree

NODES = frozenset("list seq set relation cup cap setminus matrix text unit mod ratio based".split())
"""Heads of what the parser gives beside trees; no arithmetic enters them."""
END = Token("end of answer", "", spaced=False)


@dataclass
class Cursor:
    """A place in a row of tokens.

    Attributes:
        unreduced: A fraction of whole numbers has a common factor.
        unevaluated: Arithmetic between numbers is left to the reader (`2+3`).
        bars: The brackets that are open here.
    """

    stream: list[Token]
    at: int = 0
    depth: int = 0
    unreduced: bool = False
    unevaluated: bool = False
    bars: list[str] = field(default_factory=list)

    @property
    def peek(self) -> Token:
        """The next token, not taken; `END` at the end."""
        return self.stream[self.at] if self.at < len(self.stream) else END

    def ahead(self, by: int) -> Token:
        """A later token, not taken."""
        return self.stream[self.at + by] if self.at + by < len(self.stream) else END

    def take(self) -> Token:
        """The next token.

        Raises:
            Unread: There is none.
        """
        token = self.peek
        if token is END:
            raise Unread("it ends too soon")
        self.at += 1
        return token

    def skip(self, *texts: str) -> bool:
        """Takes the next token if it is a sign or command of that name."""
        token = self.peek
        if token.kind in ("sign", "command") and token.text in texts:
            self.at += 1
            return True
        return False

    def expect(self, *texts: str) -> str:
        """Takes the next token, which must be one of these."""
        token = self.take()
        if token.text not in texts:
            raise Unread(f"expected {texts[0]!r}, got {token.text!r}")
        return token.text

    def algebra(self, node: Any) -> Tree:
        """The node as part of an expression."""
        if isinstance(node, tuple) and node[0] in NODES:
            raise Unread(f"a {node[0]} within an expression")
        return node  # type: ignore[no-any-return]

    def quotient(self, top: Tree, bottom: Tree) -> Tree:
        """A fraction, noting whether it is in lowest terms."""
        if isinstance(top, Fraction) and isinstance(bottom, Fraction):
            whole = top.denominator == bottom.denominator == 1
            result = tree.divide(top, bottom)
            if not whole:
                self.unevaluated = True
            elif bottom == 1 or (top != 0 and math.gcd(int(top), int(bottom)) > 1):
                self.unreduced = True
            return result
        return tree.divide(top, bottom)

    def note(self, left: Any, right: Any) -> None:
        """Notes arithmetic that is left to the reader."""
        if isinstance(left, Fraction) and isinstance(right, Fraction):
            self.unevaluated = True

    def is_connector(self) -> bool:
        """Whether `and` or `or` comes next."""
        token = self.peek
        return token.kind == "word" and token.text.lower() in names.CONNECTORS

    # What the classes built on this one take turns in calling.
    def items(self, closers: tuple[str, ...]) -> Any:
        """A list up to one of the closers (not taken), or its only member."""
        raise NotImplementedError

    def sum(self) -> Any:
        """Terms added up, and a unit after them."""
        raise NotImplementedError

    def product(self) -> Any:
        """Factors multiplied, with or without a sign for it."""
        raise NotImplementedError

    def factor(self) -> Any:
        """An atom with what is attached to it."""
        raise NotImplementedError

    def command(self, name: str) -> Any:
        """A command with its arguments."""
        raise NotImplementedError

    def function(self, name: str) -> Any:
        """A function with its arguments."""
        raise NotImplementedError

    def matrix(self, name: str) -> Any:
        """The rows of an environment."""
        raise NotImplementedError
