"""The pairs where we decide otherwise than a published label, and say why."""

import json
from pathlib import Path
from typing import Any

import pytest

from surefoot.grading.judge import judge

FILE = Path(__file__).parent.parent / "data" / "disputed_pairs.jsonl"
ROWS = [json.loads(line) for line in FILE.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['given']} = {row['gold']}"[:40])
def test_we_answer_what_the_file_says(row: dict[str, Any]) -> None:
    assert set(row) == {"given", "gold", "expected", "ours", "reason"}
    assert judge(row["given"], row["gold"]).verdict == row["ours"]
    assert judge(row["gold"], row["given"]).verdict == row["ours"]
    assert row["ours"] != ("correct" if row["expected"] else "incorrect")
    assert row["reason"].endswith(".")


def test_every_other_decided_label_is_ours(shared_data: Path) -> None:
    """Each pair decided otherwise than its label is in the file, attacks left aside."""
    disputed = {(row["given"], row["gold"]) for row in ROWS}
    missing = []
    for line in (shared_data / "answers" / "pairs_open.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        if row["source"] == "adversarial" or (row["given"], row["gold"]) in disputed:
            continue
        verdict = judge(row["given"], row["gold"]).verdict
        if verdict == ("incorrect" if row["expected"] else "correct"):
            missing.append(row)
    assert missing == []
