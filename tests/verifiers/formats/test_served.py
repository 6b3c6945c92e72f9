"""Generative verifiers behind a real HTTP server on this machine."""

import json
import math
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from surefoot import model_server
from surefoot.cli import main
from surefoot.errors import SurefootError, UserError
from surefoot.records import Problem, Scores, Solution
from surefoot.tables import read, write
from surefoot.verifiers.formats.anyone import load_any, score_any

PROBLEMS = {"p": Problem(problem_id="p", statement="What is 2 + 3?", answer="5")}
STEPS = ("2 + 3 = 5", "5 is odd", "# Answer 5")
SOLUTION = Solution(solution_id="s", problem_id="p", steps=STEPS)
Reply = Callable[[dict[str, Any]], tuple[int, Any]]


class Server:
    """What it was asked, and what it says."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.models = ["judge"]
        self.reply: Reply = lambda body: (200, tokens(("Yes", {"Yes": 0.9, "No": 0.1})))
        self.address = ""


def tokens(*sampled: tuple[str, dict[str, float]]) -> dict[str, Any]:
    """A chat completion whose tokens have these alternatives with these chances."""
    content = [
        {
            "token": token,
            "logprob": math.log(chances.get(token, 1e-9)),
            "top_logprobs": [
                {"token": other, "logprob": math.log(chance)} for other, chance in chances.items()
            ],
        }
        for token, chances in sampled
    ]
    return {"choices": [{"logprobs": {"content": content}}]}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(model_server, "PAUSE", 0.01)
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(200, {"data": [{"id": name} for name in state.models]})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            state.asked.append({"path": self.path, **body})
            self._send(*state.reply(body))

        def _send(self, code: int, content: Any) -> None:
            self.send_response(code)
            self.end_headers()
            text = content if isinstance(content, str) else json.dumps(content)
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        state.address = f"http://127.0.0.1:{http.server_port}/v1"
        threading.Thread(target=http.serve_forever, args=[0.01], daemon=True).start()
        yield state
        http.shutdown()


def scores_of(address: str, *solutions: Solution, **options: Any) -> list[Scores]:
    verifier = load_any(address, **options)
    return score_any(verifier, PROBLEMS, solutions or [SOLUTION])


def test_the_chance_is_yes_against_no_in_every_spelling(server: Server) -> None:
    chances = {"Yes": 0.3, " yes": 0.1, "No": 0.2, "NO": 0.1, "Maybe": 0.3}
    server.reply = lambda body: (200, tokens(("Maybe", chances)))
    (scores,) = scores_of(server.address)
    assert scores.step_scores == pytest.approx([0.4 / 0.7] * 3)
    assert scores.solution_score == pytest.approx((0.4 / 0.7) ** 3)
    assert scores.verifier == f"{server.address} judge"
    assert {body["path"] for body in server.asked} == {"/v1/chat/completions"}
    assert all(
        b["max_tokens"] == 1 and b["logprobs"] and b["model"] == "judge" for b in server.asked
    )


def test_each_step_is_asked_for_with_those_before_it_and_no_later_one(server: Server) -> None:
    def reply(body: dict[str, Any]) -> tuple[int, Any]:
        (message,) = body["messages"]
        assert PROBLEMS["p"].statement in message["content"]
        n_shown = sum(step in message["content"] for step in STEPS)
        assert f"Is step {n_shown} right" in message["content"]
        right = n_shown / 4
        return 200, tokens(("Yes", {"Yes": right, "No": 1 - right}))

    server.reply = reply
    short = Solution(solution_id="t", problem_id="p", steps=STEPS[:1])
    empty = Solution(solution_id="e", problem_id="p", steps=())
    twin = Solution(solution_id="u", problem_id="p", steps=STEPS)
    long, one, none, same = scores_of(server.address, SOLUTION, short, empty, twin)
    assert long.step_scores == pytest.approx([0.25, 0.5, 0.75])
    assert one.step_scores == pytest.approx([0.25])
    assert (none.step_scores, none.solution_score) == ((), 0.0)
    assert same.step_scores == long.step_scores
    assert len(server.asked) == 4, "the twin is not asked for again"


def test_a_critique_counts_by_its_last_verdict(server: Server) -> None:
    """As GenPRM is read: `... No, wait ... \\boxed{Yes}`."""
    written = tokens(
        ("No", {"No": 0.9, "Yes": 0.1}),
        (" wait", {" wait": 1.0}),
        ("\\boxed{", {"\\boxed{": 1.0}),
        ("Yes", {"Yes": 0.6, "No": 0.2}),
        ("}", {"}": 1.0}),
    )
    server.reply = lambda body: (200, written)
    (scores,) = scores_of(server.address, served_tokens=500)
    assert scores.step_scores == pytest.approx([0.75] * 3)
    assert server.asked[0]["max_tokens"] == 500


def test_no_verdict_is_a_half_and_is_said(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    server.reply = lambda body: (200, tokens(("Hm", {"Hm": 1.0}), ("m", {"m": 1.0})))
    assert scores_of(server.address)[0].step_scores == (0.5, 0.5, 0.5)
    assert "3 of 3 steps got no verdict" in caplog.text


def test_the_dialogue_of_rlhflow(server: Server) -> None:
    server.reply = lambda body: (200, tokens(("+", {"+": 0.8, "-": 0.1})))
    (scores,) = scores_of(server.address, format="rlhflow-prm")
    assert scores.step_scores == pytest.approx([8 / 9] * 3)
    longest = max((body["messages"] for body in server.asked), key=len)
    assert [m["role"] for m in longest] == ["user", "assistant", "user", "assistant", "user"]
    assert [m["content"] for m in longest] == [
        f"What is 2 + 3? {STEPS[0]}",
        "+",
        STEPS[1],
        "+",
        STEPS[2],
    ]


def test_a_busy_server_is_asked_again(server: Server) -> None:
    failures = iter([(503, "busy"), (429, "slow down"), (500, "oops")])
    fine = tokens(("Yes", {"Yes": 1.0}))
    lock = threading.Lock()

    def reply(body: dict[str, Any]) -> tuple[int, Any]:
        with lock:
            return next(failures, (200, fine))

    server.reply = reply
    assert scores_of(server.address)[0].step_scores == (1.0, 1.0, 1.0)


def test_what_goes_wrong_is_one_line(server: Server) -> None:
    server.models = ["a", "b"]
    with pytest.raises(UserError, match=r"serves 2 models \(a, b\); name one with --served-model"):
        load_any(server.address)
    assert scores_of(server.address, served_model="b")[0].step_scores
    cases: dict[str, tuple[int, Any]] = {
        "400 Bad Request: no such model": (400, "no such\nmodel"),
        "the reply holds no log-probabilities": (200, {"choices": [{"message": {}}]}),
        "the reply is not JSON": (200, "<html>"),
    }
    for message, reply in cases.items():
        server.reply = lambda body, reply=reply: reply  # type: ignore[misc]
        with pytest.raises(SurefootError, match=message):
            scores_of(server.address, served_model="b")
    with pytest.raises(UserError, match="no format 'qwen'; there are: yes-no, rlhflow-prm"):
        load_any(server.address, "qwen")
    with pytest.raises(UserError, match="refused"):
        load_any("http://127.0.0.1:9/v1")


def test_the_command_takes_an_address(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "problems.jsonl", list(PROBLEMS.values()))
    write(tmp_path / "solutions.jsonl", [SOLUTION])
    out = tmp_path / "scores.jsonl"
    words = ["score", str(tmp_path / "solutions.jsonl"), f"--problems={tmp_path}/problems.jsonl"]
    assert main([*words, f"--verifier={server.address}", f"--out={out}", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["format"], report["kind"], report["rows"]) == ("yes-no", "prm", 1)
    (row,) = read(out, Scores)
    assert row.step_scores == pytest.approx([0.9] * 3)
