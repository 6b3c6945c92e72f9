"""`surefoot demo`: the whole loop at small scale on a CPU, one command after another."""

import json
import logging
import shlex
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import tyro

from surefoot import cli
from surefoot.atomic import write_text
from surefoot.commands.options import Options, check_at_least
from surefoot.errors import OutputExists

log = logging.getLogger("surefoot")
PROGRESS_FILE = "demo.json"
RESULTS_FILE = "results.json"
REPORT_FILE = "report.html"


class Stage(NamedTuple):
    """One command of the demo."""

    name: str
    words: str
    """The command line, with `{out}` for the demo's folder."""


@dataclass(frozen=True, kw_only=True)
class Config(Options):
    """Run the whole loop from nothing, from problems to a report, on this machine's CPU.

    Every stage is another command of Surefoot, shown as you would type it.
    A demo that was killed goes on where it stopped.

    Example:
        surefoot demo --out demo
        surefoot demo --out demo-1 --seed 1
    """

    out: Path = Path("demo")
    """Folder of all outputs; open `report.html` in it. `results.json` has the numbers."""
    overwrite: bool = False
    """Begin again where the folder holds a finished demo, or one with other settings."""
    seed: int = 0
    """Of problems, solutions, training and intervals."""
    train_problems: int = 2200
    """Training problems whose solutions are rated."""
    train_n: int = 8
    """Rated solutions to each of them."""
    test_problems: int = 495
    """Held-out problems, never seen by any model; the paper has 500."""
    n: Annotated[int, tyro.conf.arg(aliases=("-n",))] = 64
    """Solutions to each held-out problem."""
    epochs: int = 2
    """Times each verifier sees the rated solutions."""

    def __post_init__(self) -> None:
        for name in ("train_problems", "train_n", "test_problems", "n", "epochs"):
            check_at_least(f"--{name.replace('_', '-')}", getattr(self, name), 1)


LEVELS = "--levels 3 4 5"
TEMPERATURE = 0.4
"""Of the held-out solutions. At 1 the tiny model also slips in ways that its
verifiers miss; at 0.4 what goes wrong is mostly what people get wrong
(docs/log.md). The rated solutions are sampled at 1, where they are diverse."""


