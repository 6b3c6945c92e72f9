"""What one JSON value has that another has not, so that the other can be made of it.

Our records hold what rows of labels are known to hold. A row may hold more: a
field of its own, a null where others leave the field out, a blank at the end.
`difference` notes all that, `applied` puts it back, and the row that is written
is the one that was read.

A difference is a list of changes in JSON: `[path, value]` puts a value at a
path, `[path]` removes what is there. A path is a list of names and 0-based
indices. Numbers of different types differ: 1, 1.0 and true are three values.
"""

import copy
import json
import math
from typing import Any, TypeAlias

Change: TypeAlias = list[Any]
"""`[path, value]` or `[path]`."""


def difference(ours: Any, theirs: Any) -> list[Change]:
    """The changes that make `theirs` of `ours`; empty if they are the same.

    Lists of different lengths are replaced as a whole.
    """
    return _changes(ours, theirs, [])


def applied(ours: Any, changes: list[Change]) -> Any:
    """`ours` with the changes made; `ours` itself stays as it is.

    Raises:
        LookupError, TypeError: The changes were made for another value.
    """
    whole = [copy.deepcopy(ours)]
    for path, *value in changes:
        holder: Any = whole
        last: Any = 0
        for key in path:
            holder, last = holder[last], key
        if value:
            holder[last] = value[0]
        else:
            del holder[last]
    return whole[0]


def dumped(changes: list[Change]) -> str | None:
    """Changes as JSON text; None if there are none."""
    return json.dumps(changes, allow_nan=False) if changes else None


def is_finite(value: Any) -> bool:
    """Whether a value holds no NaN and no infinity: Python reads those, JSON has none."""
    if isinstance(value, dict):
        return all(map(is_finite, value.values()))
    if isinstance(value, list):
        return all(map(is_finite, value))
    return not isinstance(value, float) or math.isfinite(value)


def _changes(ours: Any, theirs: Any, path: list[str | int]) -> list[Change]:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        found: list[Change] = [[[*path, key]] for key in ours if key not in theirs]
        for key, value in theirs.items():
            if key in ours:
                found += _changes(ours[key], value, [*path, key])
            else:
                found.append([[*path, key], value])
        return found
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        pairs = enumerate(zip(ours, theirs, strict=True))
        return [change for i, (a, b) in pairs for change in _changes(a, b, [*path, i])]
    # -0.0 == 0.0, but they are written differently.
    is_same = type(ours) is type(theirs) and ours == theirs and repr(ours) == repr(theirs)
    return [] if is_same else [[path, theirs]]
