r"""The words, signs and commands that answers are made of.

Everything that is listed nowhere here is unknown, and an answer that holds an
unknown command is not read: dropping what one does not know makes `\cot x`
equal to `x`.
"""

SIGNS = str.maketrans(
    {
        "\u2212": "-", "\u2013": "-", "\u2010": "-", "\u2011": "-",
        "\u00d7": r"\times ", "\u00b7": r"\cdot ", "\u22c5": r"\cdot ", "\u2217": "*",
        "\u00f7": "/", "\u2215": "/", "\u2044": "/", "\u2236": ":",
        "\u00b1": r"\pm ", "\u2213": r"\mp ", "\u221a": r"\sqrt ", "\u221b": r"\sqrt[3]",
        "\u221e": r"\infty ", "\u00b0": r"^\circ ", "\u2218": r"\circ ",
        "\u2264": r"\le ", "\u2265": r"\ge ", "\u2260": r"\ne ", "\u2248": r"\approx ",
        "\u2261": r"\equiv ", "\u2a7d": r"\le ", "\u2a7e": r"\ge ",
        "\u2208": r"\in ", "\u222a": r"\cup ", "\u2229": r"\cap ", "\u2205": r"\emptyset ",
        "\u2216": r"\setminus ", "\u211d": r"\mathbb{R}", "\u2124": r"\mathbb{Z}",
        "\u00bd": r"\frac12 ", "\u00bc": r"\frac14 ", "\u00be": r"\frac34 ",
        "\u2153": r"\frac13 ", "\u2154": r"\frac23 ", "\u215b": r"\frac18 ",
        "\u2032": "'", "\u2019": "'", "\u2018": "'", "\u201c": '"', "\u201d": '"',
        "\u00a0": " ", "\u2009": " ", "\u202f": " ", "\u2006": " ", "\u2061": "", "\u2062": "",
        "\u2220": r"\angle ", "\u2026": r"\ldots ", "\u3000": " ",
        "\u20ac": r"\text{ euros}", "\u00a3": r"\text{ pounds}", "\u00a2": r"\text{ cents}",
        "\u2219": r"\cdot ", "\u2223": "|", "\u2192": r"\to ", "\u25b3": r"\triangle ",
        "\u00ba": r"^\circ ", "\u2225": r"\parallel ", "\u22a5": r"\perp ",
        **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff", ""),
        **{chr(0xFF01 + k): chr(0x21 + k) for k in range(94)},
        **{
            chr(0x3B1 + k): f"\\{name} "
            for k, name in enumerate(
                "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi "
                "omicron pi rho varsigma sigma tau upsilon phi chi psi omega".split()
            )
        },
        "\u0394": r"\Delta ", "\u03a9": r"\Omega ", "\u03a6": r"\Phi ", "\u03a3": r"\Sigma ",
    }
)  # fmt: skip
"""Characters that are read as something written in ASCII."""

SPACING = frozenset(
    r"""! , ; : / > left right middle big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr
    displaystyle textstyle scriptstyle limits nolimits quad qquad hspace hfill thinspace enspace
    strut underline mathstrut relax displaylimits boldmath hline ensuremath mathop mathrel mathbin
    tiny small normalsize large Large LARGE huge Huge""".split()
) | {" ", "\n", "\t"}
"""Commands that only move or size what stands beside them."""

TEXTS = frozenset(
    "text textbf textit textrm textsf textnormal textup texttt emph mbox hbox mathrm rm "
    "operatorname boldsymbol mathbf mathit mathsf mathtt bf bm textsc".split()
)
"""Commands whose group holds words."""

FRAMES = frozenset({"boxed", "fbox", "framebox"})
"""Commands that frame what they hold."""

ACCENTS = frozenset(
    "vec hat bar overline tilde widehat overrightarrow overleftrightarrow dot ddot "
    "mathcal mathfrak mathscr overarc widetilde".split()
)

