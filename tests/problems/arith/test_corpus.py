"""The pre-training text: repeatable, from training statements, and truly reviewed."""

import itertools
import re

from surefoot.problems.arith.checker import check
from surefoot.problems.arith.corpus import documents
from surefoot.problems.arith.generate import split_of
from surefoot.records import Problem
from surefoot.steps import split_steps

DOCUMENTS = list(itertools.islice(documents(0), 2000))


def test_the_same_seed_gives_the_same_documents() -> None:
    assert list(itertools.islice(documents(0), 50)) == DOCUMENTS[:50]
    assert list(itertools.islice(documents(1), 50)) != DOCUMENTS[:50]


def test_every_statement_is_a_training_statement() -> None:
    statements = re.findall(r"Problem: (.*)", "\n".join(DOCUMENTS))
    assert len(statements) > 1000
    assert {split_of(statement) for statement in statements} == {"train"}


def _parts(text: str, header: str) -> tuple[Problem, list[str]]:
    first, rest = text.split(f"\n{header}\n")
    statement = first.removeprefix("Problem: ")
    return Problem(problem_id="", statement=statement, answer=""), rest.rstrip("\n").split("\n")


def test_a_review_stops_at_the_first_wrong_line() -> None:
    reviews = [text for text in DOCUMENTS if "\nReview:\n" in text]
    verdicts = []
    for text in reviews:
        problem, (*steps, verdict) = _parts(text, "Review:")
        ratings = [judged.rating for judged in check(problem, steps)]
        assert -1 not in ratings[:-1]
        assert (ratings[-1] == -1) == (verdict == "wrong"), text
        verdicts.append(verdict)
    assert set(verdicts) == {"right", "wrong"}


def test_some_right_answers_are_reached_through_a_wrong_step() -> None:
    """Typing errors that the next line does not share, as on real pages."""
    n_right = n_through_wrong = 0
    for text in DOCUMENTS:
        if text.count("Problem:") != 1 or "\nSolution:\n" not in text:
            continue
        problem, lines = _parts(text, "Solution:")
        ratings = [judged.rating for judged in check(problem, split_steps("\n".join(lines)))]
        n_right += ratings[-1] == 1
        n_through_wrong += ratings[-1] == 1 and -1 in ratings
    assert 0.01 < n_through_wrong / n_right < 0.15


def test_judged_calculations_are_judged_rightly() -> None:
    lines = re.findall(r"^(\S.*)=(\S+)\? (yes|no)$", "\n".join(DOCUMENTS), re.MULTILINE)
    assert len(lines) > 100
    for text, written, verdict in lines:
        left = text.replace(" mod ", "%").replace("^", "**")
        # Only our own digits and operators reach eval.
        assert re.fullmatch(r"[-+*/%() \d]+", left)
        assert (eval(left) == int(written)) == (verdict == "yes"), (text, written)
