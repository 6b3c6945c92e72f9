"""Labels that training leaves out unless it is told otherwise.

Imported labels are all kept, with their marks (`surefoot.records.Mark`): some
were given to test the rater, others by a rater who gave up, was unsure, or saw
a problem that makes no sense (Lightman et al. 2023, appendix on data
collection; PRM800K's fields of these names).
"""

from collections import Counter
from collections.abc import Collection, Iterable

from surefoot.records import MARKS, Labels, Mark

FINISH_MARKS: dict[str, Mark] = {"give_up": "give_up", "bad_problem": "bad_problem"}
"""How a session ended -> the mark of its labels."""


def without_marked(
    labels: Iterable[Labels], keep: Collection[Mark] = ()
) -> tuple[list[Labels], Counter[str]]:
    """The labels without a mark, or with only such marks as are to be kept.

    Args:
        labels: Any.
        keep: Marks that do not matter.

    Returns:
        The labels that stay, in order, and how many were left out for which
        mark. Labels with several marks count for the first, in the order of
        `MARKS`, so that the counts add up.
    """
    kept: list[Labels] = []
    left_out: Counter[str] = Counter()
    for row in labels:
        against = [mark for mark in MARKS if mark in row.marks and mark not in keep]
        if against:
            left_out[against[0]] += 1
        else:
            kept.append(row)
    return kept, left_out
