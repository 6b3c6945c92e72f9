"""Sanity limits of the experiments: oracles, chance, trainings."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from surefoot.evaluation.curves import PASS
from surefoot.paper.materials import Sampled
from surefoot.paper.trials import (
    Estimate,
    compared,
    estimate,
    right_by_wrong_steps,
    trials,
)
from surefoot.records import Scores
from synthetic_run import Run, make_run


@pytest.fixture(scope="module")
def run() -> Run:
    return make_run(problems=40, samples=32, seed=3)


@pytest.fixture(scope="module")
def pool(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Sampled:
    folder = run.write(tmp_path_factory.mktemp("pool"))
    return Sampled(
        problems=folder / "problems",
        solutions=folder / "solutions",
        grades=folder / "grades",
        labels=folder / "labels",
    )


def with_scores(rows: list[Scores], values: list[float]) -> list[Scores]:
    return [replace(r, solution_score=v) for r, v in zip(rows, values, strict=True)]


def test_an_oracle_reaches_pass_at_n_exactly(run: Run, pool: Sampled) -> None:
    right = [float(grade.verdict == "correct") for grade in run.grades]
    found = trials(pool, {"oracle": [with_scores(run.orm, right)]})
    np.testing.assert_allclose(found.chances["oracle"], found.chances[PASS], atol=1e-12)


def test_equal_scores_give_one_of_those_that_answer(run: Run, pool: Sampled) -> None:
    """With an answer from everybody that is pass@1 at every N."""
    answered = {s.solution_id for s in run.solutions if s.answer is not None}
    found = trials(pool, {"none": [with_scores(run.orm, [0.5] * len(run.orm))]})
    share = [
        np.mean(
            [g.verdict == "correct" for g in run.grades
             if g.problem_id == p.problem_id and g.solution_id in answered]
        )
        for p in run.problems
    ]  # fmt: skip
    last = found.chances["none"][0, :, -1]
    np.testing.assert_allclose(last, share, atol=1e-12)


def test_random_scores_give_pass_at_1_at_every_n(run: Run, pool: Sampled) -> None:
    generator = np.random.default_rng(0)
    tables = [with_scores(run.orm, generator.random(len(run.orm)).tolist()) for _ in range(60)]
    found = trials(pool, {"random": tables})
    fair = trials(pool, {"none": [with_scores(run.orm, [0.5] * len(run.orm))]})
    drawn = found.chances["random"].mean(axis=1)  # (T, K)
    error = drawn.std(axis=0, ddof=1) / len(tables) ** 0.5
    gap = np.abs(drawn.mean(axis=0) - fair.mean("none"))
    assert (gap <= 4 * error + 1e-9).all()


def test_scores_of_other_solutions_are_no_better_than_chance(run: Run, pool: Sampled) -> None:
    """The verifier's own scores, dealt out at random within each problem."""
    generator = np.random.default_rng(1)
    tables = []
    for _ in range(60):
        values = np.array([row.solution_score for row in run.prm])
        for problem in run.problems:
            rows = [i for i, r in enumerate(run.prm) if r.problem_id == problem.problem_id]
            values[rows] = generator.permutation(values[rows])
        tables.append(with_scores(run.prm, values.tolist()))
    found = trials(pool, {"dealt": tables, "prm": [run.prm]})
    fair = trials(pool, {"none": [with_scores(run.orm, [0.5] * len(run.orm))]})
    assert found.mean("dealt")[-1] == pytest.approx(fair.mean("none")[-1], abs=0.02)
    assert found.mean("prm")[-1] > found.mean("dealt")[-1] + 0.05


def test_trainings_are_kept_apart(run: Run, pool: Sampled) -> None:
    found = trials(pool, {"prm": [run.prm, run.orm], "orm": [run.orm]}, ceiling=True)
    assert found.chances["prm"].shape[0] == 2
    np.testing.assert_allclose(found.chances["prm"][1], found.chances["orm"][0])
    assert found.chances["checker"].shape[0] == 1
    few = found.only({"p0", "p3"})
    np.testing.assert_allclose(few.chances["prm"], found.chances["prm"][:, [0, 3]])
    gap = found.difference("prm", "orm", found.n[-1])
    assert gap.low <= gap.mean <= gap.high


def test_the_spread_is_that_of_drawing_again(run: Run, pool: Sampled) -> None:
    """Of either training with the same chance: draw a training, then a coin a problem."""
    found = trials(pool, {"prm": [run.prm, run.orm]}, [4])
    chances_TP = found.chances["prm"][:, :, 0]
    coins = np.random.default_rng(0).random((4000, *chances_TP.shape)) < chances_TP
    expected = np.sqrt(coins.mean(axis=2).var(axis=0).mean())
    assert found.spread("prm")[0] == pytest.approx(expected, rel=0.05)


def test_right_answers_by_wrong_steps_are_counted(run: Run, pool: Sampled) -> None:
    wrong = {row.solution_id for row in run.labels if -1 in row.ratings}
    right = [g.solution_id for g in run.grades if g.verdict == "correct"]
    expected = len([name for name in right if name in wrong]) / len(right)
    assert right_by_wrong_steps(pool) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("low", "high", "holds"), [(0.01, 0.2, True), (-0.2, -0.01, False), (-0.1, 0.1, None)]
)
def test_a_claim_holds_where_the_interval_says_so(
    low: float, high: float, holds: bool | None
) -> None:
    made = compared("it is so.", "one - other", Estimate(mean=0.05, low=low, high=high, p=0.03))
    assert made.holds is holds
    assert "p = 0.03" in made.here


def test_an_estimate_of_equal_values_has_no_width(tmp_path: Path) -> None:
    same = estimate(np.full((2, 5), 0.25), compared=True)
    assert (same.mean, same.low, same.high) == (0.25, 0.25, 0.25)
    assert same.p == pytest.approx(2 / 2**5)
