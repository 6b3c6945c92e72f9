"""`surefoot paper results`: all experiments made so far, as one page."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from surefoot.atomic import write_text
from surefoot.commands.options import Writes, check_input
from surefoot.errors import OutputExists, UserError
from surefoot.paper.experiment import RESULTS_FILE, paragraph

HEAD = """# Results

The paper's experiments, made with this repository. Written by `surefoot paper results` from each
run's `results.json`; do not edit. Shares are of held-out problems. Intervals are 95 %, over
problems and, where a verifier was trained several times, over trainings; p-values are two-sided,
paired over problems. A claim of order holds if the interval is above zero, and does not if it is
below. Where it says *asked*, the paper claims nothing.
"""


@dataclass(frozen=True, kw_only=True)
class Config(Writes):
    """One page from the results of experiments: what held, how surely, what it took.

    Figures are copied into a folder beside the page, of its name.

    Example:
        surefoot paper results paper/figure3-laptop paper/table1-laptop --out docs/results.md
    """

    runs: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="RUN")]
    """Folders that `surefoot paper ...` wrote, in the order of the page."""


def run(config: Config) -> dict[str, Any]:
    """Writes the page; counts of claims."""
    if config.out.exists() and not config.overwrite:
        raise OutputExists(config.out)
    if not config.runs:
        raise UserError("name at least one folder that `surefoot paper ...` wrote")
    parts, claims = [HEAD], []
    # All are read before anything is written.
    for folder, results in [(folder, _read(folder)) for folder in config.runs]:
        claims += results["claims"]
        images = []
        for name in results["figures"]:
            copy = config.out.with_suffix("") / f"{folder.resolve().name}_{name}.svg"
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(check_input(folder / f"{name}.svg", "a figure"), copy)
            images.append(f"![{results['title']}]({copy.parent.name}/{copy.name})\n")
        # Two runs of an experiment may stand on one page.
        heading = f"## {results['title']} ({folder.resolve().name})\n"
        parts.append("\n".join([heading, *images, paragraph(results), ""]))
    write_text(config.out, "\n".join(parts))
    counts = {True: "held", False: "did_not_hold", None: "cannot_be_told"}
    return {
        "experiments": len(config.runs),
        **{word: sum(c["holds"] is key for c in claims) for key, word in counts.items()},
        "out": str(config.out),
    }


def _read(folder: Path) -> dict[str, Any]:
    path = check_input(folder / RESULTS_FILE, "results of `surefoot paper ...`")
    try:
        results: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        for field in ("title", "claims", "figures", "setting", "command"):
            results[field]
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}: is no results file of `surefoot paper ...` ({error})") from None
    return results
