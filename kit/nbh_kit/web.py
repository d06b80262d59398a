"""What is asked of every request from the world, and said in every answer to it. ASGI."""

import ipaddress
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping, Sequence
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

PAGE = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; font-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    # not "no-referrer": a browser would say "Origin: null" of our own forms
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
}
"""Headers of a page of the ui origin (S-53)."""


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


def address_of(scope: Scope, trusted: Sequence[str]) -> str:
    """The address that a request comes from: what the last proxy says if it is one of ours.

    ``trusted`` are networks such as ``127.0.0.0/8``. What a stranger says is not believed, and of
    what ours says only the end, which it has added itself.
    """
    peer = scope["client"][0] if scope.get("client") else ""
    if not _is_in(peer, trusted):
        return peer
    last = headers_of(scope).get("x-forwarded-for", "").rpartition(",")[2].strip()
    return last if _is_address(last) else peer


def is_loopback(origin: str) -> bool:
    """Whether browsers trust an origin without TLS, since it is on their own machine."""
    host = urlsplit(origin.lower()).hostname or ""
    if _is_address(host):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost" or host.endswith(".localhost")


def _is_in(address: str, networks: Sequence[str]) -> bool:
    if not _is_address(address):
        return False
    there = ipaddress.ip_address(address)
    return any(there in ipaddress.ip_network(network) for network in networks)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


async def _refuse(send: Send) -> None:
    headers: Iterable[tuple[bytes, bytes]] = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": b"another site's page sent this\n"})
