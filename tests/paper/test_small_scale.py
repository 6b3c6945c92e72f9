"""Figure 4 and active learning as typed, tiny, in one lab."""

import json
from pathlib import Path
from typing import Any

import pytest

from surefoot.cli import main
from surefoot.records import Solution
from surefoot.tables import read

SETUP = "large_problems=12 large_n=2 train_problems=24 pool_n=8 test_problems=6 n=4 trainings=1"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lab, and the results of both."""
    folder = tmp_path_factory.mktemp("small")
    for name, sizes in (("figure4", "labelled=1,4"), ("active-learning", "labelled=1,4 rounds=2")):
        words = ["--scale", "smoke", "--sizes", *SETUP.split(), *sizes.split()]
        places = ["--lab", str(folder / "lab"), "--out", str(folder / name)]
        assert main(["paper", name, *words, *places]) == 0
    return folder


def results(folder: Path, name: str) -> dict[str, Any]:
    text = (folder / name / "results.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text, parse_constant=lambda value: pytest.fail(value))
    return found


def test_all_series_and_the_error_of_the_large_prm(folder: Path) -> None:
    found = results(folder, "figure4")
    assert set(found["numbers"]["labelled"]) == {"1", "4"}
    series = found["numbers"]["labelled"]["4"]["series"]
    assert {"process", "outcome by the PRM", "outcome by the answer", "majority"} <= set(series)
    # Of four solutions the one that a verifier likes best is right at most as often as any.
    assert series["process"]["mean"][-1] <= series["pass"]["mean"][-1]
    error = found["numbers"]["large_prm"]
    assert 0 <= error["first_error"] <= error["has_error"] <= 1
    assert found["figures"] == ["figure4a", "figure4b"]


def test_setup_is_made_once(folder: Path) -> None:
    labs = [path.name for path in (folder / "lab").glob("generator-*") if path.is_dir()]
    assert len(labs) == 1
    seconds = [set(results(folder, name)["seconds"]) for name in ("figure4", "active-learning")]
    assert {name for name in seconds[0] & seconds[1] if name.startswith("prm-")}


def test_every_way_of_choosing_labels_as_many(folder: Path) -> None:
    found = results(folder, "active-learning")["numbers"]
    ways = {name: one["labelled"] for name, one in found["ablations"].items()}
    assert "per problem, 3 of 4 convincing wrong, the paper's 80 %" in ways
    assert "per problem, selector retrained on what was chosen" in ways
    assert all(3 <= labelled <= 4 for labelled in ways.values()), ways


def test_nothing_is_labelled_twice(folder: Path) -> None:
    """Neither by rounds nor by one choice."""
    tables = [path for path in (folder / "lab").glob("joined-*") if path.is_dir()]
    tables += [path for path in (folder / "lab").glob("chosen-*") if path.is_dir()]
    assert tables
    firsts = {path for path in tables if len(read(path, Solution)) > 24}
    for table in firsts:
        texts = [(row.problem_id, row.steps) for row in read(table, Solution)]
        n_first = 24 if table.name.startswith("joined") else 0  # the selector's own, one each
        assert len(texts) - len(set(texts)) <= n_first
