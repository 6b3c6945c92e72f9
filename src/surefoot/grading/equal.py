r"""Whether two normal forms are the same answer, by type and by policy.

Every rule here is symmetric: which of the two is the reference does not matter.
"""

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from surefoot.grading import tree
from surefoot.grading.algebra import same
from surefoot.grading.forms import (
    Based,
    Collection,
    Form,
    Matrix,
    Modular,
    Named,
    Quantity,
    Ratio,
    Region,
    Relation,
    Sequence,
    Text,
    Time,
)
from surefoot.grading.names import EMPTY, number_in_words
from surefoot.grading.outcome import (
    DIFFERENT,
    EQUAL,
    OTHER_COUNT,
    OTHER_KIND,
    UNDECIDED,
    Outcome,
    proved,
)
from surefoot.grading.policy import Policy
from surefoot.grading.quantities import same_based, same_quantity
from surefoot.grading.regions import interval_of, same_region
from surefoot.grading.relations import same_relation
from surefoot.grading.tree import Tree

MOST_MEMBERS = 500
"""Members of a list; longer ones are not compared."""


def equal(left: Form, right: Form, policy: Policy) -> Outcome:
    """Compares two forms.

    Returns:
        The outcome; its reason is one of `equal`, `different`, `different_kind`
        (a set against a number), `different_unit`, `different_count`,
        `policy_...` (equal in value, but the policy asks for more), `not_proved`.
    """
    if left == right:
        return EQUAL
    if isinstance(left, Named) or isinstance(right, Named):
        return _named(left, right, policy)
    if _RANK[type(left)] > _RANK[type(right)]:
        left, right = right, left
    rule = _RULES.get((type(left), type(right)))
    return OTHER_KIND if rule is None else rule(left, right, policy)


# -- names ------------------------------------------------------------------------
def _named(left: Form, right: Form, policy: Policy) -> Outcome:
    if isinstance(left, Named) and isinstance(right, Named):
        if left.name == right.name:
            return equal(left.value, right.value, policy)
        if left.equation.sides and right.equation.sides:
            verdict = same_relation(left.equation, right.equation)
            names = (left.name, right.name)
            # `f(x) = x^2` and `y = x^2` give one function two names.
            renamed = any(_is_applied(name) for name in names) and any(
                isinstance(name, str) for name in names
            )
            values = renamed and not verdict
            return equal(left.value, right.value, policy) if values else proved(verdict)
        return DIFFERENT
    if isinstance(right, Named):
        left, right = right, left
    assert isinstance(left, Named)
    if isinstance(right, Relation):
        return proved(same_relation(left.equation, right)) if left.equation.sides else DIFFERENT
    if isinstance(right, Collection) and not isinstance(left.value, Collection):
        return _assigned(left, right, policy)
    outcome = equal(left.value, right, policy)
    if outcome.equal and not policy.name:
        return Outcome(False, "policy_name")
    return outcome


def _assigned(left: Named, right: Collection, policy: Policy) -> Outcome:
    """`(x, y) = (1, 2)` and `x = 1, y = 2`, whose order does not matter."""
    values = {item.name: item.value for item in right.items if isinstance(item, Named)}
    name = left.name
    if not isinstance(left.value, Sequence) or not isinstance(name, tuple):
        return OTHER_COUNT
    if name[:2] != ("call", "tuple") or set(name[2:]) != set(values):
        return OTHER_COUNT
    return _in_order(left.value.items, tuple(values[part] for part in name[2:]), policy)


def _is_applied(name: Tree) -> bool:
    """Whether a name is a function of something: `f(x)`, read as a product or as a call."""
    if not isinstance(name, tuple) or name[:2] == ("call", "tuple"):
        return False
    if name[0] == "call":
        return True
    letters = len(name) == 3 and all(isinstance(part, str) for part in name)
    return letters and name[1] in _FUNCTION_LETTERS


_FUNCTION_LETTERS = frozenset("fghpqyFGHPQ")
"""Letters before a bracket that name a function; `xy = 1` names a product."""


# -- several values ---------------------------------------------------------------
def _in_order(left: tuple[Any, ...], right: tuple[Any, ...], policy: Policy) -> Outcome:
    if len(left) != len(right):
        return OTHER_COUNT
    result = EQUAL
    for a, b in zip(left, right, strict=True):
        outcome = equal(a, b, policy)
        if outcome.equal is False:
            return outcome
        result = outcome if outcome.equal is None else result
    return result


def _sequences(left: Sequence, right: Sequence, policy: Policy) -> Outcome:
    brackets = {left.opened + left.closed, right.opened + right.closed}
    lists = len(left.items) > 2 and policy.list_for_tuple and brackets == {"()", "[]"}
    if (left.opened, left.closed) != (right.opened, right.closed) and not lists:
        return Outcome(False, "different_brackets")
    return _in_order(left.items, right.items, policy)


