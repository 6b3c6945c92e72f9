"""The desk: texts are written once, one request at a time, those first that somebody waits for."""

import threading
import time
from collections.abc import Callable, Sequence

import pytest
from room_kit import Kit, event, kind_of, made_problems, rate

from surefoot.records import Solution
from surefoot.web.room import alternatives, desk
from surefoot.web.room.desk import Desk, Failed, TooSlow
from surefoot.web.room.intake import Plan

Asked = list[tuple[tuple[str, ...], int]]


class Slow:
    """A generator that waits to be let go."""

    def __init__(self, is_open: bool = True) -> None:
        self.asked: Asked = []
        self.gate = threading.Event()
        self.at_work = self.most_at_work = 0
        self.error: Exception | None = None
        if is_open:
            self.gate.set()

    def __call__(self, statement: str, before: Sequence[str], n: int) -> list[str]:
        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        self.asked.append((tuple(before), n))
        self.gate.wait(20)
        self.at_work -= 1
        if self.error is not None:
            raise self.error
        return [f"{statement} {len(before)}.{i}" for i in range(n)] + [" "]


def wait_for(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_what_is_there_is_not_written_again() -> None:
    write = Slow()
    made = Desk(write)
    assert made.texts("p", ["a"], 1, 5) == ["p 1.0"]
    assert made.texts("p", ["a"], 1, 5) == ["p 1.0"]
    assert made.texts("p", ["a"], 3, 5) == ["p 1.0", "p 1.1", "p 1.2"]
    made.expect("p", ["a"], 2)
    assert made.texts("p", ["b"], 1, 5) == ["p 1.0"]
    assert write.asked == [(("a",), 1), (("a",), 3), (("b",), 1)]


def test_who_waits_goes_first_and_one_is_written_at_a_time() -> None:
    write = Slow(is_open=False)
    made = Desk(write)
    made.expect("p", ["running"], 1)
    wait_for(lambda: len(write.asked) == 1)
    made.expect("p", ["perhaps"], 1, desk.PERHAPS)
    made.expect("p", ["soon"], 1)
    made.expect("p", ["sooner"], 1)
    found: list[list[str]] = []
    person = threading.Thread(target=lambda: found.append(made.texts("p", ["awaited"], 1, 10)))
    person.start()
    wait_for(lambda: made._n_waiting == 1)
    write.gate.set()
    person.join()
    wait_for(lambda: len(write.asked) == 5)
    order = [before[0] for before, _ in write.asked]
    assert order == ["running", "awaited", "sooner", "soon", "perhaps"]
    assert (found, write.most_at_work) == ([["p 1.0"]], 1)


def test_who_has_waited_long_enough_goes_on_and_finds_it_later() -> None:
    write = Slow(is_open=False)
    made = Desk(write)
    with pytest.raises(TooSlow):
        made.texts("p", [], 1, 0.05)
    write.gate.set()
    assert made.texts("p", [], 1, 5) == ["p 0.0"]
    assert len(write.asked) == 1


def test_not_too_many_wait_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "MAX_WAITING", 1)
    write = Slow(is_open=False)
    made = Desk(write)
    person = threading.Thread(target=lambda: made.texts("p", [], 1, 10))
    person.start()
    wait_for(lambda: made._n_waiting == 1)
    started = time.monotonic()
    with pytest.raises(TooSlow):
        made.texts("p", ["a"], 1, 10)
    assert time.monotonic() - started < 5
    write.gate.set()
    person.join()


def test_a_failure_is_told_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    write = Slow()
    write.error = ValueError("no memory")
    made = Desk(write)
    with pytest.raises(Failed, match="no memory"):
        made.texts("p", [], 1, 5)
    assert "the generator failed: no memory" in caplog.text
    write.error = None
    assert made.texts("p", [], 1, 5) == ["p 0.0"]


def test_few_places_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "MAX_KEPT", 2)
    write = Slow()
    made = Desk(write)
    for name in ("a", "b", "a", "c", "a", "b"):
        made.texts("p", [name], 1, 5)
    assert [before[0] for before, _ in write.asked] == ["a", "b", "c", "b"]


