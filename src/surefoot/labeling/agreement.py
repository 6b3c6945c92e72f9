"""How far raters agree: on single steps, and on where the first error is.

Rating stops at the first error, so steps are not missing at random: whoever
sees an error early rates little. One coefficient over all steps is therefore
misleading by itself; agreement on the first error stands beside it.

Axes: P problems, U units (steps that at least two raters rated), V ratings.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Any, NamedTuple

import numpy as np

from surefoot.labeling.coefficients import (
    Floats,
    alphas,
    coincidences,
    fleiss_kappas,
    weighted_kappas,
)
from surefoot.labeling.resampling import DRAWS, Estimate, bootstrap
from surefoot.labeling.verdicts import Verdict, verdict_of
from surefoot.records import RATINGS, Labels

MAX_PAIRS = 100
"""Pairs of raters that are listed, those with most steps in common first."""
MAX_CONTESTED = 20
V = len(RATINGS)


class FirstErrors(NamedTuple):
    """How often two raters of one solution name the same first error.

    Of those who rated up to an error or to the end; others said nothing about it.
    """

    exact: Estimate
    """Share of pairs with the same first error, or both none."""
    near: Estimate
    """The same, one step off allowed."""
    has_error: Estimate
    """Share that agree whether there is an error."""
    has_error_kappa: Estimate
    """The same beyond chance, pair by pair: Scott's pi, as a pair has no order."""
    has_error_fleiss: Estimate
    """The same, solution by solution: Fleiss' kappa. It differs from the one before
    only if some solution has more than two raters."""


class Pair(NamedTuple):
    """Two raters, on the steps that both rated."""

    raters: tuple[str, str]
    solutions: int
    kappa: Estimate
    """Cohen's, with linear weights."""


class Contested(NamedTuple):
    """A step that raters disagree on."""

    solution_id: str
    problem_id: str
    step: int
    ratings: dict[int, int]
    """Rating -> how many gave it."""


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Agreement of all raters."""

    solutions: int
    """With at least two raters."""
    problems: int
    raters: int
    first_errors: FirstErrors
    ordinal_alpha: Estimate
    """Krippendorff's, of the steps that at least two raters rated."""
    confusion: list[list[int]]
    """(V, V) pairs of ratings of one step, each pair in both orders."""
    pairs: list[Pair]
    pairs_left_out: int
    """Further pairs of raters, with fewer steps in common."""
    contested: list[Contested]
    """Furthest apart first."""


def agreement(labels: Iterable[Labels], *, draws: int = DRAWS, seed: int = 0) -> Agreement:
    """Agreement over solutions that several raters rated.

    Args:
        labels: One row a solution and rater; a rater's later row for the same
            solution replaces the earlier one.
        draws: Of problems, for the intervals.
        seed: Of the draws.
    """
    rows_of = several_raters(labels)
    problems = {row.problem_id: 0 for rows in rows_of.values() for row in rows}
    places = {problem_id: i for i, problem_id in enumerate(problems)}
    counts_UV, units = _counted(rows_of)
    problem_U = np.array([places[rows_of[name][0].problem_id] for name, _ in units], dtype=np.int64)
    together_UVV = coincidences(counts_UV)
    sums = np.zeros((len(places), len(_FIRST)))
    for rows in rows_of.values():
        sums[places[rows[0].problem_id]] += _first_error_sums([verdict_of(row) for row in rows])
    alpha_sums = np.zeros((len(places), V * V))
    np.add.at(alpha_sums, problem_U, together_UVV.reshape(-1, V * V))
    found = bootstrap(np.hstack([sums, alpha_sums]), _figures, draws=draws, seed=seed)
    n_pairs, n_judged = int(sums[:, 0].sum()), int(sums[:, 6].sum())
    numbers = (n_pairs, n_pairs, n_pairs, n_pairs, n_judged, len(units))
    *first, ordinal = (e._replace(n=n) for e, n in zip(found, numbers, strict=True))
    pairs, left_out = _pairs(rows_of, draws, seed)
    return Agreement(
        solutions=len(rows_of),
        problems=len(places),
        raters=len({row.rater for rows in rows_of.values() for row in rows}),
        first_errors=FirstErrors(*first),
        ordinal_alpha=ordinal,
        confusion=_confusion(counts_UV),
        pairs=pairs,
        pairs_left_out=left_out,
        contested=_contested(counts_UV, units, rows_of),
    )


def several_raters(labels: Iterable[Labels]) -> Mapping[str, list[Labels]]:
    """Solution -> its rows, of solutions that at least two raters rated."""
    latest: defaultdict[str, dict[str, Labels]] = defaultdict(dict)
    for row in labels:
        latest[row.solution_id][row.rater] = row
    return {key: list(rows.values()) for key, rows in latest.items() if len(rows) >= 2}


_FIRST = (
    "pairs", "exact", "near", "both", "one", "neither", "judged", "same", "errors", "good",
)  # fmt: skip
"""What a problem adds to the sums of which first-error agreement is made."""


