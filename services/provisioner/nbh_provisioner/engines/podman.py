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
from typing import Any, TypeVar

import msgspec
import structlog

from nbh_kit import namespaces, remains
from nbh_kit.conditions import Mount
from nbh_provisioner import lab_paths
from nbh_provisioner.engine import (
    Deaf,
    Ending,
    EngineError,
    Found,
    Hearing,
    NotIsolated,
    Refused,
    Running,
    RunSpec,
    Shortage,
)
from nbh_provisioner.engines import (
    attaching,
    libpod,
    mounts,
    portions,
    removing,
    shortage,
    stillness,
    weights,
)
from nbh_provisioner.engines.connections import has_connections
from nbh_provisioner.engines.guarding import Guarding
from nbh_provisioner.engines.knocks import Knocks
from nbh_provisioner.engines.labs_network import LabsNetwork
from nbh_provisioner.engines.podman_api import WITHIN, Answered, PodmanApi, refusal
from nbh_provisioner.engines.shortages import Shortages
from nbh_provisioner.engines.wall import Wall

R = TypeVar("R")

_THREADS = 32
_LOG_LINES = 40
_CONFLICT = 409
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
        self._wall = wall or Wall(site)
        self._network = LabsNetwork(site, self._wall)
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
        self._namespaces: dict[str, str] = {}
        """Where each lab's network namespace is, by its name and by its id: when a lab has ended
        podman knows no more."""

    async def image(self, name: str) -> str:
        return await self._call(lambda api: api.image(name))

    async def made(self, name: str) -> datetime:
        return await self._call(lambda api: api.made(name))

    async def start(self, spec: RunSpec) -> Running:
        self._guard()
        return await self._call(partial(self._start, spec))

    async def rename(self, running: Running, name: str) -> Running:
        return await self._call(partial(self._rename, running, name))

    async def attach(self, running: Running, mount: Mount) -> None:
        await self._call(lambda _: attaching.attach(running, mount))

    async def check_attach(self, running: Running, mount: Mount) -> None:
        await self._call(lambda _: attaching.check(running, mount))

    async def promote(self, running: Running) -> None:
        weights.give_full(running)

    async def stop(self, name: str, *, within: float) -> None:
        await self._call(partial(self._stop, name, within))

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
        return await self._call(self._labs)

    def shortages(self, running: Running) -> AsyncGenerator[Shortage]:
        return self._shortages.of(shortage.tally(running))

    async def remove_leftovers(self) -> None:
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
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_UNTIL_KNOWN):
                return await self._known_ending(running.container)
        return Ending(code=None)

    async def log(self, name: str) -> str:
        return await self._call(partial(self._log, name))

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

    def _guard(self) -> None:
        """Watch over the wall, once somebody is behind it."""
        if self._guarding is None:
            self._guarding = Guarding(self._wall, self._threads)

    def _api(self) -> PodmanApi:
        api = getattr(self._of_thread, "api", None)
        if api is None:
            api = self._of_thread.api = PodmanApi(self._socket, self._within)
        return api

    def _start(self, spec: RunSpec, api: PodmanApi) -> Running:
        try:
            self._network.make_sure(api)
            if there := self._made(spec, api):
                return there
            self._network.let_in(spec, api)
            api.post(f"/containers/{spec.name}/start")
            return self._running(spec, api)
        except EngineError as e:
            self._network.forget()
            # else it would not answer to a removal either
            if isinstance(e, Answered | Refused | NotIsolated):
                with contextlib.suppress(EngineError):
                    self._remove(spec.name, api)
            raise (refusal(e) if isinstance(e, Answered) else e) from e

    def _made(self, spec: RunSpec, api: PodmanApi) -> Running | None:
        """Create the container; or return the very lab, if it runs already."""
        body = libpod.container_body(spec, self._network.name)
        try:
            api.post("/containers/create", body)
            return None
        except Answered as e:
            if e.status != _CONFLICT and "already in use" not in e.text:
                raise
        inspected = removing.inspected(spec.name, api)
        there = self._found(inspected) if inspected else None
        if there and there.running and there.labels == {**there.labels, **spec.labels}:
            stillness.thaw(there.container, api)
            return there.running
        logger.info("a container of an older lease goes", name=spec.name)
        self._remove(spec.name, api)
        api.post("/containers/create", body)
        return None

    def _running(self, spec: RunSpec, api: PodmanApi) -> Running:
        inspected = api.get(f"/containers/{spec.name}/json")
        running = self._found(inspected).running
        if running is None:
            said = self._log(spec.name, api)
            raise Refused(f"it ended at once: {said or inspected['State'].get('Error')}")
        mounts.seal(running.process, [m.target for m in spec.mounts])
        portions.give(running.process)
        return running

    def _rename(self, running: Running, name: str, api: PodmanApi) -> Running:
        try:
            api.post(f"/containers/{running.container}/rename", name=name)
        except Answered as e:
            if "already in use" not in e.text:
                raise Refused(str(e)) from e
            if not self._has_given_way(running, name, api):
                return msgspec.structs.replace(running, name=name)
            api.post(f"/containers/{running.container}/rename", name=name)
        if namespace := self._namespaces.pop(running.name, ""):
            self._namespaces[name] = namespace
        return msgspec.structs.replace(running, name=name)

    def _has_given_way(self, running: Running, name: str, api: PodmanApi) -> bool:
        """Whether another lab had this name, and is gone now; False if it is the lab's own."""
        if api.get(f"/containers/{name}/json")["Id"] == running.container:
            return False
        logger.info("a container of an older lease goes", name=name)
        self._remove(name, api)
        return True

    def _stop(self, name: str, within: float, api: PodmanApi) -> None:
        if within > 0:
            removing.stop(name, within, api)
        self._remove(name, api)

    def _remove(self, name: str, api: PodmanApi) -> None:
        removing.remove(name, api)
        if namespace := self._namespaces.pop(name, ""):
            self._namespaces = {k: v for k, v in self._namespaces.items() if v != namespace}
            namespaces.let_go(Path(namespace))

    def _labs(self, api: PodmanApi) -> list[Found]:
        ours = f'{{"label": ["{libpod.SITE}={self._site}"]}}'
        found = []
        for container in api.get("/containers/json", all="true", filters=ours) or []:
            with contextlib.suppress(Answered):  # it went meanwhile
                inspected = api.get(f"/containers/{container['Id']}/json")
                found.append(self._found(inspected))
        return found

    def _found(self, inspected: dict[str, Any]) -> Found:
        found = libpod.found(inspected, self._network.name)
        if not removing.is_alive(inspected):
            found = msgspec.structs.replace(found, running=None, frozen=False)
        if namespace := libpod.network_namespace(inspected):
            self._namespaces |= {found.name: namespace, found.container: namespace}
        return found

    async def _known_ending(self, container: str) -> Ending:
        # Podman hears of it from its monitor, a little later than we do from the kernel.
        while True:
            if ending := await self._call(partial(self._ending, container)):
                return ending
            await asyncio.sleep(_LOOK_AGAIN)

    def _ending(self, container: str, api: PodmanApi) -> Ending | None:
        try:
            state = api.get(f"/containers/{container}/json")["State"]
        except Answered:
            return Ending(code=None)
        if state["Running"] or state.get("Paused"):  # the end is not yet known to podman
            return None
        short = state["OOMKilled"] or self._kills.pop(container, 0) > 0
        # Not one whose kernel was killed so an hour ago, and that ends in another way now.
        return Ending(code=state["ExitCode"], out_of_memory=short and state["ExitCode"] == _KILL)

    def _log(self, name: str, api: PodmanApi) -> str:
        try:
            raw = api.text(
                f"/containers/{name}/logs", stdout="true", stderr="true", tail=str(_LOG_LINES)
            )
        except Answered:
            return ""
        return libpod.log_text(raw)


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
