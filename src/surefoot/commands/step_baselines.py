"""The predictors that see no words, fitted on labels for `surefoot evaluate steps`."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from surefoot.commands.options import check_input
from surefoot.errors import BadRow, UserError
from surefoot.evaluation.step_table import Predicted, RatedSolution, rated_solutions
from surefoot.labeling.marks import without_marked
from surefoot.records import Labels, Mark, Solution
from surefoot.tables import place, read
from surefoot.verifiers.baselines import Lengths, Rated, RatePredictor

log = logging.getLogger("surefoot")

POSITION, LENGTH, ALWAYS_RIGHT = "position", "length", "always_right"


@dataclass(frozen=True, kw_only=True)
class Baselines:
    """Those that there are, and why others are not."""

    fitted: dict[str, RatePredictor] = field(default_factory=dict)
    not_shown: dict[str, str] = field(default_factory=dict)

    def predicted(
        self, rated: Sequence[RatedSolution], steps: Sequence[tuple[str, ...]] | None
    ) -> dict[str, list[Predicted]]:
        """What each says of these solutions; without their text none that looks at lengths."""
        found = {ALWAYS_RIGHT: [Predicted((1.0,) * len(row.ratings)) for row in rated]}
        blank = [("",) * len(row.ratings) for row in rated]
        for name, predictor in self.fitted.items():
            texts = blank if name == POSITION else steps
            if texts is not None:
                found[name] = [_predicted(predictor, text) for text in texts]
        return found


def fit_baselines(
    labels: Path | None,
    solutions: Path | None,
    keep: Collection[Mark],
    evaluated: Collection[str],
    *,
    has_text: bool,
) -> Baselines:
    """Counts ratings by place and by length.

    Args:
        labels: Table of labels; those of evaluated problems are left out.
        solutions: Table of the solutions that they rate.
        keep: Marks that do not matter.
        evaluated: Ids of the problems that are evaluated.
        has_text: Whether the text of what is evaluated is at hand.

    Raises:
        UserError: A table is missing or bad, or no label is left.
    """
    if labels is None:
        why = "needs --baselines-from, a table of other labels to be fitted on"
        return Baselines(not_shown={POSITION: why, LENGTH: why})
    rows, _ = without_marked(read(check_input(labels, "labels"), Labels), keep)
    others = [row for row in rows if row.problem_id not in evaluated]
    if len(others) < len(rows):
        log.info("%s: %d labels of evaluated problems left out", labels, len(rows) - len(others))
    if not others:
        raise UserError(
            f"--baselines-from: {labels}: holds no labels of problems that are not evaluated"
        )
    counted = [row.counted() for row in rated_solutions(others)]
    blank: list[Rated] = [(("",) * len(ratings), ratings) for ratings in counted]
    fitted = {POSITION: RatePredictor.fitted(blank)}
    if solutions is None:
        return Baselines(fitted=fitted, not_shown={LENGTH: "needs --baseline-solutions"})
    if not has_text:
        return Baselines(fitted=fitted, not_shown={LENGTH: "needs --solutions"})
    texts = steps_of(labels, others, solutions)
    rated: list[Rated] = list(zip(texts, counted, strict=True))
    fitted[LENGTH] = RatePredictor.fitted(rated, Lengths.fitted(rated))
    return Baselines(fitted=fitted)


def steps_of(path: Path, labels: Sequence[Labels], solutions: Path) -> list[tuple[str, ...]]:
    """The steps that each row of labels rates.

    Raises:
        BadRow: A row's solution is missing, or has another number of steps.
    """
    table = read(check_input(solutions, "solutions"), Solution)
    steps = {solution.solution_id: solution.steps for solution in table}
    for row in labels:
        found = steps.get(row.solution_id)
        if found is None:
            problem = f"no such solution in {solutions}: {row.solution_id!r}"
            raise BadRow(*place(path, row), "solution_id", problem)
        check_count(path, row, len(found), "steps")
    return [steps[row.solution_id] for row in labels]


def check_count(path: Path, row: Labels, n_steps: int, what: str) -> None:
    """As many ratings as steps.

    Raises:
        BadRow: There are more or fewer.
    """
    if len(row.ratings) != n_steps:
        problem = f"{len(row.ratings)} ratings for {n_steps} {what} of {row.solution_id!r}"
        raise BadRow(*place(path, row), "ratings", problem)


def _predicted(predictor: RatePredictor, steps: tuple[str, ...]) -> Predicted:
    chances = predictor.probabilities(steps)
    return Predicted([plus + zero for _, zero, plus in chances], chances)
