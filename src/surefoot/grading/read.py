"""From the text of an answer to its normal form."""

import re
from fractions import Fraction
from functools import lru_cache
from typing import Any

from surefoot.grading import forms, tree
from surefoot.grading.algebra import same
from surefoot.grading.cursor import NODES
from surefoot.grading.evaluate import NoValue, real
from surefoot.grading.forms import Form, Quantity
from surefoot.grading.framing import clean
from surefoot.grading.naming import is_name, is_node, is_restated, name_of
from surefoot.grading.parse import Parsed, parse
from surefoot.grading.regions import interval_region, relation_region, union
from surefoot.grading.special import as_text, special_form, words_form
from surefoot.grading.tokens import Unread
from surefoot.grading.tree import Tree
from surefoot.grading.units import make_unit

_DECIMAL = re.compile(r"\$?-?\s*\d*\.(\d+)\$?")


@lru_cache(maxsize=100_000)
def read(text: str) -> Form:
    r"""The normal form of an answer.

    Raises:
        Unread: It is not in the grammar, or too long; the message says why.

    Example:
        >>> read(r"\frac{6}{8}")
        Quantity(tree=Fraction(3, 4), unit=None, percent=False, places=None, unreduced=True, unevaluated=False)
        >>> read("No solution.")
        Text(words='none')
    """  # noqa: E501
    text = clean(text)
    if not text:
        raise Unread("nothing is written")
    special = special_form(text)
    if special is not None:
        return special
    try:
        parsed = parse(text)
        return _Builder(parsed, text).form(parsed.node)
    except Unread:
        words = words_form(text)
        if words is None:
            raise
        return words
    except (RecursionError, OverflowError) as error:
        raise Unread("too deep or too large") from error


class _Builder:
    """From the parser's nodes to forms."""

    def __init__(self, parsed: Parsed, text: str) -> None:
        self.parsed = parsed
        self.written = text

    def form(self, node: Any) -> Form:
        if not isinstance(node, tuple) or node[0] not in NODES:
            return self.quantity(node)
        return getattr(self, "of_" + node[0])(node)  # type: ignore[no-any-return]

    def quantity(self, value: Tree, unit: Any = None) -> Form:
        percent = False
        if not isinstance(value, Fraction):
            found = tree.symbols(value)
            if "±" in found or "∓" in found:
                return forms.Collection(
                    tuple(self.quantity(v, unit) for v in _choices(value)), either=True
                )
            if "°" in found:
                if _outside_calls(value, "°"):
                    unit = unit or make_unit([("degree", 1)])
                value = _degrees(value)
            if "$" in found:
                value, unit = tree.replace(value, "$", tree.ONE), make_unit([("dollar", 1)])
            if "%" in found:
                percent = value == "%" or (isinstance(value, tuple) and value[0] == "*")
                value = tree.replace(value, "%", tree.ONE if percent else Fraction(1, 100))
        if unit is not None and unit.words in (("percent",), ("pct",)):
            unit, percent = None, True
        decimal = _DECIMAL.fullmatch(self.written) if isinstance(value, Fraction) else None
        return Quantity(
            value,
            unit,
            percent,
            len(decimal[1]) if decimal else None,
            self.parsed.unreduced,
            self.parsed.unevaluated,
        )

    def of_unit(self, node: Any) -> Form:
        return self.quantity(node[1], node[2])

    def of_based(self, node: Any) -> Form:
        return forms.Based(forms.digits_of(node[1]), node[2])

    def of_text(self, node: Any) -> Form:
        return as_text(node[1])

    def of_list(self, node: Any) -> Form:
        items, separators = node[1], node[2]
        found: list[Form] = []
        for item in items:
            form = self.form(item)
            if found and isinstance(found[-1], forms.Named) and isinstance(form, Quantity):
                # `x = 3, -1/3`: the name holds for what follows.
                form = forms.Named(found[-1].name, form, found[-1].equation)
            found.append(form)
        regions = [form for form in found if isinstance(form, forms.Region)]
        if len(regions) == len(found) and any(region.variable for region in regions):
            either = "or" in separators
            # `x < 1, x > 5`: what cannot hold together is a list of cases.
            both = union(regions, either=either)
            return both if both.pieces or "and" in separators else union(regions, either=True)
        if regions and regions[0].variable and _is_exclusion(items[0]):
            return self._excluded(items)
        return forms.Collection(_flat(found), either="or" in separators)

    def _excluded(self, items: Any) -> Form:
        r"""`x \ne -4, 6`: every item is left out."""
        variable = items[0][2][0]
        parts = [relation_region(items[0][1], items[0][2])]
        for item in items[1:]:
            if isinstance(item, tuple) and item[0] in NODES:
                raise Unread("a list of different things")
            parts.append(relation_region(("!=",), (variable, item)))
        return union([part for part in parts if part is not None], either=False)

    def of_seq(self, node: Any) -> Form:
        return forms.Sequence(node[1], node[2], tuple(self.form(item) for item in node[3]))

    def of_set(self, node: Any) -> Form:
        return forms.Collection(_flat([self.form(item) for item in node[1]]), braced=True)

    def of_matrix(self, node: Any) -> Form:
        for row in node[1]:
            for entry in row:
                if isinstance(entry, tuple) and entry[0] in NODES:
                    raise Unread(f"a {entry[0]} within a matrix")
        return forms.Matrix(node[1])

    def of_ratio(self, node: Any) -> Form:
        return forms.Ratio(node[1])

    def of_mod(self, node: Any) -> Form:
        return forms.Modular(node[1], node[2])

    def of_cup(self, node: Any) -> Form:
        return interval_region(node, self.form)

    of_cap = of_setminus = of_cup

    def of_relation(self, node: Any) -> Form:
        operators, sides = node[1], node[2]
        if operators[0] == "in" and len(sides) == 2:
            return self._member(sides)
        if all(operator in ("=", "~") for operator in operators):
            named = self._named(operators, sides)
            if named is not None:
                return named
        if any(isinstance(side, tuple) and side[0] in NODES for side in sides):
            raise Unread("a relation between things that are no expressions")
        try:
            region = relation_region(operators, sides)
        except NoValue:
            region = None
        return region or forms.Relation(operators, sides)

    def _member(self, sides: Any) -> Form:
        if not is_name(sides[0]):
            raise Unread("what is a member has no name")
        form = self.form(sides[1])
        variable = sides[0] if isinstance(sides[0], str) else None
        if isinstance(form, forms.Sequence):
            region = interval_region(sides[1], self.form)
            return forms.Region(region.pieces, variable)
        if isinstance(form, forms.Collection) and variable:
            return forms.Named(variable, form, forms.Relation(("in",), ()))
        if isinstance(form, forms.Region) and variable:
            return forms.Region(form.pieces, variable)
        if isinstance(form, Quantity | forms.Based):
            raise Unread("a member of a number")
        return form

    def _named(self, operators: tuple[str, ...], sides: Any) -> Form | None:
        """`name = value`, `value = name`, or `name = value = the same value`."""
        first, last = sides[0], sides[-1]
        if not is_name(first) and not is_restated(first, last):
            if len(sides) == 2 and is_name(last) and not is_node(first):
                first, last = last, first
            elif len(sides) == 2 and operators == ("~",) and not is_node(first):
                return self.quantity(first) if _is_near(first, last) else None
            else:
                return None
        name = name_of(first)
        if is_node(last) and last[0] == "relation":
            return None
        value = self.form(last)
        exact = not any(is_node(side) for side in sides)
        equation = forms.Relation(("=",), (first, last) if exact else ())
        if len(sides) > 2 and exact:
            return _chain(operators, sides, value, name, equation)
        if operators[-1] == "~" and len(sides) == 2:
            return forms.Named(name, value, equation)
        return forms.Named(name, value, equation)


