"""`surefoot label agreement`: how far do raters agree?"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from surefoot.commands.options import Options, check_at_least, check_input
from surefoot.commands.room_options import reading
from surefoot.errors import OutputExists, UserError
from surefoot.evaluation.agreement_figure import agreement_figure
from surefoot.evaluation.figures import FORMATS, save
from surefoot.labeling.agreement import agreement
from surefoot.labeling.agreement_report import as_json, as_text
from surefoot.labeling.quality import acceptable_of
from surefoot.labeling.resampling import DRAWS
from surefoot.labeling.verdicts import against_gold
from surefoot.records import Labels
from surefoot.tables import read
from surefoot.web.room.opinions import gold_opinions, several_opinions
from surefoot.web.room.shown import project_of


@dataclass(frozen=True, kw_only=True)
class Config(Options):
    """Tells how far raters agree, on the first error and on single steps.

    Only solutions that several raters rated say anything. Rating stops at the
    first error, so coefficients over steps alone mislead; agreement on the first
    error stands first. Intervals draw the problems again.

    Example:
      surefoot label agreement rated
      surefoot label agreement --db labels.db --figure agreement.svg
      surefoot label agreement rated --against gold-labels --json
    """

    labels: Annotated[Path | None, tyro.conf.Positional, tyro.conf.arg(metavar="LABELS")] = None
    """A table of labels, or a folder that has one, as `surefoot label import` makes."""
    db: str | None = None
    """The labelling room itself instead: a SQLite file, or postgresql://user@host/name."""
    against: Path | None = None
    """Labels that are known to be right; the first errors in them are acceptable. With
    --db its gold and screening questions are taken where this is not given."""
    figure: Path | None = None
    """Draw pairs of ratings and pairs of raters to this file: .svg, .png or .pdf."""
    overwrite: bool = False
    """Let --figure replace a file."""
    draws: int = DRAWS
    """How often problems are drawn, for the intervals."""
    seed: int = 0
    """Of the draws."""


def run(config: Config) -> dict[str, Any]:
    """All figures; `text` is the same for a terminal."""
    _check(config)
    gold: dict[str, frozenset[int | None]] = {}
    has_first_errors = True
    if config.labels is not None:
        labels = answers = read(_table(config.labels), Labels)
    else:
        assert config.db is not None
        with reading(config.db) as session:
            labels = several_opinions(session, with_names=False).labels
            questions = gold_opinions(session, with_names=False)
            answers, gold = questions.labels, questions.gold
            has_first_errors = project_of(session).protocol == "phase2"
    if config.against is not None:
        known = acceptable_of(read(_table(config.against), Labels))
        gold = {name: frozenset(errors) for name, errors in known.items()}
        answers = [*labels, *answers] if config.db is not None else answers
    chance = {"draws": config.draws, "seed": config.seed}
    report = as_json(
        agreement(labels, **chance),
        against_gold(answers, gold, **chance) if gold else None,
        has_first_errors=has_first_errors,
    )
    if config.figure is not None:
        save(agreement_figure(report), config.figure)
    return {**report, "text": as_text(report)}


def _check(config: Config) -> None:
    if (config.labels is None) == (config.db is None):
        raise UserError("name either LABELS or --db")
    check_at_least("--draws", config.draws, 1)
    if config.figure is not None and config.figure.suffix not in FORMATS:
        raise UserError(f"--figure: {config.figure}: name must end in {', '.join(FORMATS)}")
    if config.figure is not None and config.figure.exists() and not config.overwrite:
        raise OutputExists(config.figure, "exists; --figure may not replace it")


def _table(path: Path) -> Path:
    check_input(path, "labels")
    return path / "labels" if (path / "labels").exists() else path
