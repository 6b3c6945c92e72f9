"""`docs/formats.md` says what the code does."""

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from surefoot.columns import Column, Shape, builder, columns, schema
from surefoot.evaluation.layouts.catalogue import LAYOUT_NAMES, LAYOUTS, LayoutName, recognise
from surefoot.evaluation.step_report import step_report, tables_of
from surefoot.evaluation.step_table import Predicted, RatedSolution
from surefoot.labeling.export import Exporter, line
from surefoot.labeling.formats import FORMATS, FormatName, Imported, collect
from surefoot.labeling.manifest import Origin, Tally, described
from surefoot.labeling.rated import Rated
from surefoot.paper.experiment import Findings, as_json
from surefoot.paper.lab import Lab
from surefoot.paper.trials import Claim, Estimate
from surefoot.problems.rows import Row
from surefoot.records import Grade, Labels, Problem, RatedStep, Scores, Session, Solution
from surefoot.stages import run_stage
from surefoot.verifiers.settings import VerifierSettings

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "formats.md").read_text(encoding="utf-8")
TABLES = {
    "problems": Problem,
    "solutions": Solution,
    "grades": Grade,
    "labels": Labels,
    "scores": Scores,
    "sessions": Session,
    "rated steps": RatedStep,
}
LABEL_FORMATS: dict[str, FormatName] = {
    "prm800k": "prm800k",
    "prm800k paths": "prm800k",
    "math-shepherd": "math-shepherd",
    "trl": "trl",
    "openrlhf": "openrlhf",
    "processbench": "processbench",
    "math-aps": "math-aps",
}


def section(heading: str) -> str:
    (found,) = re.findall(rf"^##+ {re.escape(heading)}\n(.*?)(?=^##|\Z)", PAGE, re.M | re.S)
    return str(found)


def example(heading: str) -> dict[str, Any]:
    (found,) = re.findall(r"```json\n(.*?)\n```", section(heading), re.S)
    row = json.loads(found)
    assert isinstance(row, dict)
    return row


def rows(heading: str) -> list[list[str]]:
    table = re.findall(r"^\| (`.*) \|$", section(heading), re.M)
    return [[cell.strip() for cell in line.split("|")] for line in table]


def documented_type(column: Column) -> str:
    """The type as the page words it, from the code's own description."""
    return _type(column.shape, ", nullable")


def _type(shape: Shape, or_null: str) -> str:
    if shape.item is not None:
        text = f"list<{_type(shape.item, ' or null')}>"
    elif shape.allowed is not None:
        words = [str(v) if isinstance(v, int) else f"`{v}`" for v in shape.allowed]
        *first, last = words
        last_word = ", " if shape.nullable and or_null == " or null" else " or "
        text = f"{', '.join(first)}{last_word}{last}"
    else:
        assert shape.scalar is not None
        text = {str: "text", int: "integer", float: "number", bool: "boolean"}[shape.scalar]
    return text + (or_null if shape.nullable else "")


def documented_default(column: Column) -> str:
    if column.required:
        return ""
    default = list(column.default) if isinstance(column.default, tuple) else column.default
    shown = json.dumps(default)
    return shown if default is None else f"`{default if isinstance(default, str) else shown}`"


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_documented_field_by_field(name: str) -> None:
    expected = [
        [f"`{c.name}`", documented_type(c), documented_default(c)] for c in columns(TABLES[name])
    ]
    assert [row[:3] for row in rows(name)] == expected
    assert [c.name for c in columns(TABLES[name])] == [
        f.name for f in dataclasses.fields(TABLES[name])
    ]


@pytest.mark.parametrize("name", TABLES)
def test_the_example_is_a_record_with_every_field(name: str) -> None:
    row = example(name)
    record = TABLES[name]
    assert list(row) == [f.name for f in dataclasses.fields(record)]
    made: Any = builder(record)(row)
    assert pa.Table.from_pylist([row], schema=schema(record)).num_rows == 1
    assert made.problem_id == example("problems")["problem_id"]


def imported(heading: str) -> Imported:
    return collect([Row(Path("rows.jsonl"), 1, example(heading), None)], LABEL_FORMATS[heading])


@pytest.mark.parametrize("heading", LABEL_FORMATS)
def test_label_formats_are_documented_field_by_field(heading: str) -> None:
    """The example is read and written again, and each of its fields has a line."""
    name, records = LABEL_FORMATS[heading], imported(heading)
    documented = set(re.findall(r"`(\w+)`", " ".join(" ".join(row) for row in rows(heading))))

    def names(value: Any) -> set[str]:
        if isinstance(value, dict):
            return set(value).union(*map(names, value.values()))
        return set().union(*map(names, value)) if isinstance(value, list) else set()

    assert names(example(heading)) <= documented
    if FORMATS[name].write is not None:
        (problem,), (session,) = records.problems, records.sessions
        solution = records.solutions[0] if records.solutions else None
        rated = Rated(where="rows.jsonl", problem=problem, session=session, solution=solution)
        assert Exporter(name=name).rows(rated) == [example(heading)]


def test_the_example_session_is_that_of_the_example_row() -> None:
    (session,) = imported("prm800k").sessions
    assert session == builder(Session)(example("sessions"))
    assert set(FORMATS) == set(LABEL_FORMATS.values())


