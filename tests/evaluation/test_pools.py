"""Joining tables into pools."""

import logging
from dataclasses import replace

import numpy as np
import pytest

from surefoot.errors import UserError
from surefoot.evaluation.pools import count_failures, make_pool, pools_from_records
from surefoot.records import Problem
from synthetic_run import make_run


def test_equal_wrong_answers_vote_together() -> None:
    answers = ["$ \\frac{1}{2} $", "0.5", "x=1/2", "2", " ", "$ $", None]
    pool = make_pool("p", answers, [False] * 7, {})
    assert pool.answer_class[:4].tolist() == [1, 1, 1, 2]
    assert pool.has_answer.tolist() == [True] * 4 + [False] * 3


def test_right_answers_are_one_class_and_blank_ones_none() -> None:
    grades = [True, True, False, False, True, False]
    pool = make_pool("p", ["1/2", "0.5", "2", " 2", None, ""], grades, {})
    assert pool.answer_class[:2].tolist() == [0, 0]
    assert pool.answer_class[2] == pool.answer_class[3] != 0
    assert pool.has_answer.tolist() == [True] * 4 + [False] * 2
    # A grade of "correct" without an answer does not count.
    assert pool.is_correct.tolist() == [True, True, False, False, False, False]
    assert len(pool) == 6


def test_tables_are_joined_by_id_in_any_order() -> None:
    run = make_run(4, 6, seed=2)
    generator = np.random.default_rng(0)
    prm = [run.prm[i] for i in generator.permutation(len(run.prm))]
    grades = [run.grades[i] for i in generator.permutation(len(run.grades))]
    pools = pools_from_records(run.problems, run.solutions, grades, {"prm": prm})
    assert [pool.problem_id for pool in pools] == ["p0", "p1", "p2", "p3"]
    scores = [row.solution_score for row in run.prm[:6]]
    assert pools[0].scores["prm"].tolist() == scores
    right = [grade.verdict == "correct" for grade in run.grades[:6]]
    assert pools[0].is_correct.tolist() == right


def test_likelihood_and_checker_become_series() -> None:
    run = make_run(3, 5)
    pools = pools_from_records(
        run.problems, run.solutions, run.grades, {}, labels=run.labels, likelihood=True
    )
    assert set(pools[0].scores) == {"likelihood", "checker"}
    clean = [float(row.first_error is None) for row in run.labels[:5]]
    assert pools[0].scores["checker"].tolist() == clean


def test_no_checker_series_from_labels_of_some_solutions(
    caplog: pytest.LogCaptureFixture,
) -> None:
    run = make_run(3, 5)
    with caplog.at_level(logging.WARNING, logger="surefoot"):
        pools = pools_from_records(
            run.problems, run.solutions, run.grades, {}, labels=run.labels[:4]
        )
    assert pools[0].scores == {}
    assert "have no labels" in caplog.text


def test_what_is_missing_is_named() -> None:
    run = make_run(2, 4)
    with pytest.raises(UserError, match=r"solution 'p0/0': no grade; run `surefoot grade`"):
        pools_from_records(run.problems, run.solutions, run.grades[1:], {})
    some = [row for row in run.prm if row.problem_id == "p0"]
    with pytest.raises(UserError, match=r"solution 'p1/\d' \(and \d more\): no prm score"):
        pools_from_records(run.problems, run.solutions, run.grades, {"prm": some})
    with pytest.raises(UserError, match="its problem 'p1' is not"):
        pools_from_records(run.problems[:1], run.solutions, run.grades, {})
    unknown = [replace(s, log_probability=None) for s in run.solutions]
    with pytest.raises(UserError, match="leave --likelihood out"):
        pools_from_records(run.problems, unknown, run.grades, {}, likelihood=True)


def test_problems_without_solutions_are_left_out_and_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    run = make_run(2, 3)
    more = [*run.problems, Problem(problem_id="q", statement="?", answer="1")]
    with caplog.at_level(logging.WARNING, logger="surefoot"):
        assert len(pools_from_records(more, run.solutions, run.grades, {})) == 2
    assert "1 problems have no solution" in caplog.text


def test_failures_add_up() -> None:
    run = make_run(10, 20)
    counts = count_failures(run.solutions, run.grades)
    verdicts = ("solved", "wrong", "no_answer", "undecided")
    assert sum(counts[name] for name in verdicts) == counts["solutions"] == 200
    assert counts["truncated"] == counts["no_answer"] > 0
