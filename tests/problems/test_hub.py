"""Hub names through `datasets`, here pointed at a folder, as tests have no network."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from surefoot.problems.hub import is_hub_name

PROGRAM = """
from surefoot.problems.hub import hub_rows
for row in hub_rows("someone/sums"):
    print(row.path, row.number, row.split, row.fields["question"])
"""


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("openai/gsm8k", True),
        ("HuggingFaceH4/MATH-500", True),
        ("gsm8k", False),
        ("data/train.jsonl", False),
        ("./gsm8k/main", False),
        ("../gsm8k", False),
        ("/data/gsm8k", False),
        ("a/b/c", False),
    ],
)
def test_what_can_be_a_hub_name(source: str, expected: bool) -> None:
    assert is_hub_name(source) is expected


def test_rows_of_both_splits(tmp_path: Path) -> None:
    """In a process of its own: `datasets` keeps caches and settings for good."""
    pytest.importorskip("datasets", reason="the extra `hub` is not installed")
    folder = tmp_path / "someone" / "sums"
    folder.mkdir(parents=True)
    for split in ("train", "test", "validation"):
        rows = [{"question": f"{split} {i}?", "answer": "#### 1"} for i in range(2)]
        (folder / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    environment = {"HF_HOME": str(tmp_path / "cache"), "HF_HUB_OFFLINE": "1", "PATH": ""}
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.splitlines() == [
        "someone/sums/default/train 1 train train 0?",
        "someone/sums/default/train 2 train train 1?",
        "someone/sums/default/test 1 test test 0?",
        "someone/sums/default/test 2 test test 1?",
    ]


def test_a_hub_out_of_reach_is_one_line(tmp_path: Path) -> None:
    pytest.importorskip("datasets", reason="the extra `hub` is not installed")
    command = [sys.executable, "-m", "surefoot", "problems", "gsm8k", "someone/none", "--out", "x"]
    environment = {"HF_HOME": str(tmp_path / "cache"), "HF_HUB_OFFLINE": "1", "PATH": ""}
    result = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 2
    assert "someone/none: no such file or folder, and the hub does not give it" in result.stderr
    assert "Traceback" not in result.stderr
