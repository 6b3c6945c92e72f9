r"""Numbers and expressions compared: units, percent, bases, rounding."""

from dataclasses import replace
from fractions import Fraction

from surefoot.grading import tree
from surefoot.grading.algebra import same
from surefoot.grading.evaluate import NoValue, real
from surefoot.grading.forms import Based, Form, Quantity
from surefoot.grading.outcome import DIFFERENT, EQUAL, OTHER_KIND, OTHER_UNIT, Outcome, proved
from surefoot.grading.policy import Policy
from surefoot.grading.tree import Tree
from surefoot.grading.units import ABBREVIATIONS, Unit, make_unit


def same_quantity(left: Quantity, right: Quantity, policy: Policy) -> Outcome:
    """Whether two numbers or expressions are the same answer."""
    left, right = with_unit(left, right), with_unit(right, left)
    outcome = _values(left, right, policy)
    if outcome.equal is False and outcome.reason == "different" and policy.rounded:
        return _rounded(left, right)
    if outcome.equal:
        if not policy.unreduced and left.unreduced != right.unreduced:
            return Outcome(False, "policy_unreduced")
        if not policy.unevaluated and left.unevaluated != right.unevaluated:
            return Outcome(False, "policy_unevaluated")
    return outcome


def _values(left: Quantity, right: Quantity, policy: Policy) -> Outcome:
    if left.percent or right.percent:
        return _percent(left, right, policy)
    if left.unit is None and right.unit is None:
        return proved(same(left.tree, right.tree))
    if left.unit is None or right.unit is None:
        return _one_unit(left, right, policy)
    bare = proved(same(left.tree, right.tree))
    if policy.units == "ignored" and bare.equal:
        return bare
    if left.unit.powers == right.unit.powers:
        factor = Fraction(left.unit.size) / right.unit.size
        if factor == 1:
            return bare
        return proved(same(tree.multiply(factor, left.tree), right.tree))
    shared = set(left.unit.words), set(right.unit.words)
    if shared[0] == shared[1] and _is_raised(left.unit) and _is_raised(right.unit):
        return OTHER_UNIT  # cm^2 and cm^3; a power that is missing is a missing unit
    if policy.units == "ignored" or shared[0] <= shared[1] or shared[1] <= shared[0]:
        return bare
    return OTHER_UNIT


def with_unit(form: Quantity, other: Quantity) -> Quantity:
    """Letters that abbreviate a unit are one beside a measure: `12 m/s` for 12 metres a second."""
    if form.unit is not None or other.unit is None or not isinstance(form.tree, tuple):
        return form
    if form.tree[0] != "*":
        return form
    parts: list[tuple[str, int]] = []
    rest: list[Tree] = []
    for factor in form.tree[1:]:
        is_power = isinstance(factor, tuple) and factor[0] == "^"
        base, power = (factor[1], factor[2]) if is_power else (factor, tree.ONE)
        if base in ABBREVIATIONS and isinstance(power, Fraction) and power.denominator == 1:
            parts.append((base, int(power)))
        else:
            rest.append(factor)
    if not parts:
        return form
    return replace(form, tree=tree.multiply(*rest), unit=make_unit(parts))


def _is_raised(unit: Unit) -> bool:
    return any(abs(power) > 1 for _, power in unit.powers)


def _one_unit(left: Quantity, right: Quantity, policy: Policy) -> Outcome:
    if policy.units == "required":
        return Outcome(False, "policy_units")
    outcome = proved(same(left.tree, right.tree))
    unit = left.unit or right.unit
    if outcome.equal is False and unit is not None and unit.powers == (("angle", 1),):
        angle, other = (left, right) if left.unit else (right, left)
        radians = tree.multiply(angle.tree, tree.divide("pi", Fraction(180)))
        return proved(same(radians, other.tree))
    return outcome


def _percent(left: Quantity, right: Quantity, policy: Policy) -> Outcome:
    if left.percent and right.percent:
        return proved(same(left.tree, right.tree))
    if policy.percent == "written":
        return Outcome(False, "policy_percent")
    share, other = (left, right) if left.percent else (right, left)
    outcome = proved(same(tree.divide(share.tree, Fraction(100)), other.tree))
    # A bare number below one is a share already: 3/4 is never 3/4 %.
    size = share.tree
    if policy.percent == "either" and not (isinstance(size, Fraction) and abs(size) < 1):
        return outcome if outcome.equal else proved(same(share.tree, other.tree))
    return outcome


def _rounded(left: Quantity, right: Quantity) -> Outcome:
    """Whether one is a decimal to which the other rounds."""
    for decimal, other in ((left, right), (right, left)):
        if decimal.places is None or not isinstance(decimal.tree, Fraction):
            continue
        try:
            value = real(other.tree)
        except NoValue:
            continue
        # Half a unit of the last place, and what a float itself leaves open.
        if abs(value - float(decimal.tree)) <= 0.5 * 10.0**-decimal.places * (1 + 1e-9):
            return Outcome(True, "rounded")
    return DIFFERENT


def same_based(left: Based, right: Form, policy: Policy) -> Outcome:
    """Whether a number with its base is the same as another number."""
    value = left.value
    if value is None:
        return OTHER_KIND
    if isinstance(right, Based):
        return proved(value == right.value and left.base == right.base)
    if not isinstance(right, Quantity) or not isinstance(right.tree, Fraction):
        return OTHER_KIND
    if right.tree == value or str(right.tree) == left.digits:
        return EQUAL if policy.base else Outcome(False, "policy_base")
    return DIFFERENT
