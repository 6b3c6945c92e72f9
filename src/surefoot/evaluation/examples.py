"""Which solutions to look at: the verifier's hits and its mistakes.

Lightman et al. 2023, appendix, shows true positives, true negatives and false
positives. Here every group is counted in full and shown in part, the most
telling solutions first.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from surefoot.grading.judge import is_blank
from surefoot.records import Grade, Labels, Problem, Scores, Solution
from surefoot.search.best_of_n import best_of_n


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One solution with everything known about it."""

    problem: Problem
    solution: Solution
    grade: Grade
    scores: dict[str, Scores]
    """By series; a solution may lack some."""
    labels: Labels | None

    @property
    def is_right(self) -> bool:
        """Whether its final answer is right."""
        return self.grade.verdict == "correct"

    @property
    def has_wrong_step(self) -> bool:
        """Whether a step is known to be wrong."""
        return self.labels is not None and self.labels.first_error is not None


class Group(NamedTuple):
    """Solutions of one kind."""

    key: str
    """Anchor in the page."""
    title: str
    meaning: str
    """What is counted, as a sentence."""
    found: int
    """How many there are,"""
    among: int
    """and among how many."""
    cases: list[Case]
    """Those shown, the most telling first."""


class Choice(NamedTuple):
    """What the judge did with one problem."""

    chosen: Case
    all: list[Case]


def join_cases(
    problems: Iterable[Problem],
    solutions: Iterable[Solution],
    grades: Iterable[Grade],
    scores: Mapping[str, Iterable[Scores]],
    labels: Iterable[Labels] = (),
) -> dict[str, list[Case]]:
    """Cases by problem_id. Solutions without a problem or grade are left out."""
    problem_of = {problem.problem_id: problem for problem in problems}
    grade_of = {grade.solution_id: grade for grade in grades}
    labels_of = {row.solution_id: row for row in labels}
    scores_of: dict[str, dict[str, Scores]] = {}
    for name, rows in scores.items():
        for row in rows:
            scores_of.setdefault(row.solution_id, {})[name] = row
    cases: dict[str, list[Case]] = {}
    for solution in solutions:
        problem, grade = problem_of.get(solution.problem_id), grade_of.get(solution.solution_id)
        if problem is not None and grade is not None:
            case = Case(
                problem=problem,
                solution=solution,
                grade=grade,
                scores=scores_of.get(solution.solution_id, {}),
                labels=labels_of.get(solution.solution_id),
            )
            cases.setdefault(problem.problem_id, []).append(case)
    return cases


