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
from surefoot.paper.trials import Claim, Trials, compared, estimate, percent, trials
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
NEAR = 0.05
"""Ways that are no farther apart are close: the paper's four lie within two points, which
200 problems cannot tell."""


def run(lab: Lab, sources: Sources, scale: figure3.Scale) -> Findings:
    """The table of ways, on the verifiers of Figure 3."""
    made = figure3.prepare(lab, sources, scale)
    tables = [read(path, Scores) for path in made.prm]
    again = {name: [_again(rows, *way) for rows in tables] for name, way in WAYS.items()}
    found = trials(made.pool, again, [1, scale.n])
    lengths = {name: _more_steps(made.pool, rows) for name, rows in again.items()}
    return Findings(
        title="Scoring: product or minimum, neutral right or wrong",
        setting=(
            f"The PRMs and solutions of Figure 3: {len(found.problem_ids)} held-out problems, best"
            f" of {scale.n}, {trainings(scale.trainings)}."
        ),
        claims=_claims(found, lengths, scale.n),
        numbers={
            **found.as_json(),
            "steps_more": {k: asdict(estimate(v)) for k, v in lengths.items()},
        },
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


def _more_steps(pool: Sampled, tables: list[list[Scores]]) -> FloatArray:
    """(T, P) Steps of the chosen of all solutions, less those of the problem's right ones."""
    solutions = {row.solution_id: row for row in read(pool.solutions, Solution)}
    right = {g.solution_id for g in read(pool.grades, Grade) if g.verdict == "correct"}
    by_problem: dict[str, list[str]] = {}
    for name, solution in solutions.items():
        if solution.answer is not None:
            by_problem.setdefault(solution.problem_id, []).append(name)
    steps = {name: len(solution.steps) for name, solution in solutions.items()}
    found = []
    for rows in tables:
        score = {row.solution_id: row.solution_score for row in rows}
        found.append([_more(names, steps, score, right) for names in by_problem.values()])
    values = np.array(found, dtype=np.float64)
    # Problems without right solutions say nothing.
    kept: FloatArray = values[:, ~np.isnan(values[0])]
    return kept if kept.size else np.zeros((len(tables), 1))


def _more(
    names: list[str], steps: dict[str, int], score: dict[str, float], right: set[str]
) -> float:
    usual = [steps[name] for name in names if name in right]
    highest = max(score[name] for name in names)
    chosen = [steps[name] for name in names if score[name] == highest]
    return float(np.mean(chosen) - np.mean(usual)) if usual else float("nan")


def _claims(found: Trials, lengths: dict[str, FloatArray], n: int) -> list[Claim]:
    claims = [_close(found, n)]
    for other in list(WAYS)[1:]:
        claims.append(
            compared(
                f"the product, neutral right, is ahead of: {other}.",
                f"difference at N = {n}",
                found.difference(PAPERS, other, n),
                is_papers=False,
            )
        )
    bias = estimate(lengths[PAPERS] - lengths["mean, neutral right"], compared=True)
    claims.append(
        Claim(
            paper="a product of many chances favours short solutions.",
            here=f"the product chooses solutions with {bias.mean:+.2f} steps ({bias.low:+.2f} to"
            f" {bias.high:+.2f}) compared with those that the mean chooses",
            holds=True if bias.high < 0 else False if bias.low > 0 else None,
            estimate=bias,
            is_papers=False,
        )
    )
    return claims


def _close(found: Trials, n: int) -> Claim:
    """Of the paper's four ways, none is far from the product with neutral as right."""
    others = list(WAYS)[1:LAST_OF_THE_PAPER]
    leads = [found.difference(other, PAPERS, n) for other in others]
    is_far = any(lead.low > NEAR or lead.high < -NEAR for lead in leads)
    is_near = all(lead.low >= -NEAR and lead.high <= NEAR for lead in leads)
    return Claim(
        paper="the four ways (product or minimum, neutral right or wrong) are close.",
        here="compared with the product, neutral right: "
        + "; ".join(
            f"{other} {percent(lead, signed=True)}"
            for other, lead in zip(others, leads, strict=True)
        )
        + f"; close is within {100 * NEAR:.0f} points",
        holds=True if is_near else False if is_far else None,
    )


def _table(found: Trials, lengths: dict[str, FloatArray], n: int) -> str:
    lines = [
        "| solution score | solved | steps more than right solutions have |",
        "|---|---:|---:|",
    ]
    for name in WAYS:
        solved = percent(estimate(found.chances[name][:, :, found.at(n)]))
        bias = estimate(lengths[name])
        lines.append(
            f"| {name} | {solved} | {bias.mean:+.2f} ({bias.low:+.2f} to {bias.high:+.2f}) |"
        )
    return "\n".join(lines)
