"""Flags for what counts as the same answer."""

from dataclasses import dataclass, fields, replace
from typing import Literal

from surefoot.grading.policy import Policy, preset

YesNo = Literal["yes", "no"]


@dataclass(frozen=True, kw_only=True)
class PolicyFlags:
    """What counts as the same answer; every flag left out is as the policy has it."""

    policy: Literal["default", "strict", "prm800k"] = "default"
    """default: equal values are equal answers, however they are written. strict: the same,
    and in lowest terms, evaluated, with the unit. prm800k: the rules of OpenAI's grader,
    which none of the flags below changes."""
    unreduced: YesNo | None = None
    """Accept 6/8 for 3/4 (default: yes)."""
    unevaluated: YesNo | None = None
    """Accept 2+3 for 5 (default: yes)."""
    rounded: YesNo | None = None
    """Accept a decimal for a number that rounds to it at the places written, 0.33 for
    1/3 (default: no)."""
    units: Literal["optional", "required", "ignored"] | None = None
    """optional: a unit may be missing on one side, two must agree after conversion.
    required: on both sides or on none. ignored: even two different ones are accepted
    (default: optional)."""
    percent: Literal["either", "value", "written"] | None = None
    """25% equals 25 and 1/4 (either), 1/4 only (value), another percentage only (written)
    (default: either)."""
    list_for_tuple: YesNo | None = None
    """Accept `1, 2` and a column vector for (1, 2); the order counts (default: yes)."""
    region_for_interval: YesNo | None = None
    """Accept x > 3 for (3, infinity) (default: yes)."""
    base: YesNo | None = None
    """Accept a number without its base, and its value in base ten (default: yes)."""
    name: YesNo | None = None
    """Accept x = 5 for 5 (default: yes)."""

    def chosen(self) -> Policy:
        """The policy that the flags say."""
        changed = {
            field.name: value if field.name in ("units", "percent") else value == "yes"
            for field in fields(PolicyFlags)
            if field.name != "policy" and (value := getattr(self, field.name)) is not None
        }
        return replace(preset(self.policy), **changed)
