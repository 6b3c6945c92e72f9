r"""Random answers of every type, each with many spellings.

A `Node` says what an answer is; `spell` writes it down, and what it leaves to a
random generator (blanks, `\dfrac`, `\left(`, the order of terms, needless
brackets) never matters to a reader.
"""

import random
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

WORDS = ("ellipse", "Monday", "even", "no solution", "Evelyn", "right triangle")
UNITS = ("cm", "inches", "square feet", "hours", "dollars", "degrees", "meals")
LETTERS = "xyzn"


@dataclass(frozen=True)
class Node:
    """What an answer is: a head and its parts."""

    head: str
    parts: tuple[Any, ...]


def _node(head: str, *parts: Any) -> st.SearchStrategy[Node]:
    return st.tuples(*parts).map(lambda found: Node(head, found))


whole = st.integers(-40, 40)
positive = st.integers(1, 30)
number = st.one_of(
    _node("integer", whole), _node("fraction", whole, st.integers(2, 12)), _node("decimal", whole)
)
_leaf = st.one_of(number, _node("letter", st.sampled_from(LETTERS)))


def _grown(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return st.one_of(
        _node("sum", inner, inner),
        _node("product", inner, inner),
        _node("power", inner, st.integers(2, 3)),
        _node("negative", inner),
        _node("root", positive),
    )


expression = st.recursive(_leaf, _grown, max_leaves=5)
_pair = _node("tuple", number, number)
answer = st.one_of(
    number,
    expression,
    _pair,
    _node("tuple", number, number, number),
    _node("set", number, number),
    _node("set", number, number, number),
    _node("list", number, number),
    _node("list", _pair, _pair),
    _node("interval", whole, positive, st.booleans(), st.booleans()),
    _node("column", number, number),
    _node("equation", expression),
    _node("above", number, st.booleans()),
    _node("measure", number, st.sampled_from(UNITS)),
    _node("percent", number),
    _node("mixed", positive, st.integers(1, 4), st.just(5)),
    _node("ratio", positive, positive),
    _node("based", st.integers(10, 99), st.integers(2, 9)),
    _node("words", st.sampled_from(WORDS)),
    _node("choice", st.sampled_from("ABCDE")),
    _node("time", st.integers(1, 12), st.integers(0, 59), st.sampled_from(("a", "p"))),
    _node("plusminus", whole, positive),
)


def value(node: Node) -> Fraction:
    """The number that an `integer`, a `fraction` or a `decimal` is."""
    if node.head == "integer":
        return Fraction(node.parts[0])
    if node.head == "fraction":
        return Fraction(node.parts[0], node.parts[1])
    return Fraction(node.parts[0], 4)


def spell(node: Node, dice: random.Random) -> str:
    """One way of writing the answer down."""
    text = _WRITERS[node.head](node.parts, dice)
    return dice.choice(("{}", "{}", "${}$", " {} ", "{{{}}}", r"\boxed{{{}}}", "{}.")).format(text)


def _plain(node: Node, dice: random.Random) -> str:
    return str(_WRITERS[node.head](node.parts, dice))


def _fraction(parts: Any, dice: random.Random) -> str:
    top, bottom = parts
    sign = "-" if top < 0 else ""
    style = dice.choice((r"\frac{{{}}}{{{}}}", r"\dfrac{{{}}}{{{}}}", r"\tfrac{{{}}}{{{}}}"))
    return sign + style.format(abs(top), bottom)


def _decimal(parts: Any, dice: random.Random) -> str:
    quarters = parts[0]
    text = f"{abs(quarters) // 4}.{abs(quarters) % 4 * 25:02d}" + "0" * dice.randrange(2)
    return ("-" if quarters < 0 else "") + text


def _bracketed(node: Node, dice: random.Random) -> str:
    opened, closed = dice.choice((("(", ")"), (r"\left(", r"\right)"), (r"\bigl( ", r"\bigr)")))
    return opened + _plain(node, dice) + closed


def _sum(parts: Any, dice: random.Random) -> str:
    first, second = dice.sample(parts, 2)
    blank = dice.choice(("", " ", r"\,"))
    return f"{_bracketed(first, dice)}{blank}+{blank}{_bracketed(second, dice)}"


def _product(parts: Any, dice: random.Random) -> str:
    first, second = dice.sample(parts, 2)
    sign = dice.choice(("", r"\cdot ", r" \times ", "*", " * "))
    return _bracketed(first, dice) + sign + _bracketed(second, dice)


def _power(parts: Any, dice: random.Random) -> str:
    exponent = dice.choice(("^{}", "^{{{}}}", "**{}", " ^ {{ {} }}")).format(parts[1])
    return _bracketed(parts[0], dice) + exponent


def _listed(parts: Any, dice: random.Random) -> str:
    comma = dice.choice((", ", " , ", r",\ ", r",\;"))
    return comma.join(_plain(part, dice) for part in parts)


def _tuple(parts: Any, dice: random.Random) -> str:
    opened, closed = dice.choice((("(", ")"), (r"\left(", r"\right)"), (r"\Big(", r"\Big)")))
    return f"{opened}{_listed(parts, dice)}{closed}"


def _set(parts: Any, dice: random.Random) -> str:
    opened, closed = dice.choice(((r"\{", r"\}"), (r"\left\{", r"\right\}")))
    return f"{opened} {_listed(dice.sample(parts, len(parts)), dice)} {closed}"


def _interval(parts: Any, dice: random.Random) -> str:
    low, width, has_low, has_high = parts
    left, right = dice.choice((("", ""), (r"\left", r"\right")))
    blank = dice.choice(("", " ", r"\,"))
    opened, closed = "[" if has_low else "(", "]" if has_high else ")"
    return f"{left}{opened}{low},{blank}{low + width}{right}{closed}"


def _column(parts: Any, dice: random.Random) -> str:
    name = dice.choice(("pmatrix", "bmatrix"))
    rows = dice.choice((r" \\ ", r"\\", "\\\\\n")).join(_plain(part, dice) for part in parts)
    return rf"\begin{{{name}}} {rows} \end{{{name}}}"


def _equation(parts: Any, dice: random.Random) -> str:
    sides = ["w", _plain(parts[0], dice)]
    return dice.choice((" = ", "=")).join(dice.sample(sides, 2))


def _above(parts: Any, dice: random.Random) -> str:
    bound, strict = parts
    if dice.random() < 0.5:
        sign = dice.choice((">", r"\gt ")) if strict else dice.choice((r"\ge ", r"\geq ", ">="))
        return f"x {sign} {_plain(bound, dice)}"
    sign = dice.choice(("<", r"\lt ")) if strict else dice.choice((r"\le ", r"\leq ", "<="))
    return f"{_plain(bound, dice)} {sign} x"


def _measure(parts: Any, dice: random.Random) -> str:
    style = dice.choice(
        (r"{}\text{{ {}}}", r"{} \text{{{}}}", r"{}\mbox{{ {}}}", r"{}\ \mathrm{{{}}}")
    )
    return style.format(_plain(parts[0], dice), parts[1])


def _percent(parts: Any, dice: random.Random) -> str:
    return _plain(parts[0], dice) + dice.choice((r"\%", "%", r" \%"))


def _mixed(parts: Any, dice: random.Random) -> str:
    style = dice.choice(("{} {}/{}", r"{}\frac{}{}", r"{}\dfrac{{{}}}{{{}}}", r"{} \tfrac{{{}}}{}"))
    return style.format(*parts)


def _time(parts: Any, dice: random.Random) -> str:
    hour, minute, half = parts
    style = dice.choice((r"\text{{ {}.m.}}", " {}.m.", " {}m", r"\text{{ {}m}}"))
    return f"{hour}:{minute:02d}{style.format(half)}"


def _words(parts: Any, dice: random.Random) -> str:
    style = dice.choice((r"\text{{{}}}", "{}", r"\mbox{{ {}}}", r"\textbf{{{}}}"))
    return style.format(parts[0])


def _choice(parts: Any, dice: random.Random) -> str:
    style = dice.choice((r"\text{{({})}}", "({})", "{}", r"\textbf{{{}}}", "{})"))
    return style.format(parts[0])


def _digits(parts: Any, dice: random.Random) -> str:
    number, base = parts
    digits = ""
    while number:
        digits, number = str(number % base) + digits, number // base
    return dice.choice(("{}_{}", "{}_{{{}}}", "({})_{{{}}}", "{} _ {{{}}}")).format(digits, base)


_WRITERS: dict[str, Any] = {
    "integer": lambda parts, dice: str(parts[0]),
    "fraction": _fraction,
    "decimal": _decimal,
    "letter": lambda parts, dice: dice.choice(("{}", "{{{}}}", " {} ")).format(parts[0]),
    "sum": _sum,
    "product": _product,
    "power": _power,
    "negative": lambda parts, dice: "-" + _bracketed(parts[0], dice),
    "root": lambda parts, dice: dice.choice((r"\sqrt{{{}}}", "sqrt({})")).format(parts[0]),
    "tuple": _tuple,
    "set": _set,
    "list": lambda parts, dice: _listed(dice.sample(parts, len(parts)), dice),
    "interval": _interval,
    "column": _column,
    "equation": _equation,
    "above": _above,
    "measure": _measure,
    "percent": _percent,
    "mixed": _mixed,
    "ratio": lambda parts, dice: dice.choice(("{}:{}", "{} : {}", r"{}\colon {}")).format(*parts),
    "based": _digits,
    "words": _words,
    "choice": _choice,
    "time": _time,
    "plusminus": lambda parts, dice: dice.choice((r"{}\pm {}", r"{} \pm{{{}}}")).format(*parts),
}  # fmt: skip
