"""The exception tree.

    SurefootError               anything we raise on purpose; exit code 1
    └── UserError               the user asked wrongly; exit code 2
        ├── BadRow              a row of an input file: file, row, field
        ├── OutputExists        an output that is already there
        ├── ModelFolderError    a model folder that cannot be used
        └── MissingExtra        an optional dependency is not installed

A `UserError` is shown as one line without a traceback (`--debug` shows it), so
its message names the file, row or flag and the way out.
"""

from pathlib import Path


class SurefootError(Exception):
    """Anything Surefoot raises on purpose."""

    exit_code = 1


class UserError(SurefootError):
    """The user asked for something that cannot be done."""

    exit_code = 2


class BadRow(UserError):
    """A row of an input file that does not hold what it should.

    Args:
        path: The file.
        row: 1-based line of a JSONL file, or row of a Parquet file.
        field: The field at fault, or None when the whole row is unreadable.
        problem: What is wrong with it.
    """

    def __init__(self, path: Path, row: int, field: str | None, problem: str) -> None:
        self.path, self.row, self.field, self.problem = path, row, field, problem
        where = f"{path}:{row}: " + (f"{field}: " if field else "")
        super().__init__(where + problem)


class OutputExists(UserError):
    """An output is already there and `--overwrite` was not given."""

    def __init__(self, path: Path, why: str = "exists") -> None:
        self.path = path
        super().__init__(f"{path}: {why}; give another --out, or --overwrite to replace it")


class ModelFolderError(UserError):
    """A model folder that lacks something, or whose tokenizer does not fit."""


class MissingExtra(UserError):
    """An optional dependency is not installed."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs {package}: pip install 'surefoot[{extra}]'")