def test_the_example_rated_step_is_of_the_example_session() -> None:
    records = imported("prm800k")
    (solution,), (labels,), (session,) = records.solutions, records.labels, records.sessions
    rated = Rated(
        where="rows.jsonl",
        problem=records.problems[0],
        session=session,
        solution=solution,
        labels=labels,
        votes=(labels.ratings,),
        generation=session.generation,
    )
    steps = Exporter(name="steps").rows(rated)
    assert [step.step for step in steps] == [0, 1, 2]
    assert json.loads(line(steps[-1])) == example("rated steps")


def test_manifests_are_documented() -> None:
    tally = Tally()
    files = [{"name": "rows.jsonl", "bytes": 1, "sha256": "0"}]
    text, _ = described(
        Exporter(name="steps"),
        tally,
        Origin(kind="tables", name="ratings"),
        chosen={},
        files=files,
        version="1",
    )
    made, shown = json.loads(text), example("What lies beside an export")
    assert list(made) == list(shown)
    assert list(made["counts"]) == list(shown["counts"])
    assert list(made["origin"]) == list(shown["origin"])
    (file,) = shown["files"]
    assert list(file) == list(files[0])
    documented = re.findall(
        r"`(\w+)`", " ".join(" ".join(r) for r in rows("What lies beside an export"))
    )
    assert {*made, *made["counts"], *made["origin"], *files[0]} <= set(documented)


def test_the_example_scores_multiply() -> None:
    scores = builder(Scores)(example("scores"))
    product = 1.0
    assert scores.step_probabilities is not None
    for score, (_, neutral, positive) in zip(
        scores.step_scores, scores.step_probabilities, strict=True
    ):
        product *= score
        assert score == pytest.approx(neutral + positive)
    assert scores.solution_score == pytest.approx(product)


@pytest.mark.parametrize("name", LAYOUT_NAMES)
def test_benchmark_layouts_are_documented_field_by_field(name: LayoutName) -> None:
    heading = f"layout {name}"
    row = Row(Path("rows.jsonl"), 1, example(heading), None)
    assert recognise(row) == name
    # All four examples are the same mistake in the second of three steps.
    entry = LAYOUTS[name].read(row)[-1]
    assert entry.ratings == ((1, -1, -1) if name == "prmbench" else (1, -1, None))
    documented = re.findall(r"`(\w+)`", " ".join(row[0] for row in rows(heading)))
    assert set(example(heading)) == set(documented)


def test_step_figures_are_documented() -> None:
    rated = [RatedSolution("a", (1, 0, -1))]
    series = {"verifier": [Predicted((), [(0.1, 0.1, 0.8)] * 3)]}
    tables = tables_of(rated, series, "positive")
    made = step_report(rated, series, tables, {"verifier": 0.5})
    (shown,) = example("Step figures")["subsets"].values()
    assert list(shown) == list(made)
    ours, theirs = shown["series"]["verifier"], made["series"]["verifier"]
    assert list(ours) == list(theirs)
    assert list(ours["ci95"]) == list(theirs["ci95"])
    assert list(ours["calibration"][0]) == list(theirs["calibration"][0])
    documented = set(re.findall(r"`(\w+)`", " ".join(row[0] for row in rows("Step figures"))))
    assert {*made, *theirs, "not_shown"} <= documented


def test_stage_json(tmp_path: Path) -> None:
    run_stage(tmp_path / "out", Scores, [0], lambda _: [], spec={})
    written = json.loads((tmp_path / "out" / "stage.json").read_text(encoding="utf-8"))
    assert list(written) == list(example("stage.json"))
    assert [row[0].strip("`") for row in rows("stage.json")] == list(written)


def test_verifier_json() -> None:
    names = [f.name for f in dataclasses.fields(VerifierSettings)]
    assert list(example("verifier.json")) == names
    assert [row[0].strip("`") for row in rows("verifier.json")] == names
    assert VerifierSettings(kind="prm") == VerifierSettings(**example("verifier.json"))


def test_metrics_jsonl_and_results_json() -> None:
    names = [row[0].strip("`") for row in rows("metrics.jsonl")]
    assert names == list(example("metrics.jsonl"))
    documented = re.findall(r"`([\w-]+)`", " ".join(row[0] for row in rows("results.json")))
    assert set(example("results.json")) <= set(documented)


def test_what_an_experiment_writes() -> None:
    claim = Claim(paper="it is so.", here="so it is", holds=None)
    found = Findings(title="t", setting="s", claims=[claim], numbers={})
    made = as_json("figure3", "smoke", {}, "surefoot paper figure3", found, {})
    shown = example("What an experiment writes")
    assert list(made) == list(shown)
    assert list(shown["claims"][0]) == list(made["claims"][0])
    assert list(shown["claims"][0]["estimate"]) == [f.name for f in dataclasses.fields(Estimate)]
    cells = " ".join(row[0] for row in rows("What an experiment writes"))
    assert re.findall(r"`(\w+)`", cells) == list(made)


def test_stages_of_an_experiment(tmp_path: Path) -> None:
    lab = Lab(tmp_path, lambda verb, words: {"n": 1})
    (tmp_path / lab.make("problems", "problems arith", "-n", 1).name).touch()
    (note,) = tmp_path.glob("*.json")
    assert list(json.loads(note.read_text(encoding="utf-8"))) == list(
        example("stages of an experiment")
    )
