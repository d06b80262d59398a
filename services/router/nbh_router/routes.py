"""Keeps Traefik's files: the one writer of routes, and who knows which of them are live."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import structlog

from nbh_kit.buckets import Held, Put
from nbh_kit.metrics import Metrics
from nbh_proto import lab_key, new_id
from nbh_proto.lab import StopReason
from nbh_router import dynamic, endings, pooled, probe, table, whole_file
from nbh_router.beginning import Known
from nbh_router.endings import Endings
from nbh_router.lately import Lately
from nbh_router.owners import Owner, Owners
from nbh_router.present import Present
from nbh_router.table import Change, Route, Table
from nbh_router.traefik_config import Dynamic

_POLL_SECONDS = 0.005
_SLOW_POLL_SECONDS = 0.1
_PATIENCE_SECONDS = 2.0
_RETRY_SECONDS = 1.0
_BOUNDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

logger = structlog.get_logger(__name__)


class Routes:
    """All routes of one Traefik."""

    def __init__(self, folder: Path, internal: str, metrics: Metrics) -> None:
        self._labs_file = folder / "labs.yml"
        self._static_file = folder / "static.yml"
        self._internal = internal
        self._table = Table()
        self._pooled = pooled.Keys()
        self._endings: Endings = {}
        self._owners = Owners()
        self._lately = Lately()
        self.present = Present()
        self._changed = asyncio.Event()
        self.known = Known()
        """Whether all labs were read once."""

        self._confirmed = False
        self._is_stuck = False
        self._live: dict[str, Route] = {}
        self._news = asyncio.Condition()
        self._seconds = metrics.histogram(
            "jupyterhub_proxy_add_duration_seconds",
            "Duration for adding user routes to proxy: until Traefik confirms a new file.",
            _BOUNDS,
            status=("success", "failure"),
        )
        self._count = metrics.gauge("nbhosting_routes", "Labs that Traefik has a route to.")

    async def begin(self, static: Dynamic) -> None:
        """Write what does not change, and remember what this router's forerunner wrote.

        The labs' file is not touched before the labs are known.
        """
        self._table = table.remembered(_read(self._labs_file), time.monotonic())
        data = dynamic.encoded(static)
        if not self._static_file.exists() or self._static_file.read_bytes() != data:
            await asyncio.to_thread(whole_file.write, self._static_file, data)

    async def follow(self, changes: AsyncIterator[Change]) -> None:
        """Take the changes of the LABS bucket, for ever."""
        async for change in changes:
            self._table = table.after(self._table, change, time.monotonic())
            self._pooled = pooled.after(self._pooled, change)
            self._endings = endings.after(self._endings, change)
            self._owners.follow(change)
            self._lately.heed(change, time.monotonic())
            self.present.heed(change)
            _complain_about(change)
            self.known.set()
            self._changed.set()

    async def publish(self) -> None:
        """Write the labs' file when routes change and confirm each version, for ever.

        One version at a time: what changes while Traefik takes one in comes with the next.
        """
        written: dict[str, Route] | None = None
        while True:
            await self._until_changed()
            routes = table.routes(self._table, time.monotonic())
            if routes != written and await self._publish(routes):
                written = routes

    async def are_live(self) -> bool:
        """Whether Traefik is there, has taken routes in, and does not refuse newer ones."""
        return self._confirmed and not self._is_stuck and await probe.listens(self._internal)

    def capability_of(self, course: str, student: str) -> str | None:
        """The capability of a student's lab, if it has a route."""
        route = self._table.labs.get(lab_key(course, student))
        return route.capability if route else None

    def owner(self, capability: str) -> Owner | None:
        """Whose a lab is; None if it is nobody's, or not known."""
        return self._owners.of(capability)

    def has_pooled(self, course: str) -> bool:
        """Whether a lab of a course is there that is nobody's yet."""
        return pooled.has(self._pooled, course)

    def why_gone(self, capability: str) -> StopReason | None:
        """Why a lab ended, if that was lately; None if nobody knows."""
        return self._endings.get(capability)

    def owner_lately(self, capability: str) -> Owner | None:
        """Whose a lab is, or was until an hour ago; None if nobody knows."""
        return self._lately.of(capability, time.monotonic())

    def is_there(self, capability: str) -> bool:
        """Whether Traefik is known to have a route to a lab."""
        return capability in self._live

    async def live(self, capability: str, seconds: float) -> bool:
        """Whether Traefik knows the route of a lab, now or within so many seconds."""
        if capability in self._live:
            return True
        try:
            async with asyncio.timeout(seconds), self._news:
                await self._news.wait_for(lambda: capability in self._live)
        except TimeoutError:
            return False
        return True

    async def _until_changed(self) -> None:
        end = table.next_end(self._table, time.monotonic()) if self.known else None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(end):
                await self._changed.wait()
        self._changed.clear()

    async def _publish(self, routes: dict[str, Route]) -> bool:
        version, began = new_id(), time.monotonic()
        try:
            await asyncio.to_thread(self._write, routes, version)
        except OSError as e:
            self._seconds.observe(time.monotonic() - began, "failure")
            # The last file stays and is served; a full disk is mended some time.
            logger.error("routes cannot be written", error=str(e))
            await asyncio.sleep(_RETRY_SECONDS)
            self._changed.set()
            return False
        logger.debug("routes written", labs=len(routes))
        if await self._is_confirmed(version):
            self._seconds.observe(time.monotonic() - began, "success")
            await self._go_live(routes)
        else:
            self._seconds.observe(time.monotonic() - began, "failure")
        return True

    def _write(self, routes: dict[str, Route], version: str) -> None:
        data = dynamic.encoded(dynamic.labs(routes.values(), version))
        whole_file.write(self._labs_file, data)

    async def _is_confirmed(self, version: str) -> bool:
        began = time.monotonic()
        pause = _POLL_SECONDS
        while not await probe.answers(self._internal, dynamic.version_path(version)):
            if pause == _POLL_SECONDS and time.monotonic() - began > _PATIENCE_SECONDS:
                logger.warning("Traefik does not take its routes in", asked=self._internal)
                pause, self._is_stuck = _SLOW_POLL_SECONDS, True
            if pause == _SLOW_POLL_SECONDS and self._changed.is_set():
                return False
            await asyncio.sleep(pause)
        return True

    async def _go_live(self, routes: dict[str, Route]) -> None:
        self._live, self._confirmed, self._is_stuck = routes, True, False
        self._count.set(to=len(routes))
        async with self._news:
            self._news.notify_all()


def _read(file: Path) -> dict[str, Route]:
    try:
        return dynamic.routes_in(file.read_bytes())
    except FileNotFoundError:
        return {}
    except (msgspec.MsgspecError, LookupError) as e:
        logger.error("the labs' file is not ours", file=str(file), error=str(e))
        return {}


def _complain_about(change: Change) -> None:
    match change:
        case Put(held=Held(value=lab)) if table.is_unroutable(lab):
            logger.error("a lab cannot have a route", course=lab.course, student=lab.student)
