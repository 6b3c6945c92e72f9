"""`surefoot label serve`: the labelling room."""

import json
import logging
from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro
from sqlalchemy import select
from sqlalchemy.orm import Session as RoomSession

from surefoot.commands.options import check_at_least, check_input
from surefoot.commands.room_options import OfRoom
from surefoot.commands.step_writer_options import HasStepWriter
from surefoot.errors import UserError
from surefoot.labeling.drafts import Protocol
from surefoot.records import Problem, Scores, Session, Solution
from surefoot.stages import fingerprint
from surefoot.tables import read, stream
from surefoot.web.room import audit, server
from surefoot.web.room.app import Room, clock, protocol_of
from surefoot.web.room.database import Database
from surefoot.web.room.imports import keep_opinions
from surefoot.web.room.intake import Plan, take_in
from surefoot.web.room.migrate import migrate
from surefoot.web.room.project import COMMAND, add_guideline, set_up
from surefoot.web.room.queue import n_left
from surefoot.web.room.schema import TaskRow

log = logging.getLogger("surefoot")
PART = 2000
"""Sessions of a folder that are held at a time."""


@dataclass(frozen=True, kw_only=True)
class Config(HasStepWriter, OfRoom):
    """Serves the page where people rate steps, and keeps what they say.

    Prints one link for the administrator, good once. The database is made if it
    is not there; solutions that it has already are passed over, so the same
    command goes on where it stopped. Nothing is sent to any other machine.

    Example:
      surefoot label serve solutions --problems problems --db labels.db
      surefoot label serve --db labels.db
      surefoot label serve solutions --problems problems --ask progress --want 2
      surefoot label serve --problems problems --protocol phase1 --generator nano
    """

    queue: Annotated[Path | None, tyro.conf.Positional, tyro.conf.arg(metavar="Q")] = None
    """Solutions to be rated, the most wanted first: a table, or a folder of
    `surefoot label import`, whose ratings count as if given here. Not needed once they
    are in the database."""
    problems: Path | None = None
    """Their problems, where Q is a table. In phase 1 and without Q: the problems, to be
    solved from nothing with the steps that a generator writes."""
    scores: Path | None = None
    """Scores of the verifier that selected them; kept for the export, never shown."""
    generation: int = 0
    """Round of labelling and retraining that Q belongs to."""
    name: str | None = None
    """What raters see as the name of the project."""
    protocol: Literal["phase1", "phase2"] | None = None
    """phase2 (default): whole solutions, up to the first error. phase1: step by step,
    rating what is offered."""
    want: int = 1
    """People who rate each solution that is taken in; others keep their number."""
    overlap: float = 0.0
    """Share of solutions that one more person rates, to measure agreement; 0 to 1."""
    ask: tuple[Literal["alternatives", "progress", "critique", "nothing"], ...] | None = None
    """What else is asked after the first error. The settings from here on stay as they
    were in this database where they are not given."""
    answer: Literal["shown", "hidden"] | None = None
    """Whether raters see the reference answer (default: shown)."""
    rate: Literal["shown", "hidden"] | None = None
    """Whether raters see how many they rate in an hour (default: shown)."""
    per_problem: int | None = None
    """Solutions of one problem that a person gets in 24 hours (default: 2); 0: any number."""
    gold_every: int | None = None
    """One solution in so many is a gold question of `surefoot label gold`, if there are
    any (default: 12); 0: none."""
    pause_below: float | None = None
    """Share of gold questions that a person should get right: who almost certainly does
    not is paused (default: 0.75); 0: nobody is."""
    third_opinion: Literal["asked", "never"] | None = None
    """Whether a third person, and then a lead, is asked where two differ on the first
    error (default: asked)."""
    guideline: Path | None = None
    """Guidelines for raters, a text file; another text is a new version."""
    host: str = "127.0.0.1"
    """Address to listen at; 0.0.0.0 lets other machines in. Put a proxy with https before it."""
    port: int = 8765
    """Port; 0 takes any that is free."""
    url: str | None = None
    """How browsers reach the server, where a proxy stands before it."""
    backups: Path | None = None
    """Folder for a copy of the database every hour; the last 24 are kept."""


def run(config: Config) -> dict[str, Any]:
    """Serves until it is stopped."""
    _check(config)
    address = server.Address(host=config.host, port=config.port, url=config.url)
    with closing(Database(config.db)) as database, closing(server.bound(address)) as listening:
        migrate(database)
        link, left, protocol = _prepare(config, database)
        room = Room(
            database=database,
            protocol=protocol,
            is_secure=(config.url or "").startswith("https://"),
        )
        url = server.url_of(address, listening)
        said = {"url": url, "admin_link": url + link, "left": left}
        text = f"{left} ratings of solutions wanted\nopen this link once: {url}{link}"

        def ready() -> None:
            print(json.dumps(said) if config.json else text, flush=True)  # noqa: T201

        with config.step_writer() as room.propose:
            server.run(room, listening, url, config.backups, ready)
    return {"stopped": True, "url": url}


