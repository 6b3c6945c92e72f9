"""`surefoot report`: one HTML page from a run's tables."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro
from tyro.conf import arg

from surefoot.atomic import write_text
from surefoot.commands.evaluate_best_of_n import read_scores
from surefoot.commands.options import Writes, check_input
from surefoot.errors import OutputExists, UserError
from surefoot.evaluation.pools import count_failures
from surefoot.evaluation.report import render_report
from surefoot.records import Grade, Labels, Problem, Solution
from surefoot.tables import read

_SUFFIXES = ("", ".parquet", ".jsonl", ".jsonl.gz")


@dataclass(frozen=True, kw_only=True)
class Config(Writes):
    r"""One standalone HTML page: curves, numbers, and solutions coloured step by step.

    Example:
        surefoot report demo --out report.html
        surefoot report --problems test --solutions solutions --grades grades \
            --scores scores-prm scores-orm --out report.html
    """

    folder: Annotated[Path | None, tyro.conf.Positional, arg(metavar="[RUN]")] = None
    """A run's folder with problems, solutions, grades and, where they are,
    scores-prm, scores-orm, labels and results.json. Or name the tables."""
    problems: Path | None = None
    """Table of problems."""
    solutions: Path | None = None
    """Table of their solutions."""
    grades: Path | None = None
    """Table of the solutions' grades."""
    scores: tuple[Path, ...] = ()
    """Tables of scores."""
    labels: Path | None = None
    """Table of step ratings of these solutions, or of some of them."""
    title: str = "Surefoot report"
    """Heading of the page."""
    seed: int = 0
    """Of ties, intervals and weighted votes."""

    def __post_init__(self) -> None:
        """Checks that there is something to report on, and a place for it."""
        named = [self.problems, self.solutions, self.grades]
        if self.folder is None and any(path is None for path in named):
            raise UserError("give a run's folder, or --problems, --solutions and --grades")
        if self.out.is_dir():
            raise UserError(f"--out: {self.out} is a folder; name a file like report.html")
        if self.out.exists() and not self.overwrite:
            raise OutputExists(self.out)


def run(config: Config) -> dict[str, Any]:
    """Reads the tables, writes the page, and returns where it is."""
    problems = read(_table(config, config.problems, "problems"), Problem)
    solutions = read(_table(config, config.solutions, "solutions"), Solution)
    grades = read(_table(config, config.grades, "grades"), Grade)
    if not solutions:
        raise UserError(f"{_table(config, config.solutions, 'solutions')}: no solutions")
    scores = list(config.scores)
    labels = config.labels
    seconds: dict[str, float] = {}
    if config.folder is not None:
        scores = scores or [
            path
            for name in ("scores-prm", "scores-orm")
            if (path := _inside(config.folder, name)) is not None
        ]
        labels = labels or _inside(config.folder, "labels")
        seconds = _seconds(config.folder / "results.json")
    page = render_report(
        problems,
        solutions,
        grades,
        read_scores(scores),
        labels=[] if labels is None else read(check_input(labels, "labels"), Labels),
        seconds=seconds,
        title=config.title,
        seed=config.seed,
    )
    write_text(config.out, page, overwrite=config.overwrite)
    return {"report": str(config.out)} | count_failures(solutions, grades)


def _table(config: Config, named: Path | None, what: str) -> Path:
    if named is not None:
        return check_input(named, what)
    assert config.folder is not None  # Config has seen to it
    check_input(config.folder, "a run")
    found = _inside(config.folder, what)
    if found is None:
        raise UserError(f"{config.folder}: no {what} in this folder; name them with --{what}")
    return found


def _inside(folder: Path, name: str) -> Path | None:
    """A run's table by its name, whatever its kind of file."""
    candidates = (folder / f"{name}{suffix}" for suffix in _SUFFIXES)
    return next((path for path in candidates if path.exists()), None)


def _seconds(path: Path) -> dict[str, float]:
    """The time by stage that a run noted down; empty if it did not."""
    if not path.is_file():
        return {}
    try:
        noted = json.loads(path.read_text(encoding="utf-8")).get("seconds", {})
        return {str(stage): float(value) for stage, value in noted.items()}
    except (ValueError, AttributeError, TypeError) as error:
        raise UserError(f"{path}: seconds: cannot be read: {error}") from error
