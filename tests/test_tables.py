"""Tables: what is written is read again; what is wrong is named."""

import dataclasses
import gzip
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot.columns import FieldError, columns, schema
from surefoot.errors import BadRow, OutputExists, UserError
from surefoot.records import MARKS, RATINGS, Grade, Labels, Problem, Scores, Session, Solution
from surefoot.tables import read, read_skipping, write

NAMES = ["t.jsonl", "t.jsonl.gz", "t.parquet", "t"]
GOOD: dict[str, Any] = {"problem_id": "p1", "statement": "1 + 1 = ?", "answer": "2"}

text = st.text(st.characters(exclude_categories=["Cs"]))
ids = text.filter(str.strip)
chance = st.floats(0, 1)


def unique(strategy: st.SearchStrategy[Any], by: Callable[[Any], Any]) -> st.SearchStrategy[Any]:
    return st.lists(strategy, min_size=1, max_size=5, unique_by=by)


@st.composite
def scores(draw: st.DrawFn) -> Scores:
    steps = tuple(draw(st.lists(chance, max_size=4)))
    triples = st.lists(st.tuples(chance, chance, chance), min_size=len(steps), max_size=len(steps))
    return Scores(
        solution_id=draw(ids),
        problem_id=draw(ids),
        solution_score=draw(chance),
        step_scores=steps,
        step_probabilities=draw(st.none() | triples.map(tuple)),
        aggregation=draw(st.none() | text),
        kind=draw(st.sampled_from(["prm", "orm"])),
    )


@st.composite
def labels(draw: st.DrawFn) -> Labels:
    ratings = tuple(draw(st.lists(st.none() | st.sampled_from(RATINGS), max_size=4)))
    reasons = st.lists(st.none() | text, min_size=len(ratings), max_size=len(ratings))
    return Labels(
        solution_id=draw(ids),
        problem_id=draw(ids),
        ratings=ratings,
        reasons=draw(st.none() | reasons.map(tuple)),
        rater=draw(text),
        chances=draw(st.none() | st.tuples(*[st.none() | chance for _ in ratings])),
        marks=tuple(draw(st.lists(st.sampled_from(MARKS), unique=True))),
    )


@st.composite
def sessions(draw: st.DrawFn) -> Session:
    """Any mixture of null and filled lists, which Parquet has to tell apart."""
    steps = draw(st.lists(st.none() | st.lists(text, max_size=3).map(tuple), max_size=4))

    def along(entry: st.SearchStrategy[Any]) -> tuple[Any, ...]:
        return tuple(draw(entry) for _ in steps)

    def within(entry: st.SearchStrategy[Any]) -> tuple[Any, ...]:
        return tuple(None if s is None else tuple(draw(entry) for _ in s) for s in steps)

    return Session(
        session_id=draw(ids),
        problem_id=draw(ids),
        solution_id=draw(st.none() | ids),
        format=draw(text),
        alternatives=tuple(steps),
        alternative_ratings=within(st.none() | st.sampled_from(RATINGS)),
        alternative_flags=draw(st.sampled_from([None, within(st.none() | st.booleans())])),
        chosen=along(st.none() | st.integers(0, 3)),
        human_steps=draw(st.sampled_from([None, along(st.none() | text)])),
        shown_steps=draw(st.none() | st.lists(text, max_size=3).map(tuple)),
        shown_score=draw(st.none() | chance),
        is_screening=draw(st.booleans()),
        generation=draw(st.none() | st.integers(-1, 9)),
        other=draw(st.none() | text),
    )


def of_type(record: type[Any]) -> st.SearchStrategy[Any]:
    plain: dict[str, st.SearchStrategy[Any]] = {
        field.name: {
            "problem_id": ids,
            "solution_id": ids,
            "statement": ids,
            "steps": st.lists(text, max_size=3).map(tuple),
            "finish": st.sampled_from(["stop", "length"]),
            "verdict": st.sampled_from(["correct", "incorrect", "no_answer", "undecided"]),
            "level": st.none() | st.integers(-(2**63), 2**63 - 1),
            "n_tokens": st.none() | st.integers(0, 10**9),
            "log_probability": st.none() | st.floats(allow_nan=False, allow_infinity=False),
        }.get(field.name, st.none() | text if field.default is None else text)
        for field in dataclasses.fields(record)
    }
    return st.builds(record, **plain)


