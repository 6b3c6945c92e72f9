"""What an experiment gives: claims, figures, tables, and what it took."""

import os
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from matplotlib.figure import Figure

from surefoot.errors import UserError
from surefoot.paper.trials import Claim

S = TypeVar("S")
RESULTS_FILE = "results.json"


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


def resized(scale: S, sizes: Sequence[str]) -> S:
    """A scale with some sizes changed.

    Args:
        scale: A dataclass of whole numbers and of tuples of them or of names.
        sizes: `name=value`, of a tuple `name=value,value`.

    Raises:
        UserError: There is no such size, or its value is not one.

    Example:
        >>> @dataclass(frozen=True)
        ... class Scale:
        ...     n: int
        ...     labelled: tuple[int, ...]
        >>> resized(Scale(n=16, labelled=(1, 4)), ["n=64", "labelled=1,2,4"])
        Scale(n=64, labelled=(1, 2, 4))
    """
    usual: dict[str, Any] = asdict(scale)  # type: ignore[call-overload]
    changes = {}
    for one in sizes:
        name, _, value = one.partition("=")
        if name not in usual:
            raise UserError(f"--sizes: there is no {name!r}; there are {', '.join(usual)}")
        is_many = isinstance(usual[name], tuple)
        parts = value.split(",") if is_many else [value]
        made = parts if is_many and isinstance(usual[name][0], str) else _numbers(name, parts)
        changes[name] = tuple(made) if is_many else made[0]
    return replace(scale, **changes)  # type: ignore[type-var]


def _numbers(name: str, parts: Sequence[str]) -> list[int]:
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise UserError(f"--sizes: {name} must be whole and >= 1, got {','.join(parts)!r}")
    return [int(part) for part in parts]


def trainings(n: int) -> str:
    """A number of trainings in words."""
    return "one training" if n == 1 else f"{n} trainings"


def machine() -> str:
    """The processor in a few words, and the accelerator if there is one."""
    threads = os.environ.get("OMP_NUM_THREADS")
    used = f", OMP_NUM_THREADS={threads}" if threads else ""
    torch = sys.modules.get("torch")
    gpu = f", {torch.cuda.get_device_name()}" if torch and torch.cuda.is_available() else ""
    return f"{_processor()}, {os.cpu_count()} cores{used}{gpu}"


def _processor() -> str:
    """Its name where Linux tells it, else its kind."""
    info = Path("/proc/cpuinfo")
    text = info.read_text(encoding="utf-8") if info.exists() else ""
    names = (line.partition(":")[2] for line in text.splitlines() if line.startswith("model name"))
    return next((" ".join(name.split()) for name in names if name.strip()), platform.machine())


def _models(settings: Mapping[str, Any]) -> str:
    """Which models, and how the held-out solutions were sampled; empty of given samples."""
    if not settings:
        return ""
    base, small, given = settings["base"], settings.get("small"), settings.get("prm")
    generator = settings["generator"] or f"{base}, taught the step format"
    verifiers = f"verifiers from {base}" if small is None else f"small ones {small}, large {base}"
    said = f"Temperature of held-out solutions {settings['temperature']:g}"
    if given is not None:
        return f"Models: generator {generator}. {said}."
    return (
        f"Models: generator {generator}; {verifiers}. {said},"
        f" of those learned from {settings['train_temperature']:g}."
    )


def paragraph(results: Mapping[str, Any]) -> str:
    """A run in words, as Markdown: what was tried, and claim by claim what came out."""
    marks = {True: "Held", False: "Did not hold", None: "Cannot be told"}
    lines = [f"{results['setting']} {_models(results['settings'])}".rstrip(), ""]
    for claim in results["claims"]:
        who = "The paper" if claim["is_papers"] else "Asked"
        lines.append(
            f"- **{marks[claim['holds']]}.** *{who}:* {claim['paper']} *Here:* {claim['here']}."
        )
    if results["table"]:
        lines += ["", results["table"]]
    lines += [
        "",
        f"`{results['command']}`, {results['minutes']} minutes of work on {results['machine']}.",
    ]
    return "\n".join(lines)
