r"""The reference answers of MATH, written otherwise and slightly wrong: pairs nobody tuned to.

    python benchmarks/grading_variants.py [--math FOLDER] [--seed 0] [--show 8] [--out FILE.jsonl]

Every reference answer is rewritten by rules that keep its value (`SAME`) and by rules that change
it (`OTHER`); a rule that does not apply leaves the answer as it is and makes no pair. Each pair is
judged both ways. Reports false rejects, false accepts, undecided and asymmetric verdicts a rule.
`--out` writes the pairs in the layout that `grading.py --pairs` reads.
"""

import argparse
import json
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from surefoot.grading.judge import judge

ROOT = Path(__file__).resolve().parent.parent
DEFAULT = ROOT.parent / "shared" / "data" / "math"
Rule = Callable[[str, random.Random], str]

_GROUPED = re.compile(r"\d,\s*\d\d\d(?!\d)|,\\!")
_LIST = re.compile(r"[^()\[\]{}\\]+(?:,[^()\[\]{}\\]+)+")
_TUPLE = re.compile(r"(?:\\left)?\(([^()\[\]]+?)(?:\\right)?\)")
_INTERVAL = re.compile(r"(?:\\left)?[(\[]([^()\[\],]+),([^()\[\],]+)(?:\\right)?[)\]]")
_RATIO = re.compile(r"(-?)\\[dt]?frac\{(\d+)\}\{(\d+)\}")
_PLAIN_VALUE = re.compile(
    r"-?\d+(?:\.\d+)?|-?\\[dt]?frac\{\d+\}\{\d+\}|-?\d*\\sqrt\{\d+\}|-?\d*\\pi"
)


def _is_value(text: str) -> bool:
    """One expression: no list, relation, words, set or interval."""
    words = ("text", "mbox", r"\le", r"\ge", r"\in", r"\pm", r"\cup", "begin", r"\{", ":", "mathrm")
    return not any(c in text for c in "=<>,&[_") and not any(word in text for word in words)


def _as_ratio(text: str, _: random.Random) -> str:
    match = _RATIO.fullmatch(text)
    return f"{match[1]}{match[2]}/{match[3]}" if match else text


