"""A program that uses the labelling room as the page does: over HTTP, signed in by a link.

Requests that got no answer, or that the server cannot take just now, are sent
again for a while. That is safe: the server knows what it has stored already.
"""

import http.client
import json
import time
from typing import Any
from urllib.parse import urlsplit

from surefoot.errors import SurefootError, UserError

COOKIE = "surefoot_session"
LATER = (408, 425, 429, 500, 502, 503, 504, 507)
"""Statuses of a server that may answer another time; 503 `no_generator` is not one."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
TIMEOUT = 25.0
"""Seconds to wait for an answer, as the page does."""


class Refusal(UserError):
    """The server answered no.

    Args:
        status: Of HTTP.
        kind: The word for what is wrong, e.g. `not_finished`.
        detail: In a sentence.
    """

    def __init__(self, status: int, kind: str, detail: str) -> None:
        self.status, self.kind = status, kind
        super().__init__(f"the server refuses ({kind}): {detail}")


def parts_of(link: str) -> tuple[str, str]:
    """Address of the server and secret of an invite link.

    Raises:
        UserError: It is no such link.
    """
    parts = urlsplit(link.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or not parts.fragment:
        raise UserError(
            f"{link[:60]}: is no invite link (http://HOST:PORT/i#SECRET);"
            " `surefoot label invite` makes one"
        )
    return f"{parts.scheme}://{parts.netloc}", parts.fragment


class Visitor:
    """One signed-in person's requests.

    Args:
        url: Address of the server.
        session: Secret of a session that was begun before, if any.
        patience: Seconds for which a request that fails is sent again.
    """

    def __init__(self, url: str, session: str | None = None, patience: float = 120.0) -> None:
        self._parts, self.url, self.session = urlsplit(url), url, session
        self._patience = patience
        self._connection: http.client.HTTPConnection | None = None

    def sign_in(self, secret: str) -> str:
        """Begin a session with the secret of a link, which is good once; its own secret.

        Raises:
            Refusal: The link is used or too old.
            SurefootError: No answer came, so that the link may be used up.
        """
        try:
            self._once("POST", "/session", {"secret": secret})
        except OSError as error:
            raise SurefootError(f"{self.url}: no answer to the sign-in: {error}") from None
        if self.session is None:
            raise SurefootError(f"{self.url}: the answer to the sign-in holds no session")
        return self.session

    def get(self, path: str) -> Any:
        """The answer; raises as `post` does."""
        return self._insist("GET", path, None)

    def post(self, path: str, /, **body: Any) -> Any:
        """The answer.

        Raises:
            Refusal: The server says no.
            SurefootError: It did not answer in all the time.
        """
        return self._insist("POST", path, body)

    def close(self) -> None:
        """Hang up; the session stays."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _insist(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        end, pause = time.monotonic() + self._patience, FIRST_PAUSE
        while True:
            try:
                return self._once(method, path, body)
            except (OSError, Refusal) as error:
                is_no = isinstance(error, Refusal) and (
                    error.status not in LATER or error.kind == "no_generator"
                )
                if is_no:
                    raise
                if time.monotonic() + pause > end:
                    raise SurefootError(
                        f"{self.url}: does not answer since {self._patience:g} s: {error};"
                        " the same command goes on when it does"
                    ) from None
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _once(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        headers = {"X-Surefoot": "1", "Accept": "application/json"}
        if self.session is not None:
            headers["Cookie"] = f"{COOKIE}={self.session}"
        data = None
        if body is not None:
            data, headers["Content-Type"] = json.dumps(body), "application/json"
        try:
            connection = self._connected()
            connection.request(method, f"/api/v1{path}", data, headers)
            response = connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise ConnectionError(str(error) or type(error).__name__) from None
        if (cookie := response.getheader("set-cookie")) and cookie.startswith(f"{COOKIE}="):
            self.session = cookie.split(";")[0].partition("=")[2].strip('"') or None
        answer = _parsed(text)
        if response.status < 400:
            return answer
        said = answer if isinstance(answer, dict) else {}
        kind = str(said.get("type", "")).rpartition("/")[2] or str(response.status)
        raise Refusal(response.status, kind, str(said.get("detail", response.reason)))

    def _connected(self) -> http.client.HTTPConnection:
        if self._connection is None:
            is_secure = self._parts.scheme == "https"
            kind = http.client.HTTPSConnection if is_secure else http.client.HTTPConnection
            assert self._parts.hostname is not None
            self._connection = kind(self._parts.hostname, self._parts.port, timeout=TIMEOUT)
        return self._connection


def _parsed(text: bytes) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return None
