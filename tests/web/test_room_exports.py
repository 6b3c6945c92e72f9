"""Out of the room: whom an export takes, and PRM800K in, labelled on, and out again."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from room_kit import Kit, made_problems

from surefoot.cli import main
from surefoot.labeling.export import Exporter
from surefoot.records import Problem, Session, Solution
from surefoot.tables import read
from surefoot.web.room.collect import collect
from surefoot.web.room.imports import keep_opinions
from surefoot.web.room.intake import Plan
from surefoot.web.room.migrate import newest
from surefoot.web.room.project import add_guideline
from surefoot.web.room.schema import AdjudicationRow, AssignmentRow, GenerationRow, LabelerRow

MakeKit = Callable[..., Kit]
FILES = {
    "phase1_raw_3": "phase1",
    "phase1_test": "phase1",
    "phase2_raw_9": "phase2",
    "labelled_paths": "phase2",
}


def rows_of(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def counted(rows: list[Any]) -> Counter[str]:
    """Rows in any order, down to the type of each number."""
    return Counter(json.dumps(row, sort_keys=True) for row in rows)


def test_prm800k_comes_out_as_it_came_in(
    make_kit: MakeKit, place: str, tmp_path: Path, shared_data: Path
) -> None:
    path = shared_data / "prm800k/phase2_raw_9.jsonl"
    kit, source = of_file(make_kit, tmp_path, path, "phase2")
    assert exported(place, tmp_path) == counted(source)
    # Two opinions are wanted, so people go on where PRM800K stopped.
    ada = kit.browser("Ada")
    (work,) = ada.claim()
    assert ada.do(work, *[1] * len(work["steps"])).status_code == 200
    more = exported(place, tmp_path) - counted(source)
    ((text, n),) = more.items()
    row = json.loads(text)
    assert n == 1
    assert [s["completions"][0]["rating"] for s in row["label"]["steps"]] == [1] * len(
        work["steps"]
    )
    # The tables have all of it, too, and rows out of them are the same.
    assert main(["label", "collect", "--db", place, "--out", str(tmp_path / "rated")]) == 0
    out = tmp_path / "again.jsonl"
    assert main(["label", "export", str(tmp_path / "rated"), "--out", str(out)]) == 0
    assert counted(rows_of(out)) == counted(source) + more


@pytest.mark.parametrize("name", FILES)
def test_every_kind_of_row_comes_back(tmp_path: Path, shared_data: Path, name: str) -> None:
    kits: list[Kit] = []

    def make(**choices: Any) -> Kit:
        kits.append(Kit(str(tmp_path / "labels.db"), **choices))
        return kits[-1]

    path = shared_data / f"prm800k/{name}.jsonl"
    _, source = of_file(make, tmp_path, path, FILES[name])
    kits[0].close()
    # A row without a single step is no solution, and cannot be labelled on.
    steps = [row for row in source if "question" not in row or has_step(row)]
    assert exported(str(tmp_path / "labels.db"), tmp_path) == counted(steps)
    assert len(source) - len(steps) == (3 if name == "phase1_test" else 0)


def has_step(row: Any) -> bool:
    """Whether anything was followed, or rated where it ended, or a whole solution shown."""
    steps = row["label"]["steps"]
    first = steps[0] if steps else {}
    is_rated = bool(first.get("completions")) and first["completions"][0]["rating"] is not None
    went_on = first.get("chosen_completion") is not None or first.get("human_completion")
    return bool(went_on or is_rated or row["question"].get("pre_generated_steps"))


def of_file(
    make: MakeKit, folder: Path, path: Path, protocol: str
) -> tuple[Kit, list[dict[str, Any]]]:
    """A room with the solutions and opinions of a file, and the file's rows."""
    ratings = folder / "ratings"
    assert main(["label", "import", str(path), "--out", str(ratings)]) == 0
    opinions: dict[str, list[Session]] = {}
    for session in read(ratings / "sessions", Session):
        opinions.setdefault(session.solution_id or "", []).append(session)
    problems, solutions = read(ratings / "problems", Problem), read(ratings / "solutions", Solution)
    plan = Plan(protocol=protocol, want=2)  # type: ignore[arg-type]
    kit = make(problems=problems, solutions=solutions, plan=plan)
    with kit.database.write() as transaction:
        keep_opinions(transaction, opinions, now=kit.clock())
    return kit, rows_of(path)


def exported(place: str, folder: Path, *words: str) -> Counter[str]:
    out = folder / "rows.jsonl"
    assert main(["label", "export", "--db", place, "--out", str(out), "--overwrite", *words]) == 0
    return counted(rows_of(out))


