r"""Answers made to hang, crash or fill a grader, seeded: `attacks(n_each)`.

Every kind is a function of a random source and a size, the length in characters that it aims at.
The last string of each kind is as long as `LONGEST`, the others are of all lengths below.
"""

import random
from collections.abc import Callable
from typing import NamedTuple

LONGEST = 100_000
"""Characters."""
ORDINARY = (
    "5", "-3", r"\frac{1}{2}", "0.25", r"\frac{\pi}{2}", r"3\sqrt{2}", "x^2+1", "(1,2)", r"\{1,2\}",
    "[0,1)", r"\begin{pmatrix}1\\2\end{pmatrix}", r"\text{no}", "y=2x", r"x \le 3", "1, 2, 3",
    "52_8",
)  # fmt: skip
"""The other answer of a pair."""

Maker = Callable[[random.Random, int], str]


class Attack(NamedTuple):
    """One string, and what it is an example of."""

    kind: str
    text: str


def _pick(*choices: str) -> Maker:
    """One of these, `N` replaced by a large number; they are short whatever the size."""
    return lambda r, size: r.choice(choices).replace("N", str(10 ** r.randint(3, 12) - 1))


def _repeat(*units: str, end: str = "") -> Maker:
    """One of these over and over."""

    def make(r: random.Random, size: int) -> str:
        unit = r.choice(units)
        return unit * max(size // len(unit), 1) + end

    return make


def _nest(*brackets: tuple[str, str], core: str = "1") -> Maker:
    """One of these around itself."""

    def make(r: random.Random, size: int) -> str:
        left, right = r.choice(brackets)
        depth = max(size // len(left + right), 1)
        return left * depth + core + right * depth

    return make


def _digits(r: random.Random, n: int) -> str:
    return str(r.randint(1, 9)) + "".join(r.choices("0123456789", k=max(n - 1, 0)))


def _tower(r: random.Random, size: int) -> str:
    height = r.randint(2, 6) if r.random() < 0.8 else min(size // 4, 5000) + 2
    numbers = [r.choice(["9", "10", "2", "99", "x", "0.1", "-3", "1/2"]) for _ in range(height)]
    if r.random() < 0.5:
        return r.choice(["**", "^"]).join(numbers)
    return "^{".join(numbers) + "}" * (height - 1)


def _long_number(r: random.Random, size: int) -> str:
    one, other = _digits(r, size), _digits(r, size // 2 + 1)
    comma = ",".join(one[k : k + 3] for k in range(len(one) % 3, len(one), 3))
    return r.choice(
        [
            one, f"-{one}", f"0.{one}", f"{one}.{other}", f"{other}/{other}1", f"{one}%",
            rf"\frac{{{other}}}{{{other}7}}", rf"0.\overline{{{one}}}", f"{one[:size // 2]}_7",
            f"1{comma}", f"{one}e{one}", rf"{one}^\circ", rf"\sqrt{{{one}}}", f"x^{{{one}}}",
            rf"{one} \frac{{1}}{{{other}}}", rf"{one}\pi", f"{one}:{other}",
        ]
    )  # fmt: skip


def _big_exponent(r: random.Random, size: int) -> str:
    return f"1{r.choice('eE')}{r.choice('+-')}{_digits(r, min(size, 4000))}"


def _repeating(r: random.Random, size: int) -> str:
    return rf"0.{_digits(r, size // 3)}\overline{{{_digits(r, size // 2)}}}"


def _list(r: random.Random, size: int) -> str:
    n = max(size // 5, 2)
    entries = [
        r.choice(["7", "x", "1/3", "-2", "0.5", r"\pi"]) + str(r.randint(0, 9)) for _ in range(n)
    ]
    left, right = r.choice(
        [("", ""), ("(", ")"), (r"\{", r"\}"), ("[", "]"), ("(", "]"), ("{", "}")]
    )
    return left + r.choice([",", ", ", r" \text{ or } ", " and ", r",\,"]).join(entries) + right


def _matrix(r: random.Random, size: int) -> str:
    side = max(int((size / 2) ** 0.5), 1)
    cells = [[str(r.randint(0, 9)) for _ in range(side)] for _ in range(side)]
    name = r.choice(["pmatrix", "bmatrix", "vmatrix", "cases", "array"])
    body = r"\\".join("&".join(row) for row in cells)
    return rf"\begin{{{name}}}{body}\end{{{name}}}"


def _polynomial(r: random.Random, size: int) -> str:
    letters = "xyzabcmnpqrst"
    n = max(size // 8, 2)
    terms = [
        f"{r.randint(1, 99)}{r.choice(letters)}^{{{r.randint(0, 40)}}}" for _ in range(n)
    ]  # fmt: skip
    if r.random() < 0.5:
        return "+".join(terms)
    return "".join(f"({r.choice(letters)}+{r.randint(1, 9)})" for _ in range(n))


def _characters(r: random.Random, size: int) -> str:
    low, high = r.choice(
        [
            (0x300, 0x36F), (0x202A, 0x202E), (0x2066, 0x2069), (0xD800, 0xDFFF), (0x200B, 0x200F),
            (0x0, 0x1F), (0xFF10, 0xFF5A), (0x1D400, 0x1D7FF), (0x660, 0x669), (0x2070, 0x209C),
            (0xE000, 0xE0FF), (0x1F600, 0x1F64F), (0xFFF0, 0xFFFF), (0x10FFF0, 0x10FFFF),
        ]
    )  # fmt: skip
    inner = "".join(chr(r.randint(low, high)) for _ in range(size))
    return r.choice(["", "5", "x", r"\frac{1}{"]) + inner


def _mixture(r: random.Random, size: int) -> str:
    words = (
        r"\frac", r"\sqrt", r"\left(", r"\right)", "{", "}", "^", "_", r"\text{", "x", "7", "+",
        "-",
        r"\begin{matrix}", r"\end{matrix}", "&", r"\\", "$", "%", ",", "=", r"\pm", "!", "|", " ",
        r"\overline", r"\binom", "(", ")", "[", "]", r"\cup", r"\in", r"\infty", ".", "\ud800", "'",
    )  # fmt: skip
    text = ""
    while len(text) < size:
        text += "".join(r.choices(words, k=40))
    return text[:size]


KINDS: dict[str, Maker] = {
    "power tower": _tower,
    "power": _pick(
        "10^{10^8}", "0.1**9**9**9", "(x+1)^{N}", "((x+1)^{100}+1)^{100}-x", "(x+y+z)^{N}", "N^{N}",
        r"\sqrt[N]{2}", "2^{1/N}", "x^{x^{x^{x}}}", "i^{N}", "(-1)^{N}", "e^{e^{e^{N}}}",
        "1.0001^{N}",
        "(1/3)^{-N}", "x**N/9**9**9", "9^9^9^9", "10^{-N}", r"(\sqrt{2}+1)^{N}", "0^{-N}", "N^{N!}",
    ),
    "factorial": _pick(
        "N!", "(N!)!", "((9!)!)!", "N!/N!", r"\frac{N!}{(N-1)!}", "N!!", "x!!!!!", "(10^{8})!",
        "(-N)!",
        "0.5!", r"\frac{1}{N!}", "(N/2)!", "N!^{N!}", r"\Gamma(N)", "sqrt(N!)", "(x+N)!",
    ),
    "binomial": _pick(
        r"\binom{N}{5}", r"\binom{N}{50000000}", r"\binom{\binom{N}{N}}{N}", r"\dbinom{N}{N/2}",
        r"{N \choose 2}", r"\binom{x}{N}", r"C(N,500)", r"\binom{N}{-N}", r"{}_{N}C_{N}",
    ),
    "sum, product, limit": _pick(
        r"\sum_{n=1}^{N} n^n", r"\prod_{k=1}^{N} k", r"\int_0^N x^x dx", r"\lim_{n\to N} n!",
        r"\gcd(N!,N)", r"\lfloor N^{N} \rfloor", r"N^{N} \bmod 7", r"\log_{N}(N^{N})",
        r"\sin(N^{N})",
        r"\zeta(N)", r"\sin^{-N} x", r"\log\log\log N", r"\det(N)", r"\max(N, N!)", r"N \pmod{N}",
    ),
    "big exponent": _big_exponent,
    "base": _pick("1_{N}", "N_{2}", "9_{8}", "1_{-3}", "1_{0}", "1_{1}", "N_{N}", "A_{N}", "5_{x}"),
    "long number": _long_number,
    "nested brackets": _nest(
        ("(", ")"), ("[", "]"), ("{", "}"), (r"\{", r"\}"), ("|", "|"), ("-(", ")"),
    ),
    "nested sized brackets": _nest(
        (r"\left(", r"\right)"), (r"\left[", r"\right]"), (r"\bigl(", r"\bigr)"),
    ),
    "nested commands": _nest(
        (r"\sqrt{", "}"), (r"\text{", "}"), (r"\overline{", "}"), (r"\boxed{", "}"),
        (r"\sin(", ")"),
        (r"\sqrt[3]{", "}"), (r"\mathrm{", "}"), ("sqrt(", ")"), (r"\ln{", "}"), ("$", "$"),
        ("x^{", "}"),
    ),
    "nested environments": _nest(
        (r"\begin{pmatrix}", r"\end{pmatrix}"), (r"\begin{cases}", r"\end{cases}"),
    ),
    "deep fraction": _nest(
        (r"\frac{1}{1+", "}"), (r"\frac{", "}{2}"), ("1/(1+", ")"), (r"\cfrac{1}{x-", "}"),
    ),
    "deep radical": _nest((r"\sqrt{2+", "}"), (r"\sqrt{1+\frac{1}{3}", "}"), (r"\sqrt[3]{x+", "}")),
    "cut fractions": _repeat(
        r"\frac", r"\frac{", r"\frac1", r"\frac{1}", r"\sqrt", r"\sqrt[", "1/",
    ),
    "open": _repeat(
        "(", "[", "{", r"\left(", r"\begin{pmatrix}", r"\text{", "$", r"\{", "|", r"\boxed{",
    ),
    "closed": _repeat(")", "]", "}", r"\right)", r"\end{pmatrix}", r"\}", end="5"),
    "signs": _repeat(
        "-", "+", "+-", "--1", "^", "_", "!", "=", "<", "'", "\\", "&", ",", ";", end="1",
    ),
    "comparisons": _repeat("1=", "x<", r"x\le ", r"1\ne ", "a:", end="1"),
    "sum of many": _repeat(
        "1+", "x+", "x*", r"x\cdot ", "1-", r"\frac{1}{7}+", r"\sqrt{2}+", "(x+1)", end="1",
    ),
    "plus or minus": _repeat(r"\pm 1", r"1\pm ", r"(1\pm\sqrt{2})", r"\mp x", end="1"),
    "long list": _list,
    "unions": _repeat(r"(0,1)\cup", r"[1,2)\cap", r"\{1\}\cup", r"(-\infty,0]\cup ", end="(0,1)"),
    "nested lists": _nest(("(1,", ")"), (r"\{1,", r"\}"), ("[0,", "]"), ("(", ",2)")),
    "matrix": _matrix,
    "polynomial": _polynomial,
    "overline": _nest(
        (r"\overline{", "}"), (r"0.\overline{1", "}"), (r"1.\overline{", "}2"), core="3",
    ),
    "repeating decimal": _repeating,
    "blanks": _repeat(
        " ", "\n", "\t", "~", r"\ ", r"\,", r"\quad", "\u00a0", "\u200b", "\r\n", "\x0b", end="5",
    ),
    "blanks between": _repeat("1 ", "x ", "5 cm ", r"1\,000", "1 , ", "3 1/2 ", end="5"),
    "letters": _repeat(
        "a", "xy", "banana ", "sin", "pi", "alpha", "i", "e", "inf", "nan", "and ", "x_1",
    ),
    "unknown commands": _repeat(
        r"\foo", r"\x", r"\def\a{\a\a}\a", r"\newcommand{\b}{\b}", r"\input{/etc/x}",
    ),
    "characters": _characters,
    "format strings": _pick(
        "{0.__class__}", "%s%s%s%n", "{:>N}", "%(x)s", "{!r}", "%Nd", "{0[__import__]}", "\\x00",
        "\0",
        "${jndi:ldap://x}", "{{x}}", "%c" * 50, "{:{:{}}}", r"\N{LATIN SMALL LETTER A}", "\\ud800",
    ),
    "units": _repeat(
        r"5\text{ cm}", "5 cm^2 ", "$5 ", r"5\%", r"5^\circ", "5:05 ", "5 million ", end="5",
    ),
    "mixture": _mixture,
}  # fmt: skip


def attacks(n_each: int, seed: int = 0, longest: int = LONGEST) -> list[Attack]:
    """So many strings of each kind, lengths spread evenly on a logarithmic scale."""
    found = []
    for kind, make in KINDS.items():
        source = random.Random(f"{seed} {kind}")
        for k in range(n_each):
            size = round(4 * (longest / 4) ** ((k + 1) / n_each))
            found.append(Attack(kind, make(source, size)[:longest]))
    return found


def pairs(found: list[Attack], seed: int = 0) -> list[tuple[str, str, str]]:
    """`(kind, given, gold)`: each string against an ordinary one, both ways, and a variant."""
    source = random.Random(seed)
    made = []
    for kind, text in found:
        made.append((kind, text, source.choice(ORDINARY)))
        made.append((kind, source.choice(ORDINARY), text))
        made.append((kind, text, source.choice([text + "1", "-" + text, text + " ", f"({text})"])))
    return made
