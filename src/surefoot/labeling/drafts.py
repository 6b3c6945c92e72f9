"""What is rated now: events folded into a draft.

`fold` is the only reading of events there is: the server's answer to "may this
be submitted", the session that a submission makes, and the check that nothing
was lost all come from it. It depends on what the events say and on their `seq`,
not on the order in which they arrive.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, TypeVar

from surefoot.labeling.events import BadEvent, Event
from surefoot.labeling.sessions import digest
from surefoot.records import Rating

Protocol: TypeAlias = Literal["phase1", "phase2"]
Origin: TypeAlias = Literal["pregenerated", "alternative", "critique", "human"]
FinishReason: TypeAlias = Literal["found_error", "solution", "bad_problem", "give_up"]
PROTOCOLS: tuple[Protocol, ...] = ("phase1", "phase2")
K = TypeVar("K")
V = TypeVar("V")
FINISH_REASONS: tuple[FinishReason, ...] = ("found_error", "solution", "bad_problem", "give_up")


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A text offered as a step, or as a critique of one."""

    step: int
    candidate: int
    """Its number among all options of the task, so that no two steps share one."""
    text: str
    origin: Origin = "alternative"
    follows: str | None = None
    """`digest_of` the steps before it, if it continues only those; None: any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the rater sees, as far as it matters for what may be rated."""

    protocol: Protocol
    steps: tuple[str, ...]
    """Phase 2: the whole solution. Phase 1: the steps that are given."""
    options: tuple[Option, ...] = ()

    def offered(self, before: Sequence[str]) -> list[Option]:
        """The steps offered after these, in order of their numbers; no critiques."""
        here, follows = len(before), digest_of(before)
        found = [
            option
            for option in self.options
            if option.step == here
            and option.origin != "critique"
            and option.follows in (None, follows)
        ]
        return sorted(found, key=lambda option: option.candidate)


@dataclass(slots=True, kw_only=True)
class Draft:
    """All that holds after some events."""

    shown: Shown
    ratings: dict[tuple[int, int | None], Rating] = field(default_factory=dict)
    """(step, candidate) -> rating; candidate None is the step as shown."""
    flags: set[tuple[int, int | None]] = field(default_factory=set)
    """Those that the rater is unsure of."""
    chosen: dict[int, int] = field(default_factory=dict)
    """Phase 1: step -> candidate that continues."""
    human_steps: dict[int, str] = field(default_factory=dict)
    """Phase 1: step -> the rater's own text, where that continues."""
    progress: int | None = None
    critiques: dict[int, Rating] = field(default_factory=dict)
    critique_text: str | None = None
    reports: dict[int, str] = field(default_factory=dict)
    """Step -> why it is not one."""
    note: str | None = None
    confirmed: tuple[str, ...] = ()
    active_ms: int = 0
    n_events: int = 0


def fold(events: Iterable[Event], shown: Shown) -> Draft:
    """What holds after these events, in whatever order they are given."""
    draft = Draft(shown=shown)
    for event in sorted(events, key=lambda event: event.seq):
        _apply(draft, event)
        draft.n_events += 1
    return draft


def check_fits(event: Event, shown: Shown) -> None:
    """Refuses an event about something that the rater was not shown.

    Whether ratings follow the rules of the protocol is asked when the work is
    submitted, as events may arrive in any order.

    Raises:
        BadEvent: There is no such step or candidate, or the protocol has no such thing.
    """
    step, is_phase_2 = event.payload.get("step"), shown.protocol == "phase2"
    if event.type in ("choose", "human_step") and is_phase_2:
        raise BadEvent("type", f"{event.type} belongs to phase 1")
    if is_phase_2 and step is not None and step >= len(shown.steps):
        raise BadEvent("payload.step", f"there are {len(shown.steps)} steps, numbered from 0")
    if "candidate" not in event.payload:
        return
    candidate = event.payload["candidate"]
    if candidate is None:
        if event.type in ("rate", "flag") and not is_phase_2:
            raise BadEvent("payload.candidate", "must be a number in phase 1")
        return
    is_critique = event.type == "critique"
    known = any(
        option.candidate == candidate
        and (option.origin == "critique") == is_critique
        and step in (None, option.step)
        for option in shown.options
    )
    if not known:
        raise BadEvent("payload.candidate", f"there is no option {candidate} there")


def digest_of(steps: Sequence[str]) -> str:
    """Stands for the steps before an option."""
    return digest("\x1e".join(steps))


def _apply(draft: Draft, event: Event) -> None:
    said = event.payload
    match event.type:
        case "rate":
            _put(draft.ratings, (said["step"], said["candidate"]), said["rating"])
        case "flag" if said["flagged"]:
            draft.flags.add((said["step"], said["candidate"]))
        case "flag":
            draft.flags.discard((said["step"], said["candidate"]))
        case "choose":
            _put(draft.chosen, said["step"], said["candidate"])
            if said["candidate"] is not None:  # only one of the two can continue
                draft.human_steps.pop(said["step"], None)
        case "human_step":
            _put(draft.human_steps, said["step"], said["text"] or None)
            if said["text"]:
                draft.chosen.pop(said["step"], None)
        case "critique":
            _put(draft.critiques, said["candidate"], said["rating"])
        case "report_step":
            _put(draft.reports, said["step"], said["kind"])
        case "active":
            draft.active_ms += said["ms"]
        case "confirm":
            draft.confirmed = tuple(dict.fromkeys((*draft.confirmed, said["what"])))
        case "progress":
            draft.progress = said["value"]
        case "critique_text":
            draft.critique_text = said["text"] or None
        case "note":
            draft.note = said["text"] or None


def _put(held: dict[K, V], key: K, value: V | None) -> None:
    """Null takes back what was said."""
    if value is None:
        held.pop(key, None)
    else:
        held[key] = value
