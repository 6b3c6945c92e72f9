"""`surefoot label next-generation`: a round of active learning, one command after another."""

import json
import logging
import shlex
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import arg

from surefoot import cli
from surefoot.atomic import write_text
from surefoot.commands.options import Writes, check_at_least, check_input
from surefoot.commands.room_options import OfRoom, ask_server, reading, writing
from surefoot.errors import OutputExists, UserError
from surefoot.generation.names import find_model
from surefoot.labeling.selection import WRONG_SHARE, Policy
from surefoot.records import Problem, Solution
from surefoot.stages import fingerprint
from surefoot.tables import read, write
from surefoot.web.room.app import clock
from surefoot.web.room.files import InUse
from surefoot.web.room.importing import Selection, can_be_shown, known, next_number, parts, take
from surefoot.web.room.problems import Refused
from surefoot.web.room.project import COMMAND

log = logging.getLogger("surefoot")
PROGRESS_FILE = "generation.json"


@dataclass(frozen=True, kw_only=True)
class Config(OfRoom, Writes):
    r"""Trains a PRM on all that was rated so far, and puts what it chooses into the room.

    The PRM begins at --base each time, as in the paper. It scores further solutions,
    given or sampled; those that people learn most from are chosen and become the next
    generation, whether the server runs or not. What is in the room already is not
    chosen again. The database notes which PRM chose what, and as what. A run that was
    killed goes on where it stopped; every stage stays in the output folder.

    Example:
      surefoot label next-generation --db labels.db --problems problems --solutions pool \
          --base nano --policy mixture -n 500 --out generation-1
      surefoot label next-generation --db labels.db --problems problems --generator generator \
          --samples 16 --verifier prm-of-last-week -n 2 --per-problem --out generation-2
    """

    problems: Path
    """The problems."""
    solutions: Path | None = None
    """Solutions to choose from."""
    generator: str | None = None
    """In place of them: sample fresh ones with this model, as `surefoot sample` does."""
    samples: int = 16
    """With --generator: solutions to sample to each problem."""
    base: str | None = None
    """Model that the PRM is trained from."""
    train: str = ""
    """Further flags of `surefoot train prm`, as in --train="--epochs 2 --optimizer muon"."""
    verifier: Path | None = None
    """In place of --base: choose with this PRM; none is trained."""
    policy: Policy = "mixture"
    """How to choose; see `surefoot select`."""
    n: Annotated[int, arg(aliases=["-n"])]
    """How many: of all, or with --per-problem of each problem."""
    per_problem: bool = False
    """Choose so many solutions to each problem."""
    wrong_share: float = WRONG_SHARE
    """Share of convincing wrong answers in a mixture."""
    want: int = 1
    """People who rate each solution."""
    overlap: float = 0.0
    """Share of solutions that one more person rates; 0 to 1."""
    seed: int = 0
    """Of training, sampling and random choices."""

    def __post_init__(self) -> None:
        for flag, value in (("-n", self.n), ("--samples", self.samples), ("--want", self.want)):
            check_at_least(flag, value, 1)
        if not 0 <= self.overlap <= 1:
            raise UserError(f"--overlap: must be in [0, 1], got {self.overlap}")
        if (self.base is None) == (self.verifier is None):
            raise UserError("--base, --verifier: give one, to train a PRM or to take that one")
        if (self.solutions is None) == (self.generator is None):
            raise UserError("--solutions, --generator: give one, to choose from or to sample with")
        if self.train and self.base is None:
            raise UserError("--train: goes with --base")


def run(config: Config) -> dict[str, Any]:
    """What was chosen, by which PRM, and the number of the generation."""
    check_input(config.problems, "problems")
    for model in filter(None, (config.base, config.generator)):
        find_model(model)
    for path, what in ((config.solutions, "solutions"), (config.verifier, "a verifier")):
        if path is not None:
            check_input(path, what)
    round_ = _Round(config)
    out = config.out
    verifier = config.verifier or out / "prm"
    if config.base is not None:
        # Where opinions differ the one that a lead or most hold teaches, not all of them.
        taken = "--format parquet --opinions one"
        round_.call("rated", f"label export --db {shlex.quote(config.db)} {taken}")
        round_.call("prm", _training(config))
    pool = config.solutions or out / "pool"
    if config.generator is not None:
        seed = config.seed + 1000 * (round_.number + 1)  # fresh ones, under ids of their own
        round_.call(
            "pool",
            f"sample {_q(config.problems)} --generator {shlex.quote(config.generator)}"
            f" -n {config.samples} --seed {seed}",
        )
    candidates = _q(out / "candidates")
    round_.do("candidates", lambda: _candidates(config, pool))
    round_.call("grades", f"grade {_q(config.problems)} {candidates}")
    score = f"score {candidates} --problems {_q(config.problems)} --verifier {_q(verifier)}"
    round_.call("scores", score)
    round_.call("chosen", _selecting(config))
    selection = _selection(config, round_.number, verifier)
    made = round_.do("room", lambda: _into_room(config, selection))
    return {
        "generation": round_.number,
        "verifier": selection.verifier,
        **selection.policy,
        "tasks": made,
        "out": str(out),
    }


