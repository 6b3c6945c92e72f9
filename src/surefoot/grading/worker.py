r"""The process in which sympy runs: `python -m surefoot.grading.worker`.

Reads one JSON line `[left, right]` (trees, as `symbolic.py` writes them) after
another from stdin and answers each with `true`, `false` or `null`. It has a
process of its own because sympy can be made to compute for ever or to fill the
memory; the one who asks kills it then. Trees are built by constructors: no
text of an answer is ever parsed or evaluated here.
"""

import json
import signal
import sys
from typing import Any

MEMORY_LIMIT = 2 << 30
"""Bytes of address space; more is a MemoryError here, not a full machine."""


def main() -> None:
    """Answers until stdin ends."""
    _limit_memory()
    # Ctrl-C reaches the whole group; who asks decides what becomes of us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    import sympy  # noqa: F401 - loaded before the first question is timed

    _say("ready")
    for line in sys.stdin:
        left, right = json.loads(line)
        _say(json.dumps(decide(left, right)))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def decide(left: Any, right: Any) -> bool | None:
    """Whether sympy finds two trees equal; None if it cannot tell."""
    import sympy

    try:
        difference = sympy.simplify(build(left) - build(right))
        if difference == 0:
            return True
        verdict = difference.equals(0)
    except Exception:  # noqa: BLE001 - a library that fails has no verdict
        return None
    return None if verdict is None else bool(verdict)


def build(tree: Any) -> Any:
    """The sympy expression of a tree.

    Raises:
        ValueError: An operator or function that sympy does not have.
    """
    import sympy

    if isinstance(tree, list) and tree[0] == "number":
        return sympy.Rational(int(tree[1], 16), int(tree[2], 16))
    if isinstance(tree, str):
        constants = {"pi": sympy.pi, "e": sympy.E, "i": sympy.I, "oo": sympy.oo}
        constants |= {"°": sympy.pi / 180, "%": sympy.Rational(1, 100)}
        return constants.get(tree) or sympy.Symbol(tree)
    head, *rest = tree
    if head == "call":
        name, arguments = rest[0], [build(part) for part in rest[1:]]
        function = _functions().get(name)
        if function is None:
            return sympy.Function("f_" + name)(*arguments)
        return function(*arguments)
    parts = [build(part) for part in rest]
    if head == "+":
        return sympy.Add(*parts)
    if head == "*":
        return sympy.Mul(*parts)
    if head == "^":
        return sympy.Pow(*parts)
    raise ValueError(head)


def _functions() -> dict[str, Any]:
    import sympy

    names = "sin cos tan cot sec csc sinh cosh tanh coth exp gcd lcm factorial binomial".split()
    found = {name: getattr(sympy, name) for name in names}
    found |= {"ln": sympy.log, "log": sympy.log, "abs": sympy.Abs, "max": sympy.Max}
    found |= {"floor": sympy.floor, "ceil": sympy.ceiling, "min": sympy.Min}
    found |= {"arcsin": sympy.asin, "arccos": sympy.acos, "arctan": sympy.atan}
    return found


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # not a POSIX system
        return
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    limit = MEMORY_LIMIT if hard == resource.RLIM_INFINITY else min(MEMORY_LIMIT, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


if __name__ == "__main__":
    main()
