"""What a record's fields may hold, derived from the dataclass itself.

One function, `columns`, turns the annotations of a record into columns; the
Parquet schema and the checks of every row follow from them:

    str                           string
    int                           int64
    float                         double (finite)
    bool                          bool
    Literal["a", "b"]             string, one of the values
    Literal[-1, 0, 1]             int64, one of the values
    tuple[X, ...]                 list<X>
    tuple[float, float, float]    list<double>, exactly three of them
    X | None                      nullable

A field with a default may be missing from a file; the default is taken then.
"""

import dataclasses
import math
import types
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

import pyarrow as pa

from surefoot.records import Grade, Labels, Problem, RatedStep, Scores, Session, Solution

Record: TypeAlias = Problem | Solution | Grade | Labels | Scores | Session | RatedStep
R = TypeVar("R", bound=Record)

NOT_EMPTY = frozenset({"problem_id", "solution_id", "session_id", "statement"})
"""Text fields that must hold more than white space."""

PROBABILITIES = frozenset(
    {"solution_score", "step_scores", "step_probabilities", "chances", "chance"}
)
"""Fields whose numbers lie in [0, 1]."""

ROUNDING = 1e-6
"""How far a probability may stick out of [0, 1]: float32 models round."""

_INT64 = 2**63
_WORDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
_ARROW = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}


class FieldError(ValueError):
    """A value that its field cannot hold."""

    def __init__(self, field: str, problem: str) -> None:
        self.field, self.problem = field, problem
        super().__init__(f"{field}: {problem}")


@dataclass(frozen=True, slots=True)
class Shape:
    """What a value may be: a scalar of `scalar`, or a list of `item`."""

    scalar: type | None
    """str, int, float or bool; None for a list."""
    nullable: bool
    allowed: tuple[Any, ...] | None = None
    """The values of a Literal; None for any."""
    item: "Shape | None" = None
    length: int | None = None
    """Entries a list must have; None for any number."""


@dataclass(frozen=True, slots=True)
class Column:
    """One field of a record."""

    name: str
    shape: Shape
    default: Any
    """Taken when the field is missing; `dataclasses.MISSING` if it must be there."""

    @property
    def required(self) -> bool:
        """Whether a row without this field is bad."""
        return self.default is dataclasses.MISSING


def columns(record: type[Any]) -> tuple[Column, ...]:
    """The columns of a record, in the order of its fields."""
    hints = get_type_hints(record)
    return tuple(
        Column(field.name, _shape(hints[field.name]), field.default)
        for field in dataclasses.fields(record)
    )


def schema(record: type[Any]) -> pa.Schema:
    """The Parquet schema of a record."""
    return pa.schema(
        [pa.field(c.name, arrow_type(c.shape), nullable=c.shape.nullable) for c in columns(record)]
    )


def arrow_type(shape: Shape) -> pa.DataType:
    """The Arrow type of a shape."""
    if shape.item is not None:
        return pa.list_(arrow_type(shape.item))
    assert shape.scalar is not None
    return _ARROW[shape.scalar]


def key(record: type[Any]) -> tuple[str, ...]:
    """The fields that together are unique in a table of this record."""
    if record is Problem:
        return ("problem_id",)
    if record is Labels:
        return ("solution_id", "rater")
    if record is Session:
        return ("session_id",)
    if record is RatedStep:
        return ("session_id", "step", "alternative")
    return ("solution_id",)


def builder(record: type[R]) -> Callable[[dict[str, Any]], R]:
    """A function from a row (field -> plain JSON value) to a checked record.

    Lists become tuples. Fields the record does not have are left alone.

    Raises (the function):
        FieldError: A field is missing or cannot hold its value.
    """
    parts = _parts(record)

    def build(row: dict[str, Any]) -> R:
        values: dict[str, Any] = {}
        for name, default, required, check in parts:
            if name in row:
                values[name] = check(row[name])
            elif required:
                raise FieldError(name, "missing")
            else:
                values[name] = default
        made = record(**values)
        _check_lengths(made)
        return made

    return build


def _parts(record: type[Any]) -> list[tuple[str, Any, bool, Callable[[Any], Any]]]:
    """Of each column: name, default, whether it must be there, check; made once a record."""
    if record not in _PARTS:
        _PARTS[record] = [(c.name, c.default, c.required, checker(c)) for c in columns(record)]
    return _PARTS[record]


_PARTS: dict[type[Any], list[tuple[str, Any, bool, Callable[[Any], Any]]]] = {}


def check_all(records: Iterable[Record], record: type[Record]) -> None:
    """See that nothing is written that could not be read again.

    Raises:
        FieldError: A record holds what its field cannot; a mistake of the
            program that made it.
    """
    build = builder(record)
    names = [part[0] for part in _parts(record)]
    for r in records:
        build({name: getattr(r, name) for name in names})


def checker(column: Column) -> Callable[[Any], Any]:
    """A function that checks one value of a column and makes lists tuples."""
    name = column.name
    check = _checker(column.shape, name, in_unit_range=name in PROBABILITIES)
    if name not in NOT_EMPTY:
        return check

    def filled(value: Any) -> Any:
        text = check(value)
        if text is not None and not text.strip():
            raise FieldError(name, "must not be empty")
        return text

    return filled


def _shape(hint: Any, *, nullable: bool = False) -> Shape:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        (inner,) = [a for a in arguments if a is not types.NoneType]
        return _shape(inner, nullable=True)
    if origin is Literal:
        return Shape(type(arguments[0]), nullable, allowed=arguments)
    if origin is tuple and arguments[-1] is Ellipsis:
        return Shape(None, nullable, item=_shape(arguments[0]))
    if origin is tuple:
        return Shape(None, nullable, item=_shape(arguments[0]), length=len(arguments))
    if hint in _ARROW:
        return Shape(hint, nullable)
    raise TypeError(f"a record cannot hold {hint}")


