"""Generative verifiers behind an OpenAI-compatible server: a verdict in words, as a chance.

One chat request a step. The chance is that of the right verdict against the
wrong one at the token where the verdict stands, from the server's log-probabilities.

`yes-no` asks whether the last step is right. A model that writes a critique
first gets room for it (`n_tokens`); the last `Yes` or `No` it writes counts, as
in RyanLiu112/GenPRM, `genprm_inference.py` (whose run of Python code that a
model wrote is left out on purpose). `rlhflow-prm` is the dialogue of that
family, as QwenLM/ProcessBench, `run_eval_prm_rlhflow.py`, sends it; the words of
the request are those of `surefoot.verifiers.formats.texts.rlhflow_prm`.
"""

import logging
import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from surefoot.errors import SurefootError
from surefoot.model_server import ask, only_model
from surefoot.verifiers.formats.foreign import Floats, ForeignVerifier, Text

log = logging.getLogger("surefoot")
YES_NO, RLHFLOW = "yes-no", "rlhflow-prm"
SERVED_FORMATS = (YES_NO, RLHFLOW)
AT_ONCE = 8
"""Requests under way at a time."""
TOP = 20
"""Log-probabilities asked for at a token: what servers allow at most."""
UNDECIDED = 0.5
"""Chance of a step about which no verdict was given."""

ASK = """\
Here is a problem and the beginning of a solution to it, step by step.

Problem:
{statement}

Steps:
{steps}

Is step {number} right, given the steps before it? Answer Yes or No."""


class Words(NamedTuple):
    """The verdicts of a format, in small letters."""

    right: str
    wrong: str


WORDS = {YES_NO: Words("yes", "no"), RLHFLOW: Words("+", "-")}
Messages = list[dict[str, str]]


def load_served(
    address: str, name: str = YES_NO, model: str | None = None, n_tokens: int = 1
) -> ForeignVerifier:
    """A verifier behind a server.

    Args:
        address: Such as `http://127.0.0.1:8000/v1`.
        name: One of `SERVED_FORMATS`.
        model: Its name on the server; None: the only one that it serves.
        n_tokens: Tokens of a reply; 1: the verdict and nothing else.

    Raises:
        UserError: The server is not there, or the model has to be named.
    """
    model = model or only_model(address)

    def judge(texts: Sequence[Text], batch_tokens: int, skip_long: bool) -> list[Floats]:
        asked = [m for text in texts for m in conversations(name, text.statement, text.steps)]

        def chance(messages: Messages) -> float | None:
            return _verdict(_ask(address, model, messages, n_tokens), WORDS[name])

        with ThreadPoolExecutor(AT_ONCE) as pool:
            found = list(pool.map(chance, asked))
        if n_silent := found.count(None):
            log.warning(
                "%d of %d steps got no verdict: scored %.1f", n_silent, len(found), UNDECIDED
            )
        right = np.array([UNDECIDED if p is None else p for p in found])
        rows = np.stack([1 - right, np.zeros_like(right), right], axis=1)
        return np.split(rows, np.cumsum([len(text.steps) for text in texts])[:-1])

    return ForeignVerifier(
        name=f"{address} {model}", format=name, kind="prm", aggregation="product", judge=judge
    )


def conversations(name: str, statement: str, steps: Sequence[str]) -> list[Messages]:
    """The chat of each step."""
    if name == RLHFLOW:
        said = [step.strip() for step in steps]
        said[0] = f"{statement} {said[0]}"
        messages: Messages = []
        found = []
        for text in said:
            messages = [*messages, {"role": "user", "content": text}]
            found.append(messages)
            messages = [*messages, {"role": "assistant", "content": "+"}]
        return found
    lines = [f"{number}. {step}" for number, step in enumerate(steps, 1)]
    return [
        [
            {
                "role": "user",
                "content": ASK.format(
                    statement=statement, steps="\n".join(lines[:number]), number=number
                ),
            }
        ]
        for number in range(1, len(steps) + 1)
    ]


def _ask(address: str, model: str, messages: Messages, n_tokens: int) -> list[dict[str, Any]]:
    """The sampled tokens with their log-probabilities."""
    body = {
        "model": model,
        "messages": messages,
        "max_tokens": n_tokens,
        "temperature": 0,
        "logprobs": True,
        "top_logprobs": TOP,
    }
    reply = ask(address, "chat/completions", body)
    try:
        tokens: list[dict[str, Any]] = reply["choices"][0]["logprobs"]["content"]
        if not isinstance(tokens, list):
            raise TypeError
    except (KeyError, IndexError, TypeError):
        raise SurefootError(
            f"{address}: the reply holds no log-probabilities (logprobs.content);"
            " use a server that gives them, such as vLLM"
        ) from None
    return tokens


def _verdict(tokens: Sequence[dict[str, Any]], words: Words) -> float | None:
    """Chance of the right word against the wrong one where the verdict stands; None without one."""
    said = [token for token in tokens if _word(token["token"]) in words]
    # A reply of one token has its verdict there, sampled or not.
    at = said[-1] if said else tokens[0] if len(tokens) == 1 else None
    if at is None:
        return None
    share = dict.fromkeys(words, 0.0)
    for other in at.get("top_logprobs") or [at]:
        if (word := _word(other["token"])) in share:
            share[word] += math.exp(other["logprob"])
    total = sum(share.values())
    return share[words.right] / total if total else None


def _word(token: str) -> str:
    return token.strip().strip("{}*.\"'").lower()
