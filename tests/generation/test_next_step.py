"""Texts of a next step: where one ends, that they differ, and who writes them."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from surefoot import model_server
from surefoot.errors import UserError
from surefoot.generation.folder import encode_prompt, load_model
from surefoot.generation.next_step import StepWriter, load_step_writer
from surefoot.generation.step_texts import (
    MAX_TOKENS,
    distinct,
    end_of_step,
    first_step,
    served_step_writer,
    step_prompt,
)
from surefoot.problems.arith.generate import generate

STATEMENT, BEFORE = "What is 2 + 3 * 4?", ("3*4=12 so 2+12",)


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("1+1=2\n2+1=3\n", "1+1=2"),
        ("1+1=2  ", "1+1=2"),
        ("# Answer 3\nProblem: ...", "# Answer 3"),
        ("# Answer\n\n3\nProblem", "# Answer 3"),
        ("# Answer\n", None),
        ("# Answer", None),
        ("\n1+1=2\n", None),
        ("  \n", None),
        ("", None),
        ("a\0b\n", None),
    ],
)
def test_a_step_is_the_first_line(text: str, step: str | None) -> None:
    assert first_step(text) == step


@given(st.text(alphabet="ab# Answer\n", max_size=20))
def test_what_follows_the_end_of_a_step_changes_nothing(text: str) -> None:
    end = end_of_step(text)
    if end is not None:
        assert end_of_step(text[:end]) == end
        assert first_step(text[:end]) == first_step(text + "more\n")


def test_missing_ones_are_asked_for_again_a_bounded_number_of_times() -> None:
    asked = []

    def draw(count: int, before: int) -> list[str]:
        asked.append((count, before))
        return [f"step {(before + i) % 3}\n" for i in range(count)]

    assert distinct(draw, 3) == ["step 0", "step 1", "step 2"]
    assert distinct(draw, 0) == []
    asked.clear()
    assert distinct(draw, 5) == ["step 0", "step 1", "step 2"]
    assert asked == [(5, 0), (2, 5), (2, 7)]  # twice nothing new
    assert distinct(lambda count, before: [], 3) == []
    # One at a time, each second one new: as long as there is hope, but not for ever.
    texts = iter(f"step {i // 2}\n" for i in range(1000))
    assert len(distinct(lambda count, before: [next(texts)], 40)) == 40
    assert int(next(texts).split()[1]) <= 40


def test_the_model_s_own_steps(tiny_folder: Path) -> None:
    write = load_step_writer(str(tiny_folder))
    texts = write(STATEMENT, BEFORE, 6)
    assert len(set(texts)) == len(texts) == 6
    assert all(text.strip() and "\n" not in text for text in texts)
    assert write(STATEMENT, BEFORE, 6) == texts
    assert write(STATEMENT, (), 6) != texts
    assert write(STATEMENT, BEFORE, 2) == texts[:2]  # more are more of the same


def test_the_coldest_step_is_the_likeliest_one() -> None:
    """Token by token, by the model alone."""
    model, tokenizer = load_model("nano")
    write = StepWriter(model, tokenizer, temperature=1e-4)
    for problem in generate(3, split="test", levels=[2]):
        ids = encode_prompt(tokenizer, step_prompt(problem.statement, ()))
        start = len(ids)
        with torch.inference_mode():
            while "\n" not in tokenizer.decode(ids[start:]) and len(ids) < start + MAX_TOKENS:
                ids.append(int(model(torch.tensor([ids])).logits[0, -1].argmax()))
        expected = tokenizer.decode(ids[start:]).split("\n")[0].rstrip()
        assert expected
        assert write(problem.statement, (), 2) == [expected]


def test_a_prompt_that_fills_the_context_gets_nothing(tiny_folder: Path) -> None:
    assert load_step_writer(str(tiny_folder))("1" * 2000, (), 3) == []


class Served:
    """What the server below was asked, and how it answers."""

    def __init__(self) -> None:
        self.models, self.bodies = ["one"], list[dict[str, Any]]()
        self.gives_one = False
        self.fails = 0
        self.url = ""


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setattr(model_server, "PAUSE", 0.01)
    state = Served()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(200, {"data": [{"id": name} for name in state.models]})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if state.fails:
                state.fails -= 1
                self._send(503, {"error": "busy"})
                return
            state.bodies.append(body)
            first = sum(b["n"] for b in state.bodies[:-1])
            n = 1 if state.gives_one else body["n"]
            self._send(200, {"choices": [{"text": f"{first + i}+0"} for i in range(n)]})

        def _send(self, status: int, answer: dict[str, Any]) -> None:
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_server_is_asked_with_the_same_text(served: Served) -> None:
    texts = served_step_writer(served.url, temperature=0.7)(STATEMENT, BEFORE, 3)
    assert texts == ["0+0", "1+0", "2+0"]
    (body,) = served.bodies
    assert body["prompt"] == f"Problem: {STATEMENT}\nSolution:\n{BEFORE[0]}\n"
    assert (body["model"], body["n"], body["stop"]) == ("one", 3, ["\n"])
    assert body["temperature"] == 0.7


def test_a_server_that_gives_one_at_a_time_is_asked_again(served: Served) -> None:
    served.gives_one, served.fails = True, 2
    texts = served_step_writer(served.url, "mine")(STATEMENT, BEFORE, 4)
    assert len(texts) == len(set(texts)) == 4
    assert {body["model"] for body in served.bodies} == {"mine"}


def test_a_server_with_several_models_needs_a_name(served: Served) -> None:
    served.models = ["one", "two"]
    with pytest.raises(UserError, match=r"serves 2 models \(one, two\); name one with"):
        served_step_writer(served.url)(STATEMENT, BEFORE, 1)
