"""A tiny run of Table 1, whose generator and verifiers other tests use, too."""

from pathlib import Path

import pytest

from surefoot.cli import main

TINY = (
    "--scale smoke --sizes train_problems=20 train_n=3 test_each=3 test_hard=4 n=4"
    " seen=nested,percent unseen=ratio,modular"
).split()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a lab and the results of the run."""
    folder = tmp_path_factory.mktemp("table1")
    words = [*TINY, "--lab", str(folder / "lab"), "--out", str(folder / "out")]
    assert main(["paper", "table1", *words]) == 0
    return folder


def stage(made: Path, name: str) -> str:
    """The only one of this kind in its lab."""
    (found,) = (path for path in (made / "lab").glob(f"{name}-*") if path.is_dir())
    return str(found)
