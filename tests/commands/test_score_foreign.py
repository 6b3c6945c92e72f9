"""`surefoot score` and `evaluate processbench` with a verifier that was not trained here."""

import json
from pathlib import Path

import pytest
import torch
from torch import nn
from transformers import AutoTokenizer, Qwen2Config, Qwen2ForTokenClassification

from surefoot.cli import main
from surefoot.records import Scores
from surefoot.tables import read
from toy_sums import toy_sums, write_tables


@pytest.fixture(scope="module")
def classifier(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As TRL saves a PRM."""
    folder = tmp_path_factory.mktemp("trl") / "my-prm"
    tokenizer = AutoTokenizer.from_pretrained(tiny_folder)
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        num_labels=2,
        bos_token_id=None,
        eos_token_id=0,
        pad_token_id=0,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = Qwen2ForTokenClassification(config)
        nn.init.normal_(model.score.weight)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_the_format_is_told_and_can_be_overridden(
    classifier: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tables(toy_sums(n_problems=3), tmp_path)
    words = ["score", str(tmp_path / "solutions.jsonl"), f"--problems={tmp_path}/problems.jsonl"]
    words += [f"--verifier={classifier}", "--json"]
    assert main([*words, f"--out={tmp_path}/a"]) == 0
    shown = capsys.readouterr()
    report = json.loads(shown.out)
    assert (report["format"], report["kind"], report["aggregation"]) == ("trl", "prm", "product")
    assert "my-prm: read as a verifier of the format trl" in shown.err
    other = [*words, f"--out={tmp_path}/b", "--verifier-format=trl-blank-line", "--aggregation=min"]
    assert main(other) == 0
    assert json.loads(capsys.readouterr().out)["format"] == "trl-blank-line"
    a, b = read(tmp_path / "a", Scores), read(tmp_path / "b", Scores)
    assert len(a) == len(b) == 12
    assert [row.step_scores for row in a] != [row.step_scores for row in b]
    assert all(row.solution_score == min(row.step_scores) for row in b)
    assert main([*words, f"--out={tmp_path}/c", "--verifier-format=prm"]) == 2
    assert "no format 'prm'; there are: surefoot, math-shepherd" in capsys.readouterr().err
    assert not (tmp_path / "c").exists()


def test_first_errors_on_real_rows(
    classifier: Path, shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [f"--data={shared_data}/processbench", f"--verifier={classifier}", "--limit=10"]
    assert main(["evaluate", "processbench", *words, "--threshold-from=math", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["format"], report["threshold_from"]) == ("trl", "math")
    assert [numbers["n"] for numbers in report["subsets"].values()] == [10, 10]
