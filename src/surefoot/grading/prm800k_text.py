r"""LaTeX to plain text with the quirks that OpenAI's grader relies on.

Its verdicts depend on what one converter (pylatexenc) makes of an answer: braces go, a fraction
becomes `a/b` without brackets, `\sqrt[3]{2}` loses its index, a macro that the converter does not
know vanishes and leaves its arguments behind, a matrix becomes `[ 1 2; 3 4 ]`. This is a converter
of our own that does the same to everything that occurs in answers. It is of no use elsewhere.
"""

import re
import unicodedata

DEEPEST = 60
"""Nested groups, macros and environments; deeper text is not converted."""

_SYMBOLS = {
    "pi": "\u03c0", "infty": "\u221e", "cup": "\u222a", "cap": "\u2229", "cdot": "\u00b7",
    "times": "\u00d7", "circ": "\u2218", "pm": "\u00b1", "mp": "\u2213", "in": "\u2208",
    "notin": "\u2209", "le": "\u2264", "leq": "\u2264", "ge": "\u2265", "geq": "\u2265",
    "leqslant": "\u2a7d", "geqslant": "\u2a7e", "neq": "\u2260", "equiv": "\u2261",
    "approx": "\u2248", "sim": "\u223c", "simeq": "\u2243", "propto": "\u221d", "angle": "\u2220",
    "emptyset": "\u2205", "varnothing": "\u2205", "setminus": "\u2216", "subset": "\u2282",
    "supset": "\u2283", "subseteq": "\u2286", "supseteq": "\u2287", "ldots": "\u2026",
    "dots": "\u2026", "cdots": "\u22ef", "vdots": "\u22ee", "sum": "\u2211", "prod": "\u220f",
    "int": "\u222b", "to": "\u2192", "rightarrow": "\u2192", "leftarrow": "\u2190", "mid": "|",
    "vert": "|", "lvert": "|", "rvert": "|", "Vert": "\u2016", "parallel": "\u2225",
    "perp": "\u27c2", "lfloor": "\u230a", "rfloor": "\u230b", "lceil": "\u2308",
    "rceil": "\u2309", "langle": "\u27e8", "rangle": "\u27e9", "prime": "'", "ell": "\u2113",
    "hbar": "\u0127", "odot": "\u2299", "oplus": "\u2295", "otimes": "\u2297", "ast": "\u2217",
    "bullet": "\u2219", "forall": "\u2200", "exists": "\u2203", "partial": "\u2202",
    "nabla": "\u2207", "wedge": "\u2227", "vee": "\u2228", "textdegree": "\u00b0",
    "textpm": "\u00b1", "backslash": "\\", "textbackslash": "\\", "i": "\u0131", "j": "\u0237",
    "quad": "  ", "qquad": "    ", "limsup": "lim sup", "liminf": "lim inf",
    ",": " ", ";": " ", ":": " ", " ": " ", "!": "", "~": "~", "&": "&", "$": "$", "%": "%",
    "{": "{", "}": "}", "#": "#", "_": "_", "\\": "\n", "-": "\u00ad",
}  # fmt: skip
_NAMED = (
    "sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh arccosh arctanh "
    "ln log exp max min sup inf lim"
)
_GREEK = (
    "alpha beta gamma delta zeta eta theta iota kappa lambda mu nu xi rho sigma tau upsilon chi "
    "psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"
)
_SYMBOLS |= {name: name for name in _NAMED.split()}
_SYMBOLS |= {
    name: unicodedata.lookup(
        f"GREEK {'CAPITAL' if name[0].isupper() else 'SMALL'} LETTER "
        + name.upper().replace("LAMBDA", "LAMDA")
    )
    for name in _GREEK.split()
} | {"epsilon": "\u03f5", "varepsilon": "\u03b5", "phi": "\u03d5", "varphi": "\u03c6"}

_KEPT = {"text", "mathrm", "emph", "textrm", "textit", "textbf", "textsc", "textsl"}
_KEPT |= {"overline", "underline", "widehat", "widetilde", "overrightarrow", "overleftarrow"}
_KEPT |= {"overbrace", "underbrace", "mathit", "mathsf", "mathtt"}
_DROPPED = {"mbox", "hspace", "textsf", "texttt", "textup", "textmd", "label", "ensuremath"}
_ACCENTS = {"bar": 0x305, "vec": 0x20D7, "hat": 0x302, "dot": 0x307, "ddot": 0x308}
_ACCENTS |= {"tilde": 0x303, "acute": 0x301, "grave": 0x300, "check": 0x30C, "breve": 0x306}
_ACCENTS |= {"'": 0x301, "`": 0x300, '"': 0x308, "^": 0x302, "=": 0x304, ".": 0x307}
_STYLES = {"mathbf": "BOLD", "mathcal": "SCRIPT", "mathscr": "SCRIPT", "mathfrak": "FRAKTUR"}
_STYLES |= {"mathbb": "DOUBLE-STRUCK"}
_MATRICES = {"array", "pmatrix", "bmatrix", "smallmatrix", "psmallmatrix", "bsmallmatrix"}
_WITH_COLUMNS = {"array", "tabular"}
_LIGATURES = (("---", "\u2014"), ("--", "\u2013"), ("''", "\u201d"), ("``", "\u201c"))

_MACRO = re.compile(r"\\([A-Za-z]+)\s*|\\(.)", re.DOTALL)
_ENVIRONMENT = re.compile(r"\\(begin|end)\s*\{([^{}\\]*)\}")


class NotConverted(ValueError):
    """The converter fails on this text; the grader goes on with the text as it is."""


