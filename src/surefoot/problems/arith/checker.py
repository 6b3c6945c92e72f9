"""The exact step checker: is what this line says true, and does it move on?

It judges whatever a model writes, not likeness to the reference. A line is a
chain of equal sides (`15/5=3`), an expression standing alone (it must be equal
to what is asked), several of these joined by `so`, or the `# Answer` line.

+1: every clause is true and the line says something new;
 0: true but no progress: said before, said by the statement, the same on both
    sides, or a calculation with numbers that occur nowhere in the problem;
-1: false, unreadable, or against what an earlier line defined.

Truth is decided in the problem's world (`worlds`), whatever earlier lines
claim: a step that calculates correctly from a wrong number is false as well
when it names or stands for a quantity of the problem.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from surefoot.problems.arith.expressions import (
    Node,
    Polynomial,
    UnknownName,
    Unreadable,
    canonical,
    evaluate,
    leaves,
    parse,
    parse_tuple,
)
from surefoot.problems.arith.worlds import World, world_of
from surefoot.records import Problem, Rating
from surefoot.steps import ANSWER_MARK, is_answer_step

_SO = re.compile(r"\bso\b")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_TARGET = "what is asked"


class Judgement(NamedTuple):
    """A rating of one step, and why."""

    rating: Rating
    reason: str


class _False(Exception):
    """A clause that is not true."""


@dataclass
class _Page:
    """What stands on the page so far."""

    world: World
    names: dict[str, Polynomial]
    numbers: set[str]
    said: list[frozenset[str]] = field(default_factory=list)

    def is_said(self, sides: frozenset[str]) -> bool:
        return any(sides <= earlier for earlier in self.said)


def check(problem: Problem, steps: Sequence[str]) -> list[Judgement]:
    """A judgement of every step, also of those after the first error.

    Args:
        problem: A procedural problem; only its statement is read.
        steps: The lines of a solution, as written.

    Raises:
        Unreadable: The problem's statement is not of a procedural family.
    """
    page = _open_page(problem.statement)
    return [_judge(page, step) for step in steps]


def _open_page(statement: str) -> _Page:
    world = world_of(statement)
    page = _Page(world, dict(world.names), set(_NUMBER.findall(statement)))
    for clause in world.given:
        nodes = [parse(side) for side in clause.split("=")]
        page.said.append(_sides(page, nodes))
    return page


def _judge(page: _Page, step: str) -> Judgement:
    try:
        if is_answer_step(step):
            return _judge_answer(page, step)
        clauses = [clause for clause in _SO.split(step) if clause.strip()]
        if not clauses:
            raise Unreadable("an empty step")
        news = [_judge_clause(page, clause) for clause in clauses]
    except _False as why:
        return Judgement(-1, str(why))
    except Unreadable as why:
        return Judgement(-1, f"unreadable: {why}")
    except RecursionError:
        return Judgement(-1, "unreadable: nested too deeply")
    page.numbers.update(_NUMBER.findall(step))
    if any(new is None for new in news):
        return Judgement(1, "true, and new")
    return Judgement(0, "; ".join(sorted({new for new in news if new})))


def _judge_answer(page: _Page, step: str) -> Judgement:
    text = step.strip().removeprefix(ANSWER_MARK)
    nodes = parse_tuple(text)
    values = tuple(evaluate(node, page.names, page.world.functions) for node in nodes)
    said = frozenset({f"{ANSWER_MARK} {', '.join(canonical(node) for node in nodes)}"})
    if values != page.world.answer:
        raise _False(f"{text.strip()} is not the answer")
    if page.is_said(said):
        return Judgement(0, "said before")
    page.said.append(said)
    return Judgement(1, "the right answer")


def _judge_clause(page: _Page, clause: str) -> str | None:
    """None if the clause is true and new; else why it is no progress.

    Raises:
        Unreadable: It cannot be read.
        _False: It is not true.
    """
    texts = clause.split("=")
    nodes = [parse(text) for text in texts]
    values = _values(page, nodes)
    for text, value in zip(texts[1:], values[1:], strict=True):
        if value != values[0]:
            raise _False(f"{texts[0].strip()} is not {text.strip()}")
    if len(nodes) == 1:
        if page.world.target is None:
            raise Unreadable("an expression alone says nothing here")
        if values[0] != page.world.target:
            raise _False(f"{clause.strip()} is not equal to {_TARGET}")
    sides = _sides(page, nodes)
    if page.is_said(sides):
        return "said before"
    if len(sides) == 1:
        return "the same on both sides"
    if len(nodes) > 1 and _is_foreign(page, nodes):
        return "a calculation with numbers from nowhere"
    page.said.append(sides)
    return None


def _values(page: _Page, nodes: list[Node]) -> list[Polynomial]:
    """Values of the sides of a chain; a name of the writer's own is defined here."""
    try:
        return [evaluate(node, page.names, page.world.functions) for node in nodes]
    except UnknownName as unknown:
        own = [node for node in nodes if node == ("name", unknown.name)]
        rest = [node for node in nodes if node != ("name", unknown.name)]
        if not own or not rest:
            raise
        values = [evaluate(node, page.names, page.world.functions) for node in rest]
        page.names[unknown.name] = values[0]
        return [evaluate(node, page.names, page.world.functions) for node in nodes]


def _sides(page: _Page, nodes: list[Node]) -> frozenset[str]:
    """The sides in canonical spelling; an expression alone speaks of the target."""
    sides = {canonical(node) for node in nodes}
    return frozenset(sides if len(nodes) > 1 else sides | {_TARGET})


def _is_foreign(page: _Page, nodes: list[Node]) -> bool:
    """Whether a chain without names starts from numbers that stand nowhere yet."""
    if any(leaves(node, "name") or leaves(node, "call") for node in nodes):
        return False
    return not leaves(nodes[0], "number") & page.numbers
