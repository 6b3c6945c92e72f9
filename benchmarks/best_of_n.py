"""Best-of-N in closed form against 400 shuffles, on a synthetic file of 500 x 1860 samples.

    python benchmarks/best_of_n.py [--problems 500] [--samples 1860] [--shuffles 400]

Writes the file in OpenAI's layout, runs `surefoot evaluate best-of-n` on it in a
process of its own, then shuffles as the paper's script does, and prints seconds
and the largest difference in standard errors of the shuffles.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

N = [1, 10, 25, 50, 75, 100, 200, 300, 400, 500, 750, 1000, 1250, 1500, 1860]


def write_samples(path: Path, problems: int, samples: int, seed: int = 0) -> None:
    """Problems of all difficulties; scores that know something; ties and blanks."""
    generator = np.random.default_rng(seed)
    with path.open("w", encoding="utf-8") as file:
        for p in range(problems):
            solve_rate = generator.beta(0.7, 1.0)
            popular = generator.dirichlet(np.full(60, 0.2))
            correct = generator.random(samples) < solve_rate
            answers = generator.choice(60, samples, p=popular)
            prm = np.clip(generator.normal(0.35 + 0.25 * correct, 0.2), 0, 1).round(3)
            orm = np.clip(generator.normal(0.40 + 0.18 * correct, 0.2), 0, 1).round(2)
            blank = generator.random(samples) < 0.05
            for i in range(samples):
                right = bool(correct[i] and not blank[i])
                row = {
                    "problem": f"Problem {p}: what is $x_{{{p}}}$?",
                    "answer": None if blank[i] else "right" if right else f"{answers[i]}",
                    "is_correct": right,
                    "prm_score": float(prm[i]),
                    "orm_score": float(orm[i]),
                }
                file.write(json.dumps(row) + "\n")


def shuffled(path: Path, n_values: list[int], shuffles: int) -> dict[str, np.ndarray]:
    """(shuffles, K) solve rates, problem by problem and order by order.

    A plain reading of the paper's method: shuffle, take the first N, choose.
    Written with running maxima and one-hot running sums, so that it ends today.
    """
    rows: dict[str, list[tuple[str | None, bool, float, float]]] = {}
    with path.open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            rows.setdefault(row["problem"], []).append(
                (row["answer"], row["is_correct"], row["prm_score"], row["orm_score"])
            )
    generator = np.random.default_rng(1)
    names = ("prm", "orm", "majority", "pass")
    solved = {name: np.zeros((shuffles, len(n_values))) for name in names}
    for samples in rows.values():
        texts = sorted({a for a, *_ in samples if a is not None}, key=lambda a: a != "right")
        number = {a: i for i, a in enumerate(texts)}
        correct = np.array([c for _, c, _, _ in samples])
        answer = np.array([number.get(a, len(texts)) if a else len(texts) for a, *_ in samples])
        blank = answer == len(texts)
        columns = {
            "prm": np.where(blank, -1.0, [s for _, _, s, _ in samples]),
            "orm": np.where(blank, -1.0, [s for _, _, _, s in samples]),
        }
        for trial in range(shuffles):
            order = generator.permutation(len(samples))
            for name, column in columns.items():
                drawn = column[order]
                for k, n in enumerate(n_values):
                    # argmax takes the first of the tied: uniform, as the order is.
                    solved[name][trial, k] += correct[order[np.argmax(drawn[:n])]]
            for k, n in enumerate(n_values):
                solved["pass"][trial, k] += correct[order[:n]].any()
                votes = np.bincount(answer[order[:n]], minlength=len(texts) + 1)[:-1]
                tied = np.flatnonzero(votes == votes.max()) if votes.any() else votes[:0]
                if len(tied):
                    solved["majority"][trial, k] += texts[generator.choice(tied)] == "right"
    return {name: total / len(rows) for name, total in solved.items()}


def main() -> None:
    """Runs and prints the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", type=int, default=500)
    parser.add_argument("--samples", type=int, default=1860)
    parser.add_argument("--shuffles", type=int, default=400)
    options = parser.parse_args()
    n_values = [n for n in N if n <= options.samples]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scored.jsonl"
        write_samples(path, options.problems, options.samples)
        print(
            f"{options.problems} problems x {options.samples} samples, "
            f"{path.stat().st_size / 1e6:.0f} MB"
        )
        command = [
            sys.executable,
            "-m",
            "surefoot",
            "evaluate",
            "best-of-n",
            str(path),
            "--n",
            ",".join(map(str, n_values)),
            "--json",
        ]
        start = time.perf_counter()
        result = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        seconds = time.perf_counter() - start
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        print(
            f"surefoot evaluate best-of-n: {seconds:.1f} s ({used.ru_utime:.1f} s of processor "
            f"time), {used.ru_maxrss / 1024:.0f} MB at most"
        )
        start = time.perf_counter()
        simulation = shuffled(path, n_values, options.shuffles)
        print(f"{options.shuffles} shuffles: {time.perf_counter() - start:.1f} s")
    print(f"{'series':10} {'largest difference':>20} {'in standard errors':>20}")
    for name, solved in simulation.items():
        difference = np.abs(solved.mean(axis=0) - np.array(result[name]))
        error = np.maximum(solved.std(axis=0) / options.shuffles**0.5, 1e-6)
        print(f"{name:10} {difference.max():20.6f} {(difference / error).max():20.2f}")


if __name__ == "__main__":
    main()
