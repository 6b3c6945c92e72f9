r"""What names a value: the left side of `x = 5`, `f(3) = 81`, `(x, y) = (1, 2)`."""

from typing import Any

from surefoot.grading import tree
from surefoot.grading.cursor import NODES
from surefoot.grading.tree import Tree


def is_node(node: Any) -> bool:
    """Whether this is a structure (a list, a set, a relation), not an expression."""
    return isinstance(node, tuple) and node[0] in NODES


def is_name(node: Any) -> bool:
    """Whether this names something: `x`, `AB`, `f(3)`, `(x, y)`, but no number or sum."""
    if isinstance(node, str):
        return node not in ("pi", "e", "i", "oo", "°", "%", "$")
    if not isinstance(node, tuple):
        return False
    if node[0] == "seq":
        return all(is_name(item) for item in node[3])
    if node[0] == "ratio":
        return all(is_name(part) for part in node[1])
    if node[0] in ("text", "call"):
        return True
    if node[0] == "^":  # an inverse function `f^{-1}(x)`, a ratio `AB/CD`
        return node[2] == -1 and is_name(node[1])
    return node[0] == "*" and all(is_name(part) for part in node[1:])


def name_of(node: Any) -> Tree:
    """The name as an expression, so that names can be compared."""
    if not is_node(node):
        return node  # type: ignore[no-any-return]
    if node[0] == "seq":
        return ("call", "tuple", *node[3])
    return ("call", node[0], str(node[1]))


def is_restated(first: Any, last: Any) -> bool:
    """Whether an expression in variables is said to be a constant: `z^3 = -1`."""
    if is_node(last) or not isinstance(first, tuple) or first[0] not in ("^", "call"):
        return False  # `-x = 5` and `2x = 10` do not name 5 and 10
    constants = {"pi", "e", "i", "°", "%", "$"}
    return bool(tree.symbols(first) - constants) and not tree.symbols(last) - constants
