"""Records put aside in a temporary file: as a dict would hold them, and not in memory."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.commands.shelf import Key, Shelf
from surefoot.errors import UserError
from surefoot.records import Solution

KEYS = st.one_of(
    st.integers(-3, 3), st.text(max_size=2), st.tuples(st.none() | st.text(max_size=1), st.text())
)


def solution(text: str) -> Solution:
    return Solution(solution_id="s", problem_id="p", steps=(text,))


@given(st.lists(st.tuples(KEYS, st.text())), KEYS)
def test_it_holds_what_a_dict_holds(put: list[tuple[Key, str]], other: Key) -> None:
    shelf, held = Shelf[Solution](), dict[Key, Solution]()
    for key, text in put:
        shelf.put(key, solution(text))
        held[key] = solution(text)
    for key in (*held, other):
        assert shelf.get(key) == held.get(key)
    back = [(tuple(key) if isinstance(key, list) else key, one) for key, one in shelf.all()]
    assert back == list(held.items())


def test_a_full_disk_is_said_with_the_way_out() -> None:
    shelf = Shelf[Solution]()
    shelf._rows.execute("PRAGMA max_page_count = 16")
    with pytest.raises(UserError, match="disk is full; TMPDIR names one with more room"):
        _fill(shelf)


def _fill(shelf: Shelf[Solution]) -> None:
    for i in range(1000):
        shelf.put(i, solution("x" * 1000))


PROGRAM = """
import resource
from surefoot.commands.shelf import Shelf
from surefoot.records import Solution
used = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
shelf, before = Shelf(), used()
for i in range(50_000):
    shelf.put(f"s{i}", Solution(solution_id=f"s{i}", problem_id="p", steps=(f"{i} " * 400,)))
assert shelf.get("s7").steps == ("7 " * 400,)
print(used() - before)
"""


def test_many_records_need_hardly_any_memory() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 20  # MB, of 100 MB of text
