"""A real server process of the labelling room, for tests and benchmarks."""

import atexit
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Served:
    """`surefoot label serve`, started and ready."""

    def __init__(self, *words: str, port: int | None = None) -> None:
        self.port = port or free_port()
        command = [sys.executable, "-m", "surefoot", "label", "serve", *words]
        self.process = subprocess.Popen(
            [*command, "--port", str(self.port), "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            # A program in the background inherits that ^C is ignored; one on a terminal does not.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        atexit.register(self.process.kill)  # a test that fails leaves no server behind
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(self.process.communicate()[1].decode())
        self.said: dict[str, Any] = json.loads(line)

    @property
    def secret(self) -> str:
        """Of the link that was printed."""
        return str(self.said["admin_link"].split("#")[1])

    def kill(self) -> None:
        """As if the power had gone."""
        self.process.send_signal(signal.SIGKILL)
        self.process.communicate()

    def stop(self) -> str:
        """As a person does; what was on stderr."""
        self.process.send_signal(signal.SIGINT)
        return self.process.communicate(timeout=30)[1].decode()


class Caller:
    """A browser of the barest kind, which keeps its cookie over restarts of the server."""

    def __init__(self, port: int, cookie: str | None = None) -> None:
        self._port, self.cookie = port, cookie
        self._connection: http.client.HTTPConnection | None = None

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and answer.

        Raises:
            OSError: The server is not there, or went away.
        """
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        headers = {"X-Surefoot": "1", "Content-Type": "application/json"}
        if self.cookie is not None:
            headers["Cookie"] = f"surefoot_session={self.cookie}"
        try:
            self._connection.request(method, f"/api/v1{path}", json.dumps(body), headers)
            response = self._connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            self._connection = None
            raise ConnectionError(str(error)) from error
        if cookie := response.getheader("set-cookie"):
            self.cookie = cookie.split(";")[0].split("=")[1]
        return response.status, json.loads(text) if text else None

    def close(self) -> None:
        """As a browser is closed."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def sign_in(self, secret: str) -> "Caller":
        """With the secret of a link."""
        status, answer = self.ask("POST", "/session", {"secret": secret})
        assert status == 204, answer
        return self


def secret_of(database: Path, name: str) -> str:
    """A link made by the command, while the server runs or not."""
    words = ["label", "invite", name, "--db", str(database), "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "surefoot", *words], capture_output=True, text=True, check=True
    )
    return str(json.loads(done.stdout)["link"].split("#")[1])
