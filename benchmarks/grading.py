"""The grader beside public ones, on the same labelled pairs in one run.

    python benchmarks/grading.py [--pairs FILE.jsonl] [--out FOLDER] [--only ours,math-verify]
        [--prm800k CLONE] [--hendrycks CLONE] [--qwen CLONE] [--nemo CLONE]
        [--python prm800k=PYTHON ...] [--real-mix] [--payloads] [--agreement] [--symmetry-every 4]

A row of FILE is `{given, gold, expected, category, source, policy}`. Without a mode flag the
accuracy tables are made; `--real-mix` measures speed on real answers, `--payloads` counts code that
ran, `--agreement` compares our policy `prm800k` with OpenAI's grader. Writes a page and its
figures (`accuracy.md`, `accuracy.json`, or with the mode's name) into FOLDER, and `wrong.jsonl`,
our verdicts that differ from the label. A peer that is not there is left out with a line that says
how to get it.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from graders import PEERS
from grading_tables import (
    GROUPS,
    by_category,
    changed,
    disagreements,
    figures,
    group_table,
    policy_table,
    times,
)
from killable import GraderAbsent, Killable, Reply, ask_all

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "grading"))
from payloads import GOLDS, PAYLOADS  # noqa: E402

DEFAULT_PAIRS = ROOT.parent / "shared" / "data" / "answers" / "pairs_open.jsonl"
REAL_MIX = ("ours", "math-verify", "prm800k", "prm800k-preset")
Report = tuple[list[str], dict[str, Any]]


def graders(arguments: argparse.Namespace, names: Sequence[str]) -> dict[str, Killable]:
    """Those of the named graders that start here, by title."""
    pythons = dict(given.split("=", 1) for given in arguments.python)
    found = {}
    for name in names:
        peer = PEERS[name]
        folder = getattr(arguments, name.replace("-", "_"), None)
        if peer.needs_folder and folder is None:
            print(f"without {peer.title}: {peer.source}; --{name} CLONE", file=sys.stderr)
            continue
        python = pythons.get(name.removesuffix("-boxed"), sys.executable)
        grader = Killable(name, str(Path(folder).resolve()) if folder else "", python)
        try:
            grader.start()
        except GraderAbsent as why:
            print(f"without {peer.title} ({why}): {peer.source}", file=sys.stderr)
            continue
        grader.close()
        found[peer.title] = grader
    return found


def compare_all(
    rows: Sequence[dict[str, Any]], found: dict[str, Killable], swap_every: int
) -> tuple[Report, dict[str, list[Reply]]]:
    """Accuracy, time, confusion, policy and symmetry of every grader."""
    pairs = [(row["given"], row["gold"]) for row in rows]
    replies, asymmetric = {}, {}
    plain = [k for k, row in enumerate(rows) if row["source"] != "adversarial" and row["given"]]
    swapped = plain[::swap_every] if swap_every else []
    for title, grader in found.items():
        replies[title] = ask_all(grader, pairs, title)
        grader.close()
        if swapped:
            back = ask_all(
                grader, [(rows[k]["gold"], rows[k]["given"]) for k in swapped], "swapped"
            )
            asymmetric[title] = changed([replies[title][k] for k in swapped], back)
            grader.close()
    lines: list[str] = []
    summary: dict[str, Any] = {"symmetry": asymmetric}
    for group, belongs in GROUPS.items():
        which = [k for k, row in enumerate(rows) if belongs(row)]
        mine = [rows[k] for k in which]
        of_group = {title: figures(mine, [r[k] for k in which]) for title, r in replies.items()}
        lines += ["", f"## {group}: {len(which)} pairs", "", *group_table(of_group)]
        summary[group] = of_group
    if swapped:
        lines += ["", "## Verdicts that change when the answers are swapped", ""]
        lines += [f"* {title}: {part:.2%} of {len(swapped)}" for title, part in asymmetric.items()]
    for expected, what in ((True, "False rejects"), (False, "False accepts")):
        lines += ["", f"## {what} by category (wrong+no verdict)", ""]
        lines += by_category(rows, replies, expected)
    lines += ["", "## Policy: share accepted", "", *policy_table(rows, replies)]
    return (lines, summary), replies


def measure_real_mix(
    rows: Sequence[dict[str, Any]], found: dict[str, Killable], repeats: int
) -> Report:
    """Pairs a second on real answers, cold: a new process each time, the median of the repeats."""
    pairs = [(r["given"], r["gold"]) for r in rows if r["source"].startswith("real/")]
    speeds: dict[str, dict[str, float]] = {}
    for title, grader in found.items():
        runs = []
        for _ in range(repeats):
            runs.append(times(ask_all(grader, pairs, title)))
            grader.close()
        speeds[title] = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
    ours = speeds[PEERS["ours"].title]["pairs_per_second"]
    same = sum(given == gold for given, gold in pairs) / max(len(pairs), 1)
    head = f"Real answers: {len(pairs)} pairs, {same:.0%} written as the reference"
    lines = ["", f"## {head}; median of {repeats} cold runs", ""]
    lines += ["| grader | pairs/s | ours is | median ms | p99 ms | max ms |", "|---|" + "---:|" * 5]
    for title, f in speeds.items():
        lines.append(
            f"| {title} | {f['pairs_per_second']:,.0f} | {ours / f['pairs_per_second']:.1f}x "
            f"| {f['median_ms']:.3f} | {f['p99_ms']:.1f} | {f['max_ms']:.0f} |"
        )
    return lines, {"real_mix": speeds}


def run_payloads(found: dict[str, Killable]) -> Report:
    """Which payloads made a file appear in the grader's working folder."""
    ran: dict[str, list[str]] = {}
    for title, old in found.items():
        with tempfile.TemporaryDirectory() as folder:
            grader = old.moved(Path(folder))
            hits = []
            for kind, payload in PAYLOADS.items():
                for gold in GOLDS:
                    grader.ask(payload, gold)
                    made = list(Path(folder).iterdir())
                    hits += [f"{kind} against {gold}"] if made else []
                    for path in made:
                        path.rmdir() if path.is_dir() else path.unlink()
            grader.close()
        ran[title] = hits
        print(f"{title}: {len(hits)} ran", file=sys.stderr)
    n = len(PAYLOADS) * len(GOLDS)
    lines = ["", f"## Code in an answer: {len(PAYLOADS)} payloads x {len(GOLDS)} references", ""]
    for title, hits in ran.items():
        kinds = ", ".join(dict.fromkeys(hit.split(" against")[0] for hit in hits))
        lines.append(f"* {title}: {len(hits)} of {n} ran" + (f" ({kinds})" if kinds else ""))
    return lines, {"payloads": ran}