FUNCTIONS = {
    **{name: name for name in "sin cos tan cot sec csc sinh cosh tanh coth ln log exp".split()},
    **{name: name for name in "arcsin arccos arctan arccot arcsec arccsc gcd lcm max min".split()},
    **{name: name for name in "arg det dim ker deg sqrt cbrt abs floor ceil factorial cis".split()},
    **{name: name for name in "arcsinh arccosh arctanh".split()},
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "acot": "arccot", "lg": "log10",
    "cosec": "csc", "arsinh": "arcsinh", "arcosh": "arccosh", "artanh": "arctanh",
    "sgn": "sign", "Re": "re", "Im": "im",
}  # fmt: skip
"""Names of functions, as commands and as words, with the name used here."""

CONSTANTS = {"pi": "pi", "infty": "oo", "infinity": "oo", "oo": "oo", "inf": "oo", "Infinity": "oo"}

FRACTIONS = frozenset({"frac", "dfrac", "tfrac", "cfrac"})

GREEK = frozenset(
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi "
    "omicron rho varrho sigma varsigma tau upsilon phi varphi chi psi omega Gamma Delta Theta "
    "Lambda Xi Pi Sigma Upsilon Phi Psi Omega ell hbar imath jmath partial nabla odot star "
    "aleph".split()
)
"""Commands that are one variable."""

ELLIPSES = frozenset("ldots cdots dots dotsc dotsb vdots ddots".split())

RELATIONS = {
    "=": "=", "==": "=", "<": "<", ">": ">", "<=": "<=", ">=": ">=", "!=": "!=",
    "lt": "<", "gt": ">", "le": "<=", "leq": "<=", "leqslant": "<=", "leqq": "<=",
    "ge": ">=", "geq": ">=", "geqslant": ">=", "geqq": ">=", "ne": "!=", "neq": "!=",
    "approx": "~", "sim": "~", "simeq": "~", "cong": "=", "equiv": "=", "in": "in",
    "notin": "notin", "to": "to", "rightarrow": "to", "->": "to", "perp": "perp",
    "parallel": "parallel", "propto": "propto",
}  # fmt: skip

PRODUCTS = {"*": "*", "times": "*", "cdot": "*", "ast": "*", "/": "/", "div": "/"}

CONNECTORS = frozenset({"and", "or"})

ASKED = "?"
"""The variable of an inequality that names none: `> 5`."""

EMPTY = "none"
"""Canonical words for an empty set of solutions."""

SAME_WORDS = {
    **dict.fromkeys(
        (
            "no solution", "no solutions", "no real solution", "no real solutions", "none",
            "empty set", "emptyset", "dne", "does not exist", "no such number", "nonexistent",
            "there are none", "no answer", "no values", "no value",
        ),
        EMPTY,
    ),
    "true": "yes", "false": "no", "all reals": "all real numbers", "reals": "all real numbers",
    "all real": "all real numbers", "real numbers": "all real numbers",
    "the real numbers": "all real numbers", "any real number": "all real numbers",
    "any real numbers": "all real numbers", "every real number": "all real numbers",
}  # fmt: skip
"""Phrases that say the same, in lower case and without articles."""

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
NUMBER_WORDS = {
    **{word: k for k, word in enumerate(_ONES)},
    **{word: 10 * (k + 2) for k, word in enumerate(_TENS)},
}
SCALE_WORDS = {"dozen": 12, "hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}


def number_in_words(words: str) -> int | None:
    """The whole number that these English words name, or None.

    Example:
        >>> number_in_words("one hundred and twenty-three")
        123
        >>> number_in_words("an ellipse") is None
        True
    """
    total = group = 0
    seen = False
    for word in words.lower().replace("-", " ").split():
        if word in NUMBER_WORDS:
            group += NUMBER_WORDS[word]
        elif word == "hundred":
            group = max(group, 1) * 100
        elif word in SCALE_WORDS:
            total, group = total + max(group, 1) * SCALE_WORDS[word], 0
        elif word != "and":
            return None
        seen = seen or word != "and"
    return total + group if seen else None
