"""Curves: every series against plain shuffling, and their agreements."""

import json
from collections import Counter

import numpy as np
import pytest

from surefoot.evaluation.curves import Curves, compute_curves, default_n
from surefoot.evaluation.pools import Pool, make_pool, pools_from_records
from surefoot.search.best_of_n import best_of_n
from surefoot.search.vote import majority_vote, weighted_vote
from synthetic_run import make_run


def pools(problems: int = 12, samples: int = 16, seed: int = 0) -> list[Pool]:
    run = make_run(problems, samples, seed)
    return pools_from_records(
        run.problems, run.solutions, run.grades, run.scores, labels=run.labels, likelihood=True
    )


def shuffled(pool: Pool, n: int, generator: np.random.Generator) -> dict[str, bool]:
    """What one random draw of n chooses, by the functions of `surefoot.search`."""
    drawn = generator.permutation(len(pool))[:n]
    keys = [int(pool.answer_class[i]) if pool.has_answer[i] else None for i in drawn]
    right = {
        "majority": majority_vote(keys, generator) == 0,
        "pass": bool(pool.is_correct[drawn].any()),
    }
    for name, scores in pool.scores.items():
        chosen = best_of_n(scores[drawn].tolist(), keys, generator)
        right[name] = chosen is not None and bool(pool.is_correct[drawn[chosen]])
    weights = np.nan_to_num(pool.scores["orm"][drawn]).tolist()
    right["orm_weighted"] = weighted_vote(keys, weights, generator) == 0
    return right


def test_every_series_equals_plain_shuffling() -> None:
    some, n, shuffles = pools(), 5, 600
    curves = compute_curves(some, [n], draws=2000)
    generator = np.random.default_rng(0)
    solved: Counter[str] = Counter()
    for _ in range(shuffles):
        for pool in some:
            solved.update(name for name, right in shuffled(pool, n, generator).items() if right)
    for name in ("prm", "orm", "likelihood", "checker", "majority", "pass", "orm_weighted"):
        error = max(float(curves.spread(name)[0]), 0.01) / shuffles**0.5
        difference = solved[name] / shuffles / len(some) - float(curves.mean(name)[0])
        assert abs(difference) < 4.5 * error, name


def test_with_one_solution_all_methods_agree() -> None:
    curves = compute_curves(pools(), [1])
    for name in curves.chances:
        assert curves.mean(name) == pytest.approx(curves.mean("pass")), name


def test_order_of_rows_changes_nothing_that_is_exact() -> None:
    some = pools()
    generator = np.random.default_rng(0)
    mixed = []
    for pool in some:
        order = generator.permutation(len(pool))
        mixed.append(
            Pool(
                problem_id=pool.problem_id,
                is_correct=pool.is_correct[order],
                has_answer=pool.has_answer[order],
                answer_class=pool.answer_class[order],
                scores={name: values[order] for name, values in pool.scores.items()},
            )
        )
    first, second = compute_curves(some), compute_curves(mixed)
    for name in ("prm", "orm", "likelihood", "majority", "pass"):
        assert first.chances[name] == pytest.approx(second.chances[name]), name


def test_nothing_beats_pass() -> None:
    curves = compute_curves(pools())
    for name in ("prm", "orm", "likelihood", "checker", "majority"):
        assert (curves.chances[name] <= curves.chances["pass"] + 1e-9).all()


def test_json_has_the_promised_keys_and_survives_a_round_trip() -> None:
    result = compute_curves(pools(), [1, 4, 16]).as_json()
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    assert result["n"] == [1, 4, 16]
    for key in ("prm", "orm", "majority", "pass"):
        assert len(result[key]) == len(result["ci95"][key]) == 3
        assert all(
            low <= v <= high
            for v, (low, high) in zip(result[key], result["ci95"][key], strict=True)
        )
    assert {"prm-orm", "prm-majority"} <= set(result["ci95"])
    assert result["problems"] == 12
    assert result["samples_per_problem"] == 16
    errors = result["simulated"]["standard_error"]["prm_weighted"]
    assert errors[0] == errors[-1] == 0.0 < errors[1]


def test_the_same_seed_gives_the_same_curves() -> None:
    first, second = (compute_curves(pools(), seed=3).as_json() for _ in range(2))
    assert first == second


def test_a_series_that_is_not_there_is_not_made_up() -> None:
    run = make_run(3, 4)
    only = pools_from_records(run.problems, run.solutions, run.grades, {"orm": run.orm})
    assert set(compute_curves(only).chances) == {"orm", "majority", "pass", "orm_weighted"}
    none = pools_from_records(run.problems, run.solutions, run.grades, {})
    assert set(compute_curves(none).chances) == {"majority", "pass"}


def test_missing_solutions_count_as_without_an_answer() -> None:
    short = make_pool("a", ["1"], [True], {"prm": [0.5]})
    full = make_pool("b", ["1", "2", "2", "2"], [True, False, False, False], {"prm": [1, 0, 0, 0]})
    curves = compute_curves([short, full], [1, 4])
    assert curves.missing == 3
    assert curves.chances["prm"][0].tolist() == pytest.approx([0.25, 1.0])
    assert curves.chances["majority"][0].tolist() == pytest.approx([0.25, 1.0])


def all_chances(curves: Curves) -> list[float]:
    return [float(v) for values in curves.chances.values() for v in values.ravel()]


def test_all_wrong_all_blank_and_a_single_solution() -> None:
    wrong = make_pool("a", ["1", "2"], [False, False], {"prm": [0.1, 0.2], "orm": [0.3, 0.3]})
    blank = make_pool("b", [None, ""], [False, False], {"prm": [np.nan] * 2, "orm": [np.nan] * 2})
    assert set(all_chances(compute_curves([wrong, blank]))) == {0.0}
    single = make_pool("c", ["1"], [True], {"prm": [0.0]})
    assert set(all_chances(compute_curves([single]))) == {1.0}


def test_what_cannot_be_computed_is_refused() -> None:
    with pytest.raises(ValueError, match="no solutions"):
        compute_curves([])
    with pytest.raises(ValueError, match="no solutions"):
        compute_curves([make_pool("a", [], [], {})])
    with pytest.raises(ValueError, match="got 17"):
        compute_curves(pools(), [1, 17])
    with pytest.raises(ValueError, match="pool size must be >= 16"):
        compute_curves(pools(), [1], pool_size=8)


def test_default_n() -> None:
    assert default_n(1) == (1,)
    assert default_n(64) == (1, 2, 4, 8, 16, 32, 64)
    assert default_n(1860)[-2:] == (1024, 1860)
