"""Labs as podman's containers, through its API. Blocking calls run in threads of their own."""

import asyncio
import contextlib
import os
import threading
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec
import structlog

from nbh_kit import remains
from nbh_kit.conditions import Contained, Mount
from nbh_provisioner import lab_paths
from nbh_provisioner.engine import (
    Deaf,
    Ending,
    Found,
    Hearing,
    Running,
    RunSpec,
    Shortage,
)
from nbh_provisioner.engines import (
    attaching,
    errands,
    removing,
    shortage,
    stillness,
    weights,
)
from nbh_provisioner.engines.connections import has_connections
from nbh_provisioner.engines.containers import Containers
from nbh_provisioner.engines.guarding import Guarding
from nbh_provisioner.engines.knocks import Knocks
from nbh_provisioner.engines.labs_network import LabsNetwork
from nbh_provisioner.engines.liveness import Liveness
from nbh_provisioner.engines.podman_api import WITHIN, PodmanApi
from nbh_provisioner.engines.shortages import Shortages
from nbh_provisioner.engines.wall import Wall

R = TypeVar("R")

_THREADS = 32
_KILL = 137
_UNTIL_KNOWN, _LOOK_AGAIN = 5.0, 0.02
_ENDS_BY_ITSELF = 2.0
"""Seconds within which conmon has done what it does when its container was removed."""

logger = structlog.get_logger(__name__)


class PodmanEngine:
    """Podman on this machine. Its containers, and their network, carry the site's label."""

    def __init__(
        self, socket: Path, site: str, wall: Wall | None = None, *, within: float = WITHIN
    ) -> None:
        self._socket = socket
        self._site = site
        self._within = within
        self._liveness = Liveness(socket, within)
        self._wall = wall or Wall(site)
        self._network = LabsNetwork(site, self._wall)
        self._containers = Containers(site, self._network)
        self._guarding: Guarding | None = None
        self._knocks: Knocks | None = None
        self._can_wake = False
        """Known once somebody hears who comes to frozen labs."""

        self._shortages = Shortages()
        self._kills: dict[str, int] = {}
        """How many processes of a lab that ended had been killed for want of memory."""

        # Not asyncio's own threads: a podman that hangs would keep students' files waiting.
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="podman")
        self._of_thread = threading.local()

    async def image(self, name: str) -> str:
        return await self._call(lambda api: api.image(name))

    async def made(self, name: str) -> datetime:
        return await self._call(lambda api: api.made(name))

    async def start(self, spec: RunSpec) -> Running:
        self._guard()
        return await self._call(partial(self._containers.start, spec))

    async def rename(self, running: Running, name: str) -> Running:
        return await self._call(partial(self._containers.rename, running, name))

    async def attach(self, running: Running, mount: Mount) -> None:
        await self._call(lambda _: attaching.attach(running, mount))

    async def check_attach(self, running: Running, mount: Mount) -> None:
        await self._call(lambda _: attaching.check(running, mount))

    async def promote(self, running: Running) -> None:
        weights.give_full(running)

    async def stop(self, name: str, *, within: float) -> None:
        await self._call(partial(self._containers.stop, name, within))

    async def freeze(self, running: Running) -> None:
        await self._call(partial(stillness.freeze, running.container))

    async def thaw(self, running: Running) -> None:
        await self._call(partial(stillness.thaw, running.container))

    async def wake(self, running: Running) -> bool:
        return self._can_wake and stillness.wake(running)

    async def is_used(self, running: Running) -> bool:
        # a thread, since the kernel looks through its table of all connections for it
        return await asyncio.to_thread(has_connections, running.process, lab_paths.PORT)

    async def hear(self, hearing: Hearing) -> None:
        if self._knocks and self._knocks.hears:
            return
        if self._knocks:
            self._knocks.close()
        bridge = await self._call(self._network.bridge)
        self._can_wake = await self._call(stillness.can_wake)
        try:
            self._knocks = Knocks(bridge)
        except OSError as e:
            self._knocks = None
            raise Deaf(f"no packet socket on the labs' bridge: {e}") from e
        self._knocks.tell(*hearing)

    async def storage(self) -> Path | None:
        return await self._call(lambda api: Path(api.get("/info")["store"]["graphRoot"]))

    async def secure(self) -> None:
        self._guard()
        await self._call(self._network.secure)

    async def labs(self) -> list[Found]:
        return await self._call(self._containers.labs)

    def shortages(self, running: Running) -> AsyncGenerator[Shortage]:
        return self._shortages.of(shortage.tally(running))

    async def run(self, contained: Contained, *, within: float) -> Ending:
        # Once it is asked for it comes, whatever becomes of us: it is waited for and taken away.
        starting = asyncio.ensure_future(self._call(partial(errands.start, contained, self._site)))
        try:
            process = await asyncio.shield(starting)
            async with asyncio.timeout(within):
                await _exit_of(process)
            return await self._ending_of(contained.name)
        finally:
            await asyncio.shield(self._take_away(contained.name, starting))

    async def remove_leftovers(self) -> None:
        await self._call(partial(errands.remove_all, self._site))
        look = partial(removing.unknown, self._site)
        if unknown := await self._call(look):
            await asyncio.sleep(_ENDS_BY_ITSELF)
            still = await self._call(look)
            for container in unknown & still:
                logger.warning("what podman lost of a container ends", container=container)
                await asyncio.to_thread(remains.end, container)
        await self._call(self._network.let_go_of_leftovers)

    async def ended(self, running: Running) -> None:
        killed = shortage.killed(running)
        await _exit_of(running.process)
        self._kills[running.container] = killed.so_far() if killed else 0

    async def ending(self, running: Running) -> Ending:
        return await self._ending_of(running.container)

    async def _ending_of(self, container: str) -> Ending:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_UNTIL_KNOWN):
                return await self._known_ending(container)
        self._kills.pop(container, None)
        return Ending(code=None)

    async def log(self, name: str) -> str:
        return await self._call(partial(self._containers.log, name))

    async def close(self) -> None:
        if self._knocks:
            self._knocks.close()
        self._shortages.close()
        if self._guarding:
            self._guarding.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _call(self, call: Callable[[PodmanApi], R]) -> R:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: call(self._api()))

    async def _take_away(self, name: str, starting: "asyncio.Future[int]") -> None:
        await asyncio.wait({starting})
        await self._call(partial(removing.remove, name))

    def _guard(self) -> None:
        """Watch over the wall, once somebody is behind it."""
        if self._guarding is None:
            self._guarding = Guarding(self._wall, self._threads)

    def _api(self) -> PodmanApi:
        api = getattr(self._of_thread, "api", None)
        if api is None:
            api = PodmanApi(self._socket, self._within, self._liveness)
            self._of_thread.api = api
        return api

    async def _known_ending(self, container: str) -> Ending:
        # Podman hears of it from its monitor, a little later than we do from the kernel.
        while True:
            if ending := await self._call(partial(self._containers.ending, container)):
                break
            await asyncio.sleep(_LOOK_AGAIN)
        short = ending.out_of_memory or self._kills.pop(container, 0) > 0
        # Not one whose kernel was killed so an hour ago, and that ends in another way now.
        return msgspec.structs.replace(ending, out_of_memory=short and ending.code == _KILL)


async def _exit_of(process: int) -> None:
    """Return when a process has ended: the kernel makes its descriptor readable then."""
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        return
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
