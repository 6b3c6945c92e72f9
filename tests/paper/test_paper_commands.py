"""`surefoot paper ...` as typed, in as little time as possible."""

import json
from pathlib import Path

import pytest

from surefoot.cli import VERBS, main
from surefoot.records import Grade, Labels, Problem, Solution
from surefoot.tables import read
from synthetic_run import make_run


def scored_samples(path: Path) -> Path:
    """A made-up run in OpenAI's layout."""
    run = make_run(problems=20, samples=16)
    rows = [
        {
            "problem": solution.problem_id,
            "answer": solution.answer,
            "is_correct": grade.verdict == "correct",
            "prm_score": prm.solution_score,
            "orm_score": orm.solution_score,
        }
        for solution, grade, prm, orm in zip(
            run.solutions, run.grades, run.prm, run.orm, strict=True
        )
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_figure_3_of_given_samples_and_a_page_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    samples, out = scored_samples(tmp_path / "samples.jsonl"), tmp_path / "figure3"
    words = ["paper", "figure3", "--scores", str(samples), "--out", str(out)]
    assert main(words) == 0
    assert "the PRM solves more problems than the ORM" in capsys.readouterr().out
    results = json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert results["numbers"]["n"] == [1, 2, 4, 8, 16]
    assert "</svg>" in (out / "figure3.svg").read_text(encoding="utf-8")
    assert main(words) == 2  # nothing is overwritten
    other, page = tmp_path / "again", tmp_path / "docs" / "results.md"
    assert main([*words[:-1], str(other)]) == 0
    assert main(["paper", "results", str(out), str(other), "--out", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    # Nothing is written where a run is missing.
    other_page = ["--out", str(tmp_path / "other.md")]
    assert main(["paper", "results", str(out), str(tmp_path / "missing"), *other_page]) == 2
    assert not list(tmp_path.glob("other*"))
    for name in ("figure3", "again"):
        assert f"## Figure 3, of given samples ({name})" in text
        assert f"(results/{name}_figure3.svg)" in text
        assert (tmp_path / "docs" / "results" / f"{name}_figure3.svg").is_file()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["figure3", "--scores", "nothing.jsonl"], "nothing.jsonl: no such file"),
        (["figure3", "--train", "problems"], "--train and --test: give both"),
        (["table1", "--train", "p", "--test", "q"], "--rater: name a PRM"),
        (["table1", "--sizes", "trainings=0"], "--sizes: trainings must be whole and >= 1"),
        (["table1", "--sizes", "m=4"], "--sizes: there is no 'm'; there are train_problems"),
        (["figure4", "--sizes", "labelled=1,x"], "labelled must be whole and >= 1, got '1,x'"),
        (["results", "nowhere", "--out", "page.md"], "no such file or folder"),
        (["results", ".", "--out", "page.md"], "results.json: no such file"),
    ],
)
def test_what_is_asked_wrongly_is_one_line(
    words: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["paper", *words]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def sized(**sizes: int) -> list[str]:
    return ["--scale", "smoke", "--sizes", *(f"{name}={n}" for name, n in sizes.items())]


def test_experiments_share_stages_and_go_on(tmp_path: Path) -> None:
    """Figure 3, then scoring, which makes nothing new, and calibration, which samples again."""
    sizes = sized(train_problems=22, pool_n=3, orm_n=2, test_problems=11, n=4)
    words = [*sizes, "--lab", str(tmp_path / "lab")]
    assert main(["paper", "figure3", *words, "--out", str(tmp_path / "figure3")]) == 0
    stages = {path.name for path in (tmp_path / "lab").iterdir()}
    for name, more in (
        ("scoring", set()),
        ("calibration", {"solutions", "grades", "labels", "scores"}),
    ):
        assert main(["paper", name, *words, "--out", str(tmp_path / name)]) == 0
        new = {path.name for path in (tmp_path / "lab").iterdir()} - stages
        assert {path.partition("-")[0] for path in new} == more
        results = json.loads((tmp_path / name / "results.json").read_text(encoding="utf-8"))
        assert results["experiment"] == name
        assert results["claims"]
        assert results["command"] == " ".join(["surefoot paper", name, *sizes])
        assert results["settings"]["n"] == 4
    # Learning from the chosen, tested on others: no problem is on both sides.
    made = json.loads((tmp_path / "figure3" / "results.json").read_text(encoding="utf-8"))
    models = made["numbers"]["models"]
    for name in (models["generator"], *models["prm"], *models["orm"]):
        assert (tmp_path / "lab" / name / "config.json").is_file()
    problems = [
        {p.problem_id for p in read(path, Problem)}
        for split in ("train", "test")
        for path in (tmp_path / "lab").glob(f"{split}-problems-*")
        if path.is_dir()
    ]
    assert len(problems) == 2
    assert not problems[0] & problems[1]


def test_the_rated_are_one_at_random_and_the_convincing(tmp_path: Path) -> None:
    lab = tmp_path / "lab"
    words = sized(train_problems=22, pool_n=5, rated_n=3, orm_n=2, test_problems=5, n=2)
    words += ["--lab", str(lab), "--out", str(tmp_path / "out")]
    assert main(["paper", "figure3", *words]) == 0
    (joined,) = (path for path in lab.glob("joined-*") if path.is_dir())
    rated = read(joined, Solution)
    assert len({s.solution_id for s in rated}) == len(rated)
    per_problem = {p: sum(s.problem_id == p for s in rated) for p in {s.problem_id for s in rated}}
    assert max(per_problem.values()) == 3
    labelled = {row.solution_id for path in lab.glob("labels-*") if path.is_dir()
                for row in read(path, Labels)}  # fmt: skip
    assert {s.solution_id for s in rated} <= labelled
    verdicts = {g.solution_id: g.verdict for path in lab.glob("grades-*") if path.is_dir()
                for g in read(path, Grade)}  # fmt: skip
    assert any(verdicts[s.solution_id] == "incorrect" for s in rated)


def test_every_experiment_has_its_verb() -> None:
    names = {name.removeprefix("paper ") for name in VERBS if name.startswith("paper ")}
    assert names == {
        "figure3", "figure4", "active-learning", "table1", "scoring", "calibration", "results",
    }  # fmt: skip
