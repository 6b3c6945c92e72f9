"""Rollout labels in MATH-APS's layout (OmegaPRM): beginnings of solutions, each with a chance.

A row is `question`, `final_answer` and `reasoning_steps`; each of those has a
`solution_prefix`, which starts with the question, and `mc_value`, the share of
rollouts from there that reached the answer. Paragraphs are steps; the chance is
that of the last one, the others have none. The question alone is no step.
"""

import re

from surefoot.labeling import fields
from surefoot.labeling.paths import path_entry
from surefoot.labeling.sessions import Entry
from surefoot.problems.rows import Row

SOURCE = "math-aps"

_PARAGRAPH = re.compile(r"\n\s*\n")


def read(row: Row) -> list[Entry]:
    """The beginnings in one row.

    Raises:
        BadRow: A field is missing or holds what it should not.
    """
    question, answer = row.filled("question"), row.text("final_answer")
    entries: list[Entry] = []
    rollouts = fields.objects(row, "reasoning_steps", row.fields.get("reasoning_steps"))
    for i, rollout in enumerate(rollouts):
        where = f"reasoning_steps[{i}]"
        prefix, chance = rollout.get("solution_prefix"), rollout.get("mc_value")
        if not isinstance(prefix, str) or not prefix.startswith(question):
            raise row.bad(f"{where}.solution_prefix", "must be text that starts with the question")
        if isinstance(chance, bool) or not isinstance(chance, int | float) or not 0 <= chance <= 1:
            raise row.bad(f"{where}.mc_value", f"must lie between 0 and 1, got {chance!r}")
        parts = [part.strip() for part in _PARAGRAPH.split(prefix[len(question) :])]
        steps = [part for part in parts if part]
        if steps:
            values = [*[None] * (len(steps) - 1), float(chance)]
            entries.append(
                path_entry(row, SOURCE, question, steps, values, answer=answer, suffix=f"/{i}")
            )
    return entries