def stages(config: Config) -> list[Stage]:
    """The commands in their order."""
    seed, n_few = config.seed, max(config.train_problems // 5, 1)
    tables = "{out}/train-problems --solutions {out}/train-solutions"
    verifier = (
        "--rating-tokens wrong '?' right --rating-tokens-only --probe-first"
        f" --epochs {config.epochs} --optimizer muon"
        f" --learning-rate 1e-3 --warmup 0.1 --weight-by solution --seed {seed}"
    )
    test = "{out}/problems"
    return [
        Stage(
            "train-problems",
            f"problems arith -n {config.train_problems} --split train {LEVELS} --seed {seed}",
        ),
        Stage(
            "problems",
            f"problems arith -n {config.test_problems} --split test {LEVELS} --seed {seed}",
        ),
        Stage(
            "few-shot-solutions",
            "sample {out}/train-problems --generator nano -n 2 --few-shot 2"
            f" --examples {{out}}/train-problems --limit {n_few} --seed {seed}",
        ),
        Stage("few-shot-grades", "grade {out}/train-problems {out}/few-shot-solutions"),
        Stage(
            "generator",
            "train generator --base nano --problems {out}/train-problems"
            " --solutions {out}/few-shot-solutions --grades {out}/few-shot-grades"
            f" --learning-rate 3e-4 --seed {seed}",
        ),
        Stage(
            "train-solutions",
            f"sample {{out}}/train-problems --generator {{out}}/generator -n {config.train_n}"
            f" --rows 1024 --seed {seed}",
        ),
        Stage("train-grades", "grade {out}/train-problems {out}/train-solutions"),
        Stage("train-labels", "label auto {out}/train-problems {out}/train-solutions --by checker"),
        Stage(
            "orm",
            f"train orm --base nano --problems {tables} --grades {{out}}/train-grades"
            f" --batch-tokens 4096 {verifier}",
        ),
        Stage(
            "prm",
            f"train prm --base nano --problems {tables} --labels {{out}}/train-labels"
            # Fewer tokens: beginnings that solutions share count once here.
            f" --batch-tokens 1408 {verifier}",
        ),
        Stage(
            "solutions",
            f"sample {test} --generator {{out}}/generator -n {config.n}"
            f" --temperature {TEMPERATURE} --rows 1024 --seed {seed}",
        ),
        Stage("grades", f"grade {test} {{out}}/solutions"),
        Stage("labels", f"label auto {test} {{out}}/solutions --by checker"),
        Stage("scores-orm", f"score {{out}}/solutions --problems {test} --verifier {{out}}/orm"),
        Stage("scores-prm", f"score {{out}}/solutions --problems {test} --verifier {{out}}/prm"),
        Stage(
            "curves.json",
            f"evaluate best-of-n --problems {test} --solutions {{out}}/solutions"
            " --grades {out}/grades --scores {out}/scores-prm {out}/scores-orm"
            f" --labels {{out}}/labels --likelihood --seed {seed}",
        ),
    ]


def run(config: Config) -> dict[str, Any]:
    """Run the stages that are not done yet; returns where the report is and four lines."""
    if config.out.exists() and not config.out.is_dir():
        raise OutputExists(config.out, "is a file")
    config.out.mkdir(parents=True, exist_ok=True)
    seconds = _begin(config)
    todo = stages(config)
    for number, stage in enumerate(todo, 1):
        if stage.name in seconds:
            continue
        log.info(
            "[%d/%d] surefoot %s --out {out}/%s".replace("{out}", str(config.out)),
            number,
            len(todo),
            stage.words.replace("{out}", str(config.out)),
            stage.name,
        )
        started = time.monotonic()
        _run_stage(config, stage)
        seconds[stage.name] = round(time.monotonic() - started, 1)
        _note(config, seconds)
    results = _results(config, seconds)
    write_text(config.out / RESULTS_FILE, json.dumps(results, indent=2) + "\n")
    report = config.out / REPORT_FILE
    cli.call(
        "report",
        [
            str(config.out),
            "--out",
            str(report),
            "--overwrite",
            "--title",
            "Surefoot demo",
            "--seed",
            str(config.seed),
        ],
    )
    return {**results, "report": str(report), "text": summary(results, report)}


def _run_stage(config: Config, stage: Stage) -> None:
    verb = cli.find_verb(stage.words.split()[:2])
    assert verb is not None
    words = shlex.split(stage.words)[len(verb.split()) :]
    words = [word.replace("{out}", str(config.out)) for word in words]
    # A stage that was finished but not noted is made again; one that was
    # killed half-way goes on, as its command does.
    cli.call(verb, [*words, "--out", str(config.out / stage.name), "--overwrite"])


def _settings(config: Config) -> dict[str, Any]:
    kept = asdict(config)
    return {
        key: kept[key] for key in sorted(kept) if key not in ("out", "overwrite", "json", "debug")
    }


def _begin(config: Config) -> dict[str, float]:
    """Seconds of the stages that an earlier, unfinished run of the same demo has done."""
    path = config.out / PROGRESS_FILE
    if not path.exists():
        if any(config.out.iterdir()) and not config.overwrite:
            raise OutputExists(config.out, "holds something that is no demo")
        _note(config, {})
        return {}
    noted = json.loads(path.read_text(encoding="utf-8"))
    is_same = noted["settings"] == _settings(config)
    is_finished = (config.out / REPORT_FILE).exists()
    if is_same and not is_finished:
        seconds: dict[str, float] = noted["seconds"]
        return seconds
    if not config.overwrite:
        kind = "a finished demo" if is_finished else "a demo with other settings"
        raise OutputExists(config.out, f"holds {kind}")
    (config.out / REPORT_FILE).unlink(missing_ok=True)
    _note(config, {})
    return {}


def _note(config: Config, seconds: dict[str, float]) -> None:
    noted = {"settings": _settings(config), "seconds": seconds}
    write_text(config.out / PROGRESS_FILE, json.dumps(noted, indent=2) + "\n")


def _results(config: Config, seconds: dict[str, float]) -> dict[str, Any]:
    curves = json.loads((config.out / "curves.json").read_text(encoding="utf-8"))
    return {
        **curves,
        "problems": config.test_problems,
        "samples_per_problem": config.n,
        "seconds": seconds,
    }


def summary(results: dict[str, Any], report: Path) -> str:
    """Four lines: what the verifiers gain at the largest N, and where to look."""
    n = results["n"][-1]

    def at_n(series: str) -> str:
        low, high = results["ci95"][series][-1]
        return f"{results[series][-1]:.1%} [{low:.1%}, {high:.1%}]"

    minutes = sum(results["seconds"].values()) / 60
    return "\n".join(
        [
            f"{results['problems']} held-out problems, {results['samples_per_problem']} solutions"
            f" each, {minutes:.1f} minutes; one solution is right in {results['pass'][0]:.1%}",
            f"best of {n} by the PRM {at_n('prm')}, by the ORM {at_n('orm')}",
            f"majority voting {at_n('majority')}, any of {n} right {at_n('pass')}",
            f"open {report}",
        ]
    )
