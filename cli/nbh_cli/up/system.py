"""The system as a whole: its parts started in order, watched, and ended in the reverse order."""

import asyncio
import contextlib
from collections.abc import Sequence
from functools import partial

from nbh_cli.up import folders, nats_server
from nbh_cli.up.children import Child
from nbh_cli.up.health import Health
from nbh_cli.up.log import Log
from nbh_cli.up.nats_server import Monitor
from nbh_cli.up.parts import Parts
from nbh_kit.config import Config

_SERVICE_ENDS_WITHIN = 25.0
"""A service finishes what is in flight within 20 s (R-19)."""

_SERVER_ENDS_WITHIN = 10.0


class NotStarted(RuntimeError):
    """The system cannot run, and why."""


class System:
    """All that `nbh up` runs."""

    def __init__(self, config: Config, parts: Parts, log: Log) -> None:
        self._config = config
        self._log = log
        # its folder may have been deleted meanwhile, with all streams: labs know themselves
        self._nats = Child(parts.nats, log, partial(_prepare, config)) if parts.nats else None
        self._below = [Child(program, log) for program in parts.below]
        self._services = [Child(program, log) for program in parts.services]
        self._keeping: dict[Child, asyncio.Task[None]] = {}

    async def start(self) -> None:
        """Start NATS, see that it is sound, then everything else; services wait for each other.

        Raises:
            NotStarted: NATS does not come up, or would lose what it is told.
        """
        if self._nats is not None:
            self._keep(self._nats)
            await self._nats_is_sound(self._nats)
        for child in (*self._below, *self._services):
            self._keep(child)

    async def watch(self, *, every: float = 5.0) -> None:
        """Look at NATS every so many seconds; start it again where that heals it (R-8).

        Never returns.
        """
        health, loop = Health(), asyncio.get_running_loop()
        while True:
            await asyncio.sleep(every)
            if self._nats is None:
                continue
            monitor = Monitor(self._config, self._nats)
            complaint = await monitor.complaint()
            if complaint and complaint != health.complaint:
                self._log.say(f"nats is not well: {complaint}")
            health = health.after(complaint, monitor.has_space(), loop.time())
            if health.wants_restart:
                self._log.say("nats may be well again after a new start")
                self._nats.terminate()

    async def end_services(self) -> None:
        """End the services: each finishes what it has begun."""
        await self._end(self._services, _SERVICE_ENDS_WITHIN)

    async def end_servers(self) -> None:
        """End what services stand on, NATS last."""
        await self._end(self._below, _SERVER_ENDS_WITHIN)
        await self._end([self._nats] if self._nats else [], _SERVER_ENDS_WITHIN)

    def hurry(self) -> None:
        """End everything at once."""
        for keeping in self._keeping.values():
            keeping.cancel()
        for child in self._children():
            child.kill()

    def pids(self) -> dict[str, int | None]:
        """The process that runs each part now."""
        return {child.name: child.pid for child in self._children()}

    def _children(self) -> tuple[Child, ...]:
        return (*self._services, *self._below, *([self._nats] if self._nats else []))

    def _keep(self, child: Child) -> None:
        self._keeping[child] = asyncio.create_task(child.keep(), name=child.name)

    async def _end(self, children: Sequence[Child], within: float) -> None:
        for child in children:
            if keeping := self._keeping.pop(child, None):
                keeping.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await keeping
        await asyncio.gather(*(child.end(within) for child in children))

    async def _nats_is_sound(self, nats: Child) -> None:
        try:
            await Monitor(self._config, nats).ready()
        except (nats_server.NeverReady, nats_server.NotDurable, OSError) as e:
            raise NotStarted(str(e)) from e


def _prepare(config: Config) -> None:
    folders.prepare(config)
    nats_server.configure(config)
