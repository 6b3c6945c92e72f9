"""The appendix on scoring: product or minimum of the step scores, neutral as right or wrong.

Also the mean and the last step's score, and the length bias of each: does it choose
solutions that are shorter than the right ones of the same problem?
"""

from dataclasses import asdict, replace

import numpy as np

from surefoot.evaluation.estimators import FloatArray
from surefoot.paper import figure3
from surefoot.paper.experiment import Findings, trainings
from surefoot.paper.lab import Lab
from surefoot.paper.materials import Sampled, Sources
from surefoot.paper.trials import Claim, Estimate, Trials, compared, estimate, percent, trials
from surefoot.records import Grade, Scores, Solution
from surefoot.tables import read
from surefoot.verifiers.aggregate import Aggregation, Neutral, aggregate, step_score

WAYS: dict[str, tuple[Aggregation, Neutral]] = {
    "product, neutral right": ("product", "positive"),
    "product, neutral wrong": ("product", "negative"),
    "minimum, neutral right": ("min", "positive"),
    "minimum, neutral wrong": ("min", "negative"),
    "mean, neutral right": ("mean", "positive"),
    "last, neutral right": ("last", "positive"),
}
PAPERS, LAST_OF_THE_PAPER = "product, neutral right", 4
"""The paper's own way; the first four are those of its appendix."""


def run(lab: Lab, sources: Sources, scale: figure3.Scale) -> Findings:
    """The table of ways, on the verifiers of Figure 3."""
    made = figure3.prepare(lab, sources, scale)
    tables = [read(path, Scores) for path in made.prm]
    again = {name: [_again(rows, *way) for rows in tables] for name, way in WAYS.items()}
    found = trials(made.pool, again, [1, scale.n])
    lengths = {name: _length(made.pool, rows) for name, rows in again.items()}
    return Findings(
        title="Scoring: product or minimum, neutral right or wrong",
        setting=(
            f"The PRMs and solutions of Figure 3: {len(found.problem_ids)} held-out problems, best"
            f" of {scale.n}, {trainings(scale.trainings)}."
        ),
        claims=_claims(found, lengths, scale.n),
        numbers={**found.as_json(), "steps_more": {k: asdict(v) for k, v in lengths.items()}},
        table=_table(found, lengths, scale.n),
    )


def _again(rows: list[Scores], how: Aggregation, neutral: Neutral) -> list[Scores]:
    """The rows with their solution scores aggregated in another way."""
    made = []
    for row in rows:
        steps = row.step_scores
        if row.step_probabilities is not None:
            steps = tuple(step_score(chances, neutral) for chances in row.step_probabilities)
        score = aggregate(steps, how)
        made.append(replace(row, solution_score=score, aggregation=how))
    return made


def _length(pool: Sampled, tables: list[list[Scores]]) -> Estimate:
    """Steps of the chosen of all solutions, less those of the problem's right ones on average."""
    solutions = {row.solution_id: row for row in read(pool.solutions, Solution)}
    right = {g.solution_id for g in read(pool.grades, Grade) if g.verdict == "correct"}
    by_problem: dict[str, list[str]] = {}
    for name, solution in solutions.items():
        by_problem.setdefault(solution.problem_id, []).append(name)
    found = [_more_steps(rows, solutions, by_problem, right) for rows in tables]
    return estimate(np.array(found))


def _more_steps(
    rows: list[Scores],
    solutions: dict[str, Solution],
    by_problem: dict[str, list[str]],
    right: set[str],
) -> FloatArray:
    score = {row.solution_id: row.solution_score for row in rows}
    more = []
    for names in by_problem.values():
        able = [name for name in names if solutions[name].answer is not None]
        usual = [len(solutions[name].steps) for name in able if name in right]
        if usual:
            highest = max(score[name] for name in able)
            best = [len(solutions[name].steps) for name in able if score[name] == highest]
            more.append(float(np.mean(best) - np.mean(usual)))
    return np.array(more or [0.0])


def _claims(found: Trials, lengths: dict[str, Estimate], n: int) -> list[Claim]:
    four = list(WAYS)[:LAST_OF_THE_PAPER]
    solved = {name: found.mean(name)[found.at(n)] for name in WAYS}
    spread = 100 * (max(solved[name] for name in four) - min(solved[name] for name in four))
    claims = [
        Claim(
            paper="the four ways (product or minimum, neutral right or wrong) are close.",
            here=f"they lie within {spread:.1f} points of each other",
            holds=bool(spread < 2.0),
        )
    ]
    for other in list(WAYS)[1:]:
        claims.append(
            compared(
                f"(no claim of the paper) the product, neutral right, is ahead of: {other}.",
                f"difference at N = {n}",
                found.difference(PAPERS, other, n),
            )
        )
    bias = lengths[PAPERS]
    claims.append(
        Claim(
            paper="(no claim of the paper) a product of many chances favours short solutions.",
            here=f"the product chooses solutions with {bias.mean:+.2f} steps ({bias.low:+.2f} to"
            f" {bias.high:+.2f}) compared with the right ones of the same problem",
            holds=True if bias.high < 0 else False if bias.low > 0 else None,
            estimate=bias,
        )
    )
    return claims


def _table(found: Trials, lengths: dict[str, Estimate], n: int) -> str:
    lines = [
        "| solution score | solved | steps more than right solutions have |",
        "|---|---:|---:|",
    ]
    for name in WAYS:
        solved = percent(estimate(found.chances[name][:, :, found.at(n)]))
        bias = lengths[name]
        lines.append(
            f"| {name} | {solved} | {bias.mean:+.2f} ({bias.low:+.2f} to {bias.high:+.2f}) |"
        )
    return "\n".join(lines)
