"""How much memory must be left on this machine, for who is there and who comes next (R-18)."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import ClassVar

from nbh_kit import settings
from nbh_proto.access import Reason
from nbh_provisioner.memory import Memory

LAB_BYTES = 80 * 1024**2
"""What an idle lab weighs: 36 to 70 MiB were measured."""

_LOOK_EVERY = 0.5


class NoMemory(Exception):
    """There is none for one lab more; ``str()`` is for the operator."""

    reason: ClassVar[Reason] = "no-memory"


class HeadRoom:
    """Of this node."""

    def __init__(self, read: Callable[[], Memory], given: settings.Provisioner) -> None:
        self._read = read
        self._share = given.memory_share
        self._to_start = given.free_memory
        self._within = given.memory_back_within
        self._starting = 0
        """Labs that may not weigh yet what they will."""

        self._short_since: float | None = None
        """Since when nobody found enough for one lab more."""

    def left(self, at_least: int = 0) -> float:
        """Bytes that can be taken before a lab must go for it; negative if one must go now.

        Args:
            at_least: what must stay available besides, for whoever wants more than others.
        """
        memory = self._look()
        unused = memory.total - self._share * memory.total
        return memory.available - max(unused, self._to_start, at_least)

    @asynccontextmanager
    async def one_more(self, waits: Callable[[], Awaitable[None]]) -> AsyncGenerator[None]:
        """Start a lab in the block, once there is enough; what can end for it is being ended.

        Those that start at once do not all count on the same memory.

        Args:
            waits: is called once if there is not enough at first.

        Raises:
            NoMemory: there has not been enough for so long that nobody should wait for it.
        """
        await self._enough(waits)
        self._starting += 1
        try:
            yield
        finally:
            self._starting -= 1

    async def _enough(self, waits: Callable[[], Awaitable[None]]) -> None:
        has_waited = False
        while (there := self._look().available) < self._to_start + self._starting * LAB_BYTES:
            if self._short_for() > self._within:
                wanted = self._to_start
                raise NoMemory(f"{there} bytes of memory are available, {wanted} are wanted")
            if not has_waited:
                has_waited = True
                await waits()
            await asyncio.sleep(_LOOK_EVERY)

    def _look(self) -> Memory:
        memory = self._read()
        if memory.available >= self._to_start:
            self._short_since = None
        elif self._short_since is None:
            self._short_since = time.monotonic()
        return memory

    def _short_for(self) -> float:
        return 0.0 if self._short_since is None else time.monotonic() - self._short_since
