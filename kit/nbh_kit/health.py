"""Whether a service lives, and whether it can do its work (R-20): ``/livez`` and ``/readyz`` on a
port of its own, which is not for the world. Its numbers are at ``/metrics`` there (E-2).

Who is not ready waits for somebody else, and to start it again helps nobody; who does not live is
to be started again.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec
import structlog

from nbh_kit import asking, exposition, http
from nbh_kit.config import Config
from nbh_kit.metrics import Metrics
from nbh_kit.settings import Service
from nbh_kit.web import Receive, Scope, Send

Check = Callable[[], Awaitable[bool]]
"""Whether something is there right now. What it raises is taken for a no, and logged."""

MOST_LAG = 1.0
"""Seconds that the event loop may be late, else a service is not said to live."""

_LOOK_SECONDS = 0.05
_CHECK_WITHIN = 2.0

logger = structlog.get_logger(__name__)


class Health:
    """What a service needs, looked at when somebody asks."""

    def __init__(self, *needs: str, metrics: Metrics | None = None) -> None:
        self._needs: dict[str, Check] = dict.fromkeys(needs, _not_yet)
        self.metrics = metrics or Metrics()
        """The numbers of this process."""

        self._ready = self.metrics.gauge(
            "nbhosting_ready", "1 if what it needs is there, else 0.", need=needs
        )
        self._lag = self.metrics.gauge(
            "nbhosting_event_loop_lag_seconds", "How late the event loop is right now."
        )
        self.metrics.before_each_reading(self._collect)

    def look(self, need: str, is_there: Callable[[], bool]) -> None:
        """Look so whether something is there that is known at once; it was missing until now."""

        async def check() -> bool:
            return is_there()

        self.ask(need, check)

    def ask(self, need: str, check: Check) -> None:
        """Ask so whether something is there; no answer within two seconds is a no."""
        if need not in self._needs:
            raise ValueError(f"nobody needs {need!r}")
        self._needs[need] = check

    async def ready(self) -> dict[str, bool]:
        """Which of the things it needs are there."""
        there = await asyncio.gather(*(_checked(w, check) for w, check in self._needs.items()))
        return dict(zip(self._needs, there, strict=True))

    async def _collect(self) -> None:
        self._ready.set_all(await self.ready())
        self._lag.set(to=await lag())


async def podman_answers(socket: Path) -> bool:
    """Whether podman's API is there."""
    status, _ = await asking.get_at(socket, "/_ping")
    return status == 200


async def lag() -> float:
    """Seconds that the event loop is late right now."""
    loop = asyncio.get_running_loop()
    due = loop.time() + _LOOK_SECONDS
    await asyncio.sleep(_LOOK_SECONDS)
    return max(0.0, loop.time() - due)


@asynccontextmanager
async def answering(
    config: Config, service: Service, *needs: str, metrics: Metrics | None = None
) -> AsyncGenerator[Health]:
    """Answer while the block runs; what is needed counts as missing until it is told how to look.

    ``metrics`` are the numbers that are counted already.

    Raises:
        OSError: the port cannot be had.
    """
    health = Health(*needs, metrics=metrics)
    if not config.health_port(service):
        yield health
        return
    async with http.serving(_app(health), config.health.host, config.health_port(service)):
        yield health


async def _not_yet() -> bool:
    return False


async def _checked(what: str, check: Check) -> bool:
    try:
        return await asyncio.wait_for(check(), _CHECK_WITHIN)
    except Exception as e:
        logger.info("not ready", missing=what, error=repr(e))
        return False


def _app(health: Health) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        said = await _said(health, scope)
        headers = [
            (b"content-type", said.type.encode()),
            (b"content-length", b"%d" % len(said.body)),
            (b"cache-control", b"no-store"),
        ]
        await send({"type": "http.response.start", "status": said.status, "headers": headers})
        await send({"type": "http.response.body", "body": said.body})

    return answer


class _Said(NamedTuple):
    status: int
    body: bytes
    type: str = "application/json"


async def _said(health: Health, scope: Scope) -> _Said:
    match scope["method"], scope["path"]:
        case ("GET" | "HEAD", "/livez"):
            late = await lag()
            return _json(200 if late < MOST_LAG else 503, {"lag": round(late, 3)})
        case ("GET" | "HEAD", "/readyz"):
            there = await health.ready()
            return _json(200 if all(there.values()) else 503, there)
        case ("GET" | "HEAD", "/metrics"):
            return _Said(200, await exposition.text(health.metrics), exposition.CONTENT_TYPE)
        case _:
            return _json(404, None)


def _json(status: int, told: dict[str, bool] | dict[str, float] | None) -> _Said:
    return _Said(status, msgspec.json.encode(told) + b"\n")
