"""What is asked of every request from the world, and said in every answer to it. ASGI."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any
from urllib.parse import urlsplit

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_SAFE = ("GET", "HEAD", "OPTIONS")
_DEFAULT_PORTS = {"http": 80, "https": 443}

CLOSED = {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
"""Headers of an answer that is no page: nothing in it is shown, framed or kept."""


class Guarded:
    """Refuses what another site has a browser send (S-51), and adds headers to each answer.

    A header that an answer has already stands.
    """

    def __init__(self, app: App, headers: Mapping[str, str] = CLOSED) -> None:
        self._app = app
        self._headers = [(k.encode(), v.encode()) for k, v in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def adding(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower() for name, _ in message.get("headers", ())}
                added = [pair for pair in self._headers if pair[0] not in there]
                message = {**message, "headers": [*message.get("headers", ()), *added]}
            await send(message)

        if is_from_elsewhere(scope["method"], headers_of(scope)):
            await _refuse(adding)
        else:
            await self._app(scope, receive, adding)


def headers_of(scope: Scope) -> dict[str, str]:
    """A request's headers in lower case; of one that comes twice, the last."""
    return {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}


def is_from_elsewhere(method: str, headers: Mapping[str, str]) -> bool:
    """Whether a browser sends this for another site's page, and it may change something.

    As Go's http.CrossOriginProtection decides it: by Sec-Fetch-Site, else by Origin and Host.
    What is no browser sends neither.
    """
    if method in _SAFE:
        return False
    if site := headers.get("sec-fetch-site"):
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "")


def hosts_of(origin: str) -> frozenset[str]:
    """What a browser says in ``Host`` at an origin: its default port may be left out or not."""
    parts = urlsplit(origin.lower())
    default = _DEFAULT_PORTS[parts.scheme]
    if parts.port not in (None, default):
        return frozenset({parts.netloc})
    bare = parts.netloc.removesuffix(f":{default}")
    return frozenset({bare, f"{bare}:{default}"})


async def _refuse(send: Send) -> None:
    headers: Iterable[tuple[bytes, bytes]] = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": b"another site's page sent this\n"})
