"""Nothing here runs, or lets a library run, the text of an answer; memory stays flat."""

import ast
import tracemalloc
from pathlib import Path

import pytest

import surefoot.grading
from surefoot.grading.judge import judge
from surefoot.grading.read import read

FOLDER = Path(surefoot.grading.__file__).parent
FORBIDDEN = frozenset(
    "eval exec compile __import__ import_module literal_eval parse_expr sympify S parse_latex "
    "parse_mathematica lambdify system popen loads".split()
)
ALLOWED = {("symbolic.py", "loads"), ("worker.py", "loads")}
"""`json.loads` of what this package wrote itself."""


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.name)
def test_no_text_is_ever_run(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        called = node.func if isinstance(node, ast.Call) else None
        name = getattr(called, "id", None) or getattr(called, "attr", None)
        if isinstance(called, ast.Attribute) and name == "compile":
            # A pattern of our own, never one from an answer.
            assert isinstance(called.value, ast.Name)
            assert called.value.id == "re"
            continue
        assert name not in FORBIDDEN or (path.name, name) in ALLOWED, ast.unparse(node)
        if isinstance(node, ast.ImportFrom | ast.Import):
            assert not any(alias.name in FORBIDDEN for alias in node.names), ast.unparse(node)
            assert getattr(node, "module", None) != "pickle"


HEAVY = {
    "tower": "9^{9^{9^{9}}}",
    "power": "10^{10^{8}}",
    "power of a sum": "(x+1)^{100000}",
    "factorial": "100000000!",
    "binomial": r"\binom{100000000}{50000000}",
    "exponent": "1e999999999",
    "small": "1e-999999999",
    "digits": "7" * 4000,
    "root": rf"\sqrt[{9**40}]{{2}}",
    "brackets": "(" * 3000 + "1" + ")" * 3000,
    "braces": "{" * 100_000,
    "long list": ",".join(map(str, range(900))),
    "long set": r"\{" + ",".join(map(str, range(900))) + r"\}",
    "fractions": r"\frac{1}{1+" * 30 + "1" + "}" * 30,
    "sum": "+".join(f"x^{{{k}}}" for k in range(500)),
    "product": "".join(f"(x+{k})" for k in range(400)),
    "equation": "".join(f"(x+y+{k})" for k in range(200)) + "/z = 1",
    "cleared": r"\frac{(x+y+z)^{40}}{(x-y-z)^{40}} = \frac{(a+b)^{40}}{w}",
    "matrix": r"\begin{vmatrix}" + r"1&2&3&4\\" * 4 + r"\end{vmatrix}",
    "blanks": " " * 100_000,
    "dollars": "$" * 100_000,
    "dots": "0." + "." * 3000,
    "repeats": "0." + "12" * 1900 + "...",
    "commas": "1" + ",000" * 1200,
    "surrogate": "\ud83d" * 3000,
}


@pytest.mark.parametrize("text", HEAVY.values(), ids=HEAVY.keys())
def test_memory_stays_flat(text: str) -> None:
    read.cache_clear()
    judge("1/2", "0.5")
    tracemalloc.start()
    try:
        for gold in ("5", r"\sqrt2", "y = 2x + 1", "(1,2)", text + "+1"):
            judge(text, gold)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 32e6
