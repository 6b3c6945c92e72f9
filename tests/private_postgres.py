"""A private PostgreSQL server for tests, where the programs are there."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

INSTALLED = Path("/usr/lib/postgresql")


def programs() -> Path | None:
    """Folder of initdb and pg_ctl; the newest."""
    found = sorted(INSTALLED.glob("*/bin/initdb")) if INSTALLED.is_dir() else []
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


def running() -> Iterator[str]:
    """URL of a private server, which no other machine reaches; skips where there is none."""
    folder = programs()
    if folder is None:
        pytest.skip("PostgreSQL is not installed")
    pytest.importorskip("psycopg")
    user: str | None = None
    place = Path(tempfile.mkdtemp(prefix="pg"))  # its socket's path must be short
    if os.geteuid() == 0:  # initdb refuses to run as root
        try:
            user = pwd.getpwnam("postgres").pw_name
        except KeyError:
            pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
        shutil.chown(place, user)

    def run(*words: str) -> None:
        subprocess.run(words, check=True, user=user, capture_output=True, cwd=place)

    data = place / "data"
    run(str(folder / "initdb"), "-D", str(data), "-U", "room", "--auth=trust", "-E", "UTF8", "-N")
    options = f"-k {place} -c listen_addresses= -c fsync=off -c shared_buffers=16MB"
    ctl = (str(folder / "pg_ctl"), "-D", str(data), "-w")
    run(*ctl, "-l", str(place / "log"), "-o", options, "start")
    try:
        yield f"postgresql://room@/postgres?host={place}"
    finally:
        run(*ctl, "-m", "immediate", "stop")
        shutil.rmtree(place, ignore_errors=True)


def emptied(url: str) -> str:
    """The same server without tables."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return url
