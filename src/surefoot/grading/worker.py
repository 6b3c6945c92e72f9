r"""The process in which math-verify runs: `python -m surefoot.grading.worker`.

Reads one JSON line `[given, gold]` after another from stdin and answers each
with one line `[equal, reason]`, where `equal` is null when the library could
not tell. It has a process of its own because sympy can be made to compute for
ever or to fill the memory; the one who asks kills it then (`library.py`).
"""

import json
import re
import signal
import sys
from itertools import product
from typing import Any

MEMORY_LIMIT = 4 << 30
"""Bytes of address space; more is a MemoryError here, not a full machine."""

_WORDS = re.compile(r"\\(?:text|textbf|mathrm|mbox)\{([^{}]*)\}")


def main() -> None:
    """Answers until stdin ends."""
    import logging

    logging.disable(logging.CRITICAL)  # it warns that its own timeouts are off
    _limit_memory()
    # Ctrl-C reaches the whole group; who asks decides what becomes of us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for line in sys.stdin:
        given, gold = json.loads(line)
        sys.stdout.write(json.dumps(decide(given, gold)) + "\n")
        sys.stdout.flush()


def decide(given: str, gold: str) -> tuple[bool | None, str | None]:
    """Whether math-verify finds two answers equal, and why it could not tell.

    An answer that the library cannot read is taken for words if it has no
    digit and no command in it, and words equal nothing but themselves. Any
    other answer that it cannot read leaves the question open.
    """
    from math_verify import verify

    try:
        sides = {"given": _parse(given), "reference": _parse(gold)}
    except Exception as error:  # noqa: BLE001 - a library that fails has no verdict
        return None, f"math-verify cannot read it: {_named(error)}"
    for name, text in (("given", given), ("reference", gold)):
        if not any(not isinstance(item, str) for item in sides[name]):
            if _is_words(text):
                return False, None
            return None, f"math-verify cannot read the {name} answer"
    failure: str | None = None
    for reference, answer in product(sides["reference"], sides["given"]):
        try:
            if verify(reference, answer, timeout_seconds=None, raise_on_error=True):
                return True, None
        except Exception as error:  # noqa: BLE001 - as above
            failure = f"math-verify cannot compare them: {_named(error)}"
    return (False, None) if failure is None else (None, failure)


def _parse(answer: str) -> list[Any]:
    from math_verify import parse

    # In a box the library takes the text as it is and looks for no other
    # answer in it. A text with unequal braces would break the box.
    is_balanced = answer.count("{") == answer.count("}")
    text = f"\\boxed{{{answer}}}" if is_balanced else f"${answer}$"
    parsed: list[Any] = parse(text, parsing_timeout=None, raise_on_error=True)
    return parsed


def _is_words(answer: str) -> bool:
    return not re.search(r"[\d\\]", _WORDS.sub(r"\1", answer))


def _named(error: Exception) -> str:
    return type(error).__name__


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
