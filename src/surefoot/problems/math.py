r"""The MATH problems (Hendrycks et al. 2021), in the split of the paper.

The paper trains on 12,000 problems, the 7,500 of the original training split
and 4,500 of its test split, and keeps 500 for evaluation. A row of the files
that came with PRM800K, which carry that split in their names:

    {"problem": "How many ...", "solution": "... $\\boxed{2}$ ...", "answer": "2",
     "subject": "Algebra", "level": 3, "unique_id": "test/algebra/1.json"}

A file of the original folder, here `MATH/test/algebra/1.json`:

    {"problem": "How many ...", "level": "Level 3", "type": "Algebra", "solution": "..."}

`problem_id` is the `unique_id`: the place of the file in the original folder
(so `test/...` in the *training* split is one of the 4,500). Known quirks, all
kept and counted: two training rows have an empty box, hence an empty answer
and no `# Answer` line; two have no level.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from surefoot.errors import BadRow, UserError
from surefoot.jsonlines import json_lines
from surefoot.problems.hub import hub_rows, is_hub_name
from surefoot.problems.latex import last_boxed, latex_steps
from surefoot.problems.rows import Loaded, Row, collect, file_rows, split_files
from surefoot.records import Problem
from surefoot.steps import answer_step

_LEVEL = re.compile(r"(?:Level )?([1-5])")
_NO_LEVEL = (None, "", "Level ?")


def load_math(
    source: str | Path, *, test_ids: Path | None = None, skip_bad: bool = False
) -> Loaded:
    """MATH problems with their split, subject, level and reference steps.

    Args:
        source: A folder with `train`/`test` files as PRM800K publishes them, one
            such file, the original folder (`train/algebra/1.json`), or a hub name.
        test_ids: A JSON-lines file whose rows are the test problems: by
            `unique_id`, or by `problem` where the source has no such ids. All
            other problems are training problems. By default the split is the
            source's own.
        skip_bad: Log and count bad rows instead of stopping at the first.

    Raises:
        BadRow: A row lacks a field or holds what it should not.
        UserError: The source is missing or of another layout, or `test_ids`
            names problems the source does not have.
    """
    held_out = None if test_ids is None else _test_problems(test_ids)
    loaded = collect(_rows(source), _problem, skip_bad=skip_bad)
    problems, notes = loaded.problems, list(loaded.notes)
    if held_out is not None:
        problems = _with_split(problems, held_out, test_ids)
    notes += _notes(problems, own_split=held_out is None)
    return Loaded(problems=problems, skipped=loaded.skipped, notes=notes)


def _rows(source: str | Path) -> Iterator[Row | BadRow]:
    path = Path(source)
    if path.is_file():
        yield from file_rows(path)
    elif path.is_dir():
        originals = _original_files(path)
        files = [] if originals else split_files(path)
        if not originals and not files:
            raise UserError(
                f"{path}: neither MATH's folder (train/algebra/1.json) nor files named train, test"
            )
        for original in originals:
            yield _original_row(original)
        for file in files:
            yield from file_rows(file)
    elif isinstance(source, str) and is_hub_name(source):
        yield from hub_rows(source)
    else:
        raise UserError(f"{source}: no such file or folder")


def _original_files(folder: Path) -> list[Path]:
    """`SPLIT/SUBJECT/NUMBER.json` below a folder, in order of split, subject, number."""
    files = [p for p in folder.rglob("*.json") if _split_of(p) and p.stem.isdecimal()]
    return sorted(files, key=lambda p: (_split_of(p) != "train", p.parent.name, int(p.stem)))


def _split_of(file: Path) -> str | None:
    name = file.absolute().parent.parent.name
    return name if name in ("train", "test") else None


def _original_row(file: Path) -> Row | BadRow:
    try:
        fields = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        return BadRow(file, 1, None, f"not JSON: {error}")
    if not isinstance(fields, dict):
        return BadRow(file, 1, None, f"must be a JSON object, got {type(fields).__name__}")
    unique_id = f"{_split_of(file)}/{file.parent.name}/{file.name}"
    return Row(file, 1, {"unique_id": unique_id, **fields}, _split_of(file))


def _problem(row: Row) -> Problem:
    solution = row.filled("solution")
    if "answer" in row.fields:
        answer = row.text("answer").strip()
    else:
        boxed = last_boxed(solution)
        if boxed is None:
            raise row.bad("solution", r"has no \boxed{...} to take the answer from")
        answer = boxed
    steps = latex_steps(solution)
    if answer:
        steps.append(answer_step(" ".join(answer.split())))
    subject = "subject" if "subject" in row.fields else "type"
    return Problem(
        problem_id=_problem_id(row),
        statement=row.filled("problem"),
        answer=answer,
        reference_solution="\n".join(steps),
        subject=row.text(subject) if row.fields.get(subject) is not None else None,
        level=_level(row),
        split=row.split,
        source="math",
    )


def _problem_id(row: Row) -> str:
    """The row's `unique_id`; on the hub, where older copies have none, its place there."""
    if "unique_id" in row.fields:
        return row.filled("unique_id")
    return f"{row.split or 'all'}/{row.path.parent.name}/row-{row.number}"


