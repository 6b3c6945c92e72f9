"""Which formulas of real texts the labelling page cannot render, and why.

    (cd page && npm ci)
    python benchmarks/page_formulas.py ../shared/data [--json]

Reads MATH problems and solutions, and the PRM800K files: problems, steps,
alternatives, the raters' own steps. Every text goes through the page's own code
in node. A formula that cannot be rendered is shown to raters as it was written.
"""

import argparse
import json
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parent.parent / "page"


def strings(value: Any) -> Iterator[str]:
    """Every text in a row that a rater could see; ids and times hold no formulas."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from strings(one)


def measure(texts: set[str]) -> dict[str, Any]:
    """What the page's code says of distinct texts."""
    lines = "".join(json.dumps(text) + "\n" for text in sorted(texts))
    done = subprocess.run(
        ["node", ".built/tools/formulas.js"],
        cwd=PAGE, input=lines, capture_output=True, text=True, check=True,
    )  # fmt: skip
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def texts_of(paths: Iterable[Path]) -> set[str]:
    """The distinct texts in JSONL files."""
    found: set[str] = set()
    for path in paths:
        with path.open(encoding="utf-8") as rows:
            found.update(text for row in rows for text in strings(json.loads(row)))
    return found


def main() -> None:
    """Prints a table, and the commonest reasons; or all failures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--examples", type=int, default=10, help="failures to print")
    parser.add_argument("--json", action="store_true", help="print everything as one object")
    options = parser.parse_args()
    subprocess.run(
        ["npx", "tsc", "--project", "tsconfig.test.json"], cwd=PAGE, check=True, capture_output=True
    )
    found = {}
    for name in ("math", "prm800k"):
        texts = texts_of(sorted((options.data / name).glob("*.jsonl")))
        found[name] = {"texts": len(texts), **measure(texts)}
    if options.json:
        print(json.dumps(found))
    else:
        show(found, options.examples)


def show(found: dict[str, dict[str, Any]], n_examples: int) -> None:
    """A table of the texts, a list of the reasons."""
    print("| texts | distinct | formulas | fail | share | literal \\n | with a lone $ |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    reasons: Counter[str] = Counter()
    examples: list[str] = []
    for name, one in found.items():
        failed = one["failures"]
        literal = sum("\\n" in f["why"] for f in failed)
        share = 100 * len(failed) / max(1, one["formulas"])
        print(
            f"| {name} | {one['texts']:,} | {one['formulas']:,} | {len(failed):,}"
            f" | {share:.2f} % | {literal:,} | {one['dollars']:,} |"
        )
        reasons.update(f["why"].split(" at position")[0][:60] for f in failed)
        examples += [f"{f['source'][:90]!r}: {f['why']}" for f in failed[:: len(failed) // 5 + 1]]
    for reason, n in reasons.most_common(15):
        print(f"{n:6d}  {reason}")
    for example in examples[:n_examples]:
        print(example)


if __name__ == "__main__":
    main()
