"""Grades and clusters of real solutions: four models' answers to each GSM8K test problem.

    python benchmarks/gsm8k_clusters.py [--solutions example_model_solutions.jsonl]

Takes the final answer out of every solution, grades it against the reference, and lists every
verdict that differs from the published one. Then clusters the four answers of each problem and
checks the clusters against the verdicts: two answers together are both right or both wrong, and
all right answers are together.
"""

import argparse
import json
import re
import time
from collections import Counter
from pathlib import Path

from surefoot.grading.clusters import cluster
from surefoot.grading.judge import judge

ROOT = Path(__file__).resolve().parent.parent
DEFAULT = ROOT.parent / "shared" / "data" / "gsm8k" / "example_model_solutions.jsonl"
MODELS = ("6b_finetuning", "6b_verification", "175b_finetuning", "175b_verification")
_STATED = re.compile(r"^A:[ \t]*(.*)$", re.MULTILINE)


def stated(solution: str) -> str | None:
    """What stands behind the last `A:` at the start of a line; None for nothing."""
    lines = _STATED.findall(solution)
    return lines[-1].strip() or None if lines else None


def main() -> None:
    """Grade, cluster and list what disagrees."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--solutions", type=Path, default=DEFAULT)
    path = parser.parse_args().solutions
    if not path.is_file():
        raise SystemExit(f"{path} is not there; give --solutions FILE.jsonl")
    counts: Counter[str] = Counter()
    start = time.perf_counter()
    for n, line in enumerate(path.open(encoding="utf-8"), 1):
        row = json.loads(line)
        gold = stated(row["ground_truth"]) or ""
        answers = [stated(row[model]["solution"]) for model in MODELS]
        published = [bool(row[model]["is_correct"]) for model in MODELS]
        grades = [judge(answer, gold).verdict for answer in answers]
        for model, answer, verdict, theirs in zip(MODELS, answers, grades, published, strict=True):
            counts["solutions"] += 1
            counts[verdict] += 1
            if (verdict == "correct") is not theirs or verdict == "undecided":
                counts["disagree"] += 1
                print(f"{n} {model}: {answer!r} for {gold!r}: {verdict}, published {theirs}")
        numbers = cluster(answers)
        counts["clusters"] += len({number for number in numbers if number is not None})
        placed = list(zip(numbers, grades, strict=True))
        of_right = {number for number, verdict in placed if verdict == "correct"}
        of_wrong = {number for number, verdict in placed if verdict == "incorrect"}
        counts["right answers in two clusters"] += len(of_right) > 1
        counts["right and wrong together"] += bool(of_right & of_wrong)
    seconds = time.perf_counter() - start
    counts["problems"] = n
    print(", ".join(f"{name} {count}" for name, count in counts.items()))
    n_solutions = counts["solutions"]
    print(
        f"{counts['disagree'] / n_solutions:.2%} disagree; {n_solutions / seconds:,.0f} solutions/s"
    )


if __name__ == "__main__":
    main()
