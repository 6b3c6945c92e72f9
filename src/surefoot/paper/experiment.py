"""What an experiment gives: claims, figures, tables, and what it took."""

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from matplotlib.figure import Figure

from surefoot.paper.trials import Claim


@dataclass(frozen=True, kw_only=True)
class Findings:
    """The outcome of one experiment at one scale."""

    title: str
    setting: str
    """A sentence: how many problems, solutions, ratings, trainings."""
    claims: list[Claim]
    numbers: dict[str, Any]
    """Everything behind the figures, as plain values."""
    figures: dict[str, Figure] = field(default_factory=dict)
    """By file name without its ending."""
    table: str | None = None
    """A table in Markdown, where a table says more."""


def as_json(
    name: str, scale: str, settings: Mapping[str, Any], command: str, found: Findings,
    seconds: Mapping[str, float],
) -> dict[str, Any]:  # fmt: skip
    """`results.json`: the findings, and what it took.

    Args:
        name: Of the experiment.
        scale: Its name.
        settings: All that was chosen.
        command: As typed.
        found: The findings.
        seconds: Of each stage, also of those that were made before.
    """
    return {
        "experiment": name,
        "scale": scale,
        "title": found.title,
        "setting": found.setting,
        "command": command,
        "machine": machine(),
        "minutes": round(sum(seconds.values()) / 60, 1),
        "settings": dict(settings),
        "claims": [claim.as_json() for claim in found.claims],
        "table": found.table,
        "figures": sorted(found.figures),
        "numbers": found.numbers,
        "seconds": dict(seconds),
    }


def trainings(n: int) -> str:
    """A number of trainings in words."""
    return "one training" if n == 1 else f"{n} trainings"


def machine() -> str:
    """The processor in a few words."""
    threads = os.environ.get("OMP_NUM_THREADS")
    used = f", OMP_NUM_THREADS={threads}" if threads else ""
    return f"{platform.machine()}, {os.cpu_count()} cores{used}"


def paragraph(results: Mapping[str, Any]) -> str:
    """A run in words, as Markdown: what was tried, and claim by claim what came out."""
    marks = {True: "Held", False: "Did not hold", None: "Cannot be told"}
    lines = [f"{results['setting']}", ""]
    lines += [
        f"- **{marks[claim['holds']]}.** *The paper:* {claim['paper']} *Here:* {claim['here']}."
        for claim in results["claims"]
    ]
    if results["table"]:
        lines += ["", results["table"]]
    lines += [
        "",
        f"`{results['command']}`, {results['minutes']} minutes of work on {results['machine']}.",
    ]
    return "\n".join(lines)
