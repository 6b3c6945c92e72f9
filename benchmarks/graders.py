r"""Graders behind one interface, each in a process that can be killed.

    python benchmarks/graders.py NAME [FOLDER]

reads one JSON line `[given, gold]` after another from stdin and answers each with
`[equal, seconds, error]`: `equal` is true, false or null (undecided). This file imports
nothing but the standard library at the top, because a peer runs under a Python of its own
(`--python NAME=PYTHON` of `grading.py`). No peer's code is part of Surefoot; `PEERS` says
where each is to be had.
"""

import importlib.util
import json
import os
import sys
import time
import types
from collections.abc import Callable
from typing import NamedTuple

Verdict = bool | None
Grader = Callable[[str, str], Verdict]

MEMORY_LIMIT = 6 << 30
"""Bytes of address space of one grader."""
WARM_UP = (("1", "2"), (r"\frac{1}{\sqrt{2}}+x", r"x+\frac{\sqrt{2}}{2}"), ("(1,2)", "(2,1)"))
"""Asked before the clock runs: libraries are imported when they are first needed."""


class Peer(NamedTuple):
    """A grader that is compared, and how to get it."""

    title: str
    source: str
    """What to install or clone."""
    needs_folder: bool = False


PEERS = {
    "ours": Peer("Surefoot", "this checkout"),
    "math-verify": Peer("Math-Verify, $", "pip install math-verify"),
    "math-verify-boxed": Peer(r"Math-Verify, \boxed", "pip install math-verify"),
    "prm800k": Peer(
        "PRM800K grade_answer",
        "git clone https://github.com/openai/prm800k; pip install sympy pylatexenc",
        True,
    ),
    "prm800k-preset": Peer("Surefoot, policy prm800k", "this checkout"),
    "hendrycks": Peer("Hendrycks is_equiv", "git clone https://github.com/hendrycks/math", True),
    "inspect": Peer("inspect_ai math()", "pip install inspect_ai math-verify"),
    "qwen": Peer(
        "Qwen2.5-Math math_equal",
        "git clone https://github.com/QwenLM/Qwen2.5-Math; "
        "pip install sympy==1.12 antlr4-python3-runtime==4.11.1 regex word2number numpy",
        True,
    ),
    "nemo": Peer(
        "NeMo-Skills math_equal",
        "git clone https://github.com/NVIDIA/NeMo-Skills; pip install math-verify",
        True,
    ),
}


def ours() -> Grader:
    """The grader of this checkout."""
    from surefoot.grading.judge import judge

    equal = {"correct": True, "incorrect": False, "no_answer": False, "undecided": None}
    return lambda given, gold: equal[judge(given, gold).verdict]


def preset() -> Grader:
    """Our reproduction of OpenAI's verdicts."""
    from surefoot.grading.prm800k import grade_like_prm800k

    return grade_like_prm800k


def math_verify(left: str, right: str) -> Grader:
    """Math-Verify as its page shows it, both answers between `left` and `right`."""
    from math_verify import parse, verify

    def equal(given: str, gold: str) -> Verdict:
        parsed = [parse(f"{left}{text}{right}") for text in (gold, given)]
        return bool(verify(*parsed))

    return equal


def prm800k(folder: str) -> Grader:
    """OpenAI's grader, out of a clone of openai/prm800k."""
    sys.path.insert(0, os.path.join(folder, "prm800k"))  # noqa: PTH118
    grader = importlib.import_module("grading.grader")

    def equal(given: str, gold: str) -> Verdict:
        return bool(grader.grade_answer(given, gold))

    return equal


def hendrycks(folder: str) -> Grader:
    """The string comparison that came with MATH."""
    sys.path.insert(0, os.path.join(folder, "modeling"))  # noqa: PTH118
    is_equiv = importlib.import_module("math_equivalence").is_equiv
    return lambda given, gold: bool(is_equiv(given, gold))


def inspect_ai() -> Grader:
    """The two worker functions of inspect_ai's `math()`, without its time budget."""
    _math = importlib.import_module("inspect_ai.scorer._math")

    def equal(given: str, gold: str) -> Verdict:
        targets, _ = _math._parse_targets_worker((gold,))
        score = _math._score_answer_worker(f"\\boxed{{{given}}}", targets)
        return bool(score.status == "correct")

    return equal


def qwen(folder: str) -> Grader:
    """Both answers through Qwen's `strip_string`, then its `math_equal`."""
    root = os.path.join(folder, "evaluation")  # noqa: PTH118
    sys.path[:0] = [root, os.path.join(root, "latex2sympy")]  # noqa: PTH118
    # Its prompts need the data sets library; the grader does not.
    sys.modules["utils"] = types.ModuleType("utils")
    math_equal = importlib.import_module("grader").math_equal
    strip_string = importlib.import_module("parser").strip_string

    def equal(given: str, gold: str) -> Verdict:
        return bool(math_equal(strip_string(given), strip_string(gold)))

    return equal


def nemo(folder: str) -> Grader:
    """NeMo-Skills' `math_equal`, without the rest of its package."""
    package = types.ModuleType("nemo_skills.utils")
    package.get_logger_name = lambda path: path  # type: ignore[attr-defined]
    sys.modules["nemo_skills"] = types.ModuleType("nemo_skills")
    sys.modules["nemo_skills.utils"] = package
    path = os.path.join(folder, "nemo_skills", "evaluation", "math_grader.py")  # noqa: PTH118
    spec = importlib.util.spec_from_file_location("math_grader", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return lambda given, gold: bool(module.math_equal(gold, given))


def load(name: str, folder: str) -> Grader:
    """The grader of that name.

    Raises:
        ImportError: What it needs is not installed in this Python.
    """
    loaders: dict[str, Callable[[], Grader]] = {
        "ours": ours,
        "prm800k-preset": preset,
        "math-verify": lambda: math_verify("$", "$"),
        "math-verify-boxed": lambda: math_verify("\\boxed{", "}"),
        "prm800k": lambda: prm800k(folder),
        "hendrycks": lambda: hendrycks(folder),
        "inspect": inspect_ai,
        "qwen": lambda: qwen(folder),
        "nemo": lambda: nemo(folder),
    }
    return loaders[name]()


def serve(grader: Grader, takes_none: bool) -> None:
    """Answers until stdin ends. What the grader prints does not reach the replies."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for pair in WARM_UP:
        grader(*pair)
    replies.write("ready\n")
    replies.flush()
    for line in sys.stdin:
        given, gold = json.loads(line)
        error = None
        start = time.perf_counter()
        try:
            # Most peers do not say what no answer is; it is not an equal one.
            is_none = given is None or gold is None
            equal = False if is_none and not takes_none else grader(given, gold)
        except (Exception, SystemExit) as failure:  # noqa: BLE001 - counted, not hidden
            equal, error = None, type(failure).__name__
        seconds = time.perf_counter() - start
        replies.write(json.dumps([equal, seconds, error]) + "\n")
        replies.flush()


def _limit_memory() -> None:
    import resource

    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    limit = MEMORY_LIMIT if hard == resource.RLIM_INFINITY else min(MEMORY_LIMIT, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


if __name__ == "__main__":
    import logging

    logging.disable(logging.CRITICAL)
    # A peer's modules have names that ours in this folder have too (`grading`).
    sys.path.remove(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
    _limit_memory()
    name, folder = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""
    serve(load(name, folder), takes_none=name in ("ours", "prm800k-preset"))
