"""Labs that are small HTTP servers in this process: for tests, load, and a look around.

They keep the engine's promises and speak as Jupyter does as far as others listen: the token, the
capability in the path, the announcement in the runtime folder.
"""

import asyncio
from collections.abc import AsyncGenerator, Container
from datetime import datetime
from pathlib import Path

import msgspec

from nbh_kit.conditions import Contained, Mount
from nbh_proto import now
from nbh_provisioner.engine import (
    CannotAttach,
    Ending,
    Found,
    Hearing,
    ImageMissing,
    Refused,
    Running,
    RunSpec,
    Shortage,
)
from nbh_provisioner.engines.small_lab import SmallLab

_KILLED = 137
_TERMINATED = 143


class _Held(msgspec.Struct):
    """A lab in memory, which runs or has ended."""

    spec: RunSpec
    lab: SmallLab
    running: Running
    ended: asyncio.Future[Ending]
    shortages: asyncio.Queue[Shortage]


class MemoryEngine:
    """Labs in this process; they end with it."""

    def __init__(
        self,
        images: Container[str] | None = None,
        *,
        boots_in: float | None = 0.02,
        rehearses: bool = True,
    ) -> None:
        """Take the images there are (None for any), the seconds to the first answer (None for
        never), and whether a rehearsal is ever done."""
        self._images = images
        self._made = now()
        self._boots_in = boots_in
        self._rehearses = rehearses
        self._labs: dict[str, _Held] = {}
        self._hearing: Hearing | None = None
        self.starts = 0
        """How many labs were started so far."""

        self.attaches = True
        """Whether `attach` works, as on a host that can do it."""

    async def image(self, name: str) -> str:
        if self._images is not None and name not in self._images:
            raise ImageMissing(name)
        return f"memory:{name}"

    async def made(self, name: str) -> datetime:
        await self.image(name)
        return self._made

    async def start(self, spec: RunSpec) -> Running:
        there = self._labs.get(spec.name)
        if there and there.spec == spec and not there.ended.done():
            there.lab.thaw()
            return there.running
        if there:
            await self.stop(spec.name, within=0)
        self.starts += 1
        container = f"memory-{self.starts}"
        try:
            lab = SmallLab(spec, self._boots_in, self._rehearses, self._heard)
            port = await lab.open(lambda: self._end(self._name_of(container), Ending(code=0)))
        except OSError as e:
            raise Refused(str(e)) from e
        running = Running(
            name=spec.name,
            container=container,
            address=f"127.0.0.1:{port}",
            process=0,
            image=spec.image,
        )
        ended = asyncio.get_running_loop().create_future()
        self._labs[spec.name] = _Held(spec, lab, running, ended, asyncio.Queue())
        return running

    async def rename(self, running: Running, name: str) -> Running:
        held = self._held(running)
        other = self._labs.get(name)
        if other and other is not held:
            await self.stop(name, within=0)
        self._labs.pop(held.running.name)
        held.running = msgspec.structs.replace(running, name=name)
        held.spec = msgspec.structs.replace(held.spec, name=name)
        self._labs[name] = held
        return held.running

    async def attach(self, running: Running, mount: Mount) -> None:
        if not self.attaches:
            raise CannotAttach("labs in memory were told not to")
        self._held(running).lab.attach(mount)

    async def check_attach(self, running: Running, mount: Mount) -> None:
        if not self.attaches:
            raise CannotAttach("labs in memory were told not to")

    async def promote(self, running: Running) -> None:
        pass

    async def stop(self, name: str, *, within: float) -> None:
        name = self._name_of(name)
        self._end(name, Ending(code=_TERMINATED if within else _KILLED))
        held = self._labs.pop(name, None)
        if held:
            await held.lab.close()

    async def freeze(self, running: Running) -> None:
        self._held(running).lab.freeze()

    async def thaw(self, running: Running) -> None:
        self._held(running).lab.thaw()

    async def wake(self, running: Running) -> bool:
        self._held(running).lab.thaw()
        return True

    async def is_used(self, running: Running) -> bool:
        held = self._labs.get(self._name_of(running.container))
        return held is not None and held.lab.is_used

    async def hear(self, hearing: Hearing) -> None:
        self._hearing = hearing

    async def storage(self) -> Path | None:
        return None

    async def secure(self) -> None:
        """They have no network of their own."""

    async def labs(self) -> list[Found]:
        return [
            Found(
                name=h.spec.name,
                container=h.running.container,
                labels=h.spec.labels,
                running=None if h.ended.done() else h.running,
                frozen=h.lab.is_frozen and not h.ended.done(),
            )
            for h in self._labs.values()
        ]

    async def shortages(self, running: Running) -> AsyncGenerator[Shortage]:
        held = self._labs.get(self._name_of(running.container))
        while held:
            yield await held.shortages.get()

    async def run(self, contained: Contained, *, within: float) -> Ending:
        raise Refused("there are no containers, so nothing is run in one")

    async def remove_leftovers(self) -> None:
        pass  # they ended with their process

    async def ended(self, running: Running) -> None:
        held = self._labs.get(self._name_of(running.container))
        if held:
            await asyncio.shield(held.ended)

    async def ending(self, running: Running) -> Ending:
        held = self._labs.get(self._name_of(running.container))
        if held and held.ended.done():
            return held.ended.result()
        return Ending(code=None)

    async def log(self, name: str) -> str:
        held = self._labs.get(self._name_of(name))
        return held.lab.log if held else ""

    async def close(self) -> None:
        for name in list(self._labs):
            await self.stop(name, within=0)

    def crash(self, name: str, *, out_of_memory: bool = False) -> None:
        """Let a lab end as a crash would: for tests."""
        self._end(name, Ending(code=_KILLED, out_of_memory=out_of_memory))

    def refuse(self, name: str, shortage: Shortage) -> None:
        """Let a lab be refused more than it may have: for tests."""
        self._labs[name].shortages.put_nowait(shortage)

    def _held(self, running: Running) -> _Held:
        held = self._labs.get(self._name_of(running.container))
        if held is None or held.ended.done():
            raise Refused("the lab has ended")
        return held

    def _name_of(self, name_or_container: str) -> str:
        for name, held in self._labs.items():
            if held.running.container == name_or_container:
                return name
        return name_or_container

    def _heard(self, address: str) -> None:
        if self._hearing:
            self._hearing.knocked(address)

    def _end(self, name: str, ending: Ending) -> None:
        held = self._labs.get(name)
        if held and not held.ended.done():
            held.lab.abandon()
            held.ended.set_result(ending)
