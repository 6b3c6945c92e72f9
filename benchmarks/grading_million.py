"""A million real solutions through `surefoot grade`: minutes and memory.

    python benchmarks/grading_million.py [--data ../shared/data] [--rows 1000000] [--workers 2]

The solutions are the reference solutions of MATH and the model solutions of
GSM8K as published, over and over under new ids until there are enough; a
seventh of them is given the answer of another problem. Nothing is kept.
"""

import argparse
import itertools
import json
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from surefoot.commands.grade import Config, run
from surefoot.parquet import write_parquet
from surefoot.records import Problem, Solution
from surefoot.steps import split_steps
from surefoot.tables import shard_name

SHARD = 20_000


def real_solutions(data: Path) -> Iterator[tuple[str, str, str]]:
    """(statement, reference answer, text of a solution) as published."""
    for part in ("train", "test"):
        for line in (data / "math" / f"prm800k_split_{part}.jsonl").open(encoding="utf-8"):
            row = json.loads(line)
            if row["answer"]:
                yield row["problem"], row["answer"], row["solution"]
    for line in (data / "gsm8k" / "example_model_solutions.jsonl").open(encoding="utf-8"):
        row = json.loads(line)
        gold = row["ground_truth"].rsplit("A: ", 1)[1]
        for made in row.values():
            if isinstance(made, dict):
                yield row["question"], gold, made["solution"]


def main() -> None:
    """Makes the tables, grades them, prints one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    known = list(real_solutions(options.data))
    problems = [
        Problem(problem_id=f"p{k}", statement=statement, answer=known[k - (k % 7 == 0)][1])
        for k, (statement, _, _) in enumerate(known)
    ]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        write_parquet(place / "problems.parquet", problems, Problem)
        (place / "solutions").mkdir()
        made = (
            Solution(solution_id=f"s{n}", problem_id=f"p{k}", steps=split_steps(known[k][2]))
            for n, k in zip(range(options.rows), itertools.cycle(range(len(known))), strict=False)
        )
        for index in itertools.count():
            shard = list(itertools.islice(made, SHARD))
            if not shard:
                break
            write_parquet(place / "solutions" / shard_name(index), shard, Solution)
        start = time.perf_counter()
        result = run(
            Config(
                problems=place / "problems.parquet",
                solutions=place / "solutions",
                out=place / "grades",
                workers=options.workers,
            )
        )
        seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    workers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    result.pop("out")
    print(
        json.dumps(
            {
                **result,
                "distinct_solutions": len(known),
                "minutes": round(seconds / 60, 2),
                "solutions_per_second": round(options.rows / seconds),
                "peak_memory_mb": peak,
                "peak_memory_of_a_worker_mb": workers,
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