def _chain(
    operators: tuple[str, ...], sides: Any, value: Form, name: Tree, equation: forms.Relation
) -> Form | None:
    """`x = 10/2 = 5`: one value if all sides after the name agree."""
    exact = [side for side, operator in zip(sides[1:], operators, strict=True) if operator == "="]
    if any(same(exact[0], other) is not True for other in exact[1:]):
        return None
    if exact and len(exact) < len(sides) - 1 and not _is_near(exact[0], sides[-1]):
        return None
    if exact and isinstance(value, Quantity):
        value = Quantity(exact[-1], value.unit, value.percent)
    return forms.Named(name, value, equation)


def _is_near(exact: Any, rounded: Any) -> bool:
    """Whether a number can have been rounded to another, generously; structures always can."""
    if is_node(exact) or is_node(rounded):
        return True
    try:
        a, b = (real(tree.replace(side, "$", tree.ONE)) for side in (exact, rounded))
    except NoValue:
        return True
    return abs(a - b) <= 0.05 * max(abs(a), abs(b), 1)


def _is_exclusion(node: Any) -> bool:
    return is_node(node) and node[0] == "relation" and node[1] == ("!=",)


def _flat(found: list[Form]) -> tuple[Form, ...]:
    r"""Members of a collection; those of `1 \pm 2` one by one."""
    members: list[Form] = []
    for form in found:
        if isinstance(form, forms.Collection) and not form.braced:
            members.extend(form.items)
        elif (
            isinstance(form, forms.Named)
            and isinstance(form.value, forms.Collection)
            and not form.value.braced
        ):
            members.extend(form.value.items)
        else:
            members.append(form)
    return tuple(members)


def _choices(value: Tree) -> tuple[Tree, Tree]:
    """The two values of an expression with signs left open, the upper first."""
    upper = tree.replace(tree.replace(value, "±", tree.ONE), "∓", tree.MINUS_ONE)
    lower = tree.replace(tree.replace(value, "±", tree.MINUS_ONE), "∓", tree.ONE)
    return upper, lower


def _degrees(value: Tree) -> Tree:
    """Degree signs as a unit outside functions, as pi/180 within."""
    if value == "°":
        return tree.ONE
    if not isinstance(value, tuple):
        return value
    if value[0] == "call":
        radian = tree.divide("pi", Fraction(180))
        return ("call", value[1], *(tree.replace(part, "°", radian) for part in value[2:]))
    return tree.rebuild(value, _degrees)


def _outside_calls(value: Tree, name: str) -> bool:
    if not isinstance(value, tuple):
        return value == name
    return value[0] != "call" and any(_outside_calls(part, name) for part in value[1:])
