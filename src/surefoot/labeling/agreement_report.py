"""Agreement to be read: as JSON, and as lines for a terminal."""

from collections.abc import Mapping
from typing import Any

from surefoot.labeling.agreement import Agreement
from surefoot.labeling.resampling import Estimate
from surefoot.labeling.verdicts import AgainstGold

FIRST_ERRORS = {
    "exact": "same first error",
    "near": "within one step",
    "has_error": "an error or none",
    "has_error_kappa": "an error or none, kappa",
    "has_error_fleiss": "an error or none, Fleiss",
}
"""Field of `FirstErrors` -> what it is called on screen."""


def as_json(
    found: Agreement, against: AgainstGold | None = None, *, has_first_errors: bool = True
) -> dict[str, Any]:
    """All figures; each with `value`, `low`, `high` (null: not enough data) and `n`.

    Args:
        found: Agreement of raters.
        against: Agreement with what is known.
        has_first_errors: False for work that does not stop at the first error.
    """
    first = found.first_errors._asdict()
    if not has_first_errors:
        first = dict.fromkeys(first, Estimate(None))
    return {
        "solutions": found.solutions,
        "problems": found.problems,
        "raters": found.raters,
        "first_errors": {name: one._asdict() for name, one in first.items()},
        "ordinal_alpha": found.ordinal_alpha._asdict(),
        "confusion": found.confusion,
        "pairs": [pair._asdict() | {"kappa": pair.kappa._asdict()} for pair in found.pairs],
        "pairs_left_out": found.pairs_left_out,
        "contested": [one._asdict() for one in found.contested],
        "gold": None if against is None else _gold(against),
    }


def as_text(report: Mapping[str, Any]) -> str:
    """What `as_json` returns, to be read on a terminal."""
    lines = [
        f"{report['solutions']} solutions to {report['problems']} problems that several of"
        f" {report['raters']} raters rated",
        f"{'':28}{'value':>8}  {'95 %':<18}{'of':>8}",
    ]
    lines += [_line(name, report["first_errors"][key]) for key, name in FIRST_ERRORS.items()]
    lines.append(_line("steps, ordinal alpha", report["ordinal_alpha"]))
    lines += ["", "Linear kappa of two raters, on the steps of both"]
    lines += [_line(" - ".join(pair["raters"]), pair["kappa"]) for pair in report["pairs"]]
    if report["pairs_left_out"]:
        lines.append(f"and {report['pairs_left_out']} more pairs with fewer steps")
    lines += ["", "Pairs of ratings of a step (-1, 0, +1), each in both orders"]
    lines += ["".join(f"{n:>9}" for n in row) for row in report["confusion"]]
    gold = report["gold"]
    if gold is not None:
        lines += ["", "Against what is known"]
        lines += [
            _line("right", gold["right"]),
            _line("within one step", gold["near"]),
            _line("an error or none", gold["has_error"]),
            f"errors missed: {gold['missed']}; named where there are none: {gold['false_alarms']}",
        ]
        lines += [_line(f"  {one['rater']}", one) for one in gold["raters"]]
    return "\n".join(line.rstrip() for line in lines)


def _gold(against: AgainstGold) -> dict[str, Any]:
    return {
        "answers": against.answers,
        "right": against.right._asdict(),
        "near": against.near._asdict(),
        "has_error": against.has_error._asdict(),
        "missed": against.missed,
        "false_alarms": against.false_alarms,
        "raters": [{"rater": name, **one._asdict()} for name, one in against.raters.items()],
    }


def _line(name: str, one: Mapping[str, Any]) -> str:
    shown = name if len(name) < 28 else name[:24] + "..."
    if one["value"] is None:
        return f"{shown:28}not enough data"
    ends = "" if one["low"] is None else f"{one['low']:.3f} to {one['high']:.3f}"
    return f"{shown:28}{one['value']:>8.3f}  {ends:<18}{one['n']:>8}"