tables = st.one_of(
    unique(of_type(Problem), lambda r: r.problem_id),
    unique(of_type(Solution), lambda r: r.solution_id),
    unique(of_type(Grade), lambda r: r.solution_id),
    unique(labels(), lambda r: (r.solution_id, r.rater)),
    unique(scores(), lambda r: r.solution_id),
    unique(sessions(), lambda r: r.session_id),
)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60)
@given(records=tables)
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, name: str, records: list[Any]
) -> None:
    path = tmp_path_factory.mktemp("t") / name
    assert write(path, records) == len(records)
    again = read(path, type(records[0]))
    assert again == records
    assert repr(again) == repr(records)  # -0.0 and 0, 1 and 1.0 differ here only


@settings(max_examples=60)
@given(records=tables)
def test_converting_there_and_back_gives_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, records: list[Any]
) -> None:
    folder, record = tmp_path_factory.mktemp("t"), type(records[0])
    write(folder / "a.jsonl", records)
    write(folder / "b.parquet", read(folder / "a.jsonl", record))
    write(folder / "c.jsonl", read(folder / "b.parquet", record))
    assert (folder / "a.jsonl").read_bytes() == (folder / "c.jsonl").read_bytes()


def test_the_parquet_schema_is_the_documented_one() -> None:
    assert schema(Labels).field("ratings").type == pa.list_(pa.int64())
    assert schema(Scores).field("step_probabilities").type == pa.list_(pa.list_(pa.float64()))
    assert not schema(Problem).field("answer").nullable
    assert schema(Problem).field("level").nullable
    assert [c.name for c in columns(Problem) if c.required] == list(GOOD)


def test_other_programs_read_the_parquet(tmp_path: Path) -> None:
    rows = [Scores(solution_id="s", problem_id="p", solution_score=0.5, step_scores=(0.5, 1.0))]
    write(tmp_path / "t", rows)
    assert pq.read_table(tmp_path / "t").to_pylist()[0]["step_scores"] == [0.5, 1.0]


def test_missing_optional_fields_take_their_defaults(tmp_path: Path) -> None:
    path = lines(tmp_path, GOOD)
    assert read(path, Problem) == [Problem(**GOOD)]


@pytest.mark.parametrize(
    ("change", "field", "problem"),
    [
        ({"statement": ...}, "statement", "missing"),
        ({"statement": None}, "statement", "must be text, got null"),
        ({"statement": " \n"}, "statement", "must not be empty"),
        ({"problem_id": 7}, "problem_id", "must be text, got 7"),
        ({"answer": ["2"]}, "answer", "must be text, got a list"),
        ({"level": "3"}, "level", "must be a whole number or null, got '3'"),
        ({"level": 2.5}, "level", "must be a whole number or null, got 2.5"),
        ({"level": True}, "level", "must be a whole number or null, got true"),
        ({"level": 2**63}, "level", "does not fit 64 bits"),
        ({"statement": "\ud800"}, "statement", "holds half of a surrogate pair, which is not text"),
    ],
)
def test_a_bad_problem_is_named(
    tmp_path: Path, change: dict[str, Any], field: str, problem: str
) -> None:
    row = {k: v for k, v in (GOOD | change).items() if v is not ...}
    path = lines(tmp_path, GOOD | {"problem_id": "p0"}, row)
    with pytest.raises(BadRow) as error:
        read(path, Problem)
    assert str(error.value) == f"{path}:2: {field}: {problem}"
    assert error.value.exit_code == 2


@pytest.mark.parametrize(
    ("record", "row", "where"),
    [
        (Labels, {"ratings": [1, 2]}, "ratings[1]: must be one of -1, 0, 1 or null, got 2"),
        (Labels, {"ratings": 1}, "ratings: must be a list, got 1"),
        (Labels, {"ratings": [1], "reasons": ["a", None]}, "reasons: has 2 entries, ratings has 1"),
        (Grade, {"verdict": "right"}, "verdict: must be one of correct, incorrect, no_answer, "),
        (Scores, {"solution_score": 1.5, "step_scores": []}, "solution_score: must lie between 0"),
        (
            Scores,
            {"solution_score": float("nan"), "step_scores": []},
            "solution_score: must be a f",
        ),
        (Scores, {"solution_score": 1, "step_scores": [0.5, -2]}, "step_scores[1]: must lie betw"),
        (
            Scores,
            {"solution_score": 1, "step_scores": [1], "step_probabilities": [[1, 0]]},
            "step_probabilities[0]: must have 3 entries, got 2",
        ),
        (
            Scores,
            {"solution_score": 1, "step_scores": [1], "step_probabilities": [[1, 0, "x"]]},
            "step_probabilities[0][2]: must be a number, got 'x'",
        ),
    ],
)
def test_a_bad_value_is_named_down_to_its_place_in_the_list(
    tmp_path: Path, record: type[Any], row: dict[str, Any], where: str
) -> None:
    path = lines(tmp_path, {"solution_id": "s", "problem_id": "p"} | row)
    with pytest.raises(BadRow) as error:
        read(path, record)
    assert str(error.value).startswith(f"{path}:1: {where}")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b'{"problem_id": "p"', "1: not JSON: "),
        (b"[1]\n", "1: must be a JSON object, got list"),
        (b"\xff\xfe\n", "1: not UTF-8 text at byte 1"),
        (b"[" * 100_000 + b"\n", "1: not JSON: "),
    ],
)
def test_an_unreadable_line_is_named(tmp_path: Path, line: bytes, problem: str) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(line)
    with pytest.raises(BadRow) as error:
        read(path, Problem)
    assert str(error.value).startswith(f"{path}:{problem}")


