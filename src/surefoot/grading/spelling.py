r"""One spelling for what is written in several ways, before an answer becomes tokens.

Only what means the same everywhere is changed here: Unicode signs, separators of
thousands, colours and invisible boxes, raised endings (`5^{th}`), repeating
decimals. No rule drops a part of the answer that can be seen.
"""

import re

from surefoot.grading import names

_RAISED = re.compile("[\u2070\u00b9\u00b2\u00b3\u2074-\u2079\u207a\u207b\u207f]+")
_LOWERED = re.compile("[\u2080-\u2089]+")
_LEVEL = {
    **{ord(sign): str(k) for k, sign in enumerate("\u2070\u00b9\u00b2\u00b3")},
    **{0x2070 + k: str(k) for k in range(4, 10)},
    **{0x2080 + k: str(k) for k in range(10)},
    0x207A: "+", 0x207B: "-", 0x207F: "n",
}  # fmt: skip

_GROUPED = re.compile(
    r"(?<=\d)(?:,\s*\\!\s*|(?:\\!\s*)+,\s*(?:\\!\s*)*|\\[,;: ]|\{,\}\s*|\{\\,\}|~|\\text\s*\{,\})"
    r"(?=\d{3}(?!\d))"
)
_COMMA_GROUPS = re.compile(r"(?<![\d.,])[1-9]\d{0,2}(?:,\d{3})+(?!\d|,\d)")
_BLANK_GROUPS = re.compile(r"(?<![\d.])[1-9]\d{0,2}(?: \d{3})+(?![\d/])")
_ROW_SPACE = re.compile(r"\\\\\s*\[\s*-?[\d.]+\s*(?:pt|em|ex|mm|cm)\s*\]")
_UNSEEN = re.compile(
    r"\\phantom\s*[-+]|\\(?:[hv]space\*?|[hv]?phantom|label|tag|color|textcolor)\s*\{[^{}]*\}"
    r"|\\(?:left|right)\s*\.(?!\d)"
    r"|\\(?:begin|end)\s*\{(?:align|aligned|equation|gather|gathered|displaymath|math)\*?\}"
)
_TWICE_ESCAPED = re.compile(
    r"\\\\(?=(?:left|right|[dt]?frac|sqrt|text|infty|pi|cup|cdot|times|le|ge|leq|geq|boxed)\b)"
)
_ALIASES = {
    "lbrace": r"\{", "rbrace": r"\}", "lparen": "(", "rparen": ")", "lbrack": "[", "rbrack": "]",
    "nicefrac": r"\frac", "sfrac": r"\frac", "flatfrac": r"\frac", "surd": r"\sqrt",
    "degree": r"^\circ ", "R": r"\mathbb{R}", "bullet": r"\cdot ", "mid": "|",
    "lor": r"\text{ or }", "vee": r"\text{ or }", "land": r"\text{ and }", "wedge": r"\text{ and }",
}  # fmt: skip
_ALIAS = re.compile(rf"\\({'|'.join(_ALIASES)})(?![a-zA-Z])")
_PRIME = re.compile(r"\^\s*(?:\\prime(?![a-zA-Z])|\{\s*\\prime\s*\})")
_TEMPERATURE = re.compile(
    r"\s*(?:\^\s*(?:\\circ|\{\s*\\circ\s*\})|\\degree)\s*"
    r"(?:\\(?:text|mathrm|textrm|mbox)\s*\{\s*([CF])\s*\}|([CF])(?![a-zA-Z\w]))\s*$"
)
_ORDINAL = re.compile(
    r"(\d)(?:\s*\^\s*)?(?:\s*\{?\s*\\(?:text|mathrm|textrm|rm|mbox)\s*\{\s*(st|nd|rd|th)\s*\}(?:\})?"
    r"|\{\s*(st|nd|rd|th)\s*\}|(st|nd|rd|th)(?![a-zA-Z]))"
)
_TIMES_TEN = re.compile(r"(?<=\d)\s*[xX]\s*(?=10\s*(?:\^|\*\*))")
_BRACKETED_PERIOD = re.compile(r"(?<![\d.])(\d*\.)\((\d+)\)")
_GOES_ON = re.compile(
    r"(\d*\.\d*?)(?:(\d)\2{2,}|(\d{2,6}?)\3+)\s*(?:\.\.\.|\\(?:ldots|dots|cdots)\b)"
)


def respelled(text: str) -> str:
    r"""The answer in the spelling that `tokens` knows.

    Example:
        >>> respelled("1{,}234\u00b2 \u2264 0.333...")
        '1234^{2} \\le  0.\\overline{3}'
    """
    if not text.isascii():
        text = _RAISED.sub(lambda match: "^{" + match[0].translate(_LEVEL) + "}", text)
        text = _LOWERED.sub(lambda match: "_{" + match[0].translate(_LEVEL) + "}", text)
        text = text.translate(names.SIGNS)
    text = text.replace("{:}", ":").replace("+/-", r"\pm ")
    if "\\" in text or "{,}" in text or "~" in text:
        text = _commands(text)
    if "." in text:
        text = _BRACKETED_PERIOD.sub(r"\1\\overline{\2}", text)
        text = _GOES_ON.sub(lambda match: f"{match[1]}\\overline{{{match[2] or match[3]}}}", text)
    if " " in text:
        text = _BLANK_GROUPS.sub(lambda match: match[0].replace(" ", ""), text)
    if "," in text:
        text = _join_thousands(text)
    return _TIMES_TEN.sub(r"\\times ", _ORDINAL.sub(_without_ending, text))


def _commands(text: str) -> str:
    if r"\begin" not in text:
        text = _TWICE_ESCAPED.sub(r"\\", text)
    text = text.replace(r"\not=", r"\ne ").replace(r"\not\in", r"\notin ")
    text = _ALIAS.sub(lambda match: _ALIASES[match[1]], _PRIME.sub("'", text))
    text = _GROUPED.sub("", _ROW_SPACE.sub(r"\\\\", text))
    return _TEMPERATURE.sub(_degrees_of, _UNSEEN.sub(" ", text))


def _degrees_of(match: re.Match[str]) -> str:
    scale = match[1] or match[2]
    return r"\text{ celsius}" if scale == "C" else r"\text{ fahrenheit}"


def _without_ending(match: re.Match[str]) -> str:
    """`5` for `5th` and `5^{th}`; left alone where the ending is not that of the number."""
    ending = match[2] or match[3] or match[4]
    usual = {"1": "st", "2": "nd", "3": "rd"}.get(match[1], "th")
    before = match.string[: match.start(1)][-1:]
    teen = before == "1" and ending == "th"
    return match[1] if ending == usual or teen else match[0]


def _join_thousands(text: str) -> str:
    """`1,000` as one number; within brackets a comma always separates."""

    def join(match: re.Match[str]) -> str:
        before = text[: match.start()]
        opened = before.count("(") + before.count("[") + before.count("\\{")
        closed = before.count(")") + before.count("]") + before.count("\\}")
        return match[0] if opened > closed else match[0].replace(",", "")

    return _COMMA_GROUPS.sub(join, text)
