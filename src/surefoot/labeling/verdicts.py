"""What raters say of a whole solution, and whether it is what is known of it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from surefoot.labeling.coefficients import Floats
from surefoot.labeling.resampling import DRAWS, Estimate, bootstrap, share
from surefoot.records import Labels


class Verdict(NamedTuple):
    """Where the first error is."""

    first_error: int | None
    """None: there is none."""


def verdict_of(row: Labels) -> Verdict | None:
    """What a row says of its solution.

    None if it was rated neither to an error nor to the end, if the rater gave up or
    found the problem bad.
    """
    error = row.first_error
    needed = row.ratings if error is None else row.ratings[:error]
    if not row.ratings or None in needed or {"give_up", "bad_problem"} & {*row.marks}:
        return None
    return Verdict(error)


@dataclass(frozen=True, kw_only=True)
class AgainstGold:
    """Raters against solutions whose first error is known."""

    answers: int
    right: Estimate
    """Share of answers that name an acceptable first error."""
    near: Estimate
    """The same, one step off allowed."""
    has_error: Estimate
    """Share that are right whether there is an error."""
    missed: int
    """Answers "no error" where there is one."""
    false_alarms: int
    """Answers with an error where there is none."""
    raters: dict[str, Estimate]
    """Rater -> share of right answers; the interval is Wilson's."""


def against_gold(
    labels: Iterable[Labels],
    gold: Mapping[str, frozenset[int | None]],
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> AgainstGold:
    """How often raters say what is known.

    Args:
        labels: One row a solution and rater; a later one replaces the earlier.
            Rows of other solutions and unfinished ones count for nothing.
        gold: Solution -> acceptable first errors, None among them: no error.
        draws: Of problems, for the intervals.
        seed: Of the draws.
    """
    latest = {(row.solution_id, row.rater): row for row in labels if row.solution_id in gold}
    sums: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    of_rater: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    kinds: Counter[tuple[bool, bool]] = Counter()
    for row in latest.values():
        verdict = verdict_of(row)
        if verdict is None:
            continue
        said, known = verdict.first_error, gold[row.solution_id]
        is_right = said in known
        is_near = is_right or any(
            k is not None and said is not None and abs(k - said) <= 1 for k in known
        )
        has_error = is_right or any((k is None) == (said is None) for k in known)
        kinds[said is not None, has_error] += 1
        row_sums, rater = sums[row.problem_id], of_rater[row.rater]
        for i, one in enumerate((1, is_right, is_near, has_error)):
            row_sums[i] += one
        rater[0], rater[1] = rater[0] + is_right, rater[1] + 1
    table = np.array(list(sums.values()), dtype=np.float64).reshape(-1, 4)
    n = int(table[:, 0].sum())
    right, near, has = bootstrap(table, _shares, draws=draws, seed=seed)
    return AgainstGold(
        answers=n,
        right=right._replace(n=n),
        near=near._replace(n=n),
        has_error=has._replace(n=n),
        missed=kinds[False, False],
        false_alarms=kinds[True, False],
        raters={name: share(*counts) for name, counts in sorted(of_rater.items())},
    )


def _shares(sums: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = sums[:, 1:] / sums[:, :1]
    return found
