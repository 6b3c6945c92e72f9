"""`surefoot label gold`: questions whose answers are known."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from surefoot.commands.options import check_at_least, check_input
from surefoot.commands.room_options import OfRoom, ask_server, writing
from surefoot.errors import BadRow, UserError
from surefoot.jsonlines import is_jsonl, json_lines
from surefoot.labeling.quality import acceptable_of, pass_chances
from surefoot.labeling.sessions import digest
from surefoot.records import Labels, Problem, Solution
from surefoot.tables import read, stream
from surefoot.web.room.app import clock
from surefoot.web.room.files import InUse
from surefoot.web.room.gold import GoldKind, add_gold, parts, set_pass_mark
from surefoot.web.room.project import COMMAND

log = logging.getLogger("surefoot")


@dataclass(frozen=True, kw_only=True)
class Config(OfRoom):
    """Adds questions whose answers are known: gold among the work, or a screening before it.

    A question is a solution and the first errors that are acceptable. They are
    what the raters of SOURCE found, or are given by rows like
    {"solution_id": "a", "first_errors": [3, 4, null]}: steps from 0, null where
    "no error" is acceptable too. Raters cannot tell gold from work. The same
    question again with other answers is scored anew. Works while the server
    runs, and while it does not.

    Example:
      surefoot label import math.json --format processbench --out known
      surefoot label gold known --db labels.db
      surefoot label gold known --kind screening --limit 30 --db labels.db
      surefoot label gold known --kind screening --first-errors thirty.jsonl --db labels.db
    """

    source: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="SOURCE")]
    """A folder of `surefoot label import`, or JSONL rows `solution_id, first_errors`."""
    kind: GoldKind = "gold"
    """gold: among the work, now and then. screening: all of them, before the first work;
    for people who are invited from now on."""
    pass_mark: int | None = None
    """Right answers that pass the screening (default: three quarters, rounded up)."""
    first_errors: Path | None = None
    """JSONL rows that say it instead of the labels of SOURCE; only solutions in them
    become questions."""
    limit: int | None = None
    """Take so many of them, e.g. 30 for a screening; a hash of their ids says which."""
    problems: Path | None = None
    """The problems, where SOURCE has none."""
    solutions: Path | None = None
    """The solutions, where SOURCE has none."""
    labels: Path | None = None
    """The labels, where SOURCE has none or others are to count."""


def run(config: Config) -> dict[str, Any]:
    """How many questions there are, and who passes."""
    _check(config)
    problems, solutions, first_errors = _questions(config)
    if config.kind == "gold" and (n := sum(not problem.answer for problem in problems)):
        log.warning(
            "%d problems have no reference answer: raters who see one of the others can tell"
            " that these are gold; `label serve --answer hidden` shows none",
            n,
        )
    try:
        with writing(config.db) as session:
            found: dict[str, Any] = dict(
                add_gold(
                    session,
                    problems,
                    solutions,
                    first_errors,
                    config.kind,
                    actor=COMMAND,
                    now=clock(),
                )
            )
            if config.kind == "screening":
                found["pass_mark"] = set_pass_mark(session, config.pass_mark, now=clock())
    except InUse as held:
        found = _sent(held, config, problems, solutions, first_errors)
    if config.kind == "screening":
        chances = pass_chances(found["questions"], found["pass_mark"])
        found["passes"] = {f"accuracy {share}": round(p, 4) for share, p in chances.items()}
    return found


def _check(config: Config) -> None:
    if config.pass_mark is not None:
        check_at_least("--pass-mark", config.pass_mark, 1)
        if config.kind != "screening":
            raise UserError("--pass-mark: is of the screening; add --kind screening")
    if config.limit is not None:
        check_at_least("--limit", config.limit, 1)
    if config.first_errors is not None and config.labels is not None:
        raise UserError("--first-errors: or --labels, not both")
    check_input(config.source, "labels or first errors")
    if not config.source.is_dir() and (config.first_errors or config.labels):
        raise UserError(f"{config.source}: says the first errors already; leave the flags out")


def _questions(
    config: Config,
) -> tuple[list[Problem], list[Solution], dict[str, list[int | None]]]:
    """Problems, the solutions that become questions, and what is acceptable."""
    rows = config.first_errors or (None if config.source.is_dir() else config.source)
    if rows is not None:
        first_errors = _given(rows)
    else:
        labels = _table(config, "labels")
        first_errors = acceptable_of(stream(labels, Labels))
        if not first_errors:
            raise UserError(f"{labels}: no labels reach a first error or the end of a solution")
    solutions = [
        row
        for row in stream(_table(config, "solutions"), Solution)
        if row.solution_id in first_errors
    ]
    missing = first_errors.keys() - {row.solution_id for row in solutions}
    if missing:
        raise UserError(
            f"{rows or config.source}: there is no solution {min(missing)!r}"
            + (f" (nor {len(missing) - 1} more)" if len(missing) > 1 else "")
        )
    if config.limit is not None:
        solutions = sorted(solutions, key=lambda row: digest(row.solution_id))[: config.limit]
        first_errors = {row.solution_id: first_errors[row.solution_id] for row in solutions}
    wanted = {row.problem_id for row in solutions}
    problems = [p for p in read(_table(config, "problems"), Problem) if p.problem_id in wanted]
    return problems, solutions, first_errors


def _table(config: Config, name: str) -> Path:
    given: Path | None = getattr(config, name)
    path = given or config.source / name
    if given is None and not path.exists():
        if name == "labels":
            return config.source  # it is the table itself
        raise UserError(f"--{name}: name the {name} of {config.source}")
    return check_input(path, name)


def _given(path: Path) -> dict[str, list[int | None]]:
    """First errors out of rows."""
    check_input(path, "first errors")
    if not is_jsonl(path):
        raise UserError(f"{path}: must be .jsonl or .jsonl.gz, with solution_id and first_errors")
    found: dict[str, list[int | None]] = {}
    for number, row in json_lines(path):
        if isinstance(row, BadRow):
            raise row
        name, said = row.get("solution_id"), row.get("first_errors")
        if not isinstance(name, str):
            raise BadRow(path, number, "solution_id", "must be text")
        if name in found:
            raise BadRow(path, number, "solution_id", f"{name!r} is in an earlier row, too")
        if not isinstance(said, list) or not said or not all(map(_is_step, said)):
            raise BadRow(path, number, "first_errors", "must be a list of steps, from 0, or null")
        found[name] = said
    if not found:
        raise UserError(f"{path}: holds no rows")
    return found


def _is_step(value: Any) -> bool:
    return value is None or type(value) is int


def _sent(
    held: InUse,
    config: Config,
    problems: Sequence[Problem],
    solutions: Sequence[Solution],
    first_errors: Mapping[str, Sequence[int | None]],
) -> dict[str, Any]:
    """What the server that has the database answers to all parts."""
    found: dict[str, Any] = {"added": 0, "changed": 0}
    for part in parts(problems, solutions, first_errors, config.kind, config.pass_mark):
        _, answer = ask_server(held, "/admin/gold", part)
        found = answer | {name: found[name] + answer[name] for name in ("added", "changed")}
    return found