def _collections(left: Collection, right: Collection, policy: Policy) -> Outcome:
    if max(len(left.items), len(right.items)) > MOST_MEMBERS:
        return Outcome(None, "too_long")
    if left.braced or right.braced:
        left, right = _distinct(left, policy), _distinct(right, policy)
    if len(left.items) != len(right.items):
        return OTHER_COUNT
    if _are_assignments(left) != _are_assignments(right):
        return _in_order(left.items, right.items, policy)
    return _match(list(left.items), list(right.items), policy)


def _distinct(form: Collection, policy: Policy) -> Collection:
    """The members of a set, each once."""
    kept: list[Form] = []
    for item in form.items:
        if not any(equal(item, other, policy).equal for other in kept):
            kept.append(item)
    return Collection(tuple(kept), form.braced)


def _are_assignments(form: Collection) -> bool:
    """Whether every member has a name of its own: `a = 4, b = -3`."""
    named = [item.name for item in form.items if isinstance(item, Named)]
    return len(named) == len(form.items) and len(set(named)) == len(named)


def _match(left: list[Form], right: list[Form], policy: Policy) -> Outcome:
    """Pairs every member with an equal one, each used once (augmenting paths)."""
    outcomes: dict[tuple[int, int], bool | None] = {}

    def are_equal(i: int, j: int) -> bool | None:
        if (i, j) not in outcomes:
            outcomes[i, j] = equal(left[i], right[j], policy).equal
        return outcomes[i, j]

    partner: dict[int, int] = {}

    def place(i: int, tried: set[int]) -> bool:
        free = [j for j in range(len(right)) if j not in partner]
        for j in free:
            if are_equal(i, j):
                partner[j] = i
                return True
        for j in list(partner):
            if j not in tried and are_equal(i, j):
                tried.add(j)
                if place(partner[j], tried):
                    partner[j] = i
                    return True
        return False

    every = range(len(left))
    if all(place(i, set()) for i in every):
        return EQUAL
    # Of two members that nobody can tell apart, one may still be without a partner.
    alone = any(all(are_equal(i, j) is False for j in every) for i in every)
    alone = alone or any(all(are_equal(i, j) is False for i in every) for j in every)
    return DIFFERENT if alone or None not in outcomes.values() else UNDECIDED


def _sequence_and_collection(left: Sequence, right: Collection, policy: Policy) -> Outcome:
    if (
        right.braced
        or right.either
        or ((left.opened, left.closed) != ("(", ")") and len(left.items) < 3)
    ):
        return OTHER_KIND
    if not policy.list_for_tuple:
        return Outcome(False, "policy_list_for_tuple")
    return _in_order(left.items, right.items, policy)


def _matrices(left: Matrix, right: Matrix, policy: Policy) -> Outcome:
    if [len(row) for row in left.rows] != [len(row) for row in right.rows]:
        return Outcome(False, "different_shape")
    verdict: bool | None = True
    for row, other in zip(left.rows, right.rows, strict=True):
        for a, b in zip(row, other, strict=True):
            entry = same(a, b)
            if entry is False:
                return DIFFERENT
            verdict = verdict and entry
    return proved(verdict)


def _sequence_and_matrix(left: Sequence, right: Matrix, policy: Policy) -> Outcome:
    rows = [item.items for item in left.items if isinstance(item, Sequence)]
    if len(rows) == len(left.items) == len(right.rows):  # `[[1, 2], [3, 4]]`
        each = [tuple(Quantity(entry) for entry in row) for row in right.rows]
        outcomes = [_in_order(a, b, policy) for a, b in zip(rows, each, strict=True)]
        return next((outcome for outcome in outcomes if not outcome.equal), EQUAL)
    is_column = all(len(row) == 1 for row in right.rows)
    if not is_column and len(right.rows) != 1:
        return OTHER_KIND
    if not policy.list_for_tuple:
        return Outcome(False, "policy_list_for_tuple")
    entries = [row[0] for row in right.rows] if is_column else right.rows[0]
    return _in_order(left.items, tuple(Quantity(entry) for entry in entries), policy)


# -- regions and relations -----------------------------------------------------------
def _regions(left: Region, right: Region, policy: Policy) -> Outcome:
    if (left.variable is None) != (right.variable is None) and not policy.region_for_interval:
        return Outcome(False, "policy_region_for_interval")
    if left.variable and right.variable and left.variable != right.variable:
        return DIFFERENT
    return proved(same_region(left, right))


def _region_and_sequence(left: Region, right: Sequence, policy: Policy) -> Outcome:
    interval = interval_of(right)
    if interval is None:
        return OTHER_KIND
    return _regions(left, Region((interval,)), policy)


def _region_and_collection(left: Region, right: Collection, policy: Policy) -> Outcome:
    """`(-oo, -3), (2, oo)`: a list of intervals for their union."""
    parts = [interval_of(item) for item in right.items if isinstance(item, Sequence)]
    if len(parts) != len(right.items) or len(parts) != len(left.pieces) or None in parts:
        return OTHER_KIND
    from surefoot.grading.regions import union

    whole = union([Region((part,)) for part in parts if part is not None], either=True)
    return _regions(left, whole, policy)