class _Round:
    """The stages of one generation: what is done is noted and not done again."""

    def __init__(self, config: Config) -> None:
        self._out, self._file = config.out, config.out / PROGRESS_FILE
        left_out = ("out", "overwrite", "json", "debug")
        asked = {k: str(v) for k, v in sorted(vars(config).items()) if k not in left_out}
        noted = json.loads(self._file.read_text("utf-8")) if self._file.exists() else None
        if noted is not None and not config.overwrite:
            if noted["settings"] != asked:
                raise OutputExists(self._out, "holds a generation with other settings")
            if "room" in noted["done"]:
                raise OutputExists(self._out, f"holds generation {noted['number']}, which is done")
        elif self._out.exists() and noted is None and any(self._out.iterdir()):
            raise OutputExists(self._out, "holds something that is no generation")
        if noted is None or config.overwrite:
            with reading(config.db) as session:
                noted = {"settings": asked, "number": next_number(session), "done": {}}
        self._noted = noted
        self._note()

    @property
    def number(self) -> int:
        """Of the generation."""
        return int(self._noted["number"])

    def call(self, name: str, words: str) -> None:
        """Run another command, whose output has the name of the stage."""
        out = self._out / name
        log.info("surefoot %s --out %s", words, out)
        verb = cli.find_verb(words.split()[:2])
        assert verb is not None
        rest = shlex.split(words)[len(verb.split()) :]
        # Half a stage goes on where it stopped; one that is not noted as done is made again.
        self.do(name, lambda: _without_result(verb, [*rest, "--out", str(out), "--overwrite"]))

    def do(self, name: str, work: Callable[[], Any]) -> Any:
        """Run a stage unless it is done; what it gave, if that is kept."""
        if name not in self._noted["done"]:
            started = time.monotonic()
            given = work()
            seconds = round(time.monotonic() - started, 1)
            self._noted["done"][name] = {"seconds": seconds, "given": given}
            self._note()
        return self._noted["done"][name]["given"]

    def _note(self) -> None:
        write_text(self._file, json.dumps(self._noted, indent=2) + "\n")


def _without_result(verb: str, words: list[str]) -> None:
    cli.call(verb, words)


def _q(path: Path) -> str:
    return shlex.quote(str(path))


def _training(config: Config) -> str:
    rated = config.out / "rated"
    tables = " ".join(f"--{n} {_q(rated / n)}" for n in ("problems", "solutions", "labels"))
    seed = "" if "--seed" in config.train else f" --seed {config.seed}"
    return f"train prm --base {shlex.quote(config.base or '')} {tables}{seed} {config.train}"


def _selecting(config: Config) -> str:
    per_problem = " --per-problem" if config.per_problem else ""
    return (
        f"select {_q(config.out / 'candidates')} --policy {config.policy} -n {config.n}"
        f"{per_problem} --wrong-share {config.wrong_share} --seed {config.seed}"
        f" --scores {_q(config.out / 'scores')} --grades {_q(config.out / 'grades')}"
        f" --reasons {_q(config.out / 'chosen.jsonl')}"
    )


def _candidates(config: Config, pool: Path) -> int:
    """Those of the pool whose steps are not in the room; how many."""
    problems = {problem.problem_id for problem in read(config.problems, Problem)}
    with reading(config.db) as session:
        there = known(session)
    solutions = read(pool, Solution)
    shown = [solution for solution in solutions if can_be_shown(solution)]
    if len(shown) < len(solutions):
        log.warning("%s: %d cannot be shown, left out", pool, len(solutions) - len(shown))
    new = [s for s in shown if (s.problem_id, s.steps) not in there]
    strange = next((s.problem_id for s in new if s.problem_id not in problems), None)
    if strange is not None:
        raise UserError(f"{config.problems}: has no problem {strange!r}, of which {pool} is")
    if not new:
        raise UserError(f"{pool}: holds nothing that is not in the room already; sample more")
    write(config.out / "candidates", new, overwrite=True, record=Solution)
    return len(new)


def _selection(config: Config, number: int, verifier: Path) -> Selection:
    text = (config.out / "chosen.jsonl").read_text(encoding="utf-8")
    reasons = [json.loads(line) for line in text.splitlines()]
    solutions = read(config.out / "chosen", Solution)
    if not solutions:
        raise UserError(f"--policy {config.policy}: chooses nothing of these solutions")
    wanted = {solution.problem_id for solution in solutions}
    counts: dict[str, int] = {}
    for row in reasons:
        counts[row["chosen_as"]] = counts.get(row["chosen_as"], 0) + 1
    return Selection(
        generation=number,
        verifier=f"{verifier} sha256:{_weights(verifier)}",
        policy={
            "policy": config.policy,
            "n": config.n,
            "per_problem": config.per_problem,
            "wrong_share": config.wrong_share if config.policy == "mixture" else None,
            "seed": config.seed,
            "generator": config.generator,
            "candidates": len(read(config.out / "candidates", Solution)),
            "chosen": len(solutions),
            "chosen_as": counts,
        },
        problems=[p for p in read(config.problems, Problem) if p.problem_id in wanted],
        solutions=solutions,
        scores={row["solution_id"]: row["solution_score"] for row in reasons},
        chosen_as={row["solution_id"]: row["chosen_as"] for row in reasons},
        want=config.want,
        overlap=config.overlap,
    )


def _weights(folder: Path) -> str:
    """Hash of a model folder's weights; of several files, of all the folder holds."""
    files = sorted(folder.glob("*.safetensors"))
    return fingerprint(files[0] if len(files) == 1 else folder)


def _into_room(config: Config, selection: Selection) -> int:
    try:
        with writing(config.db) as session:
            return take(session, selection, actor=COMMAND, now=clock())
    except InUse as held:
        asked = parts(selection)
        return sum(ask_server(held, "/admin/solutions", part)[1]["made"] for part in asked)
    except Refused as error:
        raise UserError(f"{error.detail}; --overwrite begins again, as the next one") from None