def three_opinions(make_kit: MakeKit) -> Kit:
    """Of each of two solutions, by Ada, Emmy and Grace, in this order."""
    solutions = [
        Solution(solution_id=f"p{i}/0", problem_id=f"p{i}", steps=("a", "b", "c")) for i in range(2)
    ]
    kit = make_kit(problems=made_problems(2), solutions=solutions, plan=Plan(want=3, generation=4))
    said = {"Ada": ([1, -1], [1, 1, 1]), "Emmy": ([1, 1, 1], [-1]), "Grace": ([1, 1, 1], [-1])}
    for name, ratings in said.items():
        browser = kit.browser(name)
        for one in ratings:
            (work,) = browser.claim()
            assert browser.do(work, *one).status_code == 200
            kit.clock.forward(1)
    return kit


def taken(kit: Kit, **choices: Any) -> list[list[Any]]:
    """Ratings of the opinions that an export takes."""
    exporter = Exporter(name="prm800k")
    with kit.database.read() as session:
        found = list(collect(session, exporter.wanted(**choices), exporter.left_out))
    return [[ratings[0] for ratings in one.session.alternative_ratings if ratings] for one in found]


def test_one_opinion_of_each_task(make_kit: MakeKit) -> None:
    kit = three_opinions(make_kit)
    assert taken(kit) == [[1, -1], [1, 1, 1], [1, 1, 1], [1, 1, 1], [-1], [-1]]
    assert taken(kit, take="one") == [[1, 1, 1], [-1]]
    with kit.database.write() as session:
        people = {row.name: row for row in session.query(LabelerRow)}
        people["Emmy"].state = "paused"
    # Of the two who are left, who differ, the first.
    assert taken(kit, take="one") == [[1, -1], [1, 1, 1]]
    with kit.database.write() as session:
        people = {row.name: row for row in session.query(LabelerRow)}
        for name, task in (("Grace", 1), (None, 2)):
            of = session.query(AssignmentRow).filter_by(task_id=task)
            row = of.filter_by(labeler_id=people[name].labeler_id).one() if name else None
            session.add(
                AdjudicationRow(
                    task_id=task,
                    assignment_id=row and row.assignment_id,
                    labeler_id=people["Ada"].labeler_id,
                    note=None,
                    at=kit.clock(),
                )
            )
    assert taken(kit, take="one") == [[1, 1, 1]]
    assert len(taken(kit)) == 6


def test_a_generation_and_what_is_said_of_it(make_kit: MakeKit, place: str, tmp_path: Path) -> None:
    kit = three_opinions(make_kit)
    assert taken(kit, generation=3) == []
    assert len(taken(kit, generation=4)) == 6
    with kit.database.write() as session:
        row = session.get_one(GenerationRow, 4)
        row.verifier, row.policy = "prm-3", {"policy": "mixture"}
        add_guideline(session, "Be kind.", now=kit.clock())
    assert exported(place, tmp_path, "--generation", "4", "--opinions", "one").total() == 2
    path = tmp_path / "rows.jsonl.manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    counts = manifest["counts"]
    assert (counts["opinions"], counts["solutions"], counts["problems"]) == (2, 2, 2)
    assert manifest["generations"] == [
        {"generation": 4, "opinions": 2, "verifier": "prm-3", "policy": {"policy": "mixture"}}
    ]
    assert manifest["origin"] == {
        "kind": "labelling room", "name": "surefoot", "protocol": "phase2", "schema": newest(),
    }  # fmt: skip
    assert manifest["guidelines"] == [{"version": 0, "opinions": 2, "sha256": None}]
    assert manifest["left_out"] == {"other opinion": 4}
    assert manifest["choices"]["opinions"] == "one"


def test_a_reopened_opinion_counts_once_as_it_is_last(make_kit: MakeKit) -> None:
    kit = make_kit(n_problems=1, each=1)
    ada = kit.browser("Ada")
    (work,) = ada.claim()
    ada.do(work, 1, -1)
    ada.post(f"/assignments/{work['assignment_id']}/reopen")
    again = ada.get(f"/assignments/{work['assignment_id']}").json()
    assert ada.do(again, 1, 1, 1).status_code == 200
    assert taken(kit) == [[1, 1, 1]]


def test_an_export_reads_one_state_while_people_rate(make_kit: MakeKit) -> None:
    kit = make_kit(n_problems=3, each=1)
    ada = kit.browser("Ada")
    (work,) = ada.claim()
    ada.do(work, 1, 1, 1)
    exporter = Exporter(name="prm800k")
    with kit.database.read() as session:
        found = collect(session, exporter.wanted(), exporter.left_out)
        first = next(found)
        (work,) = ada.claim()
        ada.do(work, 1, 1, 1)
        assert list(found) == []
    assert first.where.startswith("room: submission ")
    assert len(taken(kit)) == 2
