"""What every request and answer has to have: headers, limits, no guessing of secrets.

- No page of another site may act in a rater's name: the cookie is `SameSite=Strict`,
  and what changes something needs the header `X-Surefoot`, which other sites cannot
  send without asking first and are never allowed to.
- The page may load its own files only; nothing in a text can run or fetch.
"""

from collections import OrderedDict

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from surefoot.web.room.problems import Refused

MAX_BODY = 2_000_000
"""Bytes of a request."""
SAFE = ("GET", "HEAD", "OPTIONS")

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "font-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""No inline scripts or styles, no other host."""

HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


class Guard:
    """Checks what comes in and puts the headers on what goes out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI wants it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/api/"):
                    headers["cache-control"] = "no-store"
            await send(message)

        refused = _against(scope)
        if refused is None:
            await self._app(scope, receive, guarded)
        else:
            await answer(refused)(scope, receive, guarded)


def answer(refused: Refused) -> JSONResponse:
    """The answer that says why."""
    return JSONResponse(refused.body(), refused.status, media_type="application/problem+json")


def _against(scope: Scope) -> Refused | None:
    if scope["method"] in SAFE:
        return None
    headers = Headers(scope=scope)
    if headers.get("x-surefoot") != "1":
        return Refused(403, "forbidden", "the header X-Surefoot is missing")
    length = headers.get("content-length", "0")
    if "transfer-encoding" in headers or not length.isdecimal():
        return Refused(411, "bad_request", "the request does not say how long it is")
    if int(length) > MAX_BODY:
        return Refused(413, "too_large", f"at most {MAX_BODY} bytes are taken at once")
    return None


class Tries:
    """Counts wrong secrets by address, so that none is tried without end.

    Args:
        limit: Wrong ones that are allowed within the window.
        window_ms: Its length.
    """

    def __init__(self, limit: int = 10, window_ms: int = 600_000) -> None:
        self._limit, self._window = limit, window_ms
        self._wrong: OrderedDict[str, list[int]] = OrderedDict()

    def check(self, address: str, now: int) -> None:
        """Refuses an address with too many wrong secrets.

        Raises:
            Refused: It has to wait.
        """
        recent = [at for at in self._wrong.get(address, []) if at > now - self._window]
        if len(recent) >= self._limit:
            seconds = (recent[0] + self._window - now) // 1000 + 1
            raise Refused(
                429, "too_many", f"too many wrong links; try again in {seconds} s", wait=seconds
            )

    def wrong(self, address: str, now: int) -> None:
        """Count one."""
        kept = [at for at in self._wrong.pop(address, []) if at > now - self._window]
        self._wrong[address] = [*kept, now]
        while len(self._wrong) > 10_000:  # a flood of addresses must not fill the memory
            self._wrong.popitem(last=False)
