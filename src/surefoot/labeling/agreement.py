"""How far raters agree: on single steps, and on where the first error is.

Rating stops at the first error, so steps are not missing at random: whoever
sees an error early rates little. One coefficient over all steps is therefore
misleading by itself; agreement on the first error stands beside it.

Axes: U units (steps), V values (ratings, in their order).
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from surefoot.records import RATINGS, Labels

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Level: TypeAlias = Literal["nominal", "ordinal", "interval"]


def alpha(counts_UV: Ints, values_V: Sequence[float], level: Level = "ordinal") -> float | None:
    """Krippendorff's alpha.

    Args:
        counts_UV: How many raters gave each value to each unit. Units with fewer
            than two ratings count for nothing.
        values_V: The values, ascending.
        level: What the distance of two values is: they differ (nominal), how many
            ratings lie between them (ordinal), their difference (interval).

    Returns:
        1: full agreement; 0: as by chance; below: less than by chance. None where
        no unit has two ratings, or all ratings are the same value: there is
        nothing to agree on.

    Source: Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability",
    https://repository.upenn.edu/asc_papers/43.
    """
    counts_UV = counts_UV[counts_UV.sum(axis=1) >= 2].astype(np.float64)
    raters_U = counts_UV.sum(axis=1)
    n_V = counts_UV.sum(axis=0)
    n = n_V.sum()
    if n == 0 or np.count_nonzero(n_V) < 2:
        return None
    shares_UV = counts_UV / (raters_U - 1)[:, None]
    observed_VV = counts_UV.T @ shares_UV - np.diag(shares_UV.sum(axis=0))
    expected_VV = (np.outer(n_V, n_V) - np.diag(n_V)) / (n - 1)
    distance_VV = _distances(n_V, np.asarray(values_V, dtype=np.float64), level)
    return float(1 - (observed_VV * distance_VV).sum() / (expected_VV * distance_VV).sum())


def _distances(n_V: Floats, values_V: Floats, level: Level) -> Floats:
    """(V, V) squared distances."""
    if level == "nominal":
        return 1.0 - np.eye(len(n_V))
    if level == "interval":
        return np.square(values_V[:, None] - values_V)
    below_V = np.cumsum(n_V) - n_V / 2
    return np.square(below_V[:, None] - below_V)


def weighted_kappa(pairs: Iterable[tuple[int, int]], values: Sequence[int]) -> float | None:
    """Cohen's kappa of two raters with linear weights.

    Args:
        pairs: What both said of each unit.
        values: All values, in their order; neighbours are one apart.

    Returns:
        1: full agreement, 0: as by chance. None without a pair, or where chance
        alone leaves nothing to disagree on.
    """
    place = {value: i for i, value in enumerate(values)}
    table_VV = np.zeros((len(values), len(values)))
    for one, other in pairs:
        table_VV[place[one], place[other]] += 1
    if not table_VV.sum():
        return None
    table_VV /= table_VV.sum()
    index_V = np.arange(len(values))
    weight_VV = np.abs(index_V[:, None] - index_V)
    by_chance = (np.outer(table_VV.sum(axis=1), table_VV.sum(axis=0)) * weight_VV).sum()
    return float(1 - (table_VV * weight_VV).sum() / by_chance) if by_chance else None


class FirstErrorAgreement(NamedTuple):
    """How often two raters of one solution name the same first error."""

    pairs: int
    exact: float | None
    """Share of pairs with the same first error, or both none."""
    near: float | None
    """The same, one step off allowed."""
    has_error: float | None
    """Share that agree whether there is an error."""
    has_error_kappa: float | None
    """The same beyond chance: Cohen's kappa, averaged over the two orders of a pair."""


class Agreement(NamedTuple):
    """Agreement of all raters."""

    solutions: int
    """With at least two raters."""
    first_error: FirstErrorAgreement
    ordinal_alpha: float | None
    """Of the steps that at least two raters rated."""


