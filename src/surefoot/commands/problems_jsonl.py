"""`surefoot problems jsonl`: problems from your own file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import Positional, arg

from surefoot.commands.options import Writes
from surefoot.commands.problem_output import write_problems
from surefoot.problems.jsonl import load_jsonl


@dataclass(frozen=True, kw_only=True)
class Config(Writes):
    """Read problems from your own JSONL (or Parquet) file, mapping its field names.

    Only a statement and an answer are needed; a missing problem_id is made from
    the statement.

    Example:
        surefoot problems jsonl exam.jsonl --statement-field question --out exam
    """

    source: Annotated[Positional[Path], arg(metavar="SOURCE")]
    """A .jsonl, .jsonl.gz or .parquet file."""
    id_field: str = "problem_id"
    """The file's field with the problem's id."""
    statement_field: str = "statement"
    """The file's field with the problem's text."""
    answer_field: str = "answer"
    """The file's field with the final answer."""
    solution_field: str = "reference_solution"
    """The file's field with a worked solution, one step a line or a list of steps."""
    subject_field: str = "subject"
    """The file's field with the subject."""
    level_field: str = "level"
    """The file's field with the difficulty."""
    choices_field: str = "choices"
    """The file's field with a list of choices; they join the statement as (A), (B), ..."""
    unit_field: str = "unit"
    """The file's field with the unit of the answer; it joins the statement."""
    split_field: str = "split"
    """The file's field with the split; by default the file's name may say it."""
    skip_bad: bool = False
    """Leave bad rows out, listed and counted, instead of stopping at the first."""


def run(config: Config) -> dict[str, Any]:
    """Read, map and write."""
    names = {
        "problem_id": config.id_field,
        "statement": config.statement_field,
        "answer": config.answer_field,
        "reference_solution": config.solution_field,
        "subject": config.subject_field,
        "level": config.level_field,
        "choices": config.choices_field,
        "unit": config.unit_field,
        "split": config.split_field,
    }
    loaded = load_jsonl(config.source, names=names, skip_bad=config.skip_bad)
    return write_problems(config.out, loaded, overwrite=config.overwrite)