def measure_agreement(rows: Sequence[dict[str, Any]], found: dict[str, Killable]) -> Report:
    """Our policy `prm800k` against OpenAI's grader on the rows that are no attacks."""
    kept = [row for row in rows if row["source"] != "adversarial"]
    pairs = [(row["given"], row["gold"]) for row in kept]
    replies = {title: ask_all(grader, pairs, title) for title, grader in found.items()}
    for grader in found.values():
        grader.close()
    titles = [PEERS[name].title for name in ("prm800k-preset", "prm800k")]
    if not all(title in replies for title in titles):
        return ["", "No agreement: OpenAI's grader is not there."], {}
    mine, theirs = (replies[title] for title in titles)
    n = sum(reply.error is None for reply in theirs)
    differ = disagreements(kept, mine, theirs)
    lines = [
        "",
        "## Policy prm800k against OpenAI's grader",
        "",
        f"{1 - len(differ) / max(n, 1):.2%} of {n} verdicts agree ({len(pairs) - n} without one "
        f"of theirs); ours {times(mine)['pairs_per_second']:,.0f} pairs/s, "
        f"theirs {times(theirs)['pairs_per_second']:,.0f}, ours at most "
        f"{times(mine)['max_ms']:.0f} ms.",
        "",
    ]
    lines += [f"* theirs {r['theirs']}: `{r['given']}` for `{r['gold']}`" for r in differ]
    return lines, {"agreement": 1 - len(differ) / max(n, 1), "disagreements": differ}


def parse_arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=Path, default=DEFAULT_PAIRS)
    parser.add_argument("--out", type=Path, default=Path("grading-benchmark"))
    default = [name for name in PEERS if name != "prm800k-preset"]
    parser.add_argument("--only", type=lambda text: text.split(","), default=default)
    for name, peer in PEERS.items():
        if peer.needs_folder:
            parser.add_argument(f"--{name}", metavar="CLONE", help=peer.source)
    parser.add_argument("--python", nargs="*", default=[], metavar="NAME=PYTHON")
    parser.add_argument("--every", type=int, default=1, help="only every so many-th pair")
    parser.add_argument("--repeats", type=int, default=3, help="cold runs of --real-mix")
    parser.add_argument(
        "--symmetry-every", type=int, default=4, help="swap so many-th pairs; 0: none"
    )
    for mode in ("real-mix", "payloads", "agreement"):
        parser.add_argument(f"--{mode}", action="store_true")
    return parser.parse_args()


def main() -> None:
    """Measure and write."""
    arguments = parse_arguments()
    if not arguments.pairs.is_file():
        raise SystemExit(f"{arguments.pairs} is not there; give --pairs FILE.jsonl")
    rows = [json.loads(line) for line in arguments.pairs.open(encoding="utf-8")][:: arguments.every]
    arguments.out.mkdir(parents=True, exist_ok=True)
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    title = f"# Graders on {arguments.pairs.name}: {len(rows)} pairs ({machine})"
    mode = "accuracy"
    if arguments.agreement:
        mode = "agreement"
        report = measure_agreement(rows, graders(arguments, ("prm800k-preset", "prm800k")))
    elif arguments.real_mix:
        mode = "real-mix"
        wanted = [name for name in REAL_MIX if name in arguments.only or name in REAL_MIX[:1]]
        report = measure_real_mix(rows, graders(arguments, wanted), arguments.repeats)
    elif arguments.payloads:
        mode = "payloads"
        report = run_payloads(graders(arguments, arguments.only))
    else:
        found = graders(arguments, arguments.only)
        report, replies = compare_all(rows, found, arguments.symmetry_every)
        if mine := replies.get(PEERS["ours"].title):
            with (arguments.out / "wrong.jsonl").open("w", encoding="utf-8") as file:
                for row, reply in zip(rows, mine, strict=True):
                    if reply.equal is not row["expected"]:
                        wrong = {**row, "equal": reply.equal, "error": reply.error}
                        file.write(json.dumps(wrong) + "\n")
    lines, summary = [title, *report[0]], report[1]
    (arguments.out / f"{mode}.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (arguments.out / f"{mode}.json").write_text(json.dumps(summary, indent=1), encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
