"""Asks a forge where a branch stands, in one request and without a process (docs/adr/0011).

It is a hint and no more: whatever is not a plain answer is unknown, and what is unknown or new is
the git program's to ask, fetch and judge. Git's protocol, version 2 (gitprotocol-v2, ls-refs).
"""

import re
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx2
import structlog

from nbh_courses.egress import Target

_MOST = 64 * 1024
_WITHIN = httpx2.Timeout(10.0)
_LINE = re.compile(rb"([0-9a-f]{40}) (\S+)(?: .*)?\n?")
_HEADERS = {
    "Git-Protocol": "version=2",
    "Content-Type": "application/x-git-upload-pack-request",
    "Accept": "application/x-git-upload-pack-result",
    "User-Agent": "git/2.39 (nbhosting)",  # a few forges answer no one else
}

logger = structlog.get_logger(__name__)


class Heads:
    """Kept-alive connections to forges. Made by `asking`."""

    def __init__(self, trust: ssl.SSLContext, at_once: int) -> None:
        self._trust = trust
        self._at_once = at_once
        self._clients: dict[tuple[str, int], httpx2.AsyncClient] = {}

    async def head(self, url: str, branch: str, where: Target) -> str | None:
        """The commit at a branch, or at the default one if that is empty; None if unknown."""
        if where.scheme not in ("https", "http"):
            return None
        ref = f"refs/heads/{branch}" if branch else "HEAD"
        try:
            answer = await self._ask(url, ref, where)
            return _head(answer, ref) if answer else None
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as e:
            logger.info("a forge was not understood", host=where.host, error=repr(e))
            return None

    async def _ask(self, url: str, ref: str, where: Target) -> bytes | None:
        host, _, path = url.partition("://")[2].partition("/")
        address = where.addresses[0]
        at = f"[{address}]" if ":" in address else address
        request = self._client(where).build_request(
            "POST",
            f"{where.scheme}://{at}:{where.port}/{path.rstrip('/')}/git-upload-pack",
            headers=_HEADERS | {"Host": host},
            content=_question(ref),
            extensions={"sni_hostname": where.host, "timeout": _WITHIN.as_dict()},
        )
        answer = await self._client(where).send(request, stream=True)
        try:
            return await _body(answer) if answer.status_code == 200 else None
        finally:
            await answer.aclose()

    def _client(self, where: Target) -> httpx2.AsyncClient:
        # one for each host: a connection that was made to one is never used for another
        key = (where.host, where.port)
        if key not in self._clients:
            self._clients[key] = httpx2.AsyncClient(
                verify=self._trust,
                trust_env=False,
                follow_redirects=False,
                timeout=_WITHIN,
                limits=httpx2.Limits(max_connections=self._at_once, keepalive_expiry=30),
            )
        return self._clients[key]

    async def close(self) -> None:
        """Leave."""
        for client in self._clients.values():
            await client.aclose()


@asynccontextmanager
async def asking(at_once: int) -> AsyncIterator[Heads]:
    """Ask while the block runs; trust is the system's, or that of SSL_CERT_FILE."""
    heads = Heads(ssl.create_default_context(), at_once)
    try:
        yield heads
    finally:
        await heads.close()


def _question(ref: str) -> bytes:
    lines = (b"command=ls-refs\n", None, b"ref-prefix %s\n" % ref.encode())
    return b"".join(_packet(line) if line else b"0001" for line in lines) + b"0000"


def _packet(line: bytes) -> bytes:
    return b"%04x%s" % (len(line) + 4, line)


async def _body(answer: httpx2.Response) -> bytes:
    body = b""
    async for chunk in answer.aiter_raw():
        body += chunk
        if len(body) > _MOST:
            raise ValueError("more refs than were asked for")
    return body


def _head(answer: bytes, ref: str) -> str | None:
    for line in list(_packets(answer)):  # the whole of it, or nothing
        found = _LINE.fullmatch(line)
        if found and found[2] == ref.encode():
            return found[1].decode()
    return None


def _packets(answer: bytes) -> Iterator[bytes]:
    """Lines of git's packets.

    Raises:
        ValueError: it is none of git's.
    """
    at = 0
    while at < len(answer):
        length = int(answer[at : at + 4], 16)
        if length == 0:
            return
        if not 4 < length <= len(answer) - at:
            raise ValueError("a packet of no such length")
        yield answer[at + 4 : at + length]
        at += length
    raise ValueError("an answer without an end")
