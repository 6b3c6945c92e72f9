"""`surefoot label doctor`: is everything as it should be for a labelling room?"""

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import text

from surefoot.commands.room_options import OfRoom, check_there, server_of
from surefoot.errors import SurefootError
from surefoot.web.room.app import STATIC
from surefoot.web.room.database import Database, is_server, shown
from surefoot.web.room.files import check_local, file_system
from surefoot.web.room.migrate import newest, version_of

WAL_RESET_MENDED = (3, 51, 3)
"""First SQLite without the bug for whose sake there is only one writing connection."""


@dataclass(frozen=True, kw_only=True)
class Config(OfRoom):
    """Looks at the machine and at a database, and says what is found.

    Example:
      surefoot label doctor --db labels.db
    """


def run(config: Config) -> dict[str, Any]:
    """What was found; `problems` lists what should not be so.

    Raises:
        UserError: There is no such file.
    """
    check_there(config.db)
    problems: list[str] = []
    found: dict[str, Any] = {
        "database": shown(config.db),
        "page": "there" if (STATIC / "index.html").is_file() else "not built",
    }
    if not is_server(config.db):
        found |= _about_file(Path(config.db), problems)
    found |= _about_content(config.db, problems)
    return found | {"problems": problems or "none"}


def _about_file(path: Path, problems: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {"sqlite": sqlite3.sqlite_version}
    if sqlite3.sqlite_version_info < WAL_RESET_MENDED:
        found["sqlite_note"] = "has the WAL-reset bug, which one writing connection avoids"
    mounts = Path("/proc/self/mountinfo")
    if mounts.exists():
        table = mounts.read_text(encoding="utf-8", errors="replace")
        found["file_system"] = file_system(path.resolve().parent, table)
    try:
        check_local(path)
    except SurefootError as error:
        problems.append(str(error))
    found["server"] = server_of(str(path)) or "none"
    parts = (path, path.with_name(f"{path.name}-wal"))  # the newest is in the second
    found["bytes"] = sum(part.stat().st_size for part in parts if part.exists())
    return found


def _about_content(place: str, problems: list[str]) -> dict[str, Any]:
    database = Database(place, "read")
    try:
        version = version_of(database)
        found: dict[str, Any] = {"schema": version, "newest_schema": newest()}
        if version != newest():
            problems.append("the schema is not this version's; `surefoot label serve` updates it")
            return found
        with database.read() as session:
            if database.is_sqlite:
                state = session.scalar(text("PRAGMA quick_check(1)"))
                found["integrity"] = state
                if state != "ok":
                    problems.append(f"the file is damaged: {state}; restore a backup")
            for table in ("labeler", "task", "assignment", "event", "submission"):
                found[f"{table}s"] = session.scalar(text(f"SELECT count(*) FROM {table}"))
        return found
    finally:
        database.close()
