r"""Texts in which a tag ends each step: Math-Shepherd's layout and OpenRLHF's.

    input   "How many? Step 1: Two and two. ки\nStep 2: The answer is: 4 ки"
    label   the same text with + or - in place of each tag   (Math-Shepherd)
    value   ["+", "-"], or chances                           (OpenRLHF)

The question has no end of its own. It ends where the last `Step 1:` before the
first tag begins, or, without one, at the only question mark. A row where
neither is there has its tags misplaced (a few of the published ones have), and
is bad.
"""

import re
from collections.abc import Sequence
from typing import Any

from surefoot.labeling import fields
from surefoot.labeling.choices import CannotExpress, Choices, only_hard, rated_steps
from surefoot.labeling.paths import path_entry
from surefoot.labeling.sessions import Entry, spine
from surefoot.problems.rows import Row
from surefoot.records import Problem, Session, Solution

MATH_SHEPHERD = "math-shepherd"
OPENRLHF = "openrlhf"

_FIRST = re.compile(r"step 1\s*:", re.IGNORECASE)
_SIGNS = {"+": True, "-": False}


def read_math_shepherd(row: Row, tag: str) -> list[Entry]:
    """One row of `input` and `label`.

    Raises:
        BadRow: A field is missing or holds what it should not.
    """
    whole, label = row.filled("input"), row.text("label")
    statement, steps = _split(row, "input", whole, tag)
    values: list[bool | float | None] = []
    at = 0
    for i, part in enumerate(whole.split(tag)[:-1]):
        if label[at : at + len(part)] != part:
            raise row.bad("label", f"its text before the sign of step {i + 1} is not that of input")
        sign = label[at + len(part) : at + len(part) + 1]
        if sign not in _SIGNS:
            raise row.bad("label", f"step {i + 1} must end in + or -, got {sign!r}")
        values.append(_SIGNS[sign])
        at += len(part) + 1
    if label[at:].strip():
        raise row.bad("label", f"text after the sign of the last step: {fields.shown(label[at:])}")
    return [path_entry(row, MATH_SHEPHERD, statement, steps, values)]


def read_openrlhf(row: Row, tag: str) -> list[Entry]:
    """One row of `input` (or `text`) and `value`, as `--input_key` and `--label_key` name them.

    Raises:
        BadRow: A field is missing or holds what it should not.
    """
    name = "text" if "text" in row.fields and "input" not in row.fields else "input"
    statement, steps = _split(row, name, row.filled(name), tag)
    found = row.fields.get("value")
    if isinstance(found, list) and any(isinstance(value, str) for value in found):
        for i, value in enumerate(found):
            if value not in _SIGNS:
                raise row.bad(f"value[{i}]", f"must be + or -, got {fields.shown(value)}")
        found = [_SIGNS[value] for value in found]
    values = fields.values(row, "value", found, len(steps))
    return [path_entry(row, OPENRLHF, statement, steps, values)]


def write_math_shepherd(
    problem: Problem, solution: Solution | None, session: Session, choices: Choices
) -> Any:
    """The row of a session.

    Raises:
        CannotExpress: See `rated_steps`, `only_hard`, or the text holds the tag.
    """
    texts, values = rated_steps(spine(session), choices)
    hard = only_hard(values, MATH_SHEPHERD)
    units = _units(problem.statement, texts, choices.step_tag)
    signs = ["+" if value else "-" for value in hard]
    return {
        "input": "".join(unit + choices.step_tag for unit in units),
        "label": "".join(unit + sign for unit, sign in zip(units, signs, strict=True)),
    }


def write_openrlhf(
    problem: Problem, solution: Solution | None, session: Session, choices: Choices
) -> Any:
    """The row of a session.

    Raises:
        CannotExpress: See `rated_steps`, or the text holds the tag.
    """
    texts, values = rated_steps(spine(session), choices)
    units = _units(problem.statement, texts, choices.step_tag)
    return {
        "input": "".join(unit + choices.step_tag for unit in units),
        "value": [("+" if v else "-") if isinstance(v, bool) else v for v in values],
    }


def _split(row: Row, name: str, text: str, tag: str) -> tuple[str, tuple[str, ...]]:
    """The question and the steps of a tagged text."""
    first, *rest = text.split(tag)
    if not rest:
        raise row.bad(name, f"no step ends in {tag!r}; --step-tag names another tag")
    if rest.pop().strip():
        raise row.bad(name, f"text after the last {tag!r}")
    cut = _question_end(first)
    if cut is None:
        raise row.bad(
            name, f"where does the question end? no 'Step 1:' and no single '?' before {tag!r}"
        )
    statement, steps = first[:cut].strip(), [first[cut:], *rest]
    if not statement:
        raise row.bad(name, "no question before the first step")
    return statement, fields.steps(row, f"steps of {name}", [step.strip() for step in steps])


def _question_end(first: str) -> int | None:
    marks = list(_FIRST.finditer(first))
    if marks:
        return marks[-1].start()
    return first.index("?") + 1 if first.count("?") == 1 else None


def _units(statement: str, texts: Sequence[str], tag: str) -> list[str]:
    """What stands before each tag; steps get a number if the first has none."""
    if not _FIRST.match(texts[0]):
        texts = [f"Step {i}: {text}" for i, text in enumerate(texts, start=1)]
    for i, text in enumerate(texts):
        if tag in text:
            raise CannotExpress(f"alternatives[{i}]", f"holds the step tag {tag!r}")
        if not i and len(_FIRST.findall(text)) > 1:
            raise CannotExpress("alternatives[0]", "holds 'Step 1:' twice, the question would grow")
    if tag in statement:
        raise CannotExpress("problem_id", f"the problem's statement holds the step tag {tag!r}")
    return [f"{statement} {texts[0]} ", *(f"\n{text} " for text in texts[1:])]
