"""What counts as the same answer where reasonable people differ."""

from dataclasses import dataclass, replace

PRESETS = ("default", "strict", "prm800k")


@dataclass(frozen=True, kw_only=True)
class Policy:
    r"""Named choices, each a flag of `surefoot grade`. All of them are symmetric.

    Attributes:
        unreduced: `6/8` is accepted for `3/4`.
        unevaluated: `2+3` and `\sqrt{25}` are accepted for 5.
        rounded: A decimal is accepted for a number that rounds to it at the
            places written (`0.33` for 1/3). An integer is never a rounded one.
        units: `optional`: a unit may be missing on one side, and two units must
            agree after conversion; `required`: on both sides or on none;
            `ignored`: two different units are accepted too.
        percent: `25%` is accepted for 25 and for 1/4 (`either`), for 1/4 only
            (`value`), or for another percentage only (`written`).
        list_for_tuple: `1, 2` is accepted for `(1, 2)`, and a column of a
            matrix for a tuple; the order still counts.
        region_for_interval: `x > 3` is accepted for `(3, \infty)`.
        base: A number without its base is accepted for one with it, and so is
            its value in base ten.
        name: `x = 5` is accepted for 5.
        preset: `prm800k` replaces all of this by the rules of OpenAI's grader.
    """

    unreduced: bool = True
    unevaluated: bool = True
    rounded: bool = False
    units: str = "optional"
    percent: str = "either"
    list_for_tuple: bool = True
    region_for_interval: bool = True
    base: bool = True
    name: bool = True
    preset: str = "default"


DEFAULT = Policy()
STRICT = replace(
    DEFAULT,
    unreduced=False,
    unevaluated=False,
    units="required",
    percent="written",
    list_for_tuple=False,
    region_for_interval=False,
    base=False,
    preset="strict",
)


def preset(name: str) -> Policy:
    """The policy of this name: default, strict or prm800k."""
    if name == "strict":
        return STRICT
    return replace(DEFAULT, preset=name)
