"""`surefoot label rate`: a program that rates in the labelling room as people do."""

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from surefoot.atomic import write_text
from surefoot.commands.label_auto import RATERS
from surefoot.commands.options import Options, check_at_least
from surefoot.errors import UserError
from surefoot.labeling.rate import erring, lot
from surefoot.progress import Progress
from surefoot.web.scripted import ScriptedRater
from surefoot.web.visitor import Refusal, Visitor, parts_of


@dataclass(frozen=True, kw_only=True)
class Config(Options):
    """Rates in the labelling room with a program, to try the room or a whole loop.

    Signs in with a link of `surefoot label invite`, takes work, rates and submits
    it through the requests that the page makes, and sees no more than the page
    shows. Ends when nothing is left for it, or when it is paused. The same command
    goes on after it was killed.

    Example:
      surefoot label rate "http://127.0.0.1:8765/i#SECRET" --by checker
      surefoot label rate "http://127.0.0.1:8765/i#SECRET" --error-rate 0.05 --limit 200
    """

    link: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="LINK")]
    """Invite link of a labeler, in quotes as it holds a `#`."""
    by: Literal["checker"] = "checker"
    """The judge. The exact checker gives work back that is not on a problem of
    `surefoot problems arith`."""
    error_rate: float = 0.0
    """Chance, 0 to 1, that a step's rating becomes one of the other two, each as likely;
    drawn for each step by itself."""
    limit: int | None = None
    """End after so many pieces of work."""
    seed: int = 0
    """Of the errors, with the rater's name: the same steps get the same ratings again."""
    session: Path | None = None
    """File that keeps the sign-in for when this is started again, readable by its owner
    only (default: in ~/.cache/surefoot, named after the link)."""


def run(config: Config) -> dict[str, Any]:
    """Rates until nothing is left; counts by how the work ended."""
    check_at_least("--error-rate", config.error_rate, 0)
    if config.error_rate > 1:
        raise UserError(f"--error-rate: must be <= 1, got {config.error_rate}")
    if config.limit is not None:
        check_at_least("--limit", config.limit, 1)
    counts: Counter[str] = Counter()
    with closing(_signed_in(config)) as visitor:
        me = visitor.get("/me")
        seed = f"{config.seed} {me['name']}"
        rater = ScriptedRater(
            visitor,
            erring(RATERS[config.by], config.error_rate, seed),
            me["project"]["protocol"],
            lambda among, place: _drawn(among, f"{seed} {place}"),
        )
        total = _left(me) if config.limit is None else config.limit
        with Progress("Rating", total) as progress:
            while config.limit is None or progress.made < config.limit:
                answer = visitor.post("/assignments/claim", count=1)
                if not answer["assignments"]:
                    break
                end = rater.rate(answer["assignments"][0])
                counts["released" if end is None else end.finish] += 1
                progress.advance(f"{progress.rate:.1f} a second")
        reason = "limit" if answer["assignments"] else answer["reason"]
    return {
        "name": me["name"],
        "submitted": counts.total() - counts["released"],
        **counts,
        "ended": reason,
        "seconds": round(progress.seconds, 1),
    }


def _left(me: dict[str, Any]) -> int:
    """Work, and what is left of a screening before it."""
    exam = me["screening"] or {"total": 0, "answered": 0}
    return int(me["stats"]["left"] + exam["total"] - exam["answered"])


def _drawn(among: Sequence[int], key: str) -> int:
    return among[int(lot(key) * len(among))]


def _signed_in(config: Config) -> Visitor:
    url, secret = parts_of(config.link)
    path = config.session or _kept_at(config.link)
    if path.exists():
        return Visitor(url, path.read_text(encoding="ascii").strip())
    visitor = Visitor(url)
    try:
        session = visitor.sign_in(secret)
    except Refusal as refusal:
        visitor.close()
        raise UserError(
            f"{refusal}; --session names the file of a sign-in with it, if it was used here"
        ) from None
    umask = os.umask(0o077)
    try:
        write_text(path, session + "\n")
    finally:
        os.umask(umask)
    return visitor


def _kept_at(link: str) -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "surefoot" / f"{hashlib.sha256(link.strip().encode()).hexdigest()[:16]}.session"
