r"""The value of an expression tree: exactly modulo a prime, or within a ball.

A ball (python-flint's `acb`) is a number with a rigorous bound on its error: two
balls that do not touch are different numbers, whatever the rounding. Variables
get values that depend on their names alone, so that one expression has the same
value whoever asks.
"""

import hashlib
from fractions import Fraction
from threading import Lock
from typing import Any

from surefoot.grading.names import FUNCTIONS as NAMED
from surefoot.grading.tokens import Unread
from surefoot.grading.tree import Tree

PRIMES = (2305843009213693921, 2305843009213693669)
"""61 bits, both one more than a multiple of 4: there is a root of -1."""

MOST_FACTORS = 200_000
"""A factorial of a larger number is not taken modulo a prime."""
LARGEST = 2**40
"""Bits before the point; a larger number has no value here."""

_flint_lock = Lock()
"""The precision is a setting of the whole process."""


FUNCTIONS = (frozenset(NAMED.values()) - {"det", "dim", "ker", "deg"}) | {
    "factorial", "binomial", "conj"
}  # fmt: skip
"""What has a meaning of its own; every other name is a function that nobody knows."""


class NoValue(Unread):
    """The expression has no value at this point, or none that is known."""


class TooLarge(NoValue):
    """The number has more than `LARGEST` bits, or is that close to zero."""


def residue(tree: Tree, prime: int, trial: int = 0) -> int:
    """The value modulo a prime of a rational function.

    `pi` and `e` count as variables, `i` as a root of -1.

    Raises:
        NoValue: It is no rational function, or divides by zero at this point.
    """
    if isinstance(tree, Fraction):
        return tree.numerator * _inverse(tree.denominator, prime) % prime
    if isinstance(tree, str):
        if tree == "i":
            return _root_of_minus_one(prime)
        if tree == "oo":
            raise NoValue("infinity")
        return _draw(tree, trial) % prime
    head = tree[0]
    if head == "+":
        return sum(residue(part, prime, trial) for part in tree[1:]) % prime
    if head == "*":
        product = 1
        for part in tree[1:]:
            product = product * residue(part, prime, trial) % prime
        return product
    if head == "^" and isinstance(tree[2], Fraction) and tree[2].denominator == 1:
        base, exponent = residue(tree[1], prime, trial), int(tree[2])
        return pow(_inverse(base, prime) if exponent < 0 else base, abs(exponent), prime)
    if tree[:2] == ("call", "factorial"):
        return _factorial_residue(tree[2], prime)
    if head == "call" and tree[1] not in FUNCTIONS:
        return _draw(_applied(tree, trial), trial) % prime
    raise NoValue("no rational function")


def _applied(tree: tuple[Any, ...], trial: int) -> str:
    """A function that is not known, with the values of its arguments: f(x+1) is f(1+x)."""
    arguments: list[object] = []
    for part in tree[2:]:
        try:
            arguments.append(residue(part, PRIMES[0], trial))
        except NoValue:
            arguments.append(repr(part))
    return f"{tree[1]}{arguments}"


def _factorial_residue(argument: Tree, prime: int) -> int:
    if not isinstance(argument, Fraction) or argument.denominator != 1:
        raise NoValue("no rational function")
    if not 0 <= argument <= MOST_FACTORS:
        raise NoValue("too many factors")
    product = 1
    for factor in range(2, int(argument) + 1):
        product = product * factor % prime
    return product


def ball(
    tree: Tree, bits: int, trial: int = 0, *, decimal_log: bool = False, real_only: bool = False
) -> Any:
    """The value as a complex ball (`flint.acb`) of this precision.

    Args:
        tree: The expression.
        bits: Working precision.
        trial: Which of the values that belong to the variables.
        decimal_log: A logarithm without a base is to base ten, not natural.
        real_only: Roots and logarithms of negative numbers have no value.

    Raises:
        NoValue: It is infinite or undefined here, too large, or not a number.
    """
    from flint import ctx

    with _flint_lock:
        before = ctx.prec
        ctx.prec = bits
        try:
            value = _Balls(trial, decimal_log, real_only).of(tree)
        except NoValue:
            raise
        except (ZeroDivisionError, OverflowError, ValueError) as error:
            raise NoValue(str(error)) from error
        finally:
            ctx.prec = before
    if not value.is_finite():
        raise NoValue("it is infinite or undefined")
    return value


def real(tree: Tree) -> float:
    """The value of a real constant as a float, infinities included.

    Raises:
        NoValue: It has variables, or is no real number.
    """
    if isinstance(tree, Fraction):
        try:
            return float(tree)
        except OverflowError:
            return float("inf") if tree > 0 else float("-inf")
    if tree == "oo":
        return float("inf")
    if tree == ("*", Fraction(-1), "oo"):
        return float("-inf")
    value = ball(tree, 128)
    if not value.imag.contains(0):
        raise NoValue("no real number")
    return float(value.real.mid())