def _check(config: Config) -> None:
    config.check_step_writer()
    check_at_least("--want", config.want, 1)
    check_at_least("--overlap", config.overlap, 0)
    check_at_least("--generation", config.generation, -1)
    check_at_least("--port", config.port, 0)
    check_at_least("--per-problem", config.per_problem or 0, 0)
    check_at_least("--gold-every", config.gold_every or 0, 0)
    if not 0 <= (config.pause_below or 0) <= 1:
        raise UserError(f"--pause-below: must lie between 0 and 1, got {config.pause_below}")
    if config.overlap > 1:
        raise UserError(f"--overlap: must be <= 1, got {config.overlap}")
    is_nothing_new = config.queue is None and config.problems is None
    if is_nothing_new and (config.want > 1 or config.overlap > 0):
        raise UserError("--want, --overlap: are of solutions that are taken in; name them as Q")
    if config.url is not None and not config.url.startswith(("http://", "https://")):
        raise UserError(f"--url: must begin with http:// or https://, got {config.url}")
    if config.ask and "nothing" in config.ask and len(config.ask) > 1:
        raise UserError("--ask: nothing, or something")
    for path, what in ((config.queue, "solutions"), (config.guideline, "guidelines")):
        if path is not None:
            check_input(path, what)


def _prepare(config: Config, database: Database) -> tuple[str, int, Any]:
    """The first link, how much there is to do, and the protocol."""
    now = clock()
    with database.write() as session:
        set_up(
            session,
            name=config.name,
            protocol=config.protocol,
            changes=_settings(config),
            now=now,
        )
        protocol = protocol_of(session)
        if config.guideline is not None:
            add_guideline(session, config.guideline.read_text(encoding="utf-8"), now=now)
        if config.queue is not None or config.problems is not None:
            problems, solutions, scores = _tables(config, protocol)
            plan = Plan(
                protocol=protocol,
                generation=config.generation,
                want=config.want,
                overlap=config.overlap,
            )
            added = take_in(session, problems, solutions, plan, scores=scores, now=now)
            if added < len(solutions):
                there = len(solutions) - added
                log.info("%d of %d solutions are there already", there, len(solutions))
            if config.queue is not None:
                _keep_opinions(session, config.queue, solutions, now)
        if session.scalar(select(TaskRow.id).limit(1)) is None:
            raise UserError(f"{config.db}: nothing is there to be rated; name a table of solutions")
        return server.admin_link(session, now=now), n_left(session, ["work"]), protocol


def _settings(config: Config) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if config.ask is not None:
        for name in ("alternatives", "progress", "critique"):
            changes[f"ask_{name}"] = name in config.ask
    if config.answer is not None:
        changes["show_answer"] = config.answer == "shown"
    if config.rate is not None:
        changes["show_rate"] = config.rate == "shown"
    if config.per_problem is not None:
        changes["per_problem_a_day"] = config.per_problem
    if config.gold_every is not None:
        changes["gold_every"] = config.gold_every
    if config.pause_below is not None:
        changes["pause_below"] = config.pause_below
    if config.third_opinion is not None:
        changes["is_adaptive"] = config.third_opinion == "asked"
    return changes


def _tables(
    config: Config, protocol: Protocol
) -> tuple[list[Problem], list[Solution], dict[str, float]]:
    if config.queue is None:
        return _from_nothing(config, protocol)
    is_folder = (config.queue / "solutions").exists()
    solutions = config.queue / "solutions" if is_folder else config.queue
    problems = config.problems
    if problems is None:
        if not (config.queue / "problems").exists():
            raise UserError(f"--problems: name the problems of {config.queue}")
        problems = config.queue / "problems"
    check_input(problems, "problems")
    scores: dict[str, float] = {}
    if config.scores is not None:
        check_input(config.scores, "scores")
        scores = {row.solution_id: row.solution_score for row in read(config.scores, Scores)}
    return read(problems, Problem), read(solutions, Solution), scores


def _keep_opinions(
    session: RoomSession, queue: Path, solutions: Sequence[Solution], now: int
) -> None:
    """Sessions in a folder of `label import`, as opinions; one that is known is passed over."""
    place = queue / "sessions"
    if not place.exists():
        return
    mark = fingerprint(place)
    if any(audit.noted(session, "import", mark)):
        return
    names, n_lost, n_kept = {solution.solution_id for solution in solutions}, 0, 0
    rows = stream(place, Session)
    while some := list(islice(rows, PART)):
        found: dict[str, list[Session]] = defaultdict(list)
        for one in some:
            if one.solution_id is not None and one.solution_id in names:
                found[one.solution_id].append(one)
            else:
                n_lost += 1
        n_kept += keep_opinions(session, found, now=now)
    if n_lost:
        log.warning("%s: %d sessions are of no solution in it and stay out", queue, n_lost)
    audit.note(session, COMMAND, "import", mark, {"kept": n_kept, "left_out": n_lost}, now=now)


def _from_nothing(
    config: Config, protocol: Protocol
) -> tuple[list[Problem], list[Solution], dict[str, float]]:
    """Problems alone: a solution without a step to each, which people go on from."""
    assert config.problems is not None
    if protocol != "phase1":
        raise UserError("--problems: name the solutions to be rated, or take --protocol phase1")
    if config.generator is None and config.server is None:
        raise UserError(
            "--problems: without solutions give --generator or --server, to write steps"
        )
    problems = read(check_input(config.problems, "problems"), Problem)
    empty = [
        Solution(solution_id=f"{problem.problem_id}/new", problem_id=problem.problem_id, steps=())
        for problem in problems
    ]
    return problems, empty, {}
