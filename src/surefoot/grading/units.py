r"""Units of measurement: what they are called, and how many of one make another."""

from fractions import Fraction
from typing import NamedTuple

_NAMES: dict[str, tuple[str, Fraction]] = {}
"""Name -> (dimension, how many of the dimension's basic unit)."""


def _unit(dimension: str, size: str | int, names: str) -> None:
    for name in names.split():
        _NAMES[name] = (dimension, Fraction(size))


_unit("length", 1, "m meter meters metre metres")
_unit("length", "1/100", "cm centimeter centimeters centimetre centimetres")
_unit("length", "1/1000", "mm millimeter millimeters millimetre millimetres")
_unit("length", 1000, "km kilometer kilometers kilometre kilometres")
_unit("length", "0.0254", "inch inches in")
_unit("length", "0.3048", "ft foot feet")
_unit("length", "0.9144", "yd yard yards")
_unit("length", "1609.344", "mi mile miles")
_unit("time", 1, "s sec secs second seconds")
_unit("time", 60, "min mins minute minutes")
_unit("time", 3600, "h hr hrs hour hours")
_unit("time", 86400, "day days")
_unit("time", 604800, "week weeks")
_unit("month", 1, "month months")
_unit("month", 12, "year years yr yrs")
_unit("mass", 1, "g gram grams")
_unit("mass", 1000, "kg kilogram kilograms")
_unit("mass", "1/1000", "mg milligram milligrams")
_unit("mass", "453.59237", "lb lbs pound pounds")
_unit("mass", "28.349523125", "oz ounce ounces")
_unit("volume", 1, "l L liter liters litre litres")
_unit("volume", "1/1000", "ml mL milliliter milliliters millilitre millilitres")
_unit("volume", "3.785411784", "gal gallon gallons")
_unit("money", 1, "dollar dollars usd bucks")
_unit("money", "1/100", "cent cents")
_unit("euro", 1, "euro euros eur")
_unit("rupee", 1, "rupee rupees rs inr")
_unit("celsius", 1, "celsius")
_unit("fahrenheit", 1, "fahrenheit")
_unit("angle", 1, "degree degrees deg")
_unit("radian", 1, "rad rads radian radians")
_unit("", 1, "unit units")
_unit("force", 1, "N newton newtons")
_unit("energy", 1, "J joule joules")
_unit("power", 1, "W watt watts")

CURRENCIES = frozenset("usd eur euro euros pound pounds rs inr dollars".split())
"""Money that may be named before its amount."""

_ABBREVIATED = {"mph": ("mile", "hour"), "kph": ("km", "hour"), "kmh": ("km", "hour")}
"""Speeds by their initials."""

ABBREVIATIONS = frozenset(name for name in _NAMES if len(name) < 4)
"""Short names, read as a unit after a number only."""

REFUSALS = frozenset(
    "is are was be isn't aren't not no wrong correct incorrect if but maybe perhaps unless "
    "either neither nor except false true then else because since when where which guess unknown "
    "than less more least most greater smaller fewer".split()
)
"""Words that make of a label a statement, which no unit is."""


class Unit(NamedTuple):
    """A unit, or the label that stands in its place (`meals`).

    `powers` are (dimension, power) pairs in order, or (word, 1) pairs where a
    word is no known unit; `size` is how many basic units one of it is.
    """

    powers: tuple[tuple[str, int], ...]
    size: Fraction
    words: tuple[str, ...]


def is_unit(word: str) -> bool:
    """Whether this word names a unit of measurement."""
    return word in _NAMES or word in _ABBREVIATED or (word.lower() in _NAMES and len(word) > 2)


def make_unit(parts: list[tuple[str, int]]) -> Unit:
    """The unit written as these (word, power) pairs, such as `[("inches", 2)]`.

    `square` and `cubic` raise the word after them; `per` turns the signs of
    what follows.
    """
    powers: dict[str, int] = {}
    size = Fraction(1)
    words: list[str] = []
    raised, sign = 1, 1
    for word, power in _written_out(parts):
        lower = word.lower()
        if lower in ("square", "sq", "squared"):
            raised = 2
        elif lower in ("cubic", "cubed"):
            raised = 3
        elif lower == "per":
            sign = -1
        elif lower not in ("of", "the", "a", "an"):
            dimension, factor = _NAMES.get(word) or _NAMES.get(lower) or (_stem(lower), Fraction(1))
            power = sign * raised * power
            if abs(power) > 9:
                power = 9
            powers[dimension] = powers.get(dimension, 0) + power
            size *= factor**power
            words.append(_stem(lower))
            raised = 1
    kept = tuple(sorted((name, power) for name, power in powers.items() if power))
    return Unit(kept, size, tuple(words))


def _written_out(parts: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Speeds as quotients; `degrees Celsius` as a scale of its own."""
    found: list[tuple[str, int]] = []
    for word, power in parts:
        if word.lower() in ("celsius", "fahrenheit") and found and found[-1][0].startswith("deg"):
            found.pop()
        if word in _ABBREVIATED:
            top, bottom = _ABBREVIATED[word]
            found += [(top, power), (bottom, -power)]
        else:
            found.append((word, power))
    return found


def _stem(word: str) -> str:
    """The word without a plural ending."""
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and len(word) > 3 else word
