"""A rater that is a program: sees what the page shows, says what the page would say.

Whatever it says hangs on what it sees and on the judge alone, so that a program
which was killed goes on with the work it has open as if nothing had happened.
"""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from surefoot.grading.extract import final_answer
from surefoot.labeling.rate import Rater
from surefoot.problems.arith.expressions import Unreadable
from surefoot.records import Problem, Rating
from surefoot.web.visitor import Refusal, Visitor

LONGEST_WAY = 40
"""Steps after which a solution that came to no answer is given up (phase 1)."""
PART = 400
"""Events in a request; the server takes 500."""

Work = Mapping[str, Any]
"""An assignment as the server sends it."""


class Said(NamedTuple):
    """A thing that a rater says: an event without its number."""

    type: str
    payload: dict[str, Any]


class End(NamedTuple):
    """How a piece of work ends."""

    finish: str
    reason: str | None = None


class ScriptedRater:
    """Rates through a visitor's requests.

    Args:
        visitor: Signed in.
        rater: Who judges; sees the statement only, not the reference answer.
        protocol: Of the project.
        lot: Draws one of the numbers that may continue, given what it is drawn for.
    """

    def __init__(
        self,
        visitor: Visitor,
        rater: Rater,
        protocol: str,
        lot: Callable[[Sequence[int], str], int],
    ) -> None:
        self._visitor, self._rater, self._lot = visitor, rater, lot
        self._is_whole = protocol == "phase2"
        self._session_id = str(uuid.uuid4())

    def rate(self, work: Work) -> End | None:
        """Do one assignment; None if it was given back, as it cannot be judged."""
        started = time.monotonic()
        paper = _Paper(self._visitor, work, self._session_id)
        try:
            end = self._whole(paper) if self._is_whole else self._step_by_step(paper)
        except (Unreadable, _NoOptions) as error:
            return self._leave(paper, str(error)[:2000])
        paper.say(Said("active", {"ms": round((time.monotonic() - started) * 1000)}))
        paper.submit(end)
        return end

    def _leave(self, paper: "_Paper", why: str) -> End | None:
        """Give work back, or up where that is not allowed, as in the screening."""
        try:
            self._visitor.post(f"{paper.path}/release", reason=why)
        except Refusal:
            end = End("give_up", why)
            paper.submit(end)
            return end
        return None

    def _judged(self, work: Work, steps: Sequence[str]) -> list[Rating]:
        shown = work["problem"]
        problem = Problem(problem_id=shown["problem_id"], statement=shown["statement"], answer="")
        return [judgement.rating for judgement in self._rater(problem, steps)]

    def _whole(self, paper: "_Paper") -> End:
        """Phase 2: up to the first error, then the other texts that are shown for that step."""
        work, steps = paper.work, paper.work["steps"]
        ratings = self._judged(work, steps)
        error = next((i for i, rating in enumerate(ratings) if rating == -1), None)
        rated = ratings if error is None else ratings[: error + 1]
        said = [_rate(i, None, rating) for i, rating in enumerate(rated)]
        if error is not None:
            for option in work["options"].get(str(error), ()):
                if option["origin"] != "critique":
                    rating = self._judged(work, [*steps[:error], option["text"]])[-1]
                    said.append(_rate(error, option["candidate"], rating))
        elif _differs(work["problem"]["answer"], work["final_answer"]):
            said.append(Said("confirm", {"what": "answer_differs"}))
        paper.say(*said)
        return End("solution" if error is None else "found_error")

    def _step_by_step(self, paper: "_Paper") -> End:
        """Phase 1: rate what is offered, follow one that is right, to the answer."""
        way: list[str] = list(paper.work["steps"])
        while not way or final_answer(way[-1]) is None:
            if len(way) == LONGEST_WAY:
                return End("give_up", f"no answer after {LONGEST_WAY} steps")
            ratings: dict[int, Rating] = {}
            texts: dict[int, str] = {}
            while True:  # one option, then others if it is not +1
                new = [o for o in paper.options(len(way)) if o["candidate"] not in ratings]
                for option in new:
                    texts[option["candidate"]] = option["text"]
                    rating = self._judged(paper.work, [*way, option["text"]])[-1]
                    ratings[option["candidate"]] = rating
                paper.say(*(_rate(len(way), number, ratings[number]) for number in texts))
                if not new or len(ratings) > 1 or 1 in ratings.values():
                    break
            best = max(ratings.values(), default=-1)
            if best == -1:
                return End("give_up", f"no option of step {len(way) + 1} is right")
            among = [number for number, rating in ratings.items() if rating == best]
            chosen = self._lot(among, "\n".join([paper.work["problem"]["statement"], *way]))
            paper.say(Said("choose", {"step": len(way), "candidate": chosen}))
            way.append(texts[chosen])
        return End("solution")


class _NoOptions(Exception):
    """Nobody writes options for a step."""


class _Paper:
    """An assignment being worked on; what was said of it before counts as said."""

    def __init__(self, visitor: Visitor, work: Work, session_id: str) -> None:
        self.work, self.path = work, f"/assignments/{work['assignment_id']}"
        self._visitor, self._session_id = visitor, session_id
        self._seq: int = work["last_seq"]
        self._held: dict[tuple[Any, ...], dict[str, Any]] = {}
        for event in work["events"]:
            self._held[_about(event["type"], event["payload"])] = event["payload"]

    def say(self, *said: Said) -> None:
        """Send what does not hold yet, as one batch, as the page does after a pause."""
        new = [one for one in said if self._held.get(_about(*one)) != one.payload]
        events = []
        for one in new:
            self._held[_about(*one)] = one.payload
            self._seq += 1
            events.append(
                {
                    "event_id": str(uuid.uuid4()),
                    "seq": self._seq,
                    "type": one.type,
                    "payload": one.payload,
                    "mono_ms": time.monotonic() * 1000,
                    "wall": datetime.now(UTC).isoformat(timespec="milliseconds"),
                }
            )
        for start in range(0, len(events), PART):
            part = events[start : start + PART]
            self._visitor.post(f"{self.path}/events", session_id=self._session_id, events=part)

    def options(self, step: int) -> list[dict[str, Any]]:
        """The texts offered at a step, more of them where more are due."""
        try:
            answer = self._visitor.post(f"{self.path}/alternatives", step=step)
        except Refusal as refusal:
            if refusal.kind != "no_generator":
                raise
            raise _NoOptions(str(refusal)) from None
        found: list[dict[str, Any]] = answer["candidates"]
        return found

    def submit(self, end: End) -> None:
        """Finish."""
        self._visitor.post(
            f"{self.path}/submit",
            submission_id=str(uuid.uuid4()),
            last_seq=self._seq,
            finish_reason=end.finish,
            reason=end.reason,
        )


def _rate(step: int, candidate: int | None, rating: Rating) -> Said:
    return Said("rate", {"step": step, "candidate": candidate, "rating": rating})


def _about(kind: str, payload: Mapping[str, Any]) -> tuple[Any, ...]:
    """What an event says something about; the last one about it holds."""
    names = ("step",) if kind == "choose" else ("step", "candidate", "what", "ms")
    return (kind, *(payload.get(name) for name in names))


def _differs(answer: str | None, other: str | None) -> bool:
    """As the page asks: whether the final answer is not the reference answer as written."""
    if answer is None or other is None:
        return False
    return "".join(answer.split()).strip("$") != "".join(other.split()).strip("$")
