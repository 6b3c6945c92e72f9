"""What lies beside an export: a manifest for programs, a card for people."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from surefoot.labeling.card import card
from surefoot.labeling.export import Exporter
from surefoot.labeling.rated import Rated
from surefoot.labeling.sessions import alternatives, marks_of, spine

VERSION = 1
"""Of the manifest's own fields."""


@dataclass(kw_only=True)
class Tally:
    """Counts over the opinions of one output."""

    n_rows: int = 0
    n_opinions: int = 0
    n_late: int = 0
    solutions: set[str] = field(default_factory=set)
    problems: set[str] = field(default_factory=set)
    raters: set[str] = field(default_factory=set)
    ratings: Counter[str] = field(default_factory=Counter)
    """Of the steps that were followed."""
    alternatives: Counter[str] = field(default_factory=Counter)
    """Of the other texts."""
    n_first_errors: int = 0
    finish_reasons: Counter[str] = field(default_factory=Counter)
    marks: Counter[str] = field(default_factory=Counter)
    generations: Counter[int | None] = field(default_factory=Counter)
    guidelines: Counter[int | None] = field(default_factory=Counter)

    def add(self, rated: Rated, n_rows: int) -> None:
        """Count an opinion of which so many rows were written."""
        session, steps = rated.session, spine(rated.session)
        ratings = [step.rating for step in steps]
        self.n_rows += n_rows
        self.n_opinions += 1
        self.n_late += rated.is_late
        self.problems.add(session.problem_id)
        self.raters.add(session.rater)
        followed = rated.solution.solution_id if rated.solution else session.solution_id
        solution_id = followed or rated.shown_id
        if solution_id is not None:
            self.solutions.add(solution_id)
        self.ratings.update(map(_name, ratings))
        if any(texts is not None and len(texts) > 1 for texts in session.alternatives):
            self.alternatives.update(_name(way[-1].rating) for way in alternatives(session))
        self.n_first_errors += -1 in ratings
        self.finish_reasons[session.finish_reason or "unknown"] += 1
        self.marks.update(marks_of(session))
        self.generations[rated.generation] += 1
        self.guidelines[rated.guideline] += 1

    def counts(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "rows": self.n_rows,
            "opinions": self.n_opinions,
            "late_opinions": self.n_late,
            "solutions": len(self.solutions),
            "problems": len(self.problems),
            "raters": len(self.raters),
            "ratings": {name: self.ratings[name] for name in ("-1", "0", "1", "none")},
            "alternatives": {name: self.alternatives[name] for name in ("-1", "0", "1")},
            "with_first_error": self.n_first_errors,
            "finish_reasons": dict(sorted(self.finish_reasons.items())),
            "marked": dict(sorted(self.marks.items())),
        }


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where an export comes from."""

    kind: str
    """`labelling room` or `tables`."""
    name: str
    """Of the project, or of the folder."""
    protocol: str | None = None
    schema: str | None = None
    """Version of the database."""
    generations: Mapping[int | None, dict[str, Any]] = field(default_factory=dict)
    """Round -> which verifier chose, by what policy."""
    guidelines: Mapping[int | None, str] = field(default_factory=dict)
    """Version -> SHA-256 of the text."""


def described(
    exporter: Exporter,
    tally: Tally,
    origin: Origin,
    *,
    chosen: Mapping[str, Any],
    files: list[dict[str, Any]],
    version: str,
    now: datetime | None = None,
) -> tuple[str, str]:
    """The manifest, as JSON text, and the card, as Markdown.

    Args:
        exporter: What made the rows, and counted what it left out.
        tally: What it did not.
        origin: Where the opinions come from.
        chosen: The filters and choices that were in force, by name.
        files: Name, bytes and SHA-256 of each file; see `file_facts`.
        version: Of this program.
        now: The time; None: now.
    """
    left_out = {name: n for name, n in sorted(exporter.left_out.items()) if n}
    if exporter.n_bad:
        left_out["cannot be expressed"] = exporter.n_bad
    made_at = (now or datetime.now(tz=UTC)).isoformat(timespec="seconds")
    content = {
        "manifest_version": VERSION,
        "tool": f"surefoot {version}",
        "made_at": made_at,
        "format": exporter.name,
        "origin": {
            "kind": origin.kind,
            "name": origin.name,
            "protocol": origin.protocol,
            "schema": origin.schema,
        },
        "choices": dict(chosen),
        "counts": tally.counts(),
        "left_out": left_out,
        "generations": [
            {"generation": number, "opinions": n, **origin.generations.get(number, {})}
            for number, n in _in_order(tally.generations)
        ],
        "guidelines": [
            {"version": number, "opinions": n, "sha256": origin.guidelines.get(number)}
            for number, n in _in_order(tally.guidelines)
            if number is not None
        ],
        "files": files,
    }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n", card(content)


def _name(rating: int | None) -> str:
    return "none" if rating is None else str(rating)


def _in_order(counts: Counter[int | None]) -> list[tuple[int | None, int]]:
    return sorted(counts.items(), key=lambda item: (item[0] is None, item[0] or 0))
