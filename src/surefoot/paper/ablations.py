"""Other ways of choosing what is labelled, at equal numbers.

Other shares of convincing wrong answers, half of them beside solutions at random, a choice
over all problems at once, and a selector that is trained again on what was chosen so far.
"""

from itertools import pairwise
from pathlib import Path

import numpy as np

from surefoot.labeling.selection import WRONG_SHARE
from surefoot.paper.choosing import Scale, Study, Tried
from surefoot.paper.materials import joined, some_of
from surefoot.paper.trials import estimate, percent

WRONG_SHARES = (0.0, 0.5, WRONG_SHARE, 1.0)
"""Shares of convincing wrong answers that are tried."""
RETRAINED = "per problem, selector retrained on what was chosen"


def middle(scale: Scale) -> int:
    """The number of labelled solutions at which they are compared."""
    return scale.labelled[len(scale.labelled) // 2]


def named(share: float, n: int) -> str:
    """What a choice of each problem's solutions is called."""
    papers = ", the paper's 80 %" if share == WRONG_SHARE else ""
    return f"per problem, {round(share * n)} of {n} convincing wrong{papers}"


def ablations(
    study: Study, selectors: list[Path], active: list[Tried], uniform: list[Tried]
) -> dict[str, Tried]:
    """Other ways of choosing as many, at the middle number of labelled solutions."""
    n = middle(study.scale)
    place = study.scale.labelled.index(n)
    found = {"at random": uniform[place], named(WRONG_SHARE, n): active[place]}
    for share in WRONG_SHARES:
        # Of few, two shares may come to the same number.
        if named(share, n) not in found and round(share * n) != round(WRONG_SHARE * n):
            tables = [study.chosen(n, scores, share=share) for scores in selectors]
            found[named(share, n)] = study.tried(tables)
    tables = [_half_at_random(study, seed, n, scores) for seed, scores in enumerate(selectors)]
    found[f"per problem, {n - n // 2} of {n} convincing wrong, the rest at random"] = study.tried(
        tables
    )
    tables = [study.chosen(n, scores, per_problem=False) for scores in selectors]
    found["over all problems, 80 % convincing wrong"] = study.tried(tables)
    again = [_iterated(study, seed, n) for seed in range(len(selectors))]
    found[RETRAINED] = study.tried(again)
    return found


def _half_at_random(study: Study, seed: int, n: int, scores: Path) -> Path:
    """Whether what is convincing is too narrow by itself: solutions of all kinds beside it."""
    at_random = some_of(study.lab, study.setup.pool.solutions, n // 2, seed=seed)
    return joined(
        study.lab, at_random, study.chosen(n - n // 2, scores, share=1.0, rated=at_random)
    )


def _iterated(study: Study, seed: int, n: int) -> Path:
    """`n` solutions a problem in rounds, each chosen by a PRM trained on all that is rated."""
    first = some_of(study.lab, study.setup.pool.solutions, 1, seed=seed)
    chosen: Path | None = None
    ends = np.linspace(0, n, retrainings(study.scale) + 2).round().astype(int).tolist()
    for start, end in pairwise(ends):
        rated = first if chosen is None else joined(study.lab, first, chosen)
        # The shares of the rounds come to that of all.
        n_wrong = round(WRONG_SHARE * end) - round(WRONG_SHARE * start)
        more = study.chosen(
            end - start,
            study.selector(seed, rated),
            share=n_wrong / (end - start),
            rated=chosen,
        )
        chosen = more if chosen is None else joined(study.lab, chosen, more)
    assert chosen is not None
    return chosen


def retrainings(scale: Scale) -> int:
    """How often the selector is trained again, a round of at least one solution each."""
    return min(scale.rounds, middle(scale) - 1)


def table(found: dict[str, Tried], scale: Scale) -> str:
    """All of them, as Markdown."""
    lines = [
        f"| {middle(scale)} a problem, chosen | labelled | labels right | solved |",
        "|---|---:|---:|---:|",
    ]
    for name, one in found.items():
        right = "" if one.right_labels is None else f"{100 * one.right_labels:.1f} %"
        solved = percent(estimate(one.chances_TP))
        lines.append(f"| {name} | {one.labelled:.2f} | {right} | {solved} |")
    return "\n".join(lines)
