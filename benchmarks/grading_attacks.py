"""Strings made to hang, crash or fill the grader: no exception, under a second, memory flat.

    python benchmarks/grading_attacks.py [--each 20] [--seed 0] [--limit 1] [--grader ours]

Each string is given, is the reference, and is compared with a variant of itself. Reports the
slowest pairs, what was raised, and the growth of memory; exits 1 if a bound is broken.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from graders import PEERS
from killable import Killable, Reply

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "grading"))
from attacks import attacks, pairs  # noqa: E402

GROWTH = 200
"""MB that the grader's processes may grow by."""


def peak_memory(pid: int | None) -> float:
    """MB at most held so far, by the process and those it started; 0 where /proc is not there."""
    if pid is None:
        return 0.0
    kilobytes = 0
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                kilobytes = int(line.split()[1])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return kilobytes / 1024
    return kilobytes / 1024 + sum(peak_memory(int(child)) for child in children)


def show(text: str, width: int = 60) -> str:
    """A string that may be long and unprintable."""
    shown = text if len(text) <= width else f"{text[:width]}... ({len(text)} characters)"
    return ascii(shown)


def report(
    made: Sequence[tuple[str, str, str]], replies: Sequence[Reply], growth: float, limit: float
) -> list[str]:
    """What was found; the last line says whether the bounds hold."""
    ranked = sorted(zip(replies, made, strict=True), key=lambda pair: -pair[0].seconds)
    lines = ["slowest:"]
    for reply, (kind, given, gold) in ranked[:10]:
        verdict = reply.error or reply.equal
        lines.append(f"  {reply.seconds:8.3f} s  {kind}: {show(given)} for {show(gold)}: {verdict}")
    failed = [
        (reply, pair) for reply, pair in ranked if reply.error is not None and reply.error != "slow"
    ]
    lines += [f"raised {reply.error}: {k}: {show(g)} for {show(r)}" for reply, (k, g, r) in failed]
    n_slow = sum(reply.seconds > limit for reply in replies)
    counts = {v: sum(reply.equal is v for reply in replies) for v in (True, False, None)}
    lines.append(f"verdicts: {json.dumps({str(v): n for v, n in counts.items()})}")
    holds = not failed and not n_slow and growth < GROWTH
    lines.append(
        f"{len(made)} pairs: {len(failed)} raised, {n_slow} over {limit:g} s, "
        f"memory grew by {growth:.0f} MB: {'all bounds hold' if holds else 'BROKEN'}"
    )
    return lines


def main() -> None:
    """Attack and report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--each", type=int, default=20, help="strings of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=float, default=1.0, help="seconds for a pair")
    parser.add_argument("--grader", choices=["ours", "prm800k-preset"], default="ours")
    arguments = parser.parse_args()
    made = pairs(attacks(arguments.each, arguments.seed), arguments.seed)
    grader = Killable(arguments.grader)
    grader.start()
    start = highest = peak_memory(grader.pid)
    replies = []
    for k, (_, given, gold) in enumerate(made):
        replies.append(grader.ask(given, gold))
        if k % 10 == 0:
            highest = max(highest, peak_memory(grader.pid))
    highest = max(highest, peak_memory(grader.pid))
    grader.close()
    print(f"{PEERS[arguments.grader].title}, {arguments.each} strings of each kind")
    lines = report(made, replies, highest - start, arguments.limit)
    print("\n".join(lines))
    sys.exit("BROKEN" in lines[-1])


if __name__ == "__main__":
    main()
