r"""Equal answers put together, as majority voting needs it.

No pair of answers is compared that cannot be equal: an answer is looked up by
rough keys (its value to nine digits, its number of members), and compared only
with the classes that share one. So a thousand answers cost a thousand look-ups.
"""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from surefoot.grading import forms
from surefoot.grading.equal import equal
from surefoot.grading.evaluate import NoValue, ball, real
from surefoot.grading.forms import Form
from surefoot.grading.judge import form_or_none, is_blank, plain
from surefoot.grading.names import EMPTY, number_in_words
from surefoot.grading.policy import DEFAULT, Policy
from surefoot.grading.quantities import with_unit
from surefoot.grading.tree import ONE, Tree, divide, multiply
from surefoot.grading.units import make_unit

_MEASURE = forms.Quantity(ONE, make_unit([("unit", 1)]))

VOTES: Policy = replace(DEFAULT, percent="value", base=False)
"""For votes the choices that would make 25 equal to 25%, and that to 0.25, are off."""


def cluster(answers: Sequence[str | None], policy: Policy = VOTES) -> list[int | None]:
    """The class of each answer; equal answers have equal numbers.

    Args:
        answers: In any order; None and blank ones are no answers.
        policy: What counts as equal. An answer joins the first class whose first
            member it equals, so that a policy under which equality does not
            carry over (25, 25% and 0.25) gives classes that depend on the order.

    Returns:
        One number an answer, counted from 0 in the order of first appearance;
        None for no answer. An answer that cannot be read is equal to the same
        text only.

    Example:
        >>> cluster(["1/2", "0.5", None, "x = 0.50", "2"])
        [0, 0, None, 0, 1]
    """
    numbers: dict[str, int] = {}
    members: list[Form | None] = []
    by_key: dict[object, list[int]] = {}
    found: list[int | None] = []
    for answer in answers:
        if answer is None or is_blank(answer):
            found.append(None)
            continue
        text = plain(answer)
        if text not in numbers:
            form = form_or_none(answer)
            numbers[text] = _place(form, members, by_key, policy)
        found.append(numbers[text])
    return found


def _place(
    form: Form | None,
    members: list[Form | None],
    by_key: dict[object, list[int]],
    policy: Policy,
) -> int:
    """The class that the form belongs to, a new one if there is none."""
    own = keys(form) if form is not None else set()
    near = sorted({number for key in own for number in by_key.get(key, ())})
    for number in near:
        first = members[number]
        if form is not None and first is not None and equal(form, first, policy).equal:
            return number
    members.append(form)
    for key in own:
        by_key.setdefault(key, []).append(len(members) - 1)
    return len(members) - 1


def keys(form: Form) -> set[object]:
    """Rough keys: forms that may be equal have one in common."""
    if isinstance(form, forms.Quantity):
        return _quantity_keys(form)
    if isinstance(form, forms.Named):
        return keys(form.value) | {"relation"}
    if isinstance(form, forms.Relation):
        return {"relation"}
    if isinstance(form, forms.Text):
        return _text_keys(form.words)
    if isinstance(form, forms.Based):
        return {("based", form.value)}
    if isinstance(form, forms.Sequence | forms.Collection):
        return {("members", len(form.items)), "region"}
    if isinstance(form, forms.Matrix):
        return {("members", len(form.rows)), ("members", len(form.rows[0]))}
    if isinstance(form, forms.Region):
        return {"region"}
    if isinstance(form, forms.Ratio):
        return {"ratio"} | _ratio_keys(form)
    if isinstance(form, forms.Modular):
        return {"modular"}
    return {"ratio"}  # a time of day may be written as one


def _ratio_keys(form: forms.Ratio) -> set[object]:
    if len(form.parts) != 2 or form.parts[1] == 0:
        return set()
    return _value_keys(divide(form.parts[0], form.parts[1]))


def _text_keys(words: str) -> set[object]:
    number = number_in_words(words)
    found: set[object] = {("text", words.replace(" ", ""))}
    if number is not None:
        found |= _value_keys(Fraction(number))
    return found | {"region"} if words == EMPTY else found


def _quantity_keys(form: forms.Quantity) -> set[object]:
    found = _value_keys(form.tree)
    if form.percent:
        found |= _value_keys(form.tree, Fraction(1, 100))
    if form.unit is not None:
        found |= _value_keys(form.tree, form.unit.size)
        if form.unit.powers == (("angle", 1),):
            found |= _value_keys(multiply(form.tree, divide("pi", Fraction(180))))
    if isinstance(form.tree, tuple) and form.tree[0] == "*":
        found.add(
            ("text", "".join(part for part in form.tree[1:] if isinstance(part, str)).lower())
        )
        measured = with_unit(form, _MEASURE)
        if measured.unit is not None:
            found |= _value_keys(measured.tree) | _value_keys(measured.tree, measured.unit.size)
    if isinstance(form.tree, str):
        found.add(("text", form.tree.lower()))
    return found


def _value_keys(tree: Tree, factor: Fraction = Fraction(1)) -> set[object]:
    try:
        if isinstance(tree, Fraction):
            return {f"{real(tree * factor):.9g}"}
        value = ball(tree, 128)
    except NoValue:
        return {"no value"}
    across, up = (float(part.mid()) * float(factor) for part in (value.real, value.imag))
    # A real number has the key of the fraction that it may equal.
    return {f"{across:.9g}" if abs(up) < 1e-12 * max(abs(across), 1) else f"{across:.9g}{up:+.9g}"}
