"""Errors as the page gets them: problem+json (RFC 9457)."""

from typing import Any


class Refused(Exception):
    """A request that is answered with an error.

    Args:
        status: HTTP status.
        kind: A word that the page knows; `type` of the answer is `/problems/KIND`.
        detail: One sentence for a person.
        more: Further fields of the answer.
    """

    def __init__(self, status: int, kind: str, detail: str, **more: Any) -> None:
        self.status, self.kind, self.detail, self.more = status, kind, detail, more
        super().__init__(f"{status} {kind}: {detail}")

    def body(self) -> dict[str, Any]:
        """The answer."""
        return {
            "type": f"/problems/{self.kind}",
            "title": TITLES.get(self.kind, self.kind.replace("_", " ").capitalize()),
            "status": self.status,
            "detail": self.detail,
            **self.more,
        }


TITLES = {
    "bad_request": "The request is not what was expected",
    "bad_event": "An event does not hold what it should",
    "busy": "The server is busy",
    "conflict": "Something else was stored under this id or number",
    "disk_full": "The disk of the server is full",
    "forbidden": "Not allowed",
    "missing_events": "Events before this submission have not arrived",
    "no_generator": "There is no generator that could write alternatives",
    "not_finished": "The work cannot be submitted yet",
    "not_found": "There is no such thing",
    "not_open": "The assignment is not open",
    "not_signed_in": "Not signed in",
    "too_large": "The request is too large",
    "too_many": "Too many tries",
}
"""Kind -> what is said above the detail."""
