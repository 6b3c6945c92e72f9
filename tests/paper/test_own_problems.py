"""Figure 3 on a user's own tables, rated by a PRM that is given."""

import json
from pathlib import Path

import pytest
from tiny_table1 import made, stage

from surefoot.cli import main

__all__ = ["made"]  # a fixture


@pytest.fixture(scope="module")
def words(made: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Two tables, a generator and a rater."""
    folder = tmp_path_factory.mktemp("own")
    for split, n in (("train", "12"), ("test", "5")):
        arith = ["problems", "arith", "-n", n, "--split", split, "--levels", "2", "--seed", "7"]
        assert main([*arith, "--out", str(folder / split)]) == 0
    sizes = "train_problems=12 pool_n=4 rated_n=2 orm_n=2 test_problems=5 n=4".split()
    return [
        "paper", "figure3", "--scale", "smoke", "--sizes", *sizes, "--train", str(folder / "train"),
        "--test", str(folder / "test"), "--generator", stage(made, "generator"),
        "--rater", stage(made, "prm"),
    ]  # fmt: skip


def test_a_figure_of_ones_own(words: list[str], tmp_path: Path) -> None:
    places = ["--lab", str(tmp_path / "lab"), "--out", str(tmp_path / "out")]
    assert main([*words, *places]) == 0
    found = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    assert found["numbers"]["problems"] == 5
    # Nobody knows the truth of steps here, so nothing is said of it.
    assert "checker" not in found["numbers"]["series"]
    assert found["numbers"]["right_by_wrong_steps"] is None
    assert "wrong step" not in found["setting"]
    stages = {path.name for path in (tmp_path / "lab").iterdir()}
    # Fewer rows at a time give the same; other test problems do not.
    assert main([*words, "--rows", "2", *places, "--overwrite"]) == 0
    assert {path.name for path in (tmp_path / "lab").iterdir()} == stages
    test = Path(words[words.index("--test") + 1])
    arith = ["problems", "arith", "-n", "5", "--split", "test", "--levels", "2", "--seed", "8"]
    assert main([*arith, "--out", str(test), "--overwrite"]) == 0
    assert main([*words, *places, "--overwrite"]) == 0
    new = {path.name for path in (tmp_path / "lab").iterdir()} - stages
    assert {name.partition("-")[0] for name in new} >= {"test", "solutions", "scores"}
    assert not {name for name in new if name.startswith(("prm", "orm", "train"))}


def test_what_is_learned_from_is_not_tried(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = list(words)
    again[again.index("--test") + 1] = again[again.index("--train") + 1]
    places = ["--lab", str(tmp_path / "lab"), "--out", str(tmp_path / "out")]
    assert main([*again, *places]) == 2
    assert "is one of the problems of --train, too" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flag", "value", "said"),
    [
        ("--rater", "nowhere", "--rater: nowhere is no folder of a verifier"),
        ("--generator", "nowhere", "nowhere: no such model folder"),
        ("--base", "./nowhere", "no such model folder"),
    ],
)
def test_models_are_looked_for_first(
    words: list[str], flag: str, value: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, flag, value]) == 2
    assert said in capsys.readouterr().err