def test_a_cut_off_last_line_says_so(tmp_path: Path) -> None:
    path = lines(tmp_path, GOOD, GOOD | {"problem_id": "p2"})
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(BadRow, match=r"t\.jsonl:2: not JSON: .* may be cut off"):
        read(path, Problem)


def test_byte_order_mark_windows_lines_and_blank_lines_are_fine(tmp_path: Path) -> None:
    one, two = json.dumps(GOOD), json.dumps(GOOD | {"problem_id": "p2", "level": 3.0})
    path = tmp_path / "t.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + f"{one}\r\n\r\n  \n{two}".encode())
    assert [p.problem_id for p in read(path, Problem)] == ["p1", "p2"]
    path.write_bytes(path.read_bytes() + b"\r\n{}")
    with pytest.raises(BadRow, match=r"t\.jsonl:5: problem_id: missing"):
        read(path, Problem)


def test_a_damaged_gzip_file_is_a_bad_row_at_its_end(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl.gz"
    whole = gzip.compress(
        "".join(json.dumps(GOOD | {"problem_id": f"{i}"}) + "\n" for i in range(999)).encode()
    )
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadRow, match="damaged or cut off"):
        read(path, Problem)
    records, bad = read_skipping(path, Problem)
    assert 0 < len(records) < 999
    assert len(bad) in (1, 2)  # the end itself, and the line it cuts


def test_repeated_ids_are_named_with_the_first_place(tmp_path: Path) -> None:
    path = lines(tmp_path, GOOD, GOOD | {"problem_id": "p2"}, GOOD)
    with pytest.raises(BadRow) as error:
        read(path, Problem)
    assert str(error.value) == f"{path}:3: problem_id: 'p1' is already in row 1"


def test_labels_repeat_only_for_the_same_rater(tmp_path: Path) -> None:
    row = {"solution_id": "s", "problem_id": "p", "ratings": [1]}
    assert len(read(lines(tmp_path, row, row | {"rater": "b"}), Labels)) == 2
    with pytest.raises(BadRow, match="already in row 1"):
        read(lines(tmp_path, row, row), Labels)


def test_skip_bad_lists_and_counts(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = lines(tmp_path, GOOD, {"problem_id": "x"}, GOOD, GOOD | {"problem_id": "p4"})
    with caplog.at_level(logging.WARNING, "surefoot"):
        records = read(path, Problem, skip_bad=True)
    assert [r.problem_id for r in records] == ["p1", "p4"]
    assert caplog.messages == [
        f"skipped {path}:2: statement: missing",
        f"skipped {path}:3: problem_id: 'p1' is already in row 1",
        f"{path}: skipped 2 bad rows, kept 2",
    ]


def test_fields_that_are_not_read_are_mentioned(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = lines(tmp_path, GOOD | {"anwser": 1}, GOOD | {"problem_id": "p2", "x": 2})
    read(path, Problem)
    assert caplog.messages == [f"{path}: fields not read: anwser, x"]


def test_parquet_without_a_column_or_with_a_wrong_one(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"problem_id": ["p"], "answer": ["2"]}), path)
    with pytest.raises(UserError) as error:
        read(path, Problem)
    assert (
        str(error.value) == f"{path}: statement: no such column (the file has problem_id, answer)"
    )
    pq.write_table(pa.table({"problem_id": ["p"], "statement": [1], "answer": ["2"]}), path)
    with pytest.raises(UserError, match="statement: column holds int64, must be string"):
        read(path, Problem)


