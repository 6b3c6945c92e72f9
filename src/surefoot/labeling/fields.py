"""Fields of rows of labels, checked: what is wrong is named down to its place."""

from typing import Any, TypeVar

from surefoot.problems.rows import Row
from surefoot.records import RATINGS, Rating

T = TypeVar("T", str, int, float, bool)

_WORDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


def optional(row: Row, holder: dict[str, Any], name: str, kind: type[T]) -> T | None:
    """A value of one kind in the last field of the path `name`; None if null or missing.

    Raises:
        BadRow: It is of another kind.
    """
    value = holder.get(name.rpartition(".")[2])
    if kind is float and type(value) is int:
        value = float(value)
    if value is not None and type(value) is not kind:
        raise row.bad(name, f"must be {_WORDS[kind]} or null, got {shown(value)}")
    return value


def objects(row: Row, name: str, value: Any) -> list[dict[str, Any]]:
    """A list of objects.

    Raises:
        BadRow: It is something else.
    """
    if not isinstance(value, list):
        raise row.bad(name, f"must be a list, got {shown(value)}")
    for i, entry in enumerate(value):
        if not isinstance(entry, dict):
            raise row.bad(f"{name}[{i}]", f"must be an object, got {shown(entry)}")
    return value


def steps(row: Row, name: str, value: Any) -> tuple[str, ...]:
    """A list of at least one step, none of them blank: a rating of nothing would be lost.

    Raises:
        BadRow: It is something else.
    """
    if not isinstance(value, list) or not value:
        raise row.bad(name, "must be a list of at least one step")
    for i, text in enumerate(value):
        if not isinstance(text, str) or not text.strip():
            raise row.bad(f"{name}[{i}]", f"must be text that is not empty, got {shown(text)}")
    return tuple(value)


def texts(row: Row, name: str, value: Any) -> tuple[str, ...]:
    """A list of texts, which may be blank.

    Raises:
        BadRow: It is something else.
    """
    if not isinstance(value, list):
        raise row.bad(name, f"must be a list, got {shown(value)}")
    for i, text in enumerate(value):
        if not isinstance(text, str):
            raise row.bad(f"{name}[{i}]", f"must be text, got {shown(text)}")
    return tuple(value)


def rating(row: Row, name: str, value: Any, *, nullable: bool = True) -> Rating | None:
    """A rating, or None where there is none and may be none.

    Raises:
        BadRow: It is neither.
    """
    if value is None and nullable:
        return None
    if type(value) is not int or value not in RATINGS:
        words = "-1, 0, 1 or null" if nullable else "-1, 0 or 1"
        raise row.bad(name, f"must be {words}, got {shown(value)}")
    return value


def values(row: Row, name: str, found: Any, n_steps: int) -> list[bool | float]:
    """For each step whether it is right: true, false, 1, 0, or the chance of it.

    Raises:
        BadRow: Something else, a chance outside [0, 1], or not one a step.
    """
    if not isinstance(found, list):
        raise row.bad(name, f"must be a list with one label a step, got {shown(found)}")
    same_length(row, name, found, n_steps)
    for i, value in enumerate(found):
        if not isinstance(value, bool | int | float):
            raise row.bad(f"{name}[{i}]", f"must be true, false or a chance, got {shown(value)}")
        if not 0 <= value <= 1:
            raise row.bad(f"{name}[{i}]", f"must lie between 0 and 1, got {shown(value)}")
    return [bool(value) if type(value) is int else value for value in found]


def same_length(row: Row, name: str, values: list[Any], n_steps: int) -> None:
    """One value a step.

    Raises:
        BadRow: There are more or fewer.
    """
    if len(values) != n_steps:
        raise row.bad(name, f"there are {len(values)} for {n_steps} steps")


def shown(value: Any) -> str:
    """A value for a message, cut short."""
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
