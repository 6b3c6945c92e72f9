"""Which solutions the report shows."""

import numpy as np
import pytest

from surefoot.evaluation.examples import Group, find_groups, join_cases
from synthetic_run import Run, make_run


@pytest.fixture(scope="module")
def run() -> Run:
    return make_run(30, 6, seed=5)


@pytest.fixture(scope="module")
def groups(run: Run) -> dict[str, Group]:
    cases = join_cases(run.problems, run.solutions, run.grades, run.scores, run.labels)
    return {group.key: group for group in find_groups(cases, "prm")}


def test_every_problem_with_an_answer_is_a_true_or_a_false_positive(
    run: Run, groups: dict[str, Group]
) -> None:
    answered = {s.problem_id for s in run.solutions if s.answer is not None}
    assert groups["true-positives"].found + groups["false-positives"].found == len(answered)


def test_false_positives_are_the_best_scored_of_their_problem(
    run: Run, groups: dict[str, Group]
) -> None:
    scores = {row.solution_id: row.solution_score for row in run.prm}
    for case in groups["false-positives"].cases:
        rivals = [
            scores[s.solution_id]
            for s in run.solutions
            if s.problem_id == case.problem.problem_id and s.answer is not None
        ]
        assert scores[case.solution.solution_id] == max(rivals)
        assert case.grade.verdict != "correct"


def test_right_answers_by_a_wrong_step_are_counted(run: Run, groups: dict[str, Group]) -> None:
    right = {grade.solution_id for grade in run.grades if grade.verdict == "correct"}
    wrong_step = {row.solution_id for row in run.labels if row.first_error is not None}
    group = groups["right-by-wrong-step"]
    assert group.found == len(right & wrong_step) > 0
    assert all(case.is_right and case.has_wrong_step for case in group.cases)


def test_true_negatives_are_wrong_and_missed_ones_are_right(groups: dict[str, Group]) -> None:
    assert all(case.grade.verdict == "incorrect" for case in groups["true-negatives"].cases)
    assert all(case.is_right for case in groups["missed"].cases)
    assert groups["missed"].found <= groups["false-positives"].found


def test_without_scores_or_labels_there_are_still_the_failures(run: Run) -> None:
    groups = find_groups(join_cases(run.problems, run.solutions, run.grades, {}), None)
    assert {group.key for group in groups} <= {"undecided", "no-answer"}
    assert find_groups({}, "prm") == []


def test_few_are_shown_one_a_problem(groups: dict[str, Group]) -> None:
    for group in groups.values():
        ids = [case.problem.problem_id for case in group.cases]
        assert len(ids) == len(set(ids)) <= 6
        assert np.isfinite(group.found)
