"""What a person does in the labelling room: events, checked on the way in.

An event is made in the browser, never changes, and carries its own id and its
number within the assignment (`seq`). It says one thing about one thing: step 3
is rated -1. The last event about a thing, by `seq`, holds; undo is one more
event. `surefoot.labeling.drafts.fold` makes of events what is rated now.

    rate           step, candidate, rating      candidate null: the step as shown
    flag           step, candidate, flagged     unsure of it
    choose         step, candidate              phase 1: what the next step continues
    human_step     step, text                   phase 1: the rater's own step
    progress       value                        0 to 4, how far the solution got
    critique       candidate, rating            of a text about the first error
    critique_text  text                         the rater's own critique
    report_step    step, kind                   split, empty, other: the step is not one
    note           text
    active         ms                           time at work; sums up
    confirm        what                         e.g. answer_differs

Null takes back what was said; only `active` and `confirm` cannot be taken back.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from surefoot.records import RATINGS

MAX_TEXT = 20_000
"""Characters of a step, a critique or a note."""
MAX_STEPS = 500
MAX_SEQ = 1_000_000
DAY_MS = 86_400_000
REPORTS = ("split", "empty", "other")

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

Check = Callable[[Any], Any]


class BadEvent(ValueError):
    """An event that does not hold what it should.

    Args:
        field: The field at fault, e.g. `payload.rating`.
        problem: What is wrong with it.
    """

    def __init__(self, field: str, problem: str) -> None:
        self.field, self.problem = field, problem
        super().__init__(f"{field}: {problem}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that a person did."""

    event_id: str
    """UUID made by the browser."""
    seq: int
    """1, 2, ... within the assignment; the order in which things were done."""
    type: str
    """A key of `PAYLOADS`."""
    payload: Mapping[str, Any]
    mono_ms: float = 0.0
    """The browser's clock that only goes forward, in milliseconds; for durations."""
    wall: str = ""
    """The browser's date and time; kept, never used."""

    def content(self) -> tuple[Any, ...]:
        """What must be the same when an event comes again under its id."""
        return self.seq, self.type, sorted(self.payload.items())


def read_event(value: Any) -> Event:
    """An event as it came in.

    Args:
        value: Parsed JSON.

    Raises:
        BadEvent: A field is missing, unknown or holds what it should not.
    """
    if not isinstance(value, dict):
        raise BadEvent("event", f"must be an object, got {_shown(value)}")
    names = {"event_id", "seq", "type", "payload", "mono_ms", "wall"}
    if strange := value.keys() - names:
        raise BadEvent(min(map(str, strange)), "is no field of an event")
    kind = value.get("type")
    if not isinstance(kind, str) or kind not in PAYLOADS:
        raise BadEvent("type", f"must be one of {', '.join(PAYLOADS)}, got {_shown(kind)}")
    return Event(
        event_id=_field(value, "event_id", read_uuid),
        seq=_field(value, "seq", _whole(1, MAX_SEQ)),
        type=kind,
        payload=_payload(kind, value.get("payload")),
        mono_ms=_field(value, "mono_ms", _milliseconds) if "mono_ms" in value else 0.0,
        wall=_field(value, "wall", _text(64)) if "wall" in value else "",
    )


def written(event: Event) -> dict[str, Any]:
    """An event as JSON; `read_event` takes it back."""
    return {
        "event_id": event.event_id,
        "seq": event.seq,
        "type": event.type,
        "payload": dict(event.payload),
        "mono_ms": event.mono_ms,
        "wall": event.wall,
    }


def read_uuid(value: Any) -> str:
    """A UUID in its usual spelling, in lower case.

    Raises:
        ValueError: It is none.
    """
    if not isinstance(value, str) or not _UUID.fullmatch(value.lower()):
        raise ValueError(f"must be a UUID, got {_shown(value)}")
    return value.lower()


def _payload(kind: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadEvent("payload", f"must be an object, got {_shown(value)}")
    checks, extra = PAYLOADS[kind], OPTIONAL.get(kind, {})
    if strange := value.keys() - checks.keys() - extra.keys():
        raise BadEvent(f"payload.{min(map(str, strange))}", f"is no field of {kind}")
    asked = {**checks, **{name: check for name, check in extra.items() if name in value}}
    return {name: _field(value, name, check, "payload.") for name, check in asked.items()}


def _field(holder: dict[str, Any], name: str, check: Check, where: str = "") -> Any:
    if name not in holder:
        raise BadEvent(where + name, "missing")
    try:
        return check(holder[name])
    except ValueError as error:
        raise BadEvent(where + name, str(error)) from None


def _whole(low: int, high: int, *, nullable: bool = False) -> Check:
    def check(value: Any) -> int | None:
        if value is None and nullable:
            return None
        if type(value) is not int or not low <= value <= high:
            or_null = " or null" if nullable else ""
            raise ValueError(
                f"must be a whole number from {low} to {high}{or_null}, got {_shown(value)}"
            )
        return value

    return check


def _text(longest: int, *, nullable: bool = False) -> Check:
    def check(value: Any) -> str | None:
        if value is None and nullable:
            return None
        if not isinstance(value, str):
            raise ValueError(f"must be text, got {_shown(value)}")
        if len(value) > longest:
            raise ValueError(f"has {len(value)} characters, {longest} are allowed")
        # PostgreSQL takes neither, and neither is text that anybody typed.
        if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
            raise ValueError("holds a NUL or half of a surrogate pair, which is not text")
        return value

    return check


def _rating(value: Any) -> int | None:
    if value is not None and (type(value) is not int or value not in RATINGS):
        raise ValueError(f"must be -1, 0, 1 or null, got {_shown(value)}")
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"must be true or false, got {_shown(value)}")
    return value


def _report(value: Any) -> str | None:
    if value is not None and value not in REPORTS:
        raise ValueError(f"must be {', '.join(REPORTS)} or null, got {_shown(value)}")
    return None if value is None else str(value)


def _milliseconds(value: Any) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or value < 0:
        raise ValueError(f"must be a number of milliseconds, got {_shown(value)}")
    return float(value)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


_step = _whole(0, MAX_STEPS - 1)
_candidate = _whole(0, 10_000)
_candidate_or_null = _whole(0, 10_000, nullable=True)
_free_text = _text(MAX_TEXT, nullable=True)

PAYLOADS: dict[str, dict[str, Check]] = {
    "rate": {"step": _step, "candidate": _candidate_or_null, "rating": _rating},
    "flag": {"step": _step, "candidate": _candidate_or_null, "flagged": _truth},
    "choose": {"step": _step, "candidate": _candidate_or_null},
    "human_step": {"step": _step, "text": _free_text},
    "progress": {"value": _whole(0, 4, nullable=True)},
    "critique": {"candidate": _candidate, "rating": _rating},
    "critique_text": {"text": _free_text},
    "report_step": {"step": _step, "kind": _report},
    "note": {"text": _free_text},
    "active": {"ms": _whole(0, DAY_MS)},
    "confirm": {"what": _text(64)},
}
"""Type -> field of its payload -> what the field may hold."""

OPTIONAL: dict[str, dict[str, Check]] = {"rate": {"fast": _truth}}
"""Fields that may be missing. `fast`: the key came within 300 ms of the step."""
