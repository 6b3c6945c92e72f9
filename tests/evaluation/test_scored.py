"""OpenAI's layout of scored samples."""

import gzip
import json
import math
from pathlib import Path
from typing import Any

import pytest

from surefoot.errors import BadRow, UserError
from surefoot.evaluation.curves import compute_curves
from surefoot.evaluation.scored import is_scored, read_scored

ROW: dict[str, Any] = {
    "problem": "What is 1+1?",
    "answer": "2",
    "is_correct": True,
    "prm_score": 0.9,
    "orm_score": 0.8,
}


def written(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_rows_are_grouped_by_problem(tmp_path: Path) -> None:
    other = ROW | {"problem": "What is 2+2?", "answer": "5", "is_correct": False}
    pools = read_scored(written(tmp_path / "s.jsonl", ROW, other, ROW | {"answer": None}))
    assert [len(pool) for pool in pools] == [2, 1]
    assert pools[0].is_correct.tolist() == [True, False]
    assert pools[0].has_answer.tolist() == [True, False]
    assert pools[0].scores["orm"].tolist() == [0.8, 0.8]


def test_unique_id_parts_problems_of_one_wording(tmp_path: Path) -> None:
    rows = [ROW | {"unique_id": "a"}, ROW | {"unique_id": "b"}]
    assert len(read_scored(written(tmp_path / "s.jsonl", *rows))) == 2


def test_gzip_and_one_verifier_alone(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl.gz"
    row = {key: value for key, value in ROW.items() if key != "orm_score"}
    path.write_bytes(gzip.compress(json.dumps(row).encode()))
    (pool,) = read_scored(path)
    assert set(pool.scores) == {"prm"}


def test_null_scores_only_without_an_answer(tmp_path: Path) -> None:
    blank = ROW | {"answer": None, "prm_score": None, "is_correct": False}
    (pool,) = read_scored(written(tmp_path / "s.jsonl", ROW, blank))
    assert math.isnan(pool.scores["prm"][1])
    with pytest.raises(BadRow, match=r"s\.jsonl:2: prm_score: must be a number, got null"):
        read_scored(written(tmp_path / "s.jsonl", ROW, ROW | {"prm_score": None}))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"problem": None}, "problem: must be text"),
        ({"answer": 2}, "answer: must be text or null, got 2"),
        ({"is_correct": 1}, "is_correct: must be true or false, got 1"),
        ({"is_correct": "true"}, 'is_correct: must be true or false, got "true"'),
        ({"orm_score": "0.8"}, 'orm_score: must be a number, got "0.8"'),
        ({"orm_score": True}, "orm_score: must be a number, got true"),
        ({"prm_score": float("nan")}, "prm_score: must be a number, got NaN"),
    ],
)
def test_a_wrong_value_is_named(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    path = written(tmp_path / "s.jsonl", ROW, ROW | change)
    with pytest.raises(BadRow) as caught:
        read_scored(path)
    assert str(caught.value).startswith(f"{path}:2: {message}")


@pytest.mark.parametrize("field", ["problem", "answer", "is_correct", "prm_score"])
def test_a_missing_field_is_named(tmp_path: Path, field: str) -> None:
    short = {key: value for key, value in ROW.items() if key != field}
    with pytest.raises(BadRow, match=rf":2: {field}: is missing"):
        read_scored(written(tmp_path / "s.jsonl", ROW, short))


def test_no_rows_not_json_and_no_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no rows"):
        read_scored(written(tmp_path / "empty.jsonl"))
    bad = tmp_path / "bad.jsonl"
    bad.write_text(json.dumps(ROW) + "\n{oops\n", encoding="utf-8")
    with pytest.raises(BadRow, match=r"bad\.jsonl:2: not JSON"):
        read_scored(bad)
    with pytest.raises(UserError, match="no such file"):
        read_scored(tmp_path / "nowhere.jsonl")
    assert not is_scored(bad.with_name("empty.jsonl"))
    assert is_scored(bad)


def test_the_published_row(shared_data: Path, tmp_path: Path) -> None:
    row = json.loads((shared_data / "best_of_n" / "scored_sample_example.json").read_text())
    (pool,) = read_scored(written(tmp_path / "s.jsonl", row))
    assert pool.problem_id == "test/precalculus/779.json"
    # The published PRM score is the product of P(+1) + P(0) over the steps.
    product = math.prod(step["1"] + step["0"] for step in row["rating_probs"])
    assert pool.scores["prm"][0] == pytest.approx(product, rel=1e-6)
    assert compute_curves([pool]).as_json()["orm"] == [1.0]