def _level(row: Row) -> int | None:
    value = row.fields.get("level")
    if value in _NO_LEVEL:
        return None
    match = _LEVEL.fullmatch(str(value))
    if match is None:
        raise row.bad("level", f"must be 1 to 5 or 'Level 1' to 'Level 5', got {value!r}")
    return int(match[1])


def _test_problems(path: Path) -> list[tuple[str | None, str | None]]:
    """(unique_id, statement) of each row; one of them may be None."""
    held_out: list[tuple[str | None, str | None]] = []
    for number, fields in json_lines(path):
        if isinstance(fields, BadRow):
            raise fields
        unique_id, statement = fields.get("unique_id"), fields.get("problem")
        if unique_id is None and statement is None:
            raise BadRow(path, number, "unique_id", "missing (and no problem text to go by)")
        held_out.append((unique_id, None if statement is None else _bare(str(statement))))
    return held_out


def _with_split(
    problems: list[Problem], held_out: list[tuple[str | None, str | None]], path: Path | None
) -> list[Problem]:
    ids = {p.problem_id: p.problem_id for p in problems}
    statements = {_bare(p.statement): p.problem_id for p in problems}
    found = [ids.get(i or "") or statements.get(s or "") for i, s in held_out]
    missing = [held_out[k] for k, problem_id in enumerate(found) if problem_id is None]
    if missing:
        first = missing[0][0] or str(missing[0][1])[:40]
        raise UserError(
            f"--test-ids {path}: {len(missing)} of {len(held_out)} problems are not in the "
            f"source (the first: {first!r}); is it the whole of MATH?"
        )
    test = set(found)
    return [replace(p, split="test" if p.problem_id in test else "train") for p in problems]


def _bare(statement: str) -> str:
    return " ".join(statement.split())


def _notes(problems: list[Problem], *, own_split: bool) -> list[str]:
    notes = []
    for what, ids in {
        "an empty answer": [p.problem_id for p in problems if not p.answer],
        "no level": [p.problem_id for p in problems if p.level is None],
        "no split": [p.problem_id for p in problems if p.split is None],
    }.items():
        if ids:
            shown = ", ".join(ids[:3]) + (", ..." if len(ids) > 3 else "")
            notes.append(f"{len(ids)} problems of the source have {what} ({shown})")
    moved = any(p.split == "train" and p.problem_id.startswith("test/") for p in problems)
    whole = {p.split for p in problems} == {"train", "test"}
    if own_split and whole and not moved:
        counts = [sum(p.split == split for p in problems) for split in ("train", "test")]
        notes.append(
            f"kept the source's own split ({counts[0]:,} train, {counts[1]:,} test); the paper's "
            "12,000/500 needs the ids of its test problems: --test-ids FILE"
        )
    return notes