def _checker(shape: Shape, name: str, *, in_unit_range: bool) -> Callable[[Any], Any]:
    """The check of one shape; `name` is the field, with [i] inside lists."""
    if shape.item is not None:
        return _list_checker(shape, name, in_unit_range=in_unit_range)
    kind, nullable, allowed = shape.scalar, shape.nullable, shape.allowed
    assert kind is not None

    def check(value: Any) -> Any:
        if value is None:
            if nullable:
                return None
            raise FieldError(name, f"must be {_expected(shape)}, got null")
        if type(value) is not kind:
            value = _converted(value, shape, name)
        if allowed is not None:
            if value not in allowed:
                raise FieldError(name, f"must be {_expected(shape)}, got {_shown(value)}")
        elif kind is str:
            if not value.isascii():
                _check_encodable(value, name)
        elif kind is int:
            if not -_INT64 <= value < _INT64:
                raise FieldError(name, "does not fit 64 bits")
        elif kind is float:
            _check_float(value, name, in_unit_range=in_unit_range)
        return value

    return check


def _list_checker(shape: Shape, name: str, *, in_unit_range: bool) -> Callable[[Any], Any]:
    assert shape.item is not None
    check = _checker(shape.item, name, in_unit_range=in_unit_range)
    nullable, length = shape.nullable, shape.length

    floats = shape.item.scalar is float and not shape.item.nullable

    def check_list(value: Any) -> Any:
        if value is None and nullable:
            return None
        if floats and _fine_floats(value, length, in_unit_range=in_unit_range):
            return tuple(value)
        if not isinstance(value, list | tuple):
            raise FieldError(name, f"must be {_expected(shape)}, got {_shown(value)}")
        if length is not None and len(value) != length:
            raise FieldError(name, f"must have {length} entries, got {len(value)}")
        try:
            return tuple(map(check, value))
        except FieldError:
            for i, entry in enumerate(value):  # again, to say which one
                try:
                    check(entry)
                except FieldError as error:
                    inner = error.field.removeprefix(name)
                    raise FieldError(f"{name}[{i}]{inner}", error.problem) from None
            raise

    return check_list


def _fine_floats(value: Any, length: int | None, *, in_unit_range: bool) -> bool:
    """Whether a list certainly is fine: a quick way past the check of each number.

    Step scores are most of what large tables hold.
    """
    if type(value) not in (list, tuple) or not value or set(map(type, value)) != {float}:
        return False
    if length is not None and len(value) != length:
        return False
    if not math.isfinite(sum(value)):
        return False
    return not in_unit_range or (min(value) >= 0 and max(value) <= 1)


def _converted(value: Any, shape: Shape, name: str) -> Any:
    """A number of the other kind, where nothing is lost; else FieldError."""
    kind = shape.scalar
    if kind is float and type(value) is int and abs(value) <= 2**53:
        return float(value)
    if kind is int and type(value) is float and value.is_integer():
        return int(value)  # tables with gaps come out of pandas with 3.0 for 3
    raise FieldError(name, f"must be {_expected(shape)}, got {_shown(value)}")


def _check_float(value: float, name: str, *, in_unit_range: bool) -> None:
    if not math.isfinite(value):
        raise FieldError(name, f"must be a finite number, got {value}")
    if in_unit_range and not -ROUNDING <= value <= 1 + ROUNDING:
        raise FieldError(name, f"must lie between 0 and 1, got {value}")


def _check_encodable(value: str, name: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise FieldError(name, "holds half of a surrogate pair, which is not text") from None


def _check_lengths(record: Record) -> None:
    """Lists of one record that run along its steps must be equally long."""
    for name, of in _PARALLEL.get(type(record), ()):
        _check_parallel(name, getattr(record, name), of, getattr(record, of))
    if isinstance(record, Session):
        flags = record.alternative_flags or (None,) * len(record.alternatives)
        for i, texts in enumerate(record.alternatives):
            of = f"alternatives[{i}]"
            ratings = record.alternative_ratings[i]
            if (ratings is None) != (texts is None):
                raise FieldError(f"alternative_ratings[{i}]", f"must be null exactly if {of} is")
            _check_parallel(f"alternative_ratings[{i}]", ratings, of, texts or ())
            _check_parallel(f"alternative_flags[{i}]", flags[i], of, texts or ())


_PARALLEL: dict[type[Any], tuple[tuple[str, str], ...]] = {
    Labels: (("reasons", "ratings"), ("chances", "ratings")),
    Scores: (("step_probabilities", "step_scores"),),
    Session: tuple(
        (name, "alternatives")
        for name in ("alternative_ratings", "alternative_flags", "chosen", "human_steps", "chances")
    ),
}
"""Record -> (field, the field it runs along)."""


def _check_parallel(
    name: str, one: tuple[Any, ...] | None, of: str, other: tuple[Any, ...]
) -> None:
    if one is not None and len(one) != len(other):
        raise FieldError(name, f"has {len(one)} entries, {of} has {len(other)}")


def _expected(shape: Shape) -> str:
    if shape.allowed is not None:
        words = "one of " + ", ".join(str(value) for value in shape.allowed)
    elif shape.scalar is not None:
        words = _WORDS[shape.scalar]
    else:
        words = "a list"
    return words + " or null" if shape.nullable else words


def _shown(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, dict):
        return "an object"
    text = repr(value) if not isinstance(value, bool) else str(value).lower()
    return text if len(text) <= 40 else text[:37] + "..."
