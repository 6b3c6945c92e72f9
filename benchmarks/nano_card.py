"""Measures a base model trained by `surefoot train base --recipe nano` and writes its card.

    python benchmarks/nano_card.py MODEL [--metrics MODEL/metrics.jsonl] [--n 64]

Samples held-out problems of every family and level, checks each step, and
writes `README.md` and `loss.svg` into the model's folder.
"""

import argparse
import json
import os
import platform
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
import numpy as np

from surefoot.generation.folder import load_model
from surefoot.generation.sampling import sample
from surefoot.grading.grade import grade
from surefoot.problems.arith.checker import check
from surefoot.problems.arith.generate import FAMILIES, LEVELS, generate
from surefoot.records import Problem, Solution

DEMO_LEVELS = (3, 4, 5)
COUNTED = ("update", "tokens", "seconds")
COMMAND = "surefoot train base --recipe nano --out nano"
PURPOSE = {
    "pico": """The small-scale experiments
(`surefoot paper figure4`, `active-learning`) start from it; nano is the large model there.""",
}
"""By name; any other model is nano, or one in its place."""
USUAL = "It exists so that the whole of\nSurefoot runs on a laptop in minutes."


def measure(problems: Sequence[Problem], solutions: Sequence[Solution]) -> list[dict[str, float]]:
    """One row a problem: shares of right solutions and of those with a wrong step."""
    by_problem = defaultdict(list)
    for solution in solutions:
        by_problem[solution.problem_id].append(solution)
    rows = []
    for problem in problems:
        mine = by_problem[problem.problem_id]
        right = [s for s in mine if grade(problem, s).verdict == "correct"]
        through_wrong = sum(
            any(j.rating == -1 for j in check(problem, solution.steps)) for solution in right
        )
        rows.append(
            {
                "pass1": len(right) / len(mine),
                "any": bool(right),
                "wrong_step": through_wrong / len(mine),
            }
        )
    return rows


def table(problems: Sequence[Problem], rows: Sequence[dict[str, float]], n: int) -> str:
    """Markdown: pass@1 a family and level, pass@N and wrong steps a family."""
    head = " | ".join(f"level {level}" for level in LEVELS)
    lines = [
        f"| family | {head} | all | pass@{n} | right through a wrong step |",
        "|---|" + "---:|" * (len(LEVELS) + 3),
    ]
    for name in [*FAMILIES, "all"]:
        mine = [(p, r) for p, r in zip(problems, rows, strict=True) if name in ("all", p.subject)]
        cells = [
            f"{np.mean([r['pass1'] for p, r in mine if p.level == level]):.0%}" for level in LEVELS
        ]
        pass1 = np.mean([r["pass1"] for _, r in mine])
        wrong = np.sum([r["wrong_step"] for _, r in mine]) / max(pass1 * len(mine), 1e-9)
        solved = np.mean([r["any"] for _, r in mine])
        lines.append(f"| {name} | {' | '.join(cells)} | {pass1:.0%} | {solved:.0%} | {wrong:.0%} |")
    return "\n".join(lines)


def read_metrics(paths: Sequence[Path]) -> list[dict[str, float]]:
    """The rows of all phases, updates, tokens and seconds counted on."""
    rows: list[dict[str, float]] = []
    for path in paths:
        before: dict[str, float] = rows[-1] if rows else dict.fromkeys(COUNTED, 0)
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            rows.append({**row, **{key: row[key] + before[key] for key in COUNTED}})
    return rows


def draw_loss(metrics: Sequence[dict[str, float]], path: Path) -> None:
    """Loss against tokens, averaged over 20 updates."""
    kept = metrics[: len(metrics) // 20 * 20]
    loss = np.array([row["loss"] for row in kept]).reshape(-1, 20).mean(axis=1)
    tokens = np.array([row["tokens"] for row in kept]).reshape(-1, 20)[:, -1]
    figure, axes = plt.subplots(figsize=(6, 3), layout="constrained")
    axes.plot(tokens / 1e6, loss, color="#0b6e99")
    axes.set(xlabel="million tokens", ylabel="loss (nats a token)", ylim=(0.2, 1.0))
    axes.grid(alpha=0.3)
    matplotlib.rcParams["svg.hashsalt"] = "surefoot"
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--metrics", type=Path, nargs="+", help="of each phase, in order")
    parser.add_argument("--n", type=int, default=64)
    parser.add_argument("--problems", type=int, default=220)
    parser.add_argument("--machine", default=f"{os.cpu_count()} cores, {platform.machine()}")
    parser.add_argument("--command", nargs="+", default=[COMMAND], help="of each phase")
    arguments = parser.parse_args()
    metrics = read_metrics(arguments.metrics or [arguments.model / "metrics.jsonl"])
    model, tokenizer = load_model(arguments.model)
    problems = list(generate(arguments.problems, split="test", seed=99))
    solutions = sample(model, tokenizer, problems, arguments.n, seed=99)
    rows = measure(problems, solutions)
    hard = [i for i, problem in enumerate(problems) if problem.level in DEMO_LEVELS]
    pass1 = float(np.mean([rows[i]["pass1"] for i in hard]))
    solved = float(np.mean([rows[i]["any"] for i in hard]))
    draw_loss(metrics, arguments.model / "loss.svg")
    last = metrics[-1]
    final = float(np.mean([row["loss"] for row in metrics[-50:]]))
    text = CARD.format(
        name=arguments.model.name,
        purpose=PURPOSE.get(arguments.model.name, USUAL),
        layers=model.config.num_hidden_layers,
        width=model.config.hidden_size,
        parameters=model.num_parameters(),
        command="\n".join(arguments.command),
        updates=last["update"],
        tokens=last["tokens"],
        minutes=last["seconds"] / 60,
        machine=arguments.machine,
        final=final,
        n=arguments.n,
        problems=len(problems),
        pass1=pass1,
        solved=solved,
        table=table(problems, rows, arguments.n),
        script=f"python benchmarks/nano_card.py {arguments.model.name}",
    )
    (arguments.model / "README.md").write_text(text, encoding="utf-8")
    print(text)


CARD = """# {name}

A base model of {parameters:,} parameters (Qwen3 architecture, {layers} layers of width {width}, one
key/value head, bfloat16) for school mathematics written one step a line. {purpose}
It is of no use for anything else.

## How it was made

```
{command}
```

{updates:,} updates, {tokens:,} tokens, {minutes:.0f} minutes on {machine}. Muon on the
matrices, AdamW on the rest, linear decay to 0. Loss over the last 50 updates {final:.3f} nats
a token.

![loss](loss.svg)

## What it has read

Procedural text only (`src/surefoot/problems/arith/corpus.py`), from training statements: solutions
as people write them, with slips, shared misconceptions and typing errors; solutions with a reader's
verdict behind the first wrong line; sheets of several solutions; drills; judged calculations. **The
mistakes are in the text on purpose**, as they are in real text: the model imitates them, so its
samples hold convincing wrong answers on which many samples agree, and verifiers have work to do.
The reviews give a verifier that starts from this model something to build on.

## What it can do

{problems} held-out problems, {n} solutions each at temperature 1 (`{script}`). On the
demo's levels 3 to 5: pass@1 {pass1:.0%}, pass@{n} {solved:.0%}. Right answers through a wrong
step are counted among the right ones; their share is in the last column.

{table}
"""

if __name__ == "__main__":
    main()