def _relations(left: Relation, right: Relation, policy: Policy) -> Outcome:
    return proved(same_relation(left, right))


# -- words and the rest -----------------------------------------------------------------
def _texts(left: Text, right: Text, policy: Policy) -> Outcome:
    return proved(left.words.replace(" ", "") == right.words.replace(" ", ""))


def _text_and_quantity(left: Quantity, right: Text, policy: Policy) -> Outcome:
    if isinstance(left.tree, Fraction):
        number = number_in_words(right.words)
        if number is None and _SENTENCE.search(right.words):
            return UNDECIDED
        return OTHER_KIND if number is None else proved(left.tree == number)
    letters = left.tree if isinstance(left.tree, str) else _spelled(left.tree)
    return EQUAL if letters.lower() == right.words else OTHER_KIND


_SENTENCE = re.compile(r"\b(?:is|are|equals?)\b.*\d|\d.*\b(?:is|are)\b")
"""Words that say something about a number; what they say nobody reads here."""


def _spelled(value: Tree) -> str:
    """The letters of a product of variables, in order; empty for anything else."""
    if isinstance(value, tuple) and value[0] == "*" and all(isinstance(p, str) for p in value[1:]):
        return "".join(value[1:])
    return ""


def _text_and_region(left: Text, right: Region, policy: Policy) -> Outcome:
    return EQUAL if left.words == EMPTY and not right.pieces else OTHER_KIND


def _times(left: Time, right: Time, policy: Policy) -> Outcome:
    return proved(left == right)


def _time_and_ratio(left: Time, right: Ratio, policy: Policy) -> Outcome:
    """`4:30` for 4:30 p.m., `16:30` too; seconds may follow."""
    parts = [part for part in right.parts if isinstance(part, Fraction)]
    if len(right.parts) > 3 or len(parts) < len(right.parts):
        return OTHER_KIND
    minutes = sum((part * Fraction(60) ** (1 - k) for k, part in enumerate(parts)), Fraction(0))
    late = left.minutes + (720 if left.half == "pm" else 0)
    return proved(minutes in (late, left.minutes))


def _ratios(left: Ratio, right: Ratio, policy: Policy) -> Outcome:
    if len(left.parts) != len(right.parts):
        return OTHER_COUNT
    if 0 in left.parts or 0 in right.parts:
        return proved(left == right)
    verdict: bool | None = True
    for a, b in zip(left.parts[1:], right.parts[1:], strict=True):
        crossed = same(tree.multiply(left.parts[0], b), tree.multiply(right.parts[0], a))
        if crossed is False:
            return DIFFERENT
        verdict = verdict and crossed
    if verdict and not policy.unreduced and left != right:
        return Outcome(False, "policy_unreduced")
    return proved(verdict)


def _quantity_and_ratio(left: Quantity, right: Ratio, policy: Policy) -> Outcome:
    if len(right.parts) != 2 or right.parts[1] == 0:
        return OTHER_KIND
    outcome = proved(same(left.tree, tree.divide(right.parts[0], right.parts[1])))
    if outcome.equal and not policy.unevaluated:
        return Outcome(False, "policy_unevaluated")
    return outcome


def _residues(left: Modular, right: Modular, policy: Policy) -> Outcome:
    modulus = same(left.modulus, right.modulus)
    if modulus is not True:
        return proved(modulus)
    gap = tree.divide(tree.add(left.residue, tree.negate(right.residue)), left.modulus)
    if isinstance(gap, Fraction):
        return proved(gap.denominator == 1)
    return proved(same(left.residue, right.residue))


def _quantity_and_residue(left: Quantity, right: Modular, policy: Policy) -> Outcome:
    outcome = proved(same(left.tree, right.residue))
    return Outcome(False, "policy_name") if outcome.equal and not policy.name else outcome


_ORDER = (
    Based, Time, Quantity, Text, Region, Sequence, Collection, Matrix, Relation, Ratio, Modular
)  # fmt: skip
_RANK = {kind: rank for rank, kind in enumerate(_ORDER)}
_RULES: dict[tuple[type, type], Callable[..., Outcome]] = {
    (Based, Based): same_based,
    (Based, Quantity): same_based,
    (Time, Time): _times,
    (Time, Ratio): _time_and_ratio,
    (Quantity, Quantity): same_quantity,
    (Quantity, Text): _text_and_quantity,
    (Quantity, Ratio): _quantity_and_ratio,
    (Quantity, Modular): _quantity_and_residue,
    (Text, Text): _texts,
    (Text, Region): _text_and_region,
    (Region, Region): _regions,
    (Region, Sequence): _region_and_sequence,
    (Region, Collection): _region_and_collection,
    (Sequence, Sequence): _sequences,
    (Sequence, Collection): _sequence_and_collection,
    (Sequence, Matrix): _sequence_and_matrix,
    (Collection, Collection): _collections,
    (Matrix, Matrix): _matrices,
    (Relation, Relation): _relations,
    (Ratio, Ratio): _ratios,
    (Modular, Modular): _residues,
}
