"""`surefoot train generator`."""

import json
from pathlib import Path

import pytest
import torch

from surefoot.cli import main
from surefoot.generation.folder import encode, load_model
from surefoot.steps import join_steps, solve_prompt, split_steps
from toy_sums import toy_sums, write_tables


def words(folder: Path, tmp_path: Path) -> list[str]:
    paths = write_tables(toy_sums(n_problems=3), tmp_path)
    flags = [f"--{name}={paths[name]}" for name in ("problems", "solutions", "grades")]
    return ["train", "generator", f"--base={folder}", *flags, f"--out={tmp_path / 'out'}", "--json"]


def test_generator_writes_what_it_learned_and_stops(
    tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = toy_sums(n_problems=3)
    flags = ["--epochs=150", "--learning-rate=1e-2"]
    assert main([*words(tiny_folder, tmp_path), *flags]) == 0
    report = json.loads(capsys.readouterr().out)
    verdicts = [grade.verdict for grade in data.grades]
    right = {
        (s.problem_id, s.steps)
        for s, verdict in zip(data.solutions, verdicts, strict=True)
        if verdict == "correct"
    }
    assert report["examples"] == len(right)
    assert report["left_out"]["incorrect"] == verdicts.count("incorrect")
    model, tokenizer = load_model(tmp_path / "out")
    problem_id, steps = sorted(right)[0]
    statement = next(p.statement for p in data.problems if p.problem_id == problem_id)
    ids = torch.tensor([encode(tokenizer, solve_prompt(statement))])
    # Greedy, by hand: the point is what was learned, not how it is sampled.
    written: list[int] = []
    while len(written) < 80 and written[-1:] != [tokenizer.eos_token_id]:
        logits = model(input_ids=ids).logits[0, -1]
        written.append(int(logits.argmax()))
        ids = torch.cat([ids, torch.tensor([[written[-1]]])], dim=1)
    assert written[-1] == tokenizer.eos_token_id
    text = tokenizer.decode(written[:-1])
    assert text == join_steps(steps)
    assert split_steps(text) == steps


def test_no_correct_solution_is_said_in_one_line(
    tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = words(tiny_folder, tmp_path)
    grades = tmp_path / "grades.jsonl"
    grades.write_text(grades.read_text().replace('"correct"', '"incorrect"'))
    assert main(command) == 2
    assert "nothing to train on" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