def _first_error_sums(verdicts: Sequence[Verdict | None]) -> list[float]:
    """As `_FIRST`, of the raters of one solution."""
    said = Counter(verdict.first_error for verdict in verdicts if verdict is not None)
    m, good = said.total(), said[None]
    pairs, errors = comb(m, 2), m - good
    if not pairs:
        return [0.0] * len(_FIRST)
    exact = sum(comb(n, 2) for n in said.values())
    next_to = sum(n * said[step + 1] for step, n in list(said.items()) if step is not None)
    both, neither = comb(errors, 2), comb(good, 2)
    same = (both + neither) / pairs
    return [
        pairs, exact, exact + next_to, both, errors * good, neither, 1, same, errors, good
    ]  # fmt: skip


def _figures(sums: Floats) -> Floats:
    """(D, 6) the five of `FirstErrors` and alpha."""
    pairs, exact, near, both, one, neither, judged, same, errors, good = sums.T[: len(_FIRST)]
    # Each pair in both orders, as it has none.
    table = np.stack([2 * both, one, one, 2 * neither], axis=-1).reshape(-1, 2, 2)
    together = sums[:, len(_FIRST) :].reshape(-1, V, V)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = [exact / pairs, near / pairs, (both + neither) / pairs]
    fleiss = fleiss_kappas(judged, same, np.stack([errors, good], axis=-1))
    return np.stack([*shares, weighted_kappas(table), fleiss, alphas(together, RATINGS)], axis=-1)


def _counted(
    rows_of: Mapping[str, list[Labels]],
) -> tuple[np.ndarray[Any, np.dtype[np.int64]], list[tuple[str, int]]]:
    """(U, V) how often each rating was given; U (solution, step)."""
    counts: list[list[int]] = []
    units: list[tuple[str, int]] = []
    for name, rows in rows_of.items():
        for step in range(max(len(row.ratings) for row in rows)):
            given = [row.ratings[step] for row in rows if step < len(row.ratings)]
            found = [given.count(rating) for rating in RATINGS]
            if sum(found) >= 2:
                counts.append(found)
                units.append((name, step))
    return np.array(counts, dtype=np.int64).reshape(-1, V), units


def _confusion(counts_UV: np.ndarray[Any, np.dtype[np.int64]]) -> list[list[int]]:
    table_VV = counts_UV.T @ counts_UV - np.diag(counts_UV.sum(axis=0))
    return [[int(n) for n in row] for row in table_VV]


def _contested(
    counts_UV: np.ndarray[Any, np.dtype[np.int64]],
    units: Sequence[tuple[str, int]],
    rows_of: Mapping[str, list[Labels]],
) -> list[Contested]:
    """By the mean difference of two of their raters, then by how many they are."""
    bad, okay, great = counts_UV.T
    n_U = counts_UV.sum(axis=1)
    apart_U = (bad * okay + okay * great + 2 * bad * great) / np.maximum(n_U * (n_U - 1) / 2, 1)
    order = np.lexsort((-n_U, -apart_U))[:MAX_CONTESTED]
    return [
        Contested(
            units[i][0],
            rows_of[units[i][0]][0].problem_id,
            units[i][1],
            dict(zip(RATINGS, counts_UV[i].tolist(), strict=True)),
        )
        for i in order.tolist()
        if apart_U[i] > 0
    ]


def _pairs(rows_of: Mapping[str, list[Labels]], draws: int, seed: int) -> tuple[list[Pair], int]:
    """The kappa of each two raters, and how many pairs are not listed."""
    cells: defaultdict[tuple[str, str], list[tuple[str, int]]] = defaultdict(list)
    n_solutions: Counter[tuple[str, str]] = Counter()
    for rows in rows_of.values():
        for one, other in combinations(sorted(rows, key=lambda row: row.rater), 2):
            names = one.rater, other.rater
            n_solutions[names] += 1
            cells[names] += [
                (one.problem_id, V * (a + 1) + b + 1)
                for a, b in zip(one.ratings, other.ratings, strict=False)
                if a is not None and b is not None
            ]
    listed = sorted(cells, key=lambda names: (-len(cells[names]), names))
    return [
        Pair(names, n_solutions[names], _kappa(cells[names], draws, seed))
        for names in listed[:MAX_PAIRS]
    ], len(listed[MAX_PAIRS:])


def _kappa(cells: Sequence[tuple[str, int]], draws: int, seed: int) -> Estimate:
    places = {problem_id: i for i, problem_id in enumerate(dict.fromkeys(p for p, _ in cells))}
    sums = np.zeros((len(places), V * V))
    for problem_id, cell in cells:
        sums[places[problem_id], cell] += 1

    def kappas(drawn: Floats) -> Floats:
        return weighted_kappas(drawn.reshape(-1, V, V))[:, None]

    return bootstrap(sums, kappas, draws=draws, seed=seed)[0]._replace(n=len(cells))
