"""Selection against its definition, written out naively."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.labeling.selection import Candidate, Choice, Policy, select
from surefoot.records import VERDICTS

POLICIES: tuple[Policy, ...] = ("uniform", "convincing-wrong", "mixture", "uncertain")


@st.composite
def candidate_lists(draw: st.DrawFn) -> list[Candidate]:
    n = draw(st.integers(0, 25))
    return [
        Candidate(
            solution_id=f"s{i}",
            problem_id=f"p{draw(st.integers(0, 3))}",
            steps=tuple(draw(st.lists(st.sampled_from("abc"), max_size=2))),
            score=draw(st.sampled_from([0.0, 0.1, 0.4, 0.5, 0.55, 0.9, 1.0])),
            verdict=draw(st.sampled_from(VERDICTS)),
        )
        for i in range(n)
    ]


def distinct(candidates: list[Candidate]) -> list[Candidate]:
    found: list[Candidate] = []
    for c in candidates:
        if c.steps and not any(c.problem_id == f.problem_id and c.steps == f.steps for f in found):
            found.append(c)
    return found


@given(
    candidate_lists(),
    st.sampled_from(POLICIES),
    st.integers(1, 12),
    st.booleans(),
    st.sampled_from([0.0, 0.5, 0.8, 1.0]),
    st.integers(0, 3),
)
def test_selection_is_what_its_definition_says(
    candidates: list[Candidate],
    policy: Policy,
    n: int,
    per_problem: bool,
    share: float,
    seed: int,
) -> None:
    choice = Choice(policy=policy, n=n, per_problem=per_problem, wrong_share=share, seed=seed)
    chosen = select(candidates, choice)
    assert chosen == select(candidates, choice)
    known = distinct(candidates)
    ids = [one.candidate.solution_id for one in chosen]
    assert len(set(ids)) == len(ids)
    assert {one.candidate for one in chosen} <= set(known)
    problems = list(dict.fromkeys(c.problem_id for c in known)) if per_problem else [None]
    for problem in problems:
        group = [c for c in known if problem in (None, c.problem_id)]
        found = [one for one in chosen if problem in (None, one.candidate.problem_id)]
        wrong = [c for c in group if c.verdict == "incorrect"]
        if policy == "convincing-wrong":
            scores = sorted((c.score or 0.0 for c in wrong), reverse=True)[:n]
            assert [one.candidate.score for one in found] == scores
            continue
        assert len(found) == min(n, len(group))
        if policy == "uncertain":
            doubts = sorted(abs((c.score or 0.0) - 0.5) for c in group)[:n]
            assert [abs((one.candidate.score or 0.0) - 0.5) for one in found] == doubts
        if policy == "mixture":
            n_wrong = min(round(len(found) * share), len(wrong))
            as_wrong = [one for one in found if one.why == "convincing wrong"]
            best = sorted((c.score or 0.0 for c in wrong), reverse=True)[:n_wrong]
            assert [one.candidate.score for one in as_wrong] == best
            taken = {one.candidate for one in as_wrong}
            rest = sorted((c.score or 0.0 for c in group if c not in taken), reverse=True)
            others = [one.candidate.score for one in found if one.why == "convincing"]
            assert others == rest[: len(found) - n_wrong]


def test_uniform_is_uniform_and_hangs_on_the_seed() -> None:
    candidates = [Candidate(f"s{i}", "p", (str(i),)) for i in range(10)]
    counts: Counter[str] = Counter()
    for seed in range(2000):
        choice = Choice(policy="uniform", n=3, per_problem=False, seed=seed)
        counts.update(one.candidate.solution_id for one in select(candidates, choice))
    # 2000 draws of 3 in 10: 600 each, standard deviation 20.
    assert all(500 < counts[f"s{i}"] < 700 for i in range(10))


def test_a_score_is_needed_where_scores_count() -> None:
    choice = Choice(policy="uncertain", n=1, per_problem=False)
    with pytest.raises(ValueError, match="'a' has no score"):
        select([Candidate("a", "p", ("x",)), Candidate("b", "p", ("y",))], choice)
