"""Requests to a model server that speaks OpenAI's protocol: vLLM, SGLang, llama.cpp."""

import json
import os
import time
import urllib.error
import urllib.request
from typing import Any

from surefoot.errors import UserError

ATTEMPTS, PAUSE, PATIENCE = 4, 0.5, 600.0
"""Tries of a request, seconds before the second one (doubled each time), seconds to wait."""


def is_address(name: str) -> bool:
    """Whether the name of a model is a server's address."""
    return name.startswith(("http://", "https://"))


def only_model(address: str) -> str:
    """Name of the only model that a server has.

    Raises:
        UserError: It is not there, or has none or several.
    """
    served = [row["id"] for row in ask(address, "models").get("data", [])]
    if len(served) != 1:
        raise UserError(
            f"{address}: serves {len(served)} models ({', '.join(served)});"
            " name one with --served-model"
        )
    return str(served[0])


def ask(
    address: str, path: str, body: dict[str, Any] | None = None, patience: float = PATIENCE
) -> dict[str, Any]:
    """The server's JSON reply; tries again where a server is busy.

    Args:
        address: Such as `http://127.0.0.1:8000/v1`.
        path: Below it, e.g. `completions`.
        body: What to send; None: only look.
        patience: Seconds to wait for the reply to a try.

    Raises:
        UserError: The server refuses the request or is not there.
    """
    url = f"{address.rstrip('/')}/{path}"
    headers = {"Content-Type": "application/json"}
    if key := os.environ.get("OPENAI_API_KEY"):
        headers["Authorization"] = f"Bearer {key}"
    data = None if body is None else json.dumps(body).encode()
    for attempt in range(ATTEMPTS):
        if attempt:
            time.sleep(PAUSE * 2 ** (attempt - 1))
        try:
            request = urllib.request.Request(url, data=data, headers=headers)
            with urllib.request.urlopen(request, timeout=patience) as reply:
                found: dict[str, Any] = json.load(reply)
                return found
        except urllib.error.HTTPError as error:
            why = f"{error.code} {error.reason}: {_first_line(error.read())}"
            if error.code not in (408, 429) and error.code < 500:
                break
        except OSError as error:
            why = str(getattr(error, "reason", error))
        except ValueError:
            why = "the reply is not JSON"
            break
    raise UserError(f"{url}: {why}")


def _first_line(reply: bytes) -> str:
    return " ".join(reply.decode(errors="replace").split())[:200]