def latex_to_plain(text: str) -> str:
    r"""The text without LaTeX.

    Raises:
        NotConverted: A macro lacks its argument, or the text is nested too deeply.

    Example:
        >>> latex_to_plain(r"\frac{1+\sqrt{5}}{2}")
        '1+√(5)/2'
        >>> latex_to_plain(r"\binom{10}{3} \text{ ways}")
        '103  ways'
    """
    return _Converter(text).run()


class _Converter:
    """One pass from left to right, each method from `_at` on."""

    def __init__(self, text: str) -> None:
        self._text, self._at, self._depth = text, 0, 0

    def run(self) -> str:
        parts = []
        while self._at < len(self._text):
            parts.append(self._until(""))
            self._at += 1  # a brace that closes nothing is skipped
        return "".join(parts)

    def _until(self, close: str) -> str:
        """Plain text up to `close`, which stays unread; cells of a matrix keep their `&`."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise NotConverted("nested too deeply")
        parts: list[str] = []
        while self._at < len(self._text):
            c = self._text[self._at]
            if (close and self._text.startswith(close, self._at)) or c == "}":
                break
            parts.append(self._next(c))
        self._depth -= 1
        return "".join(parts)

    def _next(self, c: str) -> str:
        if c == "\\":
            return self._macro()
        if c == "{":
            return self._group()
        if c == "~":
            self._at += 1
            return "\u00a0"
        if c == "&":
            self._at += 1
            return "   "
        for written, shown in _LIGATURES:
            if self._text.startswith(written, self._at):
                self._at += len(written)
                return shown
        self._at += 1
        return c

    def _group(self) -> str:
        self._at += 1
        inner = self._until("")
        self._at += 1
        return inner

    def _macro(self) -> str:
        if environment := _ENVIRONMENT.match(self._text, self._at):
            self._at = environment.end()
            return self._environment(environment[2]) if environment[1] == "begin" else ""
        match = _MACRO.match(self._text, self._at)
        if match is None:  # a lone backslash at the end
            self._at += 1
            return ""
        self._at = match.end()
        name = match[1] or match[2]
        if name in ("frac", "nicefrac"):
            top, bottom = self._argument(), self._argument()
            return "%s/%s" + (top or "") if top is None or bottom is None else f"{top}/{bottom}"
        if name == "sqrt":
            self._optional()
            return f"\u221a({self._required()})"
        if name == "\\":
            self._skip_height()
        if name in _SYMBOLS:
            return _SYMBOLS[name]
        if name in _KEPT:
            return self._argument() or ""
        if name in _DROPPED:
            self._argument()
            return ""
        if name in _STYLES:
            return _styled(self._argument() or "", _STYLES[name])
        if name in _ACCENTS:
            return unicodedata.normalize("NFC", self._required() + chr(_ACCENTS[name]))
        return ""

    def _argument(self) -> str | None:
        """A group, or else the next character or bare macro; None at the end."""
        while self._text[self._at : self._at + 1].isspace():
            self._at += 1
        c = self._text[self._at : self._at + 1]
        if c in ("", "}"):
            return None
        if c == "{":
            return self._group()
        if c != "\\":
            self._at += 1
            return c
        match = _MACRO.match(self._text, self._at)
        if match is None:
            return None
        self._at = match.end()
        if match[1] in ("sqrt", *_ACCENTS):
            raise NotConverted("a macro without its argument")
        name = match[1] or match[2]
        return "%s/%s" if name == "frac" else _SYMBOLS.get(name, "")

    def _required(self) -> str:
        found = self._argument()
        if found is None:
            raise NotConverted("a macro without its argument")
        return found

    def _optional(self) -> None:
        """Skips `[...]`."""
        at = self._at
        while self._text[at : at + 1].isspace():
            at += 1
        if self._text[at : at + 1] == "[":
            end = self._text.find("]", at)
            if end < 0:
                raise NotConverted("a macro without its argument")
            self._at = end + 1

    def _environment(self, name: str) -> str:
        if name in _WITH_COLUMNS:
            self._optional()
            self._argument()
        end = f"\\end{{{name}}}"
        is_matrix = name in _MATRICES
        inner = f"[ {'; '.join(self._rows(end))} ]" if is_matrix else self._until(end)
        if self._text.startswith(end, self._at):
            self._at += len(end)
        return inner

    def _rows(self, end: str) -> list[str]:
        rows = [[""]]
        self._depth += 1
        if self._depth > DEEPEST:
            raise NotConverted("nested too deeply")
        while self._at < len(self._text) and not self._text.startswith(end, self._at):
            c = self._text[self._at]
            if self._text.startswith("\\\\", self._at):
                self._at += 2
                self._skip_height()
                rows.append([""])
            elif c == "&":
                self._at += 1
                rows[-1].append("")
            elif c == "}":
                break
            else:
                rows[-1][-1] += self._next(c)
        self._depth -= 1
        return [" ".join(cell.strip() for cell in row) for row in rows]

    def _skip_height(self) -> None:
        """The `[4pt]` or `*` directly behind a line break."""
        if self._text.startswith("*", self._at):
            self._at += 1
        if self._text.startswith("[", self._at):
            self._optional()


def _styled(text: str, style: str) -> str:
    """Letters and digits of a mathematical alphabet; other characters as they are."""
    shown = []
    for c in text:
        kind = "CAPITAL" if c.isupper() else "SMALL"
        name = f"MATHEMATICAL {style} {kind} {c.upper()}"
        special = f"{style} {kind} {c.upper()}"
        for candidate in (name, special):
            try:
                shown.append(unicodedata.lookup(candidate))
                break
            except KeyError:
                continue
        else:
            shown.append(c)
    return "".join(shown)
