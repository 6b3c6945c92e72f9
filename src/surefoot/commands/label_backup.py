"""`surefoot label backup`: a copy of the database while it is in use."""

from dataclasses import dataclass
from typing import Any

from surefoot.commands.options import Writes
from surefoot.commands.room_options import OfRoom
from surefoot.web.room.backups import back_up


@dataclass(frozen=True, kw_only=True)
class Config(OfRoom, Writes):
    """Copies the SQLite database as it is at one moment, and checks the copy.

    The server may go on meanwhile. The copy is one file and can be served like
    the database itself.

    Example:
      surefoot label backup --db labels.db --out labels-copy.db
    """


def run(config: Config) -> dict[str, Any]:
    """How many events the copy holds."""
    n_events = back_up(config.db, config.out, overwrite=config.overwrite)
    return {"events": n_events, "bytes": config.out.stat().st_size, "out": str(config.out)}