def test_closing_waits_for_what_is_being_written_and_leaves_the_rest() -> None:
    write = Slow(is_open=False)
    made = Desk(write)
    for name in ("a", "b"):
        made.expect("p", [name], 1)
    wait_for(lambda: write.at_work == 1)
    closing = threading.Thread(target=made.close)
    closing.start()
    closing.join(0.05)
    assert closing.is_alive()
    write.gate.set()
    closing.join(10)
    assert (write.at_work, len(write.asked)) == (0, 1)
    Desk(write).close()


def phase1(make_kit: Callable[..., Kit], write: Slow) -> Kit:
    problems = made_problems(1)
    empty = Solution(solution_id="p0/new", problem_id="p0", steps=())
    return make_kit(
        problems=problems,
        solutions=[empty],
        plan=Plan(protocol="phase1"),
        propose=Desk(write),
    )


def test_a_problem_alone_is_solved_and_the_next_text_is_there_before_it_is_asked_for(
    make_kit: Callable[..., Kit],
) -> None:
    write = Slow()
    kit = phase1(make_kit, write)
    ada = kit.browser("Ada")
    (work,) = ada.claim()
    name = work["assignment_id"]
    assert (work["steps"], work["options"]) == ([], {})
    wait_for(lambda: write.asked == [((), 1)])  # by the claim alone
    statement = work["problem"]["statement"]

    def options(step: int) -> list[str]:
        answer = ada.post(f"/assignments/{name}/alternatives", step=step)
        assert answer.status_code == 200, answer.text
        return [c["text"] for c in answer.json()["candidates"]]

    first = f"{statement} 0.0"
    assert options(0) == [first]
    # While it is read: the next step, then others for this one.
    wait_for(lambda: len(write.asked) == 3)
    assert write.asked[1:] == [((first,), 1), ((), 7)]
    ada.send(name, rate(1, 0, 0, 1))
    assert options(0) == [f"{statement} 0.{i}" for i in range(7)]
    assert len(write.asked) == 3
    ada.send(
        name,
        rate(2, 0, 1, 3),
        *(rate(seq, 0, 0, i) for seq, i in enumerate((2, 4, 5, 6, 7), start=3)),
    )
    second = f"{statement} 0.2"
    wait_for(lambda: ((second,), 1) in write.asked)
    ada.send(name, event(8, "choose", step=0, candidate=3))
    n = len(write.asked)
    assert options(1) == [f"{statement} 1.0"]
    assert write.asked[:n].count(((second,), 1)) == 1
    ada.send(name, rate(9, 1, -1, 8))
    assert len(options(1)) == 7
    ada.send(name, *(rate(9 + i, 1, -1, 8 + i) for i in range(1, 7)))
    ada.send(name, event(16, "human_step", step=1, text="# Answer 2"))
    assert ada.submit(name, 16, "solution").status_code == 200
    assert kit.replay().told == []


def test_a_slow_or_failing_generator_is_a_503_and_one_goes_on(
    make_kit: Callable[..., Kit], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alternatives.written_by, "__defaults__", (0.05,))
    write = Slow(is_open=False)
    kit = phase1(make_kit, write)
    ada = kit.browser("Ada")
    name = ada.claim()[0]["assignment_id"]
    slow = ada.post(f"/assignments/{name}/alternatives", step=0)
    assert (slow.status_code, kind_of(slow)) == (503, "no_generator")
    write.error = ValueError("gone")
    write.gate.set()
    monkeypatch.setattr(alternatives.written_by, "__defaults__", (5.0,))
    failed = ada.post(f"/assignments/{name}/alternatives", step=0)
    assert (failed.status_code, kind_of(failed)) == (503, "no_generator")
    assert "gone" in failed.json()["detail"]
    ada.send(name, event(1, "human_step", step=0, text="# Answer 2"))
    assert ada.submit(name, 1, "solution").status_code == 200
