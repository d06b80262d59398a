"""Notices a lab's first answer: an event, then one request that confirms it.

Jupyter announces itself with a file in its runtime folder, some milliseconds before it binds its
socket (jupyter-server 2.21 binds in the first turn of its event loop). From then on its port is
tried every few milliseconds; what announces nothing (a foreign image) is tried every `PAUSE`.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx2
import structlog
from asyncinotify import Inotify, Mask, Watch

PAUSE = 0.1
SHORTEST_PAUSE = 0.003
SHORT_PAUSE = 0.009
SOON = 5.0
"""Seconds after an announcement in which the answer should come."""

_ANNOUNCEMENT = "jpserver-"
_CONNECT_SECONDS = 0.5
_ANSWER_SECONDS = 10.0


logger = structlog.get_logger(__name__)


class Readiness:
    """One inotify instance and one HTTP client for all labs. Made by `noticing`."""

    def __init__(self, inotify: Inotify, client: httpx2.AsyncClient) -> None:
        self._inotify = inotify
        self._client = client
        self._announced: dict[Watch, asyncio.Event] = {}

    async def first_answer(self, runtime: Path, address: str, path: str, token: str) -> None:
        """Return when the lab has answered 200, however long that takes.

        Args:
            runtime: its runtime folder, on this machine.
            address: ``host:port``.
            path: what to ask for, with the capability.
            token: what it wants to see.
        """
        with self._watched(runtime) as announced:
            while not announced.is_set():
                if await self._is_there(address, path, token):
                    return
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(announced.wait(), PAUSE)
            for pause in _pauses():
                if await self._is_there(address, path, token):
                    return
                await asyncio.sleep(pause)

    async def hear(self) -> None:
        """Pass on what the kernel tells, for ever; without it labs are noticed a bit later."""
        try:
            async for event in self._inotify:
                if event.watch in self._announced and str(event.name).startswith(_ANNOUNCEMENT):
                    self._announced[event.watch].set()
        except Exception:
            logger.exception("labs are not heard any more")

    @contextmanager
    def _watched(self, runtime: Path) -> Iterator[asyncio.Event]:
        announced = asyncio.Event()
        watch = self._inotify.add_watch(runtime, Mask.CREATE | Mask.MOVED_TO | Mask.ONLYDIR)
        self._announced[watch] = announced
        if any(runtime.glob(f"{_ANNOUNCEMENT}*.json")):
            announced.set()
        try:
            yield announced
        finally:
            del self._announced[watch]
            with contextlib.suppress(OSError):  # the folder is gone
                self._inotify.rm_watch(watch)

    async def _is_there(self, address: str, path: str, token: str) -> bool:
        # Bound, but perhaps not serving yet: then the request waits for the first possible answer.
        return await _listens(address) and await self.answers(address, path, token)

    async def answers(self, address: str, path: str, token: str) -> bool:
        """Whether a lab answers 200 to one GET."""
        return await self._status("GET", address, path, token) == httpx2.codes.OK

    async def does(
        self, address: str, path: str, token: str, *, within: float = _ANSWER_SECONDS
    ) -> bool:
        """Whether a lab answers 204 to one POST, which may take it so many seconds."""
        status = await self._status("POST", address, path, token, within)
        return status == httpx2.codes.NO_CONTENT

    async def _status(
        self, method: str, address: str, path: str, token: str, within: float = _ANSWER_SECONDS
    ) -> int | None:
        """None if there is no answer."""
        headers = {"Authorization": f"token {token}"}
        timeout = httpx2.Timeout(within, connect=_CONNECT_SECONDS)
        try:
            answer = await self._client.request(
                method, f"http://{address}{path}", headers=headers, timeout=timeout
            )
        except httpx2.HTTPError:
            return None
        return answer.status_code


@asynccontextmanager
async def noticing() -> AsyncGenerator[Readiness]:
    """Notice first answers while the block runs."""
    limits = httpx2.Limits(max_keepalive_connections=0)
    with Inotify() as inotify:
        async with httpx2.AsyncClient(limits=limits, trust_env=False) as client:
            readiness = Readiness(inotify, client)
            hearing = asyncio.create_task(readiness.hear())
            try:
                yield readiness
            finally:
                hearing.cancel()
                await asyncio.gather(hearing, return_exceptions=True)


def _pauses() -> Iterator[float]:
    """After an announcement: short ones first, since eight labs may boot at once on two cores."""
    pause, waited = SHORTEST_PAUSE, 0.0
    while waited < SOON:
        yield pause
        waited += pause
        pause = min(pause * 1.2, SHORT_PAUSE)
    while True:
        yield PAUSE


async def _listens(address: str) -> bool:
    """Whether somebody accepts connections there; costs a tenth of a request that is refused."""
    host, _, port = address.rpartition(":")
    with socket.socket() as probe:
        probe.setblocking(False)
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                await asyncio.get_running_loop().sock_connect(probe, (host, int(port)))
        except (OSError, TimeoutError):
            return False
    return True
