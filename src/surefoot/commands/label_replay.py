"""`surefoot label replay`: are all ratings what the events say?"""

import logging
from dataclasses import dataclass
from typing import Any

from surefoot.commands.room_options import OfRoom, reading, writing
from surefoot.errors import SurefootError
from surefoot.web.room.replay import replay

log = logging.getLogger("surefoot")


@dataclass(frozen=True, kw_only=True)
class Config(OfRoom):
    """Makes all ratings again from the events, which are never changed.

    With --check it only compares, also while the server runs, and fails if
    anything differs: ratings, submitted sessions, open slots, the audit log.
    Without it ratings and slots are written as the events say.

    Example:
      surefoot label replay --db labels.db --check
    """

    check: bool = False
    """Compare and change nothing."""


def run(config: Config) -> dict[str, Any]:
    """Counts of what was looked at."""
    with (reading if config.check else writing)(config.db) as session:
        found = replay(session, mend=not config.check)
    for line in found.told:
        log.warning(line)
    n = found.counts["differences"]
    if config.check and n:
        raise SurefootError(f"{config.db}: {n} things are not what the events say")
    return dict(found.counts)