def test_parquet_of_other_programs(tmp_path: Path) -> None:
    """Large strings, gaps that made integers floats, fixed lists, nothing but null."""
    path = tmp_path / "t.parquet"
    table = {
        "problem_id": pa.array(["a", "b"], pa.large_string()),
        "statement": pa.array(["x", "y"]).dictionary_encode(),
        "answer": ["1", "2"],
        "level": [3.0, None],
        "subject": pa.nulls(2),
    }
    pq.write_table(pa.table(table), path)
    assert [(p.problem_id, p.statement, p.level, p.subject) for p in read(path, Problem)] == [
        ("a", "x", 3, None),
        ("b", "y", None, None),
    ]
    three = pa.array([[[0.1, 0.2, 0.7]], None], pa.list_(pa.list_(pa.float32(), 3)))
    scores_table = {
        "solution_id": ["a", "b"],
        "problem_id": ["p", "p"],
        "solution_score": [1, 0],
        "step_scores": pa.array([[0.5], []], pa.large_list(pa.float32())),
        "step_probabilities": three,
    }
    pq.write_table(pa.table(scores_table), path)
    one, two = read(path, Scores)
    assert one.step_probabilities is not None
    assert one.step_probabilities[0] == pytest.approx((0.1, 0.2, 0.7))
    assert (one.step_scores, two.step_scores, two.step_probabilities) == ((0.5,), (), None)
    assert type(one.solution_score) is float


def test_a_null_in_parquet_is_a_bad_row(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(
        pa.table({"problem_id": ["p", None], "statement": ["x"] * 2, "answer": ["2"] * 2}), path
    )
    with pytest.raises(BadRow, match=r"t\.parquet:2: problem_id: must be text, got null"):
        read(path, Problem)


def test_many_batches_keep_their_rows(tmp_path: Path) -> None:
    rows = [
        Labels(
            solution_id=f"{i}",
            problem_id="p",
            ratings=((None, *RATINGS) * 2)[: i % 7],
            reasons=None if i % 3 else (None,) * (i % 7),
        )
        for i in range(40_000)
    ]
    write(tmp_path / "t.parquet", rows)
    assert read(tmp_path / "t.parquet", Labels) == rows


def test_shards_are_read_in_order_and_ids_checked_across_them(tmp_path: Path) -> None:
    for i in range(12):
        write(tmp_path / "t" / f"part-{i:05d}.parquet", [Problem(**GOOD | {"problem_id": f"p{i}"})])
    assert [p.problem_id for p in read(tmp_path / "t", Problem)] == [f"p{i}" for i in range(12)]
    write(tmp_path / "t" / "part-00012.parquet", [Problem(**GOOD | {"problem_id": "p3"})])
    with pytest.raises(BadRow, match=r"'p3' is already in row 1 of part-00003\.parquet"):
        read(tmp_path / "t", Problem)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none.jsonl", "no such file or folder"),
        ("empty", "no .parquet files in this folder"),
        ("table.csv", "name must end in .jsonl, .jsonl.gz or .parquet, or be a folder"),
        ("bad.parquet", "not a readable Parquet file"),
    ],
)
def test_what_is_no_table(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "table.csv").write_text("a,b\n")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(UserError) as error:
        read(tmp_path / name, Problem)
    assert f"{tmp_path / name}: " in str(error.value)
    assert message in str(error.value)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_overwritten_unasked(tmp_path: Path, name: str) -> None:
    path, old, new = tmp_path / name, Problem(**GOOD), Problem(**GOOD | {"answer": "3"})
    write(path, [old])
    with pytest.raises(OutputExists, match="--overwrite"):
        write(path, [new])
    assert read(path, Problem) == [old]
    write(path, [new], overwrite=True)
    assert read(path, Problem) == [new]
    assert {p.name for p in tmp_path.iterdir()} == {name}


def test_overwrite_never_clears_a_folder_of_other_things(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.tex").write_text("years of work")
    with pytest.raises(UserError, match="holds things that are not a table"):
        write(tmp_path / "home", [Problem(**GOOD)], overwrite=True)
    assert (tmp_path / "home" / "thesis.tex").read_text() == "years of work"


def test_an_empty_folder_may_be_filled(tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    assert write(tmp_path / "t", [Problem(**GOOD)]) == 1


@pytest.mark.parametrize("name", NAMES)
def test_no_rows_at_all(tmp_path: Path, name: str) -> None:
    assert write(tmp_path / name, [], record=Problem) == 0
    assert read(tmp_path / name, Problem) == []


@pytest.mark.parametrize("name", NAMES)
def test_what_could_not_be_read_is_not_written(tmp_path: Path, name: str) -> None:
    row = Scores(solution_id="s", problem_id="p", solution_score=float("nan"), step_scores=())
    with pytest.raises(FieldError, match="solution_score: must be a finite number"):
        write(tmp_path / name, [row])
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        write(tmp_path / "file" / "t.jsonl", [Problem(**GOOD)])


def lines(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "t.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path
