"""Ten workers killed with SIGKILL while they grade 100,000 pairs: is every row graded once?

    python benchmarks/grading_killed.py [--data ../shared/data] [--pairs 100000] [--kills 10]

The pairs are the labelled ones of the data folder, over and over with a number
of their own. The output is compared byte for byte with that of one process.
"""

import argparse
import itertools
import json
import multiprocessing
import os
import random
import signal
import tempfile
import threading
from pathlib import Path

from surefoot.commands.grade import Config, run


def main() -> None:
    """Grades twice, once under fire; prints one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--every", type=float, default=0.7, help="seconds between two kills")
    options = parser.parse_args()
    lines = (options.data / "answers" / "pairs_open.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    with tempfile.TemporaryDirectory() as folder:
        pairs = Path(folder) / "pairs.jsonl"
        with pairs.open("w", encoding="utf-8") as file:
            for number, row in zip(range(options.pairs), itertools.cycle(rows), strict=False):
                kept = {"given": row["given"], "gold": row["gold"], "number": number}
                file.write(json.dumps(kept) + "\n")
        done = threading.Event()
        killed: list[int] = []
        killer = threading.Thread(
            target=_kill, args=(done, killed, options.kills, options.every), daemon=True
        )
        killer.start()
        result = run(Config(pairs=pairs, out=Path(folder) / "killed.jsonl", workers=2))
        done.set()
        killer.join()
        run(Config(pairs=pairs, out=Path(folder) / "whole.jsonl"))
        under_fire = (Path(folder) / "killed.jsonl").read_bytes()
        numbers = [json.loads(line)["number"] for line in under_fire.splitlines()]
        identical = under_fire == (Path(folder) / "whole.jsonl").read_bytes()
    result.pop("out")
    result.pop("undecided_because", None)
    once = numbers == list(range(options.pairs))
    print(json.dumps({**result, "killed": len(killed), "each_once": once, "identical": identical}))
    if not (once and identical and len(killed) == options.kills):
        raise SystemExit("rows are lost, doubled or different, or too few workers were killed")


def _kill(done: threading.Event, killed: list[int], kills: int, every: float) -> None:
    choose = random.Random(0)
    while not done.wait(every * choose.uniform(0.5, 1.5)) and len(killed) < kills:
        pids = [child.pid for child in multiprocessing.active_children() if child.pid]
        if pids:
            killed.append(choose.choice(pids))
            os.kill(killed[-1], signal.SIGKILL)


if __name__ == "__main__":
    main()
