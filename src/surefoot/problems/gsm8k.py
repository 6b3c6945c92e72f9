r"""The GSM8K problems (Cobbe et al. 2021), their solutions as steps.

A row of the published files:

    {"question": "Natalia sold clips to 48 ...",
     "answer": "Natalia sold 48/2 = <<48/2=24>>24 clips in May.\n...\n#### 72"}

The calculator notes `<<48/2=24>>` are removed, each line is a step, and the
last line becomes `# Answer 72`. `problem_id` is the row's place in its split,
counted from 0: `gsm8k/train/0`.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from surefoot.errors import BadRow, UserError
from surefoot.problems.hub import hub_rows, is_hub_name
from surefoot.problems.rows import Loaded, Row, collect, file_rows, split_files
from surefoot.records import Problem
from surefoot.steps import answer_step

_NOTE = re.compile(r"<<[^<>]*>>")
_ANSWER = "####"


def load_gsm8k(source: str | Path, *, skip_bad: bool = False) -> Loaded:
    """GSM8K problems with their split and reference steps.

    Args:
        source: A folder with `train.jsonl` and `test.jsonl` (or the hub's Parquet
            files), one such file, or a hub name such as `openai/gsm8k`.
        skip_bad: Log and count bad rows instead of stopping at the first.

    Raises:
        BadRow: A row lacks a field, or its answer has no `####` line.
        UserError: The source is missing or of another layout.
    """
    return collect(_rows(source), _problem, skip_bad=skip_bad)


def without_notes(solution: str) -> str:
    """A GSM8K solution without its `<<48/2=24>>` notes."""
    return _NOTE.sub("", solution)


def _rows(source: str | Path) -> Iterator[Row | BadRow]:
    path = Path(source)
    if path.is_file():
        yield from file_rows(path)
    elif path.is_dir():
        # The published folder also has a rewritten, "socratic" copy of each file.
        files = [f for f in split_files(path) if "socratic" not in str(f.relative_to(path))]
        if not files:
            raise UserError(f"{path}: no files named train or test (.jsonl or .parquet) in it")
        for file in files:
            yield from file_rows(file)
    elif isinstance(source, str) and is_hub_name(source):
        yield from hub_rows(source, "main")
    else:
        raise UserError(f"{source}: no such file or folder")


def _problem(row: Row) -> Problem:
    text = without_notes(row.filled("answer"))
    worked, mark, answer = text.rpartition(_ANSWER)
    # "1,450,000" and "1450000" are one number; the checks of answers know the second.
    answer = answer.strip().replace(",", "")
    if not mark or not answer:
        raise row.bad("answer", f"has no line '{_ANSWER} ...' with the final answer")
    steps = [line.strip() for line in worked.split("\n") if line.strip()]
    return Problem(
        problem_id=f"gsm8k/{row.split or row.path.stem}/{row.number - 1}",
        statement=row.filled("question").strip(),
        answer=answer,
        reference_solution="\n".join([*steps, answer_step(answer)]),
        split=row.split,
        source="gsm8k",
    )
