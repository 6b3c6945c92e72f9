"""Options that commands share, and the checks of their paths."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeAlias

from tyro.conf import Positional, arg

from surefoot.errors import UserError

ProblemsPath: TypeAlias = Annotated[Path, Positional, arg(metavar="PROBLEMS")]
"""A table of problems, named without a flag."""
SolutionsPath: TypeAlias = Annotated[Path, Positional, arg(metavar="SOLUTIONS")]
"""A table of solutions, named without a flag."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What every command takes."""

    json: bool = False
    """Print the result as one JSON object."""
    debug: bool = False
    """Show the traceback of an error and log more."""


@dataclass(frozen=True, kw_only=True)
class Writes(Options):
    """What every command takes that writes an output."""

    out: Path
    """Where the output goes; it must not be there yet."""
    overwrite: bool = False
    """Replace an output that is already there."""


def check_input(path: Path, what: str) -> Path:
    """The path itself, once it is known to be there.

    Args:
        path: A file or folder that the user named.
        what: What it should hold, for the message ("problems", "pairs").

    Raises:
        UserError: There is nothing at `path`.
    """
    if not path.exists():
        raise UserError(f"{path}: no such file or folder (it should hold {what})")
    return path


def check_at_least(flag: str, value: float, lowest: float) -> None:
    """Refuses a number below `lowest`, naming the flag (`--n`)."""
    if not value >= lowest:
        raise UserError(f"{flag}: must be >= {lowest}, got {value}")