class _Balls:
    def __init__(self, trial: int, decimal_log: bool, real_only: bool) -> None:
        from flint import acb, arb

        self.acb, self.arb = acb, arb
        self.trial, self.decimal_log, self.real_only = trial, decimal_log, real_only

    def of(self, tree: Tree) -> Any:
        if isinstance(tree, Fraction):
            return self.acb(self._rational(tree))
        if isinstance(tree, str):
            return self._symbol(tree)
        head = tree[0]
        if head == "+":
            total = self.of(tree[1])
            for part in tree[2:]:
                total = total + self.of(part)
            return total
        if head == "*":
            product = self.of(tree[1])
            for part in tree[2:]:
                product = product * self.of(part)
            return product
        if head == "^":
            return self._power(tree[1], tree[2])
        if head == "call":
            return self._call(tree)
        raise NoValue(f"a {head} has no value")

    def _rational(self, number: Fraction) -> Any:
        from flint import fmpq

        return self.arb(fmpq(number.numerator, number.denominator))

    def _symbol(self, name: str) -> Any:
        if name == "pi":
            return self.acb.pi()
        if name == "e":
            return self.acb(1).exp()
        if name == "i":
            return self.acb(0, 1)
        if name == "°":
            return self.acb.pi() / 180
        if name == "%":
            return self.acb(1) / 100
        if name == "oo":
            raise NoValue("infinity")
        # Between 1/2 and 4 either way, so that powers stay small; at every third point a
        # whole number, where floors and ceilings differ.
        draw = _draw(name, self.trial)
        size = Fraction(1, 2) + Fraction(draw % 10**9, 10**9) * Fraction(7, 2)
        size = size if is_generic(self.trial) else Fraction(1 + draw % 4)
        size *= 1 + self.trial // 12
        return self.acb(self._rational(size if draw >> 60 & 1 else -size))

    def _power(self, base_tree: Tree, exponent_tree: Tree) -> Any:
        base = self.of(base_tree)
        if isinstance(exponent_tree, Fraction):
            whole = exponent_tree.denominator == 1
            if whole and abs(exponent_tree) < 10**4:
                return base ** int(exponent_tree)
            if exponent_tree.denominator % 2 == 1 and not whole and _is_negative(base):
                root = (-base) ** self.acb(self._rational(exponent_tree))
                return -root if exponent_tree.numerator % 2 else root
            if not whole and exponent_tree.denominator % 2 == 0:
                self._refuse_negative(base)
            if exponent_tree == Fraction(1, 2):
                return base.sqrt()
            exponent = self.acb(self._rational(exponent_tree))
            _check_size(base, exponent)
            return base ** int(exponent_tree) if whole else base**exponent
        self._refuse_negative(base)
        exponent = self.of(exponent_tree)
        _check_size(base, exponent)
        return base**exponent

    def _refuse_negative(self, value: Any) -> None:
        if self.real_only and not value.real >= 0:
            raise NoValue("outside of the real numbers")

    def _call(self, tree: tuple[Any, ...]) -> Any:
        name, *arguments = tree[1:]
        if name in _METHODS and len(arguments) == 1:
            argument = self.of(arguments[0])
            if name == "ln":
                self._refuse_negative(argument)
            if name in ("exp", "sinh", "cosh", "tanh", "coth") and abs(argument) > LARGEST:
                raise TooLarge("too large")
            return getattr(argument, _METHODS[name])()
        if name in ("log", "log10") and len(arguments) == 1:
            inside = self.of(arguments[0])
            self._refuse_negative(inside)
            value = inside.log()
            to_ten = name == "log10" or self.decimal_log
            return value / self.acb(10).log() if to_ten else value
        if name == "abs" and len(arguments) == 1:
            return self.acb(abs(self.of(arguments[0])))
        if name in ("max", "min"):
            return self._extreme([self.of(argument).real for argument in arguments], name)
        if name in ("re", "im"):
            value = self.of(arguments[0])
            return self.acb(value.real if name == "re" else value.imag)
        if name in _OF_INVERSE:
            return self._call(("call", _OF_INVERSE[name], ("^", arguments[0], Fraction(-1))))
        if name in ("floor", "ceil"):
            value = self.of(arguments[0]).real
            return self.acb(value.floor() if name == "floor" else value.ceil())
        if name == "factorial":
            return self._factorial(self.of(arguments[0]))
        if name == "binomial":
            n, k = (self.of(argument) for argument in arguments)
            return self._factorial(n) / (self._factorial(k) * self._factorial(n - k))
        if name in FUNCTIONS:
            raise NoValue(f"{name} is not evaluated")
        return self._symbol(_applied(tree, self.trial))

    def _extreme(self, values: list[Any], name: str) -> Any:
        best = values[0]
        for value in values[1:]:
            if not (value > best or value < best):
                raise NoValue("too close to tell which is larger")
            if (value > best) == (name == "max"):
                best = value
        return self.acb(best)

    def _factorial(self, value: Any) -> Any:
        if abs(value) > LARGEST:
            raise TooLarge("too large")
        return (value + 1).gamma()


_METHODS = {
    **{name: name for name in "sin cos tan cot sec csc sinh cosh tanh coth exp".split()},
    "ln": "log", "arcsin": "asin", "arccos": "acos", "arctan": "atan",
    "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh", "conj": "conjugate",
}  # fmt: skip
_OF_INVERSE = {"arccot": "arctan", "arcsec": "arccos", "arccsc": "arcsin"}
"""Functions of x that are others of 1/x."""


def is_generic(trial: int) -> bool:
    """Whether variables have no special values at this point."""
    return trial % 3 != 2


def _is_negative(value: Any) -> bool:
    return bool(value.imag == 0 and value.real < 0)


def _check_size(base: Any, exponent: Any) -> None:
    """Refuses powers whose size alone would fill the memory."""
    if base.contains(0):
        return
    if not abs(exponent * base.log()) < LARGEST:
        raise TooLarge("too large")


def _draw(name: str, trial: int) -> int:
    """61 bits that depend on the name and the trial."""
    digest = hashlib.blake2b(f"{trial}/{name}".encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 3


def _inverse(number: int, prime: int) -> int:
    if number % prime == 0:
        raise NoValue("division by zero")
    return pow(number, -1, prime)


def _root_of_minus_one(prime: int) -> int:
    root = _ROOTS.get(prime)
    if root is None:
        base = 2
        while pow(base, (prime - 1) // 2, prime) == 1:
            base += 1
        root = _ROOTS[prime] = pow(base, (prime - 1) // 4, prime)
    return root


_ROOTS: dict[int, int] = {}
