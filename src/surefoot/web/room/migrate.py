"""Brings a database to the version of this program, or back.

Alembic runs the files in `migrations/versions`. There is no `env.py` and no
`alembic.ini`: the engine is the one that the server uses.
"""

from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text

from surefoot.errors import UserError
from surefoot.web.room.database import LOCK_KEY, Database, shown
from surefoot.web.room.schema import Table

FOLDER = Path(__file__).parent / "migrations"


def newest() -> str:
    """The version that this program works with."""
    head = ScriptDirectory(str(FOLDER)).get_current_head()
    assert head is not None
    return head


def version_of(database: Database) -> str | None:
    """The version of a database; None if it is empty."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def migrate(database: Database, target: str = "head") -> None:
    """Bring the database to a version; one that is there already is left as it is.

    Args:
        database: Open for writing.
        target: `head`, `base` (empty) or a version.

    Raises:
        UserError: The database is of a later version than this program.
    """
    script = ScriptDirectory(str(FOLDER))
    is_down = target == "base" or _is_before(script, target, version_of(database))

    def steps(revision: Any, _: Any) -> Any:
        if is_down:
            return script._downgrade_revs(target, revision)
        return script._upgrade_revs(target, revision)

    try:
        with database.engine.begin() as connection:
            if not database.is_sqlite:  # two servers may start at once
                connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK_KEY})"))
            _run(connection, script, steps)
    except CommandError:
        raise UserError(
            f"{shown(database.place)}: was made by a later version of surefoot"
            f" (schema {version_of(database)}, this one knows {newest()}); update surefoot"
        ) from None


def check_version(database: Database) -> None:
    """Refuses a database that is not of this program's version, for commands that only read.

    Raises:
        UserError: It is older, newer, or no database of the labelling room.
    """
    found = version_of(database)
    if found != newest():
        what = "is no database of the labelling room" if found is None else f"is of schema {found}"
        raise UserError(
            f"{shown(database.place)}: {what}; `surefoot label serve` brings one to {newest()}"
        )


def _is_before(script: ScriptDirectory, target: str, current: str | None) -> bool:
    if target == "head" or current in (None, target):
        return False
    older = [revision.revision for revision in script.walk_revisions("base", "heads")]
    return current in older and older.index(target) > older.index(current)


def _run(connection: Connection, script: ScriptDirectory, steps: Any) -> None:
    with EnvironmentContext(Config(), script, fn=steps) as environment:
        environment.configure(connection=connection, target_metadata=Table.metadata)
        environment.run_migrations()