def _as_decimal(text: str, _: random.Random) -> str:
    match = _RATIO.fullmatch(text)
    if match is None or 10**6 % int(match[3]):
        return text
    whole, rest = divmod(int(match[2]) * 10**6 // int(match[3]), 10**6)
    return f"{match[1]}{whole}.{rest:06d}".rstrip("0").rstrip(".")


def _other_order(text: str, _: random.Random) -> str:
    if not _LIST.fullmatch(text) or _GROUPED.search(text):
        return text
    return ", ".join(part.strip() for part in reversed(text.split(",")))


SAME: dict[str, Rule] = {
    "dfrac": lambda t, _: t.replace(r"\frac", r"\dfrac"),
    "tfrac": lambda t, _: t.replace(r"\frac", r"\tfrac"),
    "a/b": _as_ratio,
    "decimal": _as_decimal,
    "dollars": lambda t, _: t if "$" in t else f"${t}$",
    "display": lambda t, _: rf"\[ {t} \]",
    "box": lambda t, _: rf"\boxed{{{t}}}",
    "style": lambda t, _: rf"\displaystyle {t}",
    "braces": lambda t, _: f"{{{t}}}",
    "brackets": lambda t, _: f"({t})" if _is_value(t) else t,
    "full stop": lambda t, _: t if t.endswith(".") else f"{t}.",
    "x =": lambda t, _: f"x = {t}" if _PLAIN_VALUE.fullmatch(t) else t,
    "thin spaces": lambda t, _: t.replace("+", r"\,+\,"),
    "spaces": lambda t, _: re.sub(r"(?<!\\)([+=])", r" \1 ", t),
    "no left": lambda t, _: (
        t if "arrow" in t or r"\left." in t else re.sub(r"\\(left|right)", "", t)
    ),
    "unicode": lambda t, _: t.replace(r"\infty", "∞").replace(r"\cup", "∪").replace("-", "\u2212"),
    "pi": lambda t, _: re.sub(r"\\pi(?![a-z])\s*", "π", t),
    "brackets of a matrix": lambda t, _: t.replace("pmatrix", "bmatrix"),
    "other order": _other_order,
    "zero added": lambda t, _: f"{t} + 0" if _is_value(t) else t,
    "doubled and halved": lambda t, _: rf"\frac{{2({t})}}{{2}}" if _is_value(t) else t,
}


def _other_digit(text: str, r: random.Random) -> str:
    """Another digit at one place; not a zero, which may change nothing at the end of a decimal."""
    places = [m.start() for m in re.finditer(r"\d", text)]
    if not places or "approx" in text:
        return text
    at = r.choice(places)
    digit = r.choice([d for d in "123456789" if d != text[at]])
    return text[:at] + digit + text[at + 1 :]


def _other_sign(text: str, _: random.Random) -> str:
    if text.strip("0.") == "" or text.startswith(("0,", "-0")) or not _is_value(text):
        return text
    return text[1:] if text.startswith("-") and "+" not in text else f"-({text})"


def _other_bracket(text: str, r: random.Random) -> str:
    if not _INTERVAL.fullmatch(text) or "infty" in text or _GROUPED.search(text):
        return text
    pairs = [("(", "["), (")", "]")]
    old, new = r.choice(pairs)
    return text.replace(old, new) if old in text else text.replace(new, old)


def _swapped_entries(text: str, _: random.Random) -> str:
    match = _TUPLE.fullmatch(text)
    entries = match[1].split(",") if match else []
    if len(entries) < 2 or entries[0].strip() == entries[-1].strip() or "infty" in text:
        return text
    entries[0], entries[-1] = entries[-1], entries[0]
    assert match is not None
    return text.replace(match[1], ",".join(entries))


def _one_less(text: str, _: random.Random) -> str:
    if not _LIST.fullmatch(text) or _GROUPED.search(text):
        return text
    parts = [part.strip() for part in text.split(",")]
    return ", ".join(parts[:-1]) if parts[-1] not in parts[:-1] else text


def _one_bracket(text: str, _: random.Random) -> str:
    """A tuple of three opened by a bracket of another kind."""
    match = _TUPLE.fullmatch(text)
    return text.replace("(", "[", 1) if match and match[1].count(",") >= 2 else text


OTHER: dict[str, Rule] = {
    "other digit": _other_digit,
    "other digit ": _other_digit,
    "other sign": _other_sign,
    "other operation": lambda t, _: re.sub(r"(?<=[\w}) ])\+", "-", t, count=1),
    "other bracket": _other_bracket,
    "one bracket": _one_bracket,
    "swapped entries": _swapped_entries,
    "one less": _one_less,
    "one more": lambda t, _: f"{t}, 10007" if _PLAIN_VALUE.fullmatch(t) else t,
    "or": lambda t, _: rf"{t} \text{{ or }} 10007" if _is_value(t) else t,
    "no root": lambda t, _: re.sub(r"\\sqrt\{(\d+)\}", r"(\1)", t, count=1),
    "no pi": lambda t, _: re.sub(r"\\pi(?![a-z])", "(1)", t, count=1),
    "other letter": lambda t, _: (
        re.sub(r"(?<![a-zA-Z\\])x(?![a-z])", "w", t) if not re.search(r"=|\\in", t) else t
    ),
    "constant": lambda t, _: f"{t} + c" if "c" not in t else t,
    "other base": lambda t, _: re.sub(r"_\{?(\d)\}?$", lambda m: f"_{{{int(m[1]) % 8 + 2}}}", t),
    "upside down": lambda t, _: re.sub(r"frac\{(\d+)\}\{(\d+)\}", r"frac{\2}{\1}", t, count=1),
}


def variants(golds: list[str], seed: int) -> Iterator[tuple[str, bool, str, str]]:
    """`(rule, expected, given, gold)`."""
    source = random.Random(seed)
    for gold in golds:
        for expected, rules in ((True, SAME), (False, OTHER)):
            for name, rule in rules.items():
                given = rule(gold, source)
                if given != gold:
                    yield name.strip(), expected, given, gold


def read_golds(folder: Path) -> list[str]:
    """The different reference answers of both splits, without those that end in a full stop."""
    golds = set()
    for path in sorted(folder.glob("prm800k_split_*.jsonl")):
        golds |= {json.loads(line)["answer"].strip() for line in path.open(encoding="utf-8")}
    return sorted(gold for gold in golds if gold and not gold.endswith("."))


def main() -> None:
    """Make, judge and report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--math", type=Path, default=DEFAULT)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", type=int, default=8, help="examples a rule and kind")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    made = list(variants(read_golds(arguments.math), arguments.seed))
    if not made:
        raise SystemExit(f"no prm800k_split_*.jsonl in {arguments.math}; give --math FOLDER")
    counts: Counter[tuple[str, bool, str]] = Counter()
    examples = defaultdict(list)
    for name, expected, given, gold in made:
        forth, back = judge(given, gold), judge(gold, given)
        found = "right" if (forth.verdict == "correct") is expected else "wrong"
        if forth.verdict == "undecided":
            found = "undecided"
        counts[name, expected, found] += 1
        counts[name, expected, "asymmetric"] += forth.verdict != back.verdict
        if found != "right" or forth.verdict != back.verdict:
            examples[name, expected, found].append((given, gold, forth.reason, back.reason))
    kinds = ("right", "wrong", "undecided", "asymmetric")
    print(f"| rule | {' | '.join(kinds)} |\n|---|{'---:|' * 4}")
    for expected, rules in ((True, SAME), (False, OTHER)):
        for name in dict.fromkeys(name.strip() for name in rules):
            cells = [str(counts[name, expected, kind]) for kind in kinds]
            print(f"| {name} ({'same' if expected else 'other'}) | {' | '.join(cells)} |")
    source = random.Random(0)
    for (name, expected, found), rows in examples.items():
        print(f"\n{name} ({'same' if expected else 'other'}), {found}: {len(rows)}")
        for given, gold, *reasons in source.sample(rows, min(arguments.show, len(rows))):
            print(f"    {given!r} for {gold!r}: {' / '.join(dict.fromkeys(reasons))}")
    if arguments.out:
        with arguments.out.open("w", encoding="utf-8") as file:
            for name, expected, given, gold in made:
                row = {"given": given, "gold": gold, "expected": expected, "category": name}
                file.write(json.dumps({**row, "source": "variants", "policy": False}) + "\n")


if __name__ == "__main__":
    main()
