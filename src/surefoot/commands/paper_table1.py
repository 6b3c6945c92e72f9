"""`surefoot paper table1`: out of distribution."""

from dataclasses import dataclass, replace
from typing import Any

from surefoot.commands.paper_options import OfPaper, run_experiment, verifier
from surefoot.errors import UserError
from surefoot.paper import table1


@dataclass(frozen=True, kw_only=True)
class Config(OfPaper):
    """Table 1 of the paper: kinds of problems that the verifiers were not trained on.

    Some families of procedural problems are kept from the verifiers, not from the base
    and the generator; best-of-100 on them, against majority voting. Or give a model and
    questions of your own (`surefoot problems jsonl` reads them): a row for each subject.

    Example:
        surefoot paper table1 --scale laptop
        surefoot paper table1 --test stem --generator MODEL --prm PRM --orm ORM --rows 64
    """

    prm: str | None = None
    """A trained PRM, instead of some trained here."""
    orm: str | None = None
    """A trained ORM; only beside --prm."""


def run(config: Config) -> dict[str, Any]:
    """The results; the report is in `--out`."""
    given = None
    if config.prm is not None:
        if config.test is not None and config.generator is None:
            raise UserError("--generator: name the model that answers the questions of --test")
        orm = None if config.orm is None else verifier(config.orm, "--orm", "orm")
        given = table1.Given(prm=verifier(config.prm, "--prm"), orm=orm)
        # Nothing is trained and nobody rates: what else own problems need is not asked for.
        train, rater = config.train or config.test, config.rater or config.prm
        sources = replace(config, train=train, rater=rater if train else None).sources()
    elif config.orm is not None:
        raise UserError("--orm: give --prm, too, or neither to have both trained")
    else:
        sources = config.sources()
    return run_experiment(
        config, "table1", table1.SCALES, lambda lab, scale: table1.run(lab, sources, scale, given)
    )
