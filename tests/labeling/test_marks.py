"""Marked labels are left out, and counted, unless they are asked for."""

from itertools import chain, combinations

from surefoot.labeling.marks import without_marked
from surefoot.records import MARKS, Labels, Mark


def marked(*marks: Mark) -> Labels:
    return Labels(solution_id="-".join(marks), problem_id="p", ratings=(1,), marks=marks)


EVERY = [
    marked(*some)
    for some in chain.from_iterable(combinations(MARKS, n) for n in range(len(MARKS) + 1))
]
"""One of each set of marks."""


def test_without_flags_only_the_unmarked_stay() -> None:
    kept, left_out = without_marked(EVERY)
    assert kept == [marked()]
    assert left_out.total() == len(EVERY) - 1
    # Each label counts once, for its first mark: 16 sets hold the first mark,
    # 8 of the others the second, and so on.
    assert [left_out[mark] for mark in MARKS] == [16, 8, 4, 2, 1]


def test_a_label_stays_if_all_its_marks_are_kept() -> None:
    kept, left_out = without_marked(EVERY, ("flagged", "give_up"))
    assert [row.marks for row in kept] == [(), ("flagged",), ("give_up",), ("flagged", "give_up")]
    assert left_out.total() == len(EVERY) - 4
    assert without_marked(EVERY, MARKS) == (EVERY, {})
    assert without_marked([]) == ([], {})