def agreement(labels: Sequence[Labels]) -> Agreement:
    """Agreement over solutions that several raters rated.

    Args:
        labels: One row a solution and rater; a rater's later row for the same
            solution replaces the earlier one.
    """
    by_solution = _by_solution(labels)
    pairs = [
        (one.first_error, other.first_error)
        for rows in by_solution.values()
        for one, other in combinations(rows, 2)
    ]
    counts: list[list[int]] = []
    for rows in by_solution.values():
        for step in range(max(len(row.ratings) for row in rows)):
            found = Counter(row.ratings[step] for row in rows if step < len(row.ratings))
            counts.append([found[rating] for rating in RATINGS])
    table_UV = np.array(counts, dtype=np.int64).reshape(-1, len(RATINGS))
    return Agreement(
        solutions=len(by_solution),
        first_error=_first_errors(pairs),
        ordinal_alpha=alpha(table_UV, RATINGS),
    )


def pairwise_kappas(labels: Sequence[Labels]) -> dict[tuple[str, str], float | None]:
    """Weighted kappa of each two raters, over the steps that both rated."""
    pairs: defaultdict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for rows in _by_solution(labels).values():
        for one, other in combinations(sorted(rows, key=lambda row: row.rater), 2):
            pairs[one.rater, other.rater] += [
                (a, b)
                for a, b in zip(one.ratings, other.ratings, strict=False)
                if a is not None and b is not None
            ]
    return {raters: weighted_kappa(found, RATINGS) for raters, found in sorted(pairs.items())}


def bootstrap(
    labels: Sequence[Labels],
    figure: Callable[[Sequence[Labels]], float | None],
    *,
    draws: int = 1000,
    seed: int = 0,
) -> tuple[float, float] | None:
    """95 % interval of a figure, problems drawn with replacement.

    Args:
        labels: As for `agreement`.
        figure: Of labels; a draw for which it is None is left out.
        draws: >= 1.
        seed: Of the draws.

    Returns:
        The 2.5 and 97.5 per cent points; None if every draw is left out.
    """
    groups: defaultdict[Hashable, list[Labels]] = defaultdict(list)
    for row in labels:
        groups[row.problem_id].append(row)
    each = list(groups.values())
    if not each:
        return None
    generator = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        drawn: list[Labels] = []
        for copy, index in enumerate(generator.integers(len(each), size=len(each)).tolist()):
            # A problem drawn twice is two problems: its solutions are not the same ones.
            drawn += [_renamed(row, copy) for row in each[index]]
        value = figure(drawn)
        if value is not None:
            found.append(value)
    if not found:
        return None
    low, high = np.percentile(found, [2.5, 97.5])
    return float(low), float(high)


def _renamed(row: Labels, copy: int) -> Labels:
    return replace(row, solution_id=f"{copy}:{row.solution_id}")


def _by_solution(labels: Iterable[Labels]) -> Mapping[str, list[Labels]]:
    """The rows of each solution that at least two raters rated."""
    latest: defaultdict[str, dict[str, Labels]] = defaultdict(dict)
    for row in labels:
        latest[row.solution_id][row.rater] = row
    return {key: list(rows.values()) for key, rows in latest.items() if len(rows) >= 2}


def _first_errors(pairs: Sequence[tuple[int | None, int | None]]) -> FirstErrorAgreement:
    if not pairs:
        return FirstErrorAgreement(0, None, None, None, None)
    exact = [one == other for one, other in pairs]
    near = [
        same or (one is not None and other is not None and abs(one - other) <= 1)
        for (one, other), same in zip(pairs, exact, strict=True)
    ]
    has = [(int(one is not None), int(other is not None)) for one, other in pairs]
    return FirstErrorAgreement(
        pairs=len(pairs),
        exact=sum(exact) / len(pairs),
        near=sum(near) / len(pairs),
        has_error=sum(one == other for one, other in has) / len(pairs),
        has_error_kappa=weighted_kappa(has + [(b, a) for a, b in has], (0, 1)),
    )
