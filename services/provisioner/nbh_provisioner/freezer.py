"""Freezes labs that nobody is connected to, and hears who comes to them while they are frozen.

A connection that is there before or right after a lab has been made to stand still is seen in the
kernel's table, one that comes later is heard; between the two nothing can be missed.
"""

import asyncio
from collections.abc import Callable

import structlog

from nbh_proto import Lab
from nbh_provisioner.engine import Deaf, Engine, EngineError, Hearing, Running
from nbh_provisioner.lease_messages import (
    Awake,
    Frozen,
    Knocked,
    NotFrozen,
    Stuck,
    Thawed,
)

_TRY_AGAIN = 1.0
_IN_USE = "somebody has a connection to it"

Hear = Callable[[Knocked | Awake | Stuck], None]

logger = structlog.get_logger(__name__)


class Freezer:
    """The engine's cold side, for all labs."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._doors: dict[str, Callable[[], None]] = {}
        """Who is told when somebody comes to the lab at an address."""

        self._has_complained = False

    async def freeze(self, lab: Lab, running: Running, hear: Hear) -> Frozen | NotFrozen:
        """Let a lab stand still, unless it is in use; ``hear`` is told who comes from then on.

        Raises:
            EngineError: nobody knows whether it stands still.
        """
        try:
            await self.guard(lab, running, hear)
        except Deaf as e:
            self._complain(e)
            return NotFrozen(lab.capability, "impossible", str(e))
        if await self._engine.is_used(running):
            return NotFrozen(lab.capability, "in-use", _IN_USE)
        await self._engine.freeze(running)
        if await self._engine.is_used(running):
            return NotFrozen(lab.capability, "in-use", _IN_USE)
        return Frozen(lab.capability)

    async def guard(self, lab: Lab, running: Running, hear: Hear) -> None:
        """Hear who comes to a lab from now on.

        Raises:
            EngineError: it cannot be heard.
        """
        self._doors[running.address] = lambda: hear(Knocked(lab.capability))
        await self._engine.hear(Hearing(self._knocked, self._deaf))

    async def find(self, lab: Lab, running: Running, hear: Hear) -> None:
        """Guard a lab that an earlier process of ours froze. Who waits for it already is heard; so
        is everybody, where nobody could be heard later."""
        try:
            await self.guard(lab, running, hear)
            if await self._engine.is_used(running):
                hear(Knocked(lab.capability))
        except EngineError as e:
            logger.warning("a frozen lab cannot be guarded, so it is thawed", error=str(e))
            hear(Knocked(lab.capability))

    async def thaw(self, lab: Lab, running: Running, hear: Hear) -> Thawed:
        """Let a lab go on, however long the engine is down; ``hear`` is told that it is, and
        before, if the lab goes on already."""
        if await self._engine.wake(running):
            hear(Awake(lab.capability))
        while True:
            try:
                await self._engine.thaw(running)
                break
            except EngineError as e:
                hear(Stuck(lab.capability, e.reason, str(e)))
            await asyncio.sleep(_TRY_AGAIN)
        self.leave(lab)
        return Thawed(lab.capability)

    def leave(self, lab: Lab) -> None:
        """Nobody needs to know any more who comes to a lab."""
        self._doors.pop(lab.address, None)

    def _knocked(self, address: str) -> None:
        if door := self._doors.get(address):
            door()

    def _deaf(self) -> None:
        if self._doors:
            logger.warning("frozen labs cannot be heard any more, so they are thawed")
        for door in list(self._doors.values()):
            door()

    def _complain(self, error: Deaf) -> None:
        if not self._has_complained:
            logger.warning("labs are not frozen on this machine", error=str(error))
        self._has_complained = True
