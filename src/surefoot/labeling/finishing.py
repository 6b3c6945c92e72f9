"""The end of a piece of work: may it be submitted so, and the session that it makes."""

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from surefoot.labeling import phase1, phase2, prm800k
from surefoot.labeling.difference import dumped
from surefoot.labeling.drafts import Draft, FinishReason
from surefoot.records import Session

Kind: TypeAlias = Literal["work", "gold", "screening"]
KINDS: tuple[Kind, ...] = ("work", "gold", "screening")

_NEED_REASON: tuple[FinishReason, ...] = ("bad_problem", "give_up")


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a session holds beyond the events; fields as in `surefoot.records.Session`."""

    session_id: str
    problem_id: str
    solution_id: str | None = None
    rater: str = "unknown"
    generation: int | None = None
    kind: Kind = "work"
    shown_answer: str | None = None
    shown_score: float | None = None


def objection(draft: Draft, finish: FinishReason, reason: str | None) -> str | None:
    """Why a draft cannot be submitted; None if it can.

    Args:
        draft: What is rated.
        finish: How the work is said to end.
        reason: In the rater's words; needed for a bad problem and for giving up.
    """
    if finish in _NEED_REASON and not (reason or "").strip():
        return f"{finish} needs a reason"
    # A bad problem or a solution too hard may be left at any point, also in disorder.
    if finish in _NEED_REASON:
        return None
    if draft.shown.protocol == "phase2":
        return phase2.objection(draft, finish)
    return phase1.objection(draft, finish)


def first_error(draft: Draft) -> int | None:
    """0-based index of the first step rated -1; None where there is none, and in phase 1."""
    return phase2.first_error(draft) if draft.shown.protocol == "phase2" else None


def session_of_draft(
    draft: Draft,
    facts: Facts,
    finish: FinishReason | None,
    *,
    reason: str | None = None,
    timestamp: str | None = None,
) -> Session:
    """The session that a submission makes; `label export` writes it as a row of PRM800K.

    What PRM800K has no field for (reasons, progress, critiques, notes, reports)
    is in `other`, as an object `label.room`.
    """
    is_phase_2 = draft.shown.protocol == "phase2"
    extras = _extras(draft, reason)
    session = Session(
        session_id=facts.session_id,
        problem_id=facts.problem_id,
        solution_id=facts.solution_id,
        rater=facts.rater,
        format=prm800k.SOURCE,
        **(phase2 if is_phase_2 else phase1).session_steps(draft),
        shown_steps=draft.shown.steps if is_phase_2 else None,
        shown_answer=facts.shown_answer if is_phase_2 else None,
        shown_score=facts.shown_score if is_phase_2 else None,
        generation=facts.generation,
        is_quality_control=facts.kind == "gold",
        is_screening=facts.kind == "screening",
        finish_reason=finish,
        milliseconds=draft.active_ms,
        timestamp=timestamp,
    )
    if extras:
        session = dataclasses.replace(session, other=dumped([[["label", "room"], extras]]))
    return session


def _extras(draft: Draft, reason: str | None) -> dict[str, Any]:
    """What was said beyond ratings; nothing where nothing was."""
    error = first_error(draft)
    critiques = [
        {"text": option.text, "rating": draft.critiques.get(option.candidate)}
        for option in draft.shown.options
        if option.origin == "critique" and option.step == error
    ]
    said = {
        "reason": reason,
        "progress": draft.progress,
        "critiques": critiques if any(c["rating"] is not None for c in critiques) else None,
        "critique": draft.critique_text,
        "reports": {str(step): kind for step, kind in sorted(draft.reports.items())} or None,
        "note": draft.note,
        "confirmed": list(draft.confirmed) or None,
    }
    return {name: value for name, value in said.items() if value is not None}
