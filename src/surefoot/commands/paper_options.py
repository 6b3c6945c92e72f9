"""Options of `surefoot paper ...`, and what all of them do: stages, results, figures."""

import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from surefoot import cli
from surefoot.atomic import write_text
from surefoot.commands.options import Options
from surefoot.errors import OutputExists, UserError
from surefoot.evaluation.figures import save
from surefoot.generation.names import SHIPPED, find_model
from surefoot.labeling.rate_by_scores import NEGATIVE_ABOVE
from surefoot.paper.experiment import RESULTS_FILE, Findings, as_json, paragraph, resized
from surefoot.paper.lab import Lab, opened
from surefoot.paper.materials import NANO_WORDS, Sources
from surefoot.verifiers.settings import VERIFIER_FILE, read_settings

S = TypeVar("S")
SMALL = "pico"


@dataclass(frozen=True, kw_only=True)
class OfPaper(Options):
    """What every experiment takes."""

    scale: Literal["smoke", "laptop", "workstation", "paper"] = "laptop"
    """How much of everything: `smoke` takes two minutes, `laptop` up to 45 on two
    cores, `workstation` hours or a GPU, `paper` is the paper's own size."""
    out: Path | None = None
    """Folder for `results.json`, the figures and `report.md`; by default paper/NAME-SCALE."""
    lab: Path = Path("paper/lab")
    """Folder in which all stages are kept; experiments share what they both need, and a
    run that was killed goes on."""
    overwrite: bool = False
    """Replace results that are there; stages are kept."""
    sizes: tuple[str, ...] = ()
    """Other sizes than the scale's, such as `n=1024 trainings=5`; the names are those at the
    end of `settings` in `results.json`, and a wrong one lists them."""
    base: str = "nano"
    """Model that the verifiers (and the generator, if none is named) are trained from."""
    generator: str | None = None
    """A model that writes all solutions; by default the base, taught the step format."""
    train: Path | None = None
    """Your own training problems, a table; by default procedural ones."""
    test: Path | None = None
    """Your own held-out problems."""
    temperature: float = 0.4
    """Of held-out solutions."""
    train_temperature: float = 1.0
    """Of solutions that are learned from."""
    rater: str | None = None
    """A PRM that rates steps in place of the exact checker; your own problems need one."""
    negative_above: float = NEGATIVE_ABOVE
    """A step is rated -1 where the PRM that rates gives that a higher chance (the paper's 0.2)."""
    words: str = NANO_WORDS
    """Flags with which verifiers are trained, as one word: --words="--epochs 3 --lora"; those
    of the small models by default. Batches are of 4096 tokens (ORM) and 1408 (PRM) unless
    they say otherwise."""
    rows: int = 1024
    """Solutions that are sampled side by side; fewer for large models."""

    def sources(self) -> Sources:
        """What the experiment is made on."""
        return Sources(
            base=model(self.base),
            generator=None if self.generator is None else model(self.generator),
            train=self.train,
            test=self.test,
            temperature=self.temperature,
            train_temperature=self.train_temperature,
            rater=None if self.rater is None else verifier(self.rater, "--rater"),
            negative_above=self.negative_above,
            words=self.words,
            rows=self.rows,
        )


@dataclass(frozen=True, kw_only=True)
class OfSmallScale(OfPaper):
    """What the experiments of the small-scale setup take, too."""

    negative_above: float = 0.5
    """A step is rated -1 where the large PRM gives that a higher chance. The paper has 0.2,
    which takes a surer PRM: two thirds of the right solutions would be wrong here."""
    small: str = SMALL
    """The base of the small verifiers. The large PRM that labels solutions is trained from
    --base, which also writes them if no --generator is named."""


def model(name: str) -> Path | str:
    """A folder, or the name of a shipped model or of one on the hub.

    Raises:
        ModelFolderError: There is none.
    """
    found = find_model(name)
    return name if name in SHIPPED and not Path(name).exists() else found


def verifier(name: str, flag: str, kind: Literal["prm", "orm"] = "prm") -> Path | str:
    """The folder of a verifier, or the address of a server.

    Raises:
        UserError: There is no such folder, or it says that it is of the other kind.
        ModelFolderError: What it says of itself is not as it should be.
    """
    if name.startswith(("http://", "https://")):
        return name
    folder = Path(name)
    if not folder.is_dir():
        raise UserError(f"{flag}: {name} is no folder of a verifier")
    # Models of others have no such file; what they are is found when they are read.
    if (folder / VERIFIER_FILE).exists():
        said = read_settings(folder).kind
        if said != kind:
            raise UserError(f"{flag}: {name} is of kind {said!r}; name one of kind {kind!r}")
    return folder


def run_experiment(
    config: OfPaper,
    name: str,
    scales: Mapping[str, S],
    experiment: Callable[[Lab, S], Findings],
) -> dict[str, Any]:
    """Makes what is not there, writes the results, and returns them.

    Args:
        config: The flags.
        name: Of the experiment, as in `surefoot paper NAME`.
        scales: By name; a dataclass each.
        experiment: The recipe.

    Raises:
        OutputExists: There are results already.
        UserError: A flag is wrong, or another experiment works in the lab.
    """
    scale: Any = resized(scales[config.scale], config.sizes)
    out = _folder(config, name)
    with opened(config.lab, cli.call) as lab:
        found = experiment(lab, scale)
        settings = {**_given(config), **asdict(scale)}
        results = as_json(name, config.scale, settings, _command(config, name), found, lab.seconds)
    return keep(out, results, found)


def keep(out: Path, results: dict[str, Any], found: Findings) -> dict[str, Any]:
    """Writes results, figures and the report; returns them with a text to print."""
    out.mkdir(parents=True, exist_ok=True)
    for figure_name, figure in found.figures.items():
        save(figure, out / f"{figure_name}.svg")
    text = f"# {found.title}\n\n{paragraph(results)}\n"
    write_text(out / "report.md", text)
    write_text(out / RESULTS_FILE, json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    return results | {"out": str(out), "text": f"{text}\n{out / 'report.md'}"}


def _folder(config: OfPaper, name: str) -> Path:
    out = config.out or Path("paper") / f"{name}-{config.scale}"
    if (out / RESULTS_FILE).exists() and not config.overwrite:
        raise OutputExists(out / RESULTS_FILE)
    return out


def _given(config: OfPaper) -> dict[str, Any]:
    left_out = ("json", "debug", "out", "lab", "overwrite", "sizes")
    values = asdict(config).items()
    return {key: str(v) if isinstance(v, Path) else v for key, v in values if key not in left_out}


def _command(config: OfPaper, name: str) -> str:
    """As it would be typed: the flags that are not the usual ones."""
    usual = type(config)()
    words = [f"surefoot paper {name} --scale {config.scale}"]
    for key, value in asdict(config).items():
        if key in ("scale", "json", "debug", "out", "lab", "overwrite"):
            continue
        if value != getattr(usual, key):
            values = value if isinstance(value, tuple) else (value,)
            said = " ".join(shlex.quote(str(one)) for one in values)
            # What begins with a dash would be taken for a flag.
            between = "=" if str(values[0]).startswith("-") else " "
            words.append(f"--{key.replace('_', '-')}{between}{said}")
    return " ".join(words)