def find_groups(
    cases: Mapping[str, Sequence[Case]], judge: str | None, *, shown: int = 6, seed: int = 0
) -> list[Group]:
    """Groups of solutions, those that a verifier gets wrong before those it gets right.

    Args:
        cases: Solutions by problem.
        judge: The series whose choices are looked at; None if nothing scored
            the solutions.
        shown: Most cases listed a group.
        seed: Breaks ties for the highest score.

    Returns:
        Groups without any solution are left out.
    """
    flat = [case for rows in cases.values() for case in rows]
    groups = [] if judge is None else _groups_of_judge(cases, judge, shown, seed)
    lucky = [case for case in flat if case.is_right and case.has_wrong_step]
    lucky.sort(key=lambda case: -_score(case, judge))
    labelled_right = sum(1 for case in flat if case.is_right and case.labels is not None)
    groups.insert(
        1 if groups else 0,
        Group(
            "right-by-wrong-step",
            "Right answer, wrong step",
            "solutions with a right final answer and a step rated -1, of the right ones that "
            "have ratings; grading answers alone takes them for good",
            len(lucky),
            labelled_right,
            _spread(lucky, shown),
        ),
    )
    for verdict, title, meaning in (
        ("undecided", "Undecided", "solutions whose answer the grader could not compare"),
        ("no_answer", "No answer", "solutions that state no final answer"),
    ):
        rows = [case for case in flat if case.grade.verdict == verdict]
        key = verdict.replace("_", "-")
        groups.append(Group(key, title, meaning, len(rows), len(flat), _spread(rows, shown // 2)))
    return [group for group in groups if group.found]


def choose(cases: Sequence[Case], judge: str, generator: np.random.Generator) -> Case | None:
    """The case with the highest score of the judge; None if none has an answer and a score."""
    scored = [case for case in cases if judge in case.scores]
    chosen = best_of_n(
        [case.scores[judge].solution_score for case in scored],
        [_answer(case) for case in scored],
        generator,
    )
    return None if chosen is None else scored[chosen]


def _answer(case: Case) -> str | None:
    return None if is_blank(case.solution.answer) else case.solution.answer


def _groups_of_judge(
    cases: Mapping[str, Sequence[Case]], judge: str, shown: int, seed: int
) -> list[Group]:
    generator = np.random.default_rng(seed)
    choices = []
    for rows in cases.values():
        chosen = choose(rows, judge, generator)
        if chosen is not None:
            choices.append(Choice(chosen, [case for case in rows if judge in case.scores]))
    right = [choice for choice in choices if choice.chosen.is_right]
    wrong = [choice for choice in choices if not choice.chosen.is_right]

    def score(case: Case) -> float:
        return _score(case, judge)

    false_positives = sorted((choice.chosen for choice in wrong), key=lambda c: -score(c))
    # Problems where few solutions are right show best what the choice is worth.
    hardest = sorted(right, key=lambda choice: sum(c.is_right for c in choice.all))
    passed_over = [c for ch in right for c in ch.all if _is_wrong(c)]
    missed = [
        min((c for c in choice.all if c.is_right), key=score)
        for choice in wrong
        if any(c.is_right for c in choice.all)
    ]
    name = judge.upper()
    return [
        Group(
            "false-positives",
            f"False positives: chosen by the {name}, yet not right",
            "problems whose best-scored solution is not graded correct",
            len(wrong),
            len(choices),
            false_positives[:shown],
        ),
        Group(
            "missed",
            "Missed: a right solution lost to a wrong one",
            "problems with a right solution that was not chosen; its lowest-scored is shown",
            len(missed),
            len(choices),
            sorted(missed, key=score)[:shown],
        ),
        Group(
            "true-positives",
            f"True positives: chosen by the {name}, and right",
            "problems whose best-scored solution has the right answer; hardest first",
            len(right),
            len(choices),
            [choice.chosen for choice in hardest if not choice.chosen.has_wrong_step][:shown],
        ),
        Group(
            "true-negatives",
            "True negatives: wrong, and passed over for a right one",
            "solutions with a wrong answer in problems where a right one was chosen",
            len(passed_over),
            sum(len(choice.all) for choice in right),
            _spread(sorted(passed_over, key=_pinpointed(judge)), shown),
        ),
    ]


def _is_wrong(case: Case) -> bool:
    return case.grade.verdict == "incorrect"


def _pinpointed(judge: str) -> Callable[[Case], tuple[bool, float]]:
    """Sort key: the judge's lowest step is the first error, then low scores."""

    def key(case: Case) -> tuple[bool, float]:
        steps = case.scores[judge].step_scores
        error = None if case.labels is None else case.labels.first_error
        found = error is not None and bool(steps) and error == int(np.argmin(steps))
        return (not found, _score(case, judge))

    return key


def _score(case: Case, judge: str | None) -> float:
    row = None if judge is None else case.scores.get(judge)
    return 0.0 if row is None else row.solution_score


def _spread(cases: Sequence[Case], shown: int) -> list[Case]:
    """The first ones, one a problem."""
    first: dict[str, Case] = {}
    for case in cases:
        first.setdefault(case.problem.problem_id, case)
        if len(first) == shown:
            break
    return list(first.values())
